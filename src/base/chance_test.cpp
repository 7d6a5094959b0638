// The machine's chance.
#include "base/chance.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cityloom::base {
namespace {

TEST(Chance, OfTheSystemUsesAllBitsAndDoesNotRepeat) {
  std::set<uint64_t> drawn;
  uint64_t ones = 0, zeros = 0;
  for (int i = 0; i < 100; ++i) {
    const uint64_t bits = system_chance();
    drawn.insert(bits);
    ones |= bits;
    zeros |= ~bits;
  }
  EXPECT_EQ(drawn.size(), 100u);
  EXPECT_EQ(ones, ~uint64_t{0});
  EXPECT_EQ(zeros, ~uint64_t{0});
}

}  // namespace
}  // namespace cityloom::base
