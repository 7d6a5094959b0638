#include "ngsi/represent.hpp"

#include <gtest/gtest.h>

#include "ngsi/context_source.hpp"
#include "ngsi/golden_test.hpp"

namespace cityloom::ngsi {
namespace {

using testing::Golden;
using testing::pretty;
using testing::record_of;

// What the golden files ask for by the names of their sections, beside "input", "context" and comments.
Representation representation_of(const std::string& section, const twin::TermTable& terms, const Context& context) {
  Representation how;
  if (section.find("concise") != std::string::npos) how.format = Format::concise;
  if (section.find("simplified") != std::string::npos) how.format = Format::simplified;
  how.sys_attrs = section.find("sysAttrs") != std::string::npos;
  if (section.find("lang=ko") != std::string::npos) how.language = "ko";
  if (section.find("lang=fr-CH,en;q=0.5") != std::string::npos) how.language = "fr-CH,en;q=0.5";
  if (section.find("with @context") != std::string::npos) how.context_json = context.json();
  if (section.find("datasetId=urn:ngsi-ld:dataset:gps") != std::string::npos) {
    how.datasets_given = true;
    how.datasets = {terms.find("urn:ngsi-ld:dataset:gps")};
  }
  return how;
}

// Each file: "context" (JSON text of @context, may be absent), "input" (an entity), then one section a representation.
void check_golden(const std::string& file) {
  Golden golden = testing::read_golden(file);
  ASSERT_FALSE(golden.sections.empty()) << golden.path;
  base::ManualClock clock(base::Instant::from_seconds(0));
  ContextSource source({}, {}, clock);
  const auto context =
      golden.text("context").empty() ? Context::core() : source.from_json(golden.text("context")).value();
  twin::TermTable terms;
  const auto change = testing::change_of(golden.text("input"), *context, terms);
  ASSERT_TRUE(change.ok()) << change.error().text();
  const twin::EntityRecord record = record_of(*change);
  for (Golden::Section& section : golden.sections) {
    if (section.name == "context" || section.name == "input") continue;
    const bool foreign = section.name.find("core context") != std::string::npos;
    const Names names(foreign ? Context::core() : context, terms);
    const Representation how = representation_of(section.name, terms, names.context());
    std::string json;
    if (section.name.find("FeatureCollection") != std::string::npos) {
      append_features({record, record}, how, names, json);
    } else if (section.name.find("Feature") != std::string::npos) {
      append_feature(record, how, names, json);
    } else {
      append_entity(record, how, names, json);
    }
    const std::string given = pretty(json);
    if (testing::writes_golden()) section.text = given;
    EXPECT_EQ(given, section.text) << golden.path << ", " << section.name;
  }
  if (testing::writes_golden()) testing::write_golden(golden);
}

TEST(Represent, EveryKindOfAttribute) {
  check_golden("entity-every-kind.txt");
}
TEST(Represent, SeveralInstances) {
  check_golden("entity-several-instances.txt");
}
TEST(Represent, ContextsAndScopes) {
  check_golden("entity-context.txt");
}
TEST(Represent, GeoJson) {
  check_golden("entity-geojson.txt");
}

struct Represented : ::testing::Test {
  twin::TermTable terms;
  ContextPointer core = Context::core();
  std::string written(const std::string& json, const Representation& how) {
    const auto change = testing::change_of(json, *core, terms);
    EXPECT_TRUE(change.ok()) << change.error().text();
    const Names names(core, terms);
    std::string to;
    append_entity(record_of(*change), how, names, to);
    return to;
  }
};

TEST_F(Represented, NormalizedReadsBackAsTheSameEntity) {
  const std::string input = testing::read_golden("entity-every-kind.txt").text("input");
  const auto change = testing::change_of(input, *core, terms);
  ASSERT_TRUE(change.ok());
  for (const Format format : {Format::normalized, Format::concise}) {
    Representation how;
    how.format = format;
    const auto again = testing::change_of(written(input, how), *core, terms);
    ASSERT_TRUE(again.ok()) << again.error().text();
    EXPECT_EQ(again->attributes, change->attributes);
    EXPECT_EQ(again->types, change->types);
    EXPECT_EQ(again->scopes, change->scopes);
  }
}

TEST_F(Represented, ConciseNeverLeavesAValueThatWouldBeTakenForAnAttribute) {
  Representation how;
  how.format = Format::concise;
  for (const char* value :
       {R"({"type":"Property","value":3})", R"([{"value":1}])", R"({"object":"urn:x:y"})", R"({"type":"x"})",
        R"("text with \"type\": inside")", R"({"a":[1,2]})", R"({"vocab":"x"})"}) {
    const std::string input = R"({"id":"urn:a","type":"T","a":{"type":"Property","value":)" + std::string(value) + "}}";
    const auto change = testing::change_of(input, *core, terms);
    const auto again = testing::change_of(written(input, how), *core, terms);
    ASSERT_TRUE(again.ok()) << value << ": " << again.error().text();
    EXPECT_EQ(again->attributes, change->attributes) << value << " became " << written(input, how);
  }
}

TEST_F(Represented, ProjectionsPickAndOmit) {
  const std::string input = R"({"id":"urn:a","type":"T","scope":"/S","a":1,"b":2})";
  Representation how;
  how.format = Format::simplified;
  (void)written(input, how);
  how.projection.pick_given = true;
  how.projection.pick = {terms.find(core->expand("a"))};
  EXPECT_EQ(written(input, how), R"({"id":"urn:a","type":"T","scope":"/S","a":1})");
  how.projection.keeps_id = how.projection.keeps_type = how.projection.keeps_scope = false;
  EXPECT_EQ(written(input, how), R"({"a":1})");
  how.projection = {};
  how.projection.omit = how.projection.pick;
  how.projection.omit = {terms.find(core->expand("a"))};
  how.projection.keeps_scope = false;
  EXPECT_EQ(written(input, how), R"({"id":"urn:a","type":"T","b":2})");
}

TEST_F(Represented, TheEntitysOwnExpiryIsASystemMember) {
  const std::string input = R"({"id":"urn:a","type":"T","expiresAt":"2027-01-01T00:00:00Z"})";
  Representation how;
  EXPECT_EQ(written(input, how), R"({"id":"urn:a","type":"T"})");
  how.sys_attrs = true;
  EXPECT_EQ(written(input, how), R"({"id":"urn:a","type":"T","createdAt":"2026-11-22T08:00:00Z",)"
                                 R"("modifiedAt":"2026-11-22T08:05:00Z","expiresAt":"2027-01-01T00:00:00Z"})");
}

TEST(Temporal, EveryFormat) {
  Golden golden = testing::read_golden("temporal.txt");
  twin::TermTable terms;
  const ContextPointer core = Context::core();
  TemporalEntity entity;
  entity.id = "urn:ngsi-ld:AirQualityObserved:1";
  entity.types = {*terms.intern(core->expand("AirQualityObserved"))};
  entity.scopes = {"/Seoul/Songpa"};
  const auto add = [&](const std::string& json, const char* time) {
    const auto change = testing::change_of(R"({"id":"urn:a","type":"T",)" + json + "}", *core, terms);
    ASSERT_TRUE(change.ok()) << change.error().text();
    for (const twin::Attribute& stated : change->attributes) {
      thread::PastAttribute attribute{stated, {{static_cast<uint64_t>(3 + entity.attributes.size())}, {}, false}};
      attribute.observed_at = *base::Instant::parse(time);
      attribute.created_at = attribute.modified_at = attribute.observed_at;
      attribute.offset = {static_cast<uint64_t>(3 + entity.attributes.size())};
      auto history = std::find_if(entity.attributes.begin(), entity.attributes.end(), [&](const auto& one) {
        return one.name == attribute.name && one.dataset == attribute.dataset;
      });
      if (history == entity.attributes.end()) {
        entity.attributes.push_back({attribute.name, attribute.dataset, {}, false});
        history = entity.attributes.end() - 1;
      }
      history->instances.push_back(attribute);
    }
  };
  add(R"("pm25":{"value":17,"unitCode":"GQ"},"name":{"languageMap":{"ko":"송파"}},"at":{"object":"urn:ngsi-ld:Site:1"})",
      "2026-11-22T08:00:00Z");
  add(R"("pm25":[{"value":18.5,"unitCode":"GQ"},{"value":19,"datasetId":"urn:ngsi-ld:dataset:b"}])",
      "2026-11-22T09:00:00Z");
  entity.attributes[0].instances.push_back(entity.attributes[0].instances.back());
  entity.attributes[0].instances.back().value = twin::Null{};
  const Names names(core, terms);
  for (Golden::Section& section : golden.sections) {
    const auto format = section.name.starts_with("normalized") ? TemporalFormat::normalized
                        : section.name.starts_with("concise")  ? TemporalFormat::concise
                                                               : TemporalFormat::simplified;
    Representation how;
    how.sys_attrs = section.name.find("sysAttrs") != std::string::npos;
    std::string json;
    append_temporal_entity(entity, format, how, thread::TimeProperty::observed_at, names, json);
    const std::string given = pretty(json);
    if (testing::writes_golden()) section.text = given;
    EXPECT_EQ(given, section.text) << section.name;
  }
  if (testing::writes_golden()) testing::write_golden(golden);
}

}  // namespace
}  // namespace cityloom::ngsi
