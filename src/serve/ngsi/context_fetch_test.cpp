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
    ServerOptions options;
    options.port = 0;
    options.workers = 1;
    server_ = std::move(Server::start(router_, *gate_, options)).value();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/context.jsonld"; }
  std::string link_header() const { return "Link: <" + url() + ">; rel=\"http://www.w3.org/ns/json-ld#context\"\r\n"; }

  std::atomic<int> asked{0};
  std::atomic<bool> fails{false};

 private:
  std::unique_ptr<trust::Gate> gate_;
  Router router_;
  std::unique_ptr<Server> server_;
};

int create_tree(HubServer& hub, const ContextServer& contexts, int number) {
  TestClient client(hub.port());
  const std::string body = R"({"id":"urn:ngsi-ld:Tree:)" + std::to_string(number) + R"(","type":"Tree"})";
  const auto response =
      client.ask("POST", "/ngsi-ld/v1/entities", body, "Content-Type: application/json\r\n" + contexts.link_header());
  return response ? response->status : 0;
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
  EXPECT_EQ(create_tree(hub, contexts, 1), 503);
  contexts.fails = false;
  hub.clock().advance_us(60'000'000);
  EXPECT_EQ(create_tree(hub, contexts, 1), 201);
}

TEST(ContextFetch, KeepsOffForbiddenAddresses) {
  ContextServer contexts;
  HubServer hub;
  EXPECT_EQ(create_tree(hub, contexts, 1), 503);
  EXPECT_EQ(contexts.asked, 0);
}

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
