// One worker of the engine: an event loop with its connections, and what all workers share.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "serve/server.hpp"

namespace cityloom::serve::engine {

class Connection;

/// What all workers of a server share.
struct Shared {
  const Router& router;
  const trust::Gate& gate;
  ServerOptions options;
  std::atomic<uint64_t> connections{0};
  std::atomic<uint64_t> connections_accepted{0};
  std::atomic<uint64_t> requests_in_flight{0};
  std::atomic<uint64_t> streams{0};
  std::atomic<uint64_t> refused_by_load{0};
  std::atomic<uint64_t> refused_by_work[work_count]{};
  std::atomic<uint64_t> body_bytes{0};
  std::atomic<uint64_t> blocking_waiting{0};
  std::atomic<uint64_t> bulk_waiting{0};
  std::atomic<uint64_t> memory_bytes{0};
  std::atomic<int64_t> memory_at_ms{0};  ///< when that was looked at
  std::atomic<int64_t> trimmed_at_ms{0};
  std::atomic<bool> stopping{false};
  std::mutex closed_mutex;
  std::condition_variable all_closed;  ///< while stopping
  boost::asio::thread_pool blocking;
  boost::asio::thread_pool bulk;

  Shared(const Router& routes, const trust::Gate& decider, ServerOptions limits)
      : router(routes),
        gate(decider),
        options(std::move(limits)),
        blocking(options.blocking_workers),
        bulk(options.bulk_workers) {}

  /// Looks at the memory taken, a few times a second at most; near the limit has freed pages given back.
  void look_at_memory(int64_t now_ms);
};

/// Counts that one worker writes and others read: no locked instruction on the way of a request.
struct Counts {
  std::atomic<uint64_t> by_class[5]{};
  std::atomic<uint64_t> by_time[RouteCounts::bucket_count + 1]{};
  std::atomic<uint64_t> nanoseconds{0};

  static void add(std::atomic<uint64_t>& counter, uint64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  /// One answer more.
  void record(int status, int64_t nanoseconds_taken);
};

/// An event loop on its own operating-system thread. Connections live on it from accept to close. Connections hold it,
/// so that an answer that comes after the server has ended still finds it.
class Worker : public std::enable_shared_from_this<Worker> {
 public:
  explicit Worker(std::shared_ptr<Shared> shared);
  ~Worker();

  /// Begins to run the loop.
  void start();
  /// Ends the loop; what is still open is dropped. Then joins.
  void end();

  boost::asio::io_context& io() { return io_; }
  Shared& shared() { return *shared_; }

  /// Takes over an accepted socket. Any worker.
  void adopt(boost::asio::ip::tcp::socket socket);
  /// Runs `connection`'s `arrived()` on this worker. Any worker; many calls close together wake the loop once.
  void deliver(std::shared_ptr<Connection> connection);
  /// Runs a task on this worker. Any worker.
  void post(absl::AnyInvocable<void()> task);
  /// Closes idle connections and has the others close after their answer. Any worker.
  void begin_stop();

  bool is_current() const { return std::this_thread::get_id() == id_; }
  /// A connection has closed.
  void forget(Connection* connection);

  /// Milliseconds of the steady clock, as of the last tick: for deadlines.
  int64_t now_ms() const { return now_ms_; }
  /// "Date: ...\r\n", renewed every second.
  const std::string& date_line() const { return date_line_; }
  Counts& counts(size_t route) { return counts_[route]; }
  std::atomic<uint64_t>& bytes_sent() { return bytes_sent_; }

 private:
  struct Item {
    std::shared_ptr<Connection> connection;
    absl::AnyInvocable<void()> task;
  };
  void put(Item item);
  void drain();
  void tick();
  void schedule_tick();
  void renew_time();

  std::shared_ptr<Shared> shared_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  boost::asio::steady_timer timer_;
  std::thread thread_;
  std::thread::id id_;
  std::mutex inbox_mutex_;
  bool ended_ = false;  // guarded by inbox_mutex_ (set when the loop has ended): a late answer finds nobody
  std::vector<Item> inbox_;
  std::vector<Item> draining_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  int64_t now_ms_ = 0;
  int64_t date_second_ = -1;
  std::string date_line_;
  std::vector<Counts> counts_;
  std::atomic<uint64_t> bytes_sent_{0};
};

}  // namespace cityloom::serve::engine
