// De Boor's algorithm over the knots that the file gives, or clamped uniform ones.
#include "space/ifc/ifc_spline.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

struct Weighted {
  Vector point;  // times weight
  double weight = 1;
};

struct Spline {
  size_t degree = 1;
  std::vector<Weighted> controls;
  std::vector<double> knots;

  Vector at(double parameter) const;
};

Vector Spline::at(double parameter) const {
  size_t span = degree;
  while (span + 1 < controls.size() && knots[span + 1] <= parameter) ++span;
  std::array<Weighted, 16> d;
  for (size_t j = 0; j <= degree; ++j) d[j] = controls[span - degree + j];
  for (size_t r = 1; r <= degree; ++r) {
    for (size_t j = degree; j >= r; --j) {
      const double low = knots[span - degree + j], high = knots[span + 1 + j - r];
      const double share = high > low ? (parameter - low) / (high - low) : 0;
      d[j] = {d[j - 1].point * (1 - share) + d[j].point * share, d[j - 1].weight * (1 - share) + d[j].weight * share};
    }
  }
  return d[degree].weight > 1e-12 ? d[degree].point * (1 / d[degree].weight) : d[degree].point;
}

// Knots stated with multiplicities, if they fit; else clamped uniform ones.
std::vector<double> knots_of(const StepInstance& curve, size_t degree, size_t controls) {
  std::vector<double> knots;
  const StepValue counts = curve[5];
  auto value = curve[6].begin();
  for (const StepValue count : counts) {
    if (!(value != curve[6].end()) || knots.size() > controls + degree + 1) break;
    const double times = count.number(0);
    for (double i = 0; i < times && knots.size() <= controls + degree + 1; ++i) knots.push_back((*value).number(0));
    ++value;
  }
  if (knots.size() == controls + degree + 1 && std::is_sorted(knots.begin(), knots.end())) return knots;
  knots.clear();
  const double inner = static_cast<double>(controls - degree);
  for (size_t i = 0; i < controls + degree + 1; ++i)
    knots.push_back(std::clamp(static_cast<double>(i) - static_cast<double>(degree), 0.0, inner));
  return knots;
}

}  // namespace

// (Degree, ControlPoints, Form, Closed, SelfIntersect, Multiplicities, Knots, KnotSpec, Weights)
base::Result<std::vector<Vector>> spline_points(const IfcReader& reader, const StepInstance& curve) {
  const double degree = curve[0].number(0);
  Spline spline;
  for (const StepValue reference : curve[1]) {
    auto point = reader.point(reference.reference());
    if (!point) return std::move(point).error();
    spline.controls.push_back({*point, 1});
    if (spline.controls.size() > 10'000) return fail(Code::too_complex, "a spline has too many points");
  }
  if (!(degree >= 1 && degree < 16) || spline.controls.size() <= static_cast<size_t>(degree))
    return fail(Code::invalid, "a spline has too few points for its degree", instance_name(curve.id));
  spline.degree = static_cast<size_t>(degree);
  const StepValue weights = curve.type.find("RATIONAL") != std::string_view::npos ? curve[8] : StepValue();
  size_t place = 0;
  for (const StepValue weight : weights) {
    if (place >= spline.controls.size()) break;
    Weighted& control = spline.controls[place++];
    control.weight = std::clamp(weight.number(1), 1e-6, 1e6);
    control.point = control.point * control.weight;
  }
  spline.knots = knots_of(curve, spline.degree, spline.controls.size());
  const double from = spline.knots[spline.degree], to = spline.knots[spline.controls.size()];
  const size_t steps = std::min<size_t>(1'000, 8 * (spline.controls.size() - spline.degree) + 4);
  std::vector<Vector> points;
  for (size_t i = 0; i <= steps; ++i)
    points.push_back(spline.at(from + (to - from) * static_cast<double>(i) / static_cast<double>(steps)));
  for (const Vector& point : points) {
    if (!is_finite(point)) return fail(Code::invalid, "a spline is not finite", instance_name(curve.id));
  }
  return points;
}

}  // namespace cityloom::space
