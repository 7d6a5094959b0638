// GEOS's C interface: stable across versions, and no exceptions.
#include "space/tiles/triangulate.hpp"

#include <geos_c.h>

#include <cmath>

namespace cityloom::space {
namespace {

constexpr double grid_m = 1e-6;

// A geometry of GEOS that is destroyed with its scope.
class Owned {
 public:
  Owned(GEOSContextHandle_t context, GEOSGeometry* geometry) : context_(context), geometry_(geometry) {}
  Owned(Owned&& other) noexcept : context_(other.context_), geometry_(other.release()) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Owned& operator=(Owned&&) = delete;
  ~Owned() {
    if (geometry_ != nullptr) GEOSGeom_destroy_r(context_, geometry_);
  }
  GEOSGeometry* get() const { return geometry_; }
  GEOSGeometry* release() { return std::exchange(geometry_, nullptr); }
  explicit operator bool() const { return geometry_ != nullptr; }

 private:
  GEOSContextHandle_t context_;
  GEOSGeometry* geometry_;
};

Owned ring_of(GEOSContextHandle_t context, const PlaneRing& ring) {
  GEOSCoordSequence* points = GEOSCoordSeq_create_r(context, static_cast<unsigned>(ring.size()), 2);
  for (unsigned i = 0; i < ring.size(); ++i) GEOSCoordSeq_setXY_r(context, points, i, ring[i].x, ring[i].y);
  return {context, GEOSGeom_createLinearRing_r(context, points)};
}

Owned polygon_of(GEOSContextHandle_t context, const std::vector<PlaneRing>& rings) {
  std::vector<GEOSGeometry*> holes;
  bool all_made = true;
  for (size_t i = 1; i < rings.size(); ++i) {
    Owned hole = ring_of(context, rings[i]);
    all_made = all_made && hole;
    if (hole) holes.push_back(hole.release());
  }
  Owned shell = ring_of(context, rings.front());
  if (!shell || !all_made) {
    for (GEOSGeometry* hole : holes) GEOSGeom_destroy_r(context, hole);
    return {context, nullptr};
  }
  return {context,
          GEOSGeom_createPolygon_r(context, shell.release(), holes.data(), static_cast<unsigned>(holes.size()))};
}

using Triangles = std::vector<std::array<PlanePoint, 3>>;

// The triangles of a geometry, and what they cover.
double read_triangles(GEOSContextHandle_t context, const GEOSGeometry* collection, Triangles& to) {
  double double_area = 0;
  const int count = GEOSGetNumGeometries_r(context, collection);
  for (int i = 0; i < count; ++i) {
    const GEOSGeometry* ring = GEOSGetExteriorRing_r(context, GEOSGetGeometryN_r(context, collection, i));
    const GEOSCoordSequence* points = ring == nullptr ? nullptr : GEOSGeom_getCoordSeq_r(context, ring);
    if (points == nullptr) continue;
    std::array<PlanePoint, 3> triangle;
    for (unsigned corner = 0; corner < 3; ++corner) {
      GEOSCoordSeq_getXY_r(context, points, corner, &triangle[corner].x, &triangle[corner].y);
    }
    const double area = (triangle[1].x - triangle[0].x) * (triangle[2].y - triangle[0].y) -
                        (triangle[2].x - triangle[0].x) * (triangle[1].y - triangle[0].y);
    if (area < 0) std::swap(triangle[1], triangle[2]);
    if (area != 0) to.push_back(triangle);
    double_area += std::abs(area);
  }
  return double_area;
}

}  // namespace

struct Triangulator::Context {
  GEOSContextHandle_t handle = GEOS_init_r();
  ~Context() { GEOS_finish_r(handle); }
};

Triangulator::Triangulator() : context_(std::make_unique<Context>()) {}
Triangulator::~Triangulator() = default;

double signed_double_area(const PlaneRing& ring) {
  double sum = 0;
  for (size_t i = 1; i + 1 < ring.size(); ++i) {
    sum +=
        (ring[i].x - ring[0].x) * (ring[i + 1].y - ring[0].y) - (ring[i + 1].x - ring[0].x) * (ring[i].y - ring[0].y);
  }
  return sum;
}

base::Result<Triangles> Triangulator::triangulate(const std::vector<PlaneRing>& polygon) {
  GEOSContextHandle_t context = context_->handle;
  if (polygon.empty() || polygon.front().size() < 4)
    return base::fail(base::Code::invalid, "a polygon needs three corners");
  double double_area = std::abs(signed_double_area(polygon.front()));
  for (size_t i = 1; i < polygon.size(); ++i) double_area -= std::abs(signed_double_area(polygon[i]));
  const Owned shape = polygon_of(context, polygon);
  if (!shape) return base::fail(base::Code::invalid, "the rings form no polygon");
  Triangles triangles;
  const Owned plain(context, GEOSConstrainedDelaunayTriangulation_r(context, shape.get()));
  // GEOS may miss a part where rings touch: the covered area tells.
  if (plain && std::abs(read_triangles(context, plain.get(), triangles) - double_area) <= 1e-6 * double_area)
    return triangles;
  // A hole that touches an edge between its corners makes GEOS give up: on a grid of
  // micrometres the edge gets a corner there.
  triangles.clear();
  const Owned valid(context, GEOSMakeValid_r(context, shape.get()));
  const Owned noded(context, valid ? GEOSGeom_setPrecision_r(context, valid.get(), grid_m, 0) : nullptr);
  if (noded) {
    const Owned repaired(context, GEOSConstrainedDelaunayTriangulation_r(context, noded.get()));
    if (repaired) read_triangles(context, repaired.get(), triangles);
  }
  if (triangles.empty()) return base::fail(base::Code::invalid, "the polygon encloses no area");
  return triangles;
}

}  // namespace cityloom::space
