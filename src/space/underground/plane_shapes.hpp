// Geometries on a plane in metres: distances, crossings, stations along a line. For places of a few kilometres.
#pragma once

#include <optional>
#include <vector>

#include "space/earth.hpp"
#include "space/tiles/triangulate.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

/// A geometry in a local frame: points, lines, or rings of areas. `heights` goes with `parts`, NaN where unknown.
struct PlaneShape {
  enum class Kind : uint8_t { points, lines, areas };
  Kind kind = Kind::points;
  std::vector<std::vector<PlanePoint>> parts;
  std::vector<std::vector<double>> heights_m;
  std::vector<size_t> polygon_ends;  ///< of areas: one past each polygon's last ring
};

/// East and north of each position in the frame.
PlaneShape plane_shape_of(const twin::Geometry& geometry, const LocalFrame& frame);

/// From a point to a segment.
double distance_to_segment(PlanePoint point, PlanePoint from, PlanePoint to);

/// Whether a point lies within one of the polygons (even-odd rule each).
bool is_within(const PlaneShape& area, PlanePoint point);

/// Between the nearest points of an area and another shape: 0 where they meet. Cost: the product of their segments.
double distance_between(const PlaneShape& area, const PlaneShape& other);

/// Between an area and one segment.
double distance_between(const PlaneShape& area, PlanePoint from, PlanePoint to);

/// Where on a segment it crosses another: the share of the way, or nothing (also for parallel ones).
std::optional<double> crossing_share(PlanePoint from, PlanePoint to, PlanePoint other_from, PlanePoint other_to);

/// A line with stations: metres from its start.
class StationLine {
 public:
  explicit StationLine(std::vector<PlanePoint> points);

  double length_m() const { return stations_.back(); }
  const std::vector<PlanePoint>& points() const { return points_; }
  double station_of(size_t segment, double share) const;
  PlanePoint at(double station_m) const;
  /// The direction of travel at a station, of length 1.
  PlanePoint direction_at(double station_m) const;

  struct Nearest {
    double station_m = 0;
    double distance_m = 0;
  };
  Nearest nearest(PlanePoint point) const;

 private:
  size_t segment_at(double station_m) const;
  std::vector<PlanePoint> points_;
  std::vector<double> stations_;
};

}  // namespace cityloom::space
