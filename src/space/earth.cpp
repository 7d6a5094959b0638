// Geodesics come from PROJ's geodesic.h (Karney), which is plain C without state.
#include "space/earth.hpp"

#include <geodesic.h>

#include <cmath>

namespace cityloom::space {
namespace {
constexpr double semi_minor_m = earth_semi_major_m * (1 - earth_flattening);
constexpr double eccentricity_squared = earth_flattening * (2 - earth_flattening);
}  // namespace

double dot(Vector a, Vector b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
Vector cross(Vector a, Vector b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
double length_of(Vector a) {
  return std::sqrt(dot(a, a));
}

Vector ecef_of(const twin::Position& position) {
  const double latitude = position.latitude_deg * radians_per_degree;
  const double longitude = position.longitude_deg * radians_per_degree;
  const double height_m = position.has_height() ? position.height_m : 0;
  const double sine = std::sin(latitude), cosine = std::cos(latitude);
  const double normal_m = earth_semi_major_m / std::sqrt(1 - eccentricity_squared * sine * sine);
  return {(normal_m + height_m) * cosine * std::cos(longitude), (normal_m + height_m) * cosine * std::sin(longitude),
          (normal_m * (1 - eccentricity_squared) + height_m) * sine};
}

twin::Position position_of(Vector ecef) {
  const double axis_distance_m = std::hypot(ecef.x, ecef.y);
  const double longitude = std::atan2(ecef.y, ecef.x);
  // Bowring's start, then fixed-point steps: three reach rounding for heights near the surface.
  const double start = std::atan2(ecef.z * earth_semi_major_m, axis_distance_m * semi_minor_m);
  const double second_eccentricity_squared = eccentricity_squared / (1 - eccentricity_squared);
  double latitude =
      std::atan2(ecef.z + second_eccentricity_squared * semi_minor_m * std::pow(std::sin(start), 3),
                 axis_distance_m - eccentricity_squared * earth_semi_major_m * std::pow(std::cos(start), 3));
  double height_m = 0;
  for (int step = 0; step < 3; ++step) {
    const double sine = std::sin(latitude), cosine = std::cos(latitude);
    const double normal_m = earth_semi_major_m / std::sqrt(1 - eccentricity_squared * sine * sine);
    height_m = axis_distance_m * cosine + ecef.z * sine - earth_semi_major_m * earth_semi_major_m / normal_m;
    latitude = std::atan2(ecef.z, axis_distance_m * (1 - eccentricity_squared * normal_m / (normal_m + height_m)));
  }
  return {longitude / radians_per_degree, latitude / radians_per_degree, height_m};
}

LocalFrame::LocalFrame(const twin::Position& origin) : origin_(origin), origin_ecef_(ecef_of(origin)) {
  const double latitude = origin.latitude_deg * radians_per_degree;
  const double longitude = origin.longitude_deg * radians_per_degree;
  east_ = {-std::sin(longitude), std::cos(longitude), 0};
  up_ = {std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude), std::sin(latitude)};
  north_ = cross(up_, east_);
}

Vector LocalFrame::local_of_ecef(Vector ecef) const {
  const Vector offset = ecef - origin_ecef_;
  return {dot(offset, east_), dot(offset, north_), dot(offset, up_)};
}

Vector LocalFrame::local_of(const twin::Position& position) const {
  return local_of_ecef(ecef_of(position));
}

twin::Position LocalFrame::position_of_local(Vector local) const {
  return position_of(origin_ecef_ + east_ * local.x + north_ * local.y + up_ * local.z);
}

std::array<double, 16> LocalFrame::to_ecef_matrix() const {
  return {east_.x, east_.y, east_.z, 0, north_.x,       north_.y,       north_.z,       0,
          up_.x,   up_.y,   up_.z,   0, origin_ecef_.x, origin_ecef_.y, origin_ecef_.z, 1};
}

double distance_m(const twin::Position& from, const twin::Position& to) {
  static const geod_geodesic ellipsoid = [] {
    geod_geodesic made;
    geod_init(&made, earth_semi_major_m, earth_flattening);
    return made;
  }();
  double distance = 0;
  geod_inverse(&ellipsoid, from.latitude_deg, from.longitude_deg, to.latitude_deg, to.longitude_deg, &distance, nullptr,
               nullptr);
  return distance;
}

double length_m(const std::vector<twin::Position>& positions) {
  double sum = 0;
  for (size_t i = 1; i < positions.size(); ++i) sum += distance_m(positions[i - 1], positions[i]);
  return sum;
}

}  // namespace cityloom::space
