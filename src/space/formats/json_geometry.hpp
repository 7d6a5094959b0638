// GeoJSON geometries, parsed by simdjson, as geometries of the twin. Includes simdjson: keep it to few files.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <vector>

#include "space/formats/plane_crs.hpp"

namespace cityloom::space {

/// The geometries of one feature. A collection is sorted by dimension: one thing may have an area, lines and points.
struct FeatureGeometry {
  std::optional<twin::Geometry> area, lines, points;
  std::vector<std::string> repairs;  ///< what was put right: an open ring was closed, ...

  /// The part of the highest dimension, or nullptr.
  std::optional<twin::Geometry>* main();
};

/// Gathers parts of one feature's geometry: points, lines and rings as they come, checked and put in order. Rings are
/// closed and turned (outside counter-clockwise), repeated positions left out. One worker.
class GeometryBuilder {
 public:
  /// @name Parts. Errors: invalid (too few positions), too_large.
  base::Status add_point(const twin::Position& position);
  base::Status add_line(std::vector<twin::Position> positions);
  base::Status add_polygon(std::vector<std::vector<twin::Position>> rings);

  /// What was gathered, multi-kinds only where there are several. Empty if nothing was.
  FeatureGeometry finish();

 private:
  base::Status count(size_t positions);
  void note(std::string repair);

  twin::Geometry points_, lines_, area_;
  size_t positions_ = 0;
  std::vector<std::string> repairs_;
};

/// A GeoJSON geometry object, transformed. null gives nothing at all. Errors: invalid (what is wrong, and where:
/// "coordinates[0][3]"), too_large, too_complex (collections within collections over 50 deep).
base::Result<FeatureGeometry> geometry_of(const simdjson::dom::element& element, const PlaneCrs& crs);

/// The definition in an old `crs` member, for PlaneCrs::open; "" for none or WGS 84. Errors: unsupported (a link).
base::Result<std::string> crs_of(const simdjson::dom::element& element);

}  // namespace cityloom::space
