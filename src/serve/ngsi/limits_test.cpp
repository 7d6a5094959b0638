// Everything that a client can make large has a limit, told with what, where and how much.
#include <gtest/gtest.h>

#include "serve/client_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

std::string times(std::string_view text, size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::string members(size_t count, std::string_view value) {
  std::string all;
  for (size_t i = 0; i < count; ++i) all += ",\"a" + std::to_string(i) + "\":" + std::string(value);
  return all;
}

struct Case {
  const char* what;
  const char* method;
  std::string target;
  std::string body;
  const char* says;  ///< part of the answer
};

std::vector<Case> cases() {
  const std::string entities = "/ngsi-ld/v1/entities";
  const auto entity = [](const std::string& rest, const std::string& id = "urn:a") {
    return R"({"id":")" + id + R"(","type":"T")" + rest + "}";
  };
  const auto get = [&](const std::string& query) { return entities + "?" + query; };
  return {
      {"depth of JSON", "POST", entities, entity(R"(,"a":{"value":)" + times("[", 2'000) + times("]", 2'000) + "}"),
       "deep"},
      {"depth of sub-attributes", "POST", entities,
       entity(R"(,"a":)" + times(R"({"value":1,"b":)", 20) + R"({"value":1})" + times("}", 20)), "level"},
      {"sub-attributes", "POST", entities, entity(R"(,"x":{"value":1)" + members(1'001, R"({"value":1})") + "}"),
       "1000"},
      {"attributes", "POST", entities, entity(members(10'001, "1")), "10000"},
      {"id", "POST", entities, entity("", "urn:" + times("a", 3'000)), "2048"},
      {"name", "POST", entities, entity(",\"" + times("n", 3'000) + "\":1"), "2,048"},
      {"positions of a geometry", "POST", entities,
       entity(R"(,"location":{"type":"GeoProperty","value":{"type":"LineString","coordinates":[)" +
              times("[0,0],", 1'000'001) + "[1,1]]}}"),
       "1000000"},
      {"bytes of an entity", "POST", entities, entity(R"(,"a":")" + times("x", 17u << 20) + "\""), "16 MiB"},
      {"bytes of q", "GET", get("type=T&q=" + times("a==1%7C", 2'000) + "a==1"), "", "too long"},
      {"comparisons of q", "POST", "/ngsi-ld/v1/entityOperations/query",
       R"({"type":"Query","entities":[{"type":"T"}],"q":")" + times("a==1|", 501) + "a==1\"}", "500"},
      {"parentheses of q", "GET", get("type=T&q=" + times("(", 40) + "a==1" + times(")", 40)), "", "parentheses"},
      {"a pattern", "GET", get("type=T&idPattern=" + times("(a*)*", 300)), "", "idPattern"},
      {"answers at once", "GET", get("type=T&limit=1001"), "", "1000"},
      {"entities of a batch", "POST", "/ngsi-ld/v1/entityOperations/delete",
       "[" + times("\"urn:a\",", 200'000) + "\"urn:a\"]", ""},
      {"selectors of a subscription", "POST", "/ngsi-ld/v1/subscriptions",
       R"({"type":"Subscription","entities":[)" + times(R"({"type":"T","id":"urn:a"},)", 1'001) +
           R"({"type":"T"}],"notification":{"endpoint":{"uri":"http://127.0.0.1:9/"}}})",
       "1,000"},
  };
}

TEST(Limits, AreToldWithWhatAndHowMuch) {
  HubServer hub;
  for (const Case& one : cases()) {
    TestClient client(hub.port());
    const auto answer =
        client.ask(one.method, one.target, one.body, one.body.empty() ? "" : "Content-Type: application/json\r\n");
    ASSERT_TRUE(answer) << one.what;
    if (*one.says == '\0') {
      EXPECT_LT(answer->status, 500) << one.what << ": " << answer->body.substr(0, 300);
      continue;
    }
    EXPECT_GE(answer->status, 400) << one.what << ": " << answer->body.substr(0, 300);
    EXPECT_LT(answer->status, 500) << one.what << ": " << answer->body.substr(0, 300);
    EXPECT_NE(answer->body.find(one.says), std::string::npos)
        << one.what << ": " << answer->status << ' ' << answer->body.substr(0, 400);
    // An address that is too long is refused before it is known whose it is.
    const char* const type = answer->status == 414 ? "application/problem+json" : "application/json";
    EXPECT_EQ(answer->header("Content-Type"), type) << one.what;
  }
  // None of it has been taken, and the hub goes on.
  EXPECT_EQ(hub.ask("GET", "/entities?local=true&type=T", 200), "[]");
}

// What JSON leaves open, or what no number or text can hold, has one answer at every door that takes JSON.
TEST(Limits, OddJsonHasOneAnswerEverywhere) {
  struct Odd {
    std::string value;  // of a member of the body
    const char* says;
  };
  const std::vector<Odd> odd = {{"1e400", "too large or not finite"},
                                {"123456789012345678901234567890", "too large or not finite"},
                                {R"("\ud800")", "surrogate pair"},
                                {R"({"\udc00":1})", "surrogate pair"},
                                {times("[", 70) + times("]", 70), "64 levels deep"},
                                {R"({"a":1,"b":{"c":1,"c":2}})", "two members of one name"},
                                {"{" + members(20, "1").substr(1) + R"(,"a19":2})", "two members of one name"},
                                {"\"\xff\"", "UTF-8"},
                                {"01", "number is malformed"}};
  const std::vector<std::pair<const char*, const char*>> doors = {
      {"POST", "/ngsi-ld/v1/entities"},
      {"PATCH", "/ngsi-ld/v1/entities/urn:a"},
      {"PATCH", "/ngsi-ld/v1/entities/urn:a/attrs/b"},
      {"POST", "/ngsi-ld/v1/entityOperations/upsert"},
      {"POST", "/ngsi-ld/v1/entityOperations/query"},
      {"POST", "/ngsi-ld/v1/temporal/entities"},
      {"POST", "/ngsi-ld/v1/temporal/entityOperations/query"},
      {"POST", "/ngsi-ld/v1/subscriptions"},
      {"POST", "/ngsi-ld/v1/csourceRegistrations"},
      {"POST", "/ngsi-ld/v1/csourceSubscriptions"},
      {"POST", "/ngsi-ld/v1/jsonldContexts"},
      {"POST", "/ngsi-ld/v1/snapshots"},
      {"PUT", "/api/models/thing/versions/1"},
      {"PUT", "/api/retention/rules/rule"},
      {"POST", "/api/retention/preview"},
  };
  HubServer hub;
  const auto refused = [&](const char* method, const char* target, const std::string& body, const char* says) {
    TestClient client(hub.port());
    const auto answer = client.ask(method, target, body, "Content-Type: application/json\r\n");
    ASSERT_TRUE(answer) << target;
    EXPECT_EQ(answer->status, 400) << target << ' ' << body;
    EXPECT_NE(answer->body.find(says), std::string::npos) << target << ": " << answer->body;
    if (std::string_view(target).starts_with("/ngsi-ld/")) {
      EXPECT_NE(answer->body.find("errors/InvalidRequest"), std::string::npos) << target << ": " << answer->body;
    }
  };
  for (const auto& [method, target] : doors) {
    for (const Odd& one : odd) refused(method, target, R"({"id":"urn:a","type":"T","a":)" + one.value + "}", one.says);
    refused(method, target, "\xef\xbb\xbf{}", "byte order mark");
    refused(method, target, " ", "empty");
  }
}

// Clause 6.3.4: how long a body is must be said, and the refusal has none.
TEST(Limits, ABodyTellsItsLength) {
  HubServer hub;
  TestClient client(hub.port());
  client.send(
      "POST /ngsi-ld/v1/entities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nNGSILD-Tenant: nobody\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
  const auto response = client.read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 411);
  EXPECT_EQ(response->body, "");
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
