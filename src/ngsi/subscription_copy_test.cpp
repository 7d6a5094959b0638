// What of a subscription a source is asked for, and what is taken of what it tells.
#include "ngsi/subscription_copy.hpp"

#include <gtest/gtest.h>

namespace cityloom::ngsi {
namespace {

const base::Instant now = *base::Instant::parse("2026-11-22T08:00:00Z");

Subscription subscription(const std::string& more, const std::string& notification = "") {
  const auto body = Body::read(R"({"id":"urn:s:1","type":"Subscription",)" + more + R"(,"notification":{)" +
                               notification + R"("endpoint":{"uri":"http://example.org"}}})");
  auto read = parse_subscription(*body, *Context::core(), now);
  EXPECT_TRUE(read.ok()) << read.error().text();
  return read.ok() ? std::move(read).value() : Subscription();
}

Registration registration(const std::string& information) {
  const auto body = Body::read(R"({"id":"urn:r:1","type":"ContextSourceRegistration","endpoint":"http://example.org",)"
                               R"("information":[)" +
                               information + "]}");
  auto read = parse_registration(*body, *Context::core(), now);
  EXPECT_TRUE(read.ok()) << read.error().text();
  return read.ok() ? std::move(read).value() : Registration();
}

std::optional<std::string> copy(const Subscription& of, const Registration& at, bool as_update = false) {
  const auto asked = subscribed_sources(of, *Context::core());
  EXPECT_TRUE(asked.ok());
  return subscription_copy(of, *Context::core(), *asked, at,
                           {"urn:copy:1", "http://here/", 60'000, as_update, nullptr});
}

bool has(const std::optional<std::string>& text, std::string_view part) {
  return text && text->find(part) != std::string::npos;
}

TEST(SubscriptionCopy, AsksForWhatIsRegisteredAlone) {
  const Subscription of =
      subscription(R"("entities":[{"type":"Car"},{"type":"Bus"}],"watchedAttributes":["speed","doors"],"q":"speed>1")",
                   R"("attributes":["speed","seats"],"format":"keyValues",)");
  const auto made = copy(of, registration(R"({"entities":[{"type":"Car"}],"propertyNames":["speed"]})"));
  EXPECT_TRUE(has(made, R"("id":"urn:copy:1")")) << *made;
  EXPECT_TRUE(has(made, R"("entities":[{"type":"Car"}])")) << *made;
  EXPECT_TRUE(has(made, R"("watchedAttributes":["speed"])")) << *made;
  EXPECT_TRUE(has(made, R"("attributes":["speed"])")) << *made;
  EXPECT_TRUE(has(made, R"("q":"speed>1")")) << *made;
  EXPECT_FALSE(has(made, "keyValues")) << *made;
  EXPECT_FALSE(copy(of, registration(R"({"entities":[{"type":"Tram"}]})")));
  EXPECT_FALSE(copy(of, registration(R"({"entities":[{"type":"Car"}],"propertyNames":["owner"]})")));
  const auto one = copy(subscription(R"("entities":[{"type":"Car"}])"),
                        registration(R"({"entities":[{"type":"Car","id":"urn:car:1"}],"propertyNames":["speed"]})"));
  EXPECT_TRUE(has(one, R"("entities":[{"id":"urn:car:1","type":"Car"}])")) << *one;
  EXPECT_TRUE(has(one, R"("attributes":["speed"])")) << *one;
}

// Clause 5.8.1: of entities in pieces a source is asked for its piece, whatever it is like.
TEST(SubscriptionCopy, PiecesAreAskedForWithoutConditions) {
  const Subscription of =
      subscription(R"("entities":[{"type":"Car"}],"splitEntities":true,"q":"speed>1;doors==4","scopeQ":"/A",)"
                   R"("geoQ":{"georel":"within","geometry":"Point","coordinates":[1,2]})",
                   R"("attributes":["doors"],)");
  EXPECT_TRUE(is_split(of));
  const auto made = copy(of, registration(R"({"entities":[{"type":"Car"}],"propertyNames":["speed"]})"));
  EXPECT_TRUE(has(made, R"("attributes":["speed"])")) << *made;
  EXPECT_FALSE(has(made, "\"q\"") || has(made, "scopeQ") || has(made, "geoQ")) << *made;
  EXPECT_TRUE(has(copy(of, registration(R"({"entities":[{"type":"Car"}]})"), true), R"("q":"urn:ngsi-ld:null")"));
}

TEST(SubscriptionCopy, ValuesAreExpandedForTheSource) {
  const auto made = copy(subscription(R"("entities":[{"type":"Car"}],"q":"paint==\"Red\"","expandValues":"paint")"),
                         registration(R"({"entities":[{"type":"Car"}]})"));
  EXPECT_TRUE(has(made, "https://uri.etsi.org/ngsi-ld/default-context/Red")) << *made;
}

TEST(SubscriptionCopy, WhatIsLocalStaysLocal) {
  EXPECT_FALSE(is_local(subscription(R"("entities":[{"type":"Car"}])")));
  EXPECT_TRUE(is_local(subscription(R"("entities":[{"type":"*"}])")));
  Subscription of = subscription(R"("entities":[{"type":"Car"}],"localOnly":false)");
  make_local(of);
  EXPECT_TRUE(is_local(of));
  std::string json;
  append_subscription(of, nullptr, {}, false, {}, json);
  EXPECT_TRUE(has(json, R"("localOnly":true)")) << json;
  EXPECT_FALSE(has(json, R"("localOnly":false)")) << json;
}

// A fragment leaves nothing of what was there before.
TEST(SubscriptionCopy, AnUpdateSaysWhatIsNoMore) {
  const auto made =
      copy(subscription(R"("entities":[{"type":"Car"}])"), registration(R"({"entities":[{"type":"Car"}]})"), true);
  for (const char* name : {"q", "watchedAttributes", "throttling", "attributes", "geoQ", "notificationTrigger"})
    EXPECT_TRUE(has(made, "\"" + std::string(name) + R"(":"urn:ngsi-ld:null")")) << name << ' ' << *made;
  EXPECT_FALSE(has(made, R"("id":"urn:copy:1")")) << *made;
  EXPECT_TRUE(Body::read(*made).ok()) << *made;
}

TEST(SubscriptionCopy, NotificationsGiveWhatIsRegisteredAndAskedFor) {
  const Subscription of = subscription(R"("entities":[{"type":"Car"}])");
  const Registration at =
      registration(R"({"entities":[{"type":"Car"},{"type":"Bus"}],"propertyNames":["speed","doors"]})");
  twin::TermTable terms;
  const auto matcher = make_matcher(of, Context::core(), terms);
  ASSERT_TRUE(matcher.ok());
  const auto read = [&](const std::string& data) {
    return read_source_notification(R"({"id":"urn:n:1","type":"Notification","data":)" + data + "}", *Context::core(),
                                    at, *matcher, terms);
  };
  const auto told = read(
      R"([{"id":"urn:car:1","type":"Car","speed":{"type":"Property","value":2,"previousValue":1},"owner":{"value":1},
           "doors":"urn:ngsi-ld:null"},{"id":"urn:bus:1","type":"Bus"},
          {"id":"urn:tram:1","type":"Tram"},7,{"id":"urn:car:2","type":"Car","deletedAt":"2026-11-22T08:00:00Z"}])");
  ASSERT_TRUE(told.ok()) << told.error().text();
  EXPECT_EQ(told->id, "urn:n:1");
  ASSERT_EQ(told->entities.size(), 2u) << "a bus was not asked for";
  const twin::Entity is = told->entities[0].record.unpack(), was = told->entities[0].previous.unpack();
  ASSERT_EQ(is.attributes.size(), 1u);
  EXPECT_EQ(is.attributes[0].name, terms.find(Context::core()->expand("speed")));
  ASSERT_EQ(told->entities[0].deleted_attributes.size(), 1u);
  EXPECT_EQ(was.attributes.size(), 2u) << "what it was, and the kind of what ended";
  EXPECT_TRUE(told->entities[1].deleted);
  for (const char* broken : {"7", "{}", R"([7])", R"([{"id":"urn:tram:1","type":"Tram"}])", R"([{"type":"Car"}])",
                             R"([{"id":"urn:car:1","type":"Car","speed":{"type":"Property"}}])"})
    EXPECT_FALSE(read(broken).ok()) << broken;
}

}  // namespace
}  // namespace cityloom::ngsi
