#include "model/flood/shallow_water.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace cityloom::model::flood {
namespace {

template <class Real>
class Floods : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(Floods, Reals);

Terrain flat(size_t columns, size_t rows, double cell_m) {
  return {columns, rows, cell_m, cell_m, std::vector<double>(columns * rows)};
}

Terrain rough(size_t columns, size_t rows, unsigned seed) {
  Terrain terrain = flat(columns, rows, 1);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> bumps(0, 0.5);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column)
      terrain.bed_m[terrain.at(column, row)] =
          3 * std::sin(static_cast<double>(column) * 0.2) * std::cos(static_cast<double>(row) * 0.3) + bumps(random);
  }
  return terrain;
}

Options with(double dry_m, double gravity = 9.81) {
  Options options;
  options.dry_m = dry_m;
  options.gravity = gravity;
  options.workers = 2;
  return options;
}

TYPED_TEST(Floods, LeaveALakeAtRest) {
  const Terrain terrain = rough(90, 70, 1);
  ShallowWater<TypeParam> water(terrain, with(1e-4));
  for (size_t row = 0; row < 70; ++row) {
    for (size_t column = 0; column < 90; ++column)
      water.set_depth(column, row, std::max(0.0, 1.5 - water.bed_m(column, row)));
  }
  water.run(30);
  double fastest = 0;
  for (size_t row = 0; row < 70; ++row) {
    for (size_t column = 0; column < 90; ++column) {
      if (water.depth_m(column, row) < 1e-3) continue;
      const double flow = std::hypot(water.flow_x_m2_s(column, row), water.flow_y_m2_s(column, row));
      fastest = std::max(fastest, flow / water.depth_m(column, row));
    }
  }
  EXPECT_LT(fastest, sizeof(TypeParam) == sizeof(double) ? 1e-12 : 1e-4);
  EXPECT_LT(std::abs(water.audit().relative_error()), 1e-12);
}

// Stoker's dam break: published numbers of the middle state and the shock, for g = 9.8.
TYPED_TEST(Floods, BreakADamAsStokerHasIt) {
  ShallowWater<TypeParam> water(flat(1'000, 1, 1), with(1e-6, 9.8));
  water.set_boundary(Side::west, {Boundary::Kind::open, 0});
  water.set_boundary(Side::east, {Boundary::Kind::open, 0});
  for (size_t i = 0; i < 1'000; ++i) water.set_depth(i, 0, i < 500 ? 10 : 1);
  water.run(30);
  EXPECT_NEAR(water.depth_m(700, 0), 3.961748, 3.961748e-3);
  EXPECT_NEAR(water.flow_x_m2_s(700, 0) / water.depth_m(700, 0), 7.337027, 7.337027e-3);
  size_t shock = 999;
  while (water.depth_m(shock, 0) < (3.961748 + 1) / 2) --shock;
  EXPECT_NEAR(static_cast<double>(shock) + 1, 500 + 9.814289 * 30, 2);
}

// Thacker's paraboloid of a round lake that swings: the answer is a formula, and the shore moves.
template <class Real>
double error_of_thacker(size_t cells) {
  const double side_m = 4, radius_m = 1, depth_m = 0.1, reach_m = 0.8, gravity = 9.81;
  const double amplitude = (radius_m * radius_m - reach_m * reach_m) / (radius_m * radius_m + reach_m * reach_m);
  const double period_s = 2 * M_PI * radius_m / std::sqrt(8 * gravity * depth_m);
  Terrain terrain = flat(cells, cells, side_m / static_cast<double>(cells));
  const auto place = [&](size_t i) { return (static_cast<double>(i) + 0.5) * terrain.cell_x_m - side_m / 2; };
  const auto start = [&](size_t column, size_t row) {
    const double square = (place(column) * place(column) + place(row) * place(row)) / (radius_m * radius_m);
    const double bed = -depth_m * (1 - square);
    const double narrow = 1 - amplitude;
    const double surface = depth_m * (std::sqrt(1 - amplitude * amplitude) / narrow - 1 -
                                      square * ((1 - amplitude * amplitude) / (narrow * narrow) - 1));
    return std::pair(bed, std::max(0.0, surface - bed));
  };
  for (size_t row = 0; row < cells; ++row) {
    for (size_t column = 0; column < cells; ++column) terrain.bed_m[terrain.at(column, row)] = start(column, row).first;
  }
  ShallowWater<Real> water(terrain, with(1e-8));
  for (size_t row = 0; row < cells; ++row) {
    for (size_t column = 0; column < cells; ++column) {
      if (const double depth = start(column, row).second; depth > 0) water.set_depth(column, row, depth);
    }
  }
  water.run(period_s);  // then it is as it was
  double sum = 0, count = 0;
  for (size_t row = 0; row < cells; ++row) {
    for (size_t column = 0; column < cells; ++column) {
      if (std::hypot(place(column), place(row)) > 0.5) continue;
      sum += std::abs(water.depth_m(column, row) - start(column, row).second);
      ++count;
    }
  }
  EXPECT_LT(std::abs(water.audit().relative_error()), 1e-12);
  return sum / count;
}

TYPED_TEST(Floods, SwingInAParaboloidAtSecondOrder) {
  EXPECT_GT(std::log2(error_of_thacker<TypeParam>(50) / error_of_thacker<TypeParam>(100)), 1.4);
}

// Subcritical inflow over a bump that makes it shoot, and a jump behind it (Goutal and Maurel 1997).
TYPED_TEST(Floods, JumpBehindABump) {
  Terrain terrain = flat(250, 1, 0.1);
  for (size_t i = 0; i < 250; ++i) {
    const double x = (static_cast<double>(i) + 0.5) * 0.1;
    terrain.bed_m[i] = x > 8 && x < 12 ? 0.2 - 0.05 * (x - 10) * (x - 10) : 0;
  }
  ShallowWater<TypeParam> water(terrain, with(1e-6));
  water.set_boundary(Side::west, {Boundary::Kind::discharge, 0.18});
  water.set_boundary(Side::east, {Boundary::Kind::level, 0.33});
  for (size_t i = 0; i < 250; ++i) water.set_depth(i, 0, 0.33 - terrain.bed_m[i]);
  water.run(200);
  EXPECT_NEAR(water.depth_m(5, 0), 0.41373588752, 3e-4);
  for (const size_t i : {10u, 60u, 200u, 240u}) EXPECT_NEAR(water.flow_x_m2_s(i, 0), 0.18, 2e-4) << i;
}

// Rain on any terrain, with infiltration, a drain and a river: nothing is created, nothing is negative.
TYPED_TEST(Floods, AccountForEveryDrop) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const Terrain terrain = rough(300, 140, seed);  // more than one block
    ShallowWater<TypeParam> water(terrain, with(1e-4));
    for (size_t row = 0; row < 140; ++row) {
      for (size_t column = 0; column < 300; ++column) water.set_manning(column, row, 0.03);
    }
    water.set_boundary(Side::east, {Boundary::Kind::open, 0});
    water.set_rain(80e-3 / 3600);
    water.set_infiltration(10e-3 / 3600);
    water.add_inflow(20, 20, 2);
    water.add_inflow(40, 90, -0.5);
    water.run(60);
    const Audit audit = water.audit();
    EXPECT_NEAR(audit.rain_m3, 300 * 140 * 80e-3 / 60, 1);
    EXPECT_NEAR(audit.inflow_m3, 120, 1e-3);
    EXPECT_GT(audit.infiltrated_m3, 0);
    EXPECT_LT(std::abs(audit.relative_error()), 1e-10) << seed;
    for (size_t row = 0; row < 140; ++row) {
      for (size_t column = 0; column < 300; ++column) ASSERT_GE(water.depth_m(column, row), 0);
    }
  }
}

// A tide at the side of a plain: as fast as critical at most, whatever lies there already.
TYPED_TEST(Floods, ComeInNoFasterThanCritical) {
  for (const double film_m : {0.0, 0.001, 0.1}) {
    ShallowWater<TypeParam> water(flat(100, 1, 10), with(1e-4));
    for (size_t i = 0; i < 100; ++i) water.set_depth(i, 0, film_m);
    water.set_boundary(Side::west, {Boundary::Kind::level, 3});
    water.run(30);
    EXPECT_LT(water.flow_x_m2_s(0, 0), 3 * std::sqrt(9.81 * 3) * 1.05) << film_m;
    EXPECT_GT(water.depth_m(0, 0), 1) << film_m;
  }
}

// A river into a dry street: its first step is as short as its waves ask for.
TYPED_TEST(Floods, BeginWithShortSteps) {
  ShallowWater<TypeParam> water(flat(30, 30, 1), with(1e-4));
  water.add_inflow(15, 15, 30);
  water.add_inflow(15, 15, 30);
  EXPECT_LT(water.step(60), 0.1);
  water.run(1);
  EXPECT_NEAR(water.audit().inflow_m3, 60 * water.time_s(), 0.01);
  EXPECT_LT(water.fastest_m_s(), 20);
}

TYPED_TEST(Floods, DoNotDependOnHowManyWork) {
  const Terrain terrain = rough(520, 270, 4);
  std::vector<double> depths[2];
  for (const unsigned workers : {1u, 2u}) {
    Options options = with(1e-4);
    options.workers = workers;
    ShallowWater<TypeParam> water(terrain, options);
    for (size_t row = 0; row < 60; ++row) {
      for (size_t column = 0; column < 60; ++column) water.set_depth(column, row, 2);
    }
    water.run(10);
    for (size_t row = 0; row < 270; ++row) {
      for (size_t column = 0; column < 520; ++column) depths[workers - 1].push_back(water.depth_m(column, row));
    }
  }
  EXPECT_EQ(depths[0], depths[1]);
}

// Two blocks are one water: where the border lies changes nothing (a mirrored field gives a mirrored answer).
TYPED_TEST(Floods, KnowNoBlocks) {
  const size_t columns = 400;
  std::vector<double> depths[2];
  for (const bool mirrored : {false, true}) {
    const Terrain terrain = flat(columns, 3, 1);
    ShallowWater<TypeParam> water(terrain, with(1e-6));
    for (size_t row = 0; row < 3; ++row) {
      for (size_t i = 0; i < columns; ++i) water.set_depth(mirrored ? columns - 1 - i : i, row, i < 250 ? 2 : 0);
    }
    water.run(20);
    for (size_t i = 0; i < columns; ++i) depths[mirrored].push_back(water.depth_m(mirrored ? columns - 1 - i : i, 1));
  }
  for (size_t i = 0; i < columns; ++i) EXPECT_NEAR(depths[0][i], depths[1][i], 1e-4) << i;
}

}  // namespace
}  // namespace cityloom::model::flood
