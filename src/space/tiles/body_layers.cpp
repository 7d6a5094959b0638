// One way of drawing; which types are drawn together, in which colour, is the table below.
#include "space/tiles/body_layers.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "space/city/body_mesh.hpp"
#include "space/tiles/drawn_values.hpp"
#include "space/tiles/ground_plan.hpp"

namespace cityloom::space {
namespace {

constexpr std::string_view default_vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";
// Of the surface of the earth with everything on it and in it.
constexpr double lowest_m = -12'000, highest_m = 12'000;

// Colours of faces that state none, as red, green and blue of sRGB.
using Colour = std::array<double, 3>;
constexpr Colour stone{0.80, 0.79, 0.76}, leaf{0.47, 0.62, 0.40}, water{0.36, 0.56, 0.74}, road{0.52, 0.53, 0.55},
    metal{0.60, 0.62, 0.66}, meadow{0.74, 0.78, 0.64};

// A type that is drawn by its body.
struct BodyType {
  std::string_view layer;
  std::string_view type;
  bool is_part = false;  // drawn under the id of what it is part of
  Colour colour = stone;
};

constexpr BodyType body_types[] = {
    {"installations", "BuildingInstallation", false, stone},
    {"installations", "BuildingConstructiveElement", false, stone},
    {"installations", "BuildingFurniture", false, metal},
    {"bridges", "Bridge", false, stone},
    {"bridges", "BridgePart", true, stone},
    {"bridges", "BridgeInstallation", false, metal},
    {"bridges", "BridgeConstructiveElement", false, stone},
    {"tunnels", "Tunnel", false, stone},
    {"tunnels", "TunnelPart", true, stone},
    {"tunnels", "TunnelInstallation", false, metal},
    {"tunnels", "TunnelConstructiveElement", false, stone},
    {"vegetation", "SolitaryVegetationObject", false, leaf},
    {"vegetation", "PlantCover", false, leaf},
    {"water", "WaterBody", false, water},
    {"water", "Waterway", false, water},
    {"transportation", "Road", false, road},
    {"transportation", "Railway", false, road},
    {"transportation", "TransportSquare", false, road},
    {"transportation", "Track", false, road},
    {"furniture", "CityFurniture", false, metal},
    {"landuse", "LandUse", false, meadow},
    {"generic", "GenericCityObject", false, stone},
    {"generic", "OtherConstruction", false, stone},
    {"generic", "CityObjectGroup", false, stone},
    {"generic", "ExtensionObject", false, stone},
};

// Small things are not seen from where a box would stand for many of them.
constexpr std::string_view layers_without_blocks[] = {"installations", "bridges", "tunnels", "furniture", "generic"};

Material wearing(const Colour& colour) {
  return painted_material(colour, 1);
}

// Which of the types an entity is drawn as; nullptr: of none.
const BodyType* body_type_of(const twin::EntityRecord& record, const LayerContext& context) {
  for (twin::Term type : record.types()) {
    std::string_view name = context.terms->text(type);
    if (!name.starts_with(default_vocabulary)) continue;
    name.remove_prefix(default_vocabulary.size());
    const auto* found = std::find_if(std::begin(body_types), std::end(body_types),
                                     [&](const BodyType& one) { return one.type == name; });
    if (found != std::end(body_types)) return found;
  }
  return nullptr;
}

// What is drawn of a record.
struct DrawnBody {
  std::string name;
  std::optional<double> height_m;
  std::optional<Body> body;
  std::optional<twin::Geometry> outline;  // on the ground
};

bool is_area(const twin::Geometry& geometry) {
  return geometry.kind == twin::GeometryKind::polygon || geometry.kind == twin::GeometryKind::multi_polygon;
}

DrawnBody read(const twin::EntityRecord& record, const LayerContext& context) {
  const Vocabulary& v = context.vocabulary;
  DrawnBody drawn;
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    if (attribute.dataset.exists()) return true;
    if (attribute.name == v.body) drawn.body = body_of(attribute, v);
    if (attribute.name == v.location) {
      const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
      if (geometry != nullptr && is_area(*geometry) && !geometry->positions.empty()) drawn.outline = *geometry;
    }
    if (attribute.name == v.name) drawn.name = shown_name_of(attribute);
    if (attribute.name == v.height) drawn.height_m = number_of(attribute.value);
    return true;
  });
  return drawn;
}

std::optional<Sketch> sketch(const twin::EntityRecord& record, const LayerContext& context) {
  const DrawnBody drawn = read(record, context);
  const BodyType* type = body_type_of(record, context);
  if (!drawn.body || type == nullptr) return {};
  const Body::Heights heights = drawn.body->heights();
  if (!(heights.lowest_m >= lowest_m) || !(heights.highest_m <= highest_m)) return {};
  Sketch sketch;
  plan_ground(drawn.outline ? *drawn.outline : drawn.body->faces, sketch);
  sketch.box = twin::bounds_of(drawn.body->faces);
  sketch.lowest_m = heights.lowest_m;
  sketch.highest_m = heights.highest_m;
  sketch.size_m = std::max(sketch.highest_m - sketch.lowest_m, std::max(sketch.length_m, sketch.width_m));
  sketch.category = type->type;
  VersionHasher version;
  for (std::string_view text : {std::string_view(record.id()), type->type, std::string_view(drawn.name)}) {
    version.add(text);
  }
  version.add(drawn.height_m);
  for (double number :
       {static_cast<double>(drawn.body->hash()), sketch.longitude_deg, sketch.latitude_deg, sketch.area_m2}) {
    version.add_number(number);
  }
  sketch.version = version.digest();
  return sketch;
}

FeatureTable make_table() {
  return FeatureTable("cityObject", {"id", "name", "category", "appearance"}, {"height"});
}

void describe(const twin::EntityRecord& record, const LayerContext& context, FeatureTable& table) {
  const DrawnBody drawn = read(record, context);
  const BodyType* type = body_type_of(record, context);
  table.set_text("id", std::string(record.id()));
  table.set_text("name", drawn.name);
  if (type != nullptr) table.set_text("category", std::string(type->type));
  table.set_number("height", drawn.height_m);
}

void draw(const twin::EntityRecord& record, uint32_t feature, const LayerContext& context, Canvas& canvas) {
  const DrawnBody drawn = read(record, context);
  const BodyType* type = body_type_of(record, context);
  if (!drawn.body || type == nullptr) return;
  tell_appearance(*drawn.body, canvas.scene.features);
  append_body(*drawn.body, feature, canvas.scene.frame, canvas.triangulator, canvas.scene.mesh, wearing(type->colour));
}

bool shows(twin::Term attribute, const LayerContext& context) {
  const Vocabulary& v = context.vocabulary;
  for (twin::Term shown : {v.body, v.location, v.name, v.height, v.part_of}) {
    if (attribute == shown) return true;
  }
  return false;
}

Layer empty_layer(std::string_view name, const Colour& colour) {
  Layer layer;
  layer.name = name;
  layer.has_blocks = std::find(std::begin(layers_without_blocks), std::end(layers_without_blocks), name) ==
                     std::end(layers_without_blocks);
  layer.block_material = wearing(colour);
  layer.make_table = make_table;
  layer.shows = shows;
  layer.sketch = sketch;
  layer.describe = describe;
  layer.draw = draw;
  return layer;
}

}  // namespace

std::vector<Layer> body_layers() {
  std::vector<Layer> layers;
  for (const BodyType& one : body_types) {
    if (layers.empty() || layers.back().name != one.layer) layers.push_back(empty_layer(one.layer, one.colour));
    (one.is_part ? layers.back().part_types : layers.back().types).emplace_back(one.type);
  }
  return layers;
}

void tell_appearance(const Body& body, FeatureTable& table) {
  const std::string_view appearance = body.appearance();
  if (appearance == "textures" || table.text("appearance").empty()) {
    table.set_text("appearance", std::string(appearance));
  }
}

}  // namespace cityloom::space
