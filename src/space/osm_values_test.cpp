// What OpenStreetMap's values mean, and which are refused.
#include "space/osm_values.hpp"

#include <gtest/gtest.h>

namespace cityloom::space {
namespace {

TEST(OsmValues, LengthsInMetresFeetAndInches) {
  EXPECT_DOUBLE_EQ(parse_length_m("12").value(), 12);
  EXPECT_DOUBLE_EQ(parse_length_m(" 118.78 m ").value(), 118.78);
  EXPECT_DOUBLE_EQ(parse_length_m("12m").value(), 12);
  EXPECT_DOUBLE_EQ(parse_length_m("-3").value(), -3);
  EXPECT_DOUBLE_EQ(parse_length_m("0.5 km").value(), 500);
  EXPECT_DOUBLE_EQ(parse_length_m("40 ft").value(), 12.192);
  EXPECT_NEAR(parse_length_m("7'4\"").value(), 2.2352, 1e-9);
  EXPECT_NEAR(parse_length_m("40'").value(), 12.192, 1e-9);
}

TEST(OsmValues, AbsurdHeightsAreRefusedWithTheirText) {
  for (const char* text : {"", "tall", "12,5", "1e300", "nan", "inf", "12 13", "--3", "1.2.3", "0", "-4", "5000",
                           "12 storeys", "7'15\"", "99999999999999999999999999999999999999"}) {
    const auto height = parse_height_m(text);
    ASSERT_FALSE(height.ok()) << text;
    EXPECT_EQ(height.error().code, base::Code::invalid);
    EXPECT_NE(height.error().what.find(excerpt(text)), std::string::npos);
  }
  EXPECT_NE(parse_height_m("12,5").error().what.find("decimal comma"), std::string::npos);
}

TEST(OsmValues, Levels) {
  EXPECT_DOUBLE_EQ(parse_levels("2.5").value(), 2.5);
  EXPECT_DOUBLE_EQ(parse_levels("0").value(), 0);
  for (const char* text : {"two", "-1", "251", "3;4", ""}) EXPECT_FALSE(parse_levels(text).ok()) << text;
}

TEST(OsmValues, SpeedLimits) {
  EXPECT_DOUBLE_EQ(**parse_speed_kmh("50"), 50);
  EXPECT_DOUBLE_EQ(**parse_speed_kmh("50 km/h"), 50);
  EXPECT_NEAR(**parse_speed_kmh("30 mph"), 48.28, 0.01);
  EXPECT_NEAR(**parse_speed_kmh("10 knots"), 18.52, 0.01);
  for (const char* text : {"none", "signals", "KR:urban", "DE:rural"})
    EXPECT_FALSE(parse_speed_kmh(text)->has_value()) << text;
  for (const char* text : {"fast", "0", "-50", "1000", "50;70", "50 furlongs"})
    EXPECT_FALSE(parse_speed_kmh(text).ok()) << text;
}

TEST(OsmValues, Lanes) {
  EXPECT_EQ(parse_lane_count("4").value(), 4);
  for (const char* text : {"0", "1.5", "2;3", "many", "99"}) EXPECT_FALSE(parse_lane_count(text).ok()) << text;
}

TEST(OsmValues, Directions) {
  EXPECT_EQ(direction_of("yes", "", "residential"), Direction::forward);
  EXPECT_EQ(direction_of("-1", "", "residential"), Direction::backward);
  EXPECT_EQ(direction_of("no", "roundabout", "primary"), Direction::both);
  EXPECT_EQ(direction_of("", "roundabout", "primary"), Direction::forward);
  EXPECT_EQ(direction_of("", "", "motorway"), Direction::forward);
  EXPECT_EQ(direction_of("no", "", "motorway"), Direction::both);
  EXPECT_EQ(direction_of("", "", "primary"), Direction::both);
  EXPECT_EQ(direction_of("perhaps", "circular", "primary"), Direction::forward);
}

TEST(OsmValues, LanguageTags) {
  for (const char* tag : {"ko", "en", "ko-Latn", "zh-Hant", "nan", "ko-x-abc1"})
    EXPECT_TRUE(is_language_tag(tag)) << tag;
  for (const char* tag : {"", "k", "left", "KO", "ko-", "-ko", "ko_rm", "etymology", "ko-toolongsub"}) {
    EXPECT_FALSE(is_language_tag(tag)) << tag;
  }
}

TEST(OsmValues, ExcerptsKeepCharactersWhole) {
  EXPECT_EQ(excerpt("잠실동", 4), "잠…");
}

}  // namespace
}  // namespace cityloom::space
