// Plain plane geometry.
#include "space/underground/plane_shapes.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::space {
namespace {

double cross_product(PlanePoint a, PlanePoint b) {
  return a.x * b.y - a.y * b.x;
}
PlanePoint minus(PlanePoint a, PlanePoint b) {
  return {a.x - b.x, a.y - b.y};
}
PlanePoint between(PlanePoint from, PlanePoint to, double share) {
  return {from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share};
}

double distance_of_segments(PlanePoint a, PlanePoint b, PlanePoint c, PlanePoint d) {
  if (crossing_share(a, b, c, d)) return 0;
  return std::min({distance_to_segment(a, c, d), distance_to_segment(b, c, d), distance_to_segment(c, a, b),
                   distance_to_segment(d, a, b)});
}

}  // namespace

PlaneShape plane_shape_of(const twin::Geometry& geometry, const LocalFrame& frame) {
  using K = twin::GeometryKind;
  PlaneShape shape;
  shape.kind = geometry.kind == K::point || geometry.kind == K::multi_point       ? PlaneShape::Kind::points
               : geometry.kind == K::polygon || geometry.kind == K::multi_polygon ? PlaneShape::Kind::areas
                                                                                  : PlaneShape::Kind::lines;
  std::vector<uint32_t> ends = geometry.line_ends;
  if (shape.kind == PlaneShape::Kind::points) ends = {static_cast<uint32_t>(geometry.positions.size())};
  size_t begin = 0;
  for (const uint32_t end : ends) {
    std::vector<PlanePoint> points;
    std::vector<double> heights;
    for (size_t i = begin; i < end; ++i) {
      const twin::Position& position = geometry.positions[i];
      const Vector local = frame.local_of({position.longitude_deg, position.latitude_deg, 0});
      points.push_back({local.x, local.y});
      heights.push_back(position.height_m);
    }
    shape.parts.push_back(std::move(points));
    shape.heights_m.push_back(std::move(heights));
    begin = end;
  }
  if (shape.kind == PlaneShape::Kind::areas) {
    shape.polygon_ends.assign(geometry.polygon_ends.begin(), geometry.polygon_ends.end());
    if (shape.polygon_ends.empty()) shape.polygon_ends = {shape.parts.size()};
  }
  return shape;
}

double distance_to_segment(PlanePoint point, PlanePoint from, PlanePoint to) {
  const PlanePoint way = minus(to, from);
  const double squared = way.x * way.x + way.y * way.y;
  const PlanePoint off = minus(point, from);
  const double share = squared > 0 ? std::clamp((off.x * way.x + off.y * way.y) / squared, 0.0, 1.0) : 0;
  const PlanePoint foot = between(from, to, share);
  return std::hypot(point.x - foot.x, point.y - foot.y);
}

bool is_within(const PlaneShape& area, PlanePoint point) {
  size_t ring_index = 0;
  for (const size_t end : area.polygon_ends) {
    bool inside = false;
    for (; ring_index < end; ++ring_index) {
      const auto& ring = area.parts[ring_index];
      for (size_t i = 1; i < ring.size(); ++i) {
        const PlanePoint a = ring[i - 1], b = ring[i];
        if ((a.y > point.y) == (b.y > point.y)) continue;
        if (point.x < a.x + (b.x - a.x) * (point.y - a.y) / (b.y - a.y)) inside = !inside;
      }
    }
    if (inside) return true;
  }
  return false;
}

double distance_between(const PlaneShape& area, PlanePoint from, PlanePoint to) {
  if (is_within(area, from) || is_within(area, to)) return 0;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& ring : area.parts) {
    for (size_t i = 1; i < ring.size(); ++i) {
      least = std::min(least, distance_of_segments(ring[i - 1], ring[i], from, to));
    }
  }
  return least;
}

double distance_between(const PlaneShape& area, const PlaneShape& other) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& part : other.parts) {
    const bool is_points = other.kind == PlaneShape::Kind::points;
    for (size_t i = is_points || part.size() < 2 ? 0 : 1; i < part.size() && least > 0; ++i) {
      const PlanePoint from = is_points || i == 0 ? part[i] : part[i - 1];
      least = std::min(least, distance_between(area, from, part[i]));
    }
  }
  // The dig may lie within the other area as a whole.
  const bool can_hold = other.kind == PlaneShape::Kind::areas && !area.parts.empty() && !area.parts.front().empty();
  if (least > 0 && can_hold && is_within(other, area.parts.front().front())) return 0;
  return least;
}

std::optional<double> crossing_share(PlanePoint from, PlanePoint to, PlanePoint other_from, PlanePoint other_to) {
  const PlanePoint way = minus(to, from), other = minus(other_to, other_from);
  const double determinant = cross_product(way, other);
  if (determinant == 0) return {};
  const PlanePoint off = minus(other_from, from);
  const double share = cross_product(off, other) / determinant;
  const double other_share = cross_product(off, way) / determinant;
  if (share < 0 || share > 1 || other_share < 0 || other_share > 1) return {};
  return share;
}

StationLine::StationLine(std::vector<PlanePoint> points) : points_(std::move(points)) {
  stations_.push_back(0);
  for (size_t i = 1; i < points_.size(); ++i) {
    stations_.push_back(stations_.back() +
                        std::hypot(points_[i].x - points_[i - 1].x, points_[i].y - points_[i - 1].y));
  }
}

double StationLine::station_of(size_t segment, double share) const {
  return stations_[segment] + (stations_[segment + 1] - stations_[segment]) * share;
}

size_t StationLine::segment_at(double station_m) const {
  const auto found = std::upper_bound(stations_.begin(), stations_.end(), station_m);
  const auto index = static_cast<size_t>(found - stations_.begin());
  return std::clamp<size_t>(index, 1, points_.size() - 1) - 1;
}

PlanePoint StationLine::at(double station_m) const {
  const size_t segment = segment_at(station_m);
  const double length = stations_[segment + 1] - stations_[segment];
  return between(points_[segment], points_[segment + 1], length > 0 ? (station_m - stations_[segment]) / length : 0);
}

PlanePoint StationLine::direction_at(double station_m) const {
  const size_t segment = segment_at(station_m);
  const PlanePoint way = minus(points_[segment + 1], points_[segment]);
  const double length = std::hypot(way.x, way.y);
  return length > 0 ? PlanePoint{way.x / length, way.y / length} : PlanePoint{1, 0};
}

StationLine::Nearest StationLine::nearest(PlanePoint point) const {
  Nearest best{0, std::numeric_limits<double>::infinity()};
  for (size_t i = 0; i + 1 < points_.size(); ++i) {
    const PlanePoint way = minus(points_[i + 1], points_[i]), off = minus(point, points_[i]);
    const double squared = way.x * way.x + way.y * way.y;
    const double share = squared > 0 ? std::clamp((off.x * way.x + off.y * way.y) / squared, 0.0, 1.0) : 0;
    const PlanePoint foot = between(points_[i], points_[i + 1], share);
    const double distance = std::hypot(point.x - foot.x, point.y - foot.y);
    if (distance < best.distance_m) best = {station_of(i, share), distance};
  }
  return best;
}

}  // namespace cityloom::space
