// Newell's normal is the face's plane, also where its corners do not quite lie in one.
#include "space/city/face_check.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace cityloom::space {
namespace {

constexpr size_t corners_max = 200;

using Point = std::array<double, 2>;

double turn(const Point& a, const Point& b, const Point& c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

// Whether two segments cross within both, not only touch.
bool cross_within(const Point& a, const Point& b, const Point& c, const Point& d) {
  constexpr double nothing_m2 = 1e-6;
  const double abc = turn(a, b, c), abd = turn(a, b, d), cda = turn(c, d, a), cdb = turn(c, d, b);
  const auto opposite = [&](double one, double other) {
    return (one > nothing_m2 && other < -nothing_m2) || (one < -nothing_m2 && other > nothing_m2);
  };
  return opposite(abc, abd) && opposite(cda, cdb);
}

bool crosses_itself(const std::vector<Point>& ring) {
  const size_t count = ring.size();
  for (size_t i = 0; i < count; ++i) {
    for (size_t j = i + 2; j < count; ++j) {
      if (i == 0 && j + 1 == count) continue;
      if (cross_within(ring[i], ring[i + 1], ring[j], ring[(j + 1) % count])) return true;
    }
  }
  return false;
}

double extent_m2(std::span<const Vector> ring) {
  double longest_m2 = 0;
  for (const Vector& corner : ring) longest_m2 = std::max(longest_m2, dot(corner - ring[0], corner - ring[0]));
  return longest_m2;
}

Vector normal_of_corner(std::span<const Vector> ring) {
  Vector best;
  for (size_t i = 0; i + 2 < ring.size(); ++i) {
    const Vector one = cross(ring[i + 1] - ring[i], ring[i + 2] - ring[i + 1]);
    if (length_of(one) > length_of(best)) best = one;
  }
  const double size = length_of(best);
  return size > 1e-6 ? best * (1 / size) : Vector{};
}

}  // namespace

Vector newell_normal(std::span<const Vector> ring) {
  Vector sum;
  for (size_t i = 1; i + 1 < ring.size(); ++i) sum = sum + cross(ring[i] - ring[0], ring[i + 1] - ring[0]);
  return sum;
}

FaceCheck check_face(std::span<const Vector> ring) {
  FaceCheck check;
  const Vector area = newell_normal(ring);
  const double size = length_of(area);
  check.area_m2 = size / 2;
  Vector normal = area * (size > 1e-9 ? 1 / size : 0);
  if (size < 1e-3 * extent_m2(ring)) {
    // A bow: its halves cancel out. The plane is that of its sharpest corner.
    normal = normal_of_corner(ring);
    if (length_of(normal) == 0) return check;
  }
  Vector middle;
  for (const Vector& corner : ring) middle = middle + corner * (1.0 / static_cast<double>(ring.size()));
  for (const Vector& corner : ring) {
    check.off_plane_m = std::max(check.off_plane_m, std::abs(dot(corner - middle, normal)));
  }
  if (ring.size() < 4 || ring.size() > corners_max) return check;
  const Vector aside = std::abs(normal.x) < 0.7 ? Vector{1, 0, 0} : Vector{0, 1, 0};
  const Vector across = cross(normal, aside), along = cross(normal, across);
  std::vector<Point> flat;
  flat.reserve(ring.size());
  for (const Vector& corner : ring) flat.push_back({dot(corner, across), dot(corner, along)});
  check.crosses_itself = crosses_itself(flat);
  return check;
}

}  // namespace cityloom::space
