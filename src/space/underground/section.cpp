// Where a line through the city meets what lies under it.
#include <algorithm>
#include <cmath>

#include "space/underground/dig.hpp"
#include "space/underground/plane_shapes.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr size_t ground_stations_max = 400;
constexpr double along_angle_deg = 20;  // flatter than this, a thing runs along the section
constexpr double along_step_m = 0.5;
constexpr size_t along_steps_max = 4'000;

double angle_between_deg(PlanePoint a, PlanePoint b) {
  const double cosine = std::abs(a.x * b.x + a.y * b.y);
  return std::acos(std::clamp(cosine, 0.0, 1.0)) / radians_per_degree;
}

/// Draws one section.
class Sectioner {
 public:
  Sectioner(const SectionRequest& request, const GroundHeight& ground)
      : request_(request),
        ground_(ground),
        frame_({request.line[0].longitude_deg, request.line[0].latitude_deg, 0}),
        line_(plane_line()) {}

  double length_m() const { return line_.length_m(); }

  std::vector<std::pair<double, double>> ground_line() const {
    std::vector<std::pair<double, double>> points;
    const double steps = std::clamp(std::ceil(line_.length_m()), 1.0, double(ground_stations_max));
    for (double i = 0; i <= steps; ++i) {
      const double station_m = line_.length_m() * i / steps;
      const auto height = ground_at(station_m);
      if (!height) return {};
      points.emplace_back(station_m, request_.is_above_ellipsoid ? *height : 0);
    }
    return points;
  }

  void meet(const DigObject& object, std::vector<SectionObject>& to) const {
    const PlaneShape shape = plane_shape_of(object.buried.location, frame_);
    if (shape.kind == PlaneShape::Kind::areas) return meet_area(object, shape, to);
    for (size_t part = 0; part < shape.parts.size(); ++part) {
      if (shape.kind == PlaneShape::Kind::points) {
        meet_points(object, shape, part, to);
      } else if (!meet_crossings(object, shape, part, to)) {
        meet_along(object, shape, part, to);
      }
    }
  }

 private:
  std::vector<PlanePoint> plane_line() const {
    std::vector<PlanePoint> points;
    for (const twin::Position& position : request_.line) {
      const Vector local = frame_.local_of({position.longitude_deg, position.latitude_deg, 0});
      points.push_back({local.x, local.y});
    }
    return points;
  }

  std::optional<double> ground_at(double station_m) const {
    if (!ground_) return {};
    const PlanePoint point = line_.at(std::clamp(station_m, 0.0, line_.length_m()));
    return ground_(frame_.position_of_local({point.x, point.y, 0}));
  }

  // The height of its axis or floor at this station, NaN where only a depth is known.
  void tell_heights(double axis_m, bool is_area, SectionObject& made) const {
    const Buried& thing = made.object.buried;
    const double size = thing.size_m();
    const auto ground = ground_at(made.station_m);
    double top_m = Buried::unknown;  // above the ellipsoid
    double depth_m = Buried::unknown;
    if (std::isfinite(axis_m)) top_m = axis_m + (is_area ? (std::isfinite(size) ? size : 0) : thing.half_height_m());
    if (std::isfinite(top_m) && ground) {
      depth_m = *ground - top_m;
    } else if (std::isfinite(thing.depth_min_m)) {
      depth_m = (thing.depth_min_m + thing.depth_max_m) / 2;
      if (ground && std::isnan(top_m)) top_m = *ground - depth_m;
    }
    made.top_m = request_.is_above_ellipsoid ? top_m : -depth_m;
    made.bottom_m = made.top_m - size;
  }

  bool meet_crossings(const DigObject& object, const PlaneShape& shape, size_t part,
                      std::vector<SectionObject>& to) const {
    const auto& points = shape.parts[part];
    const auto& heights = shape.heights_m[part];
    const auto& line = line_.points();
    bool any = false;
    for (size_t i = 1; i < points.size(); ++i) {
      for (size_t leg = 0; leg + 1 < line.size(); ++leg) {
        const auto share = crossing_share(line[leg], line[leg + 1], points[i - 1], points[i]);
        const auto own = crossing_share(points[i - 1], points[i], line[leg], line[leg + 1]);
        if (!share || !own) continue;
        const double length = std::hypot(points[i].x - points[i - 1].x, points[i].y - points[i - 1].y);
        if (!(length > 0)) continue;
        SectionObject made{object};
        made.station_m = line_.station_of(leg, *share);
        made.angle_deg =
            angle_between_deg(line_.direction_at(made.station_m),
                              {(points[i].x - points[i - 1].x) / length, (points[i].y - points[i - 1].y) / length});
        if (made.angle_deg < along_angle_deg) return false;
        const double half = object.buried.half_width_m() / std::sin(made.angle_deg * radians_per_degree);
        made.from_m = made.station_m - half;
        made.to_m = made.station_m + half;
        tell_heights(heights[i - 1] + (heights[i] - heights[i - 1]) * *own, false, made);
        to.push_back(std::move(made));
        any = true;
      }
    }
    return any;
  }

  // A thing beside the line or along it: the stretch in which it is near.
  void meet_along(const DigObject& object, const PlaneShape& shape, size_t part, std::vector<SectionObject>& to) const {
    const auto& points = shape.parts[part];
    const auto& heights = shape.heights_m[part];
    const double reach_m = request_.width_m / 2 + object.buried.half_width_m();
    SectionObject made{object};
    made.from_m = std::numeric_limits<double>::infinity();
    made.to_m = -made.from_m;
    double height_sum = 0, height_count = 0;
    for (size_t i = 1; i < points.size(); ++i) {
      const PlanePoint way{points[i].x - points[i - 1].x, points[i].y - points[i - 1].y};
      const double length = std::hypot(way.x, way.y);
      const size_t steps = std::clamp<size_t>(static_cast<size_t>(length / along_step_m), 1, along_steps_max);
      for (size_t step = 0; step <= steps; ++step) {
        const double share = static_cast<double>(step) / static_cast<double>(steps);
        const PlanePoint at{points[i - 1].x + way.x * share, points[i - 1].y + way.y * share};
        const auto nearest = line_.nearest(at);
        if (nearest.distance_m > reach_m) continue;
        made.from_m = std::min(made.from_m, nearest.station_m);
        made.to_m = std::max(made.to_m, nearest.station_m);
        if (length > 0) {
          made.angle_deg = angle_between_deg(line_.direction_at(nearest.station_m), {way.x / length, way.y / length});
        }
        height_sum += heights[i - 1] + (heights[i] - heights[i - 1]) * share;
        ++height_count;
      }
    }
    if (height_count == 0) return;
    made.station_m = (made.from_m + made.to_m) / 2;
    if (made.angle_deg >= along_angle_deg) {  // its end lies near the line
      made.from_m = made.station_m - object.buried.half_width_m();
      made.to_m = made.station_m + object.buried.half_width_m();
    }
    tell_heights(height_sum / height_count, false, made);
    to.push_back(std::move(made));
  }

  void meet_points(const DigObject& object, const PlaneShape& shape, size_t part,
                   std::vector<SectionObject>& to) const {
    for (size_t i = 0; i < shape.parts[part].size(); ++i) {
      const auto nearest = line_.nearest(shape.parts[part][i]);
      const double half = object.buried.half_width_m();
      if (nearest.distance_m > request_.width_m / 2 + half) continue;
      SectionObject made{object};
      made.station_m = nearest.station_m;
      made.from_m = made.station_m - half;
      made.to_m = made.station_m + half;
      tell_heights(shape.heights_m[part][i], object.buried.is_node, made);
      to.push_back(std::move(made));
    }
  }

  void meet_area(const DigObject& object, const PlaneShape& shape, std::vector<SectionObject>& to) const {
    std::vector<double> stations{0, line_.length_m()};
    const auto& line = line_.points();
    double floor_m = std::numeric_limits<double>::infinity();
    for (size_t part = 0; part < shape.parts.size(); ++part) {
      const auto& ring = shape.parts[part];
      for (const double height : shape.heights_m[part]) floor_m = std::min(floor_m, height);
      for (size_t i = 1; i < ring.size(); ++i) {
        for (size_t leg = 0; leg + 1 < line.size(); ++leg) {
          const auto share = crossing_share(line[leg], line[leg + 1], ring[i - 1], ring[i]);
          if (share) stations.push_back(line_.station_of(leg, *share));
        }
      }
    }
    std::sort(stations.begin(), stations.end());
    for (size_t i = 1; i < stations.size(); ++i) {
      if (stations[i] - stations[i - 1] < 1e-6) continue;
      const double middle = (stations[i] + stations[i - 1]) / 2;
      if (!is_within(shape, line_.at(middle))) continue;
      SectionObject made{object};
      made.station_m = middle;
      made.from_m = stations[i - 1];
      made.to_m = stations[i];
      tell_heights(object.buried.has_heights ? floor_m : Buried::unknown, true, made);
      to.push_back(std::move(made));
    }
  }

  const SectionRequest& request_;
  const GroundHeight& ground_;
  LocalFrame frame_;
  StationLine line_;
};

base::Status check(const SectionRequest& request) {
  if (request.line.size() < 2 || request.line.size() > 1'000) {
    return fail(Code::invalid, "a section runs along a line of 2 to 1000 places", "line");
  }
  const double length = length_m(request.line);
  if (!(length > 0)) return fail(Code::invalid, "the line has no length", "line");
  if (length > dig_length_m_max) return fail(Code::too_large, "the line is longer than 20 km", "line");
  if (!(request.width_m > 0 && request.width_m <= dig_margin_m_max)) {
    return fail(Code::invalid, "the width is above 0 and up to 1000 m", "width");
  }
  if (!(request.depth_m > 0 && request.depth_m <= 1'000)) {
    return fail(Code::invalid, "the depth is above 0 and up to 1000 m", "depth");
  }
  return {};
}

}  // namespace

base::Result<Section> section_along(const thread::Snapshot& snapshot, const twin::TermTable& table,
                                    const SectionRequest& request, const GroundHeight& ground) {
  if (auto status = check(request); !status) return std::move(status).error();
  auto strip = strip_of(request.line, request.width_m);
  if (!strip) return std::move(strip).error();
  DigRequest dig;
  dig.area = std::move(*strip);
  dig.margin_m = 0;
  auto under = what_is_under(snapshot, table, dig, ground);
  if (!under) return std::move(under).error();
  const Sectioner sectioner(request, ground);
  Section section;
  section.length_m = sectioner.length_m();
  section.is_above_ellipsoid = request.is_above_ellipsoid;
  section.depth_m = request.depth_m;
  section.ground = sectioner.ground_line();
  section.not_known = std::move(under->not_known);
  for (const DigObject& object : under->objects) sectioner.meet(object, section.objects);
  std::stable_sort(section.objects.begin(), section.objects.end(),
                   [](const SectionObject& a, const SectionObject& b) { return a.station_m < b.station_m; });
  return section;
}

}  // namespace cityloom::space
