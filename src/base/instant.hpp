// Points in time, and the clock that tells them.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cityloom::base {

/// A point in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds. `Instant::none()` means absent
/// and sorts before every other. Range that can be written as text: years 0000 to 9999.
struct Instant {
  int64_t microseconds = std::numeric_limits<int64_t>::min();

  static constexpr Instant none() { return {}; }
  static constexpr Instant from_seconds(int64_t seconds) { return {seconds * 1'000'000}; }
  constexpr bool exists() const { return microseconds != std::numeric_limits<int64_t>::min(); }
  constexpr auto operator<=>(const Instant&) const = default;

  /// Parses an RFC 3339 date-time, also without seconds' fraction, with 'Z' or an offset such as +09:00; up to six
  /// digits of fraction are kept, further ones cut. A space or 't' instead of 'T' is refused. A leap second (60)
  /// is read as the second after. Errors: Code::invalid with the text in `where`.
  static Result<Instant> parse(std::string_view text);

  /// RFC 3339 in UTC, with milliseconds or microseconds where they are not zero: "2026-11-22T08:05:00Z".
  /// Must exist and lie in years 0000 to 9999.
  std::string text() const;
};
static_assert(sizeof(Instant) == 8);

/// Tells the time. Injected wherever time matters, so that tests and rehearsals replay exactly. Any worker may call.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Now. Never goes back on a ManualClock that is only advanced; the machine's clock may be set back.
  virtual Instant now() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  Instant now() const override;
};

/// A clock that stands still until told otherwise, for tests and rehearsals.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : microseconds_(start.microseconds) {}
  Instant now() const override { return {microseconds_.load()}; }
  void set(Instant instant) { microseconds_.store(instant.microseconds); }
  void advance_us(int64_t microseconds) { microseconds_.fetch_add(microseconds); }

 private:
  std::atomic<int64_t> microseconds_;
};

}  // namespace cityloom::base
