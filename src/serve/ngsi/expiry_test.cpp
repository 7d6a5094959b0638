// expiresAt: what is past its time is not answered, and ends in the record.
#include "serve/ngsi/expiry.hpp"

#include <gtest/gtest.h>

#include "serve/ngsi/hub_fixture_test.hpp"
#include "store/store.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr int64_t second_us = 1'000'000;

std::string permit(int number, const std::string& expires_at) {
  return R"({"id":"urn:ngsi-ld:Permit:)" + std::to_string(number) + R"(","type":"Permit","expiresAt":")" + expires_at +
         R"(","holder":{"type":"Property","value":"somebody"}})";
}

TEST(Expiry, EndsEntitiesAtTheirTime) {
  Subscriber subscriber;
  HubServer hub;
  hub.ask("POST", "/subscriptions", 201,
          R"({"type":"Subscription","entities":[{"type":"Permit"}],"notificationTrigger":["entityDeleted"],)"
          R"("notification":{"endpoint":{"uri":")" +
              subscriber.url() + R"("}}})");
  hub.ask("POST", "/entities", 201, permit(1, "2026-11-22T08:01:00Z"));
  hub.ask("POST", "/entities", 201, permit(2, "2026-11-22T09:00:00Z"));
  hub.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Permit:3","type":"Permit"})");
  EXPECT_EQ(hub.api().sweep_expired(), 0u);
  hub.ask("GET", "/entities/urn:ngsi-ld:Permit:1", 200);
  hub.clock().advance_us(70 * second_us);
  hub.api().sweep_expired();  // or the server did already
  hub.ask("GET", "/entities/urn:ngsi-ld:Permit:1", 404);
  hub.ask("GET", "/entities/urn:ngsi-ld:Permit:2", 200);
  EXPECT_EQ(hub.ask("GET", "/entities?type=Permit&limit=0&count=true", 200), "[]");
  const auto record = hub.thread().snapshot().find("urn:ngsi-ld:Permit:1");
  ASSERT_TRUE(record.ok());
  EXPECT_TRUE(!*record || record->ended());
  const auto told = subscriber.next();
  ASSERT_TRUE(told);
  EXPECT_NE(told->body.find("Permit:1"), std::string::npos) << told->body;
  // Its past stays, and the id is free again.
  hub.ask("GET", "/temporal/entities/urn:ngsi-ld:Permit:1", 200);
  hub.ask("POST", "/entities", 201, permit(1, "2026-11-22T10:00:00Z"));
}

TEST(Expiry, FollowsALaterTime) {
  HubServer hub;
  hub.ask("POST", "/entities", 201, permit(1, "2026-11-22T08:01:00Z"));
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Permit:1", 204, R"({"expiresAt":"2026-11-22T09:00:00Z"})");
  hub.clock().advance_us(70 * second_us);
  EXPECT_EQ(hub.api().sweep_expired(), 0u);
  hub.ask("GET", "/entities/urn:ngsi-ld:Permit:1", 200);
  hub.ask("PATCH", "/entities/urn:ngsi-ld:Permit:1", 204, R"({"expiresAt":"urn:ngsi-ld:null"})");
  hub.clock().advance_us(7'200 * second_us);
  EXPECT_EQ(hub.api().sweep_expired(), 0u);
  hub.ask("GET", "/entities/urn:ngsi-ld:Permit:1", 200);
}

TEST(Expiry, EndsAttributesAtTheirTime) {
  HubServer hub;
  hub.ask("POST", "/entities", 201,
          R"({"id":"urn:ngsi-ld:Room:1","type":"Room",)"
          R"("seen":{"type":"Property","value":1,"expiresAt":"2026-11-22T08:01:00Z"},)"
          R"("heard":{"type":"Property","value":1,"expiresAt":"2026-11-22T08:01:00Z"},)"
          R"("size":{"type":"Property","value":20}})");
  EXPECT_NE(hub.ask("GET", "/entities/urn:ngsi-ld:Room:1", 200).find("seen"), std::string::npos);
  hub.clock().advance_us(70 * second_us);
  const std::string after = hub.ask("GET", "/entities/urn:ngsi-ld:Room:1", 200);
  EXPECT_EQ(after.find("seen"), std::string::npos) << after;
  EXPECT_NE(after.find("size"), std::string::npos) << after;
  hub.api().sweep_expired();
  const auto record = hub.thread().snapshot().find("urn:ngsi-ld:Room:1");
  ASSERT_TRUE(record.ok() && *record);
  EXPECT_EQ(record->unpack().attributes.size(), 1u);
}

// By itself, with nobody who sweeps: what is due is not answered, whichever way is asked.
TEST(Expiry, HidesWhatIsDue) {
  base::ManualClock clock(*base::Instant::parse("2026-11-22T08:00:00Z"));
  auto thread = thread::Thread::open(store::make_memory_store(), clock);
  ASSERT_TRUE(thread.ok());
  const auto name = *(*thread)->terms().intern("https://uri.etsi.org/ngsi-ld/expiresAt");
  Expiry expiry(**thread, name);
  EXPECT_TRUE(expiry.may_be_due(clock.now()));  // nobody knows yet
  ASSERT_EQ(*expiry.sweep(clock.now()), 0u);
  EXPECT_FALSE(expiry.may_be_due(clock.now()));
  for (int i = 0; i < 3'000; ++i) {
    thread::ChangeSet set;
    thread::Change change;
    change.entity_id = "urn:ngsi-ld:Token:" + std::to_string(i);
    change.types = {*(*thread)->terms().intern("urn:Token")};
    twin::Attribute until;
    until.name = name;
    until.value = std::string(i % 2 == 0 ? "2026-11-22T08:01:00Z" : "2026-11-22T12:00:00Z");
    change.attributes = {until};
    set.changes.push_back(std::move(change));
    ASSERT_TRUE((*thread)->append(std::move(set)).ok());
  }
  ASSERT_EQ(*expiry.sweep(clock.now()), 0u);
  clock.advance_us(60 * second_us);
  EXPECT_TRUE(expiry.may_be_due(clock.now()));
  const auto first = (*thread)->snapshot().find("urn:ngsi-ld:Token:0");
  EXPECT_TRUE(expiry.is_over(*first, clock.now()));
  EXPECT_FALSE(expiry.is_over(*(*thread)->snapshot().find("urn:ngsi-ld:Token:1"), clock.now()));
  EXPECT_EQ(*expiry.sweep(clock.now()), 1'500u);
  EXPECT_EQ((*thread)->status().entities, 1'500u);
  EXPECT_FALSE(expiry.may_be_due(clock.now()));
  // A new start finds what is left.
  Expiry again(**thread, name);
  clock.set(*base::Instant::parse("2026-11-22T12:00:00Z"));
  EXPECT_EQ(*again.sweep(clock.now()), 1'500u);
  EXPECT_EQ((*thread)->status().entities, 0u);
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
