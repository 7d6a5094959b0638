// Single heights as a surface: mass points and break lines, joined to triangles.
#pragma once

#include <functional>
#include <vector>

#include "space/earth.hpp"
#include "space/terrain/tin_raster.hpp"

namespace cityloom::space {

inline constexpr size_t relief_points_max = 5'000'000;  ///< of one relief: 120 MB

/// Takes points in any order and joins each to its neighbours by Delaunay's rule. Memory: 24 bytes a point, and while
/// they are joined some 500 MB at most. One worker.
class ReliefPoints {
 public:
  /// A point with a height above the ellipsoid. Errors: too_large (past `relief_points_max`).
  base::Status add(const twin::Position& point);
  /// A line along which the ground has an edge: its corners and points between them, so that triangles end there.
  /// Errors: as above.
  base::Status add_line(const std::vector<twin::Position>& line);

  size_t size() const { return points_.size(); }
  /// Forgets all after the first `count`.
  void shrink_to(size_t count) { points_.resize(count); }

  /// Hands the triangles to the raster. Points that make none (fewer than three, all in one line) draw nothing.
  /// Errors: those of the raster, cancelled.
  base::Status draw(TinRaster& raster, const std::function<bool()>& is_cancelled);

 private:
  twin::Position origin_;
  std::vector<Vector> points_;  // metres east and north of the first, height
};

}  // namespace cityloom::space
