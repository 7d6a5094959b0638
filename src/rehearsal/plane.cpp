#include "rehearsal/plane.hpp"

#include "space/earth.hpp"

namespace cityloom::rehearsal {

double area_m2(const Ring& ring) {
  double twice = 0;
  for (size_t i = 0; i < ring.size(); ++i) twice += cross(ring[i], ring[(i + 1) % ring.size()]);
  return twice / 2;
}

bool inset(const Quad& quad, const std::array<double, 4>& distances_m, Quad& inner) {
  std::array<Point, 4> along;
  std::array<double, 4> offset;
  for (size_t i = 0; i < 4; ++i) {
    along[i] = unit_of(quad[(i + 1) % 4] - quad[i]);
    offset[i] = dot(left_of(along[i]), quad[i]) + distances_m[i];
  }
  for (size_t i = 0; i < 4; ++i) {
    const size_t before = (i + 3) % 4;
    const double sine = cross(along[before], along[i]);
    if (sine < 0.1) return false;
    // The point on both moved sides.
    const Point n1 = left_of(along[before]), n2 = left_of(along[i]);
    inner[i] = {(offset[before] * n2.y - offset[i] * n1.y) / cross(n1, n2),
                (n1.x * offset[i] - n2.x * offset[before]) / cross(n1, n2)};
  }
  for (size_t i = 0; i < 4; ++i) {
    if (dot(inner[(i + 1) % 4] - inner[i], along[i]) < 1) return false;
  }
  return true;
}

Point within(const Quad& quad, double s, double t) {
  const Point low = quad[0] * (1 - s) + quad[1] * s;
  const Point high = quad[3] * (1 - s) + quad[2] * s;
  return low * (1 - t) + high * t;
}

bool contains(const Quad& quad, Point point, double slack_m) {
  for (size_t i = 0; i < 4; ++i) {
    const Point along = unit_of(quad[(i + 1) % 4] - quad[i]);
    if (cross(along, point - quad[i]) < -slack_m) return false;
  }
  return true;
}

PlaneFrame::PlaneFrame(const twin::Position& middle) : middle_(middle) {
  // Radii of curvature at the middle, without the standard library's sine: its last bit differs between machines.
  const double t = middle.latitude_deg * space::radians_per_degree;
  const double t2 = t * t;
  double sine = 0, term = t;
  for (int n = 1; n < 24; n += 2) {
    sine += term;
    term *= -t2 / ((n + 1) * (n + 2));
  }
  const double cosine = std::sqrt(1 - sine * sine);
  const double e2 = space::earth_flattening * (2 - space::earth_flattening);
  const double w = std::sqrt(1 - e2 * sine * sine);
  metres_per_degree_east_ = space::earth_semi_major_m / w * cosine * space::radians_per_degree;
  metres_per_degree_north_ = space::earth_semi_major_m * (1 - e2) / (w * w * w) * space::radians_per_degree;
}

twin::Position PlaneFrame::position_of(Point point) const {
  const auto rounded = [](double degrees) { return std::round(degrees * 1e7) / 1e7; };
  twin::Position position;
  position.longitude_deg = rounded(middle_.longitude_deg + point.x / metres_per_degree_east_);
  position.latitude_deg = rounded(middle_.latitude_deg + point.y / metres_per_degree_north_);
  return position;
}

Point PlaneFrame::point_of(const twin::Position& position) const {
  return {(position.longitude_deg - middle_.longitude_deg) * metres_per_degree_east_,
          (position.latitude_deg - middle_.latitude_deg) * metres_per_degree_north_};
}

}  // namespace cityloom::rehearsal
