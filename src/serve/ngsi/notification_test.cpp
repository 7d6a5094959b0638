// Notifications to real listeners: what sets them off, their order, and what happens when nobody answers.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>

#include "serve/ngsi/hub_fixture_test.hpp"
#include "store/store.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

std::string subscription(const std::string& id, const std::string& uri, const std::string& more = {},
                         const std::string& notification = {}) {
  return R"({"id":"urn:ngsi-ld:Subscription:)" + id + R"(","type":"Subscription","entities":[{"type":"Car"}])" + more +
         R"(,"notification":{)" + notification + R"("endpoint":{"uri":")" + uri + R"("}}})";
}

std::string car(int number, const std::string& attributes = {}) {
  return R"({"id":"urn:ngsi-ld:Car:)" + std::to_string(number) + R"(","type":"Car")" + attributes + "}";
}

std::string speed(int value) {
  return R"(,"speed":{"type":"Property","value":)" + std::to_string(value) + "}";
}

// The first entity's attribute value in a notification.
int64_t value_in(const Arrival& arrival, const char* attribute = "speed") {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  int64_t value = -1;
  EXPECT_EQ(parser.parse(arrival.body).get(json), simdjson::SUCCESS) << arrival.body;
  EXPECT_EQ(json["data"].at(0)[attribute]["value"].get(value), simdjson::SUCCESS) << arrival.body;
  return value;
}

NgsiOptions quick() {
  NgsiOptions options;
  options.retry_first_ms = 5;
  options.notification_timeout_ms = 2'000;
  return options;
}

TEST(Notification, TellsOfCreationAndChange) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url() + "/cars"));
  hub.ask("POST", "/entities", 201, car(1, speed(10)));
  auto arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_EQ(arrival->path, "/cars");
  EXPECT_EQ(arrival->header("Content-Type"), "application/json");
  EXPECT_NE(arrival->header("Link").find("ngsi-ld-core-context"), std::string::npos);
  EXPECT_EQ(value_in(*arrival), 10);
  EXPECT_NE(arrival->body.find(R"("subscriptionId":"urn:ngsi-ld:Subscription:1")"), std::string::npos) << arrival->body;
  EXPECT_NE(arrival->body.find(R"("type":"Notification")"), std::string::npos) << arrival->body;

  hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":20})");
  arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_EQ(value_in(*arrival), 20);
  ASSERT_TRUE(hub.api().wait_until_idle(10'000));
  const std::string told = hub.ask("GET", "/subscriptions/urn:ngsi-ld:Subscription:1", 200);
  EXPECT_NE(told.find(R"("timesSent":2)"), std::string::npos) << told;
  EXPECT_NE(told.find(R"("status":"ok")"), std::string::npos) << told;
  // Other types, and a subscription that is gone, give nothing.
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Bus:1","type":"Bus"})");
  hub.ask("DELETE", "/subscriptions/urn:ngsi-ld:Subscription:1", 204);
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":30})");
  ASSERT_TRUE(hub.api().wait_until_idle(10'000));
  EXPECT_EQ(subscriber.waiting(), 0u);
}

TEST(Notification, GivesLinkedEntities) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Garage:1","type":"Garage","name":"Top"})");
  const std::string links = R"(,"in":{"object":"urn:ngsi-ld:Garage:1"},"owner":{"object":"urn:ngsi-ld:Person:none"})";
  const auto heard = [&](const std::string& notification) {
    hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url(), "", notification));
    hub.ask("POST", "/entities", 201, car(1, links));
    const auto arrival = subscriber.next();
    hub.ask("DELETE", "/subscriptions/urn:ngsi-ld:Subscription:1", 204);
    hub.ask("DELETE", "/entities/urn:ngsi-ld:Car:1", 204);
    return arrival ? arrival->body.substr(arrival->body.find("\"data\":")) : std::string("nothing");
  };
  EXPECT_EQ(heard(R"("format":"keyValues","join":"inline",)"),
            R"("data":[{"id":"urn:ngsi-ld:Car:1","type":"Car","in":{"id":"urn:ngsi-ld:Garage:1","type":"Garage",)"
            R"("name":"Top"},"owner":"urn:ngsi-ld:Person:none"}]})");
  EXPECT_EQ(heard(R"("format":"keyValues","pick":["in"],"join":"flat","joinLevel":3,)"),
            R"("data":[{"in":"urn:ngsi-ld:Garage:1"},{"id":"urn:ngsi-ld:Garage:1","type":"Garage","name":"Top"}]})");
  EXPECT_EQ(heard(R"("format":"keyValues","join":"@none","pick":["in"],)"),
            R"("data":[{"in":"urn:ngsi-ld:Garage:1"}]})");
  hub.ask("POST", "/subscriptions", 400, subscription("1", subscriber.url(), "", R"("join":"sideways",)"));
  hub.ask("POST", "/subscriptions", 400, subscription("1", subscriber.url(), "", R"("join":"flat","joinLevel":0,)"));
  hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url(), "", R"("join":"flat","joinLevel":2,)"));
  const std::string kept = hub.ask("GET", "/subscriptions/urn:ngsi-ld:Subscription:1", 200);
  EXPECT_NE(kept.find(R"("join":"flat","joinLevel":2)"), std::string::npos) << kept;
}

// Clause 4.9: a condition of what a relationship leads to is looked up when the entity changes.
TEST(Notification, AsksLinkedEntities) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Device:low","type":"Device","battery":0.3})");
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Device:full","type":"Device","battery":0.9})");
  hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url(), R"(,"q":"has{Device:battery}<0.5")"));
  const auto has = [](const char* device) {
    return R"(,"has":{"type":"Relationship","object":"urn:ngsi-ld:Device:)" + std::string(device) + R"("})";
  };
  hub.ask("POST", "/entities", 201, car(1, has("full")));
  hub.ask("POST", "/entities", 201, car(2, has("absent")));
  hub.ask("POST", "/entities", 201, car(3, has("low")));
  auto arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_NE(arrival->body.find(R"("data":[{"id":"urn:ngsi-ld:Car:3")"), std::string::npos) << arrival->body;
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Device:full/attrs/battery", 204, R"({"value":0.1})");
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1", 204, R"({"speed":{"type":"Property","value":7}})");
  arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_NE(arrival->body.find(R"("data":[{"id":"urn:ngsi-ld:Car:1")"), std::string::npos) << arrival->body;
}

// Clauses 4.3.6.8, 5.8.6: a subscriber of an earlier version of the standard hears what that version knows.
TEST(Notification, KeepsToTheVersionOfItsSubscriber) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url(), R"(,"ngsildConformance":"1.5")"));
  hub.ask("POST", "/entities", 201, car(1, R"(,"make":{"type":"VocabProperty","vocab":"Hanjin"})"));
  const auto arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_NE(arrival->body.find(R"("make":{"type":"Property","value":"Hanjin"})"), std::string::npos) << arrival->body;
}

TEST(Notification, WatchesAttributesAndQueries) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/subscriptions", 201,
          subscription("1", subscriber.url(), R"(,"watchedAttributes":["speed"],"q":"speed>50")",
                       R"("attributes":["speed"],)"));
  hub.ask("POST", "/entities", 201, car(1, speed(10) + R"(,"colour":{"type":"Property","value":"red"})"));
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":60})");
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/colour", 204, R"({"value":"blue"})");
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":70})");
  auto arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_EQ(value_in(*arrival), 60);
  EXPECT_EQ(arrival->body.find("colour"), std::string::npos) << arrival->body;
  arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_EQ(value_in(*arrival), 70);
}

TEST(Notification, TellsOfTheEnd) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/subscriptions", 201,
          subscription("1", subscriber.url(), R"(,"notificationTrigger":["entityDeleted"])"));
  hub.ask("POST", "/entities", 201, car(1, speed(10)));
  hub.ask("DELETE", "/entities/urn:ngsi-ld:Car:1", 204);
  const auto arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_NE(arrival->body.find("deletedAt"), std::string::npos) << arrival->body;
  EXPECT_NE(arrival->body.find("urn:ngsi-ld:Car:1"), std::string::npos) << arrival->body;
}

// Subscribers hear of everything but the second car.
class SecretCar final : public trust::Gate {
 public:
  trust::Decision decide(const trust::Subject&, trust::Action action, const trust::Resource& resource) const override {
    return {action != trust::Action::subscribe || resource.entity_id != "urn:ngsi-ld:Car:2", "it is secret"};
  }
};

TEST(Notification, TellsNothingThatTheGateKeeps) {
  Subscriber subscriber;
  HubServer hub(quick(), nullptr, 2, std::make_unique<SecretCar>());
  hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url()));
  hub.ask("POST", "/entities", 201, car(2, speed(20)));
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:2/attrs/speed", 204, R"({"value":21})");
  hub.ask("POST", "/entities", 201, car(1, speed(10)));
  const auto arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_EQ(value_in(*arrival), 10);
  EXPECT_EQ(arrival->body.find("Car:2"), std::string::npos) << arrival->body;
  ASSERT_TRUE(hub.api().wait_until_idle(10'000));
  EXPECT_EQ(subscriber.waiting(), 0u);
}

TEST(Notification, ComesFromNoRouteThatAClosedGateKeeps) {
  HubServer hub(quick(), nullptr, 2, trust::make_closed_gate("nobody may"));
  for (const char* target : {"/entities", "/entities/urn:ngsi-ld:Car:1", "/temporal/entities", "/subscriptions",
                             "/types", "/attributes", "/jsonldContexts"}) {
    EXPECT_NE(hub.ask("GET", target, 403).find("nobody may"), std::string::npos) << target;
  }
  hub.ask("POST", "/subscriptions", 403, subscription("1", "http://127.0.0.1:1/"));
  hub.ask("POST", "/entities", 403, car(1));
  EXPECT_EQ(hub.thread().status().entities, 0u);
}

TEST(Notification, KeepsTheOrderPastFailuresAndFullQueues) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/entities", 201, car(1, speed(0)));
  hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url()));
  subscriber.answer_with(503);
  constexpr int changes = 1'500;  // more than wait for one endpoint
  const auto name = *hub.thread().terms().intern("https://uri.etsi.org/ngsi-ld/default-context/speed");
  for (int i = 1; i <= changes; ++i) {
    thread::ChangeSet set;
    thread::Change change;
    change.kind = thread::Change::Kind::append;
    change.entity_id = "urn:ngsi-ld:Car:1";
    twin::Attribute attribute;
    attribute.name = name;
    attribute.value = int64_t{i};
    change.attributes.push_back(attribute);
    set.changes.push_back(change);
    ASSERT_TRUE(hub.thread().append(std::move(set)).ok());
  }
  auto refused = subscriber.next();
  ASSERT_TRUE(refused);
  EXPECT_EQ(value_in(*refused), 1);
  subscriber.answer_with(200);
  int expected = 1;
  while (expected <= changes) {
    const auto arrival = subscriber.next();
    ASSERT_TRUE(arrival) << "after " << expected;
    const int64_t value = value_in(*arrival);
    if (expected == 1 && value == 1) {
      // The refused one may come several times before it is taken.
      if (subscriber.waiting() > 0 || subscriber.wait()) ++expected;
      continue;
    }
    if (value == 1) continue;
    ASSERT_EQ(value, expected);
    ++expected;
  }
  ASSERT_TRUE(hub.api().wait_until_idle(10'000));
}

TEST(Notification, OfADeadEndpointDelaysNobody) {
  Subscriber dead, alive;
  dead.answer_with(0);
  HubServer hub(quick());
  for (int i = 0; i < 20; ++i) {
    hub.ask("POST", "/subscriptions", 201, subscription("dead" + std::to_string(i), dead.url()));
  }
  hub.ask("POST", "/subscriptions", 201, subscription("nobody", "http://127.0.0.1:1/"));
  hub.ask("POST", "/subscriptions", 201, subscription("alive", alive.url()));
  hub.ask("POST", "/entities", 201, car(1, speed(0)));
  for (int i = 1; i <= 50; ++i) {
    hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":)" + std::to_string(i) + "}");
  }
  for (int i = 0; i <= 50; ++i) {
    const auto arrival = alive.next();
    ASSERT_TRUE(arrival);
    EXPECT_EQ(value_in(*arrival), i);
  }
  ASSERT_TRUE(comes_true([&] {
    const std::string told = hub.ask("GET", "/subscriptions/urn:ngsi-ld:Subscription:nobody", 200);
    return told.find(R"("status":"failed")") != std::string::npos && told.find("timesFailed") != std::string::npos;
  }));
}

// A hundred dead endpoints, each with subscriptions of its own: they hold little, and the living are told at once.
TEST(Notification, ManyDeadEndpointsHoldLittleAndAreSeen) {
  std::vector<std::unique_ptr<Subscriber>> dead;
  Subscriber alive;
  HubServer hub(quick());
  for (int i = 0; i < 12; ++i) {
    dead.push_back(std::make_unique<Subscriber>());
    dead.back()->answer_with(i % 2 == 0 ? 0 : 503);
    for (int j = 0; j < 3; ++j) {
      hub.ask("POST", "/subscriptions", 201,
              subscription("dead" + std::to_string(i) + "-" + std::to_string(j), dead.back()->url() + "/secret"));
    }
  }
  hub.ask("POST", "/subscriptions", 201, subscription("alive", alive.url()));
  hub.ask("POST", "/entities", 201, car(1, speed(0)));
  for (int i = 1; i <= 100; ++i) {
    hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":)" + std::to_string(i) + "}");
  }
  for (int i = 0; i <= 100; ++i) {
    const auto arrival = alive.next();
    ASSERT_TRUE(arrival);
    EXPECT_EQ(value_in(*arrival), i);
  }
  hub.clock().advance_us(5'000'000);
  ASSERT_TRUE(comes_true([&] {
    const SubscriptionReport report = hub.api().subscriptions();
    return report.failing_endpoints >= 6 && report.totals.at(0).behind == 36;
  }));
  const SubscriptionReport report = hub.api().subscriptions();
  ASSERT_EQ(report.totals.size(), 1u);
  EXPECT_EQ(report.totals[0].subscriptions, 37u);
  EXPECT_GE(report.totals[0].lag_ms_max, 5'000);
  const auto fares = hub.api().subscriptions_of("", 5);
  ASSERT_EQ(fares.size(), 5u);
  EXPECT_GE(fares[0].lag.lag_ms, 5'000);
  EXPECT_TRUE(fares[0].endpoint.starts_with("http://127.0.0.1:")) << fares[0].endpoint;
  EXPECT_EQ(fares[0].endpoint.find("secret"), std::string::npos);
  // One that failed holds no more than some; the rest is read again from the record.
  ASSERT_TRUE(comes_true([&] {
    for (const SubscriptionFare& one : hub.api().subscriptions_of("", 100)) {
      if (one.lag.failures > 0 && one.lag.waiting > 101) return false;
    }
    return true;
  }));
  for (const auto& one : dead) one->answer_with(200);
  // The longer they failed, the longer until each is tried again.
  ASSERT_TRUE(hub.api().wait_until_idle(60'000));
  EXPECT_EQ(hub.api().subscriptions().totals[0].lag_ms_max, 0);
}

TEST(Notification, SurvivesACrash) {
  const auto folder = std::filesystem::temp_directory_path() / ("cityloom_notification_" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  Subscriber subscriber;
  subscriber.answer_with(503);
  {
    auto store = store::open_embedded((folder / "first").string());
    ASSERT_TRUE(store.ok());
    HubServer hub(quick(), std::move(store).value());
    hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url()));
    for (int i = 1; i <= 5; ++i) hub.ask("POST", "/entities", 201, car(i, speed(i)));
    ASSERT_TRUE(subscriber.next());
    // What a crash at this moment would leave: a copy of the record, without a clean stop.
    ASSERT_TRUE(hub.thread().backup((folder / "copy").string()).ok());
  }
  while (subscriber.waiting() > 0) ASSERT_TRUE(subscriber.next());
  subscriber.answer_with(200);
  auto store = store::open_embedded((folder / "copy").string());
  ASSERT_TRUE(store.ok());
  HubServer hub(quick(), std::move(store).value());
  for (int i = 1; i <= 5; ++i) {
    const auto arrival = subscriber.next();
    ASSERT_TRUE(arrival);
    EXPECT_EQ(value_in(*arrival), i);
  }
  hub.ask("POST", "/entities", 201, car(6, speed(6)));
  const auto arrival = subscriber.next();
  ASSERT_TRUE(arrival);
  EXPECT_EQ(value_in(*arrival), 6);
  std::filesystem::remove_all(folder);
}

TEST(Notification, WaitsWhileThrottled) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/entities", 201, car(1, speed(0)));
  hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url(), R"(,"throttling":1)"));
  for (int i = 1; i <= 5; ++i) {
    hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":)" + std::to_string(i) + "}");
    if (i > 1) continue;
    const auto first = subscriber.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(value_in(*first), 1);
    ASSERT_TRUE(hub.api().wait_until_idle(10'000));
  }
  // The others are told together, as the latest state, when the second is over.
  const auto second = subscriber.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(value_in(*second), 5);
  ASSERT_TRUE(hub.api().wait_until_idle(10'000));
  EXPECT_EQ(subscriber.waiting(), 0u);
}

TEST(Notification, ComesPeriodically) {
  Subscriber subscriber;
  HubServer hub(quick());
  hub.ask("POST", "/entities", 201, car(1, speed(7)));
  hub.ask("POST", "/subscriptions", 201, subscription("1", subscriber.url(), R"(,"timeInterval":1)"));
  for (int i = 0; i < 2; ++i) {
    const auto arrival = subscriber.next();
    ASSERT_TRUE(arrival);
    EXPECT_EQ(value_in(*arrival), 7);
  }
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
