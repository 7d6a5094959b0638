// The engine: listening, accepting, stopping, counting.
#include "serve/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "serve/engine/worker.hpp"

namespace cityloom::serve {
namespace asio = boost::asio;
using asio::ip::tcp;

struct Server::Parts {
  explicit Parts(std::shared_ptr<engine::Shared> all) : shared(std::move(all)) {}

  std::shared_ptr<engine::Shared> shared;
  std::vector<std::shared_ptr<engine::Worker>> workers;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::unique_ptr<asio::steady_timer> pause;
  uint16_t port = 0;
  size_t next_worker = 0;
  bool stopped = false;

  base::Status listen();
  void accept();
  void on_accept(const boost::system::error_code& ec, tcp::socket socket, engine::Worker& worker);
};

namespace {

base::Error listen_error(const boost::system::error_code& ec, const ServerOptions& options) {
  const std::string where = options.address + ":" + std::to_string(options.port);
  if (ec == asio::error::address_in_use) {
    return base::fail(base::Code::conflict, "the port is in use by another program", where,
                      "end that program, or choose another port with --port");
  }
  if (ec == asio::error::access_denied) {
    return base::fail(base::Code::forbidden, "this user may not listen on the port", where,
                      "choose a port from 1024 on with --port");
  }
  return base::fail(base::Code::unavailable, "cannot listen: " + ec.message(), where,
                    "check that the address belongs to this machine");
}

}  // namespace

base::Status Server::Parts::listen() {
  const ServerOptions& options = shared->options;
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(options.address, ec);
  if (ec) {
    return base::fail(base::Code::invalid, "not a numeric IPv4 or IPv6 address", options.address,
                      "write for example 127.0.0.1");
  }
  const tcp::endpoint endpoint(address, options.port);
  acceptor = std::make_unique<tcp::acceptor>(workers[0]->io());
  pause = std::make_unique<asio::steady_timer>(workers[0]->io());
  acceptor->open(endpoint.protocol(), ec);
  if (!ec) acceptor->set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor->bind(endpoint, ec);
  if (!ec) acceptor->listen(1024, ec);
  if (ec) return listen_error(ec, options);
  port = acceptor->local_endpoint(ec).port();
  return {};
}

void Server::Parts::accept() {
  engine::Worker& worker = *workers[next_worker++ % workers.size()];
  acceptor->async_accept(worker.io(), [this, &worker](const boost::system::error_code& ec, tcp::socket socket) {
    on_accept(ec, std::move(socket), worker);
  });
}

void Server::Parts::on_accept(const boost::system::error_code& ec, tcp::socket socket, engine::Worker& worker) {
  if (shared->stopping || ec == asio::error::operation_aborted) return;
  if (ec) {
    // Out of file descriptors or memory: what is open goes on, and new clients wait in the system's queue.
    pause->expires_after(std::chrono::milliseconds(100));
    pause->async_wait([this](const boost::system::error_code& error) {
      if (!error && !shared->stopping) accept();
    });
    return;
  }
  shared->connections_accepted.fetch_add(1, std::memory_order_relaxed);
  if (shared->connections.load() >= shared->options.connections_max) {
    static constexpr std::string_view full =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    shared->refused_by_load.fetch_add(1, std::memory_order_relaxed);
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(full.data(), full.size()), ignored);
  } else {
    worker.adopt(std::move(socket));
  }
  accept();
}

base::Result<std::unique_ptr<Server>> Server::start(const Router& router, const trust::Gate& gate,
                                                    ServerOptions options) {
  if (options.workers == 0) options.workers = std::max(1u, std::thread::hardware_concurrency());
  auto parts = std::make_unique<Parts>(std::make_shared<engine::Shared>(router, gate, std::move(options)));
  for (unsigned i = 0; i < parts->shared->options.workers; ++i) {
    parts->workers.push_back(std::make_shared<engine::Worker>(parts->shared));
  }
  if (auto listening = parts->listen(); !listening) return listening.error();
  parts->accept();
  for (const auto& worker : parts->workers) worker->start();
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

std::string_view name_of(Work work) {
  static constexpr std::string_view names[work_count] = {"bulk", "write", "read", "emergency"};
  return names[static_cast<size_t>(work)];
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
  stop();
}

uint16_t Server::port() const {
  return parts_->port;
}

void Server::stop() {
  Parts& parts = *parts_;
  if (std::exchange(parts.stopped, true)) return;
  parts.shared->stopping = true;
  std::promise<void> closed;
  parts.workers[0]->post([&] {
    boost::system::error_code ec;
    parts.acceptor->close(ec);
    parts.pause->cancel();
    closed.set_value();
  });
  closed.get_future().wait();
  for (const auto& worker : parts.workers) worker->begin_stop();
  {
    std::unique_lock lock(parts.shared->closed_mutex);
    parts.shared->all_closed.wait_for(lock, std::chrono::milliseconds(parts.shared->options.stop_timeout_ms),
                                      [&] { return parts.shared->connections.load() == 0; });
  }
  parts.shared->blocking.stop();
  parts.shared->blocking.join();
  for (const auto& worker : parts.workers) worker->end();
  // The acceptor and its timer belong to the first worker's loop.
  parts.acceptor.reset();
  parts.pause.reset();
}

ServerStatus Server::status() const {
  const engine::Shared& shared = *parts_->shared;
  ServerStatus status;
  status.connections = shared.connections;
  status.connections_accepted = shared.connections_accepted;
  status.requests_in_flight = shared.requests_in_flight;
  status.streams = shared.streams;
  status.long_work = shared.blocking_waiting + shared.bulk_waiting;
  status.refused_by_load = shared.refused_by_load;
  for (size_t i = 0; i < work_count; ++i) status.refused_by_work[i] = shared.refused_by_work[i];
  status.memory_bytes = shared.memory_bytes;
  status.routes.resize(shared.router.routes().size() + 1);
  for (const auto& worker : parts_->workers) {
    status.bytes_sent += worker->bytes_sent();
    for (size_t i = 0; i < status.routes.size(); ++i) {
      const engine::Counts& counts = worker->counts(i);
      RouteCounts& sum = status.routes[i];
      for (size_t j = 0; j < 5; ++j) sum.by_class[j] += counts.by_class[j].load(std::memory_order_relaxed);
      for (size_t j = 0; j <= RouteCounts::bucket_count; ++j) {
        sum.by_time[j] += counts.by_time[j].load(std::memory_order_relaxed);
      }
      sum.seconds += static_cast<double>(counts.nanoseconds.load(std::memory_order_relaxed)) * 1e-9;
    }
  }
  return status;
}

}  // namespace cityloom::serve
