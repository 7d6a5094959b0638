// Parts of the past: 206 with Content-Range where an answer is cut (ETSI GS CIM 009 clause 6.3.10).
#include <gtest/gtest.h>

#include "serve/client_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

NgsiOptions three_at_once() {
  NgsiOptions options;
  options.history_limit = 3;
  return options;
}

std::string hour(int number) {
  return "2026-11-20T" + std::string(number < 10 ? "0" : "") + std::to_string(number) + ":00:00";
}

class TemporalParts : public testing::Test {
 protected:
  TemporalParts() : hub_(three_at_once()) {
    hub_.ask("POST", "/entities", 201, R"({"id":"urn:ngsi-ld:Gauge:1","type":"Gauge"})");
    for (int at = 1; at <= 8; ++at) state("level", at);
    for (const int at : {2, 7}) state("flow", at);
  }
  void state(const std::string& name, int at) {
    hub_.ask("POST", "/entities/urn:ngsi-ld:Gauge:1/attrs", 204,
             "{\"" + name + R"(":{"type":"Property","value":)" + std::to_string(at) + R"(,"observedAt":")" + hour(at) +
                 R"(Z"}})");
  }
  ReceivedResponse ask(const std::string& parameters, const std::string& path = "/urn:ngsi-ld:Gauge:1") {
    TestClient client(hub_.port());
    const auto response =
        client.ask("GET", "/ngsi-ld/v1/temporal/entities" + path + "?options=temporalValues&" + parameters);
    EXPECT_TRUE(response);
    return response.value_or(ReceivedResponse());
  }
  static std::string values(const std::vector<int>& hours) {
    std::string text = "[";
    for (const int at : hours) {
      if (text.size() > 1) text += ',';
      text += '[' + std::to_string(at) + ",\"" + hour(at) + "Z\"]";
    }
    return text + ']';
  }

  HubServer hub_;
};

TEST_F(TemporalParts, GivesTheBeginningAndSaysHowFarItReaches) {
  auto response = ask("timerel=after&timeAt=2026-11-20T00:30:00Z");
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.header("Content-Range"), "date-time " + hour(1) + "Z-" + hour(3) + "Z/*");
  EXPECT_NE(response.body.find(values({1, 2, 3})), std::string::npos) << response.body;
  // Of the other attribute only what lies in the same stretch.
  EXPECT_NE(response.body.find(values({2})), std::string::npos) << response.body;
  EXPECT_EQ(response.body.find(hour(7)), std::string::npos) << response.body;
  // And so on from there, to the end.
  response = ask("timerel=after&timeAt=" + hour(3) + ".001Z");
  EXPECT_EQ(response.status, 206);
  EXPECT_NE(response.body.find(values({4, 5, 6})), std::string::npos) << response.body;
  response = ask("timerel=after&timeAt=" + hour(6) + ".001Z");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Range"), "");
  EXPECT_NE(response.body.find(values({7, 8})), std::string::npos) << response.body;
}

TEST_F(TemporalParts, GivesTheLatestFirstWithLastN) {
  auto response = ask("timerel=after&timeAt=2026-11-20T00:30:00Z&lastN=5");
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.header("Content-Range"), "date-time " + hour(8) + "Z-" + hour(6) + "Z/5");
  EXPECT_NE(response.body.find(values({8, 7, 6})), std::string::npos) << response.body;
  // As many as were asked for are all of them.
  response = ask("timerel=after&timeAt=2026-11-20T00:30:00Z&lastN=2");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find(values({8, 7})), std::string::npos) << response.body;
}

TEST_F(TemporalParts, SaysSoForManyEntitiesToo) {
  hub_.ask("POST", "/entities", 201,
           R"({"id":"urn:ngsi-ld:Gauge:2","type":"Gauge","level":{"type":"Property","value":5,"observedAt":")" +
               hour(5) + R"(Z"}})");
  const auto response = ask("type=Gauge&timerel=after&timeAt=2026-11-20T00:30:00Z", "");
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.header("Content-Range"), "date-time " + hour(1) + "Z-" + hour(3) + "Z/*");
  EXPECT_EQ(response.body.find(hour(5)), std::string::npos) << response.body;
}

TEST_F(TemporalParts, AggregatedValuesAreOfAllOrSayThatTheyCannotBe) {
  const auto of = [&](const std::string& parameters, const std::string& path = "/urn:ngsi-ld:Gauge:1") {
    TestClient client(hub_.port());
    const auto response =
        client.ask("GET", "/ngsi-ld/v1/temporal/entities" + path +
                              "?options=aggregatedValues&aggrMethods=totalCount&attrs=level" + parameters);
    EXPECT_TRUE(response);
    return response.value_or(ReceivedResponse());
  };
  const auto expect_count = [](const ReceivedResponse& response, int count) {
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_NE(response.body.find("[[" + std::to_string(count) + ","), std::string::npos) << response.body;
  };
  expect_count(of(""), 8);  // past the limit of three instances
  expect_count(of("&lastN=3"), 3);
  const auto last = of("&lastN=4");
  EXPECT_EQ(last.status, 400);
  EXPECT_NE(last.body.find("more than 3 instances"), std::string::npos) << last.body;
  const std::string all = "&type=Gauge&timerel=after&timeAt=2026-11-20T00:00:00Z";
  expect_count(of(all, ""), 8);
  expect_count(of(all + "&q=level==2", ""), 8);
  EXPECT_EQ(of(all + "&q=level==8", "").status, 400);  // might be among those that were not looked at
  const auto far = of("&aggrPeriodDuration=P9000Y");
  EXPECT_NE(far.body.find("9999-12-31T23:59:59.999999Z"), std::string::npos) << far.body;
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
