#include "ngsi/observations.hpp"

#include <gtest/gtest.h>

namespace cityloom::ngsi {
namespace {

using base::Instant;

class ObservationsTest : public testing::Test {
 protected:
  Observations read(std::string_view text, ObservationFormat format = ObservationFormat::json_lines) {
    auto found = read_observations(text, format, *context_, terms_);
    EXPECT_TRUE(found.ok()) << found.error().text();
    return found.ok() ? std::move(found).value() : Observations();
  }
  static Instant hour(int number) { return Instant::from_seconds(1'767'225'600 + 3'600 * number); }  // of 2026-01-01

  ContextPointer context_ = Context::core();
  twin::TermTable terms_;
};

TEST_F(ObservationsTest, ReadsAllThreeWaysIntoTheSameSeries) {
  const auto found =
      read(R"({"id":"urn:a","type":"Gauge","attribute":"level","value":3,"observedAt":"2026-01-01T03:00:00Z"})"
           "\n"
           R"({"id":"urn:a","type":"Gauge","observedAt":"2026-01-01T01:00:00Z","level":1.5,"state":"open"})"
           "\r\n\n"
           R"({"id":"urn:a","type":"Gauge","level":{"type":"Property","values":[[2,"2026-01-01T11:00:00+09:00"]]}})");
  ASSERT_EQ(found.series.size(), 2u);
  EXPECT_EQ(found.count, 4u);
  EXPECT_EQ(found.refused, 0u);
  const ObservedSeries& level = found.series[0];
  EXPECT_EQ(level.entity_id, "urn:a");
  EXPECT_EQ(terms_.text(level.shared.name), context_->expand("level"));
  ASSERT_EQ(level.types.size(), 1u);
  const std::vector<std::pair<Instant, double>> expected = {{hour(1), 1.5}, {hour(2), 2}, {hour(3), 3}};
  EXPECT_EQ(level.numbers, expected);
  ASSERT_EQ(found.series[1].others.size(), 1u);
  EXPECT_EQ(found.series[1].others[0].value, twin::Value(std::string("open")));
}

TEST_F(ObservationsTest, ReadsTablesLongAndWide) {
  const auto wide = read(
      "id,type,observedAt,level,state\nurn:a,Gauge,2026-01-01T01:00:00Z,1.5,\nurn:a,Gauge,2026-01-01T02:00:00Z,,true\n",
      ObservationFormat::table);
  ASSERT_EQ(wide.series.size(), 2u);
  EXPECT_EQ(wide.series[0].numbers.size(), 1u);
  EXPECT_EQ(wide.series[1].others.at(0).value, twin::Value(true));
  const auto narrow =
      read("observedAt;value;attribute;id;unitCode;datasetId\n2026-01-01T01:00:00Z;7;level;urn:b;MTR;urn:d\n",
           ObservationFormat::table);
  ASSERT_EQ(narrow.series.size(), 1u);
  EXPECT_EQ(narrow.series[0].entity_id, "urn:b");
  EXPECT_EQ(terms_.text(narrow.series[0].shared.unit), "MTR");
  EXPECT_EQ(terms_.text(narrow.series[0].shared.dataset), "urn:d");
}

TEST_F(ObservationsTest, TheLastOfATimeCounts) {
  const auto found = read(
      "id,observedAt,level\nurn:a,2026-01-01T01:00:00Z,1\nurn:a,2026-01-01T00:00:00Z,0\nurn:a,2026-01-01T01:00:00Z,2\n",
      ObservationFormat::table);
  ASSERT_EQ(found.series.size(), 1u);
  const std::vector<std::pair<Instant, double>> expected = {{hour(0), 0}, {hour(1), 2}};
  EXPECT_EQ(found.series[0].numbers, expected);
  EXPECT_EQ(found.repeated, 1u);
}

TEST_F(ObservationsTest, LinesThatCannotBeReadAreToldAndLeftOut) {
  const auto found = read(R"({"id":"urn:a","observedAt":"2026-01-01T01:00:00Z","level":1})"
                          "\nnonsense\n"
                          R"({"id":"not a uri","observedAt":"2026-01-01T01:00:00Z","level":1})"
                          "\n"
                          R"({"id":"urn:a","observedAt":"2026-01-01T01:00:00","level":1})"
                          "\n"
                          R"({"id":"urn:a","level":1})"
                          "\n"
                          R"({"id":"urn:a","observedAt":"2026-01-01T01:00:00Z"})"
                          "\n"
                          R"({"id":"urn:a","level":{"type":"Property","values":[[1]]}})"
                          "\n[]\n");
  EXPECT_EQ(found.count, 1u);
  EXPECT_EQ(found.refused, 7u);
  ASSERT_EQ(found.refused_lines.size(), 7u);
  EXPECT_EQ(found.refused_lines[0].line, 2u);
  EXPECT_EQ(found.refused_lines[0].reason.substr(0, 8), "not JSON");
  EXPECT_EQ(found.refused_lines[2].reason,
            "2026-01-01T01:00:00: not a date-time with a zone, such as 2026-11-22T08:05:00Z");
  EXPECT_EQ(found.refused_lines[6].line, 8u);
}

TEST_F(ObservationsTest, OfALineAllIsTakenOrNothing) {
  const auto lines = read(R"({"id":"urn:a","observedAt":"2026-01-01T01:00:00Z","level":1,"not a name":2})"
                          "\n"
                          R"({"id":"urn:a","flow":{"values":[[1,"2026-01-01T01:00:00Z"],[2,"yesterday"]]}})"
                          "\n"
                          R"({"id":"urn:a","observedAt":"2026-01-01T02:00:00Z","state":"open"})");
  EXPECT_EQ(lines.refused, 2u);
  ASSERT_EQ(lines.series.size(), 1u);
  EXPECT_EQ(lines.count, 1u);
  EXPECT_EQ(terms_.text(lines.series[0].shared.name), context_->expand("state"));
  const auto table = read("id,observedAt,level,1st\nurn:a,2026-01-01T01:00:00Z,1,2\nurn:a,2026-01-01T02:00:00Z,3,\n",
                          ObservationFormat::table);
  EXPECT_EQ(table.refused, 1u);
  EXPECT_EQ(table.count, 1u);
}

// 0xB8 0xB6 is no UTF-8, and another letter in Big5 than in CP949.
TEST_F(ObservationsTest, ATableIsInTheEncodingThatIsNamed) {
  const std::string text = "id,type,observedAt,state\nurn:a,Gauge,2026-01-01T01:00:00Z,\xB8\xB6\n";
  for (const auto& [encoding, letter] : {std::pair("", "마"), std::pair("CP949", "마"), std::pair("BIG5", "葆")}) {
    const auto found = read_observations(text, ObservationFormat::table, *context_, terms_, encoding);
    ASSERT_TRUE(found.ok()) << found.error().text();
    ASSERT_EQ(found->series.size(), 1u);
    EXPECT_EQ(std::get<std::string>(found->series[0].others.at(0).value), letter) << encoding;
  }
}

TEST_F(ObservationsTest, ATextOfWhichNothingCanBeReadIsAnError) {
  const auto lines = read_observations("{}\n", ObservationFormat::json_lines, *context_, terms_);
  ASSERT_FALSE(lines.ok());
  EXPECT_EQ(lines.error().where, "line 1");
  const auto table = read_observations("id,level\nurn:a,1\n", ObservationFormat::table, *context_, terms_);
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().what, "the table has no column \"observedAt\"");
  EXPECT_FALSE(read_observations("", ObservationFormat::table, *context_, terms_).ok());
  const auto unknown = read_observations("id,level\n", ObservationFormat::table, *context_, terms_, "KLINGON");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().where, "encoding");
  EXPECT_EQ(read("").count, 0u);
}

}  // namespace
}  // namespace cityloom::ngsi
