// Three ways to the earth: a hand, a map, a site.
#include "space/ifc/ifc_georeference.hpp"

#include <array>
#include <cmath>

#include "space/coordinates.hpp"
#include "space/ifc/ifc_properties.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr double far_m = 10'000;

// How far mean sea level lies above the ellipsoid there; 0 where no grid of it is at hand.
double sea_level_m(double longitude_deg, double latitude_deg, const IfcReader& reader) {
  const auto system = CoordinateSystem::open("EPSG:4326+5773", MissingGrids::approximate);
  const auto position =
      system ? system->to_wgs84({latitude_deg, longitude_deg, 0}) : Result<twin::Position>(system.error());
  if (position && system->missing_grids().empty() && position->has_height()) return position->height_m;
  reader.warn(0, "heights above sea level are taken as above the ellipsoid: no geoid grid is installed");
  return 0;
}

// Degrees of an IfcCompoundPlaneAngleMeasure: degrees, minutes, seconds, millionths of seconds, of one sign.
std::optional<double> degrees_of(const StepValue& list) {
  std::array<double, 4> parts{0, 0, 0, 0};
  size_t count = 0;
  for (const StepValue value : list) {
    if (count < 4 && value.is_number()) parts[count++] = value.number();
  }
  if (count < 3) return {};
  bool is_negative = false;
  for (const double part : parts) is_negative = is_negative || part < 0;
  const double degrees =
      std::abs(parts[0]) + std::abs(parts[1]) / 60 + std::abs(parts[2]) / 3600 + std::abs(parts[3]) / 3.6e9;
  return is_negative ? -degrees : degrees;
}

// A vertical datum's name as PROJ's database knows its system; "" if it is not known.
std::string vertical_code(std::string name) {
  struct Known {
    std::string_view name, code;
  };
  constexpr std::array<Known, 14> table{{{"DHHN2016", "7837"},
                                         {"DHHN92", "5783"},
                                         {"NAP", "5709"},
                                         {"EVRF2007", "5621"},
                                         {"EVRF2019", "9389"},
                                         {"NAVD88", "5703"},
                                         {"EGM2008", "3855"},
                                         {"EGM96", "5773"},
                                         {"NN2000", "5941"},
                                         {"N2000", "3900"},
                                         {"LN02", "5728"},
                                         {"IGN69", "5720"},
                                         {"ODN", "5701"},
                                         {"INCHEON", "5193"}}};
  if (name.starts_with("EPSG:")) return name.substr(5);
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const Known& known : table) {
    if (name.find(known.name) != std::string::npos) return std::string(known.code);
  }
  return {};
}

// What IfcMapConversion and IfcProjectedCRS say, or the property sets that stand for them in IFC 2x3.
struct MapNumbers {
  uint64_t id = 0;
  std::string crs, vertical;
  double east = 0, north = 0, height = 0;
  double x_east = 1, x_north = 0;
  double scale = 1;
  double map_unit_m = 1;
};

std::optional<MapNumbers> stated_conversion(const IfcReader& reader) {
  for (std::string_view type : {"IFCMAPCONVERSION", "IFCMAPCONVERSIONSCALED"}) {
    for (const uint64_t id : reader.file().of_type(type)) {
      const StepInstance conversion = reader.get(id);
      const StepInstance crs = reader.get(conversion[1]);
      if (!crs) continue;
      MapNumbers numbers{id,
                         crs[0].text(),
                         crs[3].text(),
                         conversion[2].number(),
                         conversion[3].number(),
                         conversion[4].number(0),
                         conversion[5].number(1),
                         conversion[6].number(0),
                         conversion[7].number(1),
                         1};
      const StepInstance unit = reader.get(crs[6]);
      if (unit.type == "IFCSIUNIT" && unit[2].enumeration() == "MILLI") numbers.map_unit_m = 1e-3;
      if (unit.type == "IFCCONVERSIONBASEDUNIT") numbers.map_unit_m = reader.get(unit[3])[0].number(1);
      return numbers;
    }
  }
  return {};
}

std::optional<MapNumbers> conversion_in_sets(const IfcReader& reader, const IfcStructure& structure) {
  IfcPropertyReader sets(reader);
  for (const IfcProduct& product : structure.products()) {
    if (product.kind.role != IfcRole::site && product.kind.role != IfcRole::building) continue;
    const IfcProperties properties = sets.read(product);
    const IfcProperty* east = properties.find("Eastings");
    const IfcProperty* north = properties.find("Northings");
    if (east == nullptr || north == nullptr || !east->number || !north->number) continue;
    const auto number = [&](std::string_view name, double otherwise) {
      const IfcProperty* found = properties.find(name);
      return found != nullptr && found->number ? *found->number : otherwise;
    };
    MapNumbers numbers;
    numbers.id = product.id;
    for (const auto& [set, values] : properties.sets) {
      const auto name = values.find(set.ends_with("ProjectedCRS") ? "Name" : "TargetCRS");
      if (name != values.end()) numbers.crs = name->second.text;
      if (const auto vertical = values.find("VerticalDatum"); vertical != values.end())
        numbers.vertical = vertical->second.text;
    }
    numbers.east = *east->number;
    numbers.north = *north->number;
    numbers.height = number("OrthogonalHeight", 0);
    numbers.x_east = number("XAxisAbscissa", 1);
    numbers.x_north = number("XAxisOrdinate", 0);
    numbers.scale = number("Scale", 1);
    return numbers;
  }
  return {};
}

// The turn of true north against the project's y axis, degrees clockwise: the context's direction of true north.
double true_north_deg(const IfcReader& reader) {
  for (const uint64_t id : reader.file().of_type("IFCGEOMETRICREPRESENTATIONCONTEXT")) {
    const StepInstance context = reader.get(id);
    const StepInstance direction = reader.get(context[5]);
    if (direction.type != "IFCDIRECTION") continue;
    const double x = direction[0][0].number(0), y = direction[0][1].number(1);
    if (std::hypot(x, y) < 1e-9) continue;
    // The y axis lies as far to the right of north as north lies to the left of it.
    return -std::atan2(x, y) / radians_per_degree;
  }
  return 0;
}

}  // namespace

struct IfcGeoreference::Map {
  CoordinateSystem system;
  MapNumbers numbers;
  double factor = 1;  // map units a metre of the model
  bool is_north_first = false;
  bool has_vertical = false;
  double sea_level_m = 0;

  RawPosition raw(double east, double north, double height) const {
    return is_north_first ? RawPosition{north, east, height} : RawPosition{east, north, height};
  }
};

void IfcGeoreference::turn(double clockwise_deg) {
  rotation_deg_ = clockwise_deg;
  cos_ = std::cos(clockwise_deg * radians_per_degree);
  sin_ = std::sin(clockwise_deg * radians_per_degree);
}

Result<IfcGeoreference> IfcGeoreference::by_frame(double longitude_deg, double latitude_deg, double height_m) {
  auto origin = twin::Position::make(longitude_deg, latitude_deg, height_m);
  if (!origin) return std::move(origin).error();
  if (std::abs(latitude_deg) > 89.9) return fail(Code::invalid, "a building does not stand on a pole");
  IfcGeoreference made;
  made.frame_.emplace(*origin);
  return made;
}

Result<std::optional<IfcGeoreference>> IfcGeoreference::by_map(IfcReader& reader, const IfcStructure& structure) {
  auto numbers = stated_conversion(reader);
  if (!numbers) numbers = conversion_in_sets(reader, structure);
  if (!numbers) return std::optional<IfcGeoreference>();
  const std::string where = instance_name(numbers->id);
  if (!std::isfinite(numbers->east) || !std::isfinite(numbers->north) ||
      std::hypot(numbers->x_east, numbers->x_north) < 1e-9 || !(numbers->scale > 1e-6 && numbers->scale < 1e6))
    return fail(Code::invalid, "the map conversion's numbers make no sense", where,
                "Place it by the option placement: LON,LAT[,HEIGHT[,ROTATION]]");
  std::string code = vertical_code(numbers->vertical);
  auto system = CoordinateSystem::open(numbers->crs + (code.empty() ? "" : "+" + code), MissingGrids::approximate);
  if (!system && !code.empty()) {
    code.clear();
    system = CoordinateSystem::open(numbers->crs, MissingGrids::approximate);
  }
  if (!system)
    return fail(Code::invalid, "the coordinate system \"" + numbers->crs + "\" is not known: " + system.error().what,
                where, "Place it by the option placement: LON,LAT[,HEIGHT[,ROTATION]]");
  // Without the grid of its sea level, heights count from the sea as the site's do.
  if (!code.empty() && system->lacks_heights()) {
    reader.warn(numbers->id, heights_note(*system, true));
    code.clear();
    system = CoordinateSystem::open(numbers->crs, MissingGrids::approximate);
    if (!system) return system.error();
  }
  for (const std::string& grid : system->missing_grids())
    reader.warn(numbers->id, "positions are less exact: the grid " + grid + " is not installed");
  Map map{std::move(*system), *numbers, 1, false, !code.empty(), 0};
  // Scale turns the project's unit into the map's. Where a writer leaves it out although the units differ, the
  // building would be a thousand times too large.
  map.factor = numbers->scale / reader.units().length_m;
  if (std::abs(map.factor * numbers->map_unit_m - 1) > 0.05) {
    if (numbers->scale != 1) reader.warn(numbers->id, "the map conversion's scale does not fit the units: left out");
    map.factor = 1 / numbers->map_unit_m;
  }
  // Which axis of the system is east: the one along which the longitude grows.
  for (const bool is_north_first : {false, true}) {
    map.is_north_first = is_north_first;
    const auto here = map.system.to_wgs84(map.raw(numbers->east, numbers->north, 0));
    const auto beside = map.system.to_wgs84(map.raw(numbers->east + 10 / numbers->map_unit_m, numbers->north, 0));
    if (here && beside &&
        std::abs(beside->longitude_deg - here->longitude_deg) > std::abs(beside->latitude_deg - here->latitude_deg)) {
      if (!map.has_vertical) map.sea_level_m = sea_level_m(here->longitude_deg, here->latitude_deg, reader);
      IfcGeoreference made;
      made.turn(-std::atan2(numbers->x_north, numbers->x_east) / radians_per_degree);
      made.source_ = numbers->crs + " by IfcMapConversion";
      made.map_ = std::make_shared<const Map>(std::move(map));
      return std::optional(std::move(made));
    }
  }
  return fail(Code::invalid, "the map conversion leads out of " + numbers->crs, where,
              "Place it by the option placement: LON,LAT[,HEIGHT[,ROTATION]]");
}

Result<std::optional<IfcGeoreference>> IfcGeoreference::by_site(IfcReader& reader, const IfcStructure& structure) {
  for (const IfcProduct& product : structure.products()) {
    if (product.kind.role != IfcRole::site) continue;
    const StepInstance site = reader.get(product.id);
    const auto latitude = degrees_of(site[9]), longitude = degrees_of(site[10]);
    // 0, 0 is what some writers put for "not known".
    if (!latitude || !longitude || (std::abs(*latitude) < 1e-6 && std::abs(*longitude) < 1e-6)) continue;
    const double elevation = site[11].number(0) * reader.units().length_m;
    if (!(std::abs(elevation) < 10'000))
      return fail(Code::invalid, "the site's elevation makes no sense", instance_name(product.id),
                  "Place it by the option placement: LON,LAT[,HEIGHT[,ROTATION]]");
    if (site[11].is_null()) reader.warn(product.id, "the site states no elevation: it is put at sea level");
    auto made = by_frame(*longitude, *latitude, elevation + sea_level_m(*longitude, *latitude, reader));
    if (!made)
      return fail(Code::invalid, made.error().what, instance_name(product.id),
                  "Place it by the option placement: LON,LAT[,HEIGHT[,ROTATION]]");
    auto placement = reader.object_placement(product.placement);
    if (placement) made->origin_ = placement->origin;
    made->turn(true_north_deg(reader));
    made->source_ = "IfcSite";
    return std::optional(std::move(*made));
  }
  return std::optional<IfcGeoreference>();
}

Result<IfcGeoreference> IfcGeoreference::find(IfcReader& reader, const IfcStructure& structure,
                                              const std::optional<Placement>& by_hand, const IfcBounds& bounds) {
  if (by_hand) {
    auto made = by_frame(by_hand->longitude_deg, by_hand->latitude_deg, by_hand->height_m);
    if (!made) return made;
    made->turn(by_hand->rotation_deg);
    made->source_ = "placed by hand";
    const Vector middle = bounds.empty() ? Vector{} : (bounds.low + bounds.high) * 0.5;
    if (std::hypot(middle.x, middle.y) > far_m) made->origin_ = {middle.x, middle.y, bounds.low.z};
    return made;
  }
  auto by_map = IfcGeoreference::by_map(reader, structure);
  if (!by_map) return std::move(by_map).error();
  if (*by_map) return std::move(**by_map);
  auto by_site = IfcGeoreference::by_site(reader, structure);
  if (!by_site) return std::move(by_site).error();
  if (*by_site) return std::move(**by_site);
  return fail(Code::invalid, "The file does not say where on earth it stands", {},
              "Place it by the option placement: LON,LAT[,HEIGHT[,ROTATION]]");
}

Result<twin::Position> IfcGeoreference::position(Vector point) const {
  if (frame_) {
    const Vector from = point - origin_;
    // Clockwise from north: x to the south-east where y turns to the north-east.
    const Vector local{from.x * cos_ + from.y * sin_, from.y * cos_ - from.x * sin_, from.z};
    return frame_->position_of_local(local);
  }
  const MapNumbers& n = map_->numbers;
  const double size = std::hypot(n.x_east, n.x_north), c = n.x_east / size, s = n.x_north / size;
  const double east = n.east + map_->factor * (point.x * c - point.y * s);
  const double north = n.north + map_->factor * (point.x * s + point.y * c);
  const double height = n.height * n.map_unit_m + point.z;
  auto position = map_->system.to_wgs84(map_->raw(east, north, height));
  if (position && !map_->has_vertical) position->height_m = height + map_->sea_level_m;
  return position;
}

}  // namespace cityloom::space
