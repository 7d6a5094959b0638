// nlohmann reads the JSON without recursion; only its depth is bounded here.
#include "model/sun/buildings.hpp"

#include <cpl_error.h>
#include <fmt/format.h>
#include <ogr_srs_api.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;
using Json = nlohmann::json;

constexpr int depth_max = 32;
constexpr uintmax_t file_bytes_max = uintmax_t{512} << 20;
constexpr double storey_m = 3;
constexpr double endless = std::numeric_limits<double>::infinity();

std::optional<double> number_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (unit.empty() || unit == "m" || unit == " m") return number;
  return std::nullopt;
}

// 0 where nothing is said.
base::Result<double> height_of(const Json& properties, const std::string& where) {
  if (!properties.is_object()) return 0.0;
  const auto bounded = [&](double height, const char* name) -> base::Result<double> {
    if (height >= 0 && height <= building_height_m_max) return height;
    return fail(Code::invalid, fmt::format("a height of {} m is not within 0 to {}", height, building_height_m_max),
                where + "." + name);
  };
  for (const char* name : {"height", "height_m", "measuredHeight"}) {
    const auto found = properties.find(name);
    if (found == properties.end()) continue;
    if (const auto height = number_of(*found)) return bounded(*height, name);
  }
  for (const char* name : {"building:levels", "levels", "floors", "storeys"}) {
    const auto found = properties.find(name);
    if (found == properties.end()) continue;
    if (const auto levels = number_of(*found)) return bounded(*levels * storey_m, name);
  }
  return 0.0;
}

class Reader {
 public:
  base::Result<Buildings> read(const Json& root) {
    if (!root.is_object()) return fail(Code::invalid, "it is no GeoJSON: not an object");
    if (auto status = read_system(root); !status) return status.error();
    const std::string type = root.value("type", Json("")).is_string() ? root.value("type", "") : "";
    if (type == "FeatureCollection") {
      const auto features = root.find("features");
      if (features == root.end() || !features->is_array())
        return fail(Code::invalid, "a collection without features", "features");
      for (const Json& feature : *features) {
        if (auto status = read_feature(feature); !status) return status.error();
      }
    } else if (type == "Feature") {
      if (auto status = read_feature(root); !status) return status.error();
    } else {
      const Json feature = {{"type", "Feature"}, {"properties", Json::object()}, {"geometry", root}};
      if (auto status = read_feature(feature); !status) return status.error();
    }
    return std::move(found_);
  }

 private:
  base::Status read_system(const Json& root) {
    const auto crs = root.find("crs");
    if (crs == root.end() || !crs->is_object()) return {};
    const auto properties = crs->find("properties");
    if (properties == crs->end() || !properties->is_object()) return {};
    const auto name = properties->find("name");
    if (name == properties->end() || !name->is_string()) return {};
    found_.system = name->get<std::string>();
    return {};
  }

  base::Status read_feature(const Json& feature) {
    const std::string where = fmt::format("features[{}]", number_++);
    if (!feature.is_object()) return fail(Code::invalid, "a feature that is no object", where);
    const auto geometry = feature.find("geometry");
    if (geometry == feature.end() || !geometry->is_object()) return {};
    const auto type = geometry->find("type"), coordinates = geometry->find("coordinates");
    if (type == geometry->end() || !type->is_string()) return {};
    const bool is_multi = *type == "MultiPolygon";
    if (!is_multi && *type != "Polygon") return {};
    if (coordinates == geometry->end() || !coordinates->is_array())
      return fail(Code::invalid, "a polygon without coordinates", where);
    const auto properties = feature.find("properties");
    const Json none;
    const Json& said = properties == feature.end() ? none : *properties;
    Building building;
    building.name = name_of(feature, said);
    const auto height = height_of(said, where + ".properties");
    if (!height) return height.error();
    building.height_m = *height;
    if (is_multi) {
      for (const Json& polygon : *coordinates) {
        if (auto status = read_polygon(polygon, where, building); !status) return status;
      }
    } else if (auto status = read_polygon(*coordinates, where, building); !status) {
      return status;
    }
    if (building.rings.empty()) return {};
    if (found_.all.size() == buildings_max)
      return fail(Code::too_large, fmt::format("more than {} buildings", buildings_max), where, "cut the file");
    found_.without_height += building.height_m > 0 ? 0 : 1;
    found_.all.push_back(std::move(building));
    return {};
  }

  std::string name_of(const Json& feature, const Json& properties) const {
    const auto text = [](const Json& value) {
      return value.is_string() ? value.get<std::string>().substr(0, 200) : value.dump();
    };
    if (const auto id = feature.find("id"); id != feature.end() && id->is_primitive() && !id->is_null())
      return text(*id);
    if (properties.is_object()) {
      for (const char* name : {"id", "name"}) {
        const auto found = properties.find(name);
        if (found != properties.end() && found->is_primitive() && !found->is_null()) return text(*found);
      }
    }
    return std::to_string(number_ - 1);
  }

  base::Status read_polygon(const Json& polygon, const std::string& where, Building& building) {
    size_t building_corners = 0;
    for (const Ring& ring : building.rings) building_corners += ring.size();
    if (!polygon.is_array()) return fail(Code::invalid, "a polygon that is no array of rings", where);
    for (const Json& line : polygon) {
      if (!line.is_array()) return fail(Code::invalid, "a ring that is no array of positions", where);
      Ring ring;
      for (const Json& position : line) {
        if (!position.is_array() || position.size() < 2 || !position[0].is_number() || !position[1].is_number())
          return fail(Code::invalid, "a position that is no two numbers", where);
        const Corner corner{position[0].get<double>(), position[1].get<double>()};
        if (!(std::abs(corner.x) < 1e9 && std::abs(corner.y) < 1e9))
          return fail(Code::invalid, "a position beyond all coordinates", where);
        ring.push_back(corner);
      }
      if (ring.size() > 1 && ring.front().x == ring.back().x && ring.front().y == ring.back().y) ring.pop_back();
      if (ring.size() < 3) continue;
      if ((corners_ += ring.size()) > corners_max)
        return fail(Code::too_large, fmt::format("more than {} corners", corners_max), where, "cut the file");
      building_corners += ring.size();
      building.rings.push_back(std::move(ring));
      if (building.rings.size() > rings_of_one_max || building_corners > corners_of_one_max)
        return fail(
            Code::too_large,
            fmt::format("one building has more than {} rings or {} corners", rings_of_one_max, corners_of_one_max),
            where, "cut it");
    }
    return {};
  }

  Buildings found_;
  size_t number_ = 0, corners_ = 0;
};

struct FreeReference {
  void operator()(void* reference) const { OSRDestroySpatialReference(reference); }
};
struct FreeWay {
  void operator()(void* way) const { OCTDestroyCoordinateTransformation(way); }
};

bool are_degrees(const std::vector<Building>& buildings) {
  return std::ranges::all_of(buildings, [](const Building& building) {
    return std::ranges::all_of(building.rings, [](const Ring& ring) {
      return std::ranges::all_of(ring, [](const Corner& at) { return std::abs(at.x) <= 360 && std::abs(at.y) <= 90; });
    });
  });
}

}  // namespace

base::Result<Buildings> read_buildings(std::string_view geojson) {
  bool is_deep = false;
  const Json root = Json::parse(
      geojson,
      [&](int depth, Json::parse_event_t, Json&) {
        is_deep |= depth > depth_max;
        return depth <= depth_max;
      },
      false);
  if (root.is_discarded()) return fail(Code::invalid, "it is no JSON");
  if (is_deep) return fail(Code::too_large, fmt::format("nested deeper than {}", depth_max));
  return Reader().read(root);
}

base::Result<Buildings> read_buildings_file(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error || !std::filesystem::is_regular_file(path, error))
    return fail(Code::not_found, "there is no such file", path);
  if (size > file_bytes_max) return fail(Code::too_large, "it is larger than 512 MB", path, "cut it");
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto read = read_buildings(text);
  if (!read)
    return fail(read.error().code, read.error().what,
                read.error().where.empty() ? path : path + ", " + read.error().where, read.error().remedy);
  return read;
}

base::Status bring_to_grid(Buildings& buildings, const GridFile& grid) {
  if (grid.system.empty()) return {};
  if (buildings.system.empty() && !are_degrees(buildings.all)) return {};
  // Other names may be addresses or files, which nobody who sends a document may have opened.
  const std::string& name = buildings.system;
  if (!name.empty() && !name.starts_with("urn:ogc:def:crs:") && !name.starts_with("EPSG:") && !name.starts_with("OGC:"))
    return base::fail(base::Code::invalid, "not the name of a coordinate system", name.substr(0, 100),
                      "write EPSG:4326, or leave it out for degrees");
  CPLPushErrorHandler(CPLQuietErrorHandler);
  const std::unique_ptr<void, FreeReference> from(OSRNewSpatialReference(nullptr)),
      to(OSRNewSpatialReference(grid.system.c_str()));
  const std::string system = buildings.system.empty() ? "OGC:CRS84" : buildings.system;
  const bool is_known = OSRSetFromUserInput(from.get(), system.c_str()) == OGRERR_NONE;
  OSRSetAxisMappingStrategy(from.get(), OAMS_TRADITIONAL_GIS_ORDER);
  OSRSetAxisMappingStrategy(to.get(), OAMS_TRADITIONAL_GIS_ORDER);
  const std::unique_ptr<void, FreeWay> way(is_known ? OCTNewCoordinateTransformation(from.get(), to.get()) : nullptr);
  bool is_done = way != nullptr;
  for (Building& building : buildings.all) {
    for (Ring& ring : building.rings) {
      for (Corner& at : ring) is_done = is_done && OCTTransform(way.get(), 1, &at.x, &at.y, nullptr) != 0;
    }
  }
  CPLPopErrorHandler();
  if (is_done) return {};
  return fail(Code::invalid, "no way from the coordinates of the buildings to those of the terrain", system,
              "convert them, e.g. by ogr2ogr");
}

Standing stand(const Building& building, const GridFile& terrain) {
  Standing found;
  double south = endless, north = -endless;
  for (const Ring& ring : building.rings) {
    for (const Corner& at : ring) south = std::min(south, at.y), north = std::max(north, at.y);
  }
  const double rows = static_cast<double>(terrain.rows), columns = static_cast<double>(terrain.columns);
  const double first = std::clamp(std::ceil((south - terrain.south) / terrain.cell_y - 0.5), 0.0, rows);
  const double last = std::clamp(std::ceil((north - terrain.south) / terrain.cell_y - 0.5), 0.0, rows);
  found.ground_m = endless;
  std::vector<double> crossings;
  for (auto row = static_cast<size_t>(first); row < static_cast<size_t>(last); ++row) {
    const double y = terrain.south + (static_cast<double>(row) + 0.5) * terrain.cell_y;
    crossings.clear();
    for (const Ring& ring : building.rings) {
      for (size_t i = 0; i < ring.size(); ++i) {
        const Corner &a = ring[i], &b = ring[(i + 1) % ring.size()];
        if ((a.y <= y) != (b.y <= y)) crossings.push_back(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
      }
    }
    std::ranges::sort(crossings);
    for (size_t i = 0; i + 1 < crossings.size(); i += 2) {
      const auto column_of = [&](double x) {
        return static_cast<size_t>(std::clamp(std::ceil((x - terrain.west) / terrain.cell_x - 0.5), 0.0, columns));
      };
      for (size_t column = column_of(crossings[i]); column < column_of(crossings[i + 1]); ++column) {
        const double height = terrain.values[row * terrain.columns + column];
        if (std::isnan(height)) continue;
        found.cells.push_back(row * terrain.columns + column);
        found.ground_m = std::min(found.ground_m, height);
      }
    }
  }
  return found;
}

base::Result<size_t> raise(GridFile& terrain, const std::vector<Building>& buildings) {
  // Buildings stand on the ground, not on each other.
  const GridFile ground = terrain;
  size_t standing = 0, covered = 0;
  for (const Building& building : buildings) {
    if (!(building.height_m > 0)) continue;
    const Standing found = stand(building, ground);
    standing += found.cells.empty() ? 0 : 1;
    if ((covered += found.cells.size()) > covered_cells_max)
      return fail(Code::too_complex, "buildings lie over each other again and again", building.name,
                  "see to their coordinates");
    for (const size_t cell : found.cells)
      terrain.values[cell] = std::max(terrain.values[cell], found.ground_m + building.height_m);
  }
  return standing;
}

}  // namespace cityloom::model::sun
