// Golden exchanges with their side effects: notifications go to /sink/NAME of the same server and are read from there.
//
//   POST /sink/NAME     takes one, as a subscriber does; /sink/NAME/503 answers that status
//   GET /sink/NAME      the next one, waited for up to 10 s: its headers and its body; 504: none came
//   GET /sink           once everything is delivered: how many nobody has read
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "ngsi/represent.hpp"
#include "serve/golden_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"
#include "serve/request.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

class Sink {
 public:
  void add_routes(Router& router) {
    Route take = route(Method::post, "/sink/{name}", "take");
    take.handler = [this](const Request& request, Reply reply) { arrive(request, std::move(reply), 200); };
    router.add(std::move(take));
    Route refuse = route(Method::post, "/sink/{name}/503", "refuse");
    refuse.handler = [this](const Request& request, Reply reply) { arrive(request, std::move(reply), 503); };
    router.add(std::move(refuse));
    Route next = route(Method::get, "/sink/{name}", "next");
    next.handler = [this](const Request& request, Reply reply) { reply.send(next_of(request)); };
    next.blocking = true;
    router.add(std::move(next));
    Route rest = route(Method::get, "/sink", "rest");
    rest.handler = [this](const Request&, Reply reply) { reply.send(unread()); };
    rest.blocking = true;
    router.add(std::move(rest));
  }
  void set_hub(HubServer& hub) { hub_ = &hub; }

 private:
  static Route route(Method method, const char* path, const char* id) {
    Route made;
    made.method = method;
    made.path = path;
    made.operation_id = id;
    return made;
  }

  void arrive(const Request& request, Reply reply, int status) {
    std::string json = "{\"headers\":{";
    for (const auto& [name, value] : request.headers()) {
      if (same_without_case(name, "Host") || same_without_case(name, "User-Agent") ||
          same_without_case(name, "Content-Length"))
        continue;
      if (json.back() != '{') json += ',';
      ngsi::append_quoted(name, json);
      json += ':';
      ngsi::append_quoted(value, json);
    }
    json += "},\"body\":" + std::string(request.body()) + "}";
    {
      const std::lock_guard lock(mutex_);
      arrived_[std::string(request.path_value("name"))].push_back(std::move(json));
    }
    wake_.notify_all();
    reply.send(Response::empty(status));
  }

  Response next_of(const Request& request) {
    std::unique_lock lock(mutex_);
    auto& queue = arrived_[std::string(request.path_value("name"))];
    if (!wake_.wait_for(lock, std::chrono::seconds(10), [&] { return !queue.empty(); })) return Response::empty(504);
    Response response = Response::json(std::move(queue.front()));
    queue.pop_front();
    return response;
  }

  Response unread() {
    if (!hub_->api().wait_until_idle(10'000)) return Response::empty(504);
    const std::lock_guard lock(mutex_);
    size_t left = 0;
    for (const auto& [name, queue] : arrived_) left += queue.size();
    return Response::json("{\"unread\":" + std::to_string(left) + "}");
  }

  HubServer* hub_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, std::deque<std::string>> arrived_;
};

class NotificationGolden : public testing::TestWithParam<const char*> {};

TEST_P(NotificationGolden, Exchanges) {
  Sink sink;
  NgsiOptions options;
  options.retry_first_ms = 10;
  HubServer hub(options, nullptr, 2, trust::make_open_gate(), [&](Router& router) { sink.add_routes(router); });
  sink.set_hub(hub);
  const std::string file = std::string("src/serve/ngsi/golden/") + GetParam() + ".txt";
  play_golden(file, hub.port(), {{"sink", hub.url() + "/sink"}},
              [&hub](const GoldenExchange&) { hub.clock().advance_us(1'000'000); });
}

INSTANTIATE_TEST_SUITE_P(Files, NotificationGolden,
                         testing::Values("notifications", "notification_triggers", "subscription_members"),
                         [](const auto& file) { return std::string(file.param); });

}  // namespace
}  // namespace cityloom::serve::ngsi_ld
