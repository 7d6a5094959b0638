// Units, points and placements.
#include "space/ifc/ifc_reader.hpp"

#include <array>
#include <cmath>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

base::Error bad(uint64_t id, std::string what) {
  return fail(Code::invalid, std::move(what), instance_name(id));
}

double prefix_factor(std::string_view prefix) {
  struct Prefix {
    std::string_view name;
    double factor;
  };
  constexpr std::array<Prefix, 16> table{{{"EXA", 1e18},
                                          {"PETA", 1e15},
                                          {"TERA", 1e12},
                                          {"GIGA", 1e9},
                                          {"MEGA", 1e6},
                                          {"KILO", 1e3},
                                          {"HECTO", 1e2},
                                          {"DECA", 1e1},
                                          {"DECI", 1e-1},
                                          {"CENTI", 1e-2},
                                          {"MILLI", 1e-3},
                                          {"MICRO", 1e-6},
                                          {"NANO", 1e-9},
                                          {"PICO", 1e-12},
                                          {"FEMTO", 1e-15},
                                          {"ATTO", 1e-18}}};
  for (const Prefix& one : table) {
    if (one.name == prefix) return one.factor;
  }
  return 1;
}

}  // namespace

std::string instance_name(uint64_t id) {
  return "#" + std::to_string(id);
}

IfcReader::IfcReader(const StepFile& file, IfcLimits limits, Warn warn)
    : file_(file), limits_(limits), warn_(std::move(warn)) {
  read_units();
}

StepInstance IfcReader::get(uint64_t id) const {
  if (id == 0) return {};
  std::string reason;
  StepInstance instance = file_.find(id, &reason);
  if (!instance) warn(id, reason);
  return instance;
}

// How much of the SI unit one unit is: IfcSIUnit(Dimensions, UnitType, Prefix, Name),
// IfcConversionBasedUnit(Dimensions, UnitType, Name, ConversionFactor).
double IfcReader::unit_scale(const StepInstance& unit, size_t depth) const {
  if (unit.type == "IFCSIUNIT") {
    const double factor = prefix_factor(unit[2].enumeration());
    const std::string_view name = unit[3].enumeration();
    return name == "SQUARE_METRE" ? factor * factor : name == "CUBIC_METRE" ? factor * factor * factor : factor;
  }
  if (!unit.type.starts_with("IFCCONVERSIONBASEDUNIT") || depth == 0) return 1;
  const StepInstance measure = get(unit[3]);
  const double value = measure[0].number(1);
  const StepInstance base = get(measure[1]);
  return value * (base ? unit_scale(base, depth - 1) : 1);
}

void IfcReader::read_units() {
  std::vector<uint64_t> assignments;
  for (const uint64_t project : file_.of_type("IFCPROJECT")) {
    const StepInstance instance = get(project);
    if (instance[8].reference() != 0) assignments.push_back(instance[8].reference());
  }
  if (assignments.empty()) assignments = file_.of_type("IFCUNITASSIGNMENT");
  if (assignments.empty()) {
    warn(0, "the file names no units: metres and radians are taken");
    return;
  }
  const StepInstance assignment = get(assignments.front());
  bool has_area = false, has_volume = false;
  for (const StepValue reference : assignment[0]) {
    const StepInstance unit = get(reference);
    const std::string_view kind = unit[1].enumeration();
    const bool is_wanted =
        kind == "LENGTHUNIT" || kind == "AREAUNIT" || kind == "VOLUMEUNIT" || kind == "PLANEANGLEUNIT";
    if (!is_wanted) continue;
    const double scale = unit_scale(unit, 4);
    if (!(scale > 1e-12 && scale < 1e9)) {
      warn(unit.id, "a unit's size makes no sense: the SI unit is taken");
      continue;
    }
    if (kind == "LENGTHUNIT") units_.length_m = scale;
    if (kind == "PLANEANGLEUNIT") units_.angle_rad = scale;
    if (kind == "AREAUNIT") units_.area_m2 = scale, has_area = true;
    if (kind == "VOLUMEUNIT") units_.volume_m3 = scale, has_volume = true;
  }
  if (!has_area) units_.area_m2 = units_.length_m * units_.length_m;
  if (!has_volume) units_.volume_m3 = units_.area_m2 * units_.length_m;
}

base::Result<Vector> IfcReader::coordinates(const StepValue& list) const {
  std::array<double, 3> values{0, 0, 0};
  size_t count = 0;
  for (const StepValue value : list) {
    if (count == 3 || !value.is_number()) return fail(Code::invalid, "a point has two or three numbers");
    values[count++] = value.number() * units_.length_m;
  }
  if (count < 2) return fail(Code::invalid, "a point has two or three numbers");
  for (const double value : values) {
    if (!(std::abs(value) <= limits_.coordinate_m_max))
      return fail(Code::invalid, "a coordinate lies more than " + std::to_string(limits_.coordinate_m_max / 1000) +
                                     " km from the model's origin");
  }
  return Vector{values[0], values[1], values[2]};
}

base::Result<Vector> IfcReader::point(uint64_t id) const {
  const StepInstance instance = get(id);
  if (!instance) return bad(id, "a point is missing");
  if (instance.type != "IFCCARTESIANPOINT") return bad(id, "a point was expected, not " + std::string(instance.type));
  auto point = coordinates(instance[0]);
  if (!point) return bad(id, point.error().what);
  return point;
}

Vector IfcReader::direction(uint64_t id, Vector otherwise) const {
  const StepInstance instance = get(id);
  if (instance.type != "IFCDIRECTION" && instance.type != "IFCVECTOR") return otherwise;
  if (instance.type == "IFCVECTOR") {
    const StepInstance inner = get(instance[0]);
    return inner.type == "IFCDIRECTION" ? direction(inner.id, otherwise) : otherwise;
  }
  std::array<double, 3> values{0, 0, 0};
  size_t count = 0;
  for (const StepValue value : instance[0]) {
    if (count < 3) values[count++] = value.number(0);
  }
  return unit_of({values[0], values[1], values[2]}, otherwise);
}

base::Result<IfcFrame> IfcReader::axis_placement(uint64_t id) const {
  if (id == 0) return IfcFrame{};
  const StepInstance instance = get(id);
  const bool is_plane = instance.type == "IFCAXIS2PLACEMENT2D";
  if (!is_plane && instance.type != "IFCAXIS2PLACEMENT3D" && instance.type != "IFCAXIS2PLACEMENTLINEAR")
    return bad(id, instance ? "an axis placement was expected, not " + std::string(instance.type)
                            : "an axis placement is missing");
  auto origin = point(instance[0].reference());
  if (!origin) return std::move(origin).error();
  IfcFrame frame;
  frame.origin = *origin;
  if (is_plane) {
    frame.x = direction(instance[1].reference(), frame.x);
    frame.x = unit_of({frame.x.x, frame.x.y, 0}, {1, 0, 0});
    frame.y = {-frame.x.y, frame.x.x, 0};
    return frame;
  }
  frame.z = direction(instance[1].reference(), frame.z);
  const Vector along = direction(instance[2].reference(), {1, 0, 0});
  // Where the reference lies along the axis, any direction across it will do.
  const Vector other = std::abs(frame.z.x) < 0.9 ? Vector{1, 0, 0} : Vector{0, 1, 0};
  const Vector across = along - frame.z * dot(along, frame.z);
  frame.x = unit_of(length_of(across) > 1e-9 ? across : other - frame.z * dot(other, frame.z), {1, 0, 0});
  frame.y = cross(frame.z, frame.x);
  return frame;
}

// (Axis1, Axis2, LocalOrigin, Scale [, Axis3] [, Scale2, Scale3])
base::Result<IfcFrame> IfcReader::transformation(uint64_t id) const {
  const StepInstance instance = get(id);
  const bool is_plane = instance.type.starts_with("IFCCARTESIANTRANSFORMATIONOPERATOR2D");
  if (!is_plane && !instance.type.starts_with("IFCCARTESIANTRANSFORMATIONOPERATOR3D"))
    return bad(id, "a transformation operator was expected");
  auto origin = point(instance[2].reference());
  if (!origin) return std::move(origin).error();
  const bool is_uneven = instance.type.ends_with("NONUNIFORM");
  const double scale = instance[3].number(1);
  const double scale_y = is_uneven ? instance[is_plane ? 4 : 5].number(scale) : scale;
  const double scale_z = is_uneven && !is_plane ? instance[6].number(scale) : scale;
  for (const double one : {scale, scale_y, scale_z}) {
    if (!(std::abs(one) > 1e-9 && std::abs(one) < 1e6)) return bad(id, "a scale makes no sense");
  }
  IfcFrame frame;
  frame.origin = *origin;
  frame.z = is_plane ? Vector{0, 0, 1} : direction(instance[4].reference(), {0, 0, 1});
  const Vector x = direction(instance[0].reference(), {1, 0, 0});
  frame.x = unit_of(x - frame.z * dot(x, frame.z), std::abs(frame.z.x) < 0.9 ? Vector{1, 0, 0} : Vector{0, 1, 0});
  frame.y = cross(frame.z, frame.x);
  // The second axis only says on which side of the first it lies: a mirror.
  if (dot(direction(instance[1].reference(), frame.y), frame.y) < 0) frame.y = frame.y * -1;
  frame.x = frame.x * scale;
  frame.y = frame.y * scale_y;
  frame.z = frame.z * scale_z;
  return frame;
}

base::Result<IfcFrame> IfcReader::object_placement(uint64_t id) {
  return id == 0 ? base::Result<IfcFrame>(IfcFrame{}) : local_placement(id, 64);
}

base::Result<IfcFrame> IfcReader::local_placement(uint64_t id, size_t depth) {
  if (const auto known = placements_.find(id); known != placements_.end()) return known->second;
  if (depth == 0) return bad(id, "its placements refer to each other in a circle, or are nested too deeply");
  const StepInstance instance = get(id);
  IfcFrame frame;
  if (instance.type == "IFCLOCALPLACEMENT") {
    auto inner = axis_placement(instance[1].reference());
    if (!inner) return inner;
    frame = *inner;
    if (const uint64_t outer = instance[0].reference(); outer != 0) {
      auto around = local_placement(outer, depth - 1);
      if (!around) return around;
      frame = around->inside(frame);
    }
  } else if (instance.type == "IFCLINEARPLACEMENT") {
    // (PlacementRelTo, RelativePlacement, CartesianPosition): the last is what the others come to.
    auto position = axis_placement(instance[2].reference());
    if (instance[2].is_null() || !position) return bad(id, "a linear placement without a cartesian position");
    frame = *position;
  } else {
    return bad(
        id, instance ? "placements of kind " + std::string(instance.type) + " are not read" : "a placement is missing");
  }
  if (!is_finite(frame.origin)) return bad(id, "a placement lies nowhere");
  placements_.emplace(id, frame);
  return frame;
}

}  // namespace cityloom::space
