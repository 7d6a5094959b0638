// Triangles for polygons with holes, by GEOS.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

struct PlanePoint {
  double x = 0, y = 0;
  auto operator<=>(const PlanePoint&) const = default;
};

/// A closed ring (first point equals last).
using PlaneRing = std::vector<PlanePoint>;

/// Twice a ring's area; positive when counter-clockwise.
double signed_double_area(const PlaneRing& ring);

/// Holds a GEOS context. One worker at a time; make one per worker.
class Triangulator {
 public:
  Triangulator();
  ~Triangulator();
  Triangulator(const Triangulator&) = delete;
  Triangulator& operator=(const Triangulator&) = delete;

  /// Counter-clockwise triangles that cover the polygon: its outside first, then holes. Same input, same output. Where
  /// the rings are not valid (touching, overlapping), the nearest valid area is covered. Errors: invalid (no area).
  base::Result<std::vector<std::array<PlanePoint, 3>>> triangulate(const std::vector<PlaneRing>& polygon);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace cityloom::space
