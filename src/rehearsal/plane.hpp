// The plane on which a city is drawn: metres east and north of its middle.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "twin/geometry.hpp"

namespace cityloom::rehearsal {

/// A point or vector in metres: x east, y north.
struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
  friend Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
  friend Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
  friend Point operator*(Point a, double factor) { return {a.x * factor, a.y * factor}; }
};

inline double dot(Point a, Point b) {  ///< the scalar product
  return a.x * b.x + a.y * b.y;
}
inline double cross(Point a, Point b) {  ///< positive when b lies left of a
  return a.x * b.y - a.y * b.x;
}
inline double length(Point a) {
  return std::sqrt(dot(a, a));
}
inline Point middle(Point a, Point b) {
  return (a + b) * 0.5;
}
/// The vector of length 1; {1, 0} of the zero vector.
inline Point unit_of(Point a) {
  const double size = length(a);
  return size > 0 ? a * (1 / size) : Point{1, 0};
}
inline Point left_of(Point a) {  ///< turned by 90 degrees to the left
  return {-a.y, a.x};
}

/// The compass direction of a vector: 0 north, 90 east, below 360. By sums and square roots, true to 1e-9 degrees: the
/// arctangents of two machines may differ in their last bit.
double compass_deg(Point along);

/// Four corners, anticlockwise.
using Quad = std::array<Point, 4>;
/// Corners in order, not closed.
using Ring = std::vector<Point>;

/// The area inside, positive when anticlockwise.
double area_m2(const Ring& ring);

/// Where a quad's sides come to lie when each is moved inwards by its own distance: side i goes from corner i to i + 1.
/// False if nothing of the quad is left, or it was not convex.
bool inset(const Quad& quad, const std::array<double, 4>& distances_m, Quad& inner);

/// The point at (s, t) of a quad: s along its first side, t along its fourth, both 0..1.
Point within(const Quad& quad, double s, double t);

/// Whether a point lies in a convex quad or on its edge.
bool contains(const Quad& quad, Point point, double slack_m = 1e-6);

/// From the plane to WGS 84 and back, around a middle: equirectangular with the ellipsoid's radii at the middle, so
/// true to 0.2 % within 20 km. Longitude and latitude are rounded to 1e-7 degrees (a centimetre).
class PlaneFrame {
 public:
  explicit PlaneFrame(const twin::Position& middle);
  twin::Position position_of(Point point) const;
  Point point_of(const twin::Position& position) const;
  /// Metres between two places some kilometres apart, with the ellipsoid's radii between them: true to a millionth.
  static double distance_m(const twin::Position& from, const twin::Position& to);
  const twin::Position& middle() const { return middle_; }

 private:
  twin::Position middle_;
  double metres_per_degree_east_ = 0;
  double metres_per_degree_north_ = 0;
};

}  // namespace cityloom::rehearsal
