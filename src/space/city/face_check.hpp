// What is wrong with a face in space.
#pragma once

#include <span>
#include <string>

#include "space/earth.hpp"

namespace cityloom::space {

/// How a face misses its plane and whether its outside crosses itself there.
struct FaceCheck {
  double off_plane_m = 0;
  bool crosses_itself = false;
  double area_m2 = 0;
};

/// Looks at the open outside ring of a face, in metres. Crossing is looked for up to 200 corners.
FaceCheck check_face(std::span<const Vector> ring);

/// The unit normal of a face by Newell's rule and twice its area as its length; zero for a face without area.
Vector newell_normal(std::span<const Vector> ring);

}  // namespace cityloom::space
