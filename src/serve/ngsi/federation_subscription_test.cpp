// Subscriptions that reach what other brokers keep: made there, kept alike, taken away, and told as if it were here.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "serve/ngsi/federation_fixture_test.hpp"
#include "store/store.hpp"
#include "store/test_folder.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr const char* federation_ops = R"(["federationOps"])";

// A broker that knows under which address others reach it.
std::unique_ptr<HubServer> broker(uint16_t port = free_port(), std::unique_ptr<thread::Store> store = nullptr) {
  NgsiOptions options = quick();
  options.public_url = "http://127.0.0.1:" + std::to_string(port);
  options.retry_first_ms = 100;
  return std::make_unique<HubServer>(options, std::move(store), 2, trust::make_open_gate(),
                                     std::function<void(Router&)>(), port);
}

std::unique_ptr<thread::Store> store_in(const store::TemporaryFolder& folder) {
  return store::open_embedded(folder.path()).value();
}

size_t times(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

class SubscriptionFederation : public Federation {
 protected:
  void subscribe(std::string_view more = {}, std::string_view notification = R"("format": "keyValues")",
                 std::string_view id = "urn:s:1", int status = 201) {
    a_->ask("POST", "/subscriptions", status,
            R"({"id": ")" + std::string(id) + R"(", "type": "Subscription", "entities": [{"type": "Car"}])" +
                std::string(more) + R"(, "notification": {"endpoint": {"uri": ")" + subscriber_.url() + R"(/to"}, )" +
                std::string(notification) + "}}");
  }
  // How many subscriptions there are at a broker.
  static size_t subscriptions_at(HubServer& hub) {
    return times(hub.ask("GET", "/subscriptions", 200), "\"Subscription\"");
  }
  static bool has_copies(HubServer& hub, size_t count) {
    return comes_true([&] { return subscriptions_at(hub) == count; });
  }
  // A broker that keeps its record in the folder, with a subscription that has a copy.
  void begin_with_a_copy(const store::TemporaryFolder& folder, uint16_t port) {
    a_ = broker(port, store_in(folder));
    register_at(*a_, b_->url(), "inclusive", cars, federation_ops);
    subscribe();
    ASSERT_TRUE(has_copies(*b_, 1));
  }
  std::string next_body() {
    const auto arrival = subscriber_.next();
    return arrival ? arrival->body : std::string();
  }

  std::unique_ptr<HubServer> a_ = broker();
  std::unique_ptr<HubServer> b_ = broker();
  Subscriber subscriber_;
};

TEST_F(SubscriptionFederation, ChangesElsewhereAreToldAsTheSubscriberAsked) {
  register_at(*a_, b_->url(), "inclusive", cars, federation_ops);
  subscribe();
  ASSERT_TRUE(has_copies(*b_, 1));
  b_->ask("POST", "/entities", 201, car("1", property("speed", 1)));
  std::string body = next_body();
  EXPECT_TRUE(has(body, R"("subscriptionId":"urn:s:1")")) << body;
  EXPECT_TRUE(has(body, R"("data":[{"id":"urn:car:1","type":"Car","speed":1}])")) << body;
  // What is kept here goes on as before; what ends elsewhere is told too.
  a_->ask("POST", "/entities?local=true", 201, car("2", property("speed", 2)));
  body = next_body();
  EXPECT_TRUE(has(body, R"("data":[{"id":"urn:car:2","type":"Car","speed":2}])")) << body;
  EXPECT_TRUE(comes_true([&] { return has(a_->ask("GET", "/subscriptions/urn:s:1", 200), R"("timesSent":2)"); }));
  EXPECT_EQ(subscriber_.waiting(), 0u);
}

TEST_F(SubscriptionFederation, CopiesFollowTheSubscriptionAndTheRegistrations) {
  subscribe(R"(, "q": "speed>10", "watchedAttributes": ["speed"])");
  register_at(*a_, b_->url(), "inclusive", cars, federation_ops);
  ASSERT_TRUE(has_copies(*b_, 1));
  EXPECT_TRUE(has(b_->ask("GET", "/subscriptions", 200), R"("q":"speed>10")"));
  a_->ask("PATCH", "/subscriptions/urn:s:1", 204, R"({"q": "speed>20", "watchedAttributes": "urn:ngsi-ld:null"})");
  EXPECT_TRUE(comes_true([&] {
    const std::string all = b_->ask("GET", "/subscriptions", 200);
    return has(all, R"("q":"speed>20")") && !has(all, "watchedAttributes");
  })) << b_->ask("GET", "/subscriptions", 200);
  a_->ask("PATCH", "/subscriptions/urn:s:1", 204, R"({"isActive": false})");
  ASSERT_TRUE(has_copies(*b_, 0));
  a_->ask("PATCH", "/subscriptions/urn:s:1", 204, R"({"isActive": true})");
  ASSERT_TRUE(has_copies(*b_, 1));
  a_->ask("DELETE", "/csourceRegistrations/urn:r:1", 204);
  ASSERT_TRUE(has_copies(*b_, 0));
  register_at(*a_, b_->url(), "inclusive", cars, federation_ops);
  ASSERT_TRUE(has_copies(*b_, 1));
  a_->ask("DELETE", "/subscriptions/urn:s:1", 204);
  ASSERT_TRUE(has_copies(*b_, 0));
}

TEST_F(SubscriptionFederation, LocalOnesAndOthersOperationsStayHere) {
  FakeSource source;
  register_at(*a_, source.url(), "inclusive", cars, R"(["retrieveOps"])");
  register_at(*a_, source.url(), "inclusive", R"({"entities": [{"type": "Bus"}]})", federation_ops);
  subscribe();
  subscribe(R"(, "localOnly": true)", R"("format": "keyValues")", "urn:s:2");
  a_->ask("POST", "/subscriptions?local=true", 201,
          R"({"id":"urn:s:3","type":"Subscription","entities":[{"type":"Bus"}],"notification":{"endpoint":{"uri":")" +
              subscriber_.url() + R"("}}})");
  EXPECT_TRUE(has(a_->ask("GET", "/subscriptions/urn:s:3", 200), R"("localOnly":true)"));
  a_->api().sweep_expired();
  EXPECT_TRUE(source.asked().empty());
}

TEST_F(SubscriptionFederation, ASourceTellsOfWhatItIsRegisteredForAndNothingElse) {
  FakeSource source;
  source.answer(201);
  register_at(*a_, source.url(), "inclusive", R"({"entities": [{"type": "Car"}], "propertyNames": ["speed"]})",
              federation_ops);
  subscribe(R"(, "q": "speed>1")", R"("attributes": ["speed", "doors"])");
  ASSERT_TRUE(comes_true([&] { return source.asked().size() == 1; }));
  const auto asked = source.asked().front();
  EXPECT_EQ(asked.method + ' ' + asked.target, "POST /ngsi-ld/v1/subscriptions");
  EXPECT_TRUE(has(asked.body, R"("entities":[{"type":"Car"}],"q":"speed>1")")) << asked.body;
  EXPECT_TRUE(has(asked.body, R"("attributes":["speed"])")) << asked.body;
  const size_t at = asked.body.find("/api/source-notifications/");
  ASSERT_NE(at, std::string::npos) << asked.body;
  const std::string path = asked.body.substr(at, asked.body.find('"', at) - at);
  const auto notify = [&](const std::string& to, const std::string& data) {
    TestClient client(a_->port());
    const auto response = client.ask("POST", to,
                                     R"({"id":"urn:n:)" + std::to_string(++registrations_) +
                                         R"(","type":"Notification","subscriptionId":"urn:x","data":[)" + data + "]}",
                                     "Content-Type: application/json\r\n");
    return response ? response->status : 0;
  };
  EXPECT_EQ(notify(path, car("1", property("speed", 5) + "," + property("owner", 6))), 200);
  const std::string body = next_body();
  EXPECT_TRUE(has(body, R"("speed":{"type":"Property","value":5})")) << body;
  EXPECT_FALSE(has(body, "owner")) << body;
  // Other entities, nonsense, and who was not given the address.
  EXPECT_EQ(notify(path, R"({"id":"urn:bus:1","type":"Bus"})"), 400);
  EXPECT_EQ(notify(path, "7"), 400);
  EXPECT_EQ(notify("/api/source-notifications/0123456789abcdef0123456789abcdef", car("1", property("speed", 5))), 404);
  EXPECT_EQ(subscriber_.waiting(), 0u);
}

TEST_F(SubscriptionFederation, EndsAndEarlierValuesAreTold) {
  register_at(*a_, b_->url(), "inclusive", cars, federation_ops);
  b_->ask("POST", "/entities", 201, car("1", property("speed", 1) + "," + property("doors", 4)));
  subscribe(R"(, "notificationTrigger": ["attributeUpdated", "attributeDeleted", "entityDeleted"])",
            R"("showChanges": true)");
  ASSERT_TRUE(has_copies(*b_, 1));
  b_->ask("PATCH", "/entities/urn:car:1/attrs/speed", 204, R"({"value": 2})");
  std::string body = next_body();
  EXPECT_TRUE(has(body, R"("value":2,"previousValue":1)") || has(body, R"("previousValue":1)")) << body;
  b_->ask("DELETE", "/entities/urn:car:1/attrs/doors", 204);
  body = next_body();
  EXPECT_TRUE(has(body, "doors") && has(body, "urn:ngsi-ld:null") && has(body, R"("previousValue":4)")) << body;
  b_->ask("DELETE", "/entities/urn:car:1", 204);
  body = next_body();
  EXPECT_TRUE(has(body, "deletedAt")) << body;
}

TEST_F(SubscriptionFederation, ADeadSourceHoldsNobodyUpAndIsTriedAgain) {
  const uint16_t port = free_port();
  register_at(*a_, "http://127.0.0.1:" + std::to_string(port), "inclusive", cars, federation_ops);
  subscribe();
  TestClient client(a_->port());
  ASSERT_TRUE(comes_true([&] {
    const auto response = client.ask("GET", "/ngsi-ld/v1/subscriptions/urn:s:1");
    return response && response->header("NGSILD-Warning").starts_with("199 urn:r:1 ");
  }));
  b_ = broker(port);
  ASSERT_TRUE(has_copies(*b_, 1));
  b_->ask("POST", "/entities", 201, car("1", property("speed", 1)));
  EXPECT_TRUE(has(next_body(), "urn:car:1"));
  EXPECT_TRUE(comes_true([&] {
    const auto response = client.ask("GET", "/ngsi-ld/v1/subscriptions/urn:s:1");
    return response && response->header("NGSILD-Warning").empty();
  }));
}

// A registers B and B registers A: whoever is asked, each change is told once.
TEST_F(SubscriptionFederation, CirclesTellEachChangeOnce) {
  register_at(*a_, b_->url(), "inclusive", cars, federation_ops);
  register_at(*b_, a_->url(), "inclusive", cars, federation_ops);
  subscribe();
  ASSERT_TRUE(has_copies(*b_, 1));
  b_->ask("POST", "/entities?local=true", 201, car("1", property("speed", 1)));
  EXPECT_TRUE(has(next_body(), "urn:car:1"));
  a_->ask("POST", "/entities?local=true", 201, car("2", property("speed", 2)));
  EXPECT_TRUE(has(next_body(), "urn:car:2"));
  a_->api().sweep_expired();
  b_->api().sweep_expired();
  EXPECT_EQ(subscriptions_at(*a_), 1u);
  EXPECT_TRUE(a_->api().wait_until_idle(10'000) && b_->api().wait_until_idle(10'000));
  EXPECT_EQ(subscriber_.waiting(), 0u);
}

// What a subscriber does not take stays with its source, and is told when it does.
TEST_F(SubscriptionFederation, WhatIsNotTakenStaysAtTheSource) {
  register_at(*a_, b_->url(), "inclusive", cars, federation_ops);
  subscribe();
  ASSERT_TRUE(has_copies(*b_, 1));
  subscriber_.answer_with(503);
  b_->ask("POST", "/entities", 201, car("1", property("speed", 1)));
  EXPECT_TRUE(has(next_body(), "urn:car:1"));
  EXPECT_TRUE(comes_true([&] { return has(b_->ask("GET", "/subscriptions", 200), R"("status":"failed")"); }));
  subscriber_.answer_with(200);
  EXPECT_TRUE(comes_true([&] { return has(b_->ask("GET", "/subscriptions", 200), R"("lastSuccess")"); }));
  EXPECT_TRUE(b_->api().wait_until_idle(10'000));
}

// A subscriber that never answers keeps no broker from stopping, in the 5 s that any request has; what it was not told
// is told after the next start.
TEST_F(SubscriptionFederation, AStopLosesNothingThatWaits) {
  const store::TemporaryFolder folder;
  const uint16_t port = free_port();
  begin_with_a_copy(folder, port);
  subscriber_.answer_with(0);
  b_->ask("POST", "/entities", 201, car("1", property("speed", 1)));
  EXPECT_TRUE(has(next_body(), "urn:car:1"));
  const auto begun = std::chrono::steady_clock::now();
  a_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(9));
  subscriber_.answer_with(200);
  a_ = broker(port, store_in(folder));
  EXPECT_TRUE(has(next_body(), "urn:car:1"));
}

// The way that a subscription has come is known for as long as it is: a copy that is made later goes on from there.
TEST_F(SubscriptionFederation, TheWayOfASubscriptionOutlivesARestart) {
  const store::TemporaryFolder folder;
  const uint16_t port = free_port();
  b_ = broker(port, store_in(folder));
  register_at(*a_, b_->url(), "inclusive", cars, federation_ops);
  subscribe();
  ASSERT_TRUE(has_copies(*b_, 1));
  b_.reset();
  b_ = broker(port, store_in(folder));
  FakeSource source;
  source.answer(201);
  register_at(*b_, source.url(), "inclusive", cars, federation_ops);
  ASSERT_TRUE(comes_true([&] { return !source.asked().empty(); }));
  const std::string via = source.asked().front().headers["Via"];
  EXPECT_EQ(times(via, "1.1 cityloom-"), 2u) << via;
}

TEST_F(SubscriptionFederation, CopiesAreKnownAfterARestart) {
  const store::TemporaryFolder folder;
  const uint16_t port = free_port();
  begin_with_a_copy(folder, port);
  a_.reset();
  a_ = broker(port, store_in(folder));
  b_->ask("POST", "/entities", 201, car("1", property("speed", 1)));
  EXPECT_TRUE(has(next_body(), "urn:car:1"));
  EXPECT_EQ(subscriptions_at(*b_), 1u);
  a_->ask("DELETE", "/csourceRegistrations/urn:r:1", 204);
  ASSERT_TRUE(has_copies(*b_, 0));
}

// Clause 5.8.6: of an entity in pieces the conditions are put to all of them together, whoever tells of a change.
TEST_F(SubscriptionFederation, PiecesArePutTogetherBeforeTheyAreJudged) {
  register_at(*a_, b_->url(), "inclusive", R"({"entities": [{"type": "Car"}], "propertyNames": ["speed"]})",
              federation_ops);
  register_at(*a_, second_.url(), "inclusive", R"({"entities": [{"type": "Car"}], "propertyNames": ["doors"]})",
              R"(["retrieveOps"])");
  second_.ask("POST", "/entities", 201, car("1", property("doors", 4)));
  a_->ask("POST", "/entities?local=true", 201, car("1", property("weight", 7)));
  subscribe(R"(, "splitEntities": true, "q": "speed>10;doors==4;weight==7")", R"("attributes": ["doors", "speed"])");
  ASSERT_TRUE(has_copies(*b_, 1));
  EXPECT_FALSE(has(b_->ask("GET", "/subscriptions", 200), "\"q\""));
  b_->ask("POST", "/entities", 201, car("2", property("speed", 99)));
  b_->ask("POST", "/entities", 201, car("1", property("speed", 20)));
  const std::string body = next_body();
  EXPECT_TRUE(has(body, "urn:car:1") && has(body, R"("doors":{"type":"Property","value":4})")) << body;
  EXPECT_TRUE(has(body, R"("speed":{"type":"Property","value":20})") && !has(body, "weight")) << body;
  b_->ask("PATCH", "/entities/urn:car:1/attrs/speed", 204, R"({"value": 5})");
  EXPECT_TRUE(b_->api().wait_until_idle(10'000) && a_->api().wait_until_idle(10'000));
  EXPECT_EQ(subscriber_.waiting(), 0u);
}

// A broker with tenants, each with a record of its own in the folder.
struct TenantBroker {
  TenantBroker(const std::filesystem::path& folder, uint16_t port, base::Chance chance = base::system_chance) {
    const auto open = [this, folder](std::string_view name) {
      return thread::Thread::open(store::open_embedded(folder / (name.empty() ? "main" : std::string(name))).value(),
                                  clock);
    };
    std::vector<std::string> known;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      if (entry.path().filename() != "main") known.push_back(entry.path().filename().string());
    }
    tenants = std::make_unique<Tenants>(open({}).value(), open, std::move(known), Tenants::Options{});
    NgsiOptions options = quick();
    options.public_url = "http://127.0.0.1:" + std::to_string(port);
    options.retry_first_ms = 100;
    options.chance = std::move(chance);
    api = NgsiApi::open(*tenants, *gate, clock, options).value();
    api->add_routes(router);
    ServerOptions server_options;
    server_options.port = port;
    server_options.workers = 2;
    server = Server::start(router, *gate, server_options).value();
  }
  ~TenantBroker() {
    server.reset();
    api.reset();
  }
  std::string ask(std::string_view tenant, std::string_view method, std::string_view target, int status,
                  std::string_view body = {}) {
    TestClient client(server->port());
    std::string headers = body.empty() ? "" : "Content-Type: application/json\r\n";
    if (!tenant.empty()) headers += "NGSILD-Tenant: " + std::string(tenant) + "\r\n";
    const auto response = client.ask(method, "/ngsi-ld/v1" + std::string(target), body, headers);
    EXPECT_EQ(response ? response->status : 0, status) << target << ' ' << (response ? response->body : "");
    return response ? response->body : std::string();
  }

  base::SystemClock clock;
  std::unique_ptr<trust::Gate> gate = trust::make_open_gate();
  std::unique_ptr<Tenants> tenants;
  std::unique_ptr<NgsiApi> api;
  Router router;
  std::unique_ptr<Server> server;
};

// A subscription of one tenant has its copy in the tenant that the registration names, and is told under its own; also
// after a restart, when nobody has asked for the tenant yet.
TEST_F(SubscriptionFederation, TenantsHaveCopiesOfTheirOwn) {
  const store::TemporaryFolder at_a, at_b;
  const uint16_t port = free_port();
  auto a = std::make_unique<TenantBroker>(at_a.path(), port);
  TenantBroker b(at_b.path(), free_port());
  b.ask("there", "POST", "/entities", 201, R"({"id":"urn:bus:1","type":"Bus"})");
  a->ask("here", "POST", "/csourceRegistrations", 201,
         R"({"id":"urn:r:1","type":"ContextSourceRegistration","endpoint":"http://127.0.0.1:)" +
             std::to_string(b.server->port()) + R"(","tenant":"there","operations":["federationOps"],)" +
             R"("information":[{"entities":[{"type":"Car"}]}]})");
  a->ask("here", "POST", "/subscriptions", 201,
         R"({"id":"urn:s:1","type":"Subscription","entities":[{"type":"Car"}],"notification":{"endpoint":{"uri":")" +
             subscriber_.url() + R"(/to"}}})");
  const auto copies = [&](std::string_view tenant) {
    return times(b.ask(tenant, "GET", "/subscriptions", 200), "\"Subscription\"");
  };
  ASSERT_TRUE(comes_true([&] { return copies("there") == 1; }));
  EXPECT_EQ(copies(""), 0u);
  b.ask("", "POST", "/entities", 201, car("0", property("speed", 1)));
  b.ask("there", "POST", "/entities", 201, car("1", property("speed", 1)));
  auto told = subscriber_.next();
  ASSERT_TRUE(told);
  EXPECT_TRUE(has(told->body, R"("subscriptionId":"urn:s:1")") && has(told->body, "urn:car:1")) << told->body;
  EXPECT_EQ(told->header("NGSILD-Tenant"), "here");
  // What is read goes to the same tenant.
  EXPECT_TRUE(has(a->ask("here", "GET", "/entities?type=Car", 200), "urn:car:1"));
  EXPECT_EQ(a->ask("", "GET", "/entities?type=Car", 200), "[]");
  a.reset();
  a = std::make_unique<TenantBroker>(at_a.path(), port);
  b.ask("there", "POST", "/entities", 201, car("2", property("speed", 1)));
  told = subscriber_.next();
  ASSERT_TRUE(told);
  EXPECT_TRUE(has(told->body, "urn:car:2")) << told->body;
  a->ask("here", "DELETE", "/subscriptions/urn:s:1", 204);
  EXPECT_TRUE(comes_true([&] { return copies("there") == 0; }));
  EXPECT_EQ(subscriber_.waiting(), 0u);
}

// Secrets come of the chance that is given, and of nothing else.
TEST_F(SubscriptionFederation, SecretsComeOfTheGivenChance) {
  const store::TemporaryFolder folder;
  TenantBroker broker(folder.path(), free_port(), [] { return uint64_t{0x0123456789abcdef}; });
  FakeSource source;
  source.answer(201);
  broker.ask("", "POST", "/csourceRegistrations", 201,
             R"({"id":"urn:r:1","type":"ContextSourceRegistration","endpoint":")" + source.url() +
                 R"(","operations":["federationOps"],"information":[{"entities":[{"type":"Car"}]}]})");
  broker.ask(
      "", "POST", "/subscriptions", 201,
      R"({"id":"urn:s:1","type":"Subscription","entities":[{"type":"Car"}],"notification":{"endpoint":{"uri":")" +
          subscriber_.url() + R"(/to"}}})");
  ASSERT_TRUE(comes_true([&] { return !source.asked().empty(); }));
  EXPECT_TRUE(has(source.asked().front().body, "/api/source-notifications/fedcba9876543210fedcba9876543210\""))
      << source.asked().front().body;
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
