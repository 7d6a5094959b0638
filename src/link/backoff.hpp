// Waiting longer after each failure, never all at the same moment.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace cityloom::link {

/// Delays of 0.5 s doubled up to 60 s, each times a random factor from 0.5 to 1 drawn from the seed.
class Backoff {
 public:
  explicit Backoff(uint64_t seed) : random_(seed) {}

  /// Microseconds to wait after one more failure.
  int64_t next_us() {
    constexpr int64_t first_us = 500'000;
    constexpr int64_t longest_us = 60'000'000;
    const int64_t full_us = std::min(longest_us, first_us << std::min(failures_, 10));
    ++failures_;
    return full_us / 2 + std::uniform_int_distribution<int64_t>(0, full_us / 2)(random_);
  }

  /// It worked: the next failure starts over.
  void reset() { failures_ = 0; }

 private:
  std::mt19937_64 random_;
  int failures_ = 0;
};

}  // namespace cityloom::link
