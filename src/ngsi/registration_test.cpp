// Registrations: what is taken, written back, changed and matched.
#include "ngsi/registration.hpp"

#include <gtest/gtest.h>

namespace cityloom::ngsi {
namespace {

const base::Instant now = *base::Instant::parse("2026-11-22T08:00:00Z");

base::Result<Registration> read(std::string_view json) {
  const auto body = Body::read(json);
  if (!body) return body.error();
  return parse_registration(*body, *Context::core(), now);
}

std::string with(std::string_view members) {
  return R"({"id": "urn:r:1", "type": "ContextSourceRegistration", "endpoint": "http://source.example:1026",)" +
         std::string(members) + "}";
}

constexpr std::string_view cars = R"("information": [{"entities": [{"type": "Car"}]}])";

std::string written(const Registration& registration) {
  std::string json;
  append_registration(registration, nullptr, false, Context::core().get(), {}, json);
  return json;
}

TEST(Registration, IsWrittenAsItWasGiven) {
  const std::string json =
      R"({"id":"urn:r:1","type":"ContextSourceRegistration","registrationName":"a","description":"b",)"
      R"("information":[{"entities":[{"id":"urn:car:1","type":"Car"},{"idPattern":"urn:.*","type":["Car","Taxi"]}],)"
      R"("propertyNames":["speed"],"relationshipNames":["isParked"]}],"endpoint":"https://source.example/a",)"
      R"("contextSourceAlias":"other","contextSourceInfo":[{"key":"X-Key","value":"v"}],"tenant":"t","mode":"redirect",)"
      R"("operations":["retrieveOps","createEntity"],"datasetId":["urn:d:1","@none"],"expiresAt":"2027-01-01T00:00:00Z",)"
      R"("location":{"type":"Point","coordinates":[1,2]},)"
      R"("management":{"cacheDuration":"PT5M","cooldown":500,"timeout":3000,"localOnly":true},)"
      R"("managementInterval":{"startAt":"2020-01-01T00:00:00Z","endAt":"2021-01-01T00:00:00Z"},)"
      R"("observationInterval":{"startAt":"2020-01-01T00:00:00Z"},"refreshRate":"PT1H","scope":["/a","/b"],)"
      R"("owner":"city"})";
  const auto made = read(json);
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_EQ(written(*made), json);
  std::string stored;
  append_registration(*made, nullptr, false, nullptr, {}, stored);
  EXPECT_NE(stored.find("https://uri.etsi.org/ngsi-ld/default-context/speed"), std::string::npos);
  const auto back = restore_registration(stored);
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_EQ(written(*back), json);
  EXPECT_TRUE(made->operations.has(SourceOperation::create_entity));
  EXPECT_FALSE(made->operations.has(SourceOperation::query_batch));
}

TEST(Registration, WithoutOperationsIsForFederation) {
  const auto made = read(with(cars));
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->operations.has(SourceOperation::query_batch));
  EXPECT_FALSE(made->operations.has(SourceOperation::create_entity));
}

TEST(Registration, RefusesWhatIsNone) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"type": "ContextSourceRegistration", "endpoint": "http://a.example"})", "information"},
      {R"({"type": "Other", "endpoint": "http://a.example", "information": [{"propertyNames": ["a"]}]})", "type"},
      {R"({"type": "ContextSourceRegistration", "information": [{"propertyNames": ["a"]}]})", "endpoint"},
      {with(R"("information": null)"), "information"},
      {with(R"("information": [])"), "information"},
      {with(R"("information": [{}])"), "information[0]"},
      {with(R"("information": [{"entities": []}])"), "information[0].entities"},
      {with(R"("information": [{"propertyNames": []}])"), "information[0].propertyNames"},
      {with(R"("information": [{"entities": [{"id": "urn:a:1"}]}])"), "information[0].entities[0].type"},
      {with(R"("information": [{"entities": [{"id": "a", "type": "T"}]}])"), "information[0].entities[0].id"},
      {with(R"("information": [{"entities": [{"idPattern": "(", "type": "T"}]}])"),
       "information[0].entities[0].idPattern"},
      {with(std::string(cars) + R"(, "mode": "other")"), "mode"},
      {with(std::string(cars) + R"(, "operations": ["fly"])"), "operations"},
      {with(std::string(cars) + R"(, "operations": [])"), "operations"},
      {with(std::string(cars) + R"(, "expiresAt": "2020-01-01T00:00:00Z")"), "expiresAt"},
      {with(std::string(cars) + R"(, "refreshRate": "often")"), "refreshRate"},
      {with(std::string(cars) + R"(, "management": "yes")"), "management"},
      {with(std::string(cars) + R"(, "management": {"cacheDuration": "bogus"})"), "management.cacheDuration"},
      {with(std::string(cars) + R"(, "management": {"cooldown": 0})"), "management.cooldown"},
      {with(std::string(cars) + R"(, "management": {"localOnly": "yes"})"), "management.localOnly"},
      {with(std::string(cars) + R"(, "observationInterval": {})"), "observationInterval.startAt"},
      {with(std::string(cars) + R"(, "contextSourceInfo": [{"key": "a", "value": 1}])"), "contextSourceInfo[0]"},
      {with(std::string(cars) + R"(, "contextSourceInfo": [{"key": "accept", "value": "text/html"}])"),
       "contextSourceInfo"},
      {with(std::string(cars) + R"(, "location": {"type": "Point"})"), "location"},
      {with(std::string(cars) + R"(, "scope": "no scope")"), "scope"},
      {with(std::string(cars) + R"(, "owner": null)"), "owner"},
      {with(std::string(cars) + R"(, "mode": "auxiliary", "operations": ["updateEntity"])"), "operations"},
      {with(std::string(cars) + R"(, "mode": "exclusive")"), "information"},
      {with(
           R"("mode": "exclusive", "information": [{"entities": [{"idPattern": ".*", "type": "T"}], "propertyNames": ["a"]}])"),
       "information"},
  };
  for (const auto& [json, where] : cases) {
    const auto made = read(json);
    ASSERT_FALSE(made.ok()) << json;
    EXPECT_EQ(made.error().code, base::Code::invalid) << json;
    EXPECT_EQ(made.error().where, where) << json << ": " << made.error().text();
  }
}

TEST(Registration, IsChangedByAFragment) {
  const auto made = read(with(std::string(cars) + R"(, "expiresAt": "2027-01-01T00:00:00Z", "owner": "a",
      "management": {"cooldown": 500, "timeout": 100})"));
  ASSERT_TRUE(made.ok());
  const auto change = [&](std::string_view json) {
    return update_registration(*made, *Body::read(json), *Context::core(), now);
  };
  const auto changed = change(R"({"endpoint": "http://b.example", "expiresAt": null, "management": {"timeout": 200}})");
  ASSERT_TRUE(changed.ok()) << changed.error().text();
  EXPECT_EQ(written(*changed),
            R"({"id":"urn:r:1","type":"ContextSourceRegistration","information":[{"entities":[{"type":"Car"}]}],)"
            R"("endpoint":"http://b.example","management":{"cooldown":500,"timeout":200},"owner":"a"})");
  EXPECT_FALSE(change(R"({"type": "building"})").ok());
  EXPECT_FALSE(change(R"({"id": "urn:r:2"})").ok());
  EXPECT_FALSE(change(R"({"information": null})").ok());
  EXPECT_FALSE(change(R"({"mode": "exclusive"})").ok());
}

// A parameter and its value.
struct Given {
  std::optional<std::string> QueryParameters::*parameter;
  const char* value;
};
using Parameters = std::vector<Given>;

QueryParameters given(const Parameters& all) {
  QueryParameters parameters;
  for (const Given& one : all) parameters.*one.parameter = one.value;
  return parameters;
}

SourceQuery asked(const Parameters& parameters) {
  const auto query = source_query_of(given(parameters), *Context::core());
  EXPECT_TRUE(query.ok());
  return *query;
}

TEST(RegistrationMatch, EntitiesAndAttributes) {
  const auto made = read(with(R"("information": [
      {"entities": [{"id": "urn:car:1", "type": "Car"}, {"idPattern": "urn:bus:.*", "type": "Bus"}],
       "propertyNames": ["speed"]}, {"entities": [{"type": "Tram"}]}])"));
  ASSERT_TRUE(made.ok());
  const auto is_match = [&](const Parameters& parameters) { return matches(asked(parameters), *made); };
  EXPECT_TRUE(is_match({{&QueryParameters::type, "Car"}}));
  EXPECT_TRUE(is_match({{&QueryParameters::type, "Van,(Car)"}}));
  EXPECT_FALSE(is_match({{&QueryParameters::type, "Van"}}));
  EXPECT_FALSE(is_match({{&QueryParameters::type, "(Car;Van)"}}));
  EXPECT_TRUE(is_match({{&QueryParameters::id, "urn:car:1"}, {&QueryParameters::type, "Car"}}));
  EXPECT_FALSE(is_match({{&QueryParameters::id, "urn:car:2"}, {&QueryParameters::type, "Car"}}));
  EXPECT_TRUE(is_match({{&QueryParameters::id, "urn:x:1,urn:bus:7"}, {&QueryParameters::type, "Bus"}}));
  EXPECT_FALSE(is_match({{&QueryParameters::id, "urn:x:1"}, {&QueryParameters::type, "Bus"}}));
  EXPECT_TRUE(is_match({{&QueryParameters::type, "Car"}, {&QueryParameters::id_pattern, "car"}}));
  EXPECT_FALSE(is_match({{&QueryParameters::type, "Car"}, {&QueryParameters::id_pattern, "van"}}));
  EXPECT_TRUE(is_match({{&QueryParameters::type, "Bus"}, {&QueryParameters::id_pattern, "anything"}}));
  EXPECT_TRUE(is_match({{&QueryParameters::type, "Car"}, {&QueryParameters::attrs, "speed,colour"}}));
  EXPECT_FALSE(is_match({{&QueryParameters::type, "Car"}, {&QueryParameters::attrs, "colour"}}));
  EXPECT_TRUE(is_match({{&QueryParameters::type, "Car"}, {&QueryParameters::q, "speed>3"}}));
  EXPECT_FALSE(is_match({{&QueryParameters::type, "Car"}, {&QueryParameters::q, "colour==1|weight>2"}}));
  EXPECT_TRUE(is_match({{&QueryParameters::type, "Tram"}, {&QueryParameters::attrs, "colour"}}));
  EXPECT_EQ(matching_part(asked({{&QueryParameters::type, "Tram"}}), *made).information.size(), 1u);
}

TEST(RegistrationMatch, NoMoreIsAskedThanWasRegistered) {
  const auto made = read(with(R"("information": [
      {"entities": [{"id": "urn:car:1", "type": "Car"}], "propertyNames": ["speed"], "relationshipNames": ["owner"]},
      {"entities": [{"type": "Tram"}]}])"));
  ASSERT_TRUE(made.ok());
  const auto iri = [](const char* name) { return Context::core()->expand(name); };
  auto part = narrowed(asked({{&QueryParameters::type, "Car,Van"}}), *made);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->ids, std::vector<std::string>{"urn:car:1"});
  EXPECT_EQ(part->types, std::vector<std::vector<std::string>>{{iri("Car")}});
  EXPECT_EQ(part->attributes, (std::vector<std::string>{iri("speed"), iri("owner")}));
  EXPECT_FALSE(narrowed(asked({{&QueryParameters::type, "Car"}, {&QueryParameters::attrs, "colour"}}), *made));
  part = narrowed(asked({{&QueryParameters::type, "Tram"}, {&QueryParameters::attrs, "colour"}}), *made);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->attributes, std::vector<std::string>{iri("colour")});
  EXPECT_TRUE(part->ids.empty());
  EXPECT_FALSE(narrowed(asked({{&QueryParameters::type, "Van"}}), *made));
  EXPECT_TRUE(registers(*made, "urn:car:1", {iri("Car")}, iri("speed")));
  EXPECT_FALSE(registers(*made, "urn:car:1", {iri("Car")}, iri("colour")));
  EXPECT_FALSE(registers(*made, "urn:car:2", {iri("Car")}));
  EXPECT_TRUE(registers(*made, "urn:car:2", {iri("Tram")}, iri("colour")));
}

TEST(RegistrationMatch, ConditionsAreWrittenAsAnotherContextHasThem) {
  const Context other({{"v", {std::string(default_vocabulary) + "speed", Coercion::none, false}}}, "{}", "");
  const auto q = condition_in_context("speed>20;(address[city]==\"speed\"|speed.unit==3)", *Context::core(), other);
  ASSERT_TRUE(q.ok());
  EXPECT_EQ(*q, "v>20;(address[city]==\"speed\"|v.unit==3)");
  // The names on the way to a linked entity, and its types, as well.
  const auto linked = condition_in_context("speed{speed:weight}==3", *Context::core(), other);
  ASSERT_TRUE(linked.ok());
  EXPECT_EQ(*linked, "v{v:weight}==3");
}

TEST(RegistrationMatch, OfLinksTheRelationshipIsLeftInACondition) {
  const auto left = [](std::string_view q) {
    bool has_links = false;
    const auto some = condition_without_links(q, *Context::core(), has_links);
    EXPECT_EQ(some.ok() && some->has_value(), has_links) << q;
    return some.ok() ? some->value_or("all of it") : some.error().text();
  };
  EXPECT_EQ(left("speed>20"), "all of it");
  EXPECT_EQ(left("owner{age}>40"), "owner");
  EXPECT_EQ(left("speed>20;owner{home{floors}}==3;doors"), "speed>20;owner;doors");
  EXPECT_EQ(left("speed>20;(doors|owner{Person:age}>40)"), "speed>20;(doors|owner)");
  EXPECT_NE(left("speed>"), "all of it");
}

TEST(RegistrationMatch, TimesAreThoseThatAreAskedFor) {
  const auto present = read(with(cars));
  const auto past =
      read(with(std::string(cars) +
                R"(, "observationInterval": {"startAt": "2020-08-01T22:07:00Z", "endAt": "2021-08-01T21:07:00Z"})"));
  ASSERT_TRUE(present.ok() && past.ok());
  SourceQuery query = asked({{&QueryParameters::type, "Car"}});
  EXPECT_TRUE(matches(query, *present));
  EXPECT_FALSE(matches(query, *past));
  query.window = thread::TimeWindow{};
  EXPECT_FALSE(matches(query, *present));
  EXPECT_TRUE(matches(query, *past));
  query.window->to = *base::Instant::parse("2020-08-01T00:00:00Z");
  EXPECT_FALSE(matches(query, *past));
  query.window->to = *base::Instant::parse("2022-08-01T00:00:00Z");
  EXPECT_TRUE(matches(query, *past));
  query.window->from = *base::Instant::parse("2021-09-01T00:00:00Z");
  EXPECT_FALSE(matches(query, *past));
  query.window = thread::TimeWindow();
  query.window->property = thread::TimeProperty::modified_at;
  EXPECT_FALSE(matches(query, *past));
}

TEST(RegistrationMatch, FilterOfTheSourceItself) {
  const auto made =
      read(with(std::string(cars) +
                R"(, "sourceType": "sensor", "level": {"type": "Property", "value": 3}, "scope": "/Madrid/Centro",
                               "location": {"type": "Polygon", "coordinates": [[[8, 49], [9, 49], [9, 50], [8, 50], [8, 49]]]})"));
  const auto bare = read(with(cars));
  ASSERT_TRUE(made.ok() && bare.ok());
  const auto filter = [](const Parameters& parameters) {
    return *SourceFilter::make(given(parameters), *Context::core());
  };
  EXPECT_TRUE(filter({{&QueryParameters::csf, R"(sourceType=="sensor")"}}).matches(*made, true));
  EXPECT_FALSE(filter({{&QueryParameters::csf, R"(sourceType=="archive")"}}).matches(*made, true));
  EXPECT_TRUE(
      filter({{&QueryParameters::csf, R"(endpoint=="http://source.example:1026";level>2)"}}).matches(*made, true));
  EXPECT_FALSE(filter({{&QueryParameters::csf, "level>2"}}).matches(*bare, false));
  EXPECT_TRUE(filter({{&QueryParameters::scope_q, "/Madrid/#"}}).matches(*made, true));
  EXPECT_FALSE(filter({{&QueryParameters::scope_q, "/Berlin"}}).matches(*made, false));
  EXPECT_FALSE(filter({{&QueryParameters::scope_q, "/Madrid/#"}}).matches(*bare, true));
  EXPECT_TRUE(filter({{&QueryParameters::scope_q, "/Madrid/#"}}).matches(*bare, false));
  const Parameters inside = {{&QueryParameters::georel, "within"},
                             {&QueryParameters::geometry, "Polygon"},
                             {&QueryParameters::coordinates, "[[[8.1,49.1],[8.2,49.1],[8.2,49.2],[8.1,49.1]]]"}};
  EXPECT_TRUE(filter(inside).matches(*made, true));
  EXPECT_FALSE(filter(inside).matches(*bare, true));
  EXPECT_TRUE(filter(inside).matches(*bare, false));
  EXPECT_FALSE(filter({{&QueryParameters::georel, "near;maxDistance==2000"},
                       {&QueryParameters::geometry, "Point"},
                       {&QueryParameters::coordinates, "[0,0]"}})
                   .matches(*made, false));
  EXPECT_FALSE(SourceFilter::make(given({{&QueryParameters::csf, "=="}}), *Context::core()).ok());
}

}  // namespace
}  // namespace cityloom::ngsi
