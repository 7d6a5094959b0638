// Geometry of the earth to geometry of a vector tile: projected, clipped, simplified, on whole numbers. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "space/vector/tile_grid.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

inline constexpr int tile_extent = 4'096;  ///< units of a tile's width
inline constexpr int tile_buffer = 64;     ///< units that are drawn past its edges

struct TilePoint {
  int32_t x = 0, y = 0;
  bool operator==(const TilePoint&) const = default;
};
using TileLine = std::vector<TilePoint>;

/// What is left of a geometry in a tile. Points: one line of all. Polygons: each outside ring, then its holes; rings
/// are not closed, outsides turn clockwise as seen on the screen (y down), holes the other way.
struct TileGeometry {
  enum class Kind : uint8_t { none, points, lines, polygons };  ///< of geometry
  Kind kind = Kind::none;
  std::vector<TileLine> lines;
  double size = 0;  ///< of the larger side of what was there before clipping, in units
};

/// How much is left out.
struct Generalisation {
  double tolerance = 1;   ///< units that a line may be off
  double size_least = 0;  ///< lines and polygons smaller than this many units are left out
};

/// Errors: none; what lies outside, is too small or has no area left gives Kind::none. Cost: some 50 ns a position.
TileGeometry tile_geometry(const twin::Geometry& geometry, const TileAddress& tile, const Generalisation& how);

}  // namespace cityloom::space
