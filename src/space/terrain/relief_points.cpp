// GEOS joins some 100,000 points at a time: those of one cell of the plane and of a margin around it. A triangle
// belongs to the cell that its middle lies in, so that cells meet without gaps and draw nothing twice.
#include "space/terrain/relief_points.hpp"

#include <geos_c.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr double degree_m = earth_semi_major_m * radians_per_degree;
constexpr double line_step_m = 2;
constexpr size_t line_parts_max = 1'000;  // between two corners
constexpr size_t points_at_once = 100'000;
constexpr double margin_in_spacings = 20;
constexpr double infinity = std::numeric_limits<double>::infinity();

double east_degree_m(const twin::Position& origin) {
  return degree_m * std::max(0.02, std::cos(origin.latitude_deg * radians_per_degree));
}

struct Cell {
  double west = -infinity, south = -infinity, east = infinity, north = infinity;
  bool holds(double x, double y) const { return x >= west && x < east && y >= south && y < north; }
  bool holds(const Vector& point, double margin_m) const {
    return point.x >= west - margin_m && point.x < east + margin_m && point.y >= south - margin_m &&
           point.y < north + margin_m;
  }
};

class Joiner {
 public:
  Joiner(std::vector<Vector>& points, const twin::Position& origin, TinRaster& raster,
         const std::function<bool()>& is_cancelled)
      : points_(points), origin_(origin), raster_(raster), is_cancelled_(is_cancelled), geos_(GEOS_init_r()) {}
  ~Joiner() { GEOS_finish_r(geos_); }
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;

  // Halves the points of a cell until they are few enough.
  Status split(size_t begin, size_t end, const Cell& cell) {
    if (is_cancelled_()) return fail(Code::cancelled, "The import was stopped");
    const auto first = points_.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = points_.begin() + static_cast<std::ptrdiff_t>(end);
    const auto [west, east] = std::minmax_element(first, last, [](auto& a, auto& b) { return a.x < b.x; });
    const auto [south, north] = std::minmax_element(first, last, [](auto& a, auto& b) { return a.y < b.y; });
    const double width_m = east->x - west->x, length_m = north->y - south->y;
    if (end - begin <= points_at_once) {
      return join(cell, margin_in_spacings * std::sqrt(width_m * length_m / static_cast<double>(end - begin)));
    }
    const size_t middle = begin + (end - begin) / 2;
    const auto at = points_.begin() + static_cast<std::ptrdiff_t>(middle);
    Cell low = cell, high = cell;
    if (width_m > length_m) {
      std::nth_element(first, at, last, [](auto& a, auto& b) { return a.x < b.x; });
      low.east = high.west = at->x;
    } else {
      std::nth_element(first, at, last, [](auto& a, auto& b) { return a.y < b.y; });
      low.north = high.south = at->y;
    }
    if (auto status = split(begin, middle, low); !status) return status;
    return split(middle, end, high);
  }

 private:
  struct Destroy {
    GEOSContextHandle_t geos;
    void operator()(GEOSGeometry* geometry) const { GEOSGeom_destroy_r(geos, geometry); }
  };
  using Geometry = std::unique_ptr<GEOSGeometry, Destroy>;

  std::vector<Vector> around(const Cell& cell, double margin_m) const {
    std::vector<Vector> found;
    // A crowd beside a lonely cell gives it a narrower margin, not more memory.
    for (;; margin_m = margin_m < 1 ? 0 : margin_m / 4) {
      found.clear();
      for (const Vector& point : points_) {
        if (cell.holds(point, margin_m)) found.push_back(point);
        if (found.size() > 3 * points_at_once && margin_m > 0) break;
      }
      if (found.size() <= 3 * points_at_once || margin_m == 0) return found;
    }
  }

  Status join(const Cell& cell, double margin_m) {
    const std::vector<Vector> points = around(cell, margin_m);
    if (points.size() < 3) return {};
    GEOSCoordSequence* sequence = GEOSCoordSeq_create_r(geos_, static_cast<unsigned>(points.size()), 3);
    for (unsigned i = 0; i < points.size(); ++i) {
      GEOSCoordSeq_setXYZ_r(geos_, sequence, i, points[i].x, points[i].y, points[i].z);
    }
    const Geometry all(GEOSGeom_createLineString_r(geos_, sequence), {geos_});
    const Geometry joined(all ? GEOSDelaunayTriangulation_r(geos_, all.get(), 0, 0) : nullptr, {geos_});
    const int count = joined ? GEOSGetNumGeometries_r(geos_, joined.get()) : 0;
    for (int i = 0; i < count; ++i) {
      const GEOSGeometry* one = GEOSGetGeometryN_r(geos_, joined.get(), i);
      if (one == nullptr || GEOSGeomTypeId_r(geos_, one) != GEOS_POLYGON || GEOSisEmpty_r(geos_, one) == 1) continue;
      if (auto status = take(one, cell); !status) return status;
    }
    return {};
  }

  Status take(const GEOSGeometry* triangle, const Cell& cell) {
    const GEOSCoordSequence* corners = GEOSGeom_getCoordSeq_r(geos_, GEOSGetExteriorRing_r(geos_, triangle));
    std::array<Vector, 3> at;
    for (unsigned i = 0; i < 3; ++i) GEOSCoordSeq_getXYZ_r(geos_, corners, i, &at[i].x, &at[i].y, &at[i].z);
    if (!cell.holds((at[0].x + at[1].x + at[2].x) / 3, (at[0].y + at[1].y + at[2].y) / 3)) return {};
    std::array<twin::Position, 3> places;
    for (size_t i = 0; i < 3; ++i) {
      places[i] = {origin_.longitude_deg + at[i].x / east_degree_m(origin_), origin_.latitude_deg + at[i].y / degree_m,
                   at[i].z};
    }
    return raster_.add(places);
  }

  std::vector<Vector>& points_;
  const twin::Position& origin_;
  TinRaster& raster_;
  const std::function<bool()>& is_cancelled_;
  GEOSContextHandle_t geos_;
};

}  // namespace

Status ReliefPoints::add(const twin::Position& point) {
  if (points_.size() >= relief_points_max) {
    return fail(Code::too_large, "the relief has more than 5 million points: cut the file into pieces");
  }
  if (points_.empty()) origin_ = point;
  points_.push_back({(point.longitude_deg - origin_.longitude_deg) * east_degree_m(origin_),
                     (point.latitude_deg - origin_.latitude_deg) * degree_m, point.height_m});
  return {};
}

Status ReliefPoints::add_line(const std::vector<twin::Position>& line) {
  for (size_t i = 0; i < line.size(); ++i) {
    if (auto status = add(line[i]); !status || i + 1 == line.size()) return status;
    const twin::Position &from = line[i], &to = line[i + 1];
    const double wanted = std::ceil(distance_m(from, to) / line_step_m);
    const auto parts = wanted < line_parts_max ? static_cast<size_t>(std::max(1.0, wanted)) : line_parts_max;
    for (size_t part = 1; part < parts; ++part) {
      const double share = static_cast<double>(part) / static_cast<double>(parts);
      if (auto status = add({from.longitude_deg + (to.longitude_deg - from.longitude_deg) * share,
                             from.latitude_deg + (to.latitude_deg - from.latitude_deg) * share,
                             from.height_m + (to.height_m - from.height_m) * share});
          !status) {
        return status;
      }
    }
  }
  return {};
}

Status ReliefPoints::draw(TinRaster& raster, const std::function<bool()>& is_cancelled) {
  if (points_.size() < 3) return {};
  return Joiner(points_, origin_, raster, is_cancelled).split(0, points_.size(), {});
}

}  // namespace cityloom::space
