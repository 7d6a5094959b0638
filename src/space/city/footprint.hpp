// The outline on the ground of what has faces in space.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "space/city/city_object.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

/// Holds a GEOS context. One worker at a time; make one per worker.
class Footprinter {
 public:
  Footprinter();
  ~Footprinter();
  Footprinter(const Footprinter&) = delete;
  Footprinter& operator=(const Footprinter&) = delete;

  /// The union of the ground faces seen from above, or, where none is of type ground, of all faces that are not
  /// upright. A Polygon or MultiPolygon without heights; outsides counter-clockwise, each ring beginning at its
  /// smallest position: equal faces in any order give an equal outline. nullopt: they cover no area.
  /// `faces` is a multi_polygon with heights; `types` one a face. Cost: some 20 microseconds a face to be joined.
  std::optional<twin::Geometry> outline_of(const twin::Geometry& faces, const std::vector<SurfaceType>& types);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace cityloom::space
