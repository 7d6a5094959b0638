// GeoJSON, a ring or a line at a time, onto cells.
#include "model/grid/features_on_grid.hpp"

#include <ogr_srs_api.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "model/json_file.hpp"

namespace cityloom::model {
namespace {

using base::Code;
using base::fail;
using base::Result;

using Point = std::pair<double, double>;  // in cells from the grid's south-west corner
using Ring = std::vector<Point>;

struct DestroySystem {
  void operator()(void* system) const { OSRDestroySpatialReference(system); }
};
struct DestroyWay {
  void operator()(void* way) const { OCTDestroyCoordinateTransformation(way); }
};

/// From degrees to cells.
class Places {
 public:
  static Result<Places> of(const GridFile& grid) {
    Places places(grid);
    if (grid.in_degrees || grid.system.empty()) return places;
    const std::unique_ptr<void, DestroySystem> from(OSRNewSpatialReference(nullptr)),
        to(OSRNewSpatialReference(grid.system.c_str()));
    OSRImportFromEPSG(from.get(), 4326);
    OSRSetAxisMappingStrategy(from.get(), OAMS_TRADITIONAL_GIS_ORDER);
    OSRSetAxisMappingStrategy(to.get(), OAMS_TRADITIONAL_GIS_ORDER);
    places.way_.reset(OCTNewCoordinateTransformation(from.get(), to.get()));
    if (!places.way_)
      return fail(Code::invalid, "the terrain's coordinate system cannot be reached from degrees", "terrain",
                  "let gdalwarp lay it in a known one");
    return places;
  }

  std::optional<Point> cell_of(const Json& position) const {
    if (!position.is_array() || position.size() < 2 || !position[0].is_number() || !position[1].is_number())
      return std::nullopt;
    double x = position[0].get<double>(), y = position[1].get<double>();
    if (way_ && OCTTransform(way_.get(), 1, &x, &y, nullptr) == 0) return std::nullopt;
    const Point cell{(x - grid_.west) / grid_.cell_x, (y - grid_.south) / grid_.cell_y};
    return std::isfinite(cell.first) && std::isfinite(cell.second) ? std::optional(cell) : std::nullopt;
  }

 private:
  explicit Places(const GridFile& grid) : grid_(grid) {}
  const GridFile& grid_;
  std::unique_ptr<void, DestroyWay> way_;
};

std::string type_of(const Json& geometry) {
  const auto type = geometry.is_object() ? geometry.find("type") : geometry.end();
  return type != geometry.end() && type->is_string() ? type->get<std::string>() : std::string();
}

/// Takes the rings and lines of a geometry apart.
class Shape {
 public:
  Shape(const Places& places, const GridFile& grid) : places_(places), grid_(grid) {}

  /// False: it is no geometry that can be read.
  bool take(const Json& geometry) {
    const std::string type = type_of(geometry);
    if (type.empty()) return false;
    if (type == "GeometryCollection") {
      if (!geometry.contains("geometries") || !geometry.at("geometries").is_array()) return false;
      return std::ranges::all_of(geometry.at("geometries"),
                                 [&](const Json& each) { return type_of(each) != "GeometryCollection" && take(each); });
    }
    if (!geometry.contains("coordinates")) return false;
    const Json& coordinates = geometry.at("coordinates");
    if (type == "Point") return take_line(Json::array({coordinates}), lines_);
    if (type == "LineString" || type == "MultiPoint") return take_line(coordinates, lines_);
    if (type == "MultiLineString") return each_of(coordinates, lines_);
    if (type == "Polygon") return each_of(coordinates, rings_);
    if (type != "MultiPolygon" || !coordinates.is_array()) return false;
    return std::ranges::all_of(coordinates, [&](const Json& polygon) { return each_of(polygon, rings_); });
  }

  bool is_area() const { return !rings_.empty(); }

  std::vector<uint32_t> cells() const {
    std::set<uint32_t> found;
    fill(found);
    for (const Ring& line : lines_) follow(line, found);
    // Smaller than a cell: the one that it lies in.
    if (found.empty() && is_area() && !rings_.front().empty()) add(rings_.front().front(), found);
    return {found.begin(), found.end()};
  }

 private:
  bool take_line(const Json& coordinates, std::vector<Ring>& to) {
    if (!coordinates.is_array()) return false;
    Ring line;
    for (const Json& position : coordinates) {
      const auto cell = places_.cell_of(position);
      if (!cell) return false;
      line.push_back(*cell);
    }
    to.push_back(std::move(line));
    return true;
  }

  bool each_of(const Json& all, std::vector<Ring>& to) {
    return all.is_array() && std::ranges::all_of(all, [&](const Json& one) { return take_line(one, to); });
  }

  void add(const Point& at, std::set<uint32_t>& found) const {
    const double column = std::floor(at.first), row = std::floor(at.second);
    if (!(column >= 0 && row >= 0 && column < static_cast<double>(grid_.columns) &&
          row < static_cast<double>(grid_.rows)))
      return;
    found.insert(static_cast<uint32_t>(row) * static_cast<uint32_t>(grid_.columns) + static_cast<uint32_t>(column));
  }

  /// Rows by the even-odd rule over all rings, at the middles of cells.
  void fill(std::set<uint32_t>& found) const {
    double lowest = static_cast<double>(grid_.rows), highest = 0;
    for (const Ring& ring : rings_) {
      for (const auto& [x, y] : ring) {
        lowest = std::min(lowest, y);
        highest = std::max(highest, y);
      }
    }
    const double last = std::min(highest, static_cast<double>(grid_.rows));
    for (double row = std::max(0.0, std::floor(lowest)); row < last; ++row) {
      std::vector<double> crossings = crossings_at(row + 0.5);
      for (size_t i = 0; i + 1 < crossings.size(); i += 2) {
        const double end = std::min(crossings[i + 1], static_cast<double>(grid_.columns));
        for (double column = std::max(0.0, std::ceil(crossings[i] - 0.5)); column + 0.5 < end; ++column)
          add({column, row}, found);
      }
    }
  }

  std::vector<double> crossings_at(double y) const {
    std::vector<double> crossings;
    for (const Ring& ring : rings_) {
      for (size_t i = 0; i < ring.size(); ++i) {
        const auto& [x1, y1] = ring[i];
        const auto& [x2, y2] = ring[(i + 1) % ring.size()];
        if ((y1 <= y) != (y2 <= y)) crossings.push_back(x1 + (x2 - x1) * (y - y1) / (y2 - y1));
      }
    }
    std::ranges::sort(crossings);
    return crossings;
  }

  /// Half a cell at a time, within the grid and a little around it.
  void follow(const Ring& line, std::set<uint32_t>& found) const {
    if (line.size() == 1) add(line.front(), found);
    for (size_t i = 0; i + 1 < line.size(); ++i) {
      const auto& [x1, y1] = line[i];
      const auto& [x2, y2] = line[i + 1];
      const double length = std::hypot(x2 - x1, y2 - y1);
      const double reach = static_cast<double>(grid_.columns + grid_.rows) * 4;
      if (!(length < reach)) continue;  // it does not lie here
      const auto steps = static_cast<size_t>(std::ceil(length * 2)) + 1;
      for (size_t step = 0; step <= steps; ++step) {
        const double part = static_cast<double>(step) / static_cast<double>(steps);
        add({x1 + (x2 - x1) * part, y1 + (y2 - y1) * part}, found);
      }
    }
  }

  const Places& places_;
  const GridFile& grid_;
  std::vector<Ring> rings_, lines_;
};

std::string id_of(const Json& feature) {
  const auto id = feature.find("id");
  if (id == feature.end()) return {};
  return id->is_string() ? id->get<std::string>() : id->dump();
}

}  // namespace

Result<FeaturesOnGrid> features_on_grid(const std::string& path, const GridFile& grid) {
  const auto json = read_json(path);
  if (!json) return json.error();
  const auto wrong = [&](const std::string& why) {
    return fail(Code::invalid, why, path, "give a GeoJSON FeatureCollection in degrees");
  };
  if (!json->is_object() || !json->contains("features") || !json->at("features").is_array())
    return wrong("it has no features");
  if (json->at("features").size() > features_max) return fail(Code::too_large, "over 2,000,000 features", path);
  const auto places = Places::of(grid);
  if (!places) return places.error();
  FeaturesOnGrid all;
  for (const Json& feature : json->at("features")) {
    if (!feature.is_object() || !feature.contains("geometry")) return wrong("a feature has no geometry");
    FeaturesOnGrid::Feature made;
    made.id = id_of(feature);
    made.properties = feature.value("properties", Json::object());
    if (!made.properties.is_object()) made.properties = Json::object();
    if (!feature.at("geometry").is_null()) {
      Shape shape(*places, grid);
      if (!shape.take(feature.at("geometry")))
        return wrong("the geometry of \"" + made.id.substr(0, 80) + "\" cannot be read");
      made.is_area = shape.is_area();
      made.cells = shape.cells();
    }
    all.features.push_back(std::move(made));
  }
  return all;
}

double height_m_of(const Json& properties, double otherwise_m) {
  constexpr double highest_m = 1'000, level_m = 3;
  const auto number = [&](const char* name) {
    const auto found = properties.find(name);
    return found != properties.end() && found->is_number() ? found->get<double>() : std::nan("");
  };
  for (const auto& [name, scale] :
       {std::pair("height", 1.0), std::pair("levels", level_m), std::pair("floors", level_m)}) {
    const double height_m = number(name) * scale;
    if (height_m > 0) return std::min(height_m, highest_m);
  }
  return otherwise_m;
}

}  // namespace cityloom::model
