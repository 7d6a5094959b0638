// The word that was probably meant, and the name that was surely meant.
#include "base/nearest.hpp"

#include <gtest/gtest.h>

namespace cityloom::base {
namespace {

TEST(Nearest, FindsTheWordMeant) {
  EXPECT_EQ(nearest("improt", {"serve", "import", "backup"}), "import");
  EXPECT_EQ(nearest("xylophone", {"serve", "import", "backup"}), "");
  EXPECT_EQ(nearest("", {"serve"}), "");
}

TEST(Misspelt, IsSureOfItself) {
  const std::vector<std::string> known = {"temperature", "relativeHumidity", "pm10", "pm25", "no2", "co", "name"};
  EXPECT_EQ(misspelt("temperatre", known), "temperature");
  EXPECT_EQ(misspelt("temprature", known), "temperature");
  EXPECT_EQ(misspelt("Temperature", known), "temperature");
  EXPECT_EQ(misspelt("relative_humidity", known), "relativeHumidity");
  EXPECT_EQ(misspelt("nmae", known), "") << "two letters of four";
  EXPECT_EQ(misspelt("nam", known), "");
  EXPECT_EQ(misspelt("names", known), "name");
  EXPECT_EQ(misspelt("PM10", known), "pm10");
}

TEST(Misspelt, LeavesWhatMayBeAnotherName) {
  const std::vector<std::string> known = {"temperature", "pm10", "pm25", "no2", "co"};
  EXPECT_EQ(misspelt("pm1", known), "");
  EXPECT_EQ(misspelt("no", known), "");
  EXPECT_EQ(misspelt("so2", known), "");
  EXPECT_EQ(misspelt("temperature", known), "") << "it is known";
  EXPECT_EQ(misspelt("colour", known), "");
  EXPECT_EQ(misspelt(std::string(100'000, 't'), known), "");
}

}  // namespace
}  // namespace cityloom::base
