#include "rehearsal/live.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace cityloom::rehearsal {
namespace {

/// Waits at most so long, less when asked to stop.
void rest(int64_t microseconds, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, std::chrono::microseconds(microseconds), [] { return false; });
}

}  // namespace

std::string_view kind_of_topic(std::string_view topic) {
  const size_t first = topic.find('/');
  if (first == std::string_view::npos) return {};
  const size_t second = topic.find('/', first + 1);
  return topic.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
}

base::Result<BrokerAddress> BrokerAddress::parse(std::string_view text) {
  BrokerAddress address;
  const size_t colon = text.rfind(':');
  const size_t bracket = text.rfind(']');
  std::string_view host = text;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size() || address.port == 0) {
      return base::fail(base::Code::invalid, "\"" + std::string(port) + "\" is no port of a broker", std::string(text),
                        "write HOST:PORT, e.g. 127.0.0.1:1883");
    }
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) {
    return base::fail(base::Code::invalid, "a broker has a host", std::string(text),
                      "write HOST:PORT, e.g. 127.0.0.1:1883");
  }
  address.host = host;
  return address;
}

base::Status live(Day& day, Outlet& outlet, const base::Clock& clock, const LiveOptions& options,
                  std::stop_token stop) {
  const int64_t began_us = clock.now().microseconds;
  uint64_t messages = 0;
  base::Status status;
  for (int64_t lived = 0; status && !stop.stop_requested() && (options.seconds == 0 || lived < options.seconds);
       ++lived) {
    if (options.speed > 0) {
      const auto due_us = began_us + static_cast<int64_t>(static_cast<double>(lived) / options.speed * 1e6);
      for (int64_t left_us = due_us - clock.now().microseconds; left_us > 0 && !stop.stop_requested();
           left_us = due_us - clock.now().microseconds) {
        // A clock that is set by hand is looked at again soon.
        rest(std::min<int64_t>(left_us, 200'000), stop);
      }
      if (stop.stop_requested()) break;
    }
    for (const Message& message : day.step(outlet.bundling(), options.truth)) {
      if (status = outlet.send(message); !status) break;
      ++messages;
    }
    if (options.progress) options.progress(day, messages);
  }
  base::Status finished = outlet.finish();
  if (status && !finished) status = std::move(finished);
  if (options.truth != nullptr) {
    base::Status written = options.truth->finish();
    if (status && !written) status = std::move(written);
  }
  return status;
}

}  // namespace cityloom::rehearsal
