#include "serve/engine/worker.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <utility>

#include "serve/engine/connection.hpp"
#include "serve/engine/load.hpp"

namespace cityloom::serve {

const double ServerStatus::time_bounds_s[RouteCounts::bucket_count] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                                       0.01,   0.05,    0.1,    0.5,   1,      5};

}  // namespace cityloom::serve

namespace cityloom::serve::engine {
namespace {

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Deadlines are looked at this often: a quarter of the shortest one, so that tests with short ones are exact.
constexpr int64_t memory_interval_ms = 100;
constexpr uint64_t trim_percent = 45;
constexpr int64_t trim_interval_ms = 500;

int tick_interval_ms(const ServerOptions& options) {
  const int shortest = std::min({options.header_timeout_ms, options.body_timeout_ms, options.idle_timeout_ms,
                                 options.write_timeout_ms, options.stream_heartbeat_ms});
  return std::clamp(shortest / 4, 5, options.memory_bytes_max != 0 ? 100 : 250);
}

}  // namespace

void Counts::record(int status, int64_t nanoseconds_taken) {
  add(by_class[std::clamp(status / 100 - 1, 0, 4)], 1);
  const double seconds = static_cast<double>(nanoseconds_taken) * 1e-9;
  size_t bucket = 0;
  while (bucket < RouteCounts::bucket_count && seconds > ServerStatus::time_bounds_s[bucket]) ++bucket;
  add(by_time[bucket], 1);
  add(nanoseconds, static_cast<uint64_t>(nanoseconds_taken));
}

Worker::Worker(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)),
      guard_(io_.get_executor()),
      timer_(io_),
      counts_(shared_->router.routes().size() + 1) {
  renew_time();
}

Worker::~Worker() {
  end();
}

void Worker::start() {
  schedule_tick();
  thread_ = std::thread([this] {
    id_ = std::this_thread::get_id();
    io_.run();
  });
}

void Worker::end() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
  std::vector<Item> undelivered;
  {
    const std::lock_guard lock(inbox_mutex_);
    ended_ = true;
    undelivered.swap(inbox_);
  }
  // Nobody runs the loop any more: close here, so that counts are right and what is waited for hears of it.
  const auto open = std::exchange(connections_, {});
  for (const auto& [pointer, connection] : open) connection->close();
  // What the sockets were waiting for holds connections, and they hold this worker: run, so that all of it is let go.
  timer_.cancel();
  guard_.reset();
  io_.restart();
  io_.poll();
}

void Worker::renew_time() {
  now_ms_ = steady_ms();
  const std::time_t second = std::time(nullptr);
  if (second == date_second_) return;
  date_second_ = second;
  std::tm parts{};
  gmtime_r(&second, &parts);
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char line[64];
  std::snprintf(line, sizeof line, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[parts.tm_wday], parts.tm_mday,
                months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  date_line_ = line;
}

void Worker::schedule_tick() {
  timer_.expires_after(std::chrono::milliseconds(tick_interval_ms(shared_->options)));
  timer_.async_wait([this](const boost::system::error_code& ec) {
    if (ec) return;
    tick();
    schedule_tick();
  });
}

void Shared::look_at_memory(int64_t now_ms) {
  if (options.memory_bytes_max == 0) return;
  int64_t before = memory_at_ms.load(std::memory_order_relaxed);
  if (now_ms - before < memory_interval_ms || !memory_at_ms.compare_exchange_strong(before, now_ms)) return;
  memory_bytes.store(resident_bytes(), std::memory_order_relaxed);
  if (memory_bytes.load(std::memory_order_relaxed) < options.memory_bytes_max / 100 * trim_percent) return;
  // What was freed stays with the allocator until it is told: without this a burst would be remembered as taken.
  if (now_ms - trimmed_at_ms.load() < trim_interval_ms) return;
  trimmed_at_ms.store(now_ms);
  boost::asio::post(blocking, [] { give_back_memory(); });
}

void Worker::tick() {
  renew_time();
  shared_->look_at_memory(now_ms_);
  std::vector<std::shared_ptr<Connection>> late;
  for (const auto& [pointer, connection] : connections_) {
    if (connection->deadline_ms() <= now_ms_) late.push_back(connection);
  }
  for (const auto& connection : late) connection->on_deadline();
}

void Worker::adopt(boost::asio::ip::tcp::socket socket) {
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
  boost::asio::post(io_, [this, connection = std::move(connection)] {
    if (ended_) return connection->close();
    connections_.emplace(connection.get(), connection);
    connection->start();
  });
}

void Worker::put(Item item) {
  bool was_empty = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    if (ended_) return;
    was_empty = inbox_.empty();
    inbox_.push_back(std::move(item));
  }
  if (was_empty) boost::asio::post(io_, [this] { drain(); });
}

void Worker::deliver(std::shared_ptr<Connection> connection) {
  put({std::move(connection), nullptr});
}

void Worker::post(absl::AnyInvocable<void()> task) {
  put({nullptr, std::move(task)});
}

void Worker::drain() {
  {
    const std::lock_guard lock(inbox_mutex_);
    draining_.swap(inbox_);
  }
  for (Item& item : draining_) {
    if (item.connection != nullptr) {
      item.connection->arrived();
    } else {
      // As in `call`: what a library throws ends the task, and the reply in it answers 500.
      try {
        item.task();
      } catch (const std::exception&) {
      }
    }
  }
  draining_.clear();
}

void Worker::begin_stop() {
  post([this] {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [pointer, connection] : connections_) all.push_back(connection);
    for (const auto& connection : all) connection->finish();
  });
}

void Worker::forget(Connection* connection) {
  connections_.erase(connection);
}

}  // namespace cityloom::serve::engine
