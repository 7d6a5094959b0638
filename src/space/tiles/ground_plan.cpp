// Green's theorem on each outside ring, in metres around its first corner.
#include "space/tiles/ground_plan.hpp"

#include <algorithm>
#include <cmath>

#include "space/earth.hpp"

namespace cityloom::space {
namespace {

// Area and moments of the ground about the origin.
struct Moments {
  double area = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  void add_triangle_of_origin(double ax, double ay, double bx, double by) {
    const double double_area = ax * by - ay * bx;
    area += double_area / 2;
    x += double_area * (ax + bx) / 6;
    y += double_area * (ay + by) / 6;
    xx += double_area * (ax * ax + ax * bx + bx * bx) / 12;
    yy += double_area * (ay * ay + ay * by + by * by) / 12;
    xy += double_area * (2 * ax * ay + ax * by + bx * ay + 2 * bx * by) / 24;
  }
  void add(const Moments& other, double sign) {
    area += sign * other.area;
    x += sign * other.x;
    y += sign * other.y;
    xx += sign * other.xx;
    yy += sign * other.yy;
    xy += sign * other.xy;
  }
};

}  // namespace

void plan_ground(const twin::Geometry& geometry, Sketch& sketch) {
  sketch.box = twin::bounds_of(geometry);
  const twin::Position& origin = geometry.positions.front();
  const double north_m = earth_semi_major_m * radians_per_degree;
  const double east_m = north_m * std::max(0.01, std::cos(origin.latitude_deg * radians_per_degree));
  Moments all;
  const bool has_area =
      geometry.kind == twin::GeometryKind::polygon || geometry.kind == twin::GeometryKind::multi_polygon;
  size_t start = 0, polygon = 0;
  bool is_outside = true;
  for (size_t ring = 0; has_area && ring < geometry.line_ends.size(); ++ring) {
    Moments one;
    for (size_t i = start; i + 1 < geometry.line_ends[ring]; ++i) {
      const twin::Position &a = geometry.positions[i], &b = geometry.positions[i + 1];
      one.add_triangle_of_origin(
          (a.longitude_deg - origin.longitude_deg) * east_m, (a.latitude_deg - origin.latitude_deg) * north_m,
          (b.longitude_deg - origin.longitude_deg) * east_m, (b.latitude_deg - origin.latitude_deg) * north_m);
    }
    if (is_outside) all.add(one, one.area < 0 ? -1 : 1);
    start = geometry.line_ends[ring];
    is_outside = polygon < geometry.polygon_ends.size() && ring + 1 == geometry.polygon_ends[polygon];
    if (is_outside) ++polygon;
  }
  const double width_m = (sketch.box.east_deg - sketch.box.west_deg) * east_m,
               depth_m = (sketch.box.north_deg - sketch.box.south_deg) * north_m;
  sketch.area_m2 = all.area;
  if (!(all.area > 1e-4) || all.area > width_m * depth_m) {
    sketch.longitude_deg = (sketch.box.west_deg + sketch.box.east_deg) / 2;
    sketch.latitude_deg = (sketch.box.south_deg + sketch.box.north_deg) / 2;
    sketch.area_m2 = width_m * depth_m;
    sketch.length_m = width_m;
    sketch.width_m = depth_m;
    return;
  }
  const double x = all.x / all.area, y = all.y / all.area;
  sketch.longitude_deg = std::clamp(origin.longitude_deg + x / east_m, sketch.box.west_deg, sketch.box.east_deg);
  sketch.latitude_deg = std::clamp(origin.latitude_deg + y / north_m, sketch.box.south_deg, sketch.box.north_deg);
  const double xx = all.xx / all.area - x * x, yy = all.yy / all.area - y * y, xy = all.xy / all.area - x * y;
  const double half_sum = (xx + yy) / 2, reach = std::hypot((xx - yy) / 2, xy);
  sketch.angle_rad = reach > 0 ? std::atan2(xy, (xx - yy) / 2) / 2 : 0;
  sketch.length_m = std::sqrt(12 * std::max(0.0, half_sum + reach));
  sketch.width_m = std::sqrt(12 * std::max(0.0, half_sum - reach));
  const double spread = sketch.length_m * sketch.width_m;
  const double scale = spread > 0 ? std::sqrt(sketch.area_m2 / spread) : 1;
  sketch.length_m *= scale;
  sketch.width_m *= scale;
}

}  // namespace cityloom::space
