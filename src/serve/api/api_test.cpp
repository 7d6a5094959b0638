// Cityloom's own doors over a real server and a real record in memory.
#include "serve/api/api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "serve/api/console_path.hpp"
#include "serve/api/doors.hpp"
#include "serve/client_test.hpp"
#include "serve/golden_test.hpp"
#include "space/objects/objects.hpp"
#include "space/roads.hpp"
#include "space/tiles/tiles.hpp"
#include "space/vector/vector_tiles.hpp"
#include "store/store.hpp"

namespace cityloom::serve {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

/// One tile, to see what the door does with it.
class OneTile final : public space::CityTiles {
 public:
  bool ready() const override { return true; }
  base::Result<space::ContentPointer> find(const space::TileRequest& request) override {
    if (request.as_of) {
      return std::make_shared<const space::TileContent>(
          space::TileContent{"application/json", "as of " + std::to_string(request.as_of->number), "\"t2\""});
    }
    if (request.path != "14/1/2.glb" || request.layer != "buildings")
      return base::fail(base::Code::not_found, "no such tile", std::string(request.path));
    return std::make_shared<const space::TileContent>(
        space::TileContent{"model/gltf-binary", std::string("glTF\0x", 6), "\"t1\""});
  }
  base::Status wait_for(thread::Offset, int64_t) override { return {}; }
  Counts counts(std::string_view) const override { return {}; }
};

/// A library of one kind.
space::ObjectLibrary some_objects() {
  space::ObjectDeclarations declarations;
  const auto status = space::read_objects("test.yaml", R"(
categories: {furniture: {ko: 가로 시설물, en: Street furniture}}
materials: {wood: {colour: '#9a6b3f'}}
kinds:
  block:
    category: furniture
    name: {ko: 블록, en: Block}
    standard: None
    parameters:
      width: {name: {ko: 폭, en: Width}, unit: MTR, default: 1, min: 0.5, max: 2, step: 0.1}
      top: {name: {ko: 덮개, en: Top}, default: true}
    size: [width, 1, 1]
    solids: [{box: {size: [width, 1, 1], colour: wood}}]
placing: [{type: PointOfInterest, category: bench, kind: block, parameters: {width: '2'}}]
)",
                                          declarations);
  EXPECT_TRUE(status.ok()) << status.error().text();
  return space::ObjectLibrary(std::move(declarations));
}

class ApiTest : public testing::Test {
 protected:
  ApiTest() : folder_(std::filesystem::temp_directory_path() / ("cityloom-api-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_ / "assets");
    std::ofstream(folder_ / "index.html") << "<html>console</html>";
    std::ofstream(folder_ / "assets/index-4f9Xb1Qz.js") << std::string(200'000, 'j');
    auto thread = thread::Thread::open(store::make_memory_store(), clock_);
    EXPECT_TRUE(thread.ok());
    tenants_ = std::make_unique<Tenants>(
        std::move(*thread),
        [this](std::string_view) { return thread::Thread::open(store::make_memory_store(), clock_); },
        std::vector<std::string>{}, Tenants::Options{2});
  }
  ~ApiTest() override {
    server_.reset();
    api_.reset();
    vector_tiles_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start(ServerOptions options = {}) {
    ApiServices services;
    services.tenants = tenants_.get();
    services.clock = &clock_;
    services.gate = gate_.get();
    services.tiles = &tile_;
    services.objects = &objects_;
    vector_tiles_ = space::VectorTiles::of(tenants_->main());
    services.vector_tiles = vector_tiles_.get();
    services.console_folder = folder_.string();
    services.city_name = "seoul-jamsil";
    services.bench = true;
    services.import = [this](std::string_view name, std::string_view bytes, const space::ImportOptions& options,
                             thread::Thread&, thread::BranchId) -> base::Result<space::ImportReport> {
      if (name == "endless.osm") return import_until_stopped(options);
      if (!name.ends_with(".osm")) return base::fail(base::Code::unsupported, "not a kind of file that is known");
      space::ImportReport report;
      report.imported = bytes.size();
      report.entities = {{"Building", 2}};
      report.warnings = {{std::string(name), "way/1", "not closed"}};
      report.warnings_count = 1;
      return report;
    };
    services.link_status = [this] { return links_; };
    services.link_push = [](std::string_view name, std::string payload, const std::function<void(base::Status)>& done) {
      if (name != "doors") return done(base::fail(base::Code::not_found, "there is no such link", std::string(name)));
      if (payload == "full") return done(base::fail(base::Code::busy, "the mailbox is full"));
      done(payload == "bad" ? base::Status(base::fail(base::Code::invalid, "no field 'id'")) : base::Status());
    };
    api_ = std::make_unique<Api>(router_, std::move(services));
    options.port = 0;
    server_ = std::move(*Server::start(router_, *gate_, options));
    api_->set_server(*server_);
  }
  base::Result<space::ImportReport> import_until_stopped(const space::ImportOptions& options) {
    ++imports_;
    while (!options.stop.stop_requested()) {
      options.progress({"endless.osm", 10, 100, 7});
      std::this_thread::yield();
    }
    --imports_;
    return base::fail(base::Code::cancelled, "The import was stopped");
  }
  /// Returns when as many imports are under way.
  void wait_for_imports(int count) {
    while (imports_ != count) std::this_thread::yield();
  }
  uint16_t port() const { return server_->port(); }
  thread::Thread& thread() { return tenants_->main(); }

  twin::Term term(const std::string& name) { return *thread().terms().intern(vocabulary + name); }

  twin::Attribute attribute(const std::string& name, twin::Value value) {
    twin::Attribute result;
    result.name = name == "location" ? twin::terms::location : term(name);
    result.value = std::move(value);
    if (name == "location") result.kind = twin::AttributeKind::geo_property;
    return result;
  }

  thread::Offset put(const std::string& id, const std::string& type, std::vector<twin::Attribute> attributes,
                     thread::BranchId branch = thread::main_branch) {
    thread::Change change;
    change.entity_id = id;
    change.types = {term(type)};
    change.attributes = std::move(attributes);
    thread::ChangeSet set;
    set.branch = branch;
    set.changes.push_back(std::move(change));
    const auto outcomes = thread().append(std::move(set));
    EXPECT_TRUE(outcomes.ok() && outcomes->front().ok());
    return outcomes->front()->offset;
  }

  void remove(const std::string& id) {
    thread::Change change;
    change.kind = thread::Change::Kind::remove;
    change.entity_id = id;
    thread::ChangeSet set;
    set.changes.push_back(std::move(change));
    EXPECT_TRUE(thread().append(std::move(set)).ok());
  }

  twin::Attribute names(const std::string& json) {
    twin::Attribute result = attribute("name", twin::Json{json});
    result.kind = twin::AttributeKind::language_property;
    return result;
  }
  static twin::Value at(double longitude, double latitude) {
    return twin::Geometry::point(*twin::Position::make(longitude, latitude));
  }

  /// A small city: two buildings with names, a sensor far away.
  void build() {
    put("urn:ngsi-ld:Building:1", "Building",
        {names(R"({"ko":"잠실 롯데월드타워","en":"Lotte World Tower"})"),
         attribute("location", at(127.1025, 37.5126))});
    put("urn:ngsi-ld:Building:2", "Building",
        {names(R"({"@none":"올림픽공원"})"), attribute("location", at(127.1215, 37.5206))});
    put("urn:ngsi-ld:Sensor:9", "AirQualityObserved",
        {attribute("pm25", int64_t{17}), attribute("location", at(-118.2, 34.05))});
    follow();
  }
  /// Waits until the names are searched as recorded.
  void follow() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto metrics = TestClient(port()).ask("GET", "/api/summary");
      if (metrics && metrics->body.find("\"city\":null") == std::string::npos) return;
      std::this_thread::yield();
    }
  }

  base::ManualClock clock_{*base::Instant::parse("2026-11-22T08:00:00Z")};
  std::filesystem::path folder_;
  std::unique_ptr<trust::Gate> gate_ = trust::make_open_gate();
  OneTile tile_;
  space::ObjectLibrary objects_ = some_objects();
  std::unique_ptr<space::VectorTiles> vector_tiles_;
  std::vector<link::LinkStatus> links_;
  std::atomic<int> imports_ = 0;  // endless ones, under way
  std::unique_ptr<Tenants> tenants_;
  Router router_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Server> server_;
};

TEST_F(ApiTest, GoldenExchanges) {
  link::LinkStatus status;
  status.name = "doors";
  status.kind = "push";
  status.state = link::State::running;
  status.refusals = {{clock_.now(), "no field 'id'", "{}"}};
  links_.push_back(status);
  start();
  build();
  play_golden("src/serve/golden/api.txt", port());
}

TEST_F(ApiTest, EveryRouteAsksTheGate) {
  gate_ = trust::make_closed_gate("nobody may");
  start();
  TestClient client(port());
  ASSERT_GT(router_.routes().size(), 12u);
  for (const auto& each : router_.routes()) {
    const auto response = client.ask(name_of(each->method), each->path == "/" ? "/" : each->path);
    ASSERT_TRUE(response) << each->path;
    EXPECT_EQ(response->status, 403) << each->path;
    EXPECT_THAT(response->body, HasSubstr("nobody may"));
  }
}

TEST_F(ApiTest, TheDescriptionHoldsEveryRouteAndEveryReferenceLeadsSomewhere) {
  start();
  const auto response = TestClient(port()).ask("GET", "/openapi.json");
  simdjson::dom::parser parser;
  const simdjson::dom::element document = parser.parse(response->body);
  int routes = 0;
  for (const auto& route : router_.routes()) {
    if (route->hidden) continue;
    std::string path = route->path;
    if (const size_t star = path.find("*}"); star != std::string::npos) path.erase(star, 1);
    std::string method(name_of(route->method));
    for (char& c : method) c = static_cast<char>(c + 32);
    EXPECT_EQ(document["paths"][path][method]["operationId"].get_string().value(), route->operation_id);
    ++routes;
  }
  const simdjson::dom::object paths = document["paths"].get_object().value();
  for (const auto& [path, methods] : paths) {
    const simdjson::dom::object operations = methods.get_object().value();
    routes -= static_cast<int>(operations.size());
  }
  EXPECT_EQ(routes, 0) << "the description has more doors than there are";
  const std::string& text = response->body;
  const std::string mark = "\"$ref\":\"#/components/schemas/";
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const size_t begin = at + mark.size();
    const std::string name = text.substr(begin, text.find('"', begin) - begin);
    EXPECT_TRUE(document["components"]["schemas"][name].is_object()) << name;
  }
}

TEST_F(ApiTest, FindsNamesInAnyLanguageIdsAndTypes) {
  start();
  build();
  TestClient client(port());
  EXPECT_THAT(client.ask("GET", "/api/search?q=%EC%9E%A0%EC%8B%A4")->body, HasSubstr("Building:1"));
  EXPECT_THAT(client.ask("GET", "/api/search?q=LOTTE")->body, HasSubstr("Building:1"));
  // In parts, as some systems type it: ㅇㅗㄹ... as conjoining letters.
  EXPECT_THAT(client.ask("GET", "/api/search?q=%E1%84%8B%E1%85%A9%E1%86%AF%E1%84%85%E1%85%B5%E1%86%B7")->body,
              HasSubstr("Building:2"));
  EXPECT_THAT(client.ask("GET", "/api/search?q=Sensor:9")->body, HasSubstr("Sensor:9"));
  EXPECT_THAT(client.ask("GET", "/api/search?q=airqualityobserved")->body, HasSubstr("Sensor:9"));
  EXPECT_THAT(client.ask("GET", "/api/search?q=nothing+such")->body, testing::StrEq("{\"results\":[]}"));
  EXPECT_EQ(client.ask("GET", "/api/search?q=")->status, 400);
  EXPECT_EQ(client.ask("GET", "/api/search?q=a&limit=0")->status, 400);
  EXPECT_EQ(client.ask("GET", "/api/search?q=a&asOf=yesterday")->status, 400);
  EXPECT_EQ(client.ask("GET", "/api/search?q=a&branch=none")->status, 404);
}

TEST_F(ApiTest, WhatTheHubKeepsForItselfIsNotOfTheCity) {
  thread::Change own;
  own.entity_id = "urn:cityloom:internal:model:pump";
  own.types = {thread().terms().intern("urn:cityloom:type:Model").value()};
  thread::ChangeSet set;
  set.changes.push_back(std::move(own));
  ASSERT_TRUE(thread().append(std::move(set)).ok());
  put("urn:ngsi-ld:Pump:1", "Pump", {});
  start();
  TestClient client(port());
  const auto summary = client.ask("GET", "/api/summary")->body;
  EXPECT_THAT(summary, HasSubstr("Pump"));
  EXPECT_THAT(summary, Not(HasSubstr("cityloom:type")));
  for (const char* text : {"cityloom:internal", "urn:cityloom:internal:model:pump", "urn:cityloom:type:Model"})
    EXPECT_EQ(client.ask("GET", std::string("/api/search?q=") + text)->body, "{\"results\":[]}");
}

TEST_F(ApiTest, FindsIdsInPartAsTheyComeAndGo) {
  start();
  TestClient client(port());
  for (int i = 0; i < 30; ++i) put("urn:ngsi-ld:Pump:north-" + std::to_string(i), "Pump", {});
  const std::string nothing = "{\"results\":[]}";
  // The list follows the record.
  const auto finds = [&](const std::string& text, bool wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
      if ((client.ask("GET", "/api/search?q=" + text)->body != nothing) == wanted) return true;
      std::this_thread::yield();
    }
    return false;
  };
  EXPECT_TRUE(finds("ump:north-29", true));
  EXPECT_THAT(client.ask("GET", "/api/search?q=north-2&limit=100")->body, HasSubstr("Pump:north-20"));
  EXPECT_FALSE(client.ask("GET", "/api/search?q=north%0Aurn")->body != nothing);
  remove("urn:ngsi-ld:Pump:north-7");
  EXPECT_TRUE(finds("ump:north-7", false));
  put("urn:ngsi-ld:Pump:north-7", "Pump", {});
  EXPECT_TRUE(finds("ump:north-7", true));
}

TEST_F(ApiTest, SearchesThePastAndBranches) {
  start();
  build();
  const thread::Offset before = thread().head();
  put("urn:ngsi-ld:Building:1", "Building", {names(R"({"ko":"새 이름"})")});
  TestClient client(port());
  const std::string past = "&asOf=" + std::to_string(before.number);
  EXPECT_THAT(client.ask("GET", "/api/search?q=lotte" + past)->body, HasSubstr("Building:1"));
  const auto plan = thread().fork("plan");
  ASSERT_TRUE(plan.ok());
  put("urn:ngsi-ld:Building:7", "Building", {names(R"({"en":"Planned hall"})")}, *plan);
  EXPECT_THAT(client.ask("GET", "/api/search?q=planned&branch=plan")->body, HasSubstr("Building:7"));
  EXPECT_THAT(client.ask("GET", "/api/search?q=planned")->body, Not(HasSubstr("Building:7")));
}

TEST_F(ApiTest, TilesAreThoseOfTheMomentAskedFor) {
  start();
  build();
  const thread::Offset before = thread().head();
  put("urn:ngsi-ld:Building:1", "Building", {names(R"({"ko":"새 이름"})")});
  TestClient client(port());
  const std::string door = "/tiles/buildings/tileset.json?asOf=", then = std::to_string(before.number);
  EXPECT_EQ(client.ask("GET", door + then)->body, "as of " + then);
  EXPECT_EQ(client.ask("GET", door + "2200-01-01T00:00:00Z")->body, "as of " + std::to_string(thread().head().number));
  EXPECT_EQ(client.ask("GET", door + "1970-01-01T00:00:00Z")->body, "as of 0");
  EXPECT_EQ(client.ask("GET", door + "yesterday")->status, 400);
  EXPECT_EQ(client.ask("GET", door + then + "&branch=plan")->status, 501);
}

TEST_F(ApiTest, StreamsChangesAndResumes) {
  start();
  put("urn:a", "Sensor", {attribute("pm25", int64_t{1})});
  TestClient client(port());
  client.send("GET /api/stream?type=Sensor HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = client.read_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("Content-Type"), "text/event-stream");
  EXPECT_EQ(client.read_line(), "retry: 2000");
  EXPECT_EQ(client.read_line(), "");
  put("urn:b", "Building", {});
  const thread::Offset second = put("urn:a", "Sensor", {attribute("pm25", int64_t{2})});
  std::optional<std::string> line;
  do {
    line = client.read_line();
  } while (line && (line->empty() || *line == ":"));
  EXPECT_EQ(line, "event: change");
  EXPECT_EQ(client.read_line(), "id: " + std::to_string(second.number));
  EXPECT_EQ(client.read_line(),
            "data: {\"offset\":" + std::to_string(second.number) +
                ",\"recordedAt\":\"2026-11-22T08:00:00Z\",\"branch\":\"main\",\"entities\":[{\"id\":\"urn:a\","
                "\"type\":[\"Sensor\"],\"attributes\":{\"pm25\":{\"value\":2}},\"deleted\":false}]}");
  remove("urn:a");
  TestClient again(port());
  again.send("GET /api/stream?from=0 HTTP/1.1\r\nHost: x\r\nLast-Event-ID: " + std::to_string(second.number) +
             "\r\n\r\n");
  ASSERT_TRUE(again.read_head());
  std::string heard;
  while (heard.find("deleted\":true") == std::string::npos) {
    const auto next = again.read_line();
    ASSERT_TRUE(next);
    heard += *next + "\n";
  }
  EXPECT_THAT(heard, HasSubstr("urn:a"));
  EXPECT_THAT(heard, HasSubstr("\"type\":[\"Sensor\"]"));
  EXPECT_THAT(heard, Not(HasSubstr("\"value\":2")));
  EXPECT_EQ(TestClient(port()).ask("GET", "/api/stream?from=x")->status, 400);
}

/// Says no where an entity is secret.
class SecretGate final : public trust::Gate {
 public:
  trust::Decision decide(const trust::Subject&, trust::Action, const trust::Resource& resource) const override {
    return {resource.entity_id != "urn:secret", "it is secret"};
  }
};

TEST_F(ApiTest, AStreamAsksTheGateForEachEntity) {
  gate_ = std::make_unique<SecretGate>();
  start();
  put("urn:secret", "Sensor", {});
  put("urn:open", "Sensor", {});
  TestClient client(port());
  client.send("GET /api/stream?from=0 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_head());
  std::string heard;
  while (heard.find("urn:open") == std::string::npos) {
    const auto next = client.read_line();
    ASSERT_TRUE(next);
    heard += *next;
  }
  EXPECT_THAT(heard, Not(HasSubstr("urn:secret")));
}

TEST_F(ApiTest, TellsAReaderThatIsTooFarBehind) {
  start();
  thread::ChangeSet set;
  for (int i = 0; i < 10'050; ++i) {
    thread::Change change;
    change.entity_id = "urn:s";
    change.types = {term("Sensor")};
    change.attributes = {attribute("pm25", int64_t{i})};
    thread::ChangeSet one;
    one.changes = {change};
    thread().submit(std::move(one), [](base::Result<thread::Outcomes>) {});
  }
  put("urn:last", "Sensor", {});
  TestClient client(port());
  client.send("GET /api/stream?from=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_head());
  client.read_line();
  client.read_line();
  EXPECT_EQ(client.read_line(), "event: lag");
  const std::string head = std::to_string(thread().head().number);
  EXPECT_EQ(client.read_line(), "id: " + head);
  EXPECT_EQ(client.read_line(), "data: {\"from\":1,\"to\":" + head + "}");
}

TEST_F(ApiTest, AStreamThatNobodyReadsHoldsNothing) {
  ServerOptions options;
  options.write_timeout_ms = 200;
  start(options);
  TestClient client(port());
  client.stop_reading();
  client.send("GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_head());
  const std::string text(60'000, 't');
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  int round = 0;
  while (server_->status().streams != 0 && std::chrono::steady_clock::now() < deadline) {
    put("urn:s", "Sensor", {attribute("text", text + std::to_string(round++))});
  }
  EXPECT_EQ(server_->status().streams, 0u);
}

TEST_F(ApiTest, ForksAndDropsBranches) {
  start();
  build();
  TestClient client(port());
  EXPECT_EQ(client.ask("POST", "/api/branches", R"({"name":"plan"})")->status, 201);
  EXPECT_EQ(client.ask("POST", "/api/branches", R"({"name":"plan"})")->status, 409);
  EXPECT_EQ(client.ask("POST", "/api/branches", R"({"name":"old","at":1})")->status, 201);
  EXPECT_EQ(client.ask("POST", "/api/branches", R"({"name":"x","from":"none"})")->status, 404);
  EXPECT_EQ(client.ask("POST", "/api/branches", R"({"nome":"x"})")->status, 400);
  EXPECT_EQ(client.ask("POST", "/api/branches", "[]")->status, 400);
  EXPECT_THAT(client.ask("GET", "/api/branches")->body, HasSubstr(R"("name":"old","from":"main","at":1)"));
  EXPECT_EQ(client.ask("DELETE", "/api/branches/plan")->status, 204);
  EXPECT_EQ(client.ask("DELETE", "/api/branches/plan")->status, 404);
}

TEST_F(ApiTest, ServesTheConsoleAndNothingBesideIt) {
  start();
  std::ofstream(folder_.parent_path() / "cityloom-secret.txt") << "secret";
  TestClient client(port());
  const auto page = client.ask("GET", "/console/");
  EXPECT_EQ(page->body, "<html>console</html>");
  EXPECT_EQ(page->header("Cache-Control"), "no-cache");
  EXPECT_EQ(client.ask("GET", "/console/", {}, "If-None-Match: " + page->header("ETag") + "\r\n")->status, 304);
  EXPECT_EQ(client.ask("GET", "/console/view/of/something")->body, "<html>console</html>");
  const auto script = client.ask("GET", "/console/assets/index-4f9Xb1Qz.js");
  EXPECT_EQ(script->body.size(), 200'000u);
  EXPECT_THAT(script->header("Cache-Control"), HasSubstr("immutable"));
  EXPECT_EQ(client.ask("HEAD", "/console/assets/index-4f9Xb1Qz.js")->header("Content-Length"), "200000");
  for (const char* path :
       {"/console/../cityloom-secret.txt", "/console/..%2fcityloom-secret.txt", "/console/%2e%2e/cityloom-secret.txt",
        "/console/.hidden.txt", "/console/assets/none.js", "/console//etc/passwd", "/console/assets%5c..%5cx.txt"}) {
    EXPECT_EQ(client.ask("GET", path)->status, 404) << path;
  }
  EXPECT_EQ(client.ask("GET", "/")->header("Location"), "/console/");
  std::filesystem::remove(folder_.parent_path() / "cityloom-secret.txt");
}

TEST_F(ApiTest, CountsWhatItDoes) {
  start();
  build();
  TestClient client(port());
  client.ask("GET", "/health");
  client.ask("GET", "/nothing");
  const auto metrics = client.ask("GET", "/metrics");
  EXPECT_THAT(metrics->body, HasSubstr("cityloom_record_entities{tenant=\"main\"} 3"));
  EXPECT_THAT(metrics->body, HasSubstr("cityloom_http_requests_total{route=\"getHealth\",status=\"2xx\"} 1"));
  EXPECT_THAT(metrics->body, HasSubstr("cityloom_http_requests_total{route=\"none\",status=\"4xx\"} 1"));
  EXPECT_THAT(metrics->body,
              HasSubstr("cityloom_http_request_duration_seconds_bucket{route=\"getHealth\",le=\"+Inf\"} 1"));
}

TEST_F(ApiTest, AnswersFixedBodiesOnlyWhenAsked) {
  start();
  TestClient client(port());
  EXPECT_EQ(client.ask("GET", "/bench/fixed/1024")->body.size(), 1'024u);
  EXPECT_EQ(client.ask("GET", "/bench/fixed/99999999999")->status, 400);
}

TEST_F(ApiTest, TellsHowFarImportsAreAndEndsThem) {
  start();
  TestClient importing(port());
  importing.send("POST /api/import?name=endless.osm&id=mine HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  wait_for_imports(1);
  TestClient client(port());
  std::string told;
  do told = client.ask("GET", "/api/imports")->body;
  while (told.find(R"("bytesDone":0)") != std::string::npos);
  EXPECT_THAT(told, HasSubstr(R"({"imports":[{"id":"mine","name":"endless.osm","startedAt":")"));
  EXPECT_THAT(told, HasSubstr(R"("file":"endless.osm","bytesDone":10,"bytesTotal":100,"entities":7}]})"));
  EXPECT_EQ(client.ask("POST", "/api/import?name=endless.osm&id=mine")->status, 409);
  EXPECT_EQ(client.ask("POST", "/api/import?name=endless.osm&id=mine%20too")->status, 400);
  ASSERT_TRUE(tenants_->find_or_make("city_b").ok());
  EXPECT_EQ(client.ask("GET", "/api/imports", {}, "NGSILD-Tenant: city_b\r\n")->body, R"({"imports":[]})");
  EXPECT_EQ(client.ask("DELETE", "/api/imports/mine", {}, "NGSILD-Tenant: city_b\r\n")->status, 404);
  EXPECT_EQ(client.ask("DELETE", "/api/imports/mine")->status, 204);
  const auto answer = importing.read();
  EXPECT_EQ(answer->status, 503);
  EXPECT_THAT(answer->body, HasSubstr("The import was stopped"));
  EXPECT_EQ(client.ask("DELETE", "/api/imports/mine")->status, 404);
}

TEST_F(ApiTest, AnImportEndsWhenItsClientGoes) {
  start();
  auto importing = std::make_unique<TestClient>(port());
  importing->send("POST /api/import?name=endless.osm HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  wait_for_imports(1);
  importing.reset();
  wait_for_imports(0);
  while (server_->status().long_work != 0) std::this_thread::yield();
  EXPECT_EQ(TestClient(port()).ask("GET", "/api/imports")->body, R"({"imports":[]})");
}

TEST_F(ApiTest, TenantsAreApartAndLimited) {
  EXPECT_EQ(tenants_->find("city_b").error().code, base::Code::not_found);
  EXPECT_EQ(tenants_->find("../x").error().code, base::Code::invalid);
  EXPECT_EQ(tenants_->find("main").error().code, base::Code::invalid);
  const auto made = tenants_->find_or_make("city_b");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(*tenants_->find("city_b"), *made);
  EXPECT_NE(*made, &tenants_->main());
  EXPECT_TRUE(tenants_->find_or_make("city_c").ok());
  EXPECT_EQ(tenants_->find_or_make("city_d").error().code, base::Code::busy);
  start();
  TestClient client(port());
  EXPECT_EQ(client.ask("GET", "/api/summary", {}, "NGSILD-Tenant: city_b\r\n")->status, 200);
  EXPECT_EQ(client.ask("GET", "/api/summary", {}, "NGSILD-Tenant: city_z\r\n")->status, 404);
}

}  // namespace
}  // namespace cityloom::serve
