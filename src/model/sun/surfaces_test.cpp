// Façades, roofs, the rule of sunlight and the yield of modules.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/sun/exposure.hpp"
#include "model/sun/sunlight_rule.hpp"
#include "model/sun/yield.hpp"

namespace cityloom::model::sun {
namespace {

GridFile level(size_t columns, size_t rows) {
  GridFile grid;
  grid.columns = columns, grid.rows = rows;
  grid.values.assign(columns * rows, 10);
  return grid;
}

Building box(double west, double south, double wide, double deep, double height_m) {
  return {"box", {{{west, south}, {west + wide, south}, {west + wide, south + deep}, {west, south + deep}}}, height_m};
}

DayCase seoul(const Date& date) {
  DayCase it;
  it.site = {37.5, 127.0, 0, 1, 1, {}};
  it.date = date;
  it.utc_offset_h = 9;
  return it;
}

TEST(Surfaces, ABoxHasFourFacadesAndARoof) {
  const GridFile ground = level(60, 60);
  const std::vector<Building> buildings = {box(20, 20, 20, 10, 9)};
  GridFile raised = ground;
  ASSERT_EQ(*raise(raised, buildings), 1u);
  const auto parts = cut_surfaces(buildings, ground, raised, seoul({2026, 6, 21}).site, {});
  ASSERT_TRUE(parts.ok());
  double roof = 0, facade = 0, south = 0;
  for (const Part& part : *parts) {
    (part.kind == Part::Kind::roof ? roof : facade) += part.area_m2;
    if (part.kind == Part::Kind::facade && std::abs(part.azimuth_deg - 180) < 1) south += part.area_m2;
  }
  EXPECT_NEAR(roof, 200, 1e-9);
  EXPECT_NEAR(facade, 60 * 9, 1e-6);
  EXPECT_NEAR(south, 20 * 9, 1e-6);
  // The other way round it is the same box.
  std::vector<Building> turned = buildings;
  std::ranges::reverse(turned[0].rings[0]);
  const auto again = cut_surfaces(turned, ground, raised, seoul({2026, 6, 21}).site, {});
  double south_again = 0;
  for (const Part& part : *again)
    if (part.kind == Part::Kind::facade && std::abs(part.azimuth_deg - 180) < 1) south_again += part.area_m2;
  EXPECT_NEAR(south_again, south, 1e-6);
}

TEST(Surfaces, TheSunReachesTheSideThatFacesIt) {
  const GridFile ground = level(60, 60);
  const std::vector<Building> buildings = {box(20, 20, 20, 10, 9)};
  GridFile raised = ground;
  ASSERT_TRUE(raise(raised, buildings).ok());
  const Site site = seoul({2026, 6, 21}).site;
  const auto parts = cut_surfaces(buildings, ground, raised, site, {});
  const auto lit = exposure(raised, site, *parts, {{180, 30}, {0, 30}, {180, -1}});
  ASSERT_TRUE(lit.ok());
  for (size_t i = 0; i < parts->size(); ++i) {
    const Part& part = (*parts)[i];
    const bool is_roof = part.kind == Part::Kind::roof;
    EXPECT_EQ((*lit)[0][i], is_roof || std::abs(part.azimuth_deg - 180) < 1) << i;
    EXPECT_EQ((*lit)[1][i], is_roof || std::abs(std::remainder(part.azimuth_deg, 360)) < 1) << i;
    EXPECT_FALSE((*lit)[2][i]);
  }
  const auto sky = sky_share(raised, site, *parts);
  for (size_t i = 0; i < parts->size(); ++i)
    EXPECT_NEAR((*sky)[i], (*parts)[i].kind == Part::Kind::roof ? 1 : 0.5, 1e-6);
}

TEST(Surfaces, ATowerTakesItsNeighboursSun) {
  const GridFile ground = level(160, 160);
  const std::vector<Building> house = {box(70, 100, 20, 10, 9)};
  std::vector<Building> both = house;
  both.push_back(box(50, 60, 60, 25, 100));
  GridFile before = ground, after = ground;
  ASSERT_TRUE(raise(before, house).ok());
  ASSERT_TRUE(raise(after, both).ok());
  DayCase it = seoul({2026, 12, 22});
  it.step_minutes = 10;
  const auto parts = cut_surfaces(house, ground, before, it.site, {});
  const auto had = sunlight(before, it, *parts, {}), has = sunlight(after, it, *parts, {});
  ASSERT_TRUE(had.ok() && has.ok());
  const auto free = by_building(1, *parts, *had), shaded = by_building(1, *parts, *has);
  EXPECT_TRUE(free[0].has_facade && free[0].light.is_enough);
  EXPECT_NEAR(free[0].light.total_h, 8, 0.35);
  EXPECT_FALSE(shaded[0].light.is_enough);
  EXPECT_LT(shaded[0].light.total_h, free[0].light.total_h);
}

TEST(Surfaces, TheRuleCountsPiecesAndSums) {
  const SunlightRule rule;
  EXPECT_TRUE(judge({{9, 10}, {10, 11}}, rule).is_enough) << "two hours in one piece";
  EXPECT_FALSE(judge({{9, 10}, {10.5, 11.5}}, rule).is_enough) << "in two";
  EXPECT_FALSE(judge({{7, 9.5}, {14.5, 18}}, rule).is_enough) << "mostly outside the hours";
  EXPECT_TRUE(judge({{8, 9}, {9.2, 10.2}, {11, 12}, {15, 16}}, rule).is_enough) << "four hours altogether";
  EXPECT_EQ(judge({}, rule).total_h, 0);
  const auto wrong = sunlight(level(3, 3), seoul({2026, 12, 22}), {}, {15, 9, 2, 8, 16, 4});
  EXPECT_FALSE(wrong.ok());
}

TEST(Surfaces, YieldOfAFreeRoofIsTheSumOfItsDays) {
  const GridFile ground = level(30, 30);
  const std::vector<Building> buildings = {box(10, 10, 4, 4, 6)};
  GridFile raised = ground;
  ASSERT_TRUE(raise(raised, buildings).ok());
  DayCase it = seoul({2026, 1, 1});
  const auto parts = cut_surfaces(buildings, ground, raised, it.site, {});
  const auto found = yields(raised, it, *parts, {});
  ASSERT_TRUE(found.ok()) << found.error().text();
  double year = 0;
  for (int month = 1; month <= 12; ++month) {
    it.date = {2026, month, day_of_month[static_cast<size_t>(month - 1)]};
    const auto day = run_day(ground, it);
    const double days = month == 2 ? 28 : month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    year += (day->level_beam_wh_m2 + day->level_diffuse_wh_m2) * days / 1000;
  }
  for (size_t i = 0; i < parts->size(); ++i) {
    const Yield& one = (*found)[i];
    if ((*parts)[i].kind == Part::Kind::roof) EXPECT_NEAR(one.light_kwh_m2, year, year * 1e-6);
    double months = 0, hours = 0;
    for (const double value : one.month_kwh) months += value;
    for (const double value : one.hour_wh_m2) hours += value;
    EXPECT_NEAR(months, one.power_kwh, 1e-9);
    EXPECT_NEAR(hours * 365.25 / 1000, one.light_kwh_m2, 1e-6);
  }
  EXPECT_GT(year, 1500);
  EXPECT_LT(year, 2400);
  // 1,000 W/m2 at a cell of 25 C: what stands on the module.
  Modules modules;
  modules.air_c = 25 - (45 - 20) / 800.0 * 1000;
  EXPECT_NEAR(power_w(modules, 10, 1000), 10 * 1000 * 0.2 * 0.86, 1e-9);
  modules.air_c += 10;
  EXPECT_NEAR(power_w(modules, 10, 1000), 10 * 1000 * 0.2 * 0.86 * (1 - 0.04), 1e-9);
  modules.efficiency = 7;
  EXPECT_FALSE(yields(raised, it, *parts, modules).ok());
}

}  // namespace
}  // namespace cityloom::model::sun
