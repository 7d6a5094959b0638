// The tiles of the web: squares of the Mercator projection (OGC tile matrix set WebMercatorQuad).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "space/earth.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

inline constexpr uint32_t tile_zoom_max = 24;
/// Where the projection ends, so that the world is a square.
inline constexpr double mercator_latitude_max_deg = 85.0511287798066;

/// Which tile: at zoom z there are 2^z columns (x, from the west) and rows (y, from the north).
struct TileAddress {
  uint32_t z = 0, x = 0, y = 0;
  bool operator==(const TileAddress&) const = default;

  /// Errors: invalid (there is no such zoom, column or row).
  static base::Result<TileAddress> make(uint64_t z, uint64_t x, uint64_t y);
  /// From texts of digits, as they stand in an address. Errors: invalid.
  static base::Result<TileAddress> parse(std::string_view z, std::string_view x, std::string_view y);
};

/// A point of the projection: 0 to 1, x from the west, y from the north.
struct WorldPoint {
  double x = 0, y = 0;
};
/// Latitudes past the end of the projection are at its end.
WorldPoint world_point(double longitude_deg, double latitude_deg);
/// Back to longitude and latitude in degrees.
twin::Position position_of(WorldPoint point);

/// The area of a tile, with `margin` more on each side as a part of its width.
twin::Box box_of(const TileAddress& tile, double margin = 0);

/// Metres on the ground of a tile's width at its middle.
double tile_width_m(const TileAddress& tile);

}  // namespace cityloom::space
