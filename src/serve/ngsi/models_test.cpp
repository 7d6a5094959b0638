// Data models over a restart, apart by tenant, and within their limits.
#include "serve/ngsi/models.hpp"

#include <gtest/gtest.h>

#include "serve/client_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"
#include "store/store.hpp"
#include "store/test_folder.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

constexpr std::string_view json_type = "Content-Type: application/json\r\n";
constexpr std::string_view tree =
    R"({"schema": {"properties": {"height": {"type": "number", "minimum": 0}}}, "type": "Tree"})";
constexpr std::string_view bad_tree =
    R"({"id": "urn:t:1", "type": "Tree", "height": {"type": "Property", "value": -3}})";

int ask(HubServer& hub, std::string_view method, std::string_view target, std::string_view body = {},
        std::string_view headers = json_type) {
  hub.clock().advance_us(1'000);
  TestClient client(hub.port());
  const auto response = client.ask(method, target, body, headers);
  return response ? response->status : 0;
}

TEST(Models, StayOverARestartWithTheirPolicy) {
  const store::TemporaryFolder folder;
  {
    HubServer hub({}, store::open_embedded(folder.path()).value());
    ASSERT_EQ(ask(hub, "PUT", "/api/models/Tree/versions/1", tree), 201);
    ASSERT_EQ(ask(hub, "PUT", "/api/models/Tree/versions/2", tree), 201);
    ASSERT_EQ(ask(hub, "PATCH", "/api/models/Tree", R"({"activeVersion": "2", "mode": "strict", "interval_s": 60})"),
              204);
    EXPECT_EQ(ask(hub, "POST", "/ngsi-ld/v1/entities", bad_tree), 400);
  }
  HubServer hub({}, store::open_embedded(folder.path()).value());
  EXPECT_EQ(ask(hub, "POST", "/ngsi-ld/v1/entities", bad_tree), 400);
  TestClient client(hub.port());
  const auto model = client.ask("GET", "/api/models/Tree");
  ASSERT_TRUE(model);
  EXPECT_NE(model->body.find(R"("activeVersion":"2","mode":"strict","interval_s":60)"), std::string::npos)
      << model->body;
  EXPECT_EQ(ask(hub, "DELETE", "/api/models/Tree"), 204);
  EXPECT_EQ(ask(hub, "POST", "/ngsi-ld/v1/entities", bad_tree), 201);
}

TEST(Models, CountsStayOverARestart) {
  const store::TemporaryFolder folder;
  {
    HubServer hub({}, store::open_embedded(folder.path()).value());
    ASSERT_EQ(ask(hub, "PUT", "/api/models/Tree/versions/1", tree), 201);
    ASSERT_EQ(ask(hub, "PATCH", "/api/models/Tree", R"({"mode": "strict"})"), 204);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(hub, "POST", "/ngsi-ld/v1/entities", bad_tree), 400);
  }
  {
    // Every server of a test begins at the same time: another one shows that it is read.
    const base::SystemClock clock;
    const auto record = thread::Thread::open(store::open_embedded(folder.path()).value(), clock).value();
    EXPECT_TRUE(record->follower_offset("model writes since")->has_value());
    const base::Instant since = *base::Instant::parse("2026-07-01T00:00:00Z");
    ASSERT_TRUE(record->set_follower_offset("model writes since", {static_cast<uint64_t>(since.microseconds)}).ok());
  }
  for (const int times : {3, 4}) {
    HubServer hub({}, store::open_embedded(folder.path()).value());
    TestClient client(hub.port());
    const std::string body = client.ask("GET", "/api/quality")->body;
    EXPECT_NE(body.find(R"("countingSince":"2026-07-01T00:00:00Z")"), std::string::npos) << body;
    EXPECT_NE(body.find(R"_("source":"(earlier)")_"), std::string::npos) << body;
    EXPECT_NE(body.find("\"rejected\":" + std::to_string(times)), std::string::npos) << body;
    EXPECT_EQ(hub.api().model_writes().front().rejected, static_cast<uint64_t>(times));
    EXPECT_EQ(ask(hub, "POST", "/ngsi-ld/v1/entities", bad_tree), 400);
  }
}

// A program that is killed has kept what was counted up to some seconds before.
TEST(Models, CountsAreKeptWhileTheProgramRuns) {
  HubServer hub;
  ASSERT_EQ(ask(hub, "PUT", "/api/models/Tree/versions/1", tree), 201);
  ASSERT_EQ(ask(hub, "PATCH", "/api/models/Tree", R"({"mode": "strict"})"), 204);
  const std::string key = "model writes/rejected/https://uri.etsi.org/ngsi-ld/default-context/Tree";
  const auto kept = [&] {
    hub.api().sweep_expired();
    const auto found = hub.thread().follower_offset(key);
    return found.ok() && *found ? (*found)->number : 0;
  };
  EXPECT_EQ(kept(), 0u);
  EXPECT_EQ(ask(hub, "POST", "/ngsi-ld/v1/entities", bad_tree), 400);
  EXPECT_EQ(kept(), 1u);
  EXPECT_EQ(ask(hub, "POST", "/ngsi-ld/v1/entities", bad_tree), 400);
  EXPECT_EQ(kept(), 1u) << "seldom";
  hub.clock().advance_us(Models::keep_every_us);
  EXPECT_EQ(kept(), 2u);
}

TEST(Models, WarnInAFewHeaders) {
  HubServer hub;
  ASSERT_EQ(ask(hub, "PUT", "/api/models/Tree/versions/1", tree), 201);
  ASSERT_EQ(ask(hub, "PATCH", "/api/models/Tree", R"({"mode": "warn"})"), 204);
  std::string batch = "[";
  for (int i = 0; i < 30; ++i) {
    batch += i > 0 ? "," : "";
    batch +=
        R"({"id": "urn:t:)" + std::to_string(i) + R"(", "type": "Tree", "height": {"type": "Property", "value": -3}})";
  }
  TestClient client(hub.port());
  const auto response = client.ask("POST", "/ngsi-ld/v1/entityOperations/create", batch + "]", json_type);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  std::vector<std::string> warnings;
  for (const auto& [name, value] : response->headers) {
    if (name == "NGSILD-Warning") warnings.push_back(value);
  }
  ASSERT_EQ(warnings.size(), 21u);
  EXPECT_EQ(warnings.front(), R"(299 cityloom "urn:t:0 height: must be at least 0, is -3")");
  EXPECT_EQ(warnings.back(), R"(299 cityloom "and 10 more")");
  EXPECT_EQ(hub.api().model_writes().front().warned, 30u);
}

TEST(Models, AreOfOneTenant) {
  const base::SystemClock clock;
  const auto gate = trust::make_open_gate();
  const auto open = [&](std::string_view) { return thread::Thread::open(store::make_memory_store(), clock); };
  Tenants tenants(open({}).value(), open, {}, {});
  auto api = NgsiApi::open(tenants, *gate, clock).value();
  Router router;
  api->add_routes(router);
  ServerOptions options;
  options.port = 0;
  options.workers = 1;
  auto server = Server::start(router, *gate, options).value();
  TestClient client(server->port());
  const auto status = [&](std::string_view method, std::string_view target, std::string_view body,
                          std::string_view tenant) {
    const std::string headers = std::string(json_type) + std::string(tenant);
    const auto response = client.ask(method, target, body, headers);
    return response ? response->status : 0;
  };
  constexpr std::string_view harbour = "NGSILD-Tenant: harbour\r\n";
  EXPECT_EQ(status("PUT", "/api/models/Tree/versions/1", tree, harbour), 201);
  EXPECT_EQ(status("PATCH", "/api/models/Tree", R"({"mode": "strict"})", harbour), 204);
  EXPECT_EQ(status("POST", "/ngsi-ld/v1/entities", bad_tree, harbour), 400);
  EXPECT_EQ(status("POST", "/ngsi-ld/v1/entities", bad_tree, ""), 201);
  EXPECT_EQ(status("GET", "/api/models/Tree", "", ""), 404);
  server.reset();
  api.reset();
}

class ModelStoreTest : public testing::Test {
 protected:
  ModelStoreTest() : thread_(thread::Thread::open(store::make_memory_store(), clock_).value()) {
    tenant_.thread = thread_.get();
    tenant_.internal = intern_internal_terms(thread_->terms()).value();
  }

  static ModelVersion version(std::string name, std::string number, const std::string& type) {
    models::ModelText text;
    text.name = std::move(name);
    text.version = std::move(number);
    text.type = type;
    text.schema = "{}";
    const auto model =
        models::Model::make(text, [](std::string_view word) { return "urn:n:" + std::string(word); }).value();
    ModelVersion made;
    made.name = model.name;
    made.version = model.version;
    made.type = model.type;
    made.type_iri = model.type_iri;
    made.document = document_of(model, text.schema, {});
    return made;
  }

  base::ManualClock clock_{base::Instant::from_seconds(1)};
  std::unique_ptr<thread::Thread> thread_;
  TenantState tenant_;
};

TEST_F(ModelStoreTest, HasItsLimits) {
  ModelStoreOptions options;
  options.models_max = 2;
  options.versions_max = 2;
  options.bytes_max = 600;
  Models all(tenant_, clock_, options);
  ASSERT_TRUE(all.open().ok());
  ASSERT_TRUE(all.changes_for(version("A", "1", "A")).ok());
  ASSERT_TRUE(all.put(version("A", "1", "A")).ok());
  EXPECT_EQ(all.changes_for(version("A", "1", "A")).error().code, base::Code::already_exists);
  EXPECT_EQ(all.changes_for(version("A", "2", "B")).error().code, base::Code::conflict);
  EXPECT_EQ(all.changes_for(version("B", "1", "A")).error().code, base::Code::conflict);
  ASSERT_TRUE(all.put(version("A", "2", "A")).ok());
  EXPECT_EQ(all.changes_for(version("A", "3", "A")).error().code, base::Code::busy);
  ASSERT_TRUE(all.put(version("B", "1", "B")).ok());
  EXPECT_EQ(all.changes_for(version("C", "1", "C")).error().code, base::Code::busy);
  all.erase("B", "");
  ModelVersion large = version("B", "1", "B");
  large.document.append(600, ' ');
  EXPECT_EQ(all.changes_for(large).error().code, base::Code::busy);
}

TEST_F(ModelStoreTest, GuardsOnlyWhereAModelIsActive) {
  Models all(tenant_, clock_);
  ASSERT_TRUE(all.open().ok());
  EXPECT_EQ(all.guard(), nullptr);
  ASSERT_TRUE(all.put(version("A", "1", "A")).ok());
  ASSERT_NE(all.guard(), nullptr);
  EXPECT_EQ(all.guard()->models().size(), 1u);
  ASSERT_TRUE(all.set_policy("A", {}).ok());
  EXPECT_EQ(all.guard(), nullptr);
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
