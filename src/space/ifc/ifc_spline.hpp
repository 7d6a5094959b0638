// B-spline curves as lines of points.
#pragma once

#include "space/ifc/ifc_reader.hpp"

namespace cityloom::space {

/// Points along an IfcBSplineCurve (with or without knots and weights). Errors: invalid, too_complex.
base::Result<std::vector<Vector>> spline_points(const IfcReader& reader, const StepInstance& curve);

}  // namespace cityloom::space
