// GEOS joins the faces on a grid of a millimetre, in metres around the first of their corners.
#include "space/city/footprint.hpp"

#include <geos_c.h>

#include <algorithm>
#include <cmath>

#include "space/earth.hpp"

namespace cityloom::space {
namespace {

constexpr double grid_m = 0.001;
constexpr double area_min_m2 = 1e-4;
constexpr double upright_part = 0.02;  // of a face whose shadow is smaller than this part of it

struct Deleter {
  GEOSContextHandle_t context;
  void operator()(GEOSGeometry* geometry) const { GEOSGeom_destroy_r(context, geometry); }
};
using Owned = std::unique_ptr<GEOSGeometry, Deleter>;

// Degrees to metres around a place, and back.
struct Plane {
  twin::Position origin;
  double east_m = 1, north_m = 1;  // a degree

  explicit Plane(const twin::Position& at) : origin(at) {
    const double latitude = at.latitude_deg * radians_per_degree;
    north_m = radians_per_degree * earth_semi_major_m;
    east_m = north_m * std::max(std::cos(latitude), 1e-6);
  }
  double x(const twin::Position& p) const { return (p.longitude_deg - origin.longitude_deg) * east_m; }
  double y(const twin::Position& p) const { return (p.latitude_deg - origin.latitude_deg) * north_m; }
  twin::Position position(double x_m, double y_m) const {
    const auto rounded = [](double deg) { return std::round(deg * 1e9) / 1e9; };
    return {rounded(origin.longitude_deg + x_m / east_m), rounded(origin.latitude_deg + y_m / north_m)};
  }
};

// Twice the face's area vector, of its outside ring.
Vector area_of(const twin::Geometry& faces, uint32_t start, uint32_t end, const Plane& plane) {
  Vector sum;
  const auto at = [&](uint32_t i) {
    const twin::Position& p = faces.positions[i];
    return Vector{plane.x(p), plane.y(p), p.height_m - faces.positions[start].height_m};
  };
  const Vector first = at(start);
  for (uint32_t i = start + 1; i + 1 < end; ++i) sum = sum + cross(at(i) - first, at(i + 1) - first);
  return sum;
}

}  // namespace

struct Footprinter::Context {
  GEOSContextHandle_t handle = GEOS_init_r();
  ~Context() { GEOS_finish_r(handle); }

  GEOSGeometry* ring(const twin::Geometry& faces, uint32_t start, uint32_t end, const Plane& plane) const {
    GEOSCoordSequence* points = GEOSCoordSeq_create_r(handle, end - start, 2);
    for (uint32_t i = start; i < end; ++i) {
      GEOSCoordSeq_setXY_r(handle, points, i - start, plane.x(faces.positions[i]), plane.y(faces.positions[i]));
    }
    return GEOSGeom_createLinearRing_r(handle, points);
  }
  Owned face(const twin::Geometry& faces, size_t face, const Plane& plane) const;
  Owned join(std::vector<GEOSGeometry*> shapes) const;
  bool are_apart(const GEOSGeometry* shapes) const;
  bool read(const GEOSGeometry* shape, const Plane& plane, twin::Geometry& to) const;
  void read_ring(const GEOSGeometry* ring, bool counter_clockwise, const Plane& plane, twin::Geometry& to) const;
};

Owned Footprinter::Context::face(const twin::Geometry& faces, size_t number, const Plane& plane) const {
  const uint32_t first_ring = number == 0 ? 0 : faces.polygon_ends[number - 1], last_ring = faces.polygon_ends[number];
  std::vector<GEOSGeometry*> rings;
  for (uint32_t ring_number = first_ring; ring_number < last_ring; ++ring_number) {
    const uint32_t start = ring_number == 0 ? 0 : faces.line_ends[ring_number - 1];
    GEOSGeometry* made = ring(faces, start, faces.line_ends[ring_number], plane);
    if (made != nullptr) rings.push_back(made);
  }
  if (rings.empty()) return {nullptr, {handle}};
  Owned polygon(GEOSGeom_createPolygon_r(handle, rings[0], rings.data() + 1, static_cast<unsigned>(rings.size() - 1)),
                {handle});
  if (polygon && GEOSisValid_r(handle, polygon.get()) != 1) polygon.reset(GEOSMakeValid_r(handle, polygon.get()));
  return polygon;
}

bool Footprinter::Context::are_apart(const GEOSGeometry* shapes) const {
  const int count = GEOSGetNumGeometries_r(handle, shapes);
  if (count > 16) return false;
  std::vector<GEOSGeometry*> parts;
  for (int i = 0; i < count; ++i) {
    const GEOSGeometry* part = GEOSGetGeometryN_r(handle, shapes, i);
    if (GEOSGeomTypeId_r(handle, part) != GEOS_POLYGON) {
      for (GEOSGeometry* made : parts) GEOSGeom_destroy_r(handle, made);
      return false;
    }
    parts.push_back(GEOSGeom_clone_r(handle, part));
  }
  const Owned together(
      GEOSGeom_createCollection_r(handle, GEOS_MULTIPOLYGON, parts.data(), static_cast<unsigned>(parts.size())),
      {handle});
  return together && GEOSisValid_r(handle, together.get()) == 1;
}

Owned Footprinter::Context::join(std::vector<GEOSGeometry*> shapes) const {
  if (shapes.size() == 1) return {shapes[0], {handle}};
  const Owned all(
      GEOSGeom_createCollection_r(handle, GEOS_GEOMETRYCOLLECTION, shapes.data(), static_cast<unsigned>(shapes.size())),
      {handle});
  if (!all) return {nullptr, {handle}};
  // Outlines that do not touch are left as they are: what was joined once is not moved again.
  if (are_apart(all.get())) return {GEOSGeom_clone_r(handle, all.get()), {handle}};
  Owned joined(GEOSUnaryUnionPrec_r(handle, all.get(), grid_m), {handle});
  // Slivers between faces that should touch leave spikes and corners on straight lines.
  if (joined) {
    Owned plain(GEOSSimplify_r(handle, joined.get(), grid_m * 2), {handle});
    if (plain && GEOSisValid_r(handle, plain.get()) == 1) joined = std::move(plain);
  }
  return joined;
}

void Footprinter::Context::read_ring(const GEOSGeometry* ring, bool counter_clockwise, const Plane& plane,
                                     twin::Geometry& to) const {
  const GEOSCoordSequence* points = GEOSGeom_getCoordSeq_r(handle, ring);
  unsigned count = 0;
  GEOSCoordSeq_getSize_r(handle, points, &count);
  const auto start = static_cast<long>(to.positions.size());
  for (unsigned i = 0; i + 1 < count; ++i) {
    double x = 0, y = 0;
    GEOSCoordSeq_getXY_r(handle, points, i, &x, &y);
    const twin::Position position = plane.position(x, y);
    if (static_cast<long>(to.positions.size()) > start && to.positions.back() == position) continue;
    to.positions.push_back(position);
  }
  if (static_cast<long>(to.positions.size()) - start < 3) {
    to.positions.resize(static_cast<size_t>(start));
    return;
  }
  char is_ccw = 0;
  GEOSCoordSeq_isCCW_r(handle, points, &is_ccw);
  const auto begin = to.positions.begin() + start;
  if ((is_ccw == 1) != counter_clockwise) std::reverse(begin, to.positions.end());
  const auto smallest = std::min_element(begin, to.positions.end(), [](const auto& a, const auto& b) {
    return std::pair(a.longitude_deg, a.latitude_deg) < std::pair(b.longitude_deg, b.latitude_deg);
  });
  std::rotate(begin, smallest, to.positions.end());
  to.positions.push_back(to.positions[static_cast<size_t>(start)]);
  to.line_ends.push_back(static_cast<uint32_t>(to.positions.size()));
}

bool Footprinter::Context::read(const GEOSGeometry* shape, const Plane& plane, twin::Geometry& to) const {
  const int parts = GEOSGetNumGeometries_r(handle, shape);
  for (int i = 0; i < parts; ++i) {
    const GEOSGeometry* part = GEOSGetGeometryN_r(handle, shape, i);
    double area = 0;
    if (GEOSGeomTypeId_r(handle, part) != GEOS_POLYGON) {
      if (part != shape && GEOSGetNumGeometries_r(handle, part) > 1) read(part, plane, to);
      continue;
    }
    if (GEOSArea_r(handle, part, &area) != 1 || area < area_min_m2) continue;
    const size_t lines = to.line_ends.size();
    read_ring(GEOSGetExteriorRing_r(handle, part), true, plane, to);
    if (to.line_ends.size() == lines) continue;
    for (int hole = 0; hole < GEOSGetNumInteriorRings_r(handle, part); ++hole) {
      read_ring(GEOSGetInteriorRingN_r(handle, part, hole), false, plane, to);
    }
    to.polygon_ends.push_back(static_cast<uint32_t>(to.line_ends.size()));
  }
  return !to.polygon_ends.empty();
}

Footprinter::Footprinter() : context_(std::make_unique<Context>()) {}
Footprinter::~Footprinter() = default;

std::optional<twin::Geometry> Footprinter::outline_of(const twin::Geometry& faces,
                                                      const std::vector<SurfaceType>& types) {
  if (faces.positions.empty()) return {};
  const Plane plane(faces.positions.front());
  const bool has_ground = std::find(types.begin(), types.end(), SurfaceType::ground) != types.end();
  std::vector<GEOSGeometry*> shapes;
  for (size_t face = 0; face < faces.polygon_ends.size(); ++face) {
    if (has_ground && types[face] != SurfaceType::ground) continue;
    const uint32_t ring = face == 0 ? 0 : faces.polygon_ends[face - 1];
    const uint32_t start = ring == 0 ? 0 : faces.line_ends[ring - 1];
    const Vector area = area_of(faces, start, faces.line_ends[ring], plane);
    const double size = length_of(area);
    if (size < area_min_m2 || std::abs(area.z) < upright_part * size) continue;
    if (Owned shape = context_->face(faces, face, plane)) shapes.push_back(shape.release());
  }
  if (shapes.empty()) return {};
  const Owned joined = context_->join(std::move(shapes));
  twin::Geometry outline{twin::GeometryKind::multi_polygon, {}, {}, {}};
  if (!joined || !context_->read(joined.get(), plane, outline)) return {};
  if (outline.polygon_ends.size() == 1) {
    outline.kind = twin::GeometryKind::polygon;
    outline.polygon_ends.clear();
  }
  return outline;
}

}  // namespace cityloom::space
