// The parts of the fixture.
#include "serve/ngsi/hub_fixture_test.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "serve/client_test.hpp"
#include "serve/request.hpp"
#include "store/store.hpp"

namespace cityloom::serve::ngsi_ld {

HubServer::HubServer(NgsiOptions options, std::unique_ptr<thread::Store> store, unsigned workers,
                     std::unique_ptr<trust::Gate> gate, const std::function<void(Router&)>& more_routes, uint16_t port)
    : clock_(*base::Instant::parse("2026-11-22T08:00:00Z")), gate_(std::move(gate)) {
  auto opened = thread::Thread::open(store ? std::move(store) : store::make_memory_store(), clock_);
  EXPECT_TRUE(opened.ok());
  tenants = std::make_unique<Tenants>(std::move(opened).value());
  auto api = NgsiApi::open(*tenants, *gate_, clock_, std::move(options));
  EXPECT_TRUE(api.ok()) << api.error().text();
  api_ = std::move(api).value();
  api_->add_routes(router_);
  if (more_routes) more_routes(router_);
  ServerOptions server_options;
  server_options.port = port;
  server_options.workers = workers;
  auto started = Server::start(router_, *gate_, server_options);
  EXPECT_TRUE(started.ok());
  server = std::move(started).value();
}

HubServer::~HubServer() {
  server.reset();
  api_.reset();
}

std::string HubServer::ask(std::string_view method, std::string_view target, int status, std::string_view body) {
  clock_.advance_us(1'000);
  TestClient client(port());
  const auto response = client.ask(method, "/ngsi-ld/v1" + std::string(target), body,
                                   body.empty() ? "" : "Content-Type: application/json\r\n");
  if (!response) {
    ADD_FAILURE() << method << ' ' << target << ": no response";
    return {};
  }
  EXPECT_EQ(response->status, status) << method << ' ' << target << ": " << response->body;
  return response->body;
}

std::string Arrival::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_without_case(key, name)) return value;
  }
  return {};
}

Subscriber::Subscriber(uint16_t port) : gate_(trust::make_open_gate()) {
  Route route;
  route.method = Method::post;
  route.path = "/{path*}";
  route.operation_id = "notify";
  route.handler = [this](const Request& request, Reply reply) {
    Arrival arrival{std::string(request.path()), std::string(request.body()), {}};
    for (const auto& [name, value] : request.headers())
      arrival.headers.emplace_back(std::string(name), std::string(value));
    const std::lock_guard lock(mutex_);
    arrivals_.push_back(std::move(arrival));
    if (status_ == 0) {
      unanswered_.push_back(std::move(reply));
    } else {
      reply.send(Response::empty(status_));
    }
    arrived_.notify_all();
  };
  router_.add(std::move(route));
  ServerOptions options;
  options.port = port;
  options.workers = 1;
  auto started = Server::start(router_, *gate_, options);
  EXPECT_TRUE(started.ok());
  server_ = std::move(started).value();
}

Subscriber::~Subscriber() {
  {
    const std::lock_guard lock(mutex_);
    unanswered_.clear();
  }
  server_.reset();
}

std::optional<Arrival> Subscriber::next() {
  std::unique_lock lock(mutex_);
  if (!arrived_.wait_for(lock, std::chrono::seconds(10), [this] { return !arrivals_.empty(); })) {
    ADD_FAILURE() << "no notification within 10 s";
    return {};
  }
  Arrival arrival = std::move(arrivals_.front());
  arrivals_.pop_front();
  return arrival;
}

bool Subscriber::wait() {
  std::unique_lock lock(mutex_);
  return arrived_.wait_for(lock, std::chrono::seconds(10), [this] { return !arrivals_.empty(); });
}

size_t Subscriber::waiting() const {
  const std::lock_guard lock(mutex_);
  return arrivals_.size();
}

void Subscriber::answer_with(int status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
}

uint16_t free_port() {
  const Subscriber listener;
  return listener.port();
}

bool comes_true(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace cityloom::serve::ngsi_ld
