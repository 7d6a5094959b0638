// Snapshots over time: nothing leaks in or out while both are written, restarts, ends, subscriptions, status told.
#include "serve/ngsi/snapshots.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "serve/client_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"
#include "store/store.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr int64_t second_us = 1'000'000;

std::string car(int number, int speed) {
  return R"({"id":"urn:ngsi-ld:Car:)" + std::to_string(number) +
         R"(","type":"Car","speed":{"type":"Property","value":)" + std::to_string(speed) + "}}";
}

std::string form(const std::string& name, const std::string& more = {}) {
  return R"({"id":"urn:ngsi-ld:Snapshot:)" + name +
         R"(","type":"Snapshot","snapshotQueries":[{"type":"Query","entities":[{"type":"Car"}]}])" + more + "}";
}

// A request with the header of a snapshot (empty: none); the status must be as expected.
std::string ask_in(HubServer& hub, const std::string& snapshot, std::string_view method, const std::string& target,
                   int status, std::string_view body = {}) {
  TestClient client(hub.port());
  std::string headers = body.empty() ? "" : "Content-Type: application/json\r\n";
  if (!snapshot.empty()) headers += "NGSILD-Snapshot: urn:ngsi-ld:Snapshot:" + snapshot + "\r\n";
  const auto response = client.ask(method, "/ngsi-ld/v1" + target, body, headers);
  if (!response) {
    ADD_FAILURE() << method << ' ' << target << ": no response";
    return {};
  }
  EXPECT_EQ(response->status, status) << method << ' ' << target << ": " << response->body;
  return response->body;
}

size_t branches_of(HubServer& hub) {
  return hub.thread().branches().size() - 1;
}

TEST(Selection, KeepsItsNumbers) {
  Selection selection(twin::Offset{7});
  for (const uint32_t number : {1u, 2u, 3u, 63u, 64u, 65u, 1'000u, 64'000u, 64'001u}) selection.add({number});
  const auto again = Selection::from_bytes(twin::Offset{7}, selection.bytes());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->count(), 9u);
  for (uint32_t number = 0; number < 70'000; ++number) {
    ASSERT_EQ(again->holds({number}), selection.holds({number})) << number;
  }
  EXPECT_EQ(Selection(twin::Offset{1}).bytes(), "");
  EXPECT_FALSE(Selection::from_bytes(twin::Offset{1}, "\xff").ok());
  EXPECT_FALSE(Selection::from_bytes(twin::Offset{1}, std::string("\x01\xff\xff\xff\xff\x7f", 6)).ok());
}

// Both sides are written at once, the same ids; each sees its own writes alone.
TEST(Snapshots, NothingLeaksInOrOut) {
  HubServer hub;
  for (int i = 0; i < 20; ++i) hub.ask("POST", "/entities", 201, car(i, 0));
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Bus:1","type":"Bus"})");
  hub.ask("POST", "/snapshots", 201, form("a"));
  const auto write = [&hub](const std::string& snapshot, int base) {
    for (int round = 1; round <= 20; ++round) {
      for (int i = 0; i < 20; i += 5) {
        ask_in(hub, snapshot, "PATCH", "/entities/urn:ngsi-ld:Car:" + std::to_string(i) + "/attrs/speed", 204,
               R"({"value":)" + std::to_string(base + round) + "}");
      }
      ask_in(hub, snapshot, "POST", "/entities", 201, car(base + round, base));
    }
  };
  std::thread inside([&] { write("a", 1'000); });
  std::thread outside([&] { write("", 2'000); });
  inside.join();
  outside.join();
  for (const auto& [snapshot, base, other] : {std::tuple("a", 1'000, 2'000), std::tuple("", 2'000, 1'000)}) {
    const std::string cars = ask_in(hub, snapshot, "GET", "/entities?type=Car&limit=1000&options=keyValues", 200);
    for (int round = 1; round <= 20; ++round) {
      EXPECT_NE(cars.find("Car:" + std::to_string(base + round) + "\""), std::string::npos) << snapshot << round;
      EXPECT_EQ(cars.find("Car:" + std::to_string(other + round) + "\""), std::string::npos) << snapshot << round;
    }
    EXPECT_NE(cars.find("\"speed\":" + std::to_string(base + 20)), std::string::npos) << snapshot;
    EXPECT_EQ(cars.find("\"speed\":" + std::to_string(other)), std::string::npos) << snapshot;
  }
  ask_in(hub, "a", "GET", "/entities/urn:ngsi-ld:Bus:1", 404);
}

// Many want to make at once what the snapshot has not: one of them does, and its entity stays.
TEST(Snapshots, OneMakesWhatWasHidden) {
  HubServer hub;
  for (int i = 0; i < 20; ++i) {
    hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Bus:)" + std::to_string(i) + R"(","type":"Bus"})");
  }
  hub.ask("POST", "/snapshots", 201, form("a"));
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> made{0}, refused{0};
    std::vector<std::thread> makers;
    for (int maker = 0; maker < 4; ++maker) {
      makers.emplace_back([&hub, &made, &refused, i] {
        TestClient client(hub.port());
        const auto response = client.ask(
            "POST", "/ngsi-ld/v1/entities", R"({"id":"urn:ngsi-ld:Bus:)" + std::to_string(i) + R"(","type":"Bus"})",
            "Content-Type: application/json\r\nNGSILD-Snapshot: urn:ngsi-ld:Snapshot:a\r\n");
        if (response && response->status == 201) ++made;
        if (response && response->status == 409) ++refused;
      });
    }
    for (std::thread& maker : makers) maker.join();
    EXPECT_EQ(made, 1);
    EXPECT_EQ(refused, 3);
    ask_in(hub, "a", "GET", "/entities/urn:ngsi-ld:Bus:" + std::to_string(i), 200);
  }
}

TEST(Snapshots, StayOverARestart) {
  const auto folder = std::filesystem::temp_directory_path() / ("cityloom-snapshots-" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  const auto open = [&folder] {
    auto store = store::open_embedded(folder.string());
    EXPECT_TRUE(store.ok());
    return std::move(store).value();
  };
  {
    HubServer hub({}, open());
    hub.ask("POST", "/entities", 201, car(1, 10));
    hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Bus:1","type":"Bus"})");
    hub.ask("POST", "/snapshots", 201, form("a"));
    ask_in(hub, "a", "PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":20})");
    ask_in(hub, "a", "POST", "/entities", 201, car(2, 5));
    hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":30})");
    hub.ask("POST", "/snapshots/urn:ngsi-ld:Snapshot:a/clone", 201, R"({"id":"urn:ngsi-ld:Snapshot:b"})");
  }
  HubServer hub({}, open());
  for (const char* snapshot : {"a", "b"}) {
    EXPECT_EQ(ask_in(hub, snapshot, "GET", "/entities?type=Car&options=keyValues&pick=id,speed", 200),
              R"([{"id":"urn:ngsi-ld:Car:1","speed":20},{"id":"urn:ngsi-ld:Car:2","speed":5}])");
    ask_in(hub, snapshot, "GET", "/entities/urn:ngsi-ld:Bus:1", 404);
  }
  EXPECT_EQ(hub.ask("GET", "/entities?type=Car&options=keyValues&pick=id,speed", 200),
            R"([{"id":"urn:ngsi-ld:Car:1","speed":30}])");
  // The original's branch stays for the clone, and both end with it.
  hub.ask("DELETE", "/snapshots/urn:ngsi-ld:Snapshot:a", 204);
  EXPECT_EQ(branches_of(hub), 2u);
  ask_in(hub, "b", "GET", "/entities/urn:ngsi-ld:Car:2", 200);
  hub.ask("DELETE", "/snapshots/urn:ngsi-ld:Snapshot:b", 204);
  EXPECT_EQ(branches_of(hub), 0u);
  std::filesystem::remove_all(folder);
}

TEST(Snapshots, EndAtTheirTime) {
  HubServer hub;
  hub.ask("POST", "/entities", 201, car(1, 10));
  hub.ask("POST", "/snapshots", 201, form("a", R"(,"snapshotLifetime":"PT1M")"));
  hub.ask("POST", "/snapshots", 201, form("b"));
  hub.clock().advance_us(61 * second_us);
  ask_in(hub, "a", "GET", "/entities?type=Car", 404);
  hub.ask("GET", "/snapshots/urn:ngsi-ld:Snapshot:a", 404);
  hub.api().sweep_expired();
  EXPECT_EQ(branches_of(hub), 1u);
  ask_in(hub, "b", "GET", "/entities?type=Car", 200);
  hub.clock().advance_us(24 * 3'600 * second_us);
  hub.api().sweep_expired();
  EXPECT_EQ(branches_of(hub), 0u);
}

TEST(Snapshots, AreLimited) {
  HubServer hub;
  hub.ask("POST", "/entities", 201, car(1, 10));
  const size_t most = SnapshotOptions().snapshots_max;
  for (size_t i = 0; i < most; ++i) hub.ask("POST", "/snapshots", 201, form(std::to_string(i)));
  hub.ask("POST", "/snapshots", 503, form("more"));
  hub.ask("DELETE", "/snapshots/urn:ngsi-ld:Snapshot:0", 204);
  hub.ask("POST", "/snapshots", 201, form("more"));
  EXPECT_EQ(branches_of(hub), most);
}

TEST(Snapshots, ClonesOfClonesAreLimited) {
  HubServer hub;
  hub.ask("POST", "/entities", 201, car(1, 0));
  hub.ask("POST", "/snapshots", 201, form("0"));
  const int most = static_cast<int>(SnapshotOptions().clones_of_clones_max);
  for (int i = 0; i <= most; ++i) {
    ask_in(hub, std::to_string(i), "PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204,
           R"({"value":)" + std::to_string(i) + "}");
    hub.ask("POST", "/snapshots/urn:ngsi-ld:Snapshot:" + std::to_string(i) + "/clone", i < most ? 201 : 403,
            R"({"id":"urn:ngsi-ld:Snapshot:)" + std::to_string(i + 1) + "\"}");
  }
  for (int i = 0; i <= most; ++i) {
    EXPECT_EQ(ask_in(hub, std::to_string(i), "GET", "/entities/urn:ngsi-ld:Car:1?options=keyValues&pick=speed", 200),
              R"({"speed":)" + std::to_string(i) + "}");
  }
}

// A subscription of a snapshot hears of it alone, and one of the city of the city alone.
TEST(Snapshots, HaveSubscriptionsOfTheirOwn) {
  Subscriber of_city, of_snapshot;
  HubServer hub;
  hub.ask("POST", "/entities", 201, car(1, 10));
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Bus:1","type":"Bus","speed":{"type":"Property","value":1}})");
  hub.ask("POST", "/snapshots", 201, form("a"));
  const auto subscription = [](const Subscriber& to) {
    return R"({"id":"urn:ngsi-ld:Subscription:1","type":"Subscription","entities":[{"type":"Car"},{"type":"Bus"}],)"
           R"("notificationTrigger":["entityCreated","attributeUpdated","entityDeleted"],"notification":)"
           R"({"endpoint":{"uri":")" +
           to.url() + R"("}}})";
  };
  hub.ask("POST", "/subscriptions", 201, subscription(of_city));
  ask_in(hub, "a", "POST", "/subscriptions", 201, subscription(of_snapshot));
  ask_in(hub, "a", "POST", "/subscriptions", 409, subscription(of_snapshot));
  ask_in(hub, "a", "PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":20})");
  const auto heard = of_snapshot.next();
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->header("NGSILD-Snapshot"), "urn:ngsi-ld:Snapshot:a");
  EXPECT_NE(heard->body.find("\"value\":20"), std::string::npos) << heard->body;
  // What it had not is taken off unheard, and made anew is heard of.
  ask_in(hub, "a", "POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Bus:1","type":"Bus"})");
  const auto made = of_snapshot.next();
  ASSERT_TRUE(made);
  EXPECT_NE(made->body.find("Bus:1"), std::string::npos) << made->body;
  EXPECT_EQ(made->body.find("deletedAt"), std::string::npos) << made->body;
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs/speed", 204, R"({"value":30})");
  const auto of_main = of_city.next();
  ASSERT_TRUE(of_main);
  EXPECT_EQ(of_main->header("NGSILD-Snapshot"), "");
  EXPECT_NE(of_main->body.find("\"value\":30"), std::string::npos) << of_main->body;
  ASSERT_TRUE(hub.api().wait_until_idle(10'000));
  EXPECT_EQ(of_city.waiting(), 0u);
  EXPECT_EQ(of_snapshot.waiting(), 0u);
  // Each is listed where it belongs, and ends with its snapshot.
  ask_in(hub, "a", "GET", "/subscriptions/urn:ngsi-ld:Subscription:1", 200);
  hub.ask("DELETE", "/subscriptions/urn:ngsi-ld:Subscription:1", 204);
  EXPECT_EQ(hub.ask("GET", "/subscriptions", 200), "[]");
  EXPECT_NE(ask_in(hub, "a", "GET", "/subscriptions", 200), "[]");
  hub.ask("DELETE", "/snapshots/urn:ngsi-ld:Snapshot:a", 204);
  hub.ask("POST", "/snapshots", 201, form("a"));
  EXPECT_EQ(ask_in(hub, "a", "GET", "/subscriptions", 200), "[]");
}

TEST(Snapshots, TellTheirStatus) {
  Subscriber subscriber;
  HubServer hub;
  hub.ask("POST", "/entities", 201, car(1, 10));
  hub.ask("POST", "/snapshots", 201,
          form("a", R"(,"endpoint":")" + subscriber.url() +
                        R"(/status","receiverInfo":[{"key":"Authorization","value":"key 1"}])"));
  hub.api().sweep_expired();
  const auto told = subscriber.next();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->path, "/status");
  EXPECT_EQ(told->header("Authorization"), "key 1");
  EXPECT_NE(told->body.find(R"("type":"SnapshotNotification","snapshotId":"urn:ngsi-ld:Snapshot:a")"),
            std::string::npos)
      << told->body;
  EXPECT_NE(told->body.find(R"("snapshotStatus":"success")"), std::string::npos) << told->body;
  hub.ask("PATCH", "/snapshots/urn:ngsi-ld:Snapshot:a", 200, R"({"snapshotPriority":7})");
  hub.api().sweep_expired();
  const auto changed = subscriber.next();
  ASSERT_TRUE(changed);
  EXPECT_NE(changed->body.find(R"("snapshotPriority":7)"), std::string::npos) << changed->body;
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
