// Several brokers for tests, and sources that answer what they are told to.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "serve/client_test.hpp"
#include "serve/ngsi/hub_fixture_test.hpp"

namespace cityloom::serve::ngsi_ld {

/// A source that answers what it is told to, or nothing, and keeps what it was asked.
class FakeSource {
 public:
  struct Asked {
    std::string method, target, body;
    std::map<std::string, std::string> headers;
  };
  FakeSource() : gate_(trust::make_open_gate()) {
    for (const Method method : {Method::get, Method::post, Method::put, Method::patch, Method::del}) {
      Route route;
      route.method = method;
      route.path = "/{path*}";
      route.operation_id = "ask" + std::string(name_of(method));
      route.handler = [this](const Request& request, Reply reply) { take(request, std::move(reply)); };
      router_.add(std::move(route));
    }
    ServerOptions options;
    options.port = 0;
    options.workers = 1;
    auto started = Server::start(router_, *gate_, options);
    EXPECT_TRUE(started.ok());
    server_ = std::move(started).value();
  }
  ~FakeSource() {
    {
      const std::lock_guard lock(mutex_);
      unanswered_.clear();
    }
    server_.reset();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  // Status 0: no answer at all.
  void answer(int status, std::string body = {}) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  std::vector<Asked> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  void take(const Request& request, Reply reply) {
    const std::lock_guard lock(mutex_);
    Asked asked{std::string(name_of(request.method())), std::string(request.path()), std::string(request.body()), {}};
    if (!request.query().empty()) asked.target += '?' + std::string(request.query());
    for (const auto& [name, value] : request.headers()) asked.headers[std::string(name)] = std::string(value);
    asked_.push_back(std::move(asked));
    if (status_ == 0) return unanswered_.push_back(std::move(reply));
    reply.send(body_.empty() ? Response::empty(status_) : Response::json(body_, status_));
  }

  std::unique_ptr<trust::Gate> gate_;
  Router router_;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  std::vector<Reply> unanswered_;
  int status_ = 404;
  std::string body_;
  std::unique_ptr<Server> server_;
};

inline NgsiOptions quick() {
  NgsiOptions options;
  options.source_timeout_ms = 300;
  return options;
}

inline std::string car(std::string_view id, std::string_view attributes) {
  return R"({"id":"urn:car:)" + std::string(id) + R"(","type":"Car",)" + std::string(attributes) + "}";
}

inline std::string property(std::string_view name, int value, std::string_view more = {}) {
  return "\"" + std::string(name) + R"(":{"type":"Property","value":)" + std::to_string(value) + std::string(more) +
         "}";
}

class Federation : public testing::Test {
 protected:
  void register_at(HubServer& hub, const std::string& endpoint, std::string_view mode, std::string_view information,
                   std::string_view operations = R"(["redirectionOps", "createBatch", "upsertBatch", "updateBatch",
                   "deleteBatch", "mergeBatch", "queryBatch"])",
                   std::string_view more = {}) {
    hub.ask("POST", "/csourceRegistrations", 201,
            R"({"id": "urn:r:)" + std::to_string(++registrations_) + R"(", "type": "ContextSourceRegistration",)" +
                R"("endpoint": ")" + endpoint + R"(", "mode": ")" + std::string(mode) + R"(", "operations": )" +
                std::string(operations) + R"(, "information": [)" + std::string(information) + "]" + std::string(more) +
                "}");
  }
  ReceivedResponse ask(HubServer& hub, std::string_view method, std::string_view target, std::string_view body = {},
                       std::string headers = {}) {
    TestClient client(hub.port());
    if (!body.empty()) headers += "Content-Type: application/json\r\n";
    const auto response = client.ask(method, "/ngsi-ld/v1" + std::string(target), body, headers);
    EXPECT_TRUE(response) << target;
    return response.value_or(ReceivedResponse());
  }
  static bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

  HubServer hub_{quick()};
  HubServer first_{quick()};
  HubServer second_{quick()};
  int registrations_ = 0;
};

inline constexpr const char* cars = R"({"entities": [{"type": "Car"}]})";

}  // namespace cityloom::serve::ngsi_ld
