// Times as text, both ways.
#include "base/instant.hpp"

#include <gtest/gtest.h>

#include <random>

namespace cityloom::base {
namespace {

TEST(Instant, ReadsZonesAndFractions) {
  EXPECT_EQ(Instant::parse("1970-01-01T00:00:00Z")->microseconds, 0);
  EXPECT_EQ(Instant::parse("1970-01-01T09:00:00+09:00")->microseconds, 0);
  EXPECT_EQ(Instant::parse("1970-01-01T00:00:00.1234567Z")->microseconds, 123456);
  EXPECT_EQ(Instant::parse("2000-02-29T23:59:60Z")->text(), "2000-03-01T00:00:00Z");
  EXPECT_EQ(Instant::parse("1969-12-31T23:59:59.5Z")->text(), "1969-12-31T23:59:59.500Z");
}

TEST(Instant, RefusesWhatIsNotADateTime) {
  for (const char* text :
       {"", "2026", "2026-11-22", "2026-11-22 08:05:00Z", "2026-11-22T08:05:00", "2026-11-22T08:05Z",
        "2026-13-22T08:05:00Z", "2026-02-29T08:05:00Z", "2026-11-22T24:05:00Z", "2026-11-22T08:05:00.Z",
        "2026-11-22T08:05:00+9:00", "2026-11-22T08:05:00Zx", "+026-11-22T08:05:00Z", "2026-11-22T08:05:61Z"}) {
    EXPECT_FALSE(Instant::parse(text).ok()) << text;
  }
}

TEST(Instant, EveryInstantReadsBackAsItWasWritten) {
  std::mt19937_64 random(7);
  const int64_t first = Instant::parse("0000-01-01T00:00:00Z")->microseconds;
  const int64_t last = Instant::parse("9999-12-31T23:59:59.999999Z")->microseconds;
  std::uniform_int_distribution<int64_t> any(first, last);
  for (int i = 0; i < 20000; ++i) {
    const Instant instant{any(random)};
    ASSERT_EQ(Instant::parse(instant.text())->microseconds, instant.microseconds) << instant.text();
  }
}

}  // namespace
}  // namespace cityloom::base
