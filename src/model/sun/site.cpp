// GDAL's spatial references (PROJ) know the way from a grid to the globe.
#include "model/sun/site.hpp"

#include <cpl_error.h>
#include <fmt/format.h>
#include <ogr_srs_api.h>

#include <cmath>
#include <memory>

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;

constexpr double degree = M_PI / 180;

struct FreeReference {
  void operator()(void* reference) const { OSRDestroySpatialReference(reference); }
};
struct FreeWay {
  void operator()(void* way) const { OCTDestroyCoordinateTransformation(way); }
};
using Reference = std::unique_ptr<void, FreeReference>;

// From a grid's coordinates to longitude and latitude.
class Way {
 public:
  explicit Way(const std::string& system) {
    CPLPushErrorHandler(CPLQuietErrorHandler);
    const Reference from(OSRNewSpatialReference(system.c_str())), to(OSRNewSpatialReference(nullptr));
    OSRImportFromEPSG(to.get(), 4326);
    OSRSetAxisMappingStrategy(from.get(), OAMS_TRADITIONAL_GIS_ORDER);
    OSRSetAxisMappingStrategy(to.get(), OAMS_TRADITIONAL_GIS_ORDER);
    way_.reset(OCTNewCoordinateTransformation(from.get(), to.get()));
    CPLPopErrorHandler();
  }

  std::optional<Place> place(double x, double y) const {
    if (!way_) return std::nullopt;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    const bool done = OCTTransform(way_.get(), 1, &x, &y, nullptr) != 0;
    CPLPopErrorHandler();
    if (!done || !std::isfinite(x) || !std::isfinite(y) || std::abs(y) > 90) return std::nullopt;
    return Place{y, x};
  }

 private:
  std::unique_ptr<void, FreeWay> way_;
};

// Metres to the east and to the north, on the ellipsoid of WGS 84 near a place.
std::pair<double, double> metres_between(const Place& from, const Place& to) {
  constexpr double a = 6'378'137, e2 = 0.00669437999014;
  const double latitude = (from.latitude_deg + to.latitude_deg) / 2 * degree, sine = std::sin(latitude);
  const double w = 1 - e2 * sine * sine;
  return {std::remainder(to.longitude_deg - from.longitude_deg, 360) * degree * a / std::sqrt(w) * std::cos(latitude),
          (to.latitude_deg - from.latitude_deg) * degree * a * (1 - e2) / (w * std::sqrt(w))};
}

bool looks_like_degrees(const GridFile& grid) {
  const double east = grid.west + grid.cell_x * static_cast<double>(grid.columns);
  const double north = grid.south + grid.cell_y * static_cast<double>(grid.rows);
  return grid.cell_x < 0.02 && grid.cell_y < 0.02 && grid.west >= -180 && east <= 360 && grid.south >= -90 &&
         north <= 90;
}

void stretch(Site& site, const GridFile& grid) {
  constexpr double degree_m = 6'371'008.8 * degree;
  site.cell_y_m = grid.cell_y * degree_m;
  site.cell_x_m = grid.cell_x * degree_m * std::cos(site.latitude_deg * degree);
}

// What the coordinate system says of the grid's middle.
bool locate(const GridFile& grid, Site& site) {
  const double x = grid.west + grid.cell_x * static_cast<double>(grid.columns) / 2;
  const double y = grid.south + grid.cell_y * static_cast<double>(grid.rows) / 2;
  const Way way(grid.system);
  const auto middle = way.place(x, y);
  if (!middle) return false;
  site.latitude_deg = middle->latitude_deg;
  site.longitude_deg = std::remainder(middle->longitude_deg, 360);
  if (grid.in_degrees) return true;
  const auto east = way.place(x + grid.cell_x, y), north = way.place(x, y + grid.cell_y);
  if (!east || !north) return true;
  const auto [east_x, east_y] = metres_between(*middle, *east);
  const auto [north_x, north_y] = metres_between(*middle, *north);
  site.north_deg = std::atan2(north_x, north_y) / degree;
  // Mercator's metres are not those of the ground. What is off by less than a hundredth stays as the file has it.
  const double true_x = std::hypot(east_x, east_y), true_y = std::hypot(north_x, north_y);
  if (std::abs(true_x / site.cell_x_m - 1) > 0.01) site.cell_x_m = true_x;
  if (std::abs(true_y / site.cell_y_m - 1) > 0.01) site.cell_y_m = true_y;
  return true;
}

}  // namespace

base::Result<Site> site_of(const GridFile& grid, const std::optional<Place>& told) {
  Site site{0, 0, 0, grid.cell_x_m, grid.cell_y_m, {}};
  bool is_known = !grid.system.empty() && locate(grid, site);
  if (told) {
    if (!(std::abs(told->latitude_deg) <= 90 && std::abs(told->longitude_deg) <= 360))
      return fail(Code::invalid, "latitude is not within -90 to 90, or longitude not within -360 to 360", "place");
    site.latitude_deg = told->latitude_deg;
    site.longitude_deg = std::remainder(told->longitude_deg, 360);
    if (grid.system.empty() && looks_like_degrees(grid)) stretch(site, grid);
    return site;
  }
  if (!is_known && grid.system.empty() && looks_like_degrees(grid)) {
    site.latitude_deg = grid.south + grid.cell_y * static_cast<double>(grid.rows) / 2;
    site.longitude_deg = std::remainder(grid.west + grid.cell_x * static_cast<double>(grid.columns) / 2, 360);
    stretch(site, grid);
    site.note = "the terrain names no coordinate system: its numbers are taken as degrees of WGS 84";
    is_known = true;
  }
  if (!is_known)
    return fail(Code::invalid,
                grid.system.empty() ? "the terrain names no coordinate system, so that nobody knows where it lies"
                                    : "the terrain's coordinate system has no known way to latitude and longitude",
                "terrain",
                "name its place by --latitude and --longitude, or give it a system (gdal_edit.py, a .prj file)");
  return site;
}

}  // namespace cityloom::model::sun
