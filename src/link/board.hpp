// What a link tells of itself, kept for whoever asks.
#pragma once

#include <array>
#include <deque>
#include <mutex>
#include <string>

#include "link/links.hpp"

namespace cityloom::link {

/// The status of one link: written by its worker, read by anybody.
class Board {
 public:
  explicit Board(const LinkDefinition& definition);

  /// Replaces state, reason and time of the next try.
  void set_state(State state, std::string detail = {}, base::Instant retry_at = {});
  /// Messages arrived.
  void heard(base::Instant now, size_t count);
  void accepted(size_t messages);
  /// A message was refused, as a whole or in part.
  void refused(base::Instant now, std::string reason, std::string sample);
  void set_waiting(size_t messages);

  /// As of `now`, which the rate is counted back from.
  LinkStatus status(base::Instant now) const;

 private:
  static constexpr int64_t window_s = 10;
  static constexpr size_t refusals_max = 20;

  mutable std::mutex mutex_;
  LinkStatus status_;
  std::deque<Refusal> refusals_;
  struct Second {
    int64_t number = -1;
    uint64_t count = 0;
  };
  std::array<Second, window_s> seconds_;  // a ring by second
};

}  // namespace cityloom::link
