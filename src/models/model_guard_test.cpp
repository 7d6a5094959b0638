// The guard on a real record: every way in is held to the models, by what it states.
#include "models/model_guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/quality.hpp"
#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using thread::Change;
using Kind = thread::Change::Kind;

constexpr const char* air = R"({"type":"object","properties":{
  "type":{"const":"Air"},"id":{"type":"string"},
  "pm10":{"type":"number","minimum":0,"x-ngsi":{"units":"GQ"}},
  "pm25":{"type":"number","description":"Property. Fine dust. Units:'µg/m3'"},
  "temperature":{"type":"number","minimum":-60,"maximum":60,"x-ngsi":{"type":"Property","unitCode":"CEL"}},
  "name":{"type":"string","maxLength":10},
  "levels":{"type":"object","properties":{"high":{"type":"integer"}}},
  "station":{"type":"string","format":"uri","x-ngsi":{"type":"Relationship"}},
  "location":{"$ref":"https://geojson.org/schema/Point.json"}},
  "required":["id","type","pm10"],"anyOf":[{"required":["location"]},{"required":["station"]}]})";

class ModelGuardTest : public testing::Test {
 protected:
  ModelGuardTest() : thread_(thread::Thread::open(store::make_memory_store(), clock_).value()) {
    use(air, Mode::strict);
  }

  twin::Term term(std::string_view name) { return thread_->terms().intern("urn:n:" + std::string(name)).value(); }

  BoundModelPointer bound(const std::string& schema, const std::string& type = {}) {
    ModelText text;
    text.name = type.empty() ? "Air" : type;
    text.version = "1.0";
    text.type = type;
    text.schema = schema;
    auto model = Model::make(text, [](std::string_view name) { return "urn:n:" + std::string(name); });
    EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().text());
    return BoundModel::bind(std::make_shared<const Model>(std::move(model).value()), thread_->terms()).value();
  }

  void use(const std::string& schema, Mode mode) {
    std::vector<ActiveModel> models;
    models.push_back({bound(schema), mode});
    thread_->set_guard(std::make_shared<const ModelGuard>(std::move(models), thread_->terms(), clock_, tally_,
                                                          std::vector<twin::Term>{term("ignored")}));
  }

  twin::Attribute attribute(std::string_view name, twin::Value value, std::string_view unit = {}) {
    twin::Attribute one;
    one.name = term(name);
    one.value = std::move(value);
    if (!unit.empty()) one.unit = thread_->terms().intern(unit).value();
    return one;
  }
  twin::Attribute place() {
    twin::Attribute one = attribute("location", twin::Geometry::point(*twin::Position::make(127, 37)));
    one.kind = twin::AttributeKind::geo_property;
    return one;
  }
  Change change(Kind kind, std::vector<twin::Attribute> attributes, const std::string& id = "urn:a:1") {
    Change made;
    made.kind = kind;
    made.entity_id = id;
    if (kind == Kind::create || kind == Kind::create_or_append || kind == Kind::create_or_replace)
      made.types = {term("Air")};
    made.attributes = std::move(attributes);
    return made;
  }

  // "" if it was taken, else what the error says.
  std::string append(std::vector<Change> changes, bool all_or_nothing = false) {
    thread::ChangeSet set;
    set.author = "link:air";
    set.changes = std::move(changes);
    set.all_or_nothing = all_or_nothing;
    const auto outcomes = thread_->append(std::move(set));
    if (!outcomes.ok()) return outcomes.error().what;
    warnings_.clear();
    for (const auto& outcome : *outcomes) {
      if (!outcome.ok()) return outcome.error().what;
      for (const std::string& warning : outcome->warnings) warnings_.push_back(warning);
    }
    return {};
  }
  std::string append(Change one) {
    std::vector<Change> changes;
    changes.push_back(std::move(one));
    return append(std::move(changes));
  }
  void create_good() { ASSERT_EQ(append(change(Kind::create, {attribute("pm10", 5.0, "GQ"), place()})), ""); }

  base::ManualClock clock_{base::Instant::from_seconds(1'000'000)};
  std::unique_ptr<thread::Thread> thread_;
  std::shared_ptr<Tally> tally_ = std::make_shared<Tally>();
  std::vector<std::string> warnings_;
};

TEST_F(ModelGuardTest, RefusesWholeEntitiesByAllRules) {
  EXPECT_THAT(append(change(Kind::create, {place()})), HasSubstr("pm10: is missing"));
  EXPECT_THAT(append(change(Kind::create, {attribute("pm10", 5.0)})), HasSubstr("fits none of 2 alternatives"));
  EXPECT_THAT(append(change(Kind::create, {attribute("pm10", std::string("much")), place()})),
              HasSubstr("pm10: must be a number, is a text"));
  EXPECT_THAT(append(change(Kind::create, {attribute("pm10", 5.0), attribute("temperatre", 1.0), place()})),
              HasSubstr("temperatre: is not in the model; nearest: temperature"));
  EXPECT_FALSE(thread_->snapshot().find("urn:a:1")->exists());
  create_good();
  EXPECT_THAT(append(change(Kind::replace, {attribute("pm10", 5.0)})), HasSubstr("alternatives"));
  EXPECT_EQ(tally_->totals()[0], 5u);
}

TEST_F(ModelGuardTest, HoldsPartsToWhatTheyState) {
  create_good();
  EXPECT_EQ(append(change(Kind::append, {attribute("temperature", 20.0, "CEL")})), "");
  EXPECT_THAT(append(change(Kind::append, {attribute("temperature", 70.0)})), HasSubstr("at most 60"));
  EXPECT_THAT(append(change(Kind::update, {attribute("pm10", -1.0)})), HasSubstr("at least 0"));
  EXPECT_THAT(append(change(Kind::merge, {attribute("pm10", -1.0)})), HasSubstr("at least 0"));
  EXPECT_THAT(append(change(Kind::replace_attribute, {attribute("pm10", true)})), HasSubstr("is a boolean"));
  EXPECT_THAT(append(change(Kind::create_or_append, {attribute("pm10", -1.0)})), HasSubstr("at least 0"));
  EXPECT_EQ(append(change(Kind::append, {attribute("levels", twin::Json{R"({"high":1})"})})), "");
  // Of a merge, what comes of it counts.
  EXPECT_THAT(append(change(Kind::merge, {attribute("levels", twin::Json{R"({"high":"x"})"})})),
              HasSubstr("levels.high: must be an integer"));
  Change removal = change(Kind::remove_attribute, {});
  removal.attribute_name = term("pm10");
  EXPECT_THAT(append(removal), HasSubstr("pm10: is missing"));
  removal.attribute_name = term("temperature");
  EXPECT_EQ(append(removal), "");
  EXPECT_EQ(append(change(Kind::remove, {})), "");
}

TEST_F(ModelGuardTest, ChecksUnitsAndKinds) {
  create_good();
  EXPECT_THAT(append(change(Kind::append, {attribute("temperature", 20.0, "FAH")})),
              HasSubstr("temperature: must be in CEL, is in FAH"));
  EXPECT_THAT(append(change(Kind::append, {attribute("pm25", 20.0, "GP")})), HasSubstr("must be in GQ, is in GP"));
  EXPECT_EQ(append(change(Kind::append, {attribute("pm25", 20.0)})), "") << "a unit need not be said";
  EXPECT_THAT(append(change(Kind::append, {attribute("station", std::string("urn:s:1"))})),
              HasSubstr("station: must be a Relationship, is a Property"));
  // A fragment of a unit alone.
  twin::Attribute unit = attribute("pm10", twin::unstated_value(), "CEL");
  EXPECT_THAT(append(change(Kind::patch_attribute, {unit})), HasSubstr("must be in GQ, is in CEL"));
}

TEST_F(ModelGuardTest, HoldsTextsByLanguageEach) {
  create_good();
  twin::Attribute name = attribute("name", twin::Json{R"({"en":"Park","ko":"아주 아주 긴 이름의 측정소"})"});
  name.kind = twin::AttributeKind::language_property;
  EXPECT_THAT(append(change(Kind::append, {name})), HasSubstr("name.ko: must have at most 10"));
  name.value = twin::Json{R"({"en":"Park","ko":"공원"})"};
  EXPECT_EQ(append(change(Kind::append, {name})), "");
  EXPECT_EQ(append(change(Kind::create, {attribute("pm10", 1.0), place(), name}, "urn:a:2")), "");
  twin::Attribute other = attribute("pm10", -5.0);
  other.dataset = term("dataset");
  EXPECT_THAT(append(change(Kind::create, {attribute("pm10", 1.0), place(), other}, "urn:a:3")),
              HasSubstr("at least 0"));
}

TEST_F(ModelGuardTest, HoldsThePastAsWell) {
  create_good();
  twin::Attribute past = attribute("pm10", -1.0);
  past.observed_at = base::Instant::from_seconds(5);
  EXPECT_THAT(append(change(Kind::state_past, {past})), HasSubstr("at least 0"));
  const std::vector<std::pair<base::Instant, double>> numbers = {{base::Instant::from_seconds(1), 1.0},
                                                                 {base::Instant::from_seconds(2), -1.0}};
  Change unknown = change(Kind::state_past, {attribute("pm25", 1.0)}, "urn:a:past");
  unknown.types = {term("Air")};
  unknown.attributes.front().observed_at = base::Instant::from_seconds(5);
  EXPECT_EQ(append(unknown), "") << "nobody says all of what was";
  past.value = thread::pack_past_numbers(numbers);
  EXPECT_THAT(append(change(Kind::state_past_numbers, {past})), HasSubstr("at least 0"));
}

TEST_F(ModelGuardTest, WarnsOrCounts) {
  use(air, Mode::warn);
  EXPECT_EQ(append(change(Kind::create, {attribute("pm10", -1.0), attribute("Pm25", 1.0), place()})), "");
  EXPECT_THAT(warnings_, ElementsAre("urn:a:1 pm10: must be at least 0, is -1",
                                     "urn:a:1 Pm25: is not in the model; nearest: pm25"));
  use(air, Mode::accept);
  EXPECT_EQ(append(change(Kind::append, {attribute("pm10", -2.0)})), "");
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_THAT(tally_->totals(), ElementsAre(0u, 1u, 1u));
  const auto rows = tally_->rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.begin()->first, std::pair(std::string("urn:n:Air"), std::string("link:air")));
  ASSERT_EQ(rows.begin()->second.examples.size(), 2u);
  EXPECT_EQ(rows.begin()->second.examples.front().findings.front().text(), "pm10: must be at least 0, is -2");
}

TEST_F(ModelGuardTest, LetsStandWhatStands) {
  thread_->set_guard(nullptr);
  ASSERT_EQ(append(change(Kind::create, {attribute("pm10", std::string("old")), attribute("temprature", 1.0)})), "");
  use(air, Mode::strict);
  EXPECT_EQ(append(change(Kind::append, {attribute("pm25", 5.0)})), "");
  Change other;
  other.kind = Kind::append;
  other.entity_id = "urn:a:1";
  other.types = {term("Second")};
  EXPECT_EQ(append(other), "");
}

TEST_F(ModelGuardTest, OfASetAllOrNothing) {
  std::vector<Change> changes;
  changes.push_back(change(Kind::create, {attribute("pm10", 1.0), place()}));
  changes.push_back(change(Kind::append, {attribute("pm10", -1.0)}));
  EXPECT_THAT(append(changes, true), HasSubstr("at least 0"));
  EXPECT_FALSE(thread_->snapshot().find("urn:a:1")->exists());
  EXPECT_EQ(tally_->totals()[0], 1u);
  EXPECT_THAT(append(changes), HasSubstr("at least 0"));
  EXPECT_TRUE(thread_->snapshot().find("urn:a:1")->exists()) << "one by one the good one is done";
}

TEST_F(ModelGuardTest, LeavesOtherTypesAndIgnoredNamesAlone) {
  Change other = change(Kind::create, {attribute("pm10", std::string("x"))});
  other.types = {term("Other")};
  EXPECT_EQ(append(other), "");
  use(R"({"properties":{"type":{"const":"Air"},"pm10":{}},"additionalProperties":false})", Mode::strict);
  EXPECT_EQ(append(change(Kind::create, {attribute("ignored", 1.0), attribute("pm10", 1.0)}, "urn:a:2")), "");
  EXPECT_THAT(append(change(Kind::create, {attribute("colour", 1.0)}, "urn:a:3")),
              HasSubstr("colour: is not in the model"));
}

TEST_F(ModelGuardTest, OfSeveralTypesEachModelHolds) {
  std::vector<ActiveModel> models;
  models.push_back({bound(R"({"properties":{"pm10":{"minimum":0}},"additionalProperties":false})", "Air"), Mode::warn});
  models.push_back(
      {bound(R"({"properties":{"height":{"maximum":9}},"additionalProperties":false})", "Mast"), Mode::strict});
  thread_->set_guard(std::make_shared<const ModelGuard>(std::move(models), thread_->terms(), clock_, tally_,
                                                        std::vector<twin::Term>{}));
  Change both = change(Kind::create, {attribute("pm10", 1.0), attribute("height", 5.0)});
  both.types = {term("Air"), term("Mast")};
  EXPECT_EQ(append(both), "");
  both.entity_id = "urn:a:2";
  both.attributes = {attribute("pm10", -1.0), attribute("height", 5.0)};
  EXPECT_THAT(append(both), HasSubstr("at least 0")) << "the strictest mode holds for the entity";
}

TEST_F(ModelGuardTest, QualityIsWhatANaiveCountGives) {
  const std::string schema = R"({"properties":{"type":{"const":"Air"},"pm10":{"minimum":0},"pm25":{},"temperature":{},
    "source":{}},"required":["pm10"],"allOf":[{"$ref":"common-schema.json#/definitions/GSMA-Commons"}]})";
  std::vector<ActiveModel> models;
  models.push_back({bound(schema), Mode::warn, 60});
  const auto guard = std::make_shared<const ModelGuard>(std::move(models), thread_->terms(), clock_, tally_,
                                                        std::vector<twin::Term>{});
  thread_->set_guard(guard);
  const base::Instant now = clock_.now();
  size_t valid = 0, fresh = 0, present = 0, with_required = 0;
  for (int i = 0; i < 200; ++i) {
    const bool is_named = i % 4 == 0;
    std::vector<twin::Attribute> attributes;
    if (i % 5 != 0) attributes.push_back(attribute("pm10", static_cast<double>(i % 7 - 1)));
    if (i % 2 == 0) attributes.push_back(attribute("pm25", 1.0));
    if (is_named) attributes.push_back(attribute("source", std::string("kiosk")));
    if (attributes.empty()) attributes.push_back(attribute("temperature", 1.0));
    for (auto& one : attributes) one.observed_at = {now.microseconds - int64_t{i} * 1'000'000};
    if (!is_named) {
      valid += i % 5 != 0 && i % 7 != 0 ? 1 : 0;
      fresh += i <= 60 ? 1 : 0;
      with_required += i % 5 != 0 ? 1 : 0;
      present += attributes.size();
    }
    ASSERT_EQ(append(change(Kind::create, attributes, "urn:q:" + std::to_string(i))), "");
  }
  const auto types = quality_of(*thread_, *guard, *tally_, now, {});
  ASSERT_TRUE(types.ok());
  ASSERT_EQ(types->size(), 1u);
  const TypeQuality& type = types->front();
  EXPECT_EQ(type.entities, 200u);
  EXPECT_TRUE(type.is_complete);
  ASSERT_EQ(type.sources.size(), 2u);
  EXPECT_EQ(type.sources.at("kiosk").entities, 50u);
  const SourceQuality& link = type.sources.at("link:air");
  EXPECT_EQ(link.entities, 150u);
  EXPECT_DOUBLE_EQ(link.validity, static_cast<double>(valid) / 150);
  EXPECT_DOUBLE_EQ(*link.freshness, static_cast<double>(fresh) / 150);
  EXPECT_DOUBLE_EQ(link.required_completeness, static_cast<double>(with_required) / 150);
  EXPECT_NEAR(link.completeness, static_cast<double>(present) / (150 * 4), 1e-9);
  EXPECT_EQ(link.writes.writes[1], 150 - valid);
  EXPECT_NEAR(link.age_median_s, 100, 2);
  EXPECT_NEAR(link.age_most_s, 190, 2);
  QualityLimits limits;
  limits.entities_max = 10;
  const auto few = quality_of(*thread_, *guard, *tally_, now, limits);
  EXPECT_EQ(few->front().entities, 10u);
  EXPECT_FALSE(few->front().is_complete);
  limits.reads_max = 0;
  EXPECT_EQ(quality_of(*thread_, *guard, *tally_, now, limits)->front().sources.count(std::string(unknown_source)), 1u);
  limits = {};
  limits.goes_on = [] { return false; };
  EXPECT_EQ(quality_of(*thread_, *guard, *tally_, now, limits).error().code, base::Code::cancelled);
}

TEST(Tally, KeepsAFewRowsAndExamples) {
  Tally tally;
  for (size_t i = 0; i < tally_rows_max + 50; ++i) tally.add("urn:t", "source " + std::to_string(i), {});
  EXPECT_EQ(tally.rows().size(), tally_rows_max + 1);
  for (int i = 0; i < 20; ++i) tally.add("urn:t", "source 1", {});
  EXPECT_EQ(tally.rows().at({"urn:t", "source 1"}).examples.size(), examples_max);
  EXPECT_EQ(tally.rows().at({"urn:t", "source 1"}).writes[0], 21u);
}

}  // namespace
}  // namespace cityloom::models
