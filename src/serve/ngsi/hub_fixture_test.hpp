// A whole NGSI-LD server for tests: a record in memory, the door, an engine on a free port, and a listener.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "serve/ngsi/api.hpp"
#include "serve/router.hpp"
#include "serve/server.hpp"
#include "serve/tenants.hpp"
#include "thread/store.hpp"
#include "trust/trust.hpp"

namespace cityloom::serve::ngsi_ld {

/// A server on its own record. Stopping and opening it again on the same store is a restart.
class HubServer {
 public:
  /// `store`: nothing for one in memory. `workers`: event loops of the server. `port`: 0 for any.
  explicit HubServer(NgsiOptions options = {}, std::unique_ptr<thread::Store> store = nullptr, unsigned workers = 2,
                     std::unique_ptr<trust::Gate> gate = trust::make_open_gate(),
                     const std::function<void(Router&)>& more_routes = {}, uint16_t port = 0);
  ~HubServer();

  uint16_t port() const { return server->port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  base::ManualClock& clock() { return clock_; }
  NgsiApi& api() { return *api_; }
  thread::Thread& thread() { return tenants->main(); }

  /// Sends a JSON request and gives status and body; the status must be the one expected.
  std::string ask(std::string_view method, std::string_view target, int status, std::string_view body = {});

 private:
  base::ManualClock clock_;
  std::unique_ptr<trust::Gate> gate_;

 public:
  std::unique_ptr<Tenants> tenants;

 private:
  std::unique_ptr<NgsiApi> api_;
  Router router_;

 public:
  std::unique_ptr<Server> server;
};

/// One notification that arrived.
struct Arrival {
  std::string path;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string header(std::string_view name) const;
};

/// A subscriber: an HTTP server that keeps what it is sent. By default it answers 200.
class Subscriber {
 public:
  explicit Subscriber(uint16_t port = 0);
  ~Subscriber();
  uint16_t port() const { return server_->port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }

  /// The next arrival; nothing within 10 s fails.
  std::optional<Arrival> next();
  size_t waiting() const;
  /// Waits until one has arrived, without taking it; false after 10 s.
  bool wait();
  /// The status of answers from now on; 0: no answer at all.
  void answer_with(int status);

 private:
  std::unique_ptr<trust::Gate> gate_;
  Router router_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Arrival> arrivals_;
  std::vector<Reply> unanswered_;
  int status_ = 200;
  std::unique_ptr<Server> server_;
};

/// A port that nobody listens on now: for a server that must know its own before it starts.
uint16_t free_port();

/// Waits for a condition that nobody tells of (another process, a counter of the engine), looking at it every few
/// milliseconds, 10 s at most.
bool comes_true(const std::function<bool()>& condition);

}  // namespace cityloom::serve::ngsi_ld
