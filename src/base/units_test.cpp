// Ways between units lead there and back, and never from one quantity to another.
#include "base/units.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace cityloom::base {
namespace {

TEST(Units, ConvertsThereAndBack) {
  EXPECT_NEAR(conversion("HM", "KMH")->scale, 1.609344, 1e-12);
  EXPECT_NEAR(conversion("mph", "KMH")->scale, 1.609344, 1e-12);
  const auto fahrenheit = conversion("FAH", "CEL");
  EXPECT_NEAR(32 * fahrenheit->scale + fahrenheit->offset, 0, 1e-9);
  EXPECT_NEAR(-40 * fahrenheit->scale + fahrenheit->offset, -40, 1e-9);
  for (const auto& [from, to] : {std::pair{"KNT", "MTS"}, {"BAR", "A97"}, {"GP", "GQ"}, {"61", "59"}, {"KEL", "FAH"}}) {
    const auto there = conversion(from, to);
    const auto back = conversion(to, from);
    ASSERT_TRUE(there.ok() && back.ok());
    EXPECT_NEAR((7 * there->scale + there->offset) * back->scale + back->offset, 7, 1e-9) << from;
  }
}

TEST(Units, OfAnotherQuantityOrUnknownAreRefusedWithARemedy) {
  EXPECT_FALSE(conversion("CEL", "MTR").ok());
  const auto unknown = conversion("furlong", "MTR");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.error().remedy.find("MTR (m)"), std::string::npos);
}

TEST(Units, AreKnownByCodeSignOrName) {
  for (const auto& [text, code] : {std::pair{"GQ", "GQ"},
                                   {"\u00b5g/m\u00b3", "GQ"},
                                   {"\u03bcg/m^3", "GQ"},
                                   {"ug/m3", "GQ"},
                                   {"\u00b0C", "CEL"},
                                   {"degrees Celsius", "CEL"},
                                   {"Celsius", "CEL"},
                                   {"km/h", "KMH"},
                                   {"Km / h", "KMH"},
                                   {"MW", "MAW"},
                                   {"%", "P1"},
                                   {"hPa", "A97"},
                                   {"E34", "E34"},
                                   {"dBA", "2N"}}) {
    EXPECT_EQ(unit_code(text), code) << text;
  }
  for (const std::string_view text : {"", "mW", "furlongs per fortnight", "dimensionless quantity"}) {
    EXPECT_EQ(unit_code(text), "") << text;
  }
}

}  // namespace
}  // namespace cityloom::base
