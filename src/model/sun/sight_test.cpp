#include "model/sun/sight.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::model::sun {
namespace {

// Level ground with a wall of 10 m across it.
GridFile wall() {
  GridFile grid;
  grid.columns = 100, grid.rows = 60;
  for (size_t row = 0; row < 60; ++row) {
    for (size_t column = 0; column < 100; ++column) grid.values.push_back(column == 50 ? 10 : 0);
  }
  return grid;
}

TEST(Sight, AWallHidesWhatIsBehindIt) {
  const GridFile grid = wall();
  const auto hidden = sight(grid, {10.5, 30.5, 2}, {90.5, 30.5, 2});
  ASSERT_TRUE(hidden.ok());
  EXPECT_FALSE(hidden->is_free);
  EXPECT_NEAR(hidden->clearance_m, -8, 1e-9);
  EXPECT_NEAR(hidden->at_x, 50.5, 1e-9);
  EXPECT_NEAR(hidden->distance_m, 80, 1e-9);
  EXPECT_TRUE(sight(grid, {10.5, 30.5, 2}, {40.5, 10.5, 2})->is_free);
  // From 2 m, 40 m before the wall, what is 40 m behind it is seen from 18 m on.
  EXPECT_FALSE(sight(grid, {10.5, 30.5, 2}, {90.5, 30.5, 17.9})->is_free);
  EXPECT_TRUE(sight(grid, {10.5, 30.5, 2}, {90.5, 30.5, 18.1})->is_free);
  // Whoever sees is seen.
  EXPECT_TRUE(sight(grid, {90.5, 30.5, 18.1}, {10.5, 30.5, 2})->is_free);
}

TEST(Sight, IsCountedFromARoad) {
  const GridFile grid = wall();
  const auto road = along(grid, {{5.5, 5.5}, {5.5, 55.5}}, 1.6, 10);
  ASSERT_TRUE(road.ok());
  EXPECT_EQ(road->size(), 6u);
  const auto seen = seen_from(grid, *road, 0.5, 1e6);
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ((*seen)[30 * 100 + 30], 6);
  EXPECT_EQ((*seen)[30 * 100 + 50], 6) << "the wall itself";
  EXPECT_EQ((*seen)[30 * 100 + 80], 0);
  const auto near = seen_from(grid, *road, 0.5, 20);
  EXPECT_EQ((*near)[30 * 100 + 40], 0);
}

TEST(Sight, RefusesWhatCannotBe) {
  GridFile grid = wall();
  EXPECT_FALSE(sight(grid, {-1, 5, 2}, {5, 5, 2}).ok());
  EXPECT_FALSE(sight(grid, {1, 5, std::numeric_limits<double>::quiet_NaN()}, {5, 5, 2}).ok());
  EXPECT_FALSE(seen_from(grid, {}, 0, 100).ok());
  EXPECT_FALSE(seen_from(grid, std::vector<Eye>(viewpoints_max + 1), 0, 100).ok());
  EXPECT_FALSE(along(grid, {{0, 0}, {1e9, 0}}, 1, 0.1).ok());
  grid.values[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(sight(grid, {0.5, 0.5, 2}, {5, 5, 2}).ok());
  EXPECT_EQ((*seen_from(grid, {{20, 20, 2}}, 1, 1000))[0], 0);
}

}  // namespace
}  // namespace cityloom::model::sun
