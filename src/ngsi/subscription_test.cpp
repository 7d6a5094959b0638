#include "ngsi/subscription.hpp"

#include <gtest/gtest.h>

#include "ngsi/context_source.hpp"
#include "ngsi/golden_test.hpp"

namespace cityloom::ngsi {
namespace {

constexpr const char* full =
    R"j({"id":"urn:ngsi-ld:Subscription:1","type":"Subscription","subscriptionName":"heat","description":"too hot",
  "entities":[{"type":"Room"},{"type":"(Hall;Public)","idPattern":"^urn:ngsi-ld:Hall"},{"type":"Room","id":["urn:r:1","urn:r:2"]}],
  "watchedAttributes":["temperature"],"q":"temperature>30","geoQ":{"georel":"near;maxDistance==500","geometry":"Point","coordinates":[127.1,37.5]},
  "scopeQ":"/Seoul/#","notificationTrigger":["entityCreated","attributeUpdated"],"throttling":2.5,"expiresAt":"2027-01-01T00:00:00Z","isActive":true,
  "lang":"ko","datasetId":["@none","urn:d:1"],"jsonldContext":"https://example.org/context.jsonld","localOnly":true,
  "notification":{"attributes":["temperature","humidity"],"format":"concise","sysAttrs":true,"showChanges":true,
    "endpoint":{"uri":"mqtt://broker.example.org/topic","accept":"application/ld+json","receiverInfo":[{"key":"Authorization","value":"Bearer x"}],
      "notifierInfo":[{"key":"MQTT-Version","value":"mqtt5.0"}],"timeout":3000,"cooldown":5000}}})j";

struct SubscriptionTest : ::testing::Test {
  twin::TermTable terms;
  ContextPointer core = Context::core();
  base::Instant now = *base::Instant::parse("2026-11-22T08:00:00Z");

  base::Result<Subscription> read(const std::string& json) { return parse_subscription(*Body::read(json), *core, now); }
  twin::EntityRecord record(const std::string& json) {
    return testing::record_of(*testing::change_of(json, *core, terms));
  }
};

TEST_F(SubscriptionTest, IsReadWrittenAndReadAgain) {
  const auto made = read(full);
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_EQ(made->entities.size(), 4u);
  EXPECT_EQ(made->endpoint.timeout_ms, 3000);
  std::string stored;
  append_subscription(*made, nullptr, now, false, {}, stored);
  const auto again = restore_subscription(stored, *core);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(*again, *made);
}

TEST_F(SubscriptionTest, TellsItsStatus) {
  testing::Golden golden = testing::read_golden("subscription.txt");
  const auto made = read(golden.text("input"));
  ASSERT_TRUE(made.ok()) << made.error().text();
  SubscriptionStatus status;
  status.created_at = now;
  status.modified_at = now;
  status.times_sent = 3;
  status.times_failed = 1;
  status.last_notification = status.last_success = *base::Instant::parse("2026-11-22T09:00:00Z");
  status.last_failure = *base::Instant::parse("2026-11-22T08:30:00Z");
  for (testing::Golden::Section& section : golden.sections) {
    if (section.name == "input") continue;
    const bool is_late = section.name.find("expired") != std::string::npos;
    std::string json;
    append_subscription(*made, &status, is_late ? *base::Instant::parse("2028-01-01T00:00:00Z") : now, !is_late,
                        is_late ? std::string_view() : std::string_view(core->json()), json);
    const std::string given = testing::pretty(json);
    if (testing::writes_golden()) section.text = given;
    EXPECT_EQ(given, section.text) << section.name;
  }
  if (testing::writes_golden()) testing::write_golden(golden);
}

TEST_F(SubscriptionTest, MistakesAreSaidWithTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"entities":[{"type":"R"}],"notification":{"endpoint":{"uri":"http://a.org"}}})", "type"},
      {R"({"type":"Subscription","entities":[{"type":"R"}]})", "notification"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"notification":{}})", "notification.endpoint"},
      {R"({"type":"Subscription","notification":{"endpoint":{"uri":"http://a.org"}}})", "entities"},
      {R"({"type":"Subscription","entities":[],"notification":{"endpoint":{"uri":"http://a.org"}}})", "entities"},
      {R"({"type":"Subscription","entities":[{"id":"urn:a"}],"notification":{"endpoint":{"uri":"http://a.org"}}})",
       "entities[0].type"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"notification":{"endpoint":{"uri":"ftp://a.org"}}})",
       "notification.endpoint.uri"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"notification":{"endpoint":{"uri":"http://a.org","accept":"text/html"}}})",
       "notification.endpoint.accept"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"q":"a=","notification":{"endpoint":{"uri":"http://a.org"}}})",
       "q, character 2"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"expiresAt":"2020-01-01T00:00:00Z","notification":{"endpoint":{"uri":"http://a.org"}}})",
       "expiresAt"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"throttling":-1,"notification":{"endpoint":{"uri":"http://a.org"}}})",
       "throttling"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"timeInterval":5,"throttling":1,"notification":{"endpoint":{"uri":"http://a.org"}}})",
       "throttling"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"notificationTrigger":["x"],"notification":{"endpoint":{"uri":"http://a.org"}}})",
       "notificationTrigger"},
      {R"({"type":"Subscription","watchedAttributes":[],"notification":{"endpoint":{"uri":"http://a.org"}}})",
       "watchedAttributes"},
      {R"({"type":"Subscription","entities":[{"type":"R","idPattern":"("}],"notification":{"endpoint":{"uri":"http://a.org"}}})",
       "idPattern"},
      {R"({"type":"Subscription","entities":[{"type":"R"}],"notification":{"format":"xml","endpoint":{"uri":"http://a.org"}}})",
       "notification.format"},
  };
  for (const auto& [json, where] : cases) {
    const auto made = read(json);
    ASSERT_FALSE(made.ok()) << json;
    EXPECT_EQ(made.error().where, where) << json << made.error().what;
  }
}

TEST_F(SubscriptionTest, FragmentsChangeWhatTheyName) {
  const auto made = read(full);
  ASSERT_TRUE(made.ok());
  const auto update = [&](const char* json) { return update_subscription(*made, *Body::read(json), *core, now); };
  const auto paused =
      update(R"({"isActive":false,"q":"urn:ngsi-ld:null","notification":{"endpoint":{"accept":"application/json"}}})");
  ASSERT_TRUE(paused.ok()) << paused.error().text();
  EXPECT_FALSE(paused->is_active);
  EXPECT_TRUE(paused->q.empty());
  EXPECT_EQ(paused->endpoint.accept, "application/json");
  EXPECT_EQ(paused->endpoint.uri, made->endpoint.uri);
  EXPECT_EQ(paused->attributes, made->attributes);
  EXPECT_FALSE(update(R"({"id":"urn:other"})").ok());
  EXPECT_FALSE(update(R"({"notification":"urn:ngsi-ld:null"})").ok());
  EXPECT_FALSE(update(R"({"expiresAt":"2020-01-01T00:00:00Z"})").ok());
  EXPECT_FALSE(update("[]").ok());
}

TEST_F(SubscriptionTest, MatchesWhatIsWrittenLater) {
  const auto made = read(
      R"({"type":"Subscription","entities":[{"type":"Room","idPattern":"^urn:r:1"},{"type":"Hall"}],"q":"temperature>30",
      "notification":{"endpoint":{"uri":"http://a.org"}}})");
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_TRUE(made->triggers.empty());
  const auto matcher = make_matcher(*made, core, terms);
  ASSERT_TRUE(matcher.ok());
  EXPECT_EQ(matcher->triggers, (std::vector<Trigger>{Trigger::attribute_created, Trigger::attribute_updated}));
  EXPECT_TRUE(matches(*matcher, record(R"({"id":"urn:r:1","type":"Room","temperature":31})")));
  EXPECT_TRUE(matches(*matcher, record(R"({"id":"urn:h:1","type":["Hall","Public"],"temperature":31})")));
  EXPECT_FALSE(matches(*matcher, record(R"({"id":"urn:r:2","type":"Room","temperature":31})")));
  EXPECT_FALSE(matches(*matcher, record(R"({"id":"urn:r:1","type":"Room","temperature":29})")));
}

TEST_F(SubscriptionTest, NamesAreToldInTheAskersContext) {
  base::ManualClock clock(now);
  ContextSource source({}, {}, clock);
  const auto own = source.from_json(R"({"Room":"https://e.org/Room","temperature":"https://e.org/t"})");
  const auto made = parse_subscription(
      *Body::read(
          R"({"type":"Subscription","entities":[{"type":"(Room;Hall)|Room"}],"watchedAttributes":["temperature"],
      "notification":{"pick":["id","temperature"],"endpoint":{"uri":"http://a.org"}}})"),
      **own, now);
  ASSERT_TRUE(made.ok()) << made.error().text();
  const Subscription told = in_context(*made, **own, *core);
  EXPECT_EQ(told.entities[0].type, "(https://e.org/Room;Hall)|https://e.org/Room");
  EXPECT_EQ(told.watched_attributes[0], "https://e.org/t");
  EXPECT_EQ(told.pick, (std::vector<std::string>{"id", "https://e.org/t"}));
  EXPECT_EQ(in_context(*made, **own, **own), *made);
}

TEST_F(SubscriptionTest, Notifications) {
  testing::Golden golden = testing::read_golden("notification.txt");
  const twin::EntityRecord before = record(
      R"({"id":"urn:r:1","type":"Room","temperature":{"value":29,"unitCode":"CEL"},"name":{"languageMap":{"ko":"방"}},"gone":1})");
  const twin::EntityRecord after = record(
      R"({"id":"urn:r:1","type":"Room","temperature":{"value":31,"unitCode":"CEL"},"name":{"languageMap":{"ko":"방"}},
      "location":{"type":"Point","coordinates":[127.1,37.5]}})");
  const twin::Term gone = terms.find(core->expand("gone"));
  for (testing::Golden::Section& section : golden.sections) {
    std::string subscription =
        R"({"id":"urn:s:1","type":"Subscription","entities":[{"type":"Room"}],"notification":{"endpoint":{"uri":"http://a.org","accept":")";
    subscription += section.name.find("GeoJSON") != std::string::npos   ? "application/geo+json"
                    : section.name.find("JSON-LD") != std::string::npos ? "application/ld+json"
                                                                        : "application/json";
    subscription += "\"}";
    if (section.name.find("showChanges") != std::string::npos) subscription += ",\"showChanges\":true";
    if (section.name.find("simplified") != std::string::npos) subscription += ",\"format\":\"simplified\"";
    if (section.name.find("concise") != std::string::npos) subscription += ",\"format\":\"concise\"";
    if (section.name.find("sysAttrs") != std::string::npos) subscription += ",\"sysAttrs\":true";
    subscription += section.name.find("attribute") != std::string::npos
                        ? R"(},"notificationTrigger":["attributeDeleted"],"watchedAttributes":["name"]})"
                        : R"(},"notificationTrigger":["attributeUpdated","entityDeleted"]})";
    const auto made = read(subscription);
    ASSERT_TRUE(made.ok()) << made.error().text();
    const auto matcher = make_matcher(*made, core, terms);
    const Names names(core, terms);
    const bool is_deletion = section.name.find("deleted") != std::string::npos;
    Notified one{is_deletion ? before : after, before, is_deletion, *base::Instant::parse("2026-11-22T08:06:00Z"), {}};
    if (!is_deletion) one.deleted_attributes = {{gone, {}}};
    const std::string given = testing::pretty(
        notification_json(*made, *matcher, "urn:n:1", *base::Instant::parse("2026-11-22T08:07:00Z"), {one}, names, {}));
    if (testing::writes_golden()) section.text = given;
    EXPECT_EQ(given, section.text) << section.name;
  }
  if (testing::writes_golden()) testing::write_golden(golden);
}

}  // namespace
}  // namespace cityloom::ngsi
