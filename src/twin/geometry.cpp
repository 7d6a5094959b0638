#include "twin/geometry.hpp"

#include <algorithm>

namespace cityloom::twin {
namespace {

using base::Code;
using base::fail;

bool has_lines(GeometryKind kind) {
  return kind != GeometryKind::point && kind != GeometryKind::multi_point;
}
bool has_rings(GeometryKind kind) {
  return kind == GeometryKind::polygon || kind == GeometryKind::multi_polygon;
}

// Whether `ends` cuts [0, total) into non-empty parts that cover all of it.
bool cuts(const std::vector<uint32_t>& ends, size_t total) {
  uint32_t before = 0;
  for (const uint32_t end : ends) {
    if (end <= before) return false;
    before = end;
  }
  return !ends.empty() && before == total;
}

base::Status check_lines(const Geometry& geometry) {
  const size_t least = has_rings(geometry.kind) ? 4 : 2;
  uint32_t start = 0;
  for (size_t line = 0; line < geometry.line_ends.size(); ++line) {
    const uint32_t end = geometry.line_ends[line];
    const std::string where = "line or ring " + std::to_string(line);
    if (end - start < least) {
      return fail(Code::invalid,
                  has_rings(geometry.kind) ? "a ring needs at least 4 positions" : "a line needs at least 2 positions",
                  where);
    }
    if (has_rings(geometry.kind)) {
      const Position& first = geometry.positions[start];
      const Position& last = geometry.positions[end - 1];
      if (first.longitude_deg != last.longitude_deg || first.latitude_deg != last.latitude_deg) {
        return fail(Code::invalid, "a ring must end where it starts", where, "repeat its first position at the end");
      }
    }
    start = end;
  }
  return {};
}

}  // namespace

base::Result<Position> Position::make(double longitude_deg, double latitude_deg, double height_m) {
  if (!(longitude_deg >= -180 && longitude_deg <= 180)) {
    return fail(Code::invalid, "a longitude lies between -180 and 180 degrees", std::to_string(longitude_deg),
                "positions are [longitude, latitude] in WGS 84");
  }
  if (!(latitude_deg >= -90 && latitude_deg <= 90)) {
    return fail(Code::invalid, "a latitude lies between -90 and 90 degrees", std::to_string(latitude_deg),
                "positions are [longitude, latitude] in WGS 84");
  }
  if (std::isinf(height_m)) return fail(Code::invalid, "a height must be finite");
  return Position{longitude_deg, latitude_deg, height_m};
}

base::Status Geometry::check() const {
  if (positions.empty()) return fail(Code::invalid, "a geometry needs at least one position");
  if (positions.size() > positions_max) {
    return fail(Code::too_large,
                "a geometry may have 1,000,000 positions, this one has " + std::to_string(positions.size()), {},
                "simplify it or cut it into parts");
  }
  if (kind == GeometryKind::point && positions.size() != 1) return fail(Code::invalid, "a point has one position");
  if (!has_lines(kind)) {
    return line_ends.empty() && polygon_ends.empty() ? base::Status() : fail(Code::invalid, "points have no lines");
  }
  if (!cuts(line_ends, positions.size())) return fail(Code::invalid, "a line or ring is empty");
  if (kind == GeometryKind::line_string && line_ends.size() != 1)
    return fail(Code::invalid, "a line string has one line");
  if (kind == GeometryKind::multi_polygon && !cuts(polygon_ends, line_ends.size())) {
    return fail(Code::invalid, "a polygon has no ring");
  }
  if (kind != GeometryKind::multi_polygon && !polygon_ends.empty())
    return fail(Code::invalid, "only multi-polygons have polygons");
  return check_lines(*this);
}

Box bounds_of(const Geometry& geometry) {
  assert(!geometry.positions.empty());
  Box box{180, 90, -180, -90};
  for (const Position& position : geometry.positions) {
    box.west_deg = std::min(box.west_deg, position.longitude_deg);
    box.east_deg = std::max(box.east_deg, position.longitude_deg);
    box.south_deg = std::min(box.south_deg, position.latitude_deg);
    box.north_deg = std::max(box.north_deg, position.latitude_deg);
  }
  return box;
}

Position centre_of(const Geometry& geometry) {
  const Box box = bounds_of(geometry);
  return {(box.west_deg + box.east_deg) / 2, (box.south_deg + box.north_deg) / 2};
}

}  // namespace cityloom::twin
