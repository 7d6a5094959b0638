// A hundred HTTP endpoints in one worker that take notifications and keep account of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"

namespace cityloom::bench {

/// What arrived. Read it when the receiver has stopped.
struct Arrivals {
  std::vector<uint32_t> of_subscription;  ///< notifications, by the number in their path
  uint64_t wrong = 0;                     ///< that tell of what their subscription did not ask for
  uint64_t out_of_order = 0;              ///< older than one before it of the same subscription
  uint64_t again = 0;                     ///< told a second time
  std::vector<int64_t> delays_us;         ///< from the value, which is when its update was sent
};

/// Endpoints at free ports; the last one takes connections and never answers. Paths are /n/NUMBER, bodies keyValues
/// with "v".
class NotifyReceiver {
 public:
  NotifyReceiver(size_t endpoints, size_t subscriptions, std::chrono::steady_clock::time_point start);
  ~NotifyReceiver();
  NotifyReceiver(const NotifyReceiver&) = delete;
  NotifyReceiver& operator=(const NotifyReceiver&) = delete;

  /// Errors: unavailable (no sockets).
  base::Status open();
  uint16_t port(size_t endpoint) const { return ports_[endpoint]; }
  /// How many have arrived so far. Any worker.
  uint64_t arrived() const { return arrived_.load(std::memory_order_relaxed); }
  /// Ends it.
  Arrivals stop();

 private:
  struct Peer {
    int socket = -1;
    std::string received;
  };
  void run();
  void take(Peer& peer);
  void note(std::string_view head, std::string_view body);

  size_t endpoints_;
  std::chrono::steady_clock::time_point start_;
  std::vector<int> listeners_;
  std::vector<uint16_t> ports_;
  std::vector<int64_t> latest_;
  Arrivals arrivals_;
  std::atomic<uint64_t> arrived_{0};
  std::atomic<bool> stopping_{false};
  int poll_ = -1;
  std::thread worker_;
};

}  // namespace cityloom::bench
