#include "model/sun/position.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace cityloom::model::sun {
namespace {

constexpr Observer golden{39.742476, -105.1786, 1830.14, 820, 11};

TEST(Position, IsThatOfThePublishedExample) {
  const double moment = julian_day({2003, 10, 17}, (12 + 7) * 3600 + 30 * 60 + 30);
  EXPECT_NEAR(moment, 2452930.312847, 1e-6);
  const Position sun = position(golden, moment, 67);
  EXPECT_NEAR(sun.zenith_deg, 50.11162, 1e-5);
  EXPECT_NEAR(sun.azimuth_deg, 194.34024, 1e-5);
  EXPECT_NEAR(sun.distance_au, 0.9965422974, 1e-9);
  EXPECT_NEAR(sun.right_ascension_deg, 202.22741, 1e-5);
  EXPECT_NEAR(sun.declination_deg, -9.31434, 1e-5);
}

// Table A4.1 of the report.
TEST(Position, CountsDaysInBothCalendars) {
  EXPECT_DOUBLE_EQ(julian_day({2000, 1, 1}, 43200), 2451545.0);
  EXPECT_DOUBLE_EQ(julian_day({1999, 1, 1}, 0), 2451179.5);
  EXPECT_DOUBLE_EQ(julian_day({1988, 6, 19}, 43200), 2447332.0);
  EXPECT_DOUBLE_EQ(julian_day({1600, 12, 31}, 0), 2305812.5);
  EXPECT_DOUBLE_EQ(julian_day({837, 4, 10}, 7.2 * 3600), 2026871.8);
  EXPECT_DOUBLE_EQ(julian_day({-123, 12, 31}, 0), 1676496.5);
  EXPECT_DOUBLE_EQ(julian_day({-1000, 7, 12}, 43200), 1356001.0);
  EXPECT_DOUBLE_EQ(julian_day({-1001, 8, 17}, 21.6 * 3600), 1355671.4);
  EXPECT_DOUBLE_EQ(julian_day({-4712, 1, 1}, 43200), 0);
  EXPECT_EQ(day_of_year({2024, 12, 31}), 366);
  EXPECT_EQ(plus_days({1582, 10, 4}, 1), (Date{1582, 10, 15}));
  EXPECT_EQ(plus_days({1582, 10, 15}, -1), (Date{1582, 10, 4}));
  EXPECT_EQ(plus_days({2024, 2, 28}, 366), (Date{2025, 2, 28}));
  EXPECT_EQ(plus_days({2025, 2, 28}, -366), (Date{2024, 2, 28}));
}

// The report's program gives 06:12:43 and 17:20:19 for 2003-10-17; its sunset is the one within that day of UTC, which
// is the local 16th.
TEST(Position, RisesAndSetsToTheSecond) {
  constexpr double west_s = -7 * 3600;
  EXPECT_NEAR(daylight(golden, {2003, 10, 17}, west_s).rise_s + west_s, 6 * 3600 + 12 * 60 + 43, 1.0);
  EXPECT_NEAR(daylight(golden, {2003, 10, 17}, west_s).noon_s + west_s, 11 * 3600 + 46 * 60 + 4, 1.5);
  EXPECT_NEAR(daylight(golden, {2003, 10, 16}, west_s).set_s + west_s, 17 * 3600 + 20 * 60 + 19, 1.0);
}

TEST(Position, KnowsPolarDayAndNight) {
  const Observer tromso{69.65, 18.96, 0, 1013, 0};
  EXPECT_EQ(daylight(tromso, {2026, 6, 21}, 3600).kind, Daylight::Kind::up_all_day);
  EXPECT_EQ(daylight(tromso, {2026, 12, 21}, 3600).kind, Daylight::Kind::down_all_day);
  EXPECT_EQ(daylight(tromso, {2026, 3, 20}, 3600).kind, Daylight::Kind::rises_and_sets);
  for (const double latitude : {90.0, -90.0}) {
    const Position sun = position({latitude, 0, 0, 1013, 0}, julian_day({2026, 6, 21}, 43200));
    EXPECT_NEAR(sun.elevation_deg, latitude > 0 ? 23.43 : -23.43, 0.02);
  }
}

TEST(Position, HoldsOverAllItsYears) {
  for (int year = year_min; year <= year_max; year += 37) {
    const double june = position({0, 0, 0, 1013, 12}, julian_day({year, 6, 21}, 43200)).declination_deg;
    EXPECT_TRUE(std::isfinite(june)) << year;
    EXPECT_LT(std::abs(june), 24) << year;
    for (int hour = 0; hour < 24; ++hour) {
      const Position sun = position({51, 7, 100, 1000, 10}, julian_day({year, 3, 1}, hour * 3600));
      ASSERT_TRUE(sun.zenith_deg >= 0 && sun.zenith_deg <= 180 && sun.azimuth_deg >= 0 && sun.azimuth_deg < 360.0001);
    }
  }
}

TEST(Position, DatesAreReadOrRefused) {
  EXPECT_EQ(*read_date("2026-06-21"), (Date{2026, 6, 21}));
  EXPECT_EQ(*read_date("-2000-01-01"), (Date{-2000, 1, 1}));
  EXPECT_EQ(*read_date("6000-12-31"), (Date{6000, 12, 31}));
  EXPECT_TRUE(read_date("2024-02-29").ok());
  EXPECT_TRUE(read_date("1500-02-29").ok()) << "the Julian calendar had it";
  for (const char* wrong : {"", "2026", "2026-6-21", "2026-06", "2026-13-01", "2026-00-10", "2026-02-30", "2023-02-29",
                            "1900-02-29", "6001-01-01", "-2001-01-01", "2026-06-21x", "2026-06-2a", "21.06.2026",
                            "1582-10-10", "20260621", "--20-01-01", "2026--1-01", "99999999999-01-01"})
    EXPECT_FALSE(read_date(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace cityloom::model::sun
