// The past that sources tell: read, merged, and named so that it can be corrected.
#include "ngsi/source_past.hpp"

#include <gtest/gtest.h>

namespace cityloom::ngsi {
namespace {

constexpr const char* registration = "urn:r:1";

base::Result<SourcePast> read(const std::string& json, twin::TermTable& terms, ForeignInstances& instances) {
  const auto body = Body::read(json);
  EXPECT_TRUE(body.ok()) << json;
  return read_source_past(*body, 0, *Context::core(), terms, registration, instances);
}

base::Instant at(int second) {
  return base::Instant::from_seconds(1'000 + second);
}

thread::PastAttribute value(int number, int second, int modified = 0) {
  thread::PastAttribute one;
  one.name = twin::Term{100};
  one.value = static_cast<double>(number);
  one.observed_at = at(second);
  if (modified > 0) one.modified_at = at(modified);
  return one;
}

std::vector<double> numbers(const std::vector<thread::AttributeHistory>& histories) {
  std::vector<double> all;
  for (const auto& history : histories) {
    for (const auto& one : history.instances) all.push_back(std::get<double>(one.value));
  }
  return all;
}

TEST(SourcePast, ReadsInstancesDatasetsEndsAndScopes) {
  twin::TermTable terms;
  ForeignInstances instances;
  const auto past = read(
      R"({"id":"urn:car:1","type":["Car","Thing"],"createdAt":"2026-01-01T00:00:00Z",
          "scope":[{"type":"Property","value":"/A","observedAt":"2026-01-01T00:00:00Z"}],
          "speed":[{"type":"Property","value":1,"observedAt":"2026-01-01T00:00:00Z","instanceId":"urn:i:1"},
                   {"type":"Property","value":2,"observedAt":"2026-01-02T00:00:00Z","modifiedAt":"2026-01-03T00:00:00Z"},
                   {"type":"Property","value":3,"datasetId":"urn:d:1","observedAt":"2026-01-01T00:00:00Z"}],
          "owner":{"type":"Relationship","object":"urn:ngsi-ld:null","deletedAt":"2026-01-04T00:00:00Z"}})",
      terms, instances);
  ASSERT_TRUE(past.ok()) << past.error().text();
  EXPECT_EQ(past->types.size(), 2u);
  ASSERT_EQ(past->attributes.size(), 4u);
  EXPECT_EQ(past->attributes[0].name, twin::terms::scope);
  EXPECT_EQ(past->attributes[1].instances.size(), 2u);
  EXPECT_EQ(past->attributes[2].dataset, terms.find("urn:d:1"));
  EXPECT_TRUE(twin::is_null(past->attributes[3].instances[0].value));
  EXPECT_EQ(past->attributes[3].instances[0].modified_at.text(), "2026-01-04T00:00:00Z");
  EXPECT_EQ(instances.id_of(past->attributes[1].instances[0]), foreign_instance_id(registration, "urn:i:1"));
  for (const char* broken : {R"({"type":"Car"})", R"({"id":"urn:car:1"})", R"({"id":"x y","type":"Car"})",
                             R"({"id":"urn:car:1","type":"Car","speed":[{"type":"Property"}]})",
                             R"({"id":"urn:car:1","type":"Car","speed":7})",
                             R"({"id":"urn:car:1","type":"Car","scope":[{"type":"Property"}]})"}) {
    EXPECT_FALSE(read(broken, terms, instances).ok()) << broken;
  }
}

TEST(SourcePast, IdsOfInstancesComeApartAsTheyWerePutTogether) {
  for (const char* id : {"urn:i:1", "urn:ngsi-ld:instance:of:3:a:b:c", "x"}) {
    const auto name = parse_foreign_instance_id(foreign_instance_id("urn:r:1:2", id));
    ASSERT_TRUE(name) << id;
    EXPECT_EQ(name->registration_id, "urn:r:1:2");
    EXPECT_EQ(name->instance_id, id);
  }
  for (const char* id : {"urn:ngsi-ld:instance:of:", "urn:ngsi-ld:instance:of:9", "urn:ngsi-ld:instance:of:9:a:b",
                         "urn:ngsi-ld:instance:of:99999999999999999999999:a:b", "urn:ngsi-ld:instance:1-2-3", ""}) {
    EXPECT_FALSE(parse_foreign_instance_id(id)) << id;
  }
}

TEST(SourcePast, OfOneTimeTheLaterModifiedCountsAndAuxiliaryOnesFillGaps) {
  std::vector<thread::AttributeHistory> all;
  merge_histories({{twin::Term{100}, {}, {value(1, 1, 10), value(2, 2, 10)}, false}}, {}, false, all);
  merge_histories({{twin::Term{100}, {}, {value(20, 2, 11), value(10, 1, 9), value(3, 3)}, false}}, {}, false, all);
  merge_histories({{twin::Term{100}, {}, {value(30, 3, 99), value(4, 4)}, false}}, {}, true, all);
  thread::HistoryQuery query;
  order_histories(query, all);
  EXPECT_EQ(numbers(all), (std::vector<double>{1, 20, 3, 4}));
  query.last_n = 2;
  order_histories(query, all);
  EXPECT_EQ(numbers(all), (std::vector<double>{4, 3}));
  query = {};
  query.limit = 1;
  order_histories(query, all);
  EXPECT_EQ(numbers(all), (std::vector<double>{3}));
  EXPECT_TRUE(all.front().more);
}

// What tells no time is never taken for the same.
TEST(SourcePast, InstancesWithoutATimeStayApart) {
  thread::PastAttribute one = value(1, 1), other = value(2, 1);
  one.observed_at = other.observed_at = {};
  std::vector<thread::AttributeHistory> all;
  merge_histories({{one.name, {}, {one}, false}}, {}, false, all);
  merge_histories({{one.name, {}, {other}, false}}, {}, false, all);
  merge_histories({{one.name, {}, {other}, false}}, {}, true, all);
  EXPECT_EQ(numbers(all), (std::vector<double>{1, 2}));
}

}  // namespace
}  // namespace cityloom::ngsi
