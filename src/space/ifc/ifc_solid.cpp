// One function per kind of representation item; a table finds it by the type's name.
#include "space/ifc/ifc_solid.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "space/ifc/ifc_curve.hpp"
#include "space/ifc/ifc_faces.hpp"
#include "space/ifc/ifc_sweep.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Result;

base::Error bad(uint64_t id, std::string what) {
  return fail(Code::invalid, std::move(what), instance_name(id));
}

constexpr double far_m = 1e4;

}  // namespace

// Reads the items of one element: counts what it costs.
class ItemReader {
 public:
  ItemReader(IfcSolids& solids, IfcReader& reader) : solids_(solids), reader_(reader) {}

  Result<IfcShape> read(uint64_t id, size_t depth);
  // All items of a representation; what fails is warned of.
  Result<IfcShape> representation(const StepInstance& representation, size_t depth);

 private:
  using Read = Result<IfcShape> (ItemReader::*)(const StepInstance& item, size_t depth);
  struct Kind {
    std::string_view type;
    Read read;
  };
  static const std::vector<Kind>& kinds();

  Result<IfcShape> extrusion(const StepInstance& item, size_t depth);
  Result<IfcShape> revolution(const StepInstance& item, size_t depth);
  Result<IfcShape> disk(const StepInstance& item, size_t depth);
  Result<IfcShape> along_surface(const StepInstance& item, size_t depth);
  Result<IfcShape> brep(const StepInstance& item, size_t depth);
  Result<IfcShape> surface_model(const StepInstance& item, size_t depth);
  Result<IfcShape> tessellation(const StepInstance& item, size_t) { return read_tessellation(reader_, item); }
  Result<IfcShape> boolean(const StepInstance& item, size_t depth);
  Result<IfcShape> csg_solid(const StepInstance& item, size_t depth) { return read(item[0].reference(), depth - 1); }
  Result<IfcShape> block(const StepInstance& item, size_t depth);
  Result<IfcShape> round_solid(const StepInstance& item, size_t depth);
  Result<IfcShape> mapped(const StepInstance& item, size_t depth);
  Result<IfcShape> swept_surface(const StepInstance& item, size_t depth);
  Result<IfcShape> bounding_box(const StepInstance& item, size_t depth);

  Result<IfcShape> half_space(const StepInstance& item, const IfcShape& cut);
  Result<double> length(const StepInstance& item, size_t place) const;
  // Puts a shape into its item's frame and adds it.
  base::Status place(const StepValue& position, IfcShape shape, IfcShape& to) const;

  IfcSolids& solids_;
  IfcReader& reader_;
  size_t items_ = 0;
  size_t points_ = 0;
};

Result<double> ItemReader::length(const StepInstance& item, size_t place) const {
  const double value = item[place].number() * reader_.units().length_m;
  if (!(value > 1e-9 && value < 1e6)) return bad(item.id, "a length is missing or makes no sense");
  return value;
}

base::Status ItemReader::place(const StepValue& position, IfcShape shape, IfcShape& to) const {
  auto frame = reader_.axis_placement(position.reference());
  if (!frame) return std::move(frame).error();
  shape.move(*frame);
  to.add(std::move(shape));
  return {};
}

// (SweptArea, Position, ExtrudedDirection, Depth [, EndSweptArea])
Result<IfcShape> ItemReader::extrusion(const StepInstance& item, size_t) {
  const auto depth = length(item, 3);
  if (!depth) return depth.error();
  auto areas = read_profile(reader_, item[0].reference());
  if (!areas) return std::move(areas).error();
  const Vector along = reader_.direction(item[2].reference(), {0, 0, 1}) * *depth;
  if (std::abs(along.z) < 1e-9) return bad(item.id, "an area is extruded within its own plane");
  std::vector<IfcArea> ends = *areas;
  if (item.type == "IFCEXTRUDEDAREASOLIDTAPERED") {
    auto other = read_profile(reader_, item[4].reference());
    const auto fits = [](const IfcArea& a, const IfcArea& b) {
      return std::equal(a.rings.begin(), a.rings.end(), b.rings.begin(), b.rings.end(),
                        [](const IfcRing& one, const IfcRing& two) { return one.size() == two.size(); });
    };
    if (other && std::equal(other->begin(), other->end(), areas->begin(), areas->end(), fits)) {
      ends = std::move(*other);
    } else {
      reader_.warn(item.id, "the end of a tapered solid has other corners: drawn straight");
    }
  }
  IfcShape shape;
  for (size_t i = 0; i < areas->size(); ++i) {
    if (auto status = place(item[1], lofted((*areas)[i], ends[i], along), shape); !status)
      return std::move(status).error();
  }
  return shape;
}

// (SweptArea, Position, Axis, Angle)
Result<IfcShape> ItemReader::revolution(const StepInstance& item, size_t) {
  auto areas = read_profile(reader_, item[0].reference());
  if (!areas) return std::move(areas).error();
  const StepInstance axis = reader_.get(item[2]);
  auto point = reader_.point(axis[0].reference());
  if (!point) return std::move(point).error();
  const double angle = item[3].number() * reader_.units().angle_rad;
  if (!(std::abs(angle) > 1e-6)) return bad(item.id, "an angle is missing");
  IfcShape shape;
  for (const IfcArea& area : *areas) {
    auto part = revolved(area, *point, reader_.direction(axis[1].reference(), {0, 0, 1}),
                         std::clamp(angle, -2 * std::numbers::pi, 2 * std::numbers::pi));
    if (auto status = place(item[1], std::move(part), shape); !status) return std::move(status).error();
  }
  return shape;
}

// (Directrix, Radius, InnerRadius, StartParam, EndParam)
Result<IfcShape> ItemReader::disk(const StepInstance& item, size_t) {
  const auto radius = length(item, 1);
  if (!radius) return radius.error();
  auto line = read_curve(reader_, item[0].reference());
  if (!line) return std::move(line).error();
  if (line->points.size() > 5'000) return fail(Code::too_complex, "a pipe has too many bends", instance_name(item.id));
  return disk_swept(line->points, line->is_closed, *radius, item[2].number(0) * reader_.units().length_m);
}

// (SweptArea, Position, Directrix, StartParam, EndParam, ReferenceSurface or FixedReference)
Result<IfcShape> ItemReader::along_surface(const StepInstance& item, size_t) {
  auto areas = read_profile(reader_, item[0].reference());
  if (!areas) return std::move(areas).error();
  auto line = read_curve(reader_, item[2].reference());
  if (!line) return std::move(line).error();
  const StepInstance reference = reader_.get(item[5]);
  Vector up = reader_.direction(reference.id, {0, 0, 1});
  if (reference.type == "IFCPLANE") {
    auto frame = reader_.axis_placement(reference[0].reference());
    if (!frame) return std::move(frame).error();
    up = frame->z;
  }
  IfcShape shape;
  for (const IfcArea& area : *areas) {
    if (area.rings.front().size() * line->points.size() > reader_.limits().points_max)
      return fail(Code::too_complex, "a sweep has too many corners", instance_name(item.id));
    auto part = swept_along(area, line->points, line->is_closed, up);
    if (auto status = place(item[1], std::move(part), shape); !status) return std::move(status).error();
  }
  return shape;
}

// (Outer [, Voids])
Result<IfcShape> ItemReader::brep(const StepInstance& item, size_t) {
  auto shape = read_face_set(reader_, item[0].reference());
  if (!shape || !item.type.ends_with("WITHVOIDS")) return shape;
  for (const StepValue reference : item[1]) {
    auto hollow = read_face_set(reader_, reference.reference());
    if (!hollow) return hollow;
    for (IfcFace& face : hollow->faces) {
      for (IfcRing& ring : face.rings) std::reverse(ring.begin(), ring.end());
    }
    shape->add(std::move(*hollow));
  }
  return shape;
}

// (Shells or FaceSets)
Result<IfcShape> ItemReader::surface_model(const StepInstance& item, size_t) {
  IfcShape shape;
  for (const StepValue reference : item[0]) {
    auto part = read_face_set(reader_, reference.reference());
    if (!part) {
      if (part.error().code == Code::too_complex) return part;
      reader_.warn(item.id, "a part of a surface model was left out: " + part.error().text());
      continue;
    }
    shape.add(std::move(*part));
    if (shape.point_count() > reader_.limits().points_max)
      return fail(Code::too_complex, "a surface model has too many corners", instance_name(item.id));
  }
  return shape;
}

// A half space as a solid that reaches past all of what it cuts: (BaseSurface, AgreementFlag [, Position, Boundary]).
Result<IfcShape> ItemReader::half_space(const StepInstance& item, const IfcShape& cut) {
  const StepInstance surface = reader_.get(item[0]);
  if (surface.type != "IFCPLANE")
    return fail(Code::unsupported, "half spaces bounded by " + std::string(surface.type) + " are not read",
                instance_name(item.id));
  auto frame = reader_.axis_placement(surface[0].reference());
  if (!frame) return std::move(frame).error();
  IfcBounds bounds;
  bounds.add(cut);
  const Vector middle = (bounds.low + bounds.high) * 0.5;
  const double reach = length_of(bounds.high - bounds.low) + 1;
  // Round the foot of the middle in the plane, on the side that the flag says.
  IfcFrame box = *frame;
  box.origin = middle - frame->z * dot(middle - frame->origin, frame->z);
  const bool is_below = item[1].boolean().value_or(true);
  const double depth = reach + std::min(far_m, std::abs(dot(middle - frame->origin, frame->z)));
  IfcArea square{{{{-reach, -reach, 0}, {reach, -reach, 0}, {reach, reach, 0}, {-reach, reach, 0}}}};
  IfcShape space = extruded(square, {0, 0, is_below ? -depth : depth});
  face_outwards(space);
  space.move(box);
  if (item.type != "IFCPOLYGONALBOUNDEDHALFSPACE") return space;
  auto position = reader_.axis_placement(item[2].reference());
  if (!position) return std::move(position).error();
  auto line = read_curve(reader_, item[3].reference());
  if (!line) return std::move(line).error();
  IfcArea area{{std::move(line->points)}};
  for (Vector& point : area.rings.front()) point.z = 0;
  if (area.rings.front().size() < 3) return bad(item.id, "a boundary has no area");
  if (ring_normal(area.rings.front()).z < 0) std::reverse(area.rings.front().begin(), area.rings.front().end());
  const double height = 2 * (depth + reach + std::abs(dot(middle - position->origin, position->z)));
  IfcShape prism = extruded(area, {0, 0, height});
  IfcFrame lower = *position;
  lower.origin = position->origin - position->z * (height / 2);
  prism.move(lower);
  return solids_.combined(prism, space, SolidOperation::intersection);
}

// (Operator, FirstOperand, SecondOperand)
Result<IfcShape> ItemReader::boolean(const StepInstance& item, size_t depth) {
  auto first = read(item[1].reference(), depth - 1);
  if (!first || first->empty()) return first;
  const std::string_view second_type = reader_.file().type_of(item[2].reference());
  const StepInstance second_item = reader_.get(item[2]);
  const bool is_half_space = second_type.ends_with("HALFSPACE") || second_type == "IFCHALFSPACESOLID";
  auto second = is_half_space ? half_space(second_item, *first) : read(second_item.id, depth - 1);
  if (second && (!first->is_closed || !second->is_closed)) second = bad(item.id, "an operand is no closed solid");
  if (second) {
    const std::string_view name = item[0].enumeration();
    const SolidOperation operation = name == "UNION"          ? SolidOperation::join
                                     : name == "INTERSECTION" ? SolidOperation::intersection
                                                              : SolidOperation::difference;
    second = solids_.combined(*first, *second, operation);
    if (second) return second;
  }
  reader_.warn(item.id, "a boolean was not done, its first operand is shown whole: " + second.error().text());
  return first;
}

// IfcBlock(Position, X, Y, Z), IfcRectangularPyramid(Position, X, Y, Height)
Result<IfcShape> ItemReader::block(const StepInstance& item, size_t) {
  const auto x = length(item, 1), y = length(item, 2), z = length(item, 3);
  if (!x || !y || !z) return bad(item.id, "a length is missing");
  IfcShape shape;
  const IfcRing base{{0, 0, 0}, {*x, 0, 0}, {*x, *y, 0}, {0, *y, 0}};
  if (item.type == "IFCBLOCK") {
    if (auto status = place(item[0], extruded({{base}}, {0, 0, *z}), shape); !status) return std::move(status).error();
    return shape;
  }
  IfcShape pyramid;
  const Vector top{*x / 2, *y / 2, *z};
  for (size_t i = 0; i < 4; ++i) pyramid.faces.push_back({{{base[i], base[(i + 1) % 4], top}}, 0});
  pyramid.faces.push_back({{{base[3], base[2], base[1], base[0]}}, 0});
  if (auto status = place(item[0], std::move(pyramid), shape); !status) return std::move(status).error();
  return shape;
}

// IfcRightCircularCylinder(Position, Height, Radius), ...Cone(Position, Height, BottomRadius), IfcSphere(Position,
// Radius)
Result<IfcShape> ItemReader::round_solid(const StepInstance& item, size_t) {
  const bool is_sphere = item.type == "IFCSPHERE";
  const auto radius = length(item, is_sphere ? 1 : 2);
  const auto height = is_sphere ? radius : length(item, 1);
  if (!radius || !height) return bad(item.id, "a length is missing");
  // Half of its section, turned around z.
  IfcRing half;
  if (is_sphere) {
    IfcFrame upright;
    upright.y = {0, 0, 1};
    upright.z = {0, -1, 0};
    half = arc_points(upright, *radius, *radius, -std::numbers::pi / 2, std::numbers::pi / 2);
    half.front() = {0, 0, -*radius};
    half.back() = {0, 0, *radius};
  } else if (item.type == "IFCRIGHTCIRCULARCONE") {
    half = {{0, 0, 0}, {*radius, 0, 0}, {0, 0, *height}};
  } else {
    half = {{0, 0, 0}, {*radius, 0, 0}, {*radius, 0, *height}, {0, 0, *height}};
  }
  IfcShape shape;
  auto body = revolved({{half}}, {0, 0, 0}, {0, 0, 1}, 2 * std::numbers::pi);
  if (auto status = place(item[0], std::move(body), shape); !status) return std::move(status).error();
  return shape;
}

// (MappingSource, MappingTarget); source (MappingOrigin, MappedRepresentation)
Result<IfcShape> ItemReader::mapped(const StepInstance& item, size_t depth) {
  const uint64_t source = item[0].reference();
  std::shared_ptr<const IfcShape> shape;
  if (const auto known = solids_.mapped_.find(source); known != solids_.mapped_.end()) {
    shape = known->second;
  } else {
    const StepInstance map = reader_.get(source);
    if (map.type != "IFCREPRESENTATIONMAP") return bad(item.id, "a mapped item has no source");
    auto inner = representation(reader_.get(map[1]), depth - 1);
    if (!inner) return inner;
    auto origin = reader_.axis_placement(map[0].reference());
    if (!origin) return std::move(origin).error();
    // The map's origin is the point that the target moves: out of its frame first.
    IfcFrame back;
    back.x = {origin->x.x, origin->y.x, origin->z.x};
    back.y = {origin->x.y, origin->y.y, origin->z.y};
    back.z = {origin->x.z, origin->y.z, origin->z.z};
    back.origin = back.direction(origin->origin) * -1;
    inner->move(back);
    shape = std::make_shared<const IfcShape>(std::move(*inner));
    if (solids_.mapped_.size() < 10'000) solids_.mapped_.emplace(source, shape);
  }
  auto target = reader_.transformation(item[1].reference());
  if (!target) return std::move(target).error();
  IfcShape moved = *shape;
  moved.move(*target);
  return moved;
}

// IfcSurfaceOfLinearExtrusion(SweptCurve, Position, ExtrudedDirection, Depth)
Result<IfcShape> ItemReader::swept_surface(const StepInstance& item, size_t) {
  const auto depth = length(item, 3);
  if (!depth) return depth.error();
  auto line = read_open_profile(reader_, item[0].reference());
  if (!line) return std::move(line).error();
  IfcShape shape;
  auto part = extruded_line(*line, reader_.direction(item[2].reference(), {0, 0, 1}) * *depth);
  if (auto status = place(item[1], std::move(part), shape); !status) return std::move(status).error();
  return shape;
}

// (Corner, XDim, YDim, ZDim)
Result<IfcShape> ItemReader::bounding_box(const StepInstance& item, size_t) {
  const auto x = length(item, 1), y = length(item, 2), z = length(item, 3);
  auto corner = reader_.point(item[0].reference());
  if (!x || !y || !z || !corner) return bad(item.id, "a box is not complete");
  IfcFrame frame;
  frame.origin = *corner;
  IfcShape shape = extruded({{{{0, 0, 0}, {*x, 0, 0}, {*x, *y, 0}, {0, *y, 0}}}}, {0, 0, *z});
  shape.move(frame);
  return shape;
}

const std::vector<ItemReader::Kind>& ItemReader::kinds() {
  using R = ItemReader;
  static const std::vector<Kind> table{{"IFCEXTRUDEDAREASOLID", &R::extrusion},
                                       {"IFCEXTRUDEDAREASOLIDTAPERED", &R::extrusion},
                                       {"IFCREVOLVEDAREASOLID", &R::revolution},
                                       {"IFCREVOLVEDAREASOLIDTAPERED", &R::revolution},
                                       {"IFCSWEPTDISKSOLID", &R::disk},
                                       {"IFCSWEPTDISKSOLIDPOLYGONAL", &R::disk},
                                       {"IFCSURFACECURVESWEPTAREASOLID", &R::along_surface},
                                       {"IFCFIXEDREFERENCESWEPTAREASOLID", &R::along_surface},
                                       {"IFCFACETEDBREP", &R::brep},
                                       {"IFCFACETEDBREPWITHVOIDS", &R::brep},
                                       {"IFCADVANCEDBREP", &R::brep},
                                       {"IFCADVANCEDBREPWITHVOIDS", &R::brep},
                                       {"IFCSHELLBASEDSURFACEMODEL", &R::surface_model},
                                       {"IFCFACEBASEDSURFACEMODEL", &R::surface_model},
                                       {"IFCPOLYGONALFACESET", &R::tessellation},
                                       {"IFCTRIANGULATEDFACESET", &R::tessellation},
                                       {"IFCTRIANGULATEDIRREGULARNETWORK", &R::tessellation},
                                       {"IFCBOOLEANRESULT", &R::boolean},
                                       {"IFCBOOLEANCLIPPINGRESULT", &R::boolean},
                                       {"IFCCSGSOLID", &R::csg_solid},
                                       {"IFCBLOCK", &R::block},
                                       {"IFCRECTANGULARPYRAMID", &R::block},
                                       {"IFCRIGHTCIRCULARCYLINDER", &R::round_solid},
                                       {"IFCRIGHTCIRCULARCONE", &R::round_solid},
                                       {"IFCSPHERE", &R::round_solid},
                                       {"IFCMAPPEDITEM", &R::mapped},
                                       {"IFCSURFACEOFLINEAREXTRUSION", &R::swept_surface},
                                       {"IFCBOUNDINGBOX", &R::bounding_box}};
  return table;
}

Result<IfcShape> ItemReader::read(uint64_t id, size_t depth) {
  if (depth <= 1)
    return fail(Code::too_complex, "items refer to each other in a circle, or are nested too deeply",
                instance_name(id));
  if (++items_ > reader_.limits().items_max)
    return fail(Code::too_complex,
                "an element is made of more than " + std::to_string(reader_.limits().items_max) + " items",
                instance_name(id));
  const StepInstance item = reader_.get(id);
  if (!item) return bad(id, "a representation item is missing");
  const auto kind =
      std::find_if(kinds().begin(), kinds().end(), [&](const Kind& one) { return one.type == item.type; });
  if (kind == kinds().end())
    return fail(Code::unsupported, "items of kind " + std::string(item.type) + " are not read", instance_name(id));
  auto shape = (this->*kind->read)(item, depth);
  if (!shape) return shape;
  points_ += shape->point_count();
  solids_.work_ += shape->point_count();
  if (points_ > reader_.limits().points_max || solids_.work_ > reader_.limits().work_max)
    return fail(Code::too_complex,
                "an element has more than " + std::to_string(reader_.limits().points_max) + " corners",
                instance_name(id));
  if (const uint64_t style = solids_.style_of(id); style != 0) {
    for (IfcFace& face : shape->faces) {
      if (face.style == 0) face.style = style;
    }
  }
  return shape;
}

Result<IfcShape> ItemReader::representation(const StepInstance& representation, size_t depth) {
  IfcShape shape;
  if (depth <= 1)
    return fail(Code::too_complex, "representations refer to each other in a circle", instance_name(representation.id));
  for (const StepValue reference : representation[3]) {
    const std::string_view type = reader_.file().type_of(reference.reference());
    // Lines and texts of a drawing.
    if (type == "IFCGEOMETRICSET" || type == "IFCGEOMETRICCURVESET" || type == "IFCANNOTATIONFILLAREA" ||
        type.ends_with("CURVE") || type == "IFCPOLYLINE" || type.starts_with("IFCTEXTLITERAL"))
      continue;
    auto part = read(reference.reference(), depth);
    if (part) {
      shape.add(std::move(*part));
      continue;
    }
    if (part.error().code == Code::too_complex) return part;
    reader_.warn(reference.reference(), part.error().text());
  }
  return shape;
}

IfcSolids::IfcSolids(IfcReader& reader) : reader_(reader) {
  read_styles();
}
IfcSolids::~IfcSolids() = default;

Result<IfcShape> IfcSolids::combined(const IfcShape& first, const IfcShape& second, SolidOperation operation) {
  boolean_work_ += (first.faces.size() + 1) * (second.faces.size() + 1);
  if (boolean_work_ > reader_.limits().boolean_work_max)
    return fail(Code::too_complex, "the file asks for more cutting than is done for one file");
  return combine(first, second, operation, reader_.limits().boolean_faces_max, triangulator_);
}

Result<IfcShape> IfcSolids::item(uint64_t id) {
  return ItemReader(*this, reader_).read(id, reader_.limits().depth_max);
}

Result<IfcShape> IfcSolids::product_shape(uint64_t definition) {
  const StepInstance instance = reader_.get(definition);
  if (!instance) return IfcShape{};
  // The body if there is one; else a surface or whatever is no drawing; a box at the very least.
  const auto rank = [](const std::string& name) {
    if (name == "Body") return 0;
    if (name == "Facetation" || name == "Tessellation" || name == "Surface" || name == "Body-FallBack") return 1;
    if (name == "Box") return 3;
    constexpr std::array<std::string_view, 10> drawings{"Axis", "FootPrint", "Annotation", "Plan",     "Profile",
                                                        "CoG",  "Clearance", "Reference",  "Lighting", "Axis2D"};
    return std::find(drawings.begin(), drawings.end(), name) != drawings.end() ? 9 : 2;
  };
  std::vector<std::pair<int, uint64_t>> candidates;
  for (const StepValue reference : instance[2]) {
    const StepInstance representation = reader_.get(reference);
    const int place = rank(representation[1].text());
    if (representation && place < 9) candidates.emplace_back(place, representation.id);
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  ItemReader items(*this, reader_);
  for (size_t i = 0; i < candidates.size(); ++i) {
    auto shape = items.representation(reader_.get(candidates[i].second), reader_.limits().depth_max);
    if (!shape) return shape;
    // Some writers give several bodies.
    while (i + 1 < candidates.size() && candidates[i + 1].first == candidates[i].first) {
      auto more = items.representation(reader_.get(candidates[++i].second), reader_.limits().depth_max);
      if (!more) return more;
      shape->add(std::move(*more));
    }
    if (!shape->empty()) return shape;
  }
  return IfcShape{};
}

}  // namespace cityloom::space
