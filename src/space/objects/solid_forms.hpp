// The forms that solids have, as closed surfaces in their own frame.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "space/earth.hpp"

namespace cityloom::space {

/// Triangles with a normal at each corner.
struct Form {
  std::vector<Vector> positions;
  std::vector<Vector> normals;
  std::vector<uint32_t> indices;  ///< counter-clockwise seen from outside

  uint32_t add(Vector position, Vector normal);
  void triangle(uint32_t a, uint32_t b, uint32_t c);
  /// A flat face of three or four corners, counter-clockwise seen from outside.
  void face(std::initializer_list<Vector> corners);
};

/// Around the origin in x and y, from z = 0 up.
Form box_form(Vector size);

/// From radius at z = 0 to end radius at z = length; one of them may be 0.
Form cylinder_form(double radius, double end_radius, double length, uint32_t sides);

/// An ellipsoid around the origin; half: what is above z = 0.
Form sphere_form(Vector radii, uint32_t sides, bool is_half);

/// An outline (x, y; either way round) from z = 0 to length. Errors: invalid (no area, or it crosses itself).
base::Result<Form> prism_form(std::vector<Vector> outline, double length);

/// A round tube along a path. Errors: invalid (two points are one, or it turns back on itself).
base::Result<Form> sweep_form(const std::vector<Vector>& path, double radius, uint32_t sides);

}  // namespace cityloom::space
