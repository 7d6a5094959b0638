// Rules of retention at work: runs, restarts, limits, and what answers say of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serve/client_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"
#include "serve/ngsi/retention_rules.hpp"
#include "store/store.hpp"
#include "store/test_folder.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Instant;
using testing::HasSubstr;
using testing::Not;

constexpr const char* gauge = "urn:ngsi-ld:Gauge:1";

std::string ask(const HubServer& hub, std::string_view method, std::string_view target, int status,
                std::string_view body = {}) {
  TestClient client(hub.port());
  const auto response = client.ask(method, target, body, body.empty() ? "" : "Content-Type: application/json\r\n");
  EXPECT_TRUE(response && response->status == status) << method << ' ' << target << ": " << response->body;
  return response->body;
}

/// Minutes of a day of January, as a table.
std::string minutes_of_a_day(int entities = 1) {
  std::string table = "id,type,observedAt,level\n";
  const auto start = Instant::parse("2026-01-01T00:00:00Z");
  for (int entity = 1; entity <= entities; ++entity) {
    for (int64_t minute = 0; minute < 1'440; ++minute) {
      table += "urn:ngsi-ld:Gauge:" + std::to_string(entity) + ",Gauge," +
               Instant{start->microseconds + minute * 60'000'000}.text() + "," +
               std::to_string(minute % 7 * 0.5).substr(0, 3) + "\n";
    }
  }
  return table;
}

void load(HubServer& hub, const std::string& table) {
  TestClient client(hub.port());
  const auto response = client.ask("POST", "/api/observations", table, "Content-Type: text/csv\r\n");
  ASSERT_TRUE(response && response->status == 200) << response->body;
}

std::string days(HubServer& hub) {
  return ask(hub, "GET",
             std::string("/ngsi-ld/v1/temporal/entities/") + gauge +
                 "?options=aggregatedValues&aggrMethods=avg,min,max,sum,totalCount&aggrPeriodDuration=P1D"
                 "&timerel=after&timeAt=2025-12-31T00:00:00Z",
             200);
}

/// Until the run has come to its end.
std::string run_to_end(HubServer& hub) {
  for (int piece = 0; piece < 1'000; ++piece) {
    hub.api().sweep_expired();
    const std::string status = ask(hub, "GET", "/api/retention", 200);
    if (status.find(R"("state":"running")") == std::string::npos &&
        status.find(R"("state":"none")") == std::string::npos)
      return status;
  }
  ADD_FAILURE() << "the run does not end";
  return {};
}

const std::string hourly = R"({"types":["Gauge"],"steps":[{"after":"P30D","keep":"PT1H"}],"active":true})";

TEST(Retention, ThinsWhatARuleIsAboutAndAnswersTellOfIt) {
  HubServer hub;
  load(hub, minutes_of_a_day(3));
  const std::string before = days(hub);
  EXPECT_THAT(before, HasSubstr("1440"));
  ask(hub, "PUT", "/api/retention/rules/gauges", 201, hourly);
  const std::string status = run_to_end(hub);
  EXPECT_THAT(status, HasSubstr(R"("state":"ended")"));
  EXPECT_THAT(status, HasSubstr(R"("entities":3,"entitiesDone":3)"));
  EXPECT_THAT(status, HasSubstr(R"("series":3,"instances":4248,)")) << "59 of each hour";
  EXPECT_EQ(days(hub), before);

  TestClient client(hub.port());
  const std::string past = std::string("/ngsi-ld/v1/temporal/entities/") + gauge;
  const auto told = client.ask("GET", past + "?options=temporalValues&lastN=2");
  EXPECT_THAT(told->header("NGSILD-Warning"), HasSubstr("the past is thinned: 1416 instances are gone"));
  EXPECT_THAT(told->body, HasSubstr("2026-01-01T23:59:00Z"));
  EXPECT_THAT(told->body, HasSubstr("2026-01-01T22:59:00Z"));
  const auto elsewhere = client.ask("GET", past + "?timerel=after&timeAt=2026-03-01T00:00:00Z");
  EXPECT_EQ(elsewhere->header("NGSILD-Warning"), "") << "of that time nothing is gone";
  const std::string log = ask(hub, "GET", std::string("/api/retention/log?id=") + gauge, 200);
  EXPECT_THAT(log, HasSubstr(R"("keep":"PT3600S","rule":"gauges","instances":1416)"));
  EXPECT_THAT(log, HasSubstr(R"("sha256":")"));
}

TEST(Retention, AnswersAsOfAnEarlierTimeTellWhatIsGoneThere) {
  HubServer hub;
  const std::string entities = "/ngsi-ld/v1/entities";
  const auto level = [](int value) {
    return R"("level":{"type":"Property","value":)" + std::to_string(value) + R"(,"observedAt":"2026-01-01T00:00:0)" +
           std::to_string(value) + R"(Z"})";
  };
  ask(hub, "POST", entities, 201, R"({"id":"urn:ngsi-ld:Gauge:1","type":"Gauge",)" + level(1) + "}");
  const std::string first = hub.clock().now().text();
  for (const int value : {2, 3}) {
    hub.clock().advance_us(1'000'000);
    ask(hub, "POST", entities + "/" + gauge + "/attrs", 204, "{" + level(value) + "}");
  }
  ask(hub, "PUT", "/api/retention/rules/gauges", 201, hourly);
  run_to_end(hub);
  TestClient client(hub.port());
  for (const std::string& target : {"/" + std::string(gauge) + "?", std::string("?type=Gauge&")}) {
    const auto then = client.ask("GET", entities + target + "asOf=" + first);
    EXPECT_EQ(then->status, 200);
    EXPECT_THAT(then->header("NGSILD-Warning"), HasSubstr("the past is thinned: 1 instances are gone"));
    EXPECT_THAT(then->body, Not(HasSubstr("level")));
    EXPECT_EQ(client.ask("GET", entities + target.substr(0, target.size() - 1))->header("NGSILD-Warning"), "")
        << "what is now is all there";
  }
}

TEST(Retention, AnInstanceThatStandsForAPeriodIsNotCorrected) {
  HubServer hub;
  load(hub, minutes_of_a_day());
  ask(hub, "PUT", "/api/retention/rules/gauges", 201, hourly);
  run_to_end(hub);
  const std::string past = std::string("/ngsi-ld/v1/temporal/entities/") + gauge;
  const std::string answer = ask(hub, "GET", past + "?lastN=1", 200);
  const size_t at = answer.find(R"("instanceId":")") + 14;
  const std::string instance = answer.substr(at, answer.find('"', at) - at);
  EXPECT_THAT(ask(hub, "DELETE", past + "/attrs/level/" + instance, 409),
              HasSubstr("thinned period with 60 instances"));
  ask(hub, "DELETE", past + "/attrs/level", 204);
  ask(hub, "GET", past + "?attrs=level", 404);
}

TEST(Retention, RulesAreThereAfterARestartAndAHoldHolds) {
  const store::TemporaryFolder folder;
  {
    HubServer hub({}, store::open_embedded(folder.path("record")).value());
    load(hub, minutes_of_a_day(2));
    ask(hub, "PUT", "/api/retention/rules/evidence", 201, R"({"idPattern":":1$","hold":true,"active":true})");
    ask(hub, "PUT", "/api/retention/rules/gauges", 201,
        R"({"types":["Gauge"],"steps":[{"after":"P30D","keep":"PT1H"}]})");
    EXPECT_THAT(ask(hub, "POST", "/api/retention/preview", 200), HasSubstr(R"("series":1,"instances":1416,)"));
    ask(hub, "PUT", "/api/retention/rules/gauges", 204, hourly);
  }
  HubServer hub({}, store::open_embedded(folder.path("record")).value());
  EXPECT_THAT(ask(hub, "GET", "/api/retention", 200), HasSubstr(R"("idPattern":":1$","hold":true,"active":true)"));
  run_to_end(hub);
  EXPECT_THAT(ask(hub, "POST", "/api/retention/preview", 200), Not(HasSubstr(R"("instances":1416)")));
  EXPECT_THAT(ask(hub, "GET", std::string("/api/retention/log?id=") + gauge, 200), HasSubstr(R"("count":0)"));
  EXPECT_THAT(ask(hub, "GET", "/api/retention/log?id=urn:ngsi-ld:Gauge:2", 200), HasSubstr(R"("instances":1416)"));
}

TEST(Retention, WhatACancelledRunLeftTheNextOneDoes) {
  HubServer hub;
  load(hub, minutes_of_a_day(20));
  ask(hub, "PUT", "/api/retention/rules/gauges", 201, hourly);
  hub.api().sweep_expired();
  ask(hub, "DELETE", "/api/retention/run", 202);
  EXPECT_THAT(run_to_end(hub), testing::AnyOf(HasSubstr("cancelled"), HasSubstr("ended")));
  hub.clock().advance_us(3'600'000'000);
  hub.api().sweep_expired();
  EXPECT_THAT(run_to_end(hub), HasSubstr(R"("state":"ended")"));
  EXPECT_THAT(ask(hub, "POST", "/api/retention/preview", 200), HasSubstr(R"("series":0,"instances":0,)"));
}

TEST(Retention, WhatWasWrittenOnABranchIsThinnedThere) {
  HubServer hub;
  load(hub, minutes_of_a_day());
  ASSERT_TRUE(hub.thread().fork("plan").ok());
  ASSERT_TRUE(hub.thread().fork("empty").ok());
  const std::string on = "?branch=plan";
  const auto level = [](int second) {
    return R"({"level":{"type":"Property","value":2,"observedAt":"2026-01-01T00:00:)" + std::to_string(second) +
           "Z\"}}";
  };
  ask(hub, "POST", "/ngsi-ld/v1/entities" + on, 201, R"({"id":"urn:ngsi-ld:Gauge:7","type":"Gauge"})");
  for (int second = 10; second < 40; ++second)
    ask(hub, "POST", "/ngsi-ld/v1/entities/urn:ngsi-ld:Gauge:7/attrs" + on, 204, level(second));
  EXPECT_THAT(ask(hub, "POST", "/api/retention/preview", 200, hourly), HasSubstr(R"("series":2,"instances":1444,)"));
  ask(hub, "PUT", "/api/retention/rules/gauges", 201, hourly);
  EXPECT_THAT(run_to_end(hub), HasSubstr(R"("series":2,"instances":1444,)")) << "1416 of main, 28 of the branch";
  EXPECT_THAT(ask(hub, "GET", "/api/retention/log" + on + "&id=urn:ngsi-ld:Gauge:7", 200),
              HasSubstr(R"("instances":28)"));
  ASSERT_TRUE(hub.thread().drop(*hub.thread().find_branch("plan")).ok());
  hub.clock().advance_us(3'600'000'000);
  hub.api().sweep_expired();
  EXPECT_THAT(run_to_end(hub), HasSubstr(R"("state":"ended")"));
}

TEST(Retention, NoMoreThanAHundredRules) {
  HubServer hub;
  for (size_t i = 0; i < retention_rules_max; ++i)
    ask(hub, "PUT", "/api/retention/rules/r" + std::to_string(i), 201, R"({"hold":true})");
  EXPECT_THAT(ask(hub, "PUT", "/api/retention/rules/more", 409, R"({"hold":true})"),
              HasSubstr("there are 100 retention rules already"));
  ask(hub, "PUT", "/api/retention/rules/r7", 204, R"({"hold":true,"active":true})");
}

RetentionRule rule(const std::string& name, const std::string& json) {
  auto parsed = parse_retention_rule(name, json, nullptr);
  EXPECT_TRUE(parsed.ok()) << parsed.error().text();
  return parsed.ok() ? std::move(*parsed) : RetentionRule();
}

TEST(RetentionRules, PartsFollowOneAnotherAndBeginAtWholePeriods) {
  const RetentionRule one = rule("one", R"({"steps":[{"after":"P30D","keep":"PT1M"},{"after":"P1Y","keep":"PT1H"},
                                             {"after":"P10Y","keep":"nothing"}]})");
  const Instant now = *Instant::parse("2026-06-15T12:34:56Z");
  const auto parts = retention_parts({&one}, now);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_FALSE(parts[0].from.exists());
  EXPECT_EQ(parts[0].to, parts[1].from);
  EXPECT_EQ(parts[1].to, parts[2].from);
  EXPECT_EQ(parts[2].to, *Instant::parse("2026-05-16T00:00:00Z")) << "whole days of an age of thirty";
  EXPECT_LE(parts[0].to, *Instant::parse("2016-06-15T12:34:56Z"));
  EXPECT_GT(parts[0].to, *Instant::parse("2016-06-08T00:00:00Z")) << "a week late at most";
  EXPECT_EQ(parts[0].step_us, 0);
  EXPECT_EQ(parts[1].step_us, 3'600'000'000);
}

TEST(RetentionRules, WhatKeepsMostDecides) {
  const RetentionRule one = rule("one", R"({"steps":[{"after":"P30D","keep":"PT1H"}]})");
  const RetentionRule other = rule("other", R"({"steps":[{"after":"P60D","keep":"PT1M"}]})");
  const RetentionRule hold = rule("hold", R"({"hold":true})");
  const Instant now = *Instant::parse("2026-06-15T00:00:00Z");
  const auto parts = retention_parts({&one, &other}, now);
  ASSERT_EQ(parts.size(), 1u) << "the younger part is kept whole by one of them";
  EXPECT_EQ(parts[0].rule, "other");
  EXPECT_EQ(parts[0].step_us, 60'000'000);
  EXPECT_TRUE(retention_parts({&one, &hold}, now).empty());
  EXPECT_TRUE(retention_parts({}, now).empty());
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
