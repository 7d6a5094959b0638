// Geometry values: GeoJSON's kinds, in WGS 84 longitude and latitude with ellipsoidal height.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::twin {

/// A checked position: longitude -180..180, latitude -90..90, both finite; height in metres above the WGS 84
/// ellipsoid, NaN where unknown. Unchecked numbers become a Position through `make` only.
struct Position {
  double longitude_deg = 0;
  double latitude_deg = 0;
  double height_m = std::numeric_limits<double>::quiet_NaN();

  bool has_height() const { return !std::isnan(height_m); }
  bool operator==(const Position& other) const {
    return longitude_deg == other.longitude_deg && latitude_deg == other.latitude_deg &&
           (height_m == other.height_m || (!has_height() && !other.has_height()));
  }

  /// Errors: invalid (out of range or not finite).
  static base::Result<Position> make(double longitude_deg, double latitude_deg,
                                     double height_m = std::numeric_limits<double>::quiet_NaN());
};
static_assert(sizeof(Position) == 24);

enum class GeometryKind : uint8_t { point, multi_point, line_string, multi_line_string, polygon, multi_polygon };

/// The most positions one geometry may hold. Past it: Code::too_large.
inline constexpr size_t positions_max = 1'000'000;

/// One geometry. All positions lie in one list; `line_ends` cuts it into lines or rings (each entry is the index one
/// past a line's last position) and `polygon_ends` cuts the lines into polygons (index one past a polygon's last ring).
/// Rings are closed (first position equals last) with at least 4 positions; the first ring of a polygon is its outside.
/// point: 1 position, no ends. multi_point: no ends. line_string: line_ends of 1. polygon: line_ends, no polygon_ends.
struct Geometry {
  GeometryKind kind = GeometryKind::point;
  std::vector<Position> positions;
  std::vector<uint32_t> line_ends;
  std::vector<uint32_t> polygon_ends;

  bool operator==(const Geometry&) const = default;

  static Geometry point(Position position) { return {GeometryKind::point, {position}, {}, {}}; }

  /// Says whether the rules above hold. Errors: invalid, too_large; `where` names the line or ring.
  base::Status check() const;
};

/// A box in degrees; east < west when it crosses the 180th meridian.
struct Box {
  double west_deg = 0, south_deg = 0, east_deg = 0, north_deg = 0;
  bool operator==(const Box&) const = default;
};

/// The smallest box around all positions (not crossing the 180th meridian). The geometry must have a position.
Box bounds_of(const Geometry& geometry);

/// The mean of the positions' bounds: a place to put a label at.
Position centre_of(const Geometry& geometry);

}  // namespace cityloom::twin
