// Several brokers: each with a record of its own, registered with one another in every mode; and sources that are slow,
// dead, malicious, or lead in circles.
#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "serve/ngsi/federation_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

TEST_F(Federation, InclusiveSourcesAreEqual) {
  first_.ask("POST", "/entities", 201, car("1", property("speed", 1, R"(,"observedAt":"2026-01-01T00:00:00Z")")));
  second_.ask("POST", "/entities", 201, car("2", property("speed", 2)));
  hub_.ask("POST", "/entities", 201,
           car("1", property("speed", 3, R"(,"observedAt":"2026-01-02T00:00:00Z")") + "," + property("doors", 4)));
  first_.ask("POST", "/entities/urn:car:1/attrs", 204, "{" + property("weight", 5) + "}");
  register_at(hub_, first_.url(), "inclusive", cars);
  register_at(hub_, second_.url(), "inclusive", cars);
  const std::string one = hub_.ask("GET", "/entities/urn:car:1?options=keyValues", 200);
  EXPECT_EQ(one, R"({"id":"urn:car:1","type":"Car","speed":3,"doors":4,"weight":5})");
  EXPECT_EQ(hub_.ask("GET", "/entities/urn:car:2?options=keyValues", 200),
            R"({"id":"urn:car:2","type":"Car","speed":2})");
  hub_.ask("GET", "/entities/urn:car:3", 404);
  hub_.ask("GET", "/entities/urn:car:2?local=true", 404);
  EXPECT_EQ(
      hub_.ask("GET", "/entities?type=Car&options=keyValues", 200),
      R"([{"id":"urn:car:1","type":"Car","speed":3,"doors":4,"weight":5},{"id":"urn:car:2","type":"Car","speed":2}])");
  EXPECT_EQ(hub_.ask("GET", "/entities?type=Car&local=true&attrs=speed&options=keyValues", 200),
            R"([{"id":"urn:car:1","type":"Car","speed":3}])");
  EXPECT_EQ(hub_.ask("GET", "/entities?type=Car&attrs=weight&options=keyValues", 200),
            R"([{"id":"urn:car:1","type":"Car","weight":5}])");
  EXPECT_EQ(hub_.ask("POST", "/entityOperations/query?options=keyValues", 200,
                     R"({"type": "Query", "entities": [{"type": "Car", "id": "urn:car:2"}]})"),
            R"([{"id":"urn:car:2","type":"Car","speed":2}])");
  EXPECT_EQ(hub_.ask("GET", "/entities?type=Car&q=speed==2&options=keyValues", 200),
            R"([{"id":"urn:car:2","type":"Car","speed":2}])");
  EXPECT_TRUE(has(hub_.ask("GET", "/entities?type=Car&orderBy=speed", 400), "BadRequestData"));
  hub_.ask("GET", "/entities?type=Car&orderBy=speed&local=true", 200);
  const std::string status = hub_.ask("GET", "/csourceRegistrations/urn:r:1", 200);
  EXPECT_TRUE(has(status, R"("status":"ok")")) << status;
}

TEST_F(Federation, PagesGoOverAllSources) {
  for (int i = 0; i < 5; ++i) first_.ask("POST", "/entities", 201, car("a" + std::to_string(i), property("speed", i)));
  for (int i = 0; i < 5; ++i) second_.ask("POST", "/entities", 201, car("b" + std::to_string(i), property("speed", i)));
  for (int i = 0; i < 3; ++i) hub_.ask("POST", "/entities", 201, car("h" + std::to_string(i), property("speed", i)));
  second_.ask("POST", "/entities", 201, car("a4", property("doors", 4)));
  register_at(hub_, first_.url(), "inclusive", cars);
  register_at(hub_, second_.url(), "inclusive", cars);
  std::string all;
  std::string target = "/entities?type=Car&options=keyValues&count=true&limit=4";
  int pages = 0;
  for (size_t offset = 0; pages < 10; offset += 4) {
    const auto page = ask(hub_, "GET", target + "&offset=" + std::to_string(offset));
    EXPECT_EQ(page.header("NGSILD-Results-Count"), "13") << offset;
    all += page.body;
    ++pages;
    bool more = false;
    for (const auto& [name, value] : page.headers) more = more || has(value, "rel=\"next\"");
    if (!more) break;
  }
  EXPECT_EQ(pages, 4);
  for (const char* id : {"h0", "h1", "h2", "a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2", "b3", "b4"}) {
    const std::string wanted = R"("urn:car:)" + std::string(id) + '"';
    EXPECT_TRUE(has(all, wanted)) << id << ' ' << all;
    EXPECT_EQ(all.find(wanted), all.rfind(wanted)) << id;
  }
}

constexpr const char* federation_ops = R"(["federationOps"])";

// Clauses 5.7.5 - 5.7.10: types and attributes of all brokers, as far as each is registered for them.
TEST_F(Federation, TypesAndAttributesAreThoseOfAll) {
  hub_.ask("POST", "/entities", 201, car("1", property("speed", 1)));
  first_.ask("POST", "/entities", 201, car("2", property("doors", 4)));
  first_.ask("POST", "/entities", 201, R"({"id":"urn:bus:1","type":"Bus","seats":40})");
  register_at(hub_, first_.url(), "inclusive", cars, federation_ops);
  EXPECT_TRUE(has(hub_.ask("GET", "/types", 200), R"("typeList":["Car"])")) << "it is not registered for buses";
  register_at(hub_, first_.url(), "inclusive", R"({"entities": [{"type": "Bus"}]})", federation_ops);
  EXPECT_TRUE(has(hub_.ask("GET", "/types", 200), R"("typeList":["Bus","Car"])"));
  EXPECT_TRUE(has(hub_.ask("GET", "/types?local=true", 200), R"("typeList":["Car"])"));
  EXPECT_TRUE(
      has(hub_.ask("GET", "/types?details=true", 200), R"("typeName":"Car","attributeNames":["doors","speed"])"));
  const std::string car_type = hub_.ask("GET", "/types/Car", 200);
  EXPECT_TRUE(has(car_type, R"("entityCount":2)")) << car_type;
  EXPECT_TRUE(has(car_type, R"("attributeName":"doors","attributeTypes":["Property"])")) << car_type;
  EXPECT_TRUE(has(hub_.ask("GET", "/types/Bus", 200), R"("entityCount":1)"));
  hub_.ask("GET", "/types/Tram", 404);
  EXPECT_TRUE(has(hub_.ask("GET", "/attributes", 200), R"("attributeList":["doors","seats","speed"])"));
  EXPECT_TRUE(has(hub_.ask("GET", "/attributes?details=true", 200), R"("attributeName":"seats","typeNames":["Bus"])"));
  const std::string doors = hub_.ask("GET", "/attributes/doors", 200);
  EXPECT_TRUE(has(doors, R"("attributeCount":1,"attributeTypes":["Property"],"typeNames":["Car"])")) << doors;
}

TEST_F(Federation, TypesOfASourceThatFailsAreMissedAndSaid) {
  FakeSource source;
  hub_.ask("POST", "/entities", 201, car("1", property("speed", 1)));
  register_at(hub_, source.url(), "inclusive", cars, federation_ops);
  for (const auto& [status, body, code] :
       {std::tuple(500, "", "299 "), std::tuple(200, "{}", "111 "), std::tuple(0, "", "199 ")}) {
    source.answer(status, body);
    const auto response = ask(hub_, "GET", "/types");
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(has(response.body, R"("typeList":["Car"])")) << response.body;
    EXPECT_TRUE(response.header("NGSILD-Warning").starts_with(code)) << response.header("NGSILD-Warning");
  }
  source.answer(200, R"({"type":"EntityTypeList","typeList":["Car","Plane"]})");
  const auto response = ask(hub_, "GET", "/types");
  EXPECT_TRUE(has(response.body, R"("typeList":["Car"])")) << "planes it is not registered for";
  EXPECT_EQ(source.asked().back().target, "/ngsi-ld/v1/types");
}

// What is linked to may be kept elsewhere, some links away, and each in another place.
TEST_F(Federation, LinkedEntitiesAreFoundElsewhere) {
  const auto linked = [](std::string_view id, std::string_view type, std::string_view link, std::string_view to) {
    return R"({"id":"urn:)" + std::string(id) + R"(","type":")" + std::string(type) + R"(",")" + std::string(link) +
           R"(":{"type":"Relationship","object":"urn:)" + std::string(to) + R"("}})";
  };
  hub_.ask("POST", "/entities", 201, linked("car:1", "Car", "owner", "person:1"));
  first_.ask("POST", "/entities", 201, linked("person:1", "Person", "home", "house:1"));
  second_.ask("POST", "/entities", 201, R"({"id":"urn:house:1","type":"House","floors":3})");
  register_at(hub_, first_.url(), "inclusive", R"({"entities": [{"type": "Person"}]})", federation_ops);
  register_at(hub_, second_.url(), "inclusive", R"({"entities": [{"type": "House"}]})", federation_ops);
  const std::string one = hub_.ask("GET", "/entities/urn:car:1?join=inline&joinLevel=2", 200);
  EXPECT_TRUE(has(one, "urn:house:1") && has(one, R"("floors")")) << one;
  const std::string flat = hub_.ask("GET", "/entities?type=Car&join=flat&joinLevel=2&options=keyValues", 200);
  EXPECT_EQ(flat, R"([{"id":"urn:car:1","type":"Car","owner":"urn:person:1"},)"
                  R"({"id":"urn:person:1","type":"Person","home":"urn:house:1"},)"
                  R"({"id":"urn:house:1","type":"House","floors":3}])");
  EXPECT_FALSE(has(hub_.ask("GET", "/entities/urn:car:1?join=inline&joinLevel=1", 200), "floors"));
  EXPECT_FALSE(has(hub_.ask("GET", "/entities/urn:car:1?join=inline&local=true", 200), "home"));
  // An order of what is kept here stays one.
  hub_.ask("POST", "/entities", 201, linked("car:0", "Car", "owner", "person:1"));
  const std::string ordered = hub_.ask("GET", "/entities?type=Car&orderBy=id&join=inline&options=keyValues", 200);
  EXPECT_LT(ordered.find("urn:car:0"), ordered.find("urn:car:1")) << ordered;
  EXPECT_TRUE(has(ordered, "Person")) << ordered;
}

std::string linking(std::string_view id, std::string_view type, std::string_view link, std::string_view to,
                    std::string_view more = {}) {
  return R"({"id":"urn:)" + std::string(id) + R"(","type":")" + std::string(type) + R"(",")" + std::string(link) +
         R"(":{"type":"Relationship","object":"urn:)" + std::string(to) + R"("})" + std::string(more) + "}";
}

// Clause 4.9: a condition of what is linked holds or does not, wherever that is kept.
TEST_F(Federation, ConditionsOfLinkedEntitiesLookElsewhere) {
  hub_.ask("POST", "/entities", 201, linking("car:1", "Car", "owner", "person:1", R"(,"speed":10)"));
  hub_.ask("POST", "/entities", 201, linking("car:2", "Car", "owner", "person:2", R"(,"speed":30)"));
  first_.ask("POST", "/entities", 201, linking("person:1", "Person", "home", "house:1", R"(,"age":30)"));
  first_.ask("POST", "/entities", 201, linking("person:2", "Person", "home", "house:2", R"(,"age":50)"));
  second_.ask("POST", "/entities", 201, R"({"id":"urn:house:2","type":"House","floors":3})");
  register_at(hub_, first_.url(), "inclusive", R"({"entities": [{"type": "Person"}]})", federation_ops);
  register_at(hub_, second_.url(), "inclusive", R"({"entities": [{"type": "House"}]})", federation_ops);
  const auto found = [&](std::string_view q) {
    return hub_.ask("GET", "/entities?type=Car&attrs=speed&join=flat&joinLevel=2&options=keyValues&" + std::string(q),
                    200);
  };
  const std::string second = R"([{"id":"urn:car:2","type":"Car","speed":30}])";
  EXPECT_EQ(found("q=owner%7Bage%7D%3E40"), second);
  EXPECT_EQ(found("q=owner%7BPerson:age%7D==50;speed==30"), second);
  EXPECT_EQ(found("q=owner%7Bhome%7Bfloors%7D%7D==3"), second);
  EXPECT_EQ(found("q=owner%7BHouse:age%7D%3E40"), "[]");
  EXPECT_EQ(found("q=owner%7Bage%7D%3E40&local=true"), "[]");
  // Entities of which sources have parts, too: these are not asked about what they cannot see.
  second_.ask("POST", "/entities", 201, linking("car:3", "Car", "owner", "person:2", R"(,"speed":40)"));
  second_.ask("POST", "/entities", 201, linking("car:4", "Car", "owner", "person:1", R"(,"speed":40)"));
  register_at(hub_, second_.url(), "inclusive", cars, federation_ops);
  const auto counted =
      ask(hub_, "GET", "/entities?type=Car&join=flat&q=owner%7Bage%7D%3E40&count=true&attrs=speed&options=keyValues");
  EXPECT_EQ(counted.body, R"([{"id":"urn:car:2","type":"Car","speed":30},{"id":"urn:car:3","type":"Car","speed":40}])");
  EXPECT_EQ(counted.header("NGSILD-Results-Count"), "2");
  const std::string posted = hub_.ask(
      "POST", "/entityOperations/query?options=keyValues", 200,
      R"({"type":"Query","entities":[{"type":"Car"}],"attrs":["speed"],"q":"owner{age}>40;speed>35","join":"flat"})");
  EXPECT_EQ(posted, R"([{"id":"urn:car:3","type":"Car","speed":40}])");
  FakeSource source;
  source.answer(200, "[]");
  register_at(hub_, source.url(), "inclusive", cars, federation_ops);
  found("q=owner%7Bage%7D%3E40;speed%3E5");
  const auto asked = source.asked();
  EXPECT_TRUE(std::any_of(asked.begin(), asked.end(), [](const FakeSource::Asked& one) {
    return has(one.target, "?type=Car&q=owner") && has(one.target, "speed%3E5") && !has(one.target, "age");
  })) << asked.front().target;
}

// Of a linked entity that is kept here sources may have more, as of any other.
TEST_F(Federation, LinkedEntitiesAreMadeOfAllTheirParts) {
  hub_.ask("POST", "/entities", 201, linking("car:1", "Car", "owner", "person:1"));
  hub_.ask("POST", "/entities", 201, R"({"id":"urn:person:1","type":"Person","name":"Ada"})");
  first_.ask("POST", "/entities", 201, R"({"id":"urn:person:1","type":"Person","age":30})");
  register_at(hub_, first_.url(), "inclusive", R"({"entities": [{"type": "Person"}]})", federation_ops);
  FakeSource houses;
  register_at(hub_, houses.url(), "inclusive", R"({"entities": [{"type": "House"}]})", federation_ops);
  EXPECT_EQ(hub_.ask("GET", "/entities?type=Car&join=flat&options=keyValues", 200),
            R"([{"id":"urn:car:1","type":"Car","owner":"urn:person:1"},)"
            R"({"id":"urn:person:1","type":"Person","name":"Ada","age":30}])");
  EXPECT_TRUE(houses.asked().empty()) << "it is known to be none";
}

// Clause 5.5.14: pages by an entity map stay what they are, whatever comes and goes here and elsewhere.
TEST_F(Federation, PagesByAMapStayOverAllSources) {
  for (int i = 0; i < 3; ++i) {
    hub_.ask("POST", "/entities", 201, car("h" + std::to_string(i), property("speed", i)));
    first_.ask("POST", "/entities", 201, car("a" + std::to_string(i), property("speed", i)));
  }
  first_.ask("POST", "/entities", 201, car("h1", property("doors", 4)));
  register_at(hub_, first_.url(), "inclusive", cars);
  FakeSource source;
  source.answer(200, "[" + car("f0", property("speed", 7)) + "]");
  register_at(hub_, source.url(), "inclusive", cars);
  const std::string page = "/entities?type=Car&options=keyValues&limit=2&offset=";
  const auto begun = ask(hub_, "GET", page + "0&entityMap=true");
  EXPECT_EQ(begun.status, 201) << begun.body;
  const std::string by_map = "NGSILD-EntityMap: " + begun.header("NGSILD-EntityMap") + "\r\n";
  EXPECT_TRUE(has(begun.body, R"({"id":"urn:car:h1","type":"Car","speed":1,"doors":4})")) << begun.body;
  hub_.ask("POST", "/entities?local=true", 201, car("h9", property("speed", 9)));
  first_.ask("POST", "/entities", 201, car("Z", property("speed", 9)));
  hub_.ask("DELETE", "/entities/urn:car:h0?local=true", 204);
  first_.ask("DELETE", "/entities/urn:car:a0", 204);
  auto next = ask(hub_, "GET", page + "2&count=true", {}, by_map);
  EXPECT_EQ(next.status, 200);
  EXPECT_EQ(next.body, R"([{"id":"urn:car:h2","type":"Car","speed":2}])") << "a0 has gone, and leaves a gap";
  EXPECT_EQ(next.header("NGSILD-Results-Count"), "7");
  next = ask(hub_, "GET", page + "4", {}, by_map);
  EXPECT_EQ(next.body, R"([{"id":"urn:car:a1","type":"Car","speed":1},{"id":"urn:car:a2","type":"Car","speed":2}])");
  // Who has nothing of a page is not asked for it; who has is asked for that alone.
  EXPECT_EQ(source.asked().size(), 1u);
  EXPECT_TRUE(has(ask(hub_, "GET", page + "6", {}, by_map).body, "urn:car:f0"));
  EXPECT_TRUE(has(source.asked().back().target, "id=urn:car:f0")) << source.asked().back().target;
  const std::string location = begun.header("NGSILD-EntityMap");
  const std::string map = hub_.ask("GET", location.substr(location.find("/entityMaps")), 200);
  EXPECT_TRUE(has(map, R"("urn:car:a1":["urn:r:1"])") && has(map, R"("urn:car:h1":["@none","urn:r:1"])")) << map;
  EXPECT_TRUE(has(map, R"("urn:car:h2":["@none"])")) << map;
  EXPECT_TRUE(has(hub_.ask("GET", "/entityMaps?type=Car", 201), R"("urn:car:Z":["urn:r:1"])"));
  EXPECT_TRUE(has(hub_.ask("POST", "/entityMaps", 201, R"({"type":"Query","entities":[{"type":"Car"}]})"),
                  R"("urn:car:Z":["urn:r:1"])"));
}

// Clause 4.3.7: a snapshot holds what its queries find, wherever that is kept; from then on it asks nobody.
TEST_F(Federation, SnapshotsHoldWhatSourcesHave) {
  hub_.ask("POST", "/entities", 201, car("1", property("speed", 1)));
  first_.ask("POST", "/entities", 201, car("1", property("doors", 4)));
  first_.ask("POST", "/entities", 201, car("2", property("speed", 2) + "," + property("onlyThere", 3)));
  register_at(hub_, first_.url(), "inclusive", cars, R"(["retrieveOps", "queryTemporal"])");
  const auto in_snapshot = [&](std::string_view target) {
    return ask(hub_, "GET", target, {}, "NGSILD-Snapshot: urn:snapshot:1\r\n").body;
  };
  hub_.ask(
      "POST", "/snapshots", 201,
      R"({"id":"urn:snapshot:1","type":"Snapshot","snapshotQueries":[{"type":"Query","entities":[{"type":"Car"}]}]})");
  first_.ask("DELETE", "/entities/urn:car:2", 204);
  first_.ask("PATCH", "/entities/urn:car:1/attrs/doors", 204, R"({"value": 5})");
  EXPECT_EQ(in_snapshot("/entities?type=Car&options=keyValues"),
            R"([{"id":"urn:car:1","type":"Car","speed":1,"doors":4},)"
            R"({"id":"urn:car:2","type":"Car","speed":2,"onlyThere":3}])");
  EXPECT_TRUE(has(hub_.ask("GET", "/snapshots/urn:snapshot:1", 200), R"("snapshotStatus":"success")"));
  // The city itself is as it was.
  EXPECT_EQ(hub_.ask("GET", "/entities?type=Car&local=true&options=keyValues", 200),
            R"([{"id":"urn:car:1","type":"Car","speed":1}])");
  // A clone stands on what was written.
  EXPECT_EQ(ask(hub_, "POST", "/snapshots/urn:snapshot:1/clone", R"({"id":"urn:snapshot:2","type":"Snapshot"})").status,
            201);
  EXPECT_TRUE(
      has(ask(hub_, "GET", "/entities/urn:car:2", {}, "NGSILD-Snapshot: urn:snapshot:2\r\n").body, "onlyThere"));
  hub_.ask(
      "POST", "/snapshots?local=true", 201,
      R"({"id":"urn:snapshot:3","type":"Snapshot","snapshotQueries":[{"type":"Query","entities":[{"type":"Car"}]}]})");
  EXPECT_EQ(ask(hub_, "GET", "/entities?type=Car&options=keyValues", {}, "NGSILD-Snapshot: urn:snapshot:3\r\n").body,
            R"([{"id":"urn:car:1","type":"Car","speed":1}])");
  // What only a source finds is there with what is kept here.
  hub_.ask("POST", "/snapshots", 201,
           R"({"id":"urn:snapshot:4","type":"Snapshot","snapshotQueries":[{"type":"Query","entities":[{"type":"Car"}],)"
           R"("q":"doors==5"}]})");
  EXPECT_EQ(ask(hub_, "GET", "/entities?type=Car&options=keyValues", {}, "NGSILD-Snapshot: urn:snapshot:4\r\n").body,
            R"([{"id":"urn:car:1","type":"Car","speed":1,"doors":5}])");
  // What could not be looked at is said.
  hub_.ask("POST", "/entities?local=true", 201, linking("car:9", "Car", "owner", "person:9"));
  const auto linked = ask(hub_, "POST", "/snapshots",
                          R"({"type":"Snapshot","snapshotQueries":[{"type":"Query","entities":[{"type":"Car"}],)"
                          R"("q":"owner{age}>1","join":"flat"}]})");
  EXPECT_EQ(linked.status, 201) << linked.body;
  EXPECT_TRUE(has(linked.header("NGSILD-Warning"), "linked entities")) << linked.header("NGSILD-Warning");
  // A source that does not answer is missed, and said.
  FakeSource dead;
  dead.answer(0);
  register_at(hub_, dead.url(), "inclusive", cars);
  const auto made = ask(hub_, "POST", "/snapshots",
                        R"({"type":"Snapshot","snapshotQueries":[{"type":"Query","entities":[{"type":"Car"}]}]})");
  EXPECT_EQ(made.status, 201);
  EXPECT_TRUE(made.header("NGSILD-Warning").starts_with("199 urn:r:2 ")) << made.header("NGSILD-Warning");
}

TEST_F(Federation, LinkedEntitiesElsewhereAreOfABoundedNumber) {
  FakeSource source;
  register_at(hub_, source.url(), "inclusive", R"({"entities": [{"type": "Person"}]})", federation_ops);
  std::string objects;
  for (int i = 0; i < 1'100; ++i) objects += (objects.empty() ? "\"urn:p:" : ",\"urn:p:") + std::to_string(i) + "\"";
  hub_.ask("POST", "/entities", 201,
           R"({"id":"urn:car:1","type":"Car","owner":{"type":"Relationship","object":[)" + objects + "]}}");
  const auto response = ask(hub_, "GET", "/entities/urn:car:1?join=inline");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(source.asked().size(), 11u)
      << "a hundred each, and the car itself, of which it is not known that it is none";
  EXPECT_TRUE(has(response.header("NGSILD-Warning"), "more than 1000 linked entities")) << response.body;
  // Nobody can say whether a condition of all of them holds.
  EXPECT_EQ(ask(hub_, "GET", "/entities?type=Car&join=inline&q=owner%7Bage%7D==1").status, 403);
}

TEST_F(Federation, AuxiliarySourcesFillGapsOnly) {
  first_.ask("POST", "/entities", 201,
             car("1", property("speed", 9, R"(,"observedAt":"2027-01-01T00:00:00Z")") + "," + property("doors", 9)));
  hub_.ask("POST", "/entities", 201, car("1", property("speed", 1)));
  register_at(hub_, first_.url(), "auxiliary", cars);
  EXPECT_EQ(hub_.ask("GET", "/entities/urn:car:1?options=keyValues", 200),
            R"({"id":"urn:car:1","type":"Car","speed":1,"doors":9})");
  // They are never written to.
  hub_.ask("POST", "/entities/urn:car:1/attrs", 204, "{" + property("doors", 1) + "}");
  EXPECT_TRUE(has(first_.ask("GET", "/entities/urn:car:1?options=keyValues", 200), R"("doors":9)"));
}

TEST_F(Federation, ExclusiveSourcesHoldTheirAttributesAlone) {
  register_at(hub_, first_.url(), "exclusive",
              R"({"entities": [{"id": "urn:car:1", "type": "Car"}], "propertyNames": ["speed"]})");
  first_.ask("POST", "/entities", 201, car("2", property("speed", 7)));
  hub_.ask("POST", "/entities", 201, car("1", property("speed", 1) + "," + property("doors", 4)));
  EXPECT_EQ(first_.ask("GET", "/entities/urn:car:1?options=keyValues", 200),
            R"({"id":"urn:car:1","type":"Car","speed":1})");
  EXPECT_EQ(hub_.ask("GET", "/entities/urn:car:1?local=true&options=keyValues", 200),
            R"({"id":"urn:car:1","type":"Car","doors":4})");
  EXPECT_EQ(hub_.ask("GET", "/entities/urn:car:1?options=keyValues", 200),
            R"({"id":"urn:car:1","type":"Car","doors":4,"speed":1})");
  EXPECT_EQ(hub_.ask("GET", "/entities?type=Car&options=keyValues", 200),
            R"([{"id":"urn:car:1","type":"Car","doors":4,"speed":1}])");
  hub_.ask("PATCH", "/entities/urn:car:1/attrs", 204, "{" + property("speed", 2) + "," + property("doors", 5) + "}");
  hub_.ask("PATCH", "/entities/urn:car:1/attrs/speed", 204, R"({"unitCode": "KMH"})");
  EXPECT_TRUE(has(first_.ask("GET", "/entities/urn:car:1", 200), R"("value":2,"unitCode":"KMH")"));
  hub_.ask("PUT", "/entities/urn:car:1/attrs/speed", 204, R"({"type": "Property", "value": 8})");
  EXPECT_EQ(hub_.ask("GET", "/entities/urn:car:1?options=keyValues", 200),
            R"({"id":"urn:car:1","type":"Car","doors":5,"speed":8})");
  hub_.ask("DELETE", "/entities/urn:car:1/attrs/speed", 204);
  hub_.ask("DELETE", "/entities/urn:car:1", 204);
  first_.ask("GET", "/entities/urn:car:1", 404);
  hub_.ask("GET", "/entities/urn:car:1?local=true", 404);
}

TEST_F(Federation, RedirectSourcesHoldEntitiesAlone) {
  register_at(hub_, first_.url(), "redirect", cars);
  register_at(hub_, second_.url(), "redirect", cars);
  hub_.ask("POST", "/entities", 201, car("1", property("speed", 1)));
  hub_.ask("GET", "/entities/urn:car:1?local=true", 404);
  first_.ask("GET", "/entities/urn:car:1", 200);
  second_.ask("GET", "/entities/urn:car:1", 200);
  hub_.ask("PUT", "/entities/urn:car:1", 204, car("1", property("speed", 2)));
  hub_.ask("PATCH", "/entities/urn:car:1", 204, "{" + property("doors", 3) + "}");
  EXPECT_EQ(second_.ask("GET", "/entities/urn:car:1?options=keyValues", 200),
            R"({"id":"urn:car:1","type":"Car","speed":2,"doors":3})");
  hub_.ask("POST", "/entityOperations/upsert", 201,
           "[" + car("2", property("speed", 2)) + "," + car("3", property("speed", 3)) + "]");
  first_.ask("GET", "/entities/urn:car:3", 200);
  hub_.ask("GET", "/entities/urn:car:3?local=true", 404);
  hub_.ask("POST", "/entityOperations/delete", 204, R"(["urn:car:2"])");
  second_.ask("GET", "/entities/urn:car:2", 404);
  hub_.ask("DELETE", "/entities?type=Car", 204);
  EXPECT_EQ(first_.ask("GET", "/entities?type=Car", 200), "[]");
}

TEST_F(Federation, WhatASourceDoesNotSupportIsAConflict) {
  register_at(hub_, first_.url(), "redirect", cars, R"(["retrieveOps"])");
  EXPECT_TRUE(has(hub_.ask("POST", "/entities", 409, car("1", property("speed", 1))), "errors/Conflict"));
  hub_.ask("GET", "/entities/urn:car:1?local=true", 404);
  const std::string batch =
      hub_.ask("POST", "/entityOperations/create", 207, "[" + car("1", property("speed", 1)) + "]");
  EXPECT_TRUE(has(batch, R"("success":[],"errors":[{"entityId":"urn:car:1","registrationId":"urn:r:1","error":)"))
      << batch;
  // An inclusive one is simply left out.
  register_at(hub_, second_.url(), "inclusive", R"({"entities": [{"type": "Bus"}]})", R"(["retrieveOps"])");
  hub_.ask("POST", "/entities", 201, R"({"id": "urn:bus:1", "type": "Bus"})");
  second_.ask("GET", "/entities/urn:bus:1", 404);
}

TEST_F(Federation, PartialSuccessIsSaid) {
  register_at(hub_, first_.url(), "inclusive", cars);
  hub_.ask("POST", "/entities?local=true", 201, car("1", property("speed", 1)));
  const std::string created = hub_.ask("POST", "/entities", 207, car("1", property("speed", 1)));
  EXPECT_TRUE(has(created, R"("success":["urn:car:1"],"errors":[{"entityId":"urn:car:1","error":)")) << created;
  EXPECT_TRUE(has(created, R"("status":409)")) << created;
  const std::string both = hub_.ask("POST", "/entities", 207, car("1", property("speed", 1)));
  EXPECT_TRUE(has(both, R"("success":[])")) << both;
  first_.ask("DELETE", "/entities/urn:car:1", 204);
  const std::string deleted = hub_.ask("DELETE", "/entities/urn:car:1", 207);
  EXPECT_TRUE(has(deleted, R"("registrationId":"urn:r:1","error":{)") && has(deleted, R"("status":404)")) << deleted;
  hub_.ask("GET", "/entities/urn:car:1", 404);
  hub_.ask("POST", "/entities?local=true", 201, car("2", property("speed", 1)));
  const std::string updated = hub_.ask("PATCH", "/entities/urn:car:2/attrs", 207, "{" + property("speed", 2) + "}");
  EXPECT_TRUE(has(updated, R"("notUpdated":[{"attributeName":)") && has(updated, R"("registrationId":"urn:r:1")"))
      << updated;
  EXPECT_TRUE(has(hub_.ask("GET", "/entities/urn:car:2?options=keyValues", 200), R"("speed":2)"));
}

TEST_F(Federation, WritesOfWhatIsOnlyElsewhereAreNotMissedHere) {
  first_.ask("POST", "/entities", 201, car("1", property("speed", 1)));
  register_at(hub_, first_.url(), "inclusive", cars);
  hub_.ask("PATCH", "/entities/urn:car:1/attrs/speed", 204, R"({"value": 2})");
  hub_.ask("PATCH", "/entities/urn:car:1", 204, "{" + property("doors", 3) + "}");
  EXPECT_TRUE(has(hub_.ask("GET", "/entities/urn:car:1?options=keyValues", 200), R"("speed":2,"doors":3)"));
  hub_.ask("GET", "/entities/urn:car:1?local=true", 404);
  hub_.ask("DELETE", "/entities/urn:car:1/attrs/doors", 204);
  hub_.ask("DELETE", "/entities/urn:car:1", 204);
  hub_.ask("DELETE", "/entities/urn:car:1", 404);
  first_.ask("GET", "/entities/urn:car:1", 404);
}

TEST_F(Federation, SlowAndDeadSourcesHoldNobodyUp) {
  FakeSource slow;
  slow.answer(0);
  register_at(hub_, slow.url(), "inclusive", cars);
  register_at(hub_, "http://127.0.0.1:9", "inclusive", cars);
  register_at(hub_, first_.url(), "inclusive", cars);
  first_.ask("POST", "/entities", 201, car("1", property("speed", 1)));
  const auto response = ask(hub_, "GET", "/entities?type=Car&options=keyValues");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"([{"id":"urn:car:1","type":"Car","speed":1}])");
  int warnings = 0;
  for (const auto& [name, value] : response.headers) {
    if (name != "NGSILD-Warning") continue;
    ++warnings;
    EXPECT_TRUE(value.starts_with("199 urn:r:1 ") || value.starts_with("199 urn:r:2 ")) << value;
  }
  EXPECT_EQ(warnings, 2);
  EXPECT_TRUE(
      has(hub_.ask("GET", "/csourceRegistrations/urn:r:2", 200), R"("status":"failed","timesSent":1,"timesFailed":1)"));
  hub_.ask("DELETE", "/csourceRegistrations/urn:r:2", 204);
  hub_.ask("DELETE", "/csourceRegistrations/urn:r:3", 204);
  register_at(hub_, slow.url(), "redirect", R"({"entities": [{"type": "Bus"}]})");
  hub_.ask("POST", "/entities", 504, R"({"id": "urn:bus:1", "type": "Bus"})");
  register_at(hub_, "http://127.0.0.1:9", "redirect", R"({"entities": [{"type": "Tram"}]})");
  hub_.ask("POST", "/entities", 503, R"({"id": "urn:tram:1", "type": "Tram"})");
}

TEST_F(Federation, ErrorsAndNonsenseAreKeptOut) {
  FakeSource source;
  register_at(hub_, source.url(), "inclusive",
              R"({"entities": [{"id": "urn:car:1", "type": "Car"}], "propertyNames": ["speed"]})");
  const auto retrieve = [&](int status, const std::string& body) {
    source.answer(status, body);
    return ask(hub_, "GET", "/entities/urn:car:1");
  };
  auto response = retrieve(403, "{}");
  EXPECT_EQ(response.status, 404);
  EXPECT_TRUE(has(response.header("NGSILD-Warning"), "299 urn:r:1")) << response.header("NGSILD-Warning");
  response = retrieve(200, "not a json document");
  EXPECT_EQ(response.status, 404);
  EXPECT_TRUE(has(response.header("NGSILD-Warning"), "111 urn:r:1")) << response.header("NGSILD-Warning");
  response = retrieve(404, "{}");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.header("NGSILD-Warning"), "");
  // Another entity than the registered one, one of the server's own, and attributes that are none of its business.
  response = retrieve(200, car("2", property("speed", 1)));
  EXPECT_EQ(response.status, 404);
  EXPECT_TRUE(has(response.header("NGSILD-Warning"), "111 "));
  response = retrieve(200, R"({"id": "urn:cityloom:internal:x", "type": "Car"})");
  EXPECT_EQ(response.status, 404);
  response = retrieve(200, car("1", property("speed", 1) + "," + property("owner", 2)));
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(has(response.body, "owner")) << response.body;
  response = retrieve(200, R"({"id": "urn:car:1", "type": "Car", "speed": {"type": "Property"}})");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(source.asked().front().target, "/ngsi-ld/v1/entities/urn:car:1?attrs=speed&options=sysAttrs");
}

TEST_F(Federation, CirclesAreCut) {
  register_at(hub_, first_.url(), "inclusive", cars);
  register_at(first_, second_.url(), "inclusive", cars);
  register_at(second_, hub_.url(), "inclusive", cars);
  second_.ask("POST", "/entities?local=true", 201, car("1", property("speed", 1)));
  EXPECT_EQ(hub_.ask("GET", "/entities/urn:car:1?options=keyValues", 200),
            R"({"id":"urn:car:1","type":"Car","speed":1})");
  EXPECT_EQ(first_.ask("GET", "/entities?type=Car&options=keyValues", 200),
            R"([{"id":"urn:car:1","type":"Car","speed":1}])");
  // A write goes round once, and is done everywhere.
  first_.ask("POST", "/entities", 201, car("2", property("speed", 2)));
  for (HubServer* one : {&hub_, &first_, &second_}) one->ask("GET", "/entities/urn:car:2?local=true", 200);
  const std::string identity = hub_.ask("GET", "/info/sourceIdentity", 200);
  const size_t at = identity.find("contextSourceAlias\":\"") + 21;
  const std::string alias = identity.substr(at, identity.find('"', at) - at);
  EXPECT_EQ(ask(hub_, "DELETE", "/entities/urn:car:1", {}, "Via: 1.1 other, 1.1 " + alias + "\r\n").status, 508);
  EXPECT_EQ(ask(hub_, "GET", "/entities/urn:car:2?local=true", {}, "Via: 1.1 " + alias + "\r\n").status, 200);
  std::string far = "Via: 1.1 a";
  for (int i = 0; i < 20; ++i) far += ", 1.1 b" + std::to_string(i);
  EXPECT_EQ(ask(hub_, "GET", "/entities/urn:car:1", {}, far + "\r\n").status, 508);
}

TEST_F(Federation, ForwardedRequestsAreDressedAsRegistered) {
  FakeSource source;
  register_at(hub_, source.url() + "/a/", "inclusive", cars, R"(["retrieveEntity", "createEntity"])",
              R"(, "tenant": "other", "management": {"localOnly": true}, "contextSourceAlias": "far",
                 "contextSourceInfo": [{"key": "Authorization", "value": "Bearer x"}, {"key": "user", "value": "urn:ngsi-ld:request"},
                 {"key": "Via", "value": "1.1 evil"}, {"key": "contentType", "value": "application/ld+json"},
                 {"key": "accept", "value": "application/ld+json"}])");
  source.answer(201);
  EXPECT_EQ(ask(hub_, "POST", "/entities", car("1", property("speed", 1)), "user: abcd\r\nVia: 1.1 before\r\n").status,
            201);
  ASSERT_EQ(source.asked().size(), 1u);
  auto asked = source.asked().front();
  EXPECT_EQ(asked.method + ' ' + asked.target, "POST /a/ngsi-ld/v1/entities?local=true");
  EXPECT_EQ(asked.headers["Authorization"], "Bearer x");
  EXPECT_EQ(asked.headers["user"], "abcd");
  EXPECT_EQ(asked.headers["NGSILD-Tenant"], "other");
  EXPECT_EQ(asked.headers["Content-Type"], "application/ld+json");
  EXPECT_TRUE(asked.headers["Via"].starts_with("1.1 before, 1.1 cityloom-")) << asked.headers["Via"];
  EXPECT_TRUE(asked.body.starts_with(R"({"@context":"https://uri.etsi.org/)")) << asked.body;
  // One that the request came through is not asked again.
  EXPECT_EQ(ask(hub_, "GET", "/entities/urn:car:1", {}, "Via: 1.1 far\r\n").status, 200);
  EXPECT_EQ(source.asked().size(), 1u);
  source.answer(404);
  EXPECT_EQ(ask(hub_, "GET", "/entities/urn:car:1").status, 200);
  asked = source.asked().back();
  EXPECT_EQ(asked.target, "/a/ngsi-ld/v1/entities/urn:car:1?options=sysAttrs&local=true");
  EXPECT_EQ(asked.headers["Accept"], "application/ld+json");
  EXPECT_TRUE(asked.headers["user"].empty());
}

TEST_F(Federation, FiltersChooseSourcesAndTravelWithTheQuery) {
  FakeSource source;
  source.answer(200, "[]");
  register_at(hub_, source.url(), "inclusive", cars, R"(["queryEntity"])", R"(, "sourceType": "sensor")");
  hub_.ask("GET", "/entities?type=Car&csf=sourceType==%22archive%22", 200);
  EXPECT_TRUE(source.asked().empty());
  hub_.ask("GET", "/entities?type=Car,Bus&q=speed%3E20&scopeQ=/A&csf=sourceType==%22sensor%22", 200);
  ASSERT_EQ(source.asked().size(), 1u);
  EXPECT_EQ(source.asked().back().target,
            "/ngsi-ld/v1/entities?type=Car&q=speed%3E20&scopeQ=%2FA&limit=21&options=sysAttrs");
  // Values are expanded here: the source may know other names.
  hub_.ask("GET", "/entities?type=Car&q=paint==%22Red%22&expandValues=paint", 200);
  EXPECT_TRUE(has(source.asked().back().target, "ngsi-ld%2Fdefault-context%2FRed")) << source.asked().back().target;
  first_.ask("POST", "/entities", 201,
             R"({"id":"urn:tram:1","type":"Tram","paint":{"type":"VocabProperty","vocab":"Red"}})");
  register_at(hub_, first_.url(), "inclusive", R"({"entities": [{"type": "Tram"}]})");
  EXPECT_TRUE(has(hub_.ask("GET", "/entities?type=Tram&q=paint==%22Red%22&expandValues=paint", 200), "urn:tram:1"));
  hub_.ask("GET", "/entities?type=Car&splitEntities=true&q=speed%3E20", 200);
  EXPECT_FALSE(has(source.asked().back().target, "q="));
  // A piece here and a piece there are put together before they are judged.
  hub_.ask("POST", "/entities", 201, car("1", property("doors", 4)));
  source.answer(200, "[" + car("1", property("speed", 99)) + "," + car("2", property("speed", 99)) + "]");
  EXPECT_EQ(hub_.ask("GET", "/entities?type=Car&splitEntities=true&q=speed%3E20;doors==4&options=keyValues", 200),
            R"([{"id":"urn:car:1","type":"Car","doors":4,"speed":99}])");
  source.answer(200, "[]");
  hub_.ask("POST", "/entityOperations/query", 200, R"({"type": "Query", "entities": [{"type": "Car"}]})");
  EXPECT_EQ(source.asked().back().method, "GET");
}

TEST_F(Federation, AmongThousandsOnlyThoseThatMatchAreAsked) {
  FakeSource source;
  source.answer(200, "[]");
  for (int i = 0; i < 300; ++i) {
    register_at(hub_, source.url(), "inclusive", R"({"entities": [{"type": "Type)" + std::to_string(i) + R"("}]})",
                R"(["retrieveOps"])");
  }
  hub_.ask("GET", "/entities?type=Type7,Type8,Type9", 200);
  EXPECT_EQ(source.asked().size(), 3u);
  // Too many to be asked at once are refused rather than left out.
  EXPECT_TRUE(has(hub_.ask("GET", "/entities/urn:any:1", 403), "TooComplexQuery"));
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
