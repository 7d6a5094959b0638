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

namespace {

/// Metres a degree of longitude and of latitude. Without the standard library's sine: its last bit differs between
/// machines.
Point metres_per_degree(double latitude_deg) {
  const double t = latitude_deg * space::radians_per_degree;
  const double t2 = t * t;
  double sine = 0, term = t;
  for (int n = 1; n < 24; n += 2) {
    sine += term;
    term *= -t2 / ((n + 1) * (n + 2));
  }
  const double cosine = std::sqrt(1 - sine * sine);
  const double e2 = space::earth_flattening * (2 - space::earth_flattening);
  const double w = std::sqrt(1 - e2 * sine * sine);
  return {space::earth_semi_major_m / w * cosine * space::radians_per_degree,
          space::earth_semi_major_m * (1 - e2) / (w * w * w) * space::radians_per_degree};
}

/// The arctangent of 0..1, in degrees: halved three times, then by its series.
double small_arctangent_deg(double tangent) {
  for (int n = 0; n < 3; ++n) tangent /= 1 + std::sqrt(1 + tangent * tangent);
  double sum = 0, term = tangent;
  for (int n = 1; n < 18; n += 2) {
    sum += term / n;
    term *= -tangent * tangent;
  }
  return 8 * sum / space::radians_per_degree;
}

}  // namespace

double compass_deg(Point along) {
  const double east = std::abs(along.x), north = std::abs(along.y);
  if (east == 0 && north == 0) return 0;
  const double from_north =
      east <= north ? small_arctangent_deg(east / north) : 90 - small_arctangent_deg(north / east);
  const double half = along.y >= 0 ? from_north : 180 - from_north;
  return along.x >= 0 || half == 0 ? half : 360 - half;
}

PlaneFrame::PlaneFrame(const twin::Position& middle) : middle_(middle) {
  const Point scale = metres_per_degree(middle.latitude_deg);
  metres_per_degree_east_ = scale.x;
  metres_per_degree_north_ = scale.y;
}

double PlaneFrame::distance_m(const twin::Position& from, const twin::Position& to) {
  const Point scale = metres_per_degree((from.latitude_deg + to.latitude_deg) / 2);
  return length({(to.longitude_deg - from.longitude_deg) * scale.x, (to.latitude_deg - from.latitude_deg) * scale.y});
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
