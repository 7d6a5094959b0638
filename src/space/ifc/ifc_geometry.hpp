// Shapes of a building model while it is read: faces in metres, frames, and how much work one shape may be.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "space/earth.hpp"

namespace cityloom::space {

/// A frame within another: right-handed or mirrored, scaled or not.
struct IfcFrame {
  Vector x{1, 0, 0}, y{0, 1, 0}, z{0, 0, 1};
  Vector origin;

  /// A point given in this frame, in the outer one.
  Vector point(Vector in) const { return origin + direction(in); }
  Vector direction(Vector in) const { return x * in.x + y * in.y + z * in.z; }
  /// A frame given in this frame, in the outer one.
  IfcFrame inside(const IfcFrame& inner) const {
    return {direction(inner.x), direction(inner.y), direction(inner.z), point(inner.origin)};
  }
  /// Whether left and right change places.
  bool is_mirror() const { return dot(cross(x, y), z) < 0; }
};

using IfcRing = std::vector<Vector>;  ///< its last point is joined to its first, which is not repeated

/// A plane polygon: its outside counter-clockwise seen from outside of the body, then its holes clockwise.
struct IfcFace {
  std::vector<IfcRing> rings;
  uint64_t style = 0;  ///< the number of the instance that gives its style; 0: none
};

/// Faces of one element. Not necessarily closed: some models hold only surfaces.
struct IfcShape {
  std::vector<IfcFace> faces;
  bool is_closed = true;  ///< whether it was given as a solid

  bool empty() const { return faces.empty(); }
  size_t point_count() const;
  /// Adds another's faces.
  void add(IfcShape other);
  /// Moves all into the outer frame.
  void move(const IfcFrame& frame);
};

/// The normal of a ring by Newell's method, twice its area long.
Vector ring_normal(const IfcRing& ring);
/// The length-1 normal of a face, or 0 if it has no area.
Vector face_normal(const IfcFace& face);
/// The volume inside a closed shape, m3; meaningless for an open one.
double volume_m3(const IfcShape& shape);
/// The sum of the areas of its faces, m2.
double surface_m2(const IfcShape& shape);
/// A vector of length 1, or `otherwise` if it has no length or is not finite.
Vector unit_of(Vector vector, Vector otherwise);
bool is_finite(Vector vector);

/// The smallest and greatest of each coordinate.
struct IfcBounds {
  Vector low{1e300, 1e300, 1e300}, high{-1e300, -1e300, -1e300};
  bool empty() const { return low.x > high.x; }
  void add(Vector point);
  void add(const IfcShape& shape);
};

/// How much one element's shape may cost, so that a hostile file ends in time.
struct IfcLimits {
  size_t points_max = 200'000;            ///< of one element
  size_t items_max = 20'000;              ///< representation items looked at for one element
  size_t depth_max = 24;                  ///< items within items
  size_t boolean_faces_max = 4'000;       ///< of one operand of a boolean
  double coordinate_m_max = 1e7;          ///< in an element's own frame
  size_t boolean_work_max = 200'000'000;  ///< products of the operands' faces, of all booleans together
  size_t work_max = 40'000'000;           ///< points of all elements together
};

}  // namespace cityloom::space
