// Scenarios over a real server and a real record in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "serve/api/api.hpp"
#include "serve/api/scenario_changes.hpp"
#include "serve/client_test.hpp"
#include "serve/server.hpp"
#include "store/store.hpp"

namespace cityloom::serve {
namespace {

using testing::HasSubstr;
using testing::Not;
using thread::Change;

const std::string vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

class ScenariosTest : public testing::Test {
 protected:
  ScenariosTest() { open(); }

  void open() {
    auto thread = thread::Thread::open(store::make_memory_store(), clock_);
    tenants_ = std::make_unique<Tenants>(
        std::move(*thread),
        [this](std::string_view) { return thread::Thread::open(store::make_memory_store(), clock_); },
        std::vector<std::string>{}, Tenants::Options{4});
    ApiServices services;
    services.tenants = tenants_.get();
    services.clock = &clock_;
    services.gate = gate_.get();
    api_ = std::make_unique<Api>(router_, std::move(services));
    ServerOptions options;
    options.port = 0;
    server_ = std::move(*Server::start(router_, *gate_, options));
    api_->set_server(*server_);
  }

  thread::Thread& thread() { return tenants_->main(); }
  twin::Term term(std::string_view name) { return thread().terms().intern(vocabulary + std::string(name)).value(); }

  /// States attributes of an entity on a branch; the type counts where it is new.
  void put(std::string_view branch, std::string id, std::string_view type,
           const std::vector<std::pair<std::string, twin::Value>>& values) {
    Change change;
    change.entity_id = std::move(id);
    change.types = {term(type)};
    for (const auto& [name, value] : values) {
      twin::Attribute attribute;
      attribute.name = term(name);
      attribute.value = value;
      change.attributes.push_back(std::move(attribute));
    }
    append(branch, std::move(change));
  }
  void remove(std::string_view branch, std::string id) {
    Change change;
    change.kind = Change::Kind::remove;
    change.entity_id = std::move(id);
    append(branch, std::move(change));
  }
  void append(std::string_view branch, Change change) {
    clock_.advance_us(1'000'000);
    thread::ChangeSet set;
    if (!branch.empty()) set.branch = thread().find_branch(branch).value();
    set.changes.push_back(std::move(change));
    const auto outcomes = thread().append(std::move(set));
    ASSERT_TRUE(outcomes.ok() && outcomes->front().ok());
  }

  std::string ask(std::string_view method, const std::string& target, int status, std::string_view body = {},
                  std::string_view headers = {}) {
    clock_.advance_us(1'000'000);
    const auto response = TestClient(server_->port()).ask(method, target, body, headers);
    if (!response) {
      ADD_FAILURE() << "no answer to " << method << ' ' << target;
      return {};
    }
    EXPECT_EQ(response->status, status) << method << ' ' << target << ' ' << body << '\n' << response->body;
    return response->body;
  }
  /// Makes a scenario and gives its id.
  std::string make(std::string_view body = R"({"name":"Plan","author":"Kim"})") {
    return text_in(ask("POST", "/api/scenarios", 201, body), "id");
  }
  static std::string text_in(const std::string& json, const char* name) {
    simdjson::dom::parser parser;
    return std::string(parser.parse(json)[name].get_string().value());
  }
  void decide(const std::string& id, std::string_view status, int answer = 200) {
    ask("PATCH", "/api/scenarios/" + id, answer, R"({"author":"Lee","status":")" + std::string(status) + "\"}");
  }
  void approve(const std::string& id) {
    decide(id, "proposed");
    decide(id, "approved");
  }

  base::ManualClock clock_{*base::Instant::parse("2026-11-22T08:00:00Z")};
  std::unique_ptr<trust::Gate> gate_ = trust::make_open_gate();
  std::unique_ptr<Tenants> tenants_;
  Router router_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Server> server_;
};

TEST_F(ScenariosTest, AreMadeListedChangedAndEnded) {
  put("", "urn:road:1", "Road", {{"lanes", int64_t{4}}});
  const std::string id = make(R"({"name":"호수 옆 탑","description":"40층","author":"Kim"})");
  EXPECT_TRUE(id.starts_with("scenario-"));
  EXPECT_TRUE(thread().find_branch(id));
  const std::string shown = ask("GET", "/api/scenarios/" + id, 200);
  EXPECT_THAT(shown, HasSubstr("호수 옆 탑"));
  EXPECT_THAT(shown, HasSubstr(R"("status":"draft")"));
  EXPECT_THAT(ask("GET", "/api/scenarios", 200), HasSubstr(id));
  EXPECT_THAT(ask("GET", "/api/scenarios?status=approved", 200), Not(HasSubstr(id)));
  ask("GET", "/api/scenarios?status=done", 400);
  EXPECT_THAT(ask("PATCH", "/api/scenarios/" + id, 200, R"({"name":"탑"})"), HasSubstr(R"("name":"탑")"));
  ask("PATCH", "/api/scenarios/" + id, 400, R"({"name":" "})");
  ask("PATCH", "/api/scenarios/" + id, 400, R"({"colour":"red"})");
  // Only its own door ends it, and no other door makes such a branch.
  ask("DELETE", "/api/branches/" + id, 409);
  ask("POST", "/api/branches", 400, R"({"name":"scenario-7"})");
  ask("DELETE", "/api/scenarios/" + id, 204);
  ask("GET", "/api/scenarios/" + id, 404);
  EXPECT_FALSE(thread().find_branch(id));
}

TEST_F(ScenariosTest, KeepWhoDecidedWhatAndWhen) {
  const std::string id = make();
  decide(id, "approved", 409);
  decide(id, "merged", 409);
  decide(id, "no such", 400);
  decide(id, "proposed");
  decide(id, "rejected");
  decide(id, "draft");
  approve(id);
  const std::string shown = ask("GET", "/api/scenarios/" + id, 200);
  simdjson::dom::parser parser;
  const auto scenario = parser.parse(shown);
  EXPECT_EQ(scenario["steps"].get_array().size(), 6u);
  EXPECT_EQ(scenario["steps"].at(0)["author"].get_string().value(), "Kim");
  EXPECT_EQ(scenario["steps"].at(5)["author"].get_string().value(), "Lee");
  EXPECT_EQ(scenario["steps"].at(5)["status"].get_string().value(), "approved");
  decide(id, "archived");
  decide(id, "draft");
}

TEST_F(ScenariosTest, RefuseWhatIsNoScenario) {
  for (const char* body : {"", "{", "[]", "7", R"({"name":""})", R"({"name":7})", R"({"description":"no name"})",
                           R"({"name":"a","at":"soon"})", R"({"name":"a","at":-3})", R"({"name":"a","name":"b"})",
                           R"({"name":"a","x":1})", "\xff\xfe"})
    ask("POST", "/api/scenarios", 400, body);
  ask("POST", "/api/scenarios", 400, R"({"name":")" + std::string(scenario_name_max + 1, 'x') + "\"}");
  ask("POST", "/api/scenarios", 413, R"({"name":")" + std::string(1u << 20, 'x') + "\"}");
  for (const char* path : {"/api/scenarios/none", "/api/scenarios/none/changes", "/api/scenarios/..%2f"})
    ask("GET", path, 404);
  const std::string id = make();
  ask("GET", "/api/scenarios/" + id + "/changes?limit=-1", 400);
  ask("GET", "/api/scenarios/" + id + "/changes?limit=1e99", 400);
  ask("GET", "/api/scenarios/" + id + "/changes?offset=9999999999999", 400);
  ask("POST", "/api/scenarios/" + id + "/revert", 400, R"({"entityId":"urn:cityloom:internal:scenario:x"})");
  ask("POST", "/api/scenarios/" + id + "/revert", 404, R"({"entityId":"urn:none"})");
  ask("POST", "/api/scenarios/" + id + "/comments", 400, R"({"text":"  "})");
}

TEST_F(ScenariosTest, TellChangesAttributeByAttribute) {
  put("", "urn:road:1", "Road", {{"lanes", int64_t{4}}, {"closed", false}, {"name", std::string("Olympic-ro")}});
  put("", "urn:old:1", "Building", {{"height", 12.5}});
  const std::string id = make();
  put("", "urn:road:1", "Road", {{"lanes", int64_t{9}}});  // main goes on: no change of the scenario
  put(id, "urn:road:1", "Road", {{"closed", true}, {"lanes", int64_t{4}}});
  put(id, "urn:tower:1", "Building", {{"height", 200.0}});
  remove(id, "urn:old:1");
  const std::string told = ask("GET", "/api/scenarios/" + id + "/changes", 200);
  simdjson::dom::parser parser;
  const auto page = parser.parse(told);
  EXPECT_EQ(page["count"].get_int64().value(), 3);
  const auto road = page["changes"].at(0);
  EXPECT_EQ(road["kind"].get_string().value(), "changed");
  EXPECT_EQ(road["name"]["value"].get_string().value(), "Olympic-ro");
  ASSERT_EQ(road["attributes"].get_array().size(), 1u) << told;  // lanes are as they were at the fork
  EXPECT_EQ(road["attributes"].at(0)["name"].get_string().value(), "closed");
  EXPECT_FALSE(road["attributes"].at(0)["before"]["value"].get_bool().value());
  EXPECT_TRUE(road["attributes"].at(0)["after"]["value"].get_bool().value());
  EXPECT_EQ(page["changes"].at(1)["kind"].get_string().value(), "created");
  EXPECT_EQ(page["changes"].at(2)["kind"].get_string().value(), "deleted");
  const std::string part = ask("GET", "/api/scenarios/" + id + "/changes?offset=1&limit=1", 200);
  EXPECT_THAT(part, HasSubstr("urn:tower:1"));
  EXPECT_THAT(part, HasSubstr(R"("next":2)"));
  EXPECT_THAT(part, Not(HasSubstr("urn:road:1")));
}

TEST_F(ScenariosTest, TakeBackOneChange) {
  put("", "urn:road:1", "Road", {{"lanes", int64_t{4}}});
  put("", "urn:old:1", "Building", {{"height", 12.5}});
  const std::string id = make();
  put(id, "urn:road:1", "Road", {{"closed", true}, {"lanes", int64_t{2}}});
  put(id, "urn:tower:1", "Building", {{"height", 200.0}});
  remove(id, "urn:old:1");
  for (const char* entity : {"urn:road:1", "urn:tower:1", "urn:old:1"}) {
    EXPECT_THAT(ask("GET", "/api/scenarios/" + id + "/changes", 200), HasSubstr(entity));
    ask("POST", "/api/scenarios/" + id + "/revert", 204, R"({"entityId":")" + std::string(entity) + "\"}");
    EXPECT_THAT(ask("GET", "/api/scenarios/" + id + "/changes", 200), Not(HasSubstr(entity)));
  }
  EXPECT_THAT(ask("GET", "/api/scenarios/" + id + "/changes", 200), HasSubstr(R"("count":0)"));
  approve(id);
  ask("POST", "/api/scenarios/" + id + "/revert", 409, R"({"entityId":"urn:road:1"})");
}

TEST_F(ScenariosTest, BringADecidedPlanToMain) {
  put("", "urn:road:1", "Road", {{"lanes", int64_t{4}}, {"closed", false}});
  put("", "urn:old:1", "Building", {{"height", 12.5}});
  const std::string id = make();
  put(id, "urn:road:1", "Road", {{"closed", true}});
  put(id, "urn:tower:1", "Building", {{"height", 200.0}});
  put(id, "urn:ngsi-ld:RasterLayer:flood", "RasterLayer", {{"unit", std::string("MTR")}});
  remove(id, "urn:old:1");
  ask("POST", "/api/scenarios/" + id + "/merge", 409, "{}");  // not approved yet
  approve(id);
  put("", "urn:road:1", "Road", {{"lanes", int64_t{9}}});  // another attribute of main goes its own way
  EXPECT_THAT(ask("POST", "/api/scenarios/" + id + "/merge", 200, R"({"author":"Lee"})"),
              HasSubstr(R"("status":"merged")"));
  const auto main = thread().snapshot();
  const auto tower = main.find("urn:tower:1").value().unpack();
  ASSERT_NE(tower.find(term("planned")), nullptr);
  EXPECT_EQ(std::get<std::string>(tower.find(term("planned"))->value), "create");
  EXPECT_EQ(std::get<std::string>(tower.find(term("planned"))->members.at(0).value), id);
  const auto road = main.find("urn:road:1").value().unpack();
  EXPECT_TRUE(std::get<bool>(road.find(term("closed"))->value));
  EXPECT_EQ(road.find(term("closed"))->members.size(), 2u);  // the scenario, and what was replaced
  EXPECT_EQ(std::get<int64_t>(road.find(term("lanes"))->value), 9);
  const auto old = main.find("urn:old:1").value();
  ASSERT_TRUE(old.exists());
  EXPECT_EQ(std::get<std::string>(old.unpack().find(term("planned"))->value), "remove");
  EXPECT_FALSE(main.find("urn:ngsi-ld:RasterLayer:flood").value().exists());
  ask("POST", "/api/scenarios/" + id + "/merge", 409, "{}");
  ask("DELETE", "/api/scenarios/" + id, 409);
  decide(id, "draft", 409);
  decide(id, "archived");
  decide(id, "draft", 409);
}

TEST_F(ScenariosTest, RefuseToMergeWhatMainHasChanged) {
  put("", "urn:road:1", "Road", {{"lanes", int64_t{4}}});
  put("", "urn:old:1", "Building", {{"height", 12.5}});
  const std::string id = make();
  put(id, "urn:road:1", "Road", {{"lanes", int64_t{2}}});
  put(id, "urn:tower:1", "Building", {{"height", 200.0}});
  put(id, "urn:old:1", "Building", {{"height", 15.0}});
  approve(id);
  put("", "urn:road:1", "Road", {{"lanes", int64_t{6}}});
  put("", "urn:tower:1", "Building", {{"height", 3.0}});
  remove("", "urn:old:1");
  const auto head = thread().head();
  const std::string told = ask("POST", "/api/scenarios/" + id + "/merge", 409, "{}");
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse(told)["conflicts"].get_array().size(), 3u) << told;
  EXPECT_EQ(parser.parse(told)["conflicts"].at(0)["attribute"].get_string().value(), "lanes");
  EXPECT_EQ(thread().head(), head);  // nothing at all was written
}

TEST_F(ScenariosTest, MergeWhatWasApprovedAndNothingMore) {
  const std::string id = make();
  put(id, "urn:tower:1", "Building", {{"height", 200.0}});
  approve(id);
  put(id, "urn:tower:1", "Building", {{"height", 400.0}});
  EXPECT_THAT(ask("POST", "/api/scenarios/" + id + "/merge", 409, "{}"),
              HasSubstr("changed after it had been approved"));
  decide(id, "draft");
  approve(id);
  ask("POST", "/api/scenarios/" + id + "/merge", 200, "{}");
}

TEST_F(ScenariosTest, LeaveResultsOfRunsOutOfThePlan) {
  put("", "urn:house:1", "Building", {{"height", 12.5}});
  const std::string id = make();
  put(id, "urn:tower:1", "Building", {{"height", 200.0}});
  approve(id);
  put(id, "urn:ngsi-ld:ModelRun:job-1", "ModelRun", {{"model", std::string("flood")}});
  put(id, "urn:ngsi-ld:RasterLayer:job-1-depth", "RasterLayer", {{"unit", std::string("MTR")}});
  for (const char* entity : {"urn:house:1", "urn:tower:1"}) {
    Change change;
    change.kind = Change::Kind::append;
    change.entity_id = entity;
    twin::Attribute depth, run;
    depth.name = term("floodDepth");
    depth.value = 0.7;
    run.name = term("modelRun");
    run.kind = twin::AttributeKind::relationship;
    run.value = std::string("urn:ngsi-ld:ModelRun:job-1");
    depth.members = {run};
    change.attributes = {depth};
    append(id, std::move(change));
  }
  const std::string told = ask("GET", "/api/scenarios/" + id + "/changes", 200);
  EXPECT_THAT(told, HasSubstr(R"("count":1)"));
  EXPECT_THAT(told, Not(HasSubstr("floodDepth")));
  ask("POST", "/api/scenarios/" + id + "/merge", 200, "{}");
  EXPECT_FALSE(thread().snapshot().find("urn:tower:1").value().has_attribute(term("floodDepth")));
  EXPECT_FALSE(thread().snapshot().find("urn:house:1").value().has_attribute(term("floodDepth")));
}

TEST_F(ScenariosTest, HoldCommentsInTheirOrder) {
  const std::string id = make();
  for (int i = 0; i < 5; ++i)
    ask("POST", "/api/scenarios/" + id + "/comments", 201,
        R"({"text":"no )" + std::to_string(i) + R"(","author":"Park"})");
  const std::string shown = ask("GET", "/api/scenarios/" + id, 200);
  simdjson::dom::parser parser;
  const auto comments = parser.parse(shown)["comments"];
  ASSERT_EQ(comments.get_array().size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(comments.at(i)["text"].get_string().value(), "no " + std::to_string(i));
}

TEST_F(ScenariosTest, BelongToTheirTenant) {
  const std::string header = "NGSILD-Tenant: other\r\n";
  const std::string id = text_in(ask("POST", "/api/scenarios", 201, R"({"name":"Plan"})", header), "id");
  ask("GET", "/api/scenarios/" + id, 404);
  ask("GET", "/api/scenarios/" + id, 200, {}, header);
  EXPECT_THAT(ask("GET", "/api/scenarios", 200), Not(HasSubstr(id)));
}

TEST_F(ScenariosTest, AreNotOfTheCity) {
  make();
  EXPECT_THAT(ask("GET", "/api/summary", 200), Not(HasSubstr("Scenario")));
  EXPECT_THAT(ask("GET", "/api/search?q=scenario", 200), Not(HasSubstr("internal")));
}

}  // namespace
}  // namespace cityloom::serve
