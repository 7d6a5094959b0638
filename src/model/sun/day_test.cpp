#include "model/sun/day.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace cityloom::model::sun {
namespace {

GridFile grid_of(size_t columns, size_t rows, double (*height)(double x, double y)) {
  GridFile grid;
  grid.columns = columns, grid.rows = rows;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) grid.values.push_back(height(static_cast<double>(c), static_cast<double>(r)));
  }
  return grid;
}

constexpr double none = std::numeric_limits<double>::quiet_NaN();

double flat(double, double) {
  return 50;
}
double hills(double x, double y) {
  return 20 * std::sin(x / 9) * std::cos(y / 7) + 0.1 * x;
}

DayCase june_at_45() {
  DayCase it;
  it.site = {45, 7, 0, 1, 1, {}};
  it.date = {2026, 6, 21};
  it.utc_offset_h = 1;
  return it;
}

double mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Day, LevelGroundGetsAllOfTheSky) {
  for (const SkyModel model : {SkyModel::isotropic, SkyModel::hay_davies, SkyModel::perez}) {
    for (const ClearSky sky : {ClearSky::esra, ClearSky::solis, ClearSky::haurwitz}) {
      DayCase it = june_at_45();
      it.sky_model = model;
      it.clear_sky = sky;
      const auto day = run_day(grid_of(40, 30, flat), it);
      ASSERT_TRUE(day.ok()) << day.error().text();
      EXPECT_NEAR(mean(day->beam_wh_m2), day->level_beam_wh_m2, 0.01);
      EXPECT_NEAR(mean(day->diffuse_wh_m2), day->level_diffuse_wh_m2, day->level_diffuse_wh_m2 * 0.002);
      EXPECT_NEAR(mean(day->reflected_wh_m2), 0, 0.01);
      EXPECT_NEAR(mean(day->sky_view), 1, 1e-5);
      EXPECT_GT(day->level_beam_wh_m2, 6000);
      EXPECT_LT(day->level_beam_wh_m2, 9000);
      // The sun's middle is up a little shorter than its edge.
      const double up_h = (day->daylight.set_s - day->daylight.rise_s) / 3600;
      EXPECT_NEAR(mean(day->sunlight_h), up_h, 0.12);
    }
  }
}

TEST(Day, StepsHardlyMatterOnLevelGround) {
  DayCase it = june_at_45();
  it.step_minutes = 1;
  const double fine = run_day(grid_of(3, 3, flat), it)->level_beam_wh_m2;
  for (const double minutes : {7.0, 30.0, 60.0}) {
    it.step_minutes = minutes;
    const auto day = run_day(grid_of(3, 3, flat), it);
    EXPECT_NEAR(day->level_beam_wh_m2, fine, fine * 0.01) << minutes;
    double hours = 0;
    for (const DayStep& step : day->steps) hours += step.to_h - step.from_h;
    EXPECT_NEAR(hours, mean(day->sunlight_h), 1e-4);
  }
}

TEST(Day, AnyTimeZoneHasTheSameLight) {
  DayCase it = june_at_45();
  const double sum = run_day(grid_of(3, 3, flat), it)->level_beam_wh_m2;
  for (const double offset : {-14.0, -3.5, 9.0, 14.0}) {
    it.utc_offset_h = offset;
    EXPECT_NEAR(run_day(grid_of(3, 3, flat), it)->level_beam_wh_m2, sum, sum * 0.005) << offset;
  }
}

TEST(Day, SlopesToTheSunGetMore) {
  DayCase it = june_at_45();
  it.date = {2026, 12, 21};
  const auto south = run_day(grid_of(30, 30, [](double, double y) { return y * 0.5; }), it);
  const auto north = run_day(grid_of(30, 30, [](double, double y) { return -y * 0.5; }), it);
  const size_t middle = 15 * 30 + 15;
  EXPECT_GT(south->beam_wh_m2[middle], 1.5f * static_cast<float>(south->level_beam_wh_m2));
  EXPECT_LT(north->beam_wh_m2[middle], 0.2f * static_cast<float>(north->level_beam_wh_m2));
  // An even slope sees (1 + cos) / 2 of the sky, but for the ground's edge near it.
  const double share = (1 + 1 / std::sqrt(1.25)) / 2;
  EXPECT_NEAR(static_cast<double>(south->sky_view[middle]), share, 0.01);
}

TEST(Day, HolesStayHoles) {
  GridFile grid = grid_of(50, 40, hills);
  grid.values[777] = none;
  grid.holes = 1;
  const auto day = run_day(grid, june_at_45());
  ASSERT_TRUE(day.ok());
  for (const auto* map : {&day->beam_wh_m2, &day->diffuse_wh_m2, &day->reflected_wh_m2, &day->global_wh_m2,
                          &day->sunlight_h, &day->sky_view}) {
    for (size_t cell = 0; cell < map->size(); ++cell) EXPECT_EQ(std::isnan((*map)[cell]), cell == 777);
  }
}

TEST(Day, IsTheSameWithAnyNumberOfWorkers) {
  const GridFile grid = grid_of(157, 131, hills);
  DayCase it = june_at_45();
  it.sky_model = SkyModel::perez;
  it.workers = 1;
  const auto one = run_day(grid, it);
  for (const unsigned workers : {2u, 0u}) {
    it.workers = workers;
    const auto many = run_day(grid, it);
    EXPECT_EQ(one->global_wh_m2, many->global_wh_m2);
    EXPECT_EQ(one->sunlight_h, many->sunlight_h);
    EXPECT_EQ(one->sky_view, many->sky_view);
  }
}

TEST(Day, StepsSumUpToTheDay) {
  const GridFile grid = grid_of(40, 40, hills);
  std::vector<double> sum(grid.values.size());
  const auto day = run_day(grid, june_at_45(), {}, [&](const DayStep& step, const std::vector<float>& global) {
    for (size_t cell = 0; cell < sum.size(); ++cell)
      sum[cell] += static_cast<double>(global[cell]) * (step.to_h - step.from_h);
    return base::Status();
  });
  ASSERT_TRUE(day.ok());
  for (size_t cell = 0; cell < sum.size(); ++cell)
    EXPECT_NEAR(sum[cell], static_cast<double>(day->global_wh_m2[cell]), 0.05 + sum[cell] * 1e-4);
}

TEST(Day, PolarNightIsDarkAndPolarDayLong) {
  DayCase it = june_at_45();
  it.site.latitude_deg = 78;
  const auto summer = run_day(grid_of(5, 5, flat), it);
  EXPECT_NEAR(mean(summer->sunlight_h), 24, 1e-4);
  it.date = {2026, 12, 21};
  const auto winter = run_day(grid_of(5, 5, flat), it);
  ASSERT_TRUE(winter.ok()) << winter.error().text();
  EXPECT_EQ(winter->steps.size(), 0u);
  EXPECT_EQ(mean(winter->global_wh_m2), 0);
}

TEST(Day, RefusesWhatMakesNoSense) {
  const GridFile grid = grid_of(3, 3, flat);
  const auto refused = [&](auto change) {
    DayCase it = june_at_45();
    change(it);
    return !run_day(grid, it).ok();
  };
  EXPECT_TRUE(refused([](DayCase& it) { it.step_minutes = 0; }));
  EXPECT_TRUE(refused([](DayCase& it) { it.step_minutes = none; }));
  EXPECT_TRUE(refused([](DayCase& it) { it.step_minutes = 1e99; }));
  EXPECT_TRUE(refused([](DayCase& it) { it.utc_offset_h = 20; }));
  EXPECT_TRUE(refused([](DayCase& it) { it.albedo = -1; }));
  EXPECT_TRUE(refused([](DayCase& it) { it.air.linke_turbidity = 0; }));
  EXPECT_TRUE(refused([](DayCase& it) { it.site.latitude_deg = 91; }));
  EXPECT_FALSE(run_day(grid_of(3, 3, [](double, double) { return 1e30; }), june_at_45()).ok());
  EXPECT_FALSE(run_day(grid_of(3, 3, [](double, double) { return none; }), june_at_45()).ok());
  EXPECT_TRUE(run_day(grid_of(1, 1, flat), june_at_45()).ok());
  const auto stopped = run_day(grid, june_at_45(), [](double) { return false; });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code, base::Code::cancelled);
}

TEST(Site, IsKnownByDegreesOrMustBeTold) {
  GridFile grid = grid_of(10, 10, flat);
  EXPECT_FALSE(site_of(grid, {}).ok());
  EXPECT_EQ(site_of(grid, Place{37.5, 127})->latitude_deg, 37.5);
  EXPECT_FALSE(site_of(grid, Place{91, 127}).ok());
  EXPECT_FALSE(site_of(grid, Place{none, 127}).ok());
  grid.west = 127, grid.south = 37.5, grid.cell_x = grid.cell_y = 0.0001;
  const auto guessed = site_of(grid, {});
  ASSERT_TRUE(guessed.ok());
  EXPECT_NEAR(guessed->latitude_deg, 37.5005, 1e-9);
  EXPECT_NEAR(guessed->cell_x_m, 8.82, 0.01);
  EXPECT_FALSE(guessed->note.empty());
}

}  // namespace
}  // namespace cityloom::model::sun
