#include "serve/outgoing.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include "serve/router.hpp"
#include "serve/server.hpp"

namespace cityloom::serve {
namespace {

using base::Code;

TEST(MayReach, KeepsOffWhatIsNotPublic) {
  for (const char* address : {"127.0.0.1",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "0.0.0.0",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::1",
                              "::",
                              "fe80::1",
                              "fc00::1",
                              "fd12::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "::127.0.0.1",
                              "nonsense"}) {
    EXPECT_FALSE(may_reach(address, Reach::public_only)) << address;
  }
  for (const char* address : {"8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(may_reach(address, Reach::public_only)) << address;
  }
}

TEST(MayReach, OfNotificationsKeepsOffLinkLocalOnly) {
  for (const char* address : {"127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fc00::1", "8.8.8.8"}) {
    EXPECT_TRUE(may_reach(address, Reach::not_link_local)) << address;
  }
  for (const char* address : {"169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "224.0.0.1", "0.0.0.0"}) {
    EXPECT_FALSE(may_reach(address, Reach::not_link_local)) << address;
  }
}

TEST(Url, IsTakenApart) {
  auto url = Url::parse("HTTP://User:p%40ss@Example.org:8081/a/b?c=d#e");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->scheme, "http");
  EXPECT_EQ(url->user, "User");
  EXPECT_EQ(url->password, "p@ss");
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, 8081);
  EXPECT_EQ(url->target, "/a/b?c=d");
  url = Url::parse("mqtts://[::1]/topic");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8883);
  for (const char* bad : {"", "example.org", "ftp://a/", "http://", "http://a:0/", "http://a:99999/", "http://a b/",
                          "http://[::1/", "http://a:x/"}) {
    EXPECT_FALSE(Url::parse(bad).ok()) << bad;
  }
}

class Outgoing : public testing::Test {
 protected:
  Outgoing() : gate_(trust::make_open_gate()) {
    add("/ok", [](const Request&, Reply reply) { reply.send(Response::json("{}")); });
    add("/big", [](const Request&, Reply reply) { reply.send(Response::plain(std::string(2u << 20, 'x'))); });
    add("/away", [](const Request&, Reply reply) {
      Response response = Response::empty(302);
      response.header("Location", "http://169.254.1.1/secret");
      reply.send(std::move(response));
    });
    add("/there", [](const Request&, Reply reply) {
      Response response = Response::empty(302);
      response.header("Location", "/ok");
      reply.send(std::move(response));
    });
    add("/loop", [](const Request&, Reply reply) {
      Response response = Response::empty(302);
      response.header("Location", "/loop");
      reply.send(std::move(response));
    });
    add("/never", [this](const Request&, Reply reply) {
      const std::lock_guard lock(kept_mutex_);
      kept_.push_back(std::move(reply));
    });
    ServerOptions options;
    options.port = 0;
    options.workers = 1;
    auto started = Server::start(router_, *gate_, options);
    EXPECT_TRUE(started.ok());
    server_ = std::move(started).value();
  }
  ~Outgoing() override {
    {
      const std::lock_guard lock(kept_mutex_);
      kept_.clear();
    }
    server_.reset();
  }

  void add(const char* path, Handler handler) {
    Route route;
    route.path = path;
    route.operation_id = path;
    route.handler = std::move(handler);
    router_.add(std::move(route));
  }
  OutgoingRequest request(const std::string& path) const {
    OutgoingRequest made;
    made.url = "http://127.0.0.1:" + std::to_string(server_->port()) + path;
    made.redirects_max = 5;
    return made;
  }
  static OutgoingOptions local() {
    OutgoingOptions options;
    options.allowed_addresses = {"127.0.0.1"};
    return options;
  }

  // What became of a request that must fail; "internal" if it did not.
  static Code failure(OutgoingClient& client, OutgoingRequest failing) {
    const auto response = client.fetch(std::move(failing));
    EXPECT_FALSE(response.ok()) << response->status << ", " << response->body.size() << " bytes";
    return response.ok() ? Code::internal : response.error().code;
  }

  std::unique_ptr<trust::Gate> gate_;
  Router router_;
  std::mutex kept_mutex_;
  std::vector<Reply> kept_;  // by the server's worker, let go by the test
  std::unique_ptr<Server> server_;
};

TEST_F(Outgoing, FetchesOverAKeptConnection) {
  OutgoingClient client(local());
  for (int i = 0; i < 3; ++i) {
    const auto response = client.fetch(request("/ok"));
    ASSERT_TRUE(response.ok()) << response.error().text();
    EXPECT_EQ(response->status, 200u);
    EXPECT_EQ(response->body, "{}");
    EXPECT_EQ(response->header("content-type"), "application/json");
  }
  EXPECT_EQ(server_->status().connections_accepted, 1u);
}

TEST_F(Outgoing, RefusesAddressesThatAreNotPublic) {
  OutgoingClient client;
  const auto response = client.fetch(request("/ok"));
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, Code::forbidden);
  OutgoingRequest by_name = request("/ok");
  by_name.url = "http://localhost:" + std::to_string(server_->port()) + "/ok";
  EXPECT_EQ(failure(client, by_name), Code::forbidden);
  EXPECT_EQ(server_->status().connections_accepted, 0u);
}

TEST_F(Outgoing, JudgesEveryRedirect) {
  OutgoingClient client(local());
  EXPECT_EQ(client.fetch(request("/there"))->status, 200u);
  EXPECT_EQ(failure(client, request("/away")), Code::forbidden);
  EXPECT_EQ(failure(client, request("/loop")), Code::too_complex);
}

TEST_F(Outgoing, HasLimitsOfSizeAndTime) {
  OutgoingClient client(local());
  EXPECT_EQ(failure(client, request("/big")), Code::too_large);
  OutgoingRequest slow = request("/never");
  slow.timeout_ms = 50;
  EXPECT_EQ(failure(client, slow), Code::timeout);
  OutgoingRequest nobody = request("/ok");
  nobody.url = "http://127.0.0.1:1/";
  EXPECT_EQ(failure(client, nobody), Code::unavailable);
}

}  // namespace
}  // namespace cityloom::serve
