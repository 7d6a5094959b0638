#include "model/assimilation/nowcast.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace cityloom::model::assimilation {
namespace {

// A valley that falls to the east, under rain for a quarter of an hour.
flood::Case valley() {
  flood::Case it;
  it.terrain.columns = 24;
  it.terrain.rows = 10;
  it.terrain.cell_x = it.terrain.cell_y = it.terrain.cell_x_m = it.terrain.cell_y_m = 20;
  for (int row = 0; row < 10; ++row) {
    for (int column = 0; column < 24; ++column)
      it.terrain.values.push_back(20 - column * 0.1 + std::abs(row - 5) * 0.5);
  }
  it.manning = {0.04};
  it.rain_mm_h = {{{0, 60}, {900, 60}, {901, 0}}};
  for (auto& [kind, series] : it.boundaries) series = {{{0, 0}}};
  it.gauges = {{"middle", 12, 5}, {"end", 22, 5}};
  it.duration_s = 1'500;
  it.every_s = 60;
  it.options.workers = 1;
  return it;
}

TEST(Nowcasts, FindTheRainThatFell) {
  flood::Case truth = valley();
  for (auto& [time_s, value] : truth.rain_mm_h.points) value *= 1.8;
  const auto came = flood::run_case(truth);
  ASSERT_TRUE(came.ok()) << came.error().text();
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 0.005);
  std::vector<Reading> readings;
  for (size_t gauge = 0; gauge < 2; ++gauge) {
    for (const auto& entry : came->gauges[gauge]) {
      if (entry.time_s > 120 && entry.time_s <= 600)
        readings.push_back({gauge, entry.time_s, std::max(entry.depth_m + noise(random), 0.0), 0.005});
    }
  }
  const NowcastOptions options{12, 2, 0.5, 0, 0.2, 3};
  const auto result = nowcast(valley(), readings, options);
  ASSERT_TRUE(result.ok()) << result.error().text();
  EXPECT_NEAR(result->rain.middle, 1.8, 0.25);
  EXPECT_LT(result->error_after_m, 0.3 * result->error_before_m);
  // What comes after the last reading, at the end of the valley.
  const auto& end = result->gauges[1];
  EXPECT_NEAR(end.middle_m.back(), came->gauges[1].back().depth_m, 0.15 * came->gauges[1].back().depth_m);
  for (size_t i = 0; i < end.low_m.size(); ++i) EXPECT_TRUE(0 <= end.low_m[i] && end.low_m[i] <= end.high_m[i]);
}

TEST(Nowcasts, RefuseWhatTheyCannotFollow) {
  const flood::Case it = valley();
  const Reading good{0, 60, 0.1, 0.05};
  EXPECT_FALSE(nowcast(it, {}, {}).ok());
  EXPECT_EQ(nowcast(it, {good, {2, 60, 0.1, 0.05}}, {}).error().where, "reading 2");
  EXPECT_FALSE(nowcast(it, {{0, 1e9, 0.1, 0.05}}, {}).ok());
  EXPECT_FALSE(nowcast(it, {{0, 60, -1, 0.05}}, {}).ok());
  EXPECT_FALSE(nowcast(it, {{0, 60, 0.1, 0}}, {}).ok());
  EXPECT_FALSE(nowcast(it, {{0, 60, std::nan(""), 0.05}}, {}).ok());
  EXPECT_FALSE(nowcast(it, {good}, {1, 1, 0.5, 0, 0, 1}).ok());
  EXPECT_EQ(nowcast(it, {good}, {}, [](double) { return false; }).error().code, base::Code::cancelled);
}

}  // namespace
}  // namespace cityloom::model::assimilation
