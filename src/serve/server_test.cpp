// The engine over real sockets: framing, limits, timeouts, streams, load and the gate.
#include "serve/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "serve/client_test.hpp"

namespace cityloom::serve {
namespace {

using testing::HasSubstr;

/// Replies kept for later, so that tests decide when an answer comes.
class Shelf {
 public:
  void put(Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
    changed_.notify_all();
  }
  Reply take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !replies_.empty(); });
    Reply reply = std::move(replies_.front());
    replies_.erase(replies_.begin());
    return reply;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Reply> replies_;
};

Route route(Method method, std::string path, std::string id, Handler handler) {
  Route result;
  result.method = method;
  result.path = std::move(path);
  result.operation_id = std::move(id);
  result.handler = std::move(handler);
  return result;
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    router_.add(route(Method::get, "/hello", "hello", answer([](const Request& request) {
                        return Response::plain("hello " + std::string(request.query_value("name").value_or("you")));
                      })));
    router_.add(route(Method::post, "/echo", "echo",
                      answer([](const Request& request) { return Response::plain(std::string(request.body())); })));
    Route change =
        route(Method::post, "/change", "change", answer([](const Request&) { return Response::plain("changed"); }));
    change.action = trust::Action::write;
    router_.add(std::move(change));
    router_.add(route(Method::get, "/things/{thing}/parts/{part}", "getPart", answer([](const Request& request) {
                        return Response::plain(std::string(request.path_value("thing")) + "|" +
                                               std::string(request.path_value("part")));
                      })));
    router_.add(
        route(Method::get, "/later", "later", [this](const Request&, Reply reply) { shelf_.put(std::move(reply)); }));
    router_.add(route(Method::get, "/dropped", "dropped", [](const Request&, Reply) {}));
    router_.add(route(Method::get, "/thrown", "thrown",
                      [](const Request&, Reply) { throw std::runtime_error("a library's exception"); }));
    Route slow = route(Method::get, "/blocking", "blocking",
                       answer([](const Request&) { return Response::plain("from another worker"); }));
    slow.blocking = true;
    router_.add(std::move(slow));
  }

  void start(ServerOptions options = {}) {
    options.port = 0;
    auto server = Server::start(router_, *gate_, options);
    ASSERT_TRUE(server.ok()) << server.error().text();
    server_ = std::move(*server);
  }
  uint16_t port() const { return server_->port(); }

  Shelf shelf_;
  Router router_;
  std::unique_ptr<trust::Gate> gate_ = trust::make_open_gate();
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, KeepsAConnectionForManyRequests) {
  start();
  TestClient client(port());
  for (int i = 0; i < 100; ++i) {
    const auto response = client.ask("GET", "/hello?name=" + std::to_string(i));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello " + std::to_string(i));
    EXPECT_FALSE(response->header("Date").empty());
  }
  server_->stop();  // so that the last one is counted too
  EXPECT_EQ(server_->status().connections_accepted, 1u);
  EXPECT_EQ(server_->status().routes[0].by_class[1], 100u);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInTheirOrder) {
  start();
  TestClient client(port());
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    const std::string body(static_cast<size_t>(i) * 37, static_cast<char>('a' + i % 26));
    requests += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    requests += "GET /hello?name=" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  std::thread sender([&] { client.send(requests); });
  for (int i = 0; i < 200; ++i) {
    auto response = client.read();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body.size(), static_cast<size_t>(i) * 37) << response->body;
    response = client.read();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, "hello " + std::to_string(i));
  }
  sender.join();
}

TEST_F(ServerTest, PipelinedRequestsWaitForALateAnswer) {
  start();
  TestClient client(port());
  client.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  shelf_.take().send(Response::plain("late"));
  EXPECT_EQ(client.read()->body, "late");
  EXPECT_EQ(client.read()->body, "hello you");
}

TEST_F(ServerTest, TakesARequestThatComesByteByByte) {
  start();
  TestClient client(port());
  for (const char byte : std::string_view("\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")) {
    client.send({&byte, 1});
  }
  EXPECT_EQ(client.read()->body, "hello");
  for (const char byte : std::string_view("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                          "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: t\r\n\r\n")) {
    client.send({&byte, 1});
  }
  EXPECT_EQ(client.read()->body, "abcdefg");
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
      "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.read()->body, "ab");
  EXPECT_EQ(client.read()->body, "hello you");
}

TEST_F(ServerTest, TakesLargeBodiesAndSendsThemBack) {
  start();
  TestClient client(port());
  std::string body(5'000'000, 'x');
  for (size_t i = 0; i < body.size(); i += 1001) body[i] = static_cast<char>('a' + i % 26);
  std::optional<ReceivedResponse> response;
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
  std::thread sender([&] { client.send(body); });
  response = client.read();
  sender.join();
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->body == body);
}

TEST_F(ServerTest, DecodesPathAndQueryAndRefusesBrokenEscapes) {
  start();
  TestClient client(port());
  EXPECT_EQ(client.ask("GET", "/things/a%2Fb/parts/%ED%95%9C")->body, "a/b|한");
  EXPECT_EQ(client.ask("GET", "/hello?x&name=%EC%9E%A0%EC%8B%A4+%2B")->body, "hello 잠실++");
  EXPECT_EQ(client.ask("GET", "/things/%zz/parts/1")->status, 400);
  EXPECT_EQ(client.ask("GET", "/things/%ff/parts/1")->status, 400);
  TestClient other(port());
  EXPECT_EQ(other.ask("GET", "/hello?name=%0")->status, 400);
  EXPECT_EQ(TestClient(port()).ask("GET", "/hello?name=%00")->status, 400);
}

TEST_F(ServerTest, SaysWhichMethodsAnAddressTakes) {
  start();
  TestClient client(port());
  EXPECT_EQ(client.ask("GET", "/nothing")->status, 404);
  EXPECT_EQ(client.ask("GET", "/nothing")->header("Content-Type"), "application/problem+json");
  const auto wrong = client.ask("DELETE", "/hello");
  EXPECT_EQ(wrong->status, 405);
  EXPECT_EQ(wrong->header("Allow"), "GET, HEAD, OPTIONS");
  const auto options = client.ask("OPTIONS", "/echo");
  EXPECT_EQ(options->status, 204);
  EXPECT_EQ(options->header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(client.ask("BREW", "/hello")->status, 405);
  const auto head = client.ask("HEAD", "/hello");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->header("Content-Length"), "9");
  EXPECT_EQ(client.ask("GET", "/hello")->body, "hello you");
}

TEST_F(ServerTest, ClosesWhenTheClientAsksAndSpeaksHttp10) {
  start();
  TestClient client(port());
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read()->header("Connection"), "close");
  EXPECT_TRUE(client.is_closed());
  TestClient old(port());
  old.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read()->body, "hello you");
  EXPECT_TRUE(old.is_closed());
}

TEST_F(ServerTest, RefusesMalformedRequestsAndClosesTheConnection) {
  start();
  const std::pair<int, std::string_view> cases[] = {
      {400, "\x16\x03\x01 no TLS here"},
      {400, "GET /hello HTTP/1.1\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {400, "GET /hello HTTP/3.0\r\nHost: x\r\n\r\n"},
      {400, "GET /he llo HTTP/1.1\r\nHost: x\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\nHost: x\r\nBad Name: 1\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\nHost: x\r\nA: 1\r\n 2\r\n\r\n"},
      {400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
      {400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"},
      {400, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {501, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {400, "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
      {417, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\nContent-Length: 1\r\n\r\na"},
  };
  for (const auto& [status, bytes] : cases) {
    TestClient client(port());
    client.send(bytes);
    const auto response = client.read();
    ASSERT_TRUE(response) << bytes;
    EXPECT_EQ(response->status, status) << bytes;
    EXPECT_EQ(response->header("Content-Type"), "application/problem+json");
    EXPECT_TRUE(client.is_closed()) << bytes;
  }
  EXPECT_EQ(TestClient(port()).ask("GET", "/hello")->status, 200);
}

TEST_F(ServerTest, BoundsHeadersAddressesAndBodies) {
  ServerOptions options;
  options.body_bytes_max = 100'000;
  start(options);
  const std::string filler(20'000, 'f');
  TestClient long_address(port());
  EXPECT_EQ(long_address.ask("GET", "/" + filler)->status, 414);
  EXPECT_EQ(TestClient(port()).ask("GET", "/" + filler.substr(0, 9'000))->status, 414);
  EXPECT_EQ(TestClient(port()).ask("GET", "/hello", {}, "X-Filler: " + filler + "\r\n")->status, 431);
  std::string many;
  for (int i = 0; i < 120; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(TestClient(port()).ask("GET", "/hello", {}, many)->status, 431);
  // Announced too large: answered before a byte of it has come.
  TestClient announced(port());
  announced.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n");
  const auto refused = announced.read();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 413);
  EXPECT_THAT(refused->body, HasSubstr("100000"));
  // Unannounced: as soon as a chunk says so.
  TestClient chunked(port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n");
  EXPECT_EQ(chunked.read()->status, 413);
  EXPECT_EQ(TestClient(port()).ask("POST", "/echo", std::string(100'000, 'x'))->status, 200);
}

TEST_F(ServerTest, InvitesABodyThatIsExpected) {
  start();
  TestClient client(port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.read()->status, 100);
  client.send("hello");
  EXPECT_EQ(client.read()->body, "hello");
  // Refused ones are not invited.
  client.send("POST /nothing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.read()->status, 404);
}

TEST_F(ServerTest, DropsThoseWhoSendTooSlowly) {
  ServerOptions options;
  options.header_timeout_ms = 60;
  options.body_timeout_ms = 60;
  options.idle_timeout_ms = 120;
  start(options);
  TestClient head(port());
  head.send("GET /hello HTTP/1.1\r\nHos");
  EXPECT_EQ(head.read()->status, 408);
  EXPECT_TRUE(head.is_closed());
  TestClient body(port());
  body.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_EQ(body.read()->status, 408);
  EXPECT_TRUE(body.is_closed());
  // With so much of it that its memory is given back before the rest comes.
  TestClient large(port());
  large.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + std::string(300'000, 'x'));
  EXPECT_EQ(large.read()->status, 408);
  large.send(std::string(1'000, 'x'));
  EXPECT_TRUE(large.is_closed());
  TestClient idle(port());
  EXPECT_EQ(idle.ask("GET", "/hello")->status, 200);
  EXPECT_TRUE(idle.is_closed());
}

TEST_F(ServerTest, AnswersFromOtherWorkersAndNeverLeavesAClientWaiting) {
  start();
  TestClient client(port());
  EXPECT_EQ(client.ask("GET", "/blocking")->body, "from another worker");
  EXPECT_EQ(client.ask("GET", "/dropped")->status, 500);
  EXPECT_EQ(client.ask("GET", "/thrown")->status, 500);
  std::thread other([&] { shelf_.take().resume([](Reply reply) { reply.send(Response::plain("resumed")); }); });
  EXPECT_EQ(client.ask("GET", "/later")->body, "resumed");
  other.join();
}

TEST_F(ServerTest, WhatIsThrownLaterIsAnsweredToo) {
  start();
  std::thread on_loop([&] { shelf_.take().resume([](Reply) { throw std::runtime_error("a library's exception"); }); });
  TestClient client(port());
  EXPECT_EQ(client.ask("GET", "/later")->status, 500);
  on_loop.join();
  std::thread on_long(
      [&] { shelf_.take().run_long([](Reply) { throw std::runtime_error("a library's exception"); }); });
  EXPECT_EQ(client.ask("GET", "/later")->status, 500);
  on_long.join();
}

/// Long work that goes on for as long as somebody wants it.
Handler wanted_for_ever(std::atomic<int>& under_way) {
  return [&under_way](const Request&, Reply reply) {
    reply.run_long([&under_way](Reply back) {
      ++under_way;
      while (back.is_wanted()) std::this_thread::yield();
      --under_way;
      back.fail({base::Code::cancelled, "nobody wants it", {}, {}});
    });
  };
}

/// An event stream that has nothing to say.
class Silence : public BodySource {
 public:
  Pulled pull(std::string&, size_t) override { return Pulled::wait; }
};

TEST_F(ServerTest, LongWorkEndsWhenItsClientGoes) {
  std::atomic<int> under_way = 0;
  router_.add(route(Method::get, "/for-ever", "forEver", wanted_for_ever(under_way)));
  start();
  auto client = std::make_unique<TestClient>(port());
  client->send("GET /for-ever HTTP/1.1\r\nHost: x\r\n\r\n");
  while (under_way != 1) std::this_thread::yield();
  client.reset();
  while (under_way != 0) std::this_thread::yield();
  while (server_->status().connections != 0) std::this_thread::yield();
}

TEST_F(ServerTest, StopsAtOnceWithStreamsAndLongWorkUnderWay) {
  std::atomic<int> under_way = 0;
  router_.add(route(Method::get, "/for-ever", "forEver", wanted_for_ever(under_way)));
  router_.add(route(Method::get, "/silence", "silence", [](const Request&, Reply reply) {
    Response response;
    response.content_type = "text/event-stream";
    response.body = std::make_unique<Silence>();
    reply.send(std::move(response));
  }));
  start();
  std::vector<std::unique_ptr<TestClient>> streams, longs;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(std::make_unique<TestClient>(port()));
    streams.back()->send("GET /silence HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(streams.back()->read_head());
    longs.push_back(std::make_unique<TestClient>(port()));
    longs.back()->send("GET /for-ever HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  while (server_->status().long_work != 20) std::this_thread::yield();
  const auto began = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_EQ(server_->status().connections, 0u);
  for (const auto& client : longs) {
    const auto answer = client->read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
  }
}

TEST_F(ServerTest, RefusesWhatIsTooMuch) {
  ServerOptions options;
  options.requests_in_flight_max = 2;
  options.connections_max = 4;
  start(options);
  TestClient first(port()), second(port()), third(port());
  first.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  Reply first_reply = shelf_.take();
  second.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  Reply second_reply = shelf_.take();
  // The count is raised after the handler has returned, so a request on the same way waits until it is seen.
  while (server_->status().requests_in_flight < 2) std::this_thread::yield();
  const auto refused = third.ask("GET", "/hello");
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("Retry-After"), "1");
  first_reply.send(Response::plain("1"));
  second_reply.send(Response::plain("2"));
  EXPECT_EQ(first.read()->body, "1");
  EXPECT_EQ(second.read()->body, "2");
  EXPECT_EQ(third.ask("GET", "/hello")->status, 200);
  TestClient fourth(port());
  EXPECT_EQ(fourth.ask("GET", "/hello")->status, 200);
  TestClient fifth(port());
  EXPECT_EQ(fifth.read()->status, 503);
  EXPECT_EQ(server_->status().refused_by_load, 2u);
}

// Bulk goes first, emergencies last: with a quarter of the places taken bulk is refused, with most of them writes, then
// reads; what is urgent until all are.
TEST_F(ServerTest, RefusesByClassOfWork) {
  ServerOptions options;
  options.requests_in_flight_max = 8;
  options.bulk_bytes_min = 1'000;
  start(options);
  std::vector<std::unique_ptr<TestClient>> waiting;
  std::vector<Reply> replies;
  const auto take = [&] {
    waiting.push_back(std::make_unique<TestClient>(port()));
    waiting.back()->send("GET /later HTTP/1.1\r\nHost: x\r\nPriority: u=0\r\n\r\n");
    replies.push_back(shelf_.take());
    while (server_->status().requests_in_flight < replies.size()) std::this_thread::yield();
  };
  const auto asked = [&](std::string_view method, std::string_view target, const std::string& body,
                         const std::string& headers = {}) {
    return TestClient(port()).ask(method, target, body, headers)->status;
  };
  const std::string large(2'000, 'x');
  const auto bulk = [&] { return asked("POST", "/change", large); };
  const auto write = [&] { return asked("POST", "/change", "x"); };
  const auto read = [&] { return asked("GET", "/hello", ""); };
  const auto urgent = [&] { return asked("GET", "/hello", "", "Priority: u=0\r\n"); };
  EXPECT_EQ(bulk(), 200);
  for (int i = 0; i < 2; ++i) take();
  EXPECT_EQ(bulk(), 503);
  EXPECT_EQ(asked("GET", "/hello", "", "Priority: u=7\r\n"), 503);
  EXPECT_EQ(write(), 200);
  for (int i = 0; i < 4; ++i) take();
  EXPECT_EQ(write(), 503);
  EXPECT_EQ(read(), 200);
  take();
  EXPECT_EQ(read(), 503);
  EXPECT_EQ(urgent(), 200);
  take();
  EXPECT_EQ(urgent(), 503);
  const ServerStatus status = server_->status();
  EXPECT_EQ(status.refused_by_work[static_cast<size_t>(Work::bulk)], 2u);
  EXPECT_EQ(status.refused_by_work[static_cast<size_t>(Work::write)], 1u);
  EXPECT_EQ(status.refused_by_work[static_cast<size_t>(Work::read)], 1u);
  EXPECT_EQ(status.refused_by_work[static_cast<size_t>(Work::emergency)], 1u);
  for (Reply& reply : replies) reply.send(Response::plain("1"));
}

// A process that is past its memory refuses everything but what it says of itself.
TEST_F(ServerTest, RefusesWorkPastItsMemory) {
  ServerOptions options;
  options.memory_bytes_max = 1u << 20;
  start(options);
  TestClient client(port());
  while (server_->status().memory_bytes == 0) std::this_thread::yield();
  const auto refused = client.ask("GET", "/hello");
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->header("Retry-After"), "1");
  EXPECT_GT(server_->status().memory_bytes, options.memory_bytes_max);
}

TEST_F(ServerTest, SaysWhenThePortIsTaken) {
  start();
  ServerOptions options;
  options.port = port();
  const auto second = Server::start(router_, *gate_, options);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::Code::conflict);
  EXPECT_THAT(second.error().text(), HasSubstr("in use"));
  options.address = "not an address";
  EXPECT_EQ(Server::start(router_, *gate_, options).error().code, base::Code::invalid);
}

TEST_F(ServerTest, FinishesWhatIsInFlightBeforeItStops) {
  start();
  TestClient idle(port()), waiting(port());
  EXPECT_EQ(idle.ask("GET", "/hello")->status, 200);
  waiting.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  Reply reply = shelf_.take();
  std::thread stopping([this] { server_->stop(); });
  EXPECT_TRUE(idle.is_closed());
  reply.send(Response::plain("still answered"));
  const auto response = waiting.read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "still answered");
  EXPECT_EQ(response->header("Connection"), "close");
  stopping.join();
}

TEST_F(ServerTest, AnAnswerAfterTheEndHurtsNobody) {
  ServerOptions options;
  options.stop_timeout_ms = 20;
  start(options);
  auto client = std::make_unique<TestClient>(port());
  client->send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  Reply reply = shelf_.take();
  server_.reset();
  reply.send(Response::plain("too late"));
  EXPECT_FALSE(client->read());
}

TEST_F(ServerTest, TheGateIsAskedBeforeAnyHandler) {
  gate_ = trust::make_closed_gate("nobody may");
  start();
  TestClient client(port());
  for (const auto& each : router_.routes()) {
    const auto response = client.ask(name_of(each->method), each->path);
    ASSERT_TRUE(response) << each->path;
    EXPECT_EQ(response->status, 403) << each->path;
    EXPECT_THAT(response->body, HasSubstr("nobody may"));
  }
}

TEST_F(ServerTest, PagesOfOtherSitesMayLookButNotChange) {
  start();
  TestClient client(port());
  EXPECT_EQ(client.ask("POST", "/echo", "x", "Sec-Fetch-Site: cross-site\r\n")->status, 403);
  EXPECT_EQ(client.ask("POST", "/echo", "x", "Sec-Fetch-Site: same-origin\r\n")->status, 200);
  EXPECT_EQ(client.ask("GET", "/hello", {}, "Sec-Fetch-Site: cross-site\r\n")->status, 200);
}

}  // namespace
}  // namespace cityloom::serve
