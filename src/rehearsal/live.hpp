// Living a day against a clock, and the ways by which its messages leave.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "rehearsal/day.hpp"

namespace cityloom::rehearsal {

/// Where messages go. One worker.
class Outlet {
 public:
  virtual ~Outlet() = default;
  /// Takes a message; may wait while too many are under way. Errors: unavailable (nobody takes it), invalid (refused).
  virtual base::Status send(const Message& message) = 0;
  /// Waits until what was sent has arrived. Errors: as above.
  virtual base::Status finish() = 0;
  virtual Bundling bundling() const { return Bundling::gateway; }
};

/// The kind in a topic: "air" of "rehearsal/air/17".
std::string_view kind_of_topic(std::string_view topic);

/// A broker as cityloom's mqtt links know it.
struct BrokerAddress {
  std::string host = "127.0.0.1";
  uint16_t port = 1883;
  /// "HOST", "HOST:PORT" or "[IPv6]:PORT". Errors: invalid.
  static base::Result<BrokerAddress> parse(std::string_view text);
};

/// Publishes with QoS 1, each reading as a message of its own, as devices do; at most 1,000 under way. Errors:
/// unavailable (no broker within 10 s).
base::Result<std::unique_ptr<Outlet>> connect_broker(const BrokerAddress& address, const std::string& client_id);

/// How a day is lived.
struct LiveOptions {
  double speed = 1;     ///< seconds of the day in one of the clock's; 0: as fast as it goes
  int64_t seconds = 0;  ///< of the day, then it ends; 0: until asked to stop
  Truth* truth = nullptr;
  std::function<void(const Day&, uint64_t messages)> progress;  ///< after each second of the day
};

/// Lives until the seconds are over or `stop` is asked for (which is no error). Falls behind rather than leaving a
/// second out. Errors: those of the outlet and of the truth.
base::Status live(Day& day, Outlet& outlet, const base::Clock& clock, const LiveOptions& options, std::stop_token stop);

}  // namespace cityloom::rehearsal
