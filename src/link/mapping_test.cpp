#include "link/mapping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "link/testing.hpp"

namespace cityloom::link {
namespace {

using testing::Bench;
using ::testing::HasSubstr;

constexpr const char* air = R"(topic: sensors/{id}/air
entity: {id: "urn:ngsi-ld:AirQualityObserved:{id}", type: AirQualityObserved, scope: "/Seoul/{district}"}
observed_at: {from: t, format: epoch_s}
attributes:
  pm25: {from: air.pm25, unit: GQ, minimum: 0, maximum: 1000, none: [-1]}
  temperature: {from: "air.temps[1]", given_in: FAH, unit: CEL}
  location: {longitude: lon, latitude: lat}
  refDevice: {kind: Relationship, text: "urn:ngsi-ld:Device:{id}"}
  status: {from: ok, as: boolean}
  model: {value: "7"}
)";

TEST(Mapping, MakesAnEntityOfTopicAndPayload) {
  Bench bench(air);
  ASSERT_TRUE(bench.mapper) << bench.error.text();
  const Mapped mapped = bench.map(
      R"({"t":1700000000,"air":{"pm25":17.5,"temps":[0,212]},"lon":127.1,"lat":37.5,"ok":1,"district":"Songpa"})",
      "sensors/J 1/air");
  ASSERT_EQ(mapped.changes.size(), 1u);
  EXPECT_TRUE(mapped.refusals.empty());
  const thread::Change& change = mapped.changes[0];
  EXPECT_EQ(change.kind, thread::Change::Kind::create_or_append);
  EXPECT_TRUE(change.only_differences);
  EXPECT_EQ(change.entity_id, "urn:ngsi-ld:AirQualityObserved:J%201");
  EXPECT_EQ(bench.terms.text(change.types.at(0)), "https://uri.etsi.org/ngsi-ld/default-context/AirQualityObserved");
  EXPECT_THAT(change.scopes, ::testing::ElementsAre("/Seoul/Songpa"));

  const twin::Attribute* pm25 = bench.find(mapped, "pm25");
  ASSERT_NE(pm25, nullptr);
  EXPECT_EQ(pm25->value, twin::Value{17.5});
  EXPECT_EQ(bench.terms.text(pm25->unit), "GQ");
  EXPECT_EQ(pm25->observed_at, base::Instant::from_seconds(1'700'000'000));
  ASSERT_EQ(pm25->members.size(), 1u);
  EXPECT_EQ(pm25->members[0].value, twin::Value{std::string("test")});  // providedBy

  EXPECT_EQ(bench.find(mapped, "temperature")->value, twin::Value{int64_t{100}});
  EXPECT_EQ(bench.find(mapped, "location")->name, twin::terms::location);
  EXPECT_EQ(bench.find(mapped, "location")->value, twin::Value{twin::Geometry::point({127.1, 37.5})});
  EXPECT_EQ(bench.find(mapped, "refDevice")->value, twin::Value{std::string("urn:ngsi-ld:Device:J%201")});
  EXPECT_EQ(bench.find(mapped, "status")->value, twin::Value{true});
  const twin::Attribute* model = bench.find(mapped, "model");
  EXPECT_EQ(model->value, twin::Value{std::string("7")});  // quoted in YAML: text
  EXPECT_FALSE(model->observed_at.exists());
}

TEST(Mapping, LeavesOutWhatHasNoValue) {
  Bench bench(air);
  const Mapped mapped =
      bench.map(R"({"t":1,"air":{"pm25":-1,"temps":[0,null]},"ok":"on","district":"x"})", "sensors/a/air");
  ASSERT_EQ(mapped.changes.size(), 1u);
  EXPECT_TRUE(mapped.refusals.empty());
  EXPECT_EQ(bench.find(mapped, "pm25"), nullptr);
  EXPECT_EQ(bench.find(mapped, "temperature"), nullptr);
  EXPECT_EQ(bench.find(mapped, "location"), nullptr);
}

TEST(Mapping, RefusesOneAttributeAndTakesTheRest) {
  Bench bench(air);
  const Mapped mapped =
      bench.map(R"({"t":1,"air":{"pm25":5000},"ok":true,"lon":200,"lat":1,"district":"x"})", "sensors/a/air");
  ASSERT_EQ(mapped.changes.size(), 1u);
  ASSERT_EQ(mapped.refusals.size(), 2u);
  EXPECT_THAT(mapped.refusals[0].reason, HasSubstr("pm25: 5000 is above the greatest valid value 1000"));
  EXPECT_FALSE(mapped.refusals[0].whole);
  EXPECT_THAT(mapped.refusals[1].reason, HasSubstr("location"));
  EXPECT_NE(bench.find(mapped, "status"), nullptr);
}

TEST(Mapping, RefusesWhatCannotBeRead) {
  Bench bench(air);
  const auto reason = [&](std::string_view payload, std::string_view topic = "sensors/a/air") {
    const Mapped mapped = bench.map(payload, topic);
    EXPECT_TRUE(mapped.changes.empty());
    return mapped.refusals.empty() ? "" : mapped.refusals[0].reason;
  };
  EXPECT_THAT(reason("{not json"), HasSubstr("not JSON"));
  EXPECT_THAT(reason(std::string(100'000, '[')), HasSubstr("not JSON"));
  EXPECT_THAT(reason(""), HasSubstr("empty"));
  EXPECT_THAT(reason("{\"t\":\"\xFF\"}"), HasSubstr("UTF-8"));
  EXPECT_THAT(reason(std::string(100'000, '[') + std::string(100'000, ']')), HasSubstr("deeper"));
  EXPECT_THAT(reason("[" + std::string(200'000, ' ') + std::string(80, '[') + std::string(81, ']')),
              HasSubstr("deeper"));
  EXPECT_THAT(reason(std::string(payload_bytes_max + 1, ' ')), HasSubstr("bytes"));
  EXPECT_THAT(reason("{}", "other/a/air"), HasSubstr("no mapping is for the topic"));
  EXPECT_THAT(reason(R"({"district":"x","t":"soon","ok":1})"), HasSubstr("'soon' is not a time"));
  EXPECT_THAT(reason(R"({"district":"x","t":1e300,"ok":1})"), HasSubstr("no observed time"));
  EXPECT_THAT(reason(R"({"t":1,"ok":1})"), HasSubstr("no scope"));
}

TEST(Mapping, RefusesAMessageWithNothingOfUse) {
  Bench bench("{entity: {id: \"urn:x:1\", type: T}, attributes: {a: a, b: {value: 5}}}");
  const Mapped mapped = bench.map(R"({"c":1})");
  EXPECT_TRUE(mapped.changes.empty());
  EXPECT_THAT(mapped.refusals.at(0).reason, HasSubstr("none of the attributes"));
}

TEST(Mapping, RefusesTheWholeWhenARequiredValueIsMissing) {
  Bench bench("{entity: {id: \"urn:x:1\", type: T}, attributes: {a: {from: a, missing: refuse}, b: b}}");
  const Mapped mapped = bench.map(R"({"b":1})");
  EXPECT_TRUE(mapped.changes.empty());
  EXPECT_THAT(mapped.refusals.at(0).reason, HasSubstr("a is required"));
}

TEST(Mapping, MakesOneEntityForEachElement) {
  Bench bench(R"(each: readings
entity: {id: "urn:x:{$.station}-{id}", type: T}
attributes: {v: {from: v, dataset: "urn:set:{id}", members: {accuracy: {from: acc}, note: {value: rough}}}}
)");
  const Mapped mapped =
      bench.map(R"({"station":"s1","readings":[{"id":1,"v":2.5,"acc":0.1},{"id":2},{"id":3,"v":"4"}]})");
  ASSERT_EQ(mapped.changes.size(), 2u);
  EXPECT_EQ(mapped.changes[0].entity_id, "urn:x:s1-1");
  EXPECT_EQ(mapped.changes[1].entity_id, "urn:x:s1-3");
  EXPECT_EQ(mapped.refusals.size(), 1u);
  const twin::Attribute& first = mapped.changes[0].attributes.at(0);
  EXPECT_EQ(bench.terms.text(first.dataset), "urn:set:1");
  ASSERT_EQ(first.members.size(), 3u);  // accuracy, note, providedBy
  EXPECT_EQ(first.members[0].value, twin::Value{0.1});
  EXPECT_EQ(mapped.changes[1].attributes.at(0).value, twin::Value{std::string("4")});  // as JSON says it
  EXPECT_EQ(first.observed_at, base::Instant::from_seconds(1'000));                    // as received
}

TEST(Mapping, TakesMembersOfAnObjectAsElements) {
  Bench bench("{each: ., entity: {id: \"urn:x:{@key}\", type: T}, attributes: {v: .}}");
  const Mapped mapped = bench.map(R"({"n1":1,"n2":2})");
  ASSERT_EQ(mapped.changes.size(), 2u);
  EXPECT_EQ(mapped.changes[1].entity_id, "urn:x:n2");
  EXPECT_EQ(mapped.changes[1].attributes[0].value, twin::Value{int64_t{2}});
}

TEST(Mapping, LimitsElementsAndTermsFromPayloads) {
  Bench bench("{each: ., entity: {id: \"urn:x:1\", type: T}, attributes: {v: {from: ., dataset: \"urn:d:{@key}\"}}}");
  std::string many = "[0";
  for (size_t at = 0; at < elements_max; ++at) many += ",0";
  EXPECT_THAT(bench.map(many + "]").refusals.at(0).reason, HasSubstr("more than"));
  std::string some = "[0";
  for (size_t at = 1; at < terms_from_payload_max + 5; ++at) some += ",0";
  const Mapped mapped = bench.map(some + "]");
  EXPECT_EQ(mapped.changes.size(), terms_from_payload_max);
  EXPECT_THAT(mapped.refusals.at(0).reason, HasSubstr("data set ids"));
}

TEST(Mapping, ReadsPlainTextPayloads) {
  Bench bench(
      "{payload: text, topic: \"t/{id}\", entity: {id: \"urn:x:{id}\", type: T}, attributes: {v: {from: ., unit: "
      "CEL}}}");
  EXPECT_EQ(bench.map(" 23.50 ", "t/1").changes.at(0).attributes.at(0).value, twin::Value{23.5});
  EXPECT_EQ(bench.map("open", "t/1").changes.at(0).attributes.at(0).value, twin::Value{std::string("open")});
}

TEST(Mapping, MakesEveryKind) {
  Bench bench(R"(entity: {id: "urn:x:1", type: [T, "https://example.org/U"]}
attributes:
  "https://example.org/json": {from: j, kind: JsonProperty}
  name: {from: n, kind: LanguageProperty}
  title: {kind: LanguageProperty, value: {ko: 잠실, en: "Jam\"sil"}}
  place: {from: g, kind: GeoProperty}
  area: {kind: GeoProperty, value: [127, 37]}
  links: {from: r, kind: Relationship}
  list: {from: l, kind: ListProperty}
  word: {from: w, kind: VocabProperty}
)");
  ASSERT_TRUE(bench.mapper) << bench.error.text();
  const Mapped mapped = bench.map(
      R"({"j":{"a":[1, 2]},"n":"x\n\"y","g":{"type":"LineString","coordinates":[[1,2],[3,4]]},"r":["urn:a:1"],"l":[1],"w":"Red"})");
  ASSERT_TRUE(mapped.refusals.empty()) << mapped.refusals[0].reason;
  EXPECT_EQ(bench.find(mapped, "https://example.org/json")->value, twin::Value{twin::Json{R"({"a":[1,2]})"}});
  EXPECT_EQ(bench.find(mapped, "name")->value, twin::Value{twin::Json{R"({"@none":"x\u000a\"y"})"}});
  EXPECT_EQ(bench.find(mapped, "title")->value, twin::Value{twin::Json{R"({"ko":"잠실","en":"Jam\"sil"})"}});
  EXPECT_EQ(bench.find(mapped, "place")->value,
            (twin::Value{twin::Geometry{twin::GeometryKind::line_string, {{1, 2}, {3, 4}}, {2}, {}}}));
  EXPECT_EQ(bench.find(mapped, "area")->value, twin::Value{twin::Geometry::point({127, 37})});
  EXPECT_EQ(bench.find(mapped, "links")->value, twin::Value{twin::Json{R"(["urn:a:1"])"}});
  EXPECT_EQ(bench.find(mapped, "list")->value, twin::Value{twin::Json{"[1]"}});
  EXPECT_EQ(bench.find(mapped, "word")->value,
            twin::Value{std::string("https://uri.etsi.org/ngsi-ld/default-context/Red")});
  const Mapped bad = bench.map(R"({"j":1,"n":[],"g":{"type":"Line"},"r":"no uri","l":{},"w":"x"})");
  EXPECT_EQ(bad.refusals.size(), 4u);
}

TEST(Mapping, NeverFailsOnAnyPayload) {
  Bench bench(air);
  EXPECT_TRUE(rc::check("every payload and topic gives changes or reasons",
                        [&](const std::string& topic, const std::string& payload) {
                          const Mapped mapped = bench.map(payload, topic);
                          RC_ASSERT(!mapped.changes.empty() || !mapped.refusals.empty());
                        }));
}

TEST(Mapping, GivesTheSameForTheSameMessage) {
  Bench bench(air);
  EXPECT_TRUE(rc::check("mapping is a function", [&](double pm25, uint32_t time) {
    RC_PRE(std::isfinite(pm25));
    const std::string payload = "{\"t\":" + std::to_string(time) +
                                ",\"district\":\"x\",\"ok\":1,\"air\":{\"pm25\":" + std::to_string(pm25) + "}}";
    const Mapped first = bench.map(payload, "sensors/a/air");
    const Mapped second = bench.map(payload, "sensors/a/air");
    RC_ASSERT(first.changes.size() == second.changes.size());
    for (size_t at = 0; at < first.changes.size(); ++at) {
      RC_ASSERT(first.changes[at].attributes == second.changes[at].attributes);
    }
  }));
}

}  // namespace
}  // namespace cityloom::link
