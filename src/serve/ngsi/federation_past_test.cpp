// The past of entities that several brokers keep: read as one, and written where it belongs.
#include <gtest/gtest.h>

#include "serve/ngsi/federation_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr const char* all_of_the_past =
    R"(["retrieveTemporal", "queryTemporal", "upsertTemporal", "appendAttrsTemporal", "deleteAttrsTemporal",
        "updateAttrInstanceTemporal", "deleteAttrInstanceTemporal", "deleteTemporal"])";
constexpr const char* one_car = R"({"entities": [{"id": "urn:car:1", "type": "Car"}], "propertyNames": ["speed"]})";

std::string hour(int number) {
  return "2026-11-20T" + std::string(number < 10 ? "0" : "") + std::to_string(number) + ":00:00Z";
}

std::string instance(int value, int at, std::string_view dataset = {}) {
  std::string json = R"({"type":"Property","value":)" + std::to_string(value) + R"(,"observedAt":")" + hour(at) + '"';
  if (!dataset.empty()) json += R"(,"datasetId":")" + std::string(dataset) + '"';
  return json + '}';
}

std::string past_of(std::string_view id, std::string_view name, const std::vector<std::pair<int, int>>& values) {
  std::string json = R"({"id":"urn:car:)" + std::string(id) + R"(","type":"Car",")" + std::string(name) + "\":[";
  for (const auto& [value, at] : values) json += (json.back() == '[' ? "" : ",") + instance(value, at);
  return json + "]}";
}

class PastFederation : public Federation {
 protected:
  std::string values(std::string_view target) {
    return hub_.ask("GET", "/temporal/entities" + std::string(target), 200);
  }
  static std::string series(const std::vector<std::pair<int, int>>& values) {
    std::string json = "[";
    for (const auto& [value, at] : values)
      json += (json.size() > 1 ? ",[" : "[") + std::to_string(value) + ",\"" + hour(at) + "\"]";
    return json + ']';
  }
  // The instanceId that a temporal answer gives the value.
  static std::string instance_of(const std::string& answer, int value) {
    const size_t at = answer.find("\"value\":" + std::to_string(value) + ',');
    const size_t begin = answer.find("\"instanceId\":\"", at) + 14;
    return at == std::string::npos ? "" : answer.substr(begin, answer.find('"', begin) - begin);
  }
};

TEST_F(PastFederation, InstancesOfAllBrokersAreOneSeries) {
  hub_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{1, 1}, {3, 3}, {5, 5}}));
  first_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{2, 2}, {30, 3}}));
  second_.ask("POST", "/temporal/entities", 201, past_of("1", "doors", {{4, 4}}));
  register_at(hub_, first_.url(), "inclusive", cars, all_of_the_past);
  register_at(hub_, second_.url(), "inclusive", cars, all_of_the_past);
  // Of two instances of one time the one that was recorded later counts: the first broker was told after this one.
  const std::string all = values("/urn:car:1?options=temporalValues");
  EXPECT_TRUE(has(all, series({{1, 1}, {2, 2}, {30, 3}, {5, 5}})) || has(all, series({{1, 1}, {2, 2}, {3, 3}, {5, 5}})))
      << all;
  EXPECT_TRUE(has(all, R"("doors":{"type":"Property","values":[[4,)")) << all;
  EXPECT_TRUE(has(values("/urn:car:1?options=temporalValues&local=true"), series({{1, 1}, {3, 3}, {5, 5}})));
  const std::string last = values("/urn:car:1?options=temporalValues&attrs=speed&lastN=2");
  EXPECT_TRUE(has(last, "[[5,\"" + hour(5))) << last;
  EXPECT_FALSE(has(last, "doors") || has(last, hour(2))) << last;
  const std::string window =
      values("/urn:car:1?options=temporalValues&timerel=between&timeAt=" + hour(2) + "&endTimeAt=" + hour(3));
  EXPECT_TRUE(has(window, series({{2, 2}}))) << window;
  const std::string sums = values(
      "/urn:car:1?options=aggregatedValues&attrs=speed&aggrMethods=totalCount,max&timerel=before&timeAt=" + hour(9));
  EXPECT_TRUE(has(sums, R"("totalCount":[[4,)")) << sums;
  hub_.ask("GET", "/temporal/entities/urn:car:9", 404);
}

TEST_F(PastFederation, QueriesGoThroughAllBrokersPageByPage) {
  for (int i = 0; i < 3; ++i) {
    const std::string number = std::to_string(i);
    hub_.ask("POST", "/temporal/entities", 201, past_of("h" + number, "speed", {{i, i}}));
    first_.ask("POST", "/temporal/entities", 201, past_of("a" + number, "speed", {{i, i}}));
  }
  first_.ask("POST", "/temporal/entities", 201, past_of("h1", "doors", {{4, 4}}));
  register_at(hub_, first_.url(), "inclusive", cars, all_of_the_past);
  std::string all;
  for (int offset = 0; offset < 8; offset += 2) {
    const auto page = ask(hub_, "GET",
                          "/temporal/entities?type=Car&timerel=before&timeAt=" + hour(9) +
                              "&limit=2&count=true&offset=" + std::to_string(offset));
    EXPECT_EQ(page.status, 200) << page.body;
    EXPECT_EQ(page.header("NGSILD-Results-Count"), "6") << offset;
    all += page.body;
  }
  for (const char* id : {"h0", "h1", "h2", "a0", "a1", "a2"}) {
    const std::string wanted = R"("id":"urn:car:)" + std::string(id) + '"';
    EXPECT_TRUE(has(all, wanted)) << id << ' ' << all;
    EXPECT_EQ(all.find(wanted), all.rfind(wanted)) << id;
  }
  EXPECT_TRUE(has(all, "doors")) << all;
  const std::string fast = hub_.ask(
      "POST", "/temporal/entityOperations/query", 200,
      R"({"type":"Query","entities":[{"type":"Car"}],"q":"speed==2","temporalQ":{"timerel":"before","timeAt":")" +
          hour(9) + R"("}})");
  EXPECT_TRUE(has(fast, "urn:car:a2") && has(fast, "urn:car:h2")) << fast;
  EXPECT_FALSE(has(fast, "urn:car:a1")) << fast;
  EXPECT_TRUE(has(hub_.ask("GET", "/temporal/entities?type=Car&orderBy=id&timerel=before&timeAt=" + hour(9), 400),
                  "local=true"));
}

// Clause 5.7.4: of entities in pieces the conditions are put to all of them together.
TEST_F(PastFederation, PiecesArePutTogetherBeforeTheyAreJudged) {
  hub_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{1, 1}, {3, 3}}));
  first_.ask("POST", "/temporal/entities", 201, past_of("1", "doors", {{4, 4}}));
  first_.ask("POST", "/temporal/entities", 201, past_of("2", "doors", {{4, 4}}));
  hub_.ask("POST", "/temporal/entities", 201, past_of("3", "speed", {{3, 3}}));
  register_at(hub_, first_.url(), "inclusive", cars, all_of_the_past);
  const std::string query = "?type=Car&options=temporalValues&q=speed==3;doors==4&timerel=before&timeAt=" + hour(9);
  EXPECT_EQ(values(query), "[]");
  const std::string whole = values(query + "&splitEntities=true");
  EXPECT_TRUE(has(whole, series({{1, 1}, {3, 3}})) && has(whole, series({{4, 4}}))) << whole;
  EXPECT_FALSE(has(whole, "urn:car:2") || has(whole, "urn:car:3")) << whole;
  const std::string part = values(query + "&splitEntities=true&attrs=doors&count=true");
  EXPECT_TRUE(has(part, "urn:car:1") && has(part, "doors") && !has(part, "speed")) << part;
  const std::string posted =
      hub_.ask("POST", "/temporal/entityOperations/query?splitEntities=true", 200,
               R"({"type":"Query","entities":[{"type":"Car"}],"q":"speed==3;doors==4","temporalQ":{"timerel":"before",)"
               R"("timeAt":")" +
                   hour(9) + R"("}})");
  EXPECT_TRUE(has(posted, "urn:car:1") && !has(posted, "urn:car:2")) << posted;
}

TEST_F(PastFederation, PagesByAMapStayOverAllSources) {
  for (int i = 0; i < 2; ++i) {
    hub_.ask("POST", "/temporal/entities", 201, past_of("h" + std::to_string(i), "speed", {{i, i}}));
    first_.ask("POST", "/temporal/entities", 201, past_of("a" + std::to_string(i), "speed", {{i, i}}));
  }
  register_at(hub_, first_.url(), "inclusive", cars, all_of_the_past);
  const std::string page =
      "/temporal/entities?type=Car&options=temporalValues&limit=2&timerel=before&timeAt=" + hour(9);
  const auto begun = ask(hub_, "GET", page + "&entityMap=true");
  EXPECT_EQ(begun.status, 201) << begun.body;
  EXPECT_TRUE(has(begun.body, "urn:car:h0") && has(begun.body, "urn:car:h1")) << begun.body;
  const std::string by_map = "NGSILD-EntityMap: " + begun.header("NGSILD-EntityMap") + "\r\n";
  hub_.ask("POST", "/temporal/entities?local=true", 201, past_of("h9", "speed", {{1, 1}}));
  hub_.ask("DELETE", "/temporal/entities/urn:car:h0?local=true", 204);
  first_.ask("DELETE", "/temporal/entities/urn:car:a0", 204);
  const auto next = ask(hub_, "GET", page + "&offset=2&count=true", {}, by_map);
  EXPECT_EQ(next.status, 200);
  EXPECT_TRUE(has(next.body, "urn:car:a1") && !has(next.body, "urn:car:a0") && !has(next.body, "urn:car:h"))
      << next.body;
  EXPECT_EQ(next.header("NGSILD-Results-Count"), "4");
  const std::string map = hub_.ask("POST", "/temporal/entityMaps", 201,
                                   R"({"type":"Query","entities":[{"type":"Car"}],"temporalQ":{"timerel":"before",)"
                                   R"("timeAt":")" +
                                       hour(9) + R"("}})");
  EXPECT_TRUE(has(map, R"("urn:car:a1":["urn:r:1"])") && has(map, "urn:car:h9")) << map;
}

TEST_F(PastFederation, SnapshotsHoldThePastOfSources) {
  hub_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{1, 1}}));
  first_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{2, 2}}));
  first_.ask("POST", "/temporal/entities", 201, past_of("2", "doors", {{3, 3}, {8, 8}}));
  register_at(hub_, first_.url(), "inclusive", cars, all_of_the_past);
  hub_.ask("POST", "/snapshots", 201,
           R"({"id":"urn:snapshot:1","type":"Snapshot","snapshotTemporalQueries":[{"type":"Query","entities":[{"type":)"
           R"("Car"}],"temporalQ":{"timerel":"before","timeAt":")" +
               hour(5) + R"("}}]})");
  first_.ask("DELETE", "/temporal/entities/urn:car:1", 204);
  const auto in_snapshot = [&](std::string_view target) {
    return ask(hub_, "GET", target, {}, "NGSILD-Snapshot: urn:snapshot:1\r\n").body;
  };
  const std::string first = in_snapshot("/temporal/entities/urn:car:1?options=temporalValues");
  EXPECT_TRUE(has(first, series({{1, 1}, {2, 2}}))) << first;
  const std::string second = in_snapshot("/temporal/entities/urn:car:2?options=temporalValues");
  EXPECT_TRUE(has(second, series({{3, 3}})) && !has(second, hour(8))) << second;
  EXPECT_TRUE(has(values("/urn:car:1?options=temporalValues"), series({{1, 1}})));
}

TEST_F(PastFederation, OnlyThoseAreAskedThatHaveThePast) {
  FakeSource present, early, late, whenever;
  for (FakeSource* one : {&early, &late, &whenever}) one->answer(200, "[]");
  register_at(hub_, present.url(), "inclusive", cars);
  register_at(hub_, early.url(), "inclusive", cars, R"(["queryTemporal"])",
              R"(, "observationInterval": {"startAt": "2020-01-01T00:00:00Z", "endAt": "2021-01-01T00:00:00Z"})");
  register_at(hub_, late.url(), "inclusive", cars, R"(["queryTemporal"])",
              R"(, "observationInterval": {"startAt": "2026-01-01T00:00:00Z"})");
  register_at(hub_, whenever.url(), "inclusive", cars, R"(["queryTemporal"])");
  values("?type=Car&timerel=after&timeAt=" + hour(1) + "&lastN=3&timeproperty=observedAt");
  EXPECT_TRUE(present.asked().empty());
  EXPECT_TRUE(early.asked().empty());
  ASSERT_EQ(late.asked().size(), 1u);
  ASSERT_EQ(whenever.asked().size(), 1u);
  EXPECT_EQ(late.asked().back().target,
            "/ngsi-ld/v1/temporal/entities?type=Car&timerel=after&timeAt=2026-11-20T01:00:00Z&lastN=3&limit=21"
            "&options=sysAttrs");
}

TEST_F(PastFederation, WhatFailsAndWhatIsIncompleteIsSaid) {
  FakeSource source;
  hub_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{1, 1}, {5, 5}}));
  register_at(hub_, source.url(), "inclusive", cars, all_of_the_past);
  source.answer(0);
  auto response = ask(hub_, "GET", "/temporal/entities/urn:car:1");
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(response.header("NGSILD-Warning").starts_with("199 urn:r:1 ")) << response.header("NGSILD-Warning");
  source.answer(500);
  response = ask(hub_, "GET", "/temporal/entities?type=Car&timerel=before&timeAt=" + hour(9));
  EXPECT_TRUE(response.header("NGSILD-Warning").starts_with("299 urn:r:1 ")) << response.header("NGSILD-Warning");
  // Nonsense, times outside the window, and what it is not registered for.
  source.answer(200, R"({"id":"urn:bus:1","type":"Bus","speed":[)" + instance(1, 1) + "]}");
  response = ask(hub_, "GET", "/temporal/entities/urn:car:1");
  EXPECT_TRUE(response.header("NGSILD-Warning").starts_with("111 urn:r:1 ")) << response.header("NGSILD-Warning");
  source.answer(200, past_of("1", "speed", {{8, 8}, {2, 2}}));
  EXPECT_FALSE(has(values("/urn:car:1?timerel=before&timeAt=" + hour(6)), hour(8)));
  source.answer(200, R"({"id":"urn:car:1","type":"Car","speed":[{"type":"Property"}]})");
  response = ask(hub_, "GET", "/temporal/entities/urn:car:1");
  EXPECT_TRUE(response.header("NGSILD-Warning").starts_with("111 urn:r:1 ")) << response.header("NGSILD-Warning");
  std::string far = "Via: 1.1 a";
  for (int i = 0; i < 20; ++i) far += ", 1.1 b" + std::to_string(i);
  EXPECT_EQ(ask(hub_, "GET", "/temporal/entities/urn:car:1", {}, far + "\r\n").status, 508);
}

// A part of a source's past makes the answer one of a part, up to where it is complete; periods are never of a part.
TEST_F(PastFederation, APartOfAPastIsTrimmedToWhatIsComplete) {
  NgsiOptions options = quick();
  options.history_limit = 3;
  HubServer narrow(options);
  narrow.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{1, 1}, {2, 2}, {3, 3}, {8, 8}}));
  hub_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{6, 6}}));
  hub_.ask("POST", "/temporal/entities/urn:car:1/attrs", 204, R"({"doors":)" + instance(4, 2) + "}");
  register_at(hub_, narrow.url(), "inclusive", cars, all_of_the_past);
  const auto response = ask(hub_, "GET", "/temporal/entities/urn:car:1?options=temporalValues");
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.header("Content-Range"), "date-time " + hour(1) + "-" + hour(3) + "/*");
  EXPECT_TRUE(has(response.body, series({{1, 1}, {2, 2}, {3, 3}}))) << response.body;
  EXPECT_FALSE(has(response.body, hour(6))) << response.body;
  const auto sums =
      ask(hub_, "GET", "/temporal/entities/urn:car:1?options=aggregatedValues&aggrMethods=max&aggrPeriodDuration=PT0S");
  EXPECT_EQ(sums.status, 400) << sums.body;
  EXPECT_TRUE(has(sums.body, "a source tells only a part")) << sums.body;
}

TEST_F(PastFederation, AuxiliarySourcesGiveOnlyTimesThatNobodyHas) {
  hub_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{1, 1}, {2, 2}}));
  first_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{20, 2}, {30, 3}}));
  register_at(hub_, first_.url(), "auxiliary", cars, R"(["retrieveEntity", "retrieveTemporal"])");
  const std::string all = values("/urn:car:1?options=temporalValues");
  EXPECT_TRUE(has(all, series({{1, 1}, {2, 2}, {30, 3}}))) << all;
}

TEST_F(PastFederation, WritesGoWhereThePastIsHeld) {
  register_at(hub_, first_.url(), "exclusive", one_car, all_of_the_past);
  hub_.ask("POST", "/temporal/entities", 201,
           R"({"id":"urn:car:1","type":"Car","speed":[)" + instance(1, 1) + R"(],"doors":[)" + instance(4, 1) + "]}");
  EXPECT_FALSE(has(hub_.ask("GET", "/temporal/entities/urn:car:1?local=true", 200), "speed"));
  EXPECT_FALSE(has(first_.ask("GET", "/temporal/entities/urn:car:1", 200), "doors"));
  hub_.ask("POST", "/temporal/entities/urn:car:1/attrs", 204, R"({"speed":[)" + instance(2, 2) + "]}");
  std::string all = hub_.ask("GET", "/temporal/entities/urn:car:1", 200);
  // An instance of the source is corrected and taken out there.
  const std::string second = instance_of(all, 2);
  EXPECT_TRUE(second.starts_with("urn:ngsi-ld:instance:of:")) << all;
  hub_.ask("PATCH", "/temporal/entities/urn:car:1/attrs/speed/" + second, 204,
           R"({"speed":[)" + instance(22, 2) + "]}");
  EXPECT_TRUE(
      has(first_.ask("GET", "/temporal/entities/urn:car:1?options=temporalValues", 200), series({{1, 1}, {22, 2}})));
  hub_.ask("DELETE", "/temporal/entities/urn:car:1/attrs/speed/" + instance_of(all, 1), 204);
  EXPECT_TRUE(has(first_.ask("GET", "/temporal/entities/urn:car:1?options=temporalValues", 200), series({{22, 2}})));
  hub_.ask("DELETE", "/temporal/entities/urn:car:1/attrs/speed/urn:ngsi-ld:instance:of:3:a:b:c", 404);
  hub_.ask("DELETE", "/temporal/entities/urn:car:1/attrs/speed", 204);
  EXPECT_FALSE(has(first_.ask("GET", "/temporal/entities/urn:car:1", 200), "speed"));
  hub_.ask("DELETE", "/temporal/entities/urn:car:1", 204);
  first_.ask("GET", "/temporal/entities/urn:car:1", 404);
  hub_.ask("GET", "/temporal/entities/urn:car:1?local=true", 404);
}

TEST_F(PastFederation, WritesOfWhatIsOnlyElsewhereAreNotMissedHere) {
  first_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{1, 1}}));
  register_at(hub_, first_.url(), "inclusive", cars, all_of_the_past);
  hub_.ask("POST", "/temporal/entities/urn:car:1/attrs", 204, R"({"speed":[)" + instance(2, 2) + "]}");
  EXPECT_TRUE(has(values("/urn:car:1?options=temporalValues"), series({{1, 1}, {2, 2}})));
  hub_.ask("GET", "/temporal/entities/urn:car:1?local=true", 404);
  // Both are told; what fails on one side is said.
  hub_.ask("POST", "/temporal/entities", 201, past_of("2", "speed", {{1, 1}}));
  first_.ask("GET", "/temporal/entities/urn:car:2", 200);
  first_.ask("DELETE", "/temporal/entities/urn:car:2", 204);
  const std::string part = hub_.ask("DELETE", "/temporal/entities/urn:car:2", 207);
  EXPECT_TRUE(has(part, R"("success":["urn:car:2"])") && has(part, R"("registrationId":"urn:r:1")")) << part;
}

TEST_F(PastFederation, WhatASourceDoesNotSupportIsAConflict) {
  register_at(hub_, first_.url(), "redirect", cars);
  EXPECT_TRUE(has(hub_.ask("POST", "/temporal/entities", 409, past_of("1", "speed", {{1, 1}})), "errors/Conflict"));
  hub_.ask("GET", "/temporal/entities/urn:car:1", 404);
}

TEST_F(PastFederation, CirclesAreCut) {
  register_at(hub_, first_.url(), "inclusive", cars, all_of_the_past);
  register_at(first_, hub_.url(), "inclusive", cars, all_of_the_past);
  hub_.ask("POST", "/temporal/entities", 201, past_of("1", "speed", {{1, 1}}));
  EXPECT_TRUE(
      has(first_.ask("GET", "/temporal/entities/urn:car:1?options=temporalValues&local=true", 200), series({{1, 1}})));
  EXPECT_TRUE(has(values("/urn:car:1?options=temporalValues"), series({{1, 1}})));
  EXPECT_TRUE(
      has(first_.ask("GET", "/temporal/entities?type=Car&options=temporalValues&timerel=before&timeAt=" + hour(9), 200),
          series({{1, 1}})));
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
