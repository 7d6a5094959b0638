// Each call makes a GEOS context of its own: microseconds, and no state.
#include "space/ifc/plane_areas.hpp"

#include <geos_c.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double sliver_m2 = 1e-4;

// A GEOS context and what was made with it.
class Geos {
 public:
  Geos() : handle_(GEOS_init_r()) {}
  ~Geos() { GEOS_finish_r(handle_); }
  Geos(const Geos&) = delete;
  Geos& operator=(const Geos&) = delete;

  struct Destroy {
    GEOSContextHandle_t handle = nullptr;
    void operator()(GEOSGeometry* geometry) const { GEOSGeom_destroy_r(handle, geometry); }
  };
  using Geometry = std::unique_ptr<GEOSGeometry, Destroy>;
  Geometry own(GEOSGeometry* geometry) const { return Geometry(geometry, Destroy{handle_}); }
  GEOSContextHandle_t handle() const { return handle_; }

  Geometry area(const PlaneArea& area) const;
  Geometry areas(const std::vector<PlaneArea>& areas) const;
  std::vector<PlaneArea> read(const GEOSGeometry* geometry, double least_m2) const;

 private:
  GEOSGeometry* ring(const PlaneRing& ring) const;
  PlaneRing read_ring(const GEOSGeometry* ring) const;
  GEOSContextHandle_t handle_;
};

GEOSGeometry* Geos::ring(const PlaneRing& ring) const {
  GEOSCoordSequence* sequence = GEOSCoordSeq_create_r(handle_, static_cast<unsigned>(ring.size()), 2);
  for (unsigned i = 0; i < ring.size(); ++i) GEOSCoordSeq_setXY_r(handle_, sequence, i, ring[i].x, ring[i].y);
  return GEOSGeom_createLinearRing_r(handle_, sequence);
}

Geos::Geometry Geos::area(const PlaneArea& area) const {
  if (area.empty() || area.front().size() < 4) return own(nullptr);
  GEOSGeometry* shell = ring(area.front());
  if (shell == nullptr) return own(nullptr);
  std::vector<GEOSGeometry*> holes;
  for (size_t r = 1; r < area.size(); ++r) {
    if (area[r].size() < 4) continue;
    if (GEOSGeometry* hole = ring(area[r])) holes.push_back(hole);
  }
  Geometry polygon = own(GEOSGeom_createPolygon_r(handle_, shell, holes.data(), static_cast<unsigned>(holes.size())));
  if (polygon && GEOSisValid_r(handle_, polygon.get()) != 1) polygon = own(GEOSMakeValid_r(handle_, polygon.get()));
  return polygon;
}

Geos::Geometry Geos::areas(const std::vector<PlaneArea>& areas) const {
  std::vector<GEOSGeometry*> parts;
  for (const PlaneArea& one : areas) {
    if (Geometry part = area(one)) parts.push_back(part.release());
  }
  return own(
      GEOSGeom_createCollection_r(handle_, GEOS_GEOMETRYCOLLECTION, parts.data(), static_cast<unsigned>(parts.size())));
}

PlaneRing Geos::read_ring(const GEOSGeometry* ring) const {
  PlaneRing points;
  const GEOSCoordSequence* sequence = GEOSGeom_getCoordSeq_r(handle_, ring);
  unsigned count = 0;
  if (sequence == nullptr || GEOSCoordSeq_getSize_r(handle_, sequence, &count) == 0) return points;
  for (unsigned i = 0; i < count; ++i) {
    PlanePoint point;
    GEOSCoordSeq_getXY_r(handle_, sequence, i, &point.x, &point.y);
    points.push_back(point);
  }
  return points;
}

// Without the corners that lie on the line between their neighbours.
PlaneRing without_straight_corners(const PlaneRing& ring) {
  PlaneRing kept;
  const size_t count = ring.size() - 1;
  for (size_t i = 0; i < count; ++i) {
    const PlanePoint before = kept.empty() ? ring[(i + count - 1) % count] : kept.back();
    const PlanePoint here = ring[i], after = ring[(i + 1) % count];
    const double ax = here.x - before.x, ay = here.y - before.y, bx = after.x - here.x, by = after.y - here.y;
    const double a = std::hypot(ax, ay), b = std::hypot(bx, by);
    if (std::abs(ax * by - ay * bx) > 2e-5 * std::max(a, b) || ax * bx + ay * by < 0) kept.push_back(here);
  }
  if (kept.size() < 3) return ring;
  kept.push_back(kept.front());
  return kept;
}

std::vector<PlaneArea> Geos::read(const GEOSGeometry* geometry, double least_m2) const {
  std::vector<PlaneArea> areas;
  if (geometry == nullptr) return areas;
  const int parts = GEOSGetNumGeometries_r(handle_, geometry);
  for (int p = 0; p < parts; ++p) {
    const GEOSGeometry* part = GEOSGetGeometryN_r(handle_, geometry, p);
    const int kind = part == nullptr ? -1 : GEOSGeomTypeId_r(handle_, part);
    if (kind == GEOS_MULTIPOLYGON || kind == GEOS_GEOMETRYCOLLECTION) {
      if (part == geometry) continue;
      for (PlaneArea& inner : read(part, least_m2)) areas.push_back(std::move(inner));
    }
    if (kind != GEOS_POLYGON || GEOSisEmpty_r(handle_, part) == 1) continue;
    PlaneArea area;
    area.push_back(without_straight_corners(read_ring(GEOSGetExteriorRing_r(handle_, part))));
    if (std::abs(signed_double_area(area.front())) < 2 * least_m2) continue;
    if (signed_double_area(area.front()) < 0) std::reverse(area.front().begin(), area.front().end());
    const int holes = GEOSGetNumInteriorRings_r(handle_, part);
    for (int h = 0; h < holes; ++h) {
      PlaneRing hole = without_straight_corners(read_ring(GEOSGetInteriorRingN_r(handle_, part, h)));
      if (std::abs(signed_double_area(hole)) < 2 * least_m2) continue;
      if (signed_double_area(hole) > 0) std::reverse(hole.begin(), hole.end());
      area.push_back(std::move(hole));
    }
    areas.push_back(std::move(area));
  }
  return areas;
}

// The largest first, then by place: the same input gives the same order.
void put_in_order(std::vector<PlaneArea>& areas) {
  std::sort(areas.begin(), areas.end(), [](const PlaneArea& a, const PlaneArea& b) {
    const double size_a = area_m2(a), size_b = area_m2(b);
    return std::abs(size_a - size_b) > 1e-9 ? size_a > size_b : a.front() < b.front();
  });
}

// A plane's own axes.
struct Axes {
  Vector origin, u, v, normal;
  PlanePoint flat(Vector point) const {
    const Vector from = point - origin;
    return {dot(from, u), dot(from, v)};
  }
  Vector space(PlanePoint point) const { return origin + u * point.x + v * point.y; }
};

Axes axes_of(const IfcFace& face) {
  Axes axes;
  axes.origin = face.rings.front().front();
  axes.normal = face_normal(face);
  const Vector other = std::abs(axes.normal.z) < 0.9 ? Vector{0, 0, 1} : Vector{1, 0, 0};
  axes.u = unit_of(cross(other, axes.normal), {1, 0, 0});
  axes.v = cross(axes.normal, axes.u);
  return axes;
}

PlaneArea flattened(const IfcFace& face, const Axes& axes) {
  PlaneArea area;
  for (const IfcRing& ring : face.rings) {
    PlaneRing flat;
    for (const Vector& point : ring) flat.push_back(axes.flat(point));
    if (!flat.empty()) flat.push_back(flat.front());
    area.push_back(std::move(flat));
  }
  return area;
}

}  // namespace

double area_m2(const PlaneArea& area) {
  double sum = 0;
  for (size_t r = 0; r < area.size(); ++r) sum += (r == 0 ? 1 : -1) * std::abs(signed_double_area(area[r])) / 2;
  return sum;
}

double area_m2(const std::vector<PlaneArea>& areas) {
  double sum = 0;
  for (const PlaneArea& area : areas) sum += area_m2(area);
  return sum;
}

bool holds(const std::vector<PlaneArea>& areas, PlanePoint point) {
  bool is_inside = false;
  for (const PlaneArea& area : areas) {
    for (const PlaneRing& ring : area) {
      for (size_t i = 0; i + 1 < ring.size(); ++i) {
        const PlanePoint a = ring[i], b = ring[i + 1];
        if ((a.y > point.y) == (b.y > point.y)) continue;
        if (point.x < (b.x - a.x) * (point.y - a.y) / (b.y - a.y) + a.x) is_inside = !is_inside;
      }
    }
  }
  return is_inside;
}

base::Result<PlanePoint> point_within(const std::vector<PlaneArea>& areas) {
  const Geos geos;
  if (!areas.empty()) {
    const auto area = geos.area(areas.front());
    const auto circle =
        area ? geos.own(GEOSMaximumInscribedCircle_r(geos.handle(), area.get(), 0.05)) : geos.own(nullptr);
    // A line from the centre to the edge.
    const GEOSCoordSequence* line = circle ? GEOSGeom_getCoordSeq_r(geos.handle(), circle.get()) : nullptr;
    PlanePoint point;
    if (line != nullptr && GEOSCoordSeq_getXY_r(geos.handle(), line, 0, &point.x, &point.y) == 1) return point;
  }
  return fail(Code::invalid, "there is no area");
}

std::vector<PlaneArea> united(const std::vector<PlaneArea>& parts, double grid_m) {
  const Geos geos;
  const auto all = geos.areas(parts);
  if (!all) return {};
  const auto sum = geos.own(GEOSUnaryUnionPrec_r(geos.handle(), all.get(), grid_m));
  std::vector<PlaneArea> areas = geos.read(sum.get(), sliver_m2);
  put_in_order(areas);
  return areas;
}

std::vector<PlaneArea> widened(const std::vector<PlaneArea>& areas, double metres) {
  const Geos geos;
  const auto all = geos.areas(areas);
  if (!all) return {};
  const auto wide = geos.own(GEOSBuffer_r(geos.handle(), all.get(), metres, 4));
  std::vector<PlaneArea> made = geos.read(wide.get(), 0);
  put_in_order(made);
  return made;
}

std::vector<PlaneArea> hull_of(const std::vector<PlanePoint>& points) {
  const Geos geos;
  if (points.empty()) return {};
  GEOSCoordSequence* sequence = GEOSCoordSeq_create_r(geos.handle(), static_cast<unsigned>(points.size()), 2);
  for (unsigned i = 0; i < points.size(); ++i)
    GEOSCoordSeq_setXY_r(geos.handle(), sequence, i, points[i].x, points[i].y);
  const auto line = geos.own(points.size() == 1 ? GEOSGeom_createPoint_r(geos.handle(), sequence)
                                                : GEOSGeom_createLineString_r(geos.handle(), sequence));
  const auto hull = line ? geos.own(GEOSConvexHull_r(geos.handle(), line.get())) : geos.own(nullptr);
  return geos.read(hull.get(), sliver_m2);
}

double common_area_m2(const std::vector<PlaneArea>& one, const std::vector<PlaneArea>& other) {
  const Geos geos;
  double sum = 0;
  for (const PlaneArea& a : one) {
    const auto left = geos.area(a);
    for (const PlaneArea& b : other) {
      const auto right = geos.area(b);
      if (!left || !right) continue;
      const auto common = geos.own(GEOSIntersection_r(geos.handle(), left.get(), right.get()));
      double size = 0;
      if (common && GEOSArea_r(geos.handle(), common.get(), &size) == 1) sum += size;
    }
  }
  return sum;
}

double outline_within_m(const std::vector<PlaneArea>& one, const std::vector<PlaneArea>& other) {
  const Geos geos;
  double sum = 0;
  for (const PlaneArea& a : one) {
    const auto left = geos.area(a);
    const auto outline = left ? geos.own(GEOSBoundary_r(geos.handle(), left.get())) : geos.own(nullptr);
    for (const PlaneArea& b : other) {
      const auto right = geos.area(b);
      if (!outline || !right) continue;
      const auto common = geos.own(GEOSIntersection_r(geos.handle(), outline.get(), right.get()));
      double size = 0;
      if (common && GEOSLength_r(geos.handle(), common.get(), &size) == 1) sum += size;
    }
  }
  return sum;
}

double distance_m(const std::vector<PlaneArea>& one, const std::vector<PlaneArea>& other) {
  const Geos geos;
  double least = std::numeric_limits<double>::infinity();
  for (const PlaneArea& a : one) {
    const auto left = geos.area(a);
    for (const PlaneArea& b : other) {
      const auto right = geos.area(b);
      double distance = 0;
      if (left && right && GEOSDistance_r(geos.handle(), left.get(), right.get(), &distance) == 1)
        least = std::min(least, distance);
    }
  }
  return least;
}

std::vector<IfcRing> triangles_of(const IfcFace& face, Triangulator& triangulator) {
  std::vector<IfcRing> triangles;
  if (face.rings.size() == 1 && face.rings.front().size() == 3) return {face.rings.front()};
  const Axes axes = axes_of(face);
  if (length_of(axes.normal) < 0.5) return triangles;
  const auto flat = triangulator.triangulate(flattened(face, axes));
  if (!flat) return triangles;
  // Corners as the face has them where it is not quite plane; others (of crossing rings) in its plane.
  const auto corner = [&](PlanePoint point) {
    const Vector at = axes.space(point);
    for (const IfcRing& ring : face.rings) {
      for (const Vector& one : ring) {
        const PlanePoint own = axes.flat(one);
        if (std::abs(own.x - point.x) < 1e-9 && std::abs(own.y - point.y) < 1e-9) return one;
      }
    }
    return at;
  };
  for (const auto& triangle : *flat)
    triangles.push_back({corner(triangle[0]), corner(triangle[1]), corner(triangle[2])});
  return triangles;
}

std::vector<IfcFace> joined_faces(const std::vector<IfcFace>& faces) {
  if (faces.empty()) return {};
  const Axes axes = axes_of(faces.front());
  std::vector<PlaneArea> parts;
  for (const IfcFace& face : faces) parts.push_back(flattened(face, axes));
  const Geos geos;
  const auto all = geos.areas(parts);
  const auto sum = all ? geos.own(GEOSUnaryUnionPrec_r(geos.handle(), all.get(), 1e-5)) : geos.own(nullptr);
  std::vector<PlaneArea> areas = geos.read(sum.get(), 1e-9);
  if (areas.empty()) return faces;
  put_in_order(areas);
  std::vector<IfcFace> joined;
  for (const PlaneArea& area : areas) {
    IfcFace face;
    face.style = faces.front().style;
    for (const PlaneRing& ring : area) {
      IfcRing points;
      for (size_t i = 0; i + 1 < ring.size(); ++i) points.push_back(axes.space(ring[i]));
      face.rings.push_back(std::move(points));
    }
    joined.push_back(std::move(face));
  }
  return joined;
}

}  // namespace cityloom::space
