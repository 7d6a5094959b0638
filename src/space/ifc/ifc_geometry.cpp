// Plain vector sums.
#include "space/ifc/ifc_geometry.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::space {

size_t IfcShape::point_count() const {
  size_t count = 0;
  for (const IfcFace& face : faces) {
    for (const IfcRing& ring : face.rings) count += ring.size();
  }
  return count;
}

void IfcShape::add(IfcShape other) {
  is_closed = faces.empty() ? other.is_closed : (other.faces.empty() ? is_closed : is_closed && other.is_closed);
  if (faces.empty()) {
    faces = std::move(other.faces);
  } else {
    faces.insert(faces.end(), std::make_move_iterator(other.faces.begin()), std::make_move_iterator(other.faces.end()));
  }
}

void IfcShape::move(const IfcFrame& frame) {
  const bool is_mirror = frame.is_mirror();
  for (IfcFace& face : faces) {
    for (IfcRing& ring : face.rings) {
      for (Vector& point : ring) point = frame.point(point);
      if (is_mirror) std::reverse(ring.begin(), ring.end());
    }
  }
}

Vector ring_normal(const IfcRing& ring) {
  Vector sum;
  for (size_t i = 1; i + 1 < ring.size(); ++i) sum = sum + cross(ring[i] - ring[0], ring[i + 1] - ring[0]);
  return sum;
}

Vector unit_of(Vector vector, Vector otherwise) {
  const double length = length_of(vector);
  return length > 1e-12 && std::isfinite(length) ? vector * (1 / length) : otherwise;
}

Vector face_normal(const IfcFace& face) {
  return face.rings.empty() ? Vector() : unit_of(ring_normal(face.rings.front()), {});
}

double volume_m3(const IfcShape& shape) {
  if (shape.faces.empty() || shape.faces.front().rings.empty()) return 0;
  const Vector origin = shape.faces.front().rings.front().front();
  double sum = 0;
  for (const IfcFace& face : shape.faces) {
    for (const IfcRing& ring : face.rings) {
      for (size_t i = 1; i + 1 < ring.size(); ++i)
        sum += dot(ring[0] - origin, cross(ring[i] - origin, ring[i + 1] - origin));
    }
  }
  return sum / 6;
}

double surface_m2(const IfcShape& shape) {
  double sum = 0;
  for (const IfcFace& face : shape.faces) {
    const Vector normal = face_normal(face);
    for (const IfcRing& ring : face.rings) sum += dot(ring_normal(ring), normal) / 2;
  }
  return sum;
}

bool is_finite(Vector vector) {
  return std::isfinite(vector.x) && std::isfinite(vector.y) && std::isfinite(vector.z);
}

void IfcBounds::add(Vector point) {
  low = {std::min(low.x, point.x), std::min(low.y, point.y), std::min(low.z, point.z)};
  high = {std::max(high.x, point.x), std::max(high.y, point.y), std::max(high.z, point.z)};
}

void IfcBounds::add(const IfcShape& shape) {
  for (const IfcFace& face : shape.faces) {
    for (const IfcRing& ring : face.rings) {
      for (const Vector& point : ring) add(point);
    }
  }
}

}  // namespace cityloom::space
