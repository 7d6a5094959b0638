// Subscriptions to registrations: who is told of what, and when.
#include "serve/ngsi/source_subscriptions.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "serve/ngsi/hub_fixture_test.hpp"
#include "store/store.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

std::string registration(std::string_view id, std::string_view type, std::string_view more = {}) {
  return R"({"id": ")" + std::string(id) +
         R"(", "type": "ContextSourceRegistration", "endpoint": "http://a.example",)" +
         R"("information": [{"entities": [{"type": ")" + std::string(type) + R"("}]}])" + std::string(more) + "}";
}

class SourceSubscriptionTest : public testing::Test {
 protected:
  void subscribe(std::string_view more = {}) {
    hub_.ask("POST", "/csourceSubscriptions", 201,
             R"({"id": "urn:s:1", "type": "Subscription", "entities": [{"type": "Building"}],)"
             R"("notification": {"endpoint": {"uri": ")" +
                 listener_.url() + R"(/notify"}})" + std::string(more) + "}");
  }
  // The next notification, which must be of that reason and contain that text.
  void expect_next(std::string_view reason, std::string_view text) {
    const auto arrival = listener_.next();
    ASSERT_TRUE(arrival);
    EXPECT_NE(arrival->body.find("\"type\":\"ContextSourceNotification\",\"subscriptionId\":\"urn:s:1\""),
              std::string::npos)
        << arrival->body;
    EXPECT_NE(arrival->body.find("\"triggerReason\":\"" + std::string(reason) + '"'), std::string::npos)
        << arrival->body;
    EXPECT_NE(arrival->body.find(text), std::string::npos) << arrival->body;
  }
  void expect_nothing() {
    ASSERT_TRUE(hub_.api().wait_until_idle(10'000));
    EXPECT_EQ(listener_.waiting(), 0u);
  }

  HubServer hub_;
  Subscriber listener_;
};

TEST_F(SourceSubscriptionTest, TellsOfSourcesThatBeginToMatchChangeAndEnd) {
  subscribe();
  expect_nothing();
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:1", "Building"));
  expect_next("newlyMatching", R"("data":[{"id":"urn:r:1",)");
  hub_.ask("PATCH", "/csourceRegistrations/urn:r:1", 204, R"({"endpoint": "http://b.example"})");
  expect_next("updated", R"("endpoint":"http://b.example")");
  hub_.ask("PATCH", "/csourceRegistrations/urn:r:1", 204, R"({"information": [{"entities": [{"type": "Bus"}]}]})");
  expect_next("noLongerMatching", R"("id":"urn:r:1")");
  hub_.ask("PATCH", "/csourceRegistrations/urn:r:1", 204, R"({"information": [{"entities": [{"type": "Building"}]}]})");
  expect_next("newlyMatching", R"("id":"urn:r:1")");
  hub_.ask("DELETE", "/csourceRegistrations/urn:r:1", 204);
  expect_next("noLongerMatching", R"("id":"urn:r:1")");
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:2", "Bus"));
  expect_nothing();
  const std::string status = hub_.ask("GET", "/csourceSubscriptions/urn:s:1", 200);
  EXPECT_NE(status.find("\"timesSent\":5"), std::string::npos) << status;
  EXPECT_NE(status.find("\"lastSuccess\""), std::string::npos) << status;
}

TEST_F(SourceSubscriptionTest, TellsAtFirstOfAllThatMatch) {
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:1", "Building"));
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:2", "Bus"));
  subscribe();
  expect_next("newlyMatching", R"("data":[{"id":"urn:r:1",)");
  hub_.ask("PATCH", "/csourceSubscriptions/urn:s:1", 204, R"({"entities": [{"type": "Building"}, {"type": "Bus"}]})");
  expect_next("newlyMatching", R"({"id":"urn:r:2",)");
  hub_.ask("PATCH", "/csourceSubscriptions/urn:s:1", 204, R"({"isActive": false})");
  hub_.ask("DELETE", "/csourceRegistrations/urn:r:1", 204);
  expect_nothing();
}

TEST_F(SourceSubscriptionTest, GivesOnlyWhatIsAskedForOfARegistration) {
  subscribe();
  hub_.ask("POST", "/csourceRegistrations", 201,
           R"({"id": "urn:r:1", "type": "ContextSourceRegistration", "endpoint": "http://a.example",
               "information": [{"entities": [{"type": "Bus"}]}, {"entities": [{"type": "Building"}]}]})");
  expect_next("newlyMatching", R"("information":[{"entities":[{"type":["Building"]}]}])");
}

TEST_F(SourceSubscriptionTest, AsksForTimesAndPlaces) {
  subscribe(R"(, "temporalQ": {"timerel": "after", "timeAt": "2020-06-01T22:07:00Z", "timeproperty": "createdAt"},
               "geoQ": {"georel": "near;maxDistance==2000", "geometry": "Point", "coordinates": [-8.52, 41.2]})");
  constexpr const char* place = R"(, "location": {"type": "Point", "coordinates": [-8.521, 41.2]})";
  constexpr const char* time = R"(, "managementInterval": {"startAt": "2020-08-01T22:07:00Z"})";
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:1", "Building", place));
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:2", "Building", time));
  expect_nothing();
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:3", "Building", std::string(place) + time));
  expect_next("newlyMatching", R"("data":[{"id":"urn:r:3",)");
}

TEST_F(SourceSubscriptionTest, TellsFromTimeToTime) {
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:1", "Building"));
  subscribe(R"(, "timeInterval": 1)");
  expect_next("newlyMatching", "urn:r:1");
  expect_next("newlyMatching", "urn:r:1");
}

TEST_F(SourceSubscriptionTest, FailureIsSaid) {
  listener_.answer_with(404);
  subscribe();
  hub_.ask("POST", "/csourceRegistrations", 201, registration("urn:r:1", "Building"));
  ASSERT_TRUE(listener_.next());
  ASSERT_TRUE(hub_.api().wait_until_idle(10'000));
  const std::string status = hub_.ask("GET", "/csourceSubscriptions/urn:s:1", 200);
  EXPECT_NE(status.find("\"timesSent\":1,\"timesFailed\":1"), std::string::npos) << status;
  EXPECT_NE(status.find("\"lastFailure\""), std::string::npos) << status;
}

TEST_F(SourceSubscriptionTest, RegistrationsThatExpireMatchNoMore) {
  subscribe();
  hub_.ask("POST", "/csourceRegistrations", 201,
           registration("urn:r:1", "Building", R"(, "expiresAt": "2026-11-22T09:00:00Z")"));
  expect_next("newlyMatching", "urn:r:1");
  hub_.clock().advance_us(3'600'000'000);
  hub_.api().sweep_expired();
  expect_next("noLongerMatching", "urn:r:1");
  hub_.ask("GET", "/csourceRegistrations/urn:r:1", 404);
}

TEST(SourceSubscriptionRestart, BothAreThereAgain) {
  Subscriber listener;
  const auto folder = std::filesystem::temp_directory_path() / "cityloom_source_subscriptions_test";
  std::filesystem::remove_all(folder);
  const auto open = [&] {
    auto store = store::open_embedded(folder.string());
    EXPECT_TRUE(store.ok());
    return std::make_unique<HubServer>(NgsiOptions{}, std::move(store).value());
  };
  auto hub = open();
  hub->ask("POST", "/csourceRegistrations", 201, registration("urn:r:1", "Building"));
  hub->ask("POST", "/csourceSubscriptions", 201,
           R"({"id": "urn:s:1", "type": "Subscription", "entities": [{"type": "Bus"}],)"
           R"("notification": {"endpoint": {"uri": ")" +
               listener.url() + R"(/notify"}}})");
  hub.reset();
  hub = open();
  EXPECT_NE(hub->ask("GET", "/csourceRegistrations?type=Building", 200).find("urn:r:1"), std::string::npos);
  EXPECT_NE(hub->ask("GET", "/csourceSubscriptions/urn:s:1", 200).find("Bus"), std::string::npos);
  hub->api().sweep_expired();  // takes its context
  hub->ask("PATCH", "/csourceRegistrations/urn:r:1", 204, R"({"information": [{"entities": [{"type": "Bus"}]}]})");
  const auto arrival = listener.next();
  ASSERT_TRUE(arrival);
  EXPECT_NE(arrival->body.find("newlyMatching"), std::string::npos);
  hub.reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
