// Cells of the quadtree: squares of degrees, the whole world at level 0.
#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <string>

#include "twin/geometry.hpp"

namespace cityloom::space {

/// A place on the fixed grid on which cells are cut: 2^32 steps around the world, each below a centimetre.
struct GridPoint {
  uint32_t x = 0;  ///< eastwards from 180° west
  uint32_t y = 0;  ///< northwards from the south pole
  auto operator<=>(const GridPoint&) const = default;
};

/// The step in which a place lies.
inline GridPoint grid_point_of(double longitude_deg, double latitude_deg) {
  constexpr double steps_per_degree = 4294967296.0 / 360;
  const auto step = [](double degrees) {
    return static_cast<uint32_t>(std::clamp(std::floor(degrees * steps_per_degree), 0.0, 4294967295.0));
  };
  return {step(longitude_deg + 180), step(latitude_deg + 90)};
}

/// A cell: 360° / 2^level wide and high. Cells of level 1 and deeper have their four below them at twice their numbers.
struct TileCell {
  uint32_t level = 0, x = 0, y = 0;
  auto operator<=>(const TileCell&) const = default;

  static constexpr uint32_t level_max = 23;  ///< some five metres

  double degrees() const { return 360 / std::exp2(level); }
  twin::Box box() const {
    const double size = degrees();
    return {x * size - 180, y * size - 90, (x + 1) * size - 180, (y + 1) * size - 90};
  }
  TileCell child(uint32_t quarter) const { return {level + 1, x * 2 + (quarter & 1), y * 2 + (quarter >> 1)}; }
  bool holds(GridPoint point) const {
    return level == 0 || (point.x >> (32 - level) == x && point.y >> (32 - level) == y);
  }
  /// Which of the four below holds a point of this cell: bit 0 is east, bit 1 is north.
  uint32_t quarter_of(GridPoint point) const {
    const uint32_t shift = 31 - level;
    return (point.x >> shift & 1) | (point.y >> shift & 1) << 1;
  }
};

}  // namespace cityloom::space
