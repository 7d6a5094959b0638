// Each parametrised profile is drawn as its ring of corners.
#include "space/ifc/ifc_profile.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "space/ifc/ifc_curve.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

base::Error bad(uint64_t id, std::string what) {
  return fail(Code::invalid, std::move(what), instance_name(id));
}

double double_area(const IfcRing& ring) {
  return ring_normal(ring).z;
}

void turn_ring(IfcRing& ring, bool counter_clockwise) {
  if ((double_area(ring) > 0) != counter_clockwise) std::reverse(ring.begin(), ring.end());
}

IfcRing rectangle(double width, double height) {
  return {{-width / 2, -height / 2, 0},
          {width / 2, -height / 2, 0},
          {width / 2, height / 2, 0},
          {-width / 2, height / 2, 0}};
}

IfcRing ellipse(double radius_x, double radius_y) {
  IfcRing ring = arc_points({}, radius_x, radius_y, 0, 2 * std::numbers::pi);
  ring.pop_back();
  return ring;
}

IfcRing rounded_rectangle(double width, double height, double radius) {
  IfcRing ring;
  const double x = width / 2 - radius, y = height / 2 - radius;
  for (int corner = 0; corner < 4; ++corner) {
    IfcFrame frame;
    frame.origin = {corner == 0 || corner == 3 ? x : -x, corner < 2 ? y : -y, 0};
    const double start = corner * std::numbers::pi / 2;
    for (const Vector& point : arc_points(frame, radius, radius, start, start + std::numbers::pi / 2))
      ring.push_back(point);
  }
  return ring;
}

// A parametrised profile's numbers, in metres, checked.
class Measures {
 public:
  Measures(const IfcReader& reader, const StepInstance& profile) : reader_(reader), profile_(profile) {}
  // A length above 0.
  double operator()(size_t place) {
    const double value = profile_[place].number() * reader_.units().length_m;
    if (!(value > 1e-7 && value < 1e5)) is_good_ = false;
    return value;
  }
  double optional(size_t place, double otherwise) const {
    const double value = profile_[place].number() * reader_.units().length_m;
    return std::isfinite(value) && std::abs(value) < 1e5 ? value : otherwise;
  }
  bool is_good() const { return is_good_; }

 private:
  const IfcReader& reader_;
  const StepInstance& profile_;
  bool is_good_ = true;
};

IfcRing i_shape(double bottom, double top, double depth, double web, double bottom_flange, double top_flange) {
  const double y = depth / 2, w = web / 2;
  return {{-bottom / 2, -y, 0},
          {bottom / 2, -y, 0},
          {bottom / 2, -y + bottom_flange, 0},
          {w, -y + bottom_flange, 0},
          {w, y - top_flange, 0},
          {top / 2, y - top_flange, 0},
          {top / 2, y, 0},
          {-top / 2, y, 0},
          {-top / 2, y - top_flange, 0},
          {-w, y - top_flange, 0},
          {-w, -y + bottom_flange, 0},
          {-bottom / 2, -y + bottom_flange, 0}};
}

// L, T, U, C and Z, around the middle of their box as the standard places them.
IfcRing rolled_shape(std::string_view type, Measures& m) {
  const double depth = m(3), y = depth / 2;
  if (type == "IFCLSHAPEPROFILEDEF") {
    const double width = m.optional(4, depth), t = m(5), x = width / 2;
    return {{-x, -y, 0}, {x, -y, 0}, {x, -y + t, 0}, {-x + t, -y + t, 0}, {-x + t, y, 0}, {-x, y, 0}};
  }
  const double width = m(4), x = width / 2, web = m(5);
  if (type == "IFCCSHAPEPROFILEDEF") {
    const double girth = m(6);
    return {{-x, -y, 0},
            {x, -y, 0},
            {x, -y + girth, 0},
            {x - web, -y + girth, 0},
            {x - web, -y + web, 0},
            {-x + web, -y + web, 0},
            {-x + web, y - web, 0},
            {x - web, y - web, 0},
            {x - web, y - girth, 0},
            {x, y - girth, 0},
            {x, y, 0},
            {-x, y, 0}};
  }
  const double flange = m(6);
  if (type == "IFCTSHAPEPROFILEDEF") {
    return {{-web / 2, -y, 0}, {web / 2, -y, 0}, {web / 2, y - flange, 0}, {x, y - flange, 0},
            {x, y, 0},         {-x, y, 0},       {-x, y - flange, 0},      {-web / 2, y - flange, 0}};
  }
  if (type == "IFCUSHAPEPROFILEDEF") {
    return {{-x, -y, 0},        {x, -y, 0}, {x, -y + flange, 0}, {-x + web, -y + flange, 0}, {-x + web, y - flange, 0},
            {x, y - flange, 0}, {x, y, 0},  {-x, y, 0}};
  }
  // Z: the lower flange to the right, the upper to the left of the web.
  const double w = web / 2, reach = width - w;
  return {{-w, -y, 0}, {reach, -y, 0}, {reach, -y + flange, 0}, {w, -y + flange, 0},
          {w, y, 0},   {-reach, y, 0}, {-reach, y - flange, 0}, {-w, y - flange, 0}};
}

bool is_rolled(std::string_view type) {
  return type == "IFCLSHAPEPROFILEDEF" || type == "IFCTSHAPEPROFILEDEF" || type == "IFCUSHAPEPROFILEDEF" ||
         type == "IFCCSHAPEPROFILEDEF" || type == "IFCZSHAPEPROFILEDEF";
}

// The rings of a parametrised profile in its own frame; empty if the type is another.
std::vector<IfcRing> parametrised(std::string_view type, Measures& m) {
  if (type == "IFCRECTANGLEPROFILEDEF") return {rectangle(m(3), m(4))};
  if (type == "IFCROUNDEDRECTANGLEPROFILEDEF") {
    const double width = m(3), height = m(4);
    return {rounded_rectangle(width, height, std::min({m(5), width / 2, height / 2}))};
  }
  if (type == "IFCRECTANGLEHOLLOWPROFILEDEF") {
    const double width = m(3), height = m(4), wall = m(5);
    if (2 * wall >= std::min(width, height)) return {rectangle(width, height)};
    return {rectangle(width, height), rectangle(width - 2 * wall, height - 2 * wall)};
  }
  if (type == "IFCCIRCLEPROFILEDEF") return {ellipse(m(3), m(3))};
  if (type == "IFCCIRCLEHOLLOWPROFILEDEF") {
    const double radius = m(3), inside = radius - m(4);
    if (!(inside > 1e-6)) return {ellipse(radius, radius)};
    return {ellipse(radius, radius), ellipse(inside, inside)};
  }
  if (type == "IFCELLIPSEPROFILEDEF") return {ellipse(m(3), m(4))};
  if (type == "IFCTRAPEZIUMPROFILEDEF") {
    const double bottom = m(3), top = m(4), y = m(5) / 2, offset = m.optional(6, 0);
    return {
        {{-bottom / 2, -y, 0}, {bottom / 2, -y, 0}, {-bottom / 2 + offset + top, y, 0}, {-bottom / 2 + offset, y, 0}}};
  }
  if (type == "IFCISHAPEPROFILEDEF") return {i_shape(m(3), m(3), m(4), m(5), m(6), m(6))};
  if (type == "IFCASYMMETRICISHAPEPROFILEDEF") {
    const double bottom = m(3), depth = m(4), web = m(5), flange = m(6), top = m(8);
    return {i_shape(bottom, top, depth, web, flange, m.optional(9, flange))};
  }
  if (is_rolled(type)) return {rolled_shape(type, m)};
  return {};
}

class ProfileReader {
 public:
  explicit ProfileReader(const IfcReader& reader) : reader_(reader) {}
  base::Result<std::vector<IfcArea>> read(uint64_t id, size_t depth);

 private:
  base::Result<IfcRing> ring(uint64_t curve, bool counter_clockwise);
  base::Result<std::vector<IfcArea>> arbitrary(const StepInstance& profile);
  base::Result<std::vector<IfcArea>> centre_line(const StepInstance& profile);
  base::Result<std::vector<IfcArea>> composite(const StepInstance& profile, size_t depth);
  base::Result<std::vector<IfcArea>> derived(const StepInstance& profile, size_t depth);

  const IfcReader& reader_;
  size_t steps_ = 0;
};

base::Result<IfcRing> ProfileReader::ring(uint64_t curve, bool counter_clockwise) {
  auto line = read_curve(reader_, curve);
  if (!line) return std::move(line).error();
  IfcRing ring = std::move(line->points);
  for (Vector& point : ring) point.z = 0;
  if (ring.size() < 3 || std::abs(double_area(ring)) < 1e-12) return bad(curve, "a profile's ring has no area");
  turn_ring(ring, counter_clockwise);
  return ring;
}

// (ProfileType, ProfileName, OuterCurve [, InnerCurves])
base::Result<std::vector<IfcArea>> ProfileReader::arbitrary(const StepInstance& profile) {
  auto outside = ring(profile[2].reference(), true);
  if (!outside) return std::move(outside).error();
  IfcArea area{{std::move(*outside)}};
  for (const StepValue reference : profile[3]) {
    auto hole = ring(reference.reference(), false);
    if (hole) {
      area.rings.push_back(std::move(*hole));
    } else {
      reader_.warn(profile.id, "a hole of a profile was left out: " + hole.error().text());
    }
  }
  return std::vector{std::move(area)};
}

// (ProfileType, ProfileName, Curve, Thickness): half the thickness to each side, corners mitred.
base::Result<std::vector<IfcArea>> ProfileReader::centre_line(const StepInstance& profile) {
  auto line = read_curve(reader_, profile[2].reference());
  if (!line) return std::move(line).error();
  const double half = profile[3].number() * reader_.units().length_m / 2;
  const std::vector<Vector>& points = line->points;
  if (!(half > 1e-6 && half < 1e4) || points.size() < 2)
    return bad(profile.id, "a centre line has no thickness or points");
  const auto side = [&](double sign) {
    IfcRing ring;
    for (size_t i = 0; i < points.size(); ++i) {
      const Vector before = i > 0 ? unit_of(points[i] - points[i - 1], {1, 0, 0}) : Vector{};
      const Vector after = i + 1 < points.size() ? unit_of(points[i + 1] - points[i], {1, 0, 0}) : Vector{};
      const Vector along = unit_of(before + after, after);
      const Vector straight = i > 0 ? before : after;
      const double reach = std::max(0.25, dot(along, straight));
      ring.push_back(points[i] + Vector{-along.y, along.x, 0} * (sign * half / reach));
    }
    return ring;
  };
  IfcRing outline = side(1), back = side(-1);
  outline.insert(outline.end(), back.rbegin(), back.rend());
  for (Vector& point : outline) point.z = 0;
  turn_ring(outline, true);
  return std::vector<IfcArea>{{{std::move(outline)}}};
}

base::Result<std::vector<IfcArea>> ProfileReader::composite(const StepInstance& profile, size_t depth) {
  std::vector<IfcArea> areas;
  for (const StepValue reference : profile[2]) {
    auto part = read(reference.reference(), depth - 1);
    if (!part) return part;
    areas.insert(areas.end(), std::make_move_iterator(part->begin()), std::make_move_iterator(part->end()));
  }
  return areas;
}

// (ProfileType, ProfileName, ParentProfile, Operator, Label); a mirrored one has no operator.
base::Result<std::vector<IfcArea>> ProfileReader::derived(const StepInstance& profile, size_t depth) {
  auto areas = read(profile[2].reference(), depth - 1);
  if (!areas) return areas;
  IfcFrame frame;
  if (profile.type == "IFCMIRROREDPROFILEDEF" && profile[3].reference() == 0) {
    frame.x = {-1, 0, 0};
  } else {
    auto given = reader_.transformation(profile[3].reference());
    if (!given) return std::move(given).error();
    frame = *given;
  }
  for (IfcArea& area : *areas) {
    for (size_t r = 0; r < area.rings.size(); ++r) {
      for (Vector& point : area.rings[r]) point = frame.point(point);
      turn_ring(area.rings[r], r == 0);
    }
  }
  return areas;
}

base::Result<std::vector<IfcArea>> ProfileReader::read(uint64_t id, size_t depth) {
  if (depth == 0 || ++steps_ > reader_.limits().items_max)
    return fail(Code::too_complex, "profiles refer to each other in a circle, or are nested too deeply",
                instance_name(id));
  const StepInstance profile = reader_.get(id);
  if (!profile) return bad(id, "a profile is missing");
  if (profile.type.starts_with("IFCARBITRARYCLOSEDPROFILEDEF") || profile.type == "IFCARBITRARYPROFILEDEFWITHVOIDS")
    return arbitrary(profile);
  if (profile.type == "IFCCENTERLINEPROFILEDEF") return centre_line(profile);
  if (profile.type == "IFCCOMPOSITEPROFILEDEF") return composite(profile, depth);
  if (profile.type == "IFCDERIVEDPROFILEDEF" || profile.type == "IFCMIRROREDPROFILEDEF") return derived(profile, depth);
  Measures measures(reader_, profile);
  std::vector<IfcRing> rings = parametrised(profile.type, measures);
  if (rings.empty())
    return fail(Code::unsupported, "profiles of kind " + std::string(profile.type) + " are not read",
                instance_name(id));
  if (!measures.is_good()) return bad(id, "a measure of a profile is missing or makes no sense");
  auto frame = reader_.axis_placement(profile[2].reference());
  if (!frame) return std::move(frame).error();
  for (size_t r = 0; r < rings.size(); ++r) {
    for (Vector& point : rings[r]) point = frame->point(point);
    turn_ring(rings[r], r == 0);
  }
  return std::vector<IfcArea>{{std::move(rings)}};
}

}  // namespace

base::Result<std::vector<IfcArea>> read_profile(const IfcReader& reader, uint64_t id) {
  return ProfileReader(reader).read(id, 8);
}

base::Result<std::vector<Vector>> read_open_profile(const IfcReader& reader, uint64_t id) {
  const StepInstance profile = reader.get(id);
  if (profile.type != "IFCARBITRARYOPENPROFILEDEF") return bad(id, "an open profile was expected");
  auto line = read_curve(reader, profile[2].reference());
  if (!line) return std::move(line).error();
  if (line->is_closed && !line->points.empty()) line->points.push_back(line->points.front());
  return std::move(line->points);
}

}  // namespace cityloom::space
