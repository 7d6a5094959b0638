// Solids that are swept: straight, around an axis, along a line.
#pragma once

#include "space/ifc/ifc_profile.hpp"

namespace cityloom::space {

/// A prism over an area; `along` is the way from the lower to the upper face.
IfcShape extruded(const IfcArea& area, Vector along);
/// A prism whose upper face is another area with as many corners.
IfcShape lofted(const IfcArea& low, const IfcArea& high, Vector along);
/// An area turned around an axis through a point, so many radians.
IfcShape revolved(const IfcArea& area, Vector point, Vector axis, double angle);
/// A ring that keeps its shape along a line; `inner_radius` 0: solid.
IfcShape disk_swept(const std::vector<Vector>& line, bool is_closed, double radius, double inner_radius);
/// An area carried along a line, its x axis kept to the left of the way in the plane across `up`.
IfcShape swept_along(const IfcArea& area, const std::vector<Vector>& line, bool is_closed, Vector up);
/// A surface: an open line moved along a vector.
IfcShape extruded_line(const std::vector<Vector>& line, Vector along);

}  // namespace cityloom::space
