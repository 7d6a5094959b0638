// Candidates by the place index, then plane geometry around the dig.
#include "space/underground/dig.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "space/underground/plane_shapes.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double reach_m = 6;            // the widest half of a thing and its uncertainty, beyond the margin
constexpr double neighbourhood_m = 300;  // where other networks would show
constexpr double axis_step_m = 20;       // between heights along an axis that follows the ground
constexpr size_t axis_positions_max = 500;
constexpr size_t depth_samples_max = 200;  // of one segment of an axis

// The networks that lie in the streets of every city.
constexpr std::array<std::string_view, 5> usual_networks{"water", "sewer", "gas", "electricity", "telecom"};

twin::Query near(const UndergroundTerms& terms, const twin::Geometry& area, double distance_m, bool with_roads) {
  twin::Query query;
  for (const twin::Term type : terms.types) query.types.any_of.push_back({type});
  if (with_roads && terms.road_segment != twin::Term::unknown()) query.types.any_of.push_back({terms.road_segment});
  query.geo.emplace();
  query.geo->relation = twin::GeoRelation::near;
  query.geo->reference = area;
  query.geo->distance_max_m = distance_m;
  return query;
}

base::Status check_area(const twin::Geometry& area) {
  const bool is_area = area.kind == twin::GeometryKind::polygon || area.kind == twin::GeometryKind::multi_polygon;
  if (!is_area) return fail(Code::invalid, "the area of a dig is a polygon", "area");
  if (auto status = area.check(); !status) return status;
  const twin::Box box = twin::bounds_of(area);
  if (distance_m({box.west_deg, box.south_deg}, {box.east_deg, box.north_deg}) > dig_length_m_max) {
    return fail(Code::too_large, "the area is more than 20 km across", "area", "ask for a part of it");
  }
  return {};
}

/// Answers one request.
class Digger {
 public:
  Digger(const DigRequest& request, const GroundHeight& ground)
      : request_(request),
        ground_(ground),
        frame_(
            twin::Position{twin::centre_of(request.area).longitude_deg, twin::centre_of(request.area).latitude_deg, 0}),
        area_(plane_shape_of(request.area, frame_)) {}

  std::optional<DigObject> look(Buried buried) const {
    const PlaneShape shape = plane_shape_of(buried.location, frame_);
    DigObject object;
    object.buried = std::move(buried);
    const Buried& thing = object.buried;
    const double nominal_m = distance_between(area_, shape) - thing.half_width_m();
    const double off_m = std::isfinite(thing.accuracy.horizontal_m) ? thing.accuracy.horizontal_m : 0;
    object.clearance_m = std::max(0.0, nominal_m - off_m);
    if (!(object.clearance_m <= request_.margin_m)) return {};
    tell_depths(shape, object);
    if (thing.is_node && !(object.depth_max_m > 0)) return {};
    judge(nominal_m, object);
    tell_axis(object);
    return object;
  }

  bool knows_ground() const { return ground_ && ground_(frame_.origin()).has_value(); }

 private:
  std::optional<double> ground_at(PlanePoint point) const {
    if (!ground_) return {};
    return ground_(frame_.position_of_local({point.x, point.y, 0}));
  }

  // From heights and the ground, over those parts that are in reach.
  void depths_by_heights(const PlaneShape& shape, DigObject& object) const {
    const double reach = request_.margin_m + object.buried.half_width_m() + reach_m;
    const bool is_area = shape.kind == PlaneShape::Kind::areas || object.buried.is_node;
    const double size = object.buried.size_m();
    const double to_top = is_area ? (std::isfinite(size) ? size : 0) : object.buried.half_height_m();
    const auto take = [&](PlanePoint point, double height_m) {
      const auto ground = ground_at(point);
      if (!ground) return;
      const double depth_m = *ground - (height_m + to_top);
      object.depth_min_m = std::isnan(object.depth_min_m) ? depth_m : std::min(object.depth_min_m, depth_m);
      object.depth_max_m = std::isnan(object.depth_max_m) ? depth_m : std::max(object.depth_max_m, depth_m);
    };
    for (size_t part = 0; part < shape.parts.size(); ++part) {
      const auto& points = shape.parts[part];
      const auto& heights = shape.heights_m[part];
      if (points.size() == 1) take(points[0], heights[0]);
      for (size_t i = 1; i < points.size(); ++i) {
        if (distance_between(area_, points[i - 1], points[i]) > reach) continue;
        const double length = std::hypot(points[i].x - points[i - 1].x, points[i].y - points[i - 1].y);
        const size_t steps = std::clamp<size_t>(static_cast<size_t>(length / 2), 1, depth_samples_max);
        for (size_t step = 0; step <= steps; ++step) {
          const double share = static_cast<double>(step) / static_cast<double>(steps);
          const PlanePoint at{points[i - 1].x + (points[i].x - points[i - 1].x) * share,
                              points[i - 1].y + (points[i].y - points[i - 1].y) * share};
          if (distance_between(area_, at, at) > reach) continue;
          take(at, heights[i - 1] + (heights[i] - heights[i - 1]) * share);
        }
      }
    }
  }

  void tell_depths(const PlaneShape& shape, DigObject& object) const {
    const Buried& thing = object.buried;
    if (thing.has_heights) depths_by_heights(shape, object);
    if (std::isfinite(object.depth_min_m)) {
      object.depth_from = "heights";
    } else if (std::isfinite(thing.depth_min_m)) {
      object.depth_min_m = thing.depth_min_m;
      object.depth_max_m = thing.depth_max_m;
      object.depth_from = "depth";
    }
    object.bottom_m = object.depth_max_m + thing.size_m();
  }

  void judge(double nominal_m, DigObject& object) const {
    const double off_m = object.buried.accuracy.vertical_m;
    const double worst_m = object.depth_min_m - (std::isfinite(off_m) ? off_m : 0);
    if (std::isfinite(request_.depth_m)) object.vertical_clearance_m = worst_m - request_.depth_m;
    const bool is_deep_known = std::isfinite(object.depth_min_m);
    const bool meets_surely =
        !std::isfinite(request_.depth_m) || (is_deep_known && object.depth_min_m < request_.depth_m);
    const double caution_m = std::isfinite(off_m) ? 0 : request_.margin_m;
    const bool may_meet = meets_surely || !is_deep_known || worst_m < request_.depth_m + caution_m;
    if (!may_meet) {
      object.conflict = Conflict::no;
    } else {
      object.conflict = nominal_m <= 0 && meets_surely ? Conflict::yes : Conflict::possible;
    }
  }

  // Where a tube would be drawn.
  void tell_axis(DigObject& object) const {
    const Buried& thing = object.buried;
    if (thing.location.kind != twin::GeometryKind::line_string) return;
    if (thing.has_heights) {
      object.axis = thing.location.positions;
      return;
    }
    if (!std::isfinite(thing.depth_min_m)) return;
    const double below_m = (thing.depth_min_m + thing.depth_max_m) / 2 + thing.half_height_m();
    const auto add = [&](twin::Position position) {
      const auto height = ground_ ? ground_(position) : std::nullopt;
      if (!height) return false;
      position.height_m = *height - below_m;
      object.axis.push_back(position);
      return true;
    };
    const auto& line = thing.location.positions;
    bool is_whole = add(line.front());
    for (size_t i = 1; i < line.size() && is_whole; ++i) {
      const double length = distance_m(line[i - 1], line[i]);
      const double wanted = std::ceil(length / axis_step_m);
      const size_t steps =
          object.axis.size() < axis_positions_max ? std::max<size_t>(1, static_cast<size_t>(wanted)) : 1;
      for (size_t step = 1; step <= std::min<size_t>(steps, axis_positions_max) && is_whole; ++step) {
        const double share =
            static_cast<double>(step) / static_cast<double>(std::min<size_t>(steps, axis_positions_max));
        is_whole = add({line[i - 1].longitude_deg + (line[i].longitude_deg - line[i - 1].longitude_deg) * share,
                        line[i - 1].latitude_deg + (line[i].latitude_deg - line[i - 1].latitude_deg) * share});
      }
    }
    if (!is_whole) object.axis.clear();
  }

  const DigRequest& request_;
  const GroundHeight& ground_;
  LocalFrame frame_;
  PlaneShape area_;
};

base::Status tell_missing_networks(const thread::Snapshot& snapshot, const UndergroundTerms& terms,
                                   const twin::Geometry& area, std::vector<NotKnown>& not_known) {
  std::vector<std::string> missing(usual_networks.begin(), usual_networks.end());
  if (!terms.types.empty()) {
    auto status = snapshot.each(near(terms, area, neighbourhood_m, false), [&](const twin::EntityRecord& record) {
      record.each_attribute(terms.network, [&](const twin::Attribute& attribute) {
        if (const auto* text = std::get_if<std::string>(&attribute.value)) std::erase(missing, *text);
        return false;
      });
      return !missing.empty();
    });
    if (!status) return status;
  }
  if (!missing.empty()) not_known.push_back({"networksWithoutRecords", missing.size(), std::move(missing)});
  return {};
}

}  // namespace

std::string_view name_of(Conflict conflict) {
  constexpr std::array<std::string_view, 3> names{"yes", "possible", "no"};
  return names[static_cast<size_t>(conflict)];
}

base::Result<DigAnswer> what_is_under(const thread::Snapshot& snapshot, const twin::TermTable& table,
                                      const DigRequest& request, const GroundHeight& ground) {
  if (auto status = check_area(request.area); !status) return std::move(status).error();
  if (!(request.depth_m > 0) || !(request.margin_m >= 0 && request.margin_m <= dig_margin_m_max)) {
    return fail(Code::invalid, "the depth is above 0 m, the margin from 0 to 1000 m", "depth");
  }
  const UndergroundTerms terms = UndergroundTerms::find(table);
  const Digger digger(request, ground);
  DigAnswer answer;
  answer.is_ground_known = digger.knows_ground();
  if (!terms.types.empty() || terms.road_segment != twin::Term::unknown()) {
    bool is_full = false;
    auto status = snapshot.each(near(terms, request.area, request.margin_m + reach_m, true),
                                [&](const twin::EntityRecord& record) {
                                  auto buried = read_buried(record, terms, table);
                                  if (!buried) return true;
                                  auto object = digger.look(std::move(*buried));
                                  if (object) answer.objects.push_back(std::move(*object));
                                  is_full = answer.objects.size() > dig_objects_max;
                                  return !is_full;
                                });
    if (!status) return std::move(status).error();
    if (is_full) {
      return fail(Code::too_large, "more than 5000 things are in reach of this area", "area", "ask for a part of it");
    }
  }
  std::stable_sort(answer.objects.begin(), answer.objects.end(), [](const DigObject& a, const DigObject& b) {
    if (a.buried.hazard != b.buried.hazard) return a.buried.hazard < b.buried.hazard;
    if (a.conflict != b.conflict) return a.conflict < b.conflict;
    return a.clearance_m < b.clearance_m;
  });
  const auto count = [&](std::string code, auto is_unknown) {
    const auto number = std::count_if(answer.objects.begin(), answer.objects.end(), is_unknown);
    if (number > 0) answer.not_known.push_back({std::move(code), static_cast<size_t>(number), {}});
  };
  if (answer.objects.empty()) answer.not_known.push_back({"noRecords", 0, {}});
  count("depthUnknown", [](const DigObject& object) { return !std::isfinite(object.depth_min_m); });
  count("ownerUnknown", [](const DigObject& object) { return object.buried.owner.empty(); });
  count("accuracyUnknown", [](const DigObject& object) { return std::isnan(object.buried.accuracy.horizontal_m); });
  if (!answer.is_ground_known) answer.not_known.push_back({"terrainUnknown", 0, {}});
  if (auto status = tell_missing_networks(snapshot, terms, request.area, answer.not_known); !status) {
    return std::move(status).error();
  }
  return answer;
}

twin::Geometry disc_of(const twin::Position& centre, double radius_m) {
  constexpr int corners = 64;
  const double pi = radians_per_degree * 180;
  // Around it, not within: the corners lie outside the circle.
  const double out_m = radius_m / std::cos(pi / corners);
  const LocalFrame frame({centre.longitude_deg, centre.latitude_deg, 0});
  twin::Geometry disc;
  disc.kind = twin::GeometryKind::polygon;
  for (int i = 0; i < corners; ++i) {
    const double angle = 2 * pi * i / corners;
    twin::Position corner = frame.position_of_local({out_m * std::cos(angle), out_m * std::sin(angle), 0});
    disc.positions.push_back({corner.longitude_deg, corner.latitude_deg});
  }
  disc.positions.push_back(disc.positions.front());
  disc.line_ends = {static_cast<uint32_t>(disc.positions.size())};
  return disc;
}

base::Result<twin::Geometry> strip_of(const std::vector<twin::Position>& line, double width_m) {
  if (line.size() < 2 || !(width_m > 0)) return fail(Code::invalid, "a strip needs a line and a width", "line");
  // A box around each leg, as long as the leg and half a width more at both ends.
  const LocalFrame frame({line[0].longitude_deg, line[0].latitude_deg, 0});
  twin::Geometry strip;
  strip.kind = twin::GeometryKind::multi_polygon;
  for (size_t i = 1; i < line.size(); ++i) {
    const Vector from = frame.local_of({line[i - 1].longitude_deg, line[i - 1].latitude_deg, 0});
    const Vector to = frame.local_of({line[i].longitude_deg, line[i].latitude_deg, 0});
    const double length = std::hypot(to.x - from.x, to.y - from.y);
    if (!(length > 0)) continue;
    const double half = width_m / 2;
    const double ex = (to.x - from.x) / length * half, ey = (to.y - from.y) / length * half;
    const std::array<Vector, 5> corners{
        Vector{from.x - ex + ey, from.y - ey - ex, 0}, Vector{to.x + ex + ey, to.y + ey - ex, 0},
        Vector{to.x + ex - ey, to.y + ey + ex, 0}, Vector{from.x - ex - ey, from.y - ey + ex, 0},
        Vector{from.x - ex + ey, from.y - ey - ex, 0}};
    for (const Vector& corner : corners) {
      const twin::Position position = frame.position_of_local(corner);
      strip.positions.push_back({position.longitude_deg, position.latitude_deg});
    }
    strip.line_ends.push_back(static_cast<uint32_t>(strip.positions.size()));
    strip.polygon_ends.push_back(static_cast<uint32_t>(strip.line_ends.size()));
  }
  if (strip.polygon_ends.empty()) return fail(Code::invalid, "the line has no length", "line");
  return strip;
}

}  // namespace cityloom::space
