// Plain geometry of the WGS 84 ellipsoid: earth-centred coordinates, local frames, distances. No PROJ, no state.
#pragma once

#include <array>
#include <vector>

#include "twin/geometry.hpp"

namespace cityloom::space {

/// A vector in metres. Its frame (earth-centred or local east, north, up) is named by what returns it.
struct Vector {
  double x = 0, y = 0, z = 0;
  bool operator==(const Vector&) const = default;
  friend Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend Vector operator*(Vector a, double factor) { return {a.x * factor, a.y * factor, a.z * factor}; }
};
/// The scalar product.
double dot(Vector a, Vector b);
/// The vector product, right-handed.
Vector cross(Vector a, Vector b);
/// The Euclidean length.
double length_of(Vector a);

inline constexpr double earth_semi_major_m = 6378137.0;
inline constexpr double earth_flattening = 1 / 298.257223563;
inline constexpr double radians_per_degree = 3.14159265358979323846 / 180;

/// Earth-centred, earth-fixed metres (EPSG:4978). An unknown height counts as 0.
Vector ecef_of(const twin::Position& position);

/// Back from earth-centred metres; height always known. Better than a millimetre from 10 km below to 1000 km above
/// the ellipsoid.
twin::Position position_of(Vector ecef);

/// The local tangent frame at an origin: x east, y north, z up, in metres. A value; conversions are exact but for
/// rounding.
class LocalFrame {
 public:
  explicit LocalFrame(const twin::Position& origin);

  const twin::Position& origin() const { return origin_; }
  Vector origin_ecef() const { return origin_ecef_; }
  Vector east() const { return east_; }
  Vector north() const { return north_; }
  Vector up() const { return up_; }

  /// East, north, up of a position.
  Vector local_of(const twin::Position& position) const;
  Vector local_of_ecef(Vector ecef) const;
  twin::Position position_of_local(Vector local) const;

  /// Column-major 4x4 matrix from local to earth-centred coordinates.
  std::array<double, 16> to_ecef_matrix() const;

 private:
  twin::Position origin_;
  Vector origin_ecef_, east_, north_, up_;
};

/// The geodesic distance on the ellipsoid between two positions, heights ignored. Cost: about a microsecond.
double distance_m(const twin::Position& from, const twin::Position& to);

/// The sum of the geodesic distances along positions.
double length_m(const std::vector<twin::Position>& positions);

}  // namespace cityloom::space
