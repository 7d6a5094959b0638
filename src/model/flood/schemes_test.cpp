// What holds for both schemes, on random terrain, and what one owes to the other.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "model/flood/shallow_water.hpp"
#include "model/flood/soil.hpp"

namespace cityloom::model::flood {
namespace {

Terrain random_terrain(size_t columns, size_t rows, unsigned seed, double cliffs_m) {
  Terrain terrain{columns, rows, 2, 3, std::vector<double>(columns * rows)};
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> chance(0, 1);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      const double hill = 2 * std::sin(static_cast<double>(column) * 0.1) * std::cos(static_cast<double>(row) * 0.15);
      terrain.bed_m[terrain.at(column, row)] = hill + 0.3 * chance(random) + (chance(random) < 0.05 ? cliffs_m : 0);
    }
  }
  return terrain;
}

// Rain, soils, drains, rivers and open sides at once.
template <class Real>
void set_storm(ShallowWater<Real>& water, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> chance(0, 1);
  std::vector<float> share;
  for (size_t i = 0; i < water.columns() * water.rows(); ++i) share.push_back(static_cast<float>(chance(random)));
  for (size_t row = 0; row < water.rows(); ++row) {
    for (size_t column = 0; column < water.columns(); ++column) water.set_manning(column, row, 0.1 * chance(random));
  }
  water.set_rain(500e-3 / 3'600);
  water.set_rain_share(share);
  water.set_capacity([](size_t row, auto, auto capacity) {
    for (size_t i = 0; i < capacity.size(); ++i) capacity[i] = static_cast<Real>((row + i) % 3 * 2e-5);
  });
  water.add_inflow(10, 10, 3 * chance(random));
  water.add_inflow(30, 20, -0.5);
  water.set_boundary(Side::east, {Boundary::Kind::open, 0});
  water.set_boundary(Side::north, {Boundary::Kind::discharge, 0.05});
  water.set_boundary(Side::west, {Boundary::Kind::level, 1.5});
}

template <class Real>
void lose_nothing(Scheme scheme) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    Options options;
    options.scheme = scheme;
    options.workers = 2;
    ShallowWater<Real> water(random_terrain(70, 40, seed, seed % 2 == 0 ? 15 : 0), options);
    set_storm(water, seed);
    for (int part = 0; part < 4; ++part) {
      water.run(10);
      for (size_t row = 0; row < water.rows(); ++row) {
        for (size_t column = 0; column < water.columns(); ++column) ASSERT_GE(water.depth_m(column, row), 0) << seed;
      }
    }
    const Audit audit = water.audit();
    EXPECT_GT(audit.infiltrated_m3, 0);
    EXPECT_GT(audit.rain_m3, 0);
    EXPECT_NE(audit.boundary_m3, 0);
    EXPECT_LT(std::abs(audit.relative_error()), 1e-12) << seed;
    EXPECT_LT(water.fastest_m_s(), 100);
  }
}

TEST(Schemes, LoseNothingOnRandomTerrain) {
  lose_nothing<float>(Scheme::full);
  lose_nothing<double>(Scheme::full);
  lose_nothing<float>(Scheme::local_inertia);
  lose_nothing<double>(Scheme::local_inertia);
}

// More than one block, with rain and marks: bit for bit the same for any number of workers.
TEST(Schemes, DoNotDependOnHowManyWork) {
  for (const Scheme scheme : {Scheme::full, Scheme::local_inertia}) {
    std::vector<float> depths[2], marks[2];
    Audit audits[2];
    for (const unsigned workers : {1u, 2u}) {
      Options options;
      options.scheme = scheme;
      options.workers = workers;
      ShallowWater<float> water(random_terrain(300, 140, 9, 0), options);
      MarkOptions keep;
      keep.depth_max = keep.hazard_max = keep.arrival = true;
      water.set_marks(keep);
      set_storm(water, 9);
      water.run(2);
      depths[workers - 1] = water.depths_m();
      marks[workers - 1] = water.mark(Mark::hazard_max);
      audits[workers - 1] = water.audit();
    }
    EXPECT_EQ(depths[0], depths[1]);
    EXPECT_EQ(marks[0], marks[1]);
    EXPECT_EQ(audits[0].rain_m3, audits[1].rain_m3);
    EXPECT_EQ(audits[0].infiltrated_m3, audits[1].infiltrated_m3);
    EXPECT_EQ(audits[0].boundary_m3, audits[1].boundary_m3);
  }
}

// A gentle valley fills by a river: the cheap scheme says what the whole equations say.
TEST(Schemes, AgreeOnASlowFlood) {
  double depths[2];
  for (const Scheme scheme : {Scheme::full, Scheme::local_inertia}) {
    Terrain terrain{100, 21, 20, 20, {}};
    for (int row = 0; row < 21; ++row) {
      for (int column = 0; column < 100; ++column)
        terrain.bed_m.push_back(2 - column * 0.02 + 0.002 * (row - 10) * (row - 10));
    }
    Options options;
    options.scheme = scheme;
    ShallowWater<float> water(terrain, options);
    for (size_t row = 0; row < 21; ++row) {
      for (size_t column = 0; column < 100; ++column) water.set_manning(column, row, 0.05);
    }
    for (size_t row = 8; row <= 12; ++row) water.add_inflow(2, row, 2);
    water.run(4'800);
    depths[scheme == Scheme::full ? 0 : 1] = water.depth_m(40, 10);
  }
  EXPECT_GT(depths[0], 0.15);
  EXPECT_NEAR(depths[1], depths[0], 0.03 * depths[0]);
}

// What flows in over a side is what was said, to the last drop.
TEST(Schemes, TakeTheDischargeThatIsGiven) {
  for (const Scheme scheme : {Scheme::full, Scheme::local_inertia}) {
    Options options;
    options.scheme = scheme;
    ShallowWater<double> water({50, 4, 2, 2, std::vector<double>(200)}, options);
    water.set_boundary(Side::west, {Boundary::Kind::discharge, 0.3});
    water.run(30);
    EXPECT_NEAR(water.audit().boundary_m3, 0.3 * 4 * 2 * 30, 1e-9);
  }
}

// By an open side water leaves; slopes that fall into the terrain bring none.
TEST(Schemes, LetNothingInByOpenSides) {
  for (const Scheme scheme : {Scheme::full, Scheme::local_inertia}) {
    Terrain terrain{60, 3, 5, 5, {}};
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < 60; ++column) terrain.bed_m.push_back(std::abs(column - 30) * 0.5);
    }
    Options options;
    options.scheme = scheme;
    ShallowWater<float> water(terrain, options);
    for (size_t row = 0; row < 3; ++row) {
      for (size_t column = 0; column < 60; ++column) water.set_manning(column, row, 0.03);
    }
    for (const Side side : {Side::west, Side::east}) water.set_boundary(side, {Boundary::Kind::open, 0});
    water.set_rain(80e-3 / 3'600);
    water.run(1'800);
    const Audit audit = water.audit();
    EXPECT_LE(audit.boundary_m3, 1e-3 * audit.rain_m3);
  }
}

// A film below `dry_m` in a place without deeper water sinks in, too.
TEST(Schemes, LetFilmsSinkIn) {
  ShallowWater<float> water({40, 40, 1, 1, std::vector<double>(1'600)}, {});
  for (size_t row = 0; row < 40; ++row) {
    for (size_t column = 0; column < 40; ++column) water.set_depth(column, row, 5e-5);
  }
  water.set_infiltration(1e-5);
  water.run(30);
  EXPECT_EQ(water.audit().now_m3, 0);
  EXPECT_NEAR(water.audit().infiltrated_m3, 1'600 * 5e-5, 1e-9);
}

TEST(Schemes, MarkWhatWasMostAndWhen) {
  ShallowWater<double> water({60, 1, 1, 1, std::vector<double>(60)}, {});
  MarkOptions keep;
  keep.depth_max = keep.speed_max = keep.hazard_max = keep.arrival = keep.wet_time = keep.peak = true;
  keep.wet_m = 0.2;
  keep.debris = {0.5F, 1};
  for (size_t i = 0; i < 20; ++i) water.set_depth(i, 0, 2);
  water.set_marks(keep);
  double deepest = 0, at_s = 0, first_s = -1, wet_s = 0, worst = 0;
  while (water.time_s() < 40) {
    const double step_s = water.step(1);
    const double h = water.depth_m(40, 0), speed = h > 1e-4 ? std::abs(water.flow_x_m2_s(40, 0)) / h : 0;
    if (h > deepest) deepest = h, at_s = water.time_s();
    if (h >= 0.2 && first_s < 0) first_s = water.time_s();
    if (h >= 0.2) wet_s += step_s;
    const double debris = h > 0.75 || (speed > 2 && h > 0.25) ? 1 : h > 0.25 ? 0.5 : 0;
    if (h > 1e-4) worst = std::max(worst, h * (speed + 0.5) + debris);
  }
  EXPECT_NEAR(water.mark(Mark::depth_max, 40, 0), deepest, 1e-9);
  EXPECT_NEAR(water.mark(Mark::peak, 40, 0), at_s, 1e-9);
  EXPECT_NEAR(water.mark(Mark::arrival, 40, 0), first_s, 1e-9);
  EXPECT_NEAR(water.mark(Mark::wet_time, 40, 0), wet_s, 1e-6);
  EXPECT_NEAR(water.mark(Mark::hazard_max, 40, 0), worst, 1e-6);
  EXPECT_EQ(water.mark(Mark::arrival, 5, 0), 0);  // it was there from the start
}

TEST(Soils, TakeWhatTheirLawsSay) {
  Soil soil;
  soil.classes = {ConstantSoil{36}, HortonSoil{100, 10, 2}, CurveNumberSoil{80, 0.2}};
  // Horton's sum over an hour: 10 + 90 (1 - e^-2) / 2 = 48.91 mm; of 100 mm on CN 80, 50.54 mm run off (S = 63.5).
  const auto rates = soil.rates_m_s(0, 3'600, 0, 0.1);
  EXPECT_NEAR(rates[0] * 3'600, 0.036, 1e-12);
  EXPECT_NEAR(rates[1] * 3'600, 0.04891, 1e-5);
  EXPECT_NEAR(rates[2] * 3'600, 0.1 - 0.05054, 1e-5);
}

}  // namespace
}  // namespace cityloom::model::flood
