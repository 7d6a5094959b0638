// Curves of a building model as lines of points.
#pragma once

#include <optional>

#include "space/ifc/ifc_reader.hpp"

namespace cityloom::space {

/// Points along a curve, in metres; curves in a plane have z = 0. A closed one does not repeat its first point.
struct IfcLine {
  std::vector<Vector> points;
  bool is_closed = false;
};

/// Reads IfcPolyline, IfcCompositeCurve, IfcTrimmedCurve, IfcCircle, IfcEllipse, IfcIndexedPolyCurve, IfcBSplineCurve
/// (rational too) and IfcEdgeCurve-like wrappers. Arcs become chords at most 2 mm off. Errors: invalid (damaged, not
/// finite, cyclic), unsupported (other kinds), too_complex.
base::Result<IfcLine> read_curve(const IfcReader& reader, uint64_t id);

/// The points of an arc around the frame's origin in its x-y plane, from one angle to another (radians, either way),
/// first and last included; `radius_y` differs for an ellipse.
std::vector<Vector> arc_points(const IfcFrame& frame, double radius_x, double radius_y, double from, double to);

/// How many chords an arc of so many radians gets.
size_t chord_count(double radius_m, double angle);

}  // namespace cityloom::space
