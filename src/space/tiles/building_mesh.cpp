// A wall per edge, a roof per polygon; corners are not shared between faces, so that edges stay sharp.
#include "space/tiles/building_mesh.hpp"

#include <algorithm>
#include <cmath>

#include "space/city/body_mesh.hpp"

namespace cityloom::space {
namespace {

enum class Roof : uint8_t { flat, skillion, pyramidal };

Roof roof_of(const BuildingShape& shape, bool has_holes) {
  if (shape.roof_shape == "skillion" || shape.roof_shape == "lean_to") return Roof::skillion;
  for (const char* name : {"pyramidal", "dome", "onion", "cone", "round"}) {
    // A spike over a courtyard would be worse than a flat roof.
    if (shape.roof_shape == name && !has_holes) return Roof::pyramidal;
  }
  return Roof::flat;
}

double default_roof_height_m(const BuildingShape& shape) {
  return std::min(3.0, (shape.height_m - shape.min_height_m) / 2);
}

// One polygon of a shape being built.
class PolygonBuilder {
 public:
  PolygonBuilder(const BuildingShape& shape, uint32_t feature, const LocalFrame& frame, Mesh& to)
      : shape_(shape), feature_(feature), frame_(frame), to_(to) {}

  bool build(const std::vector<const twin::Position*>& ring_starts, const std::vector<size_t>& ring_sizes,
             Triangulator& triangulator);

 private:
  // The plane of triangulation: metres around the polygon's first corner.
  PlanePoint plane_of(const twin::Position& position) const {
    return {(position.longitude_deg - origin_.longitude_deg) * metres_per_degree_east_,
            (position.latitude_deg - origin_.latitude_deg) * metres_per_degree_north_};
  }
  Vector local_of(PlanePoint point, double height_m) const {
    return frame_.local_of({origin_.longitude_deg + point.x / metres_per_degree_east_,
                            origin_.latitude_deg + point.y / metres_per_degree_north_, shape_.ground_m + height_m});
  }
  double top_m(PlanePoint point) const;
  void settle_roof(const PlaneRing& outside, bool has_holes);
  void add_walls(const PlaneRing& ring);
  void add_pyramid(const PlaneRing& ring);
  void add_face(const std::array<PlanePoint, 3>& corners, bool is_roof);
  void add_triangle(Vector a, Vector b, Vector c) { to_.add_flat_triangle(a, b, c, feature_); }

  const BuildingShape& shape_;
  uint32_t feature_;
  const LocalFrame& frame_;
  Mesh& to_;
  twin::Position origin_;
  double metres_per_degree_east_ = 1, metres_per_degree_north_ = 1;
  Roof roof_ = Roof::flat;
  double roof_height_m_ = 0;
  PlanePoint slope_;  // of a skillion: the direction in which it falls
  double slope_start_ = 0, slope_length_ = 1;
};

double PolygonBuilder::top_m(PlanePoint point) const {
  if (roof_ == Roof::flat) return shape_.height_m;
  if (roof_ == Roof::pyramidal) return shape_.height_m - roof_height_m_;
  const double along = (point.x * slope_.x + point.y * slope_.y - slope_start_) / slope_length_;
  return shape_.height_m - roof_height_m_ * std::clamp(along, 0.0, 1.0);
}

void PolygonBuilder::settle_roof(const PlaneRing& outside, bool has_holes) {
  roof_ = roof_of(shape_, has_holes);
  if (roof_ == Roof::flat) return;
  roof_height_m_ = std::clamp(shape_.roof_height_m.value_or(default_roof_height_m(shape_)), 0.0,
                              shape_.height_m - shape_.min_height_m);
  if (roof_ != Roof::skillion) return;
  // A compass direction; unknown, the roof falls to the south.
  const double direction = shape_.roof_direction_deg.value_or(180) * radians_per_degree;
  slope_ = {std::sin(direction), std::cos(direction)};
  double last = -1e300;
  slope_start_ = 1e300;
  for (const PlanePoint& point : outside) {
    const double along = point.x * slope_.x + point.y * slope_.y;
    slope_start_ = std::min(slope_start_, along);
    last = std::max(last, along);
  }
  slope_length_ = std::max(last - slope_start_, 1e-6);
}

void PolygonBuilder::add_walls(const PlaneRing& ring) {
  for (size_t i = 0; i + 1 < ring.size(); ++i) {
    const Vector low_a = local_of(ring[i], shape_.min_height_m), low_b = local_of(ring[i + 1], shape_.min_height_m);
    const Vector high_a = local_of(ring[i], top_m(ring[i])), high_b = local_of(ring[i + 1], top_m(ring[i + 1]));
    // Where a roof comes down to the ground, a wall is a triangle, or nothing.
    const bool has_a = length_of(high_a - low_a) > 1e-3, has_b = length_of(high_b - low_b) > 1e-3;
    if (!has_a && !has_b) continue;
    const Vector normal = cross(low_b - low_a, has_b ? high_b - low_b : high_a - low_a);
    const double size = length_of(normal);
    if (!(size > 1e-9)) continue;
    const Vector unit = normal * (1 / size);
    const uint32_t first = to_.add_vertex(low_a, unit, feature_);
    to_.add_vertex(low_b, unit, feature_);
    if (has_b) to_.add_vertex(high_b, unit, feature_);
    if (has_a) to_.add_vertex(high_a, unit, feature_);
    to_.add_triangle(first, first + 1, first + 2);
    if (has_a && has_b) to_.add_triangle(first, first + 2, first + 3);
  }
}

void PolygonBuilder::add_pyramid(const PlaneRing& ring) {
  PlanePoint middle;
  const auto count = static_cast<double>(ring.size() - 1);
  for (size_t i = 0; i + 1 < ring.size(); ++i) {
    middle.x += ring[i].x / count;
    middle.y += ring[i].y / count;
  }
  const Vector top = local_of(middle, shape_.height_m);
  for (size_t i = 0; i + 1 < ring.size(); ++i) {
    add_triangle(local_of(ring[i], top_m(ring[i])), local_of(ring[i + 1], top_m(ring[i + 1])), top);
  }
}

void PolygonBuilder::add_face(const std::array<PlanePoint, 3>& corners, bool is_roof) {
  std::array<Vector, 3> points;
  for (size_t i = 0; i < 3; ++i) points[i] = local_of(corners[i], is_roof ? top_m(corners[i]) : shape_.min_height_m);
  is_roof ? add_triangle(points[0], points[1], points[2]) : add_triangle(points[0], points[2], points[1]);
}

bool PolygonBuilder::build(const std::vector<const twin::Position*>& ring_starts, const std::vector<size_t>& ring_sizes,
                           Triangulator& triangulator) {
  origin_ = *ring_starts.front();
  const double latitude = origin_.latitude_deg * radians_per_degree;
  metres_per_degree_north_ = earth_semi_major_m * radians_per_degree;
  metres_per_degree_east_ = metres_per_degree_north_ * std::max(0.01, std::cos(latitude));
  std::vector<PlaneRing> rings;
  for (size_t r = 0; r < ring_starts.size(); ++r) {
    PlaneRing ring;
    for (size_t i = 0; i < ring_sizes[r]; ++i) {
      const PlanePoint point = plane_of(ring_starts[r][i]);
      if (ring.empty() || ring.back() != point) ring.push_back(point);
    }
    if (ring.size() < 4) continue;
    // Outside counter-clockwise, holes clockwise: then walls face outwards.
    if ((signed_double_area(ring) > 0) != (r == 0)) std::reverse(ring.begin(), ring.end());
    rings.push_back(std::move(ring));
  }
  if (rings.empty()) return false;
  settle_roof(rings.front(), rings.size() > 1);
  for (const PlaneRing& ring : rings) add_walls(ring);
  const bool has_floor = shape_.min_height_m > 0;
  if (roof_ == Roof::pyramidal) add_pyramid(rings.front());
  if (roof_ == Roof::pyramidal && !has_floor) return true;
  const auto triangles = triangulator.triangulate(rings);
  if (!triangles) return false;
  for (const auto& triangle : *triangles) {
    if (roof_ != Roof::pyramidal) add_face(triangle, true);
    if (has_floor) add_face(triangle, false);
  }
  return true;
}

}  // namespace

bool append_building(const BuildingShape& shape, uint32_t feature, const LocalFrame& frame, Triangulator& triangulator,
                     Mesh& to) {
  if (shape.body) {
    Material plain;
    plain.is_double_sided = true;
    append_body(*shape.body, feature, frame, triangulator, to, plain);
    return true;
  }
  const twin::Geometry& outline = shape.outline;
  std::vector<uint32_t> polygon_ends = outline.polygon_ends;
  if (polygon_ends.empty()) polygon_ends.push_back(static_cast<uint32_t>(outline.line_ends.size()));
  bool all_built = true;
  size_t ring = 0, start = 0;
  for (uint32_t polygon_end : polygon_ends) {
    std::vector<const twin::Position*> starts;
    std::vector<size_t> sizes;
    for (; ring < polygon_end; ++ring) {
      starts.push_back(&outline.positions[start]);
      sizes.push_back(outline.line_ends[ring] - start);
      start = outline.line_ends[ring];
    }
    if (starts.empty()) continue;
    PolygonBuilder builder(shape, feature, frame, to);
    all_built = builder.build(starts, sizes, triangulator) && all_built;
  }
  return all_built;
}

}  // namespace cityloom::space
