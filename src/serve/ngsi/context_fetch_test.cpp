// Contexts fetched over HTTP: kept, never poisoned by a failure, never from a forbidden address.
#include <gtest/gtest.h>

#include <atomic>

#include "serve/client_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

// Serves one context; counts, and can be told to fail.
class ContextServer {
 public:
  ContextServer() : gate_(trust::make_open_gate()) {
    Route route;
    route.path = "/context.jsonld";
    route.operation_id = "context";
    route.handler = [this](const Request&, Reply reply) {
      ++asked;
      if (fails) return reply.send(Response::empty(500));
      reply.send(
          {200, "application/ld+json", {}, std::string(R"({"@context":{"Tree":"https://example.org/Tree"}})"), {}});
    };
    router_.add(std::move(route));
    Route moved;
    moved.path = "/moved.jsonld";
    moved.operation_id = "moved";
    moved.handler = [this](const Request&, Reply reply) {
      Response response = Response::empty(302);
      response.header("Location", moved_to);
      reply.send(std::move(response));
    };
    router_.add(std::move(moved));
    ServerOptions options;
    options.port = 0;
    options.workers = 1;
    server_ = std::move(Server::start(router_, *gate_, options)).value();
  }
  std::string url(std::string_view host = "127.0.0.1", std::string_view path = "/context.jsonld") const {
    return "http://" + std::string(host) + ":" + std::to_string(server_->port()) + std::string(path);
  }

  std::atomic<int> asked{0};
  std::atomic<bool> fails{false};
  std::string moved_to;  // set while nobody asks

 private:
  std::unique_ptr<trust::Gate> gate_;
  Router router_;
  std::unique_ptr<Server> server_;
};

int create_tree(HubServer& hub, const std::string& context, int number) {
  TestClient client(hub.port());
  const std::string body = R"({"id":"urn:ngsi-ld:Tree:)" + std::to_string(number) + R"(","type":"Tree"})";
  const auto response = client.ask(
      "POST", "/ngsi-ld/v1/entities", body,
      "Content-Type: application/json\r\nLink: <" + context + ">; rel=\"http://www.w3.org/ns/json-ld#context\"\r\n");
  return response ? response->status : 0;
}

int create_tree(HubServer& hub, const ContextServer& contexts, int number) {
  return create_tree(hub, contexts.url(), number);
}

TEST(ContextFetch, HappensOnceAndGivesNamesTheirMeaning) {
  ContextServer contexts;
  NgsiOptions options;
  options.context_addresses = {"127.0.0.1"};
  HubServer hub(options);
  EXPECT_EQ(create_tree(hub, contexts, 1), 201);
  EXPECT_EQ(create_tree(hub, contexts, 2), 201);
  EXPECT_EQ(contexts.asked, 1);
  const std::string tree = hub.ask("GET", "/entities/urn:ngsi-ld:Tree:2", 200);
  EXPECT_NE(tree.find("https://example.org/Tree"), std::string::npos) << tree;
  const std::string listed = hub.ask("GET", "/jsonldContexts?kind=Cached", 200);
  EXPECT_NE(listed.find(contexts.url()), std::string::npos) << listed;
}

TEST(ContextFetch, IsNotPoisonedByAFailure) {
  ContextServer contexts;
  contexts.fails = true;
  NgsiOptions options;
  options.context_addresses = {"127.0.0.1"};
  HubServer hub(options);
  EXPECT_EQ(create_tree(hub, contexts, 1), 504);
  contexts.fails = false;
  hub.clock().advance_us(60'000'000);
  EXPECT_EQ(create_tree(hub, contexts, 1), 201);
}

// Clause 5.6.7: each entity of a batch has its own fate, also where it is its context that cannot be had.
TEST(ContextFetch, FailsOnlyThoseOfABatchThatNeedIt) {
  HubServer hub;
  TestClient client(hub.port());
  const auto response = client.ask(
      "POST", "/ngsi-ld/v1/entityOperations/create",
      R"([{"id":"urn:t:1","type":"Tree","@context":"http://127.0.0.1:9/none.jsonld"},)"
      R"({"id":"urn:t:2","type":"Tree","@context":"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"}])",
      "Content-Type: application/ld+json\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 207);
  EXPECT_TRUE(response->body.starts_with(
      R"({"success":["urn:t:2"],"errors":[{"entityId":"urn:t:1","error":{"type":"https://uri.etsi.org/ngsi-ld/errors/LdContextNotAvailable")"))
      << response->body;
}

// What a name resolves to and where a redirect leads is judged as if it had been written down.
TEST(ContextFetch, KeepsOffForbiddenAddressesBehindNamesAndRedirects) {
  ContextServer contexts;
  {
    HubServer hub;
    EXPECT_EQ(create_tree(hub, contexts.url("localhost"), 1), 504);
  }
  NgsiOptions options;
  options.context_addresses = {"127.0.0.1"};
  HubServer hub(options);
  contexts.moved_to = "http://169.254.169.254/secret";
  EXPECT_EQ(create_tree(hub, contexts.url("127.0.0.1", "/moved.jsonld"), 2), 504);
  contexts.moved_to = contexts.url("127.0.0.2");
  EXPECT_EQ(create_tree(hub, contexts.url("127.0.0.1", "/moved.jsonld?2"), 3), 504) << "not the one that is allowed";
  EXPECT_EQ(contexts.asked, 0);
  contexts.moved_to = contexts.url("localhost");
  EXPECT_EQ(create_tree(hub, contexts.url("127.0.0.1", "/moved.jsonld?3"), 4), 201);
  EXPECT_EQ(contexts.asked, 1);
}

TEST(ContextFetch, KeepsOffForbiddenAddresses) {
  ContextServer contexts;
  HubServer hub;
  EXPECT_EQ(create_tree(hub, contexts, 1), 504);
  EXPECT_EQ(contexts.asked, 0);
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
