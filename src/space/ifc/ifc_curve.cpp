// Each kind of curve walks itself; composite ones join what theirs give.
#include "space/ifc/ifc_curve.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "space/ifc/ifc_spline.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
constexpr double turn = 2 * std::numbers::pi;

base::Error bad(uint64_t id, std::string what) {
  return fail(Code::invalid, std::move(what), instance_name(id));
}

// Adds points, leaving out what repeats the last one.
void append(std::vector<Vector>& to, const std::vector<Vector>& points) {
  for (const Vector& point : points) {
    if (to.empty() || length_of(to.back() - point) > 1e-7) to.push_back(point);
  }
}

// What ends where it began is closed.
IfcLine line_of(std::vector<Vector> points) {
  IfcLine line;
  append(line.points, points);
  if (line.points.size() > 3 && length_of(line.points.front() - line.points.back()) < 1e-5) {
    line.points.pop_back();
    line.is_closed = true;
  }
  return line;
}

class CurveReader {
 public:
  explicit CurveReader(const IfcReader& reader) : reader_(reader) {}
  base::Result<IfcLine> read(uint64_t id, size_t depth);

 private:
  base::Result<IfcLine> polyline(const StepInstance& curve);
  base::Result<IfcLine> indexed(const StepInstance& curve);
  base::Result<IfcLine> composite(const StepInstance& curve, size_t depth);
  base::Result<IfcLine> conic(const StepInstance& curve);
  base::Result<IfcLine> trimmed(const StepInstance& curve, size_t depth);
  base::Result<std::optional<double>> trim(const StepInstance& basis, const StepValue& trims, bool prefers_point);
  base::Result<double> parameter_at(const StepInstance& basis, Vector point);
  base::Status check_size() {
    if (++steps_ > reader_.limits().items_max || points_ > reader_.limits().points_max)
      return fail(Code::too_complex, "a curve has too many parts");
    return {};
  }

  const IfcReader& reader_;
  size_t steps_ = 0;
  size_t points_ = 0;
};

base::Result<IfcLine> CurveReader::polyline(const StepInstance& curve) {
  std::vector<Vector> points;
  for (const StepValue reference : curve[0]) {
    auto point = reader_.point(reference.reference());
    if (!point) return std::move(point).error();
    points.push_back(*point);
    if (++points_ > reader_.limits().points_max) return fail(Code::too_complex, "a curve has too many points");
  }
  return line_of(std::move(points));
}

// The arc through three points; a straight line if they lie on one.
std::vector<Vector> arc_through(Vector a, Vector b, Vector c) {
  const Vector ab = b - a, ac = c - a;
  const Vector normal = cross(ab, ac);
  const double size = dot(normal, normal);
  if (!(size > 1e-16)) return {a, b, c};
  const Vector to_centre = (cross(normal, ab) * dot(ac, ac) + cross(ac, normal) * dot(ab, ab)) * (1 / (2 * size));
  const double radius = length_of(to_centre);
  if (!(radius < 1e6)) return {a, b, c};
  IfcFrame frame;
  frame.origin = a + to_centre;
  frame.z = unit_of(normal, {0, 0, 1});
  frame.x = unit_of(a - frame.origin, {1, 0, 0});
  frame.y = cross(frame.z, frame.x);
  const Vector last = c - frame.origin;
  double angle = std::atan2(dot(last, frame.y), dot(last, frame.x));
  if (angle <= 0) angle += turn;
  std::vector<Vector> points = arc_points(frame, radius, radius, 0, angle);
  points.back() = c;
  return points;
}

// (Points, Segments, SelfIntersect)
base::Result<IfcLine> CurveReader::indexed(const StepInstance& curve) {
  const StepInstance list = reader_.get(curve[0]);
  std::vector<Vector> all;
  for (const StepValue row : list[0]) {
    auto point = reader_.coordinates(row);
    if (!point) return bad(list.id, point.error().what);
    all.push_back(*point);
    if (++points_ > reader_.limits().points_max) return fail(Code::too_complex, "a curve has too many points");
  }
  if (curve[1].is_null()) return line_of(std::move(all));
  std::vector<Vector> points;
  for (const StepValue segment : curve[1]) {
    std::vector<Vector> part;
    for (const StepValue index : segment.inner()) {
      const double place = index.number(0);
      if (!(place >= 1 && place <= static_cast<double>(all.size()))) return bad(curve.id, "an index names no point");
      part.push_back(all[static_cast<size_t>(place) - 1]);
    }
    const bool is_arc = segment.type() == "IFCARCINDEX";
    if (is_arc && part.size() != 3) return bad(curve.id, "an arc has three points");
    append(points, is_arc ? arc_through(part[0], part[1], part[2]) : part);
    if (points.size() > reader_.limits().points_max) return fail(Code::too_complex, "a curve has too many points");
  }
  return line_of(std::move(points));
}

// (Segments, SelfIntersect), segments (Transition, SameSense, ParentCurve)
base::Result<IfcLine> CurveReader::composite(const StepInstance& curve, size_t depth) {
  std::vector<Vector> points;
  for (const StepValue reference : curve[0]) {
    const StepInstance segment = reader_.get(reference);
    if (segment.type != "IFCCOMPOSITECURVESEGMENT" && segment.type != "IFCREPARAMETRISEDCOMPOSITECURVESEGMENT")
      return bad(curve.id, "a segment is missing or of another kind");
    auto part = read(segment[2].reference(), depth - 1);
    if (!part) return part;
    if (part->is_closed && !part->points.empty()) part->points.push_back(part->points.front());
    if (segment[1].boolean() == false) std::reverse(part->points.begin(), part->points.end());
    // Some writers state the sense wrongly: the end that is nearer to what we have wins.
    if (!points.empty() && part->points.size() > 1 && length_of(points.back() - part->points.front()) > 1e-3 &&
        length_of(points.back() - part->points.back()) < 1e-5)
      std::reverse(part->points.begin(), part->points.end());
    append(points, part->points);
    points_ += part->points.size();
    if (auto status = check_size(); !status) return std::move(status).error();
  }
  return line_of(std::move(points));
}

base::Result<IfcLine> CurveReader::conic(const StepInstance& curve) {
  const double radius_x = curve[1].number() * reader_.units().length_m;
  const double radius_y = curve.type == "IFCCIRCLE" ? radius_x : curve[2].number() * reader_.units().length_m;
  if (!(radius_x > 0 && radius_y > 0 && radius_x < 1e6 && radius_y < 1e6))
    return bad(curve.id, "a radius makes no sense");
  auto frame = reader_.axis_placement(curve[0].reference());
  if (!frame) return std::move(frame).error();
  IfcLine line;
  line.points = arc_points(*frame, radius_x, radius_y, 0, turn);
  line.points.pop_back();
  line.is_closed = true;
  return line;
}

// Where on a line (in lengths of its vector) or conic (radians) a point lies.
base::Result<double> CurveReader::parameter_at(const StepInstance& basis, Vector point) {
  if (basis.type == "IFCLINE") {
    auto start = reader_.point(basis[0].reference());
    if (!start) return std::move(start).error();
    return dot(point - *start, reader_.direction(basis[1].reference(), {1, 0, 0}));
  }
  auto frame = reader_.axis_placement(basis[0].reference());
  if (!frame) return std::move(frame).error();
  const double radius_x = basis[1].number(1);
  const double radius_y = basis.type == "IFCCIRCLE" ? radius_x : basis[2].number(radius_x);
  const Vector from = point - frame->origin;
  return std::atan2(dot(from, frame->y) / radius_y, dot(from, frame->x) / radius_x);
}

// A trim is a parameter, a point, or both: then the curve says which one counts.
base::Result<std::optional<double>> CurveReader::trim(const StepInstance& basis, const StepValue& trims,
                                                      bool prefers_point) {
  std::optional<double> by_parameter, by_point;
  for (const StepValue value : trims) {
    if (value.reference() != 0) {
      auto point = reader_.point(value.reference());
      if (!point) return std::move(point).error();
      auto parameter = parameter_at(basis, *point);
      if (!parameter) return std::move(parameter).error();
      by_point = *parameter;
    } else if (std::isfinite(value.number())) {
      double factor = reader_.units().angle_rad;
      if (basis.type == "IFCLINE") {
        // In lengths of the line's vector.
        factor = reader_.get(basis[1])[1].number(1) * reader_.units().length_m;
      }
      by_parameter = value.number() * factor;
    }
  }
  return prefers_point && by_point ? by_point : by_parameter ? by_parameter : by_point;
}

// (BasisCurve, Trim1, Trim2, SenseAgreement, MasterRepresentation)
base::Result<IfcLine> CurveReader::trimmed(const StepInstance& curve, size_t depth) {
  const StepInstance basis = reader_.get(curve[0]);
  const bool is_line = basis.type == "IFCLINE";
  if (!is_line && basis.type != "IFCCIRCLE" && basis.type != "IFCELLIPSE") {
    reader_.warn(curve.id, "trims of curves of kind " + std::string(basis.type) + " are not read: the whole is taken");
    return read(basis.id, depth - 1);
  }
  const bool prefers_point = curve[4].enumeration() == "CARTESIAN";
  const auto from = trim(basis, curve[1], prefers_point);
  if (!from) return from.error();
  const auto to = trim(basis, curve[2], prefers_point);
  if (!to) return to.error();
  if (!*from || !*to || std::abs(**from) > 1e7 || std::abs(**to) > 1e7) return bad(curve.id, "a trim is missing");
  const bool is_forward = curve[3].boolean().value_or(true);
  if (is_line) {
    auto start = reader_.point(basis[0].reference());
    if (!start) return std::move(start).error();
    const Vector along = reader_.direction(basis[1].reference(), {1, 0, 0});
    return line_of({*start + along * **from, *start + along * **to});
  }
  auto frame = reader_.axis_placement(basis[0].reference());
  if (!frame) return std::move(frame).error();
  const double radius_x = basis[1].number() * reader_.units().length_m;
  const double radius_y = basis.type == "IFCCIRCLE" ? radius_x : basis[2].number() * reader_.units().length_m;
  if (!(radius_x > 0 && radius_y > 0 && radius_x < 1e6 && radius_y < 1e6))
    return bad(basis.id, "a radius makes no sense");
  double end = **to;
  // The way around in the stated sense, less than once.
  double angle = std::fmod(end - **from, turn);
  if (is_forward && angle <= 1e-9) angle += turn;
  if (!is_forward && angle >= -1e-9) angle -= turn;
  return line_of(arc_points(*frame, radius_x, radius_y, **from, **from + angle));
}

base::Result<IfcLine> CurveReader::read(uint64_t id, size_t depth) {
  if (depth == 0)
    return fail(Code::too_complex, "curves refer to each other in a circle, or are nested too deeply",
                instance_name(id));
  if (auto status = check_size(); !status) return std::move(status).error();
  const StepInstance curve = reader_.get(id);
  if (!curve) return bad(id, "a curve is missing");
  if (curve.type == "IFCPOLYLINE") return polyline(curve);
  if (curve.type == "IFCINDEXEDPOLYCURVE") return indexed(curve);
  if (curve.type == "IFCCOMPOSITECURVE" || curve.type == "IFC2DCOMPOSITECURVE" ||
      curve.type == "IFCCOMPOSITECURVEONSURFACE" || curve.type == "IFCBOUNDARYCURVE" ||
      curve.type == "IFCOUTERBOUNDARYCURVE")
    return composite(curve, depth);
  if (curve.type == "IFCCIRCLE" || curve.type == "IFCELLIPSE") return conic(curve);
  if (curve.type == "IFCTRIMMEDCURVE") return trimmed(curve, depth);
  if (curve.type == "IFCSURFACECURVE" || curve.type == "IFCSEAMCURVE") return read(curve[0].reference(), depth - 1);
  if (curve.type.starts_with("IFCBSPLINECURVE") || curve.type.starts_with("IFCRATIONALBSPLINECURVE") ||
      curve.type == "IFCBEZIERCURVE" || curve.type == "IFCRATIONALBEZIERCURVE") {
    auto points = spline_points(reader_, curve);
    if (!points) return std::move(points).error();
    return line_of(std::move(*points));
  }
  return fail(Code::unsupported, "curves of kind " + std::string(curve.type) + " are not read", instance_name(id));
}

}  // namespace

size_t chord_count(double radius_m, double angle) {
  const double sagitta = std::clamp(0.002 / std::max(radius_m, 1e-9), 1e-6, 0.5);
  const double step = std::min(2 * std::acos(1 - sagitta), std::numbers::pi / 8);
  return static_cast<size_t>(std::clamp(std::ceil(std::abs(angle) / step - 1e-9), 1.0, 360.0));
}

std::vector<Vector> arc_points(const IfcFrame& frame, double radius_x, double radius_y, double from, double to) {
  const size_t count = chord_count(std::max(radius_x, radius_y), to - from);
  std::vector<Vector> points;
  points.reserve(count + 1);
  for (size_t i = 0; i <= count; ++i) {
    const double angle = from + (to - from) * static_cast<double>(i) / static_cast<double>(count);
    points.push_back(frame.point({radius_x * std::cos(angle), radius_y * std::sin(angle), 0}));
  }
  return points;
}

base::Result<IfcLine> read_curve(const IfcReader& reader, uint64_t id) {
  return CurveReader(reader).read(id, reader.limits().depth_max);
}

}  // namespace cityloom::space
