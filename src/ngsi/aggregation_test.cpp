// Periods against a walk through the calendar, and what falls into them against values added one by one.
#include "ngsi/aggregation.hpp"

#include <gtest/gtest.h>

#include <random>

namespace cityloom::ngsi {
namespace {

using base::Instant;

Instant at(const char* text) {
  return *Instant::parse(text);
}

Period period(const char* text) {
  const auto read = parse_period(text);
  EXPECT_TRUE(read.ok()) << text;
  return read ? *read : Period{};
}

TEST(Aggregation, ReadsDurations) {
  constexpr int64_t second = 1'000'000, day = 86'400 * second;
  EXPECT_EQ(period("PT1H"), (Period{0, 3'600 * second}));
  EXPECT_EQ(period("P1D"), (Period{0, day}));
  EXPECT_EQ(period("P2W"), (Period{0, 14 * day}));
  EXPECT_EQ(period("P3Y6M4DT12H30M5S"), (Period{42, 4 * day + 45'005 * second}));
  EXPECT_EQ(period("PT0.25S"), (Period{0, second / 4}));
  EXPECT_EQ(period("PT1,5S"), (Period{0, second + second / 2}));
  EXPECT_TRUE(period("PT0S").is_whole());
  EXPECT_TRUE(period("P0D").is_whole());
  for (const char* bad : {"",
                          "P",
                          "PT",
                          "1H",
                          "PT1",
                          "P1H",
                          "PT1D",
                          "P1M1Y",
                          "P1WT1H",
                          "P1W1D",
                          "PT1H1H",
                          "P-1D",
                          "-P1D",
                          "P1.5D",
                          "PT.5S",
                          "PT5.S",
                          "P1DT",
                          "P 1D",
                          "p1d",
                          "P99999999999D",
                          "P20000Y",
                          "PT0.0000001S",
                          "PT99999999999999999999S",
                          "P0003-06-04T12:30:05"}) {
    EXPECT_FALSE(parse_period(bad).ok()) << bad;
  }
}

TEST(Aggregation, ReadsMethods) {
  EXPECT_EQ(parse_aggregation("avg,max,avg", {})->methods, (std::vector{AggregateMethod::avg, AggregateMethod::max}));
  for (const char* bad : {"", ",", "avg,", "mean", "AVG", "avg max"})
    EXPECT_FALSE(parse_aggregation(bad, {}).ok()) << bad;
  EXPECT_FALSE(parse_aggregation({}, "PT1H").ok());
  EXPECT_FALSE(parse_aggregation("avg", "hour").ok());
}

TEST(Aggregation, MonthsEndOnTheirLastDayAndComeBackToTheirs) {
  const Period month = period("P1M");
  const Instant anchor = at("2024-01-31T06:00:00Z");
  EXPECT_EQ(month.start(anchor, 1), at("2024-02-29T06:00:00Z"));
  EXPECT_EQ(month.start(anchor, 2), at("2024-03-31T06:00:00Z"));
  EXPECT_EQ(month.start(anchor, -2), at("2023-11-30T06:00:00Z"));
  EXPECT_EQ(month.index(anchor, at("2024-02-29T05:59:59Z")), 0);
  EXPECT_EQ(month.index(anchor, at("2024-02-29T06:00:00Z")), 1);
  EXPECT_EQ(period("P1Y").start(at("2024-02-29T00:00:00Z"), 4), at("2028-02-29T00:00:00Z"));
}

TEST(Aggregation, NoPeriodEndsAfterTheYear9999) {
  const Instant last = at("9999-12-31T23:59:59.999999Z");
  for (const char* text : {"P1D", "P1M", "P9999Y", "P3000000D"}) {
    const Period one = period(text);
    EXPECT_LE(one.start(at("2026-11-22T00:00:00Z"), 1), last) << text;
    for (const Instant when : {at("9999-12-31T12:00:00Z"), last}) {
      EXPECT_LE(one.start(when, 1), last) << text;
      EXPECT_EQ(one.index(when, when), 0) << text;
    }
  }
}

TEST(Aggregation, EveryTimeLiesInItsPeriod) {
  std::mt19937_64 random(7);
  for (const char* text : {"PT1S", "PT7M", "P1D", "P1W", "P1M", "P1M3DT5H", "P1Y", "P7Y11M"}) {
    const Period one = period(text);
    for (int i = 0; i < 2'000; ++i) {
      const auto moment = [&] { return Instant{static_cast<int64_t>(random() % 4'000'000'000'000'000)}; };
      const Instant anchor = moment(), when = moment();
      const int64_t index = one.index(anchor, when);
      ASSERT_LE(one.start(anchor, index), when) << text;
      ASSERT_GT(one.start(anchor, index + 1), when) << text;
    }
  }
}

// Takes instances and writes them down.
class Aggregated {
 public:
  explicit Aggregated(Aggregation asked, thread::TimeWindow window = {}) : asked_(std::move(asked)), window_(window) {}

  twin::Attribute& add(const char* time, twin::Value value, twin::AttributeKind kind = twin::AttributeKind::property) {
    thread::PastAttribute attribute;
    attribute.name = name_;
    attribute.kind = kind;
    attribute.value = std::move(value);
    attribute.observed_at = at(time);
    history_.instances.push_back(std::move(attribute));
    return history_.instances.back();
  }
  std::string text() {
    history_.name = name_;
    PastAggregates aggregates(asked_, window_);
    EXPECT_TRUE(aggregates.take({history_}).ok());
    const Names names(Context::core(), terms_);
    std::string to;
    aggregates.append({}, names, to);
    return to;
  }

 private:
  Aggregation asked_;
  thread::TimeWindow window_;
  twin::TermTable terms_;
  twin::Term name_ = *terms_.intern("https://uri.etsi.org/ngsi-ld/default-context/level");
  thread::AttributeHistory history_;
};

Aggregation all_methods(const char* duration) {
  return *parse_aggregation("totalCount,distinctCount,sum,avg,min,max,stddev,sumsq", duration);
}

TEST(Aggregation, NumbersHaveEveryMethod) {
  Aggregated past(all_methods("PT1H"));
  past.add("2026-11-22T01:30:00Z", int64_t{2});
  past.add("2026-11-22T02:29:59Z", 4.0);
  past.add("2026-11-22T02:30:00Z", 0.5);
  past.add("2026-11-22T05:00:00Z", int64_t{-3});
  past.add("2026-11-22T05:10:00Z", int64_t{-3});
  const std::string first = R"("2026-11-22T01:30:00Z","2026-11-22T02:30:00Z"],)";
  const std::string second = R"("2026-11-22T02:30:00Z","2026-11-22T03:30:00Z"],)";
  const std::string third = R"("2026-11-22T04:30:00Z","2026-11-22T05:30:00Z"]])";
  const auto rows = [&](const char* a, const char* b, const char* c) {
    return std::string("[[") + a + ',' + first + '[' + b + ',' + second + '[' + c + ',' + third;
  };
  EXPECT_EQ(past.text(), R"(,"level":{"type":"Property","totalCount":)" + rows("2", "1", "2") + R"(,"distinctCount":)" +
                             rows("2", "1", "1") + R"(,"sum":)" + rows("6", "0.5", "-6") + R"(,"avg":)" +
                             rows("3", "0.5", "-3") + R"(,"min":)" + rows("2", "0.5", "-3") + R"(,"max":)" +
                             rows("4", "0.5", "-3") + R"(,"stddev":)" + rows("1", "0", "0") + R"(,"sumsq":)" +
                             rows("20", "0.25", "18") + "}");
}

TEST(Aggregation, DeviationOfReadingsFarFromZeroIsRight) {
  Aggregated past(*parse_aggregation("stddev", {}));
  for (const int64_t offset : {-1, 1, -1, 1}) past.add("2026-11-22T01:00:00Z", int64_t{9'000'000'000} + offset);
  EXPECT_NE(past.text().find(R"("stddev":[[1,)"), std::string::npos) << past.text();
}

TEST(Aggregation, OtherValuesHaveTheMethodsThatFitThem) {
  const std::string whole = R"("2026-11-22T01:00:00Z","2026-11-22T03:00:00Z"]])";
  const auto of = [&](std::vector<twin::Value> values, twin::AttributeKind kind = twin::AttributeKind::property) {
    Aggregated past(*parse_aggregation("totalCount,distinctCount,sum,min,max", {}));
    const char* const times[] = {"2026-11-22T01:00:00Z", "2026-11-22T02:00:00Z", "2026-11-22T03:00:00Z"};
    for (size_t i = 0; i < values.size(); ++i) past.add(times[i], values[i], kind);
    return past.text();
  };
  const std::string counts = R"(,"totalCount":[[3,)" + whole + R"(,"distinctCount":[[2,)" + whole;
  EXPECT_EQ(
      of({std::string("나"), std::string("가"), std::string("나")}),
      R"(,"level":{"type":"Property")" + counts + R"(,"min":[["가",)" + whole + R"(,"max":[["나",)" + whole + "}");
  EXPECT_EQ(of({true, false, true}), R"(,"level":{"type":"Property")" + counts + R"(,"sum":[[2,)" + whole +
                                         R"(,"min":[[0,)" + whole + R"(,"max":[[1,)" + whole + "}");
  EXPECT_EQ(of({twin::Json{"[1,2]"}, twin::Json{"[1,2]"}, twin::Json{"[]"}}),
            R"(,"level":{"type":"Property")" + counts + R"(,"sum":[[4,)" + whole + R"(,"min":[[0,)" + whole +
                R"(,"max":[[2,)" + whole + "}");
  EXPECT_EQ(of({twin::Json{R"({"a":1})"}, twin::Json{R"({"a":2})"}, twin::Json{R"({"a":1})"}}),
            R"(,"level":{"type":"Property")" + counts + "}");
  const std::string day = R"({"@type":"Date","@value":"2026-11-0)";
  EXPECT_EQ(of({twin::Json{day + R"(3"})"}, twin::Json{day + R"(1"})"}, twin::Json{day + R"(3"})"}}),
            R"(,"level":{"type":"Property")" + counts + R"(,"min":[["2026-11-01",)" + whole +
                R"(,"max":[["2026-11-03",)" + whole + "}");
  EXPECT_EQ(
      of({std::string("urn:x:1"), std::string("urn:x:2"), std::string("urn:x:1")}, twin::AttributeKind::relationship),
      R"(,"level":{"type":"Relationship")" + counts + "}");
}

TEST(Aggregation, PeriodsAreCountedFromTheStartOfTheWindowAndTheWholeIsTheWindow) {
  thread::TimeWindow window;
  window.from = at("2026-11-22T00:00:00Z");
  window.to = at("2026-11-23T00:00:00Z");
  Aggregated hours(*parse_aggregation("max", "PT6H"), window);
  hours.add("2026-11-22T07:00:00Z", int64_t{1});
  EXPECT_EQ(hours.text(), R"(,"level":{"type":"Property","max":[[1,"2026-11-22T06:00:00Z","2026-11-22T12:00:00Z"]]})");
  Aggregated whole(*parse_aggregation("max", "PT0S"), window);
  whole.add("2026-11-22T07:00:00Z", int64_t{1});
  EXPECT_EQ(whole.text(), R"(,"level":{"type":"Property","max":[[1,"2026-11-22T00:00:00Z","2026-11-23T00:00:00Z"]]})");
}

TEST(Aggregation, SaysThatThereAreTooManyPeriods) {
  Aggregation asked = *parse_aggregation("max", "PT1S");
  thread::AttributeHistory history;
  history.name = twin::terms::location;
  for (size_t i = 0; i <= PastAggregates::periods_max; ++i) {
    thread::PastAttribute attribute;
    attribute.name = history.name;
    attribute.value = int64_t{1};
    attribute.observed_at = Instant::from_seconds(static_cast<int64_t>(i));
    history.instances.push_back(attribute);
  }
  PastAggregates aggregates(asked, {});
  EXPECT_EQ(aggregates.take({history}).error().code, base::Code::too_large);
  history.instances.pop_back();
  PastAggregates fewer(asked, {});
  EXPECT_TRUE(fewer.take({history}).ok());
}

}  // namespace
}  // namespace cityloom::ngsi
