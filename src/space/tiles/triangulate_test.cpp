// Triangles cover their polygon exactly, whatever its shape.
#include "space/tiles/triangulate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace cityloom::space {
namespace {

double area_of(const std::vector<std::array<PlanePoint, 3>>& triangles) {
  double sum = 0;
  for (const auto& t : triangles) {
    const double area = ((t[1].x - t[0].x) * (t[2].y - t[0].y) - (t[2].x - t[0].x) * (t[1].y - t[0].y)) / 2;
    EXPECT_GT(area, 0) << "counter-clockwise";
    sum += area;
  }
  return sum;
}

// A star-shaped ring around a point: never crosses itself.
PlaneRing star(std::mt19937& random, double x, double y, double radius_m, int corners) {
  std::uniform_real_distribution<double> reach(0.5, 1);
  PlaneRing ring;
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * M_PI * i / corners, radius = radius_m * reach(random);
    ring.push_back({x + radius * std::cos(angle), y + radius * std::sin(angle)});
  }
  ring.push_back(ring.front());
  return ring;
}

TEST(Triangulate, RandomPolygonsWithHolesAreCoveredExactly) {
  std::mt19937 random(11);
  Triangulator triangulator;
  for (int round = 0; round < 500; ++round) {
    std::vector<PlaneRing> polygon{star(random, 0, 0, 50, 3 + static_cast<int>(random() % 60))};
    double area = signed_double_area(polygon[0]) / 2;
    const int holes = static_cast<int>(random() % 4);
    for (int hole = 0; hole < holes; ++hole) {
      const double angle = hole * 1.7;
      PlaneRing ring = star(random, 8 * std::cos(angle), 8 * std::sin(angle), 3, 3 + static_cast<int>(random() % 8));
      // Sharp stars may leave the middle outside: a hole has to lie inside.
      if (polygon[0].size() < 12) continue;
      area -= signed_double_area(ring) / 2;
      std::reverse(ring.begin(), ring.end());
      polygon.push_back(std::move(ring));
    }
    const auto triangles = triangulator.triangulate(polygon);
    ASSERT_TRUE(triangles.ok()) << round;
    EXPECT_NEAR(area_of(*triangles), area, 1e-6 * area) << round;
    EXPECT_EQ(*triangles, *Triangulator().triangulate(polygon)) << "same input, same output";
  }
}

TEST(Triangulate, TouchingAndCrossingRingsAreRepaired) {
  Triangulator triangulator;
  const PlaneRing square{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}};
  const PlaneRing touching{{0, 5}, {5, 7}, {5, 3}, {0, 5}};
  EXPECT_NEAR(area_of(*triangulator.triangulate({square, touching})), 90, 1e-6);
  const PlaneRing bow_tie{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}};
  EXPECT_NEAR(area_of(*triangulator.triangulate({bow_tie})), 50, 1e-6);
  const PlaneRing line{{0, 0}, {5, 0}, {10, 0}, {0, 0}};
  EXPECT_FALSE(triangulator.triangulate({line}).ok());
  EXPECT_FALSE(triangulator.triangulate({}).ok());
}

}  // namespace
}  // namespace cityloom::space
