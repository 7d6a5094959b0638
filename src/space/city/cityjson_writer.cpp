// Vertices are whole numbers of a tenth of a millimetre, as the record's own positions are rounded: nothing is lost.
#include "space/city/cityjson_writer.hpp"

#include <simdjson.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "space/city/city_attributes.hpp"

namespace cityloom::space {
namespace {

constexpr size_t vertices_max = 100'000'000;

struct Name {
  std::string_view ours;
  std::string_view theirs;
};
constexpr Name attribute_names[] = {{"name", "name"},
                                    {"description", "description"},
                                    {"class", "class"},
                                    {"function", "function"},
                                    {"usage", "usage"},
                                    {"levels", "storeysAboveGround"},
                                    {"levelsBelowGround", "storeysBelowGround"},
                                    {"yearOfConstruction", "yearOfConstruction"},
                                    {"yearOfDemolition", "yearOfDemolition"},
                                    {"creationDate", "creationDate"},
                                    {"terminationDate", "terminationDate"},
                                    {"roofType", "roofType"},
                                    {"species", "species"},
                                    {"trunkDiameter", "trunkDiameter"},
                                    {"crownDiameter", "crownDiameter"},
                                    {"averageHeight", "averageHeight"},
                                    {"surfaceMaterial", "surfaceMaterial"},
                                    {"conditionOfConstruction", "conditionOfConstruction"},
                                    {"isMovable", "isMovable"}};
constexpr std::string_view types[] = {"Building",
                                      "BuildingPart",
                                      "BuildingInstallation",
                                      "BuildingConstructiveElement",
                                      "Bridge",
                                      "BridgePart",
                                      "BridgeInstallation",
                                      "BridgeConstructiveElement",
                                      "Tunnel",
                                      "TunnelPart",
                                      "TunnelInstallation",
                                      "TunnelConstructiveElement",
                                      "SolitaryVegetationObject",
                                      "PlantCover",
                                      "WaterBody",
                                      "Road",
                                      "Railway",
                                      "TransportSquare",
                                      "Waterway",
                                      "LandUse",
                                      "CityFurniture",
                                      "GenericCityObject",
                                      "OtherConstruction",
                                      "BuildingUnit",
                                      "BuildingStorey",
                                      "BuildingRoom",
                                      "BuildingFurniture"};

std::string_view source_name_of(SurfaceType type) {
  switch (type) {
    case SurfaceType::ground:
      return "GroundSurface";
    case SurfaceType::wall:
      return "WallSurface";
    case SurfaceType::roof:
      return "RoofSurface";
    case SurfaceType::closure:
      return "ClosureSurface";
    case SurfaceType::outer_ceiling:
      return "OuterCeilingSurface";
    case SurfaceType::outer_floor:
      return "OuterFloorSurface";
    case SurfaceType::interior_wall:
      return "InteriorWallSurface";
    case SurfaceType::ceiling:
      return "CeilingSurface";
    case SurfaceType::floor:
      return "FloorSurface";
    case SurfaceType::window:
      return "Window";
    case SurfaceType::door:
      return "Door";
    case SurfaceType::water:
      return "WaterSurface";
    case SurfaceType::water_ground:
      return "WaterGroundSurface";
    case SurfaceType::traffic_area:
      return "TrafficArea";
    case SurfaceType::auxiliary_traffic_area:
      return "AuxiliaryTrafficArea";
    case SurfaceType::other:
      break;
  }
  return {};
}

// Generic attributes as attributes; all together as one where a name of theirs means something else by itself.
std::string generic_json(const std::string& object) {
  simdjson::dom::parser parser;
  simdjson::dom::object members;
  bool is_plain = false;
  if (parser.parse(object).get(members) == simdjson::SUCCESS) {
    is_plain =
        std::none_of(members.begin(), members.end(), [](const auto& one) { return is_known_attribute(one.key); });
  }
  return is_plain ? object.substr(1, object.size() - 2) : "\"genericAttributes\":" + object;
}

std::string colour_json(const std::array<double, 3>& colour) {
  return "[" + number_text(colour[0]) + "," + number_text(colour[1]) + "," + number_text(colour[2]) + "]";
}

// "Paris" of {"addressLocality":"Paris",...}; good enough for what we wrote ourselves.
std::string member_of(const std::string& json, const std::string& key) {
  const size_t at = json.find("\"" + key + "\":\"");
  if (at == std::string::npos) return {};
  size_t end = at + key.size() + 4;
  while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
  return json.substr(at + key.size() + 3, end - at - key.size() - 2);
}

std::string address_json(const std::string& ours) {
  std::string json;
  for (const auto& [key, theirs] : {std::pair("streetAddress", "ThoroughfareName"),
                                    {"addressLocality", "Locality"},
                                    {"postalCode", "Postcode"},
                                    {"addressCountry", "Country"}}) {
    const std::string text = member_of(ours, key);
    if (!text.empty()) json += (json.empty() ? "\"" : ",\"") + std::string(theirs) + "\":" + text;
  }
  return "[{" + json + "}]";
}

}  // namespace

bool CityJsonWriter::is_full() const {
  return vertices_.size() / 3 > vertices_max;
}

size_t CityJsonWriter::vertex(const twin::Position& position) {
  const int64_t parts[] = {std::llround(position.latitude_deg * 1e9), std::llround(position.longitude_deg * 1e9),
                           position.has_height() ? std::llround(position.height_m * 1e3) : 0};
  const auto [place, is_new] = vertex_places_.try_emplace(XXH3_64bits(parts, sizeof parts), vertices_.size() / 3);
  if (is_new) vertices_.insert(vertices_.end(), std::begin(parts), std::end(parts));
  return place->second;
}

size_t CityJsonWriter::texture(const CityTexture& texture) {
  const auto found = std::find(textures_.begin(), textures_.end(), texture);
  if (found != textures_.end()) return static_cast<size_t>(found - textures_.begin());
  textures_.push_back(texture);
  return textures_.size() - 1;
}

size_t CityJsonWriter::material(const CityMaterial& material) {
  const auto found = std::find(materials_.begin(), materials_.end(), material);
  if (found != materials_.end()) return static_cast<size_t>(found - materials_.begin());
  materials_.push_back(material);
  return materials_.size() - 1;
}

std::string CityJsonWriter::begin() const {
  return R"({"type":"CityJSON","version":"2.0","metadata":{"referenceSystem":)"
         R"("https://www.opengis.net/def/crs/EPSG/0/4979"},"transform":{"scale":[1e-9,1e-9,0.001],)"
         R"("translate":[0,0,0]},"CityObjects":{)"
         "\n";
}

std::string CityJsonWriter::ring(const twin::Geometry& faces, uint32_t number) {
  std::string json = "[";
  for (uint32_t i = number == 0 ? 0 : faces.line_ends[number - 1]; i + 1 < faces.line_ends[number]; ++i) {
    json += (json.size() > 1 ? "," : "") + std::to_string(vertex(faces.positions[i]));
  }
  return json + "]";
}

std::string CityJsonWriter::geometry(const Body& body) {
  std::string boundaries, types_json, values, textures, materials;
  std::vector<SurfaceType> surfaces;
  uint32_t ring_number = 0;
  for (size_t face = 0; face < body.types.size(); ++face) {
    const int32_t covered = face < body.textures.size() ? body.textures[face] : -1;
    const int32_t painted = face < body.materials.size() ? body.materials[face] : -1;
    std::string rings, corners;
    for (; ring_number < body.faces.polygon_ends[face]; ++ring_number) {
      rings += (rings.empty() ? "" : ",") + ring(body.faces, ring_number);
      if (covered < 0) continue;
      corners +=
          (corners.empty() ? "[" : ",[") + std::to_string(texture(body.texture_list[static_cast<size_t>(covered)]));
      const uint32_t start = ring_number == 0 ? 0 : body.faces.line_ends[ring_number - 1];
      for (uint32_t i = start; i + 1 < body.faces.line_ends[ring_number]; ++i) {
        corners += "," + std::to_string(texture_vertices_.size() / 2);
        texture_vertices_.push_back(body.texture_positions[i * 2L]);
        texture_vertices_.push_back(body.texture_positions[i * 2L + 1]);
      }
      corners += "]";
    }
    const char* comma = face == 0 ? "" : ",";
    boundaries += comma + ("[" + rings + "]");
    textures += comma + (covered < 0 ? "[[null]]" : "[" + corners + "]");
    materials +=
        comma + (painted < 0 ? "null" : std::to_string(material(body.material_list[static_cast<size_t>(painted)])));
    auto place = std::find(surfaces.begin(), surfaces.end(), body.types[face]);
    if (place == surfaces.end()) place = surfaces.insert(surfaces.end(), body.types[face]);
    values += comma + (body.types[face] == SurfaceType::other ? "null" : std::to_string(place - surfaces.begin()));
  }
  for (SurfaceType type : surfaces) {
    const std::string_view name = type == SurfaceType::other ? "ClosureSurface" : source_name_of(type);
    types_json += (types_json.empty() ? "{\"type\":" : ",{\"type\":") + json_string(name) + "}";
  }
  std::string json = "{\"type\":\"MultiSurface\",\"lod\":" + json_string(body.lod.empty() ? "1" : body.lod) +
                     ",\"boundaries\":[" + boundaries + "],\"semantics\":{\"surfaces\":[" + types_json +
                     "],\"values\":[" + values + "]}";
  if (!body.textures.empty() && !body.texture_list.empty()) {
    json += ",\"texture\":{\"default\":{\"values\":[" + textures + "]}}";
  }
  if (!body.materials.empty() && !body.material_list.empty()) {
    json += ",\"material\":{\"default\":{\"values\":[" + materials + "]}}";
  }
  return json + "}";
}

std::string CityJsonWriter::outline(const twin::Geometry& area) {
  std::vector<uint32_t> polygon_ends = area.polygon_ends;
  if (polygon_ends.empty()) polygon_ends.push_back(static_cast<uint32_t>(area.line_ends.size()));
  std::string faces;
  uint32_t number = 0;
  for (uint32_t end : polygon_ends) {
    std::string rings;
    for (; number < end; ++number) rings += (rings.empty() ? "" : ",") + ring(area, number);
    faces += (faces.empty() ? "[" : ",[") + rings + "]";
  }
  return "{\"type\":\"MultiSurface\",\"lod\":\"0\",\"boundaries\":[" + faces + "]}";
}

std::string CityJsonWriter::attributes(const twin::Entity& entity) const {
  std::string json;
  const auto add = [&](const std::string& key, const std::string& value) {
    json += (json.empty() ? "" : ",") + key + ":" + value;
  };
  for (const twin::Attribute& attribute : entity.attributes) {
    if (attribute.dataset.exists() || std::holds_alternative<twin::Geometry>(attribute.value)) continue;
    const std::string_view iri = terms_.text(attribute.name), name = iri.substr(iri.find_last_of('/') + 1);
    for (const Name& known : attribute_names) {
      if (known.ours == name) add(json_string(known.theirs), json_of(attribute.value));
    }
    if (attribute.name == vocabulary_.height) {
      const bool is_model = std::any_of(attribute.members.begin(), attribute.members.end(), [&](const auto& member) {
        return member.name == vocabulary_.height_source && member.value == twin::Value(std::string("model"));
      });
      if (!is_model) add("\"measuredHeight\"", json_of(attribute.value));
    }
    const auto* object = std::get_if<twin::Json>(&attribute.value);
    if (name == "genericAttributes" && object != nullptr && object->text.size() > 2) {
      json += (json.empty() ? "" : ",") + generic_json(object->text);
    }
  }
  return json;
}

std::string CityJsonWriter::object(const twin::Entity& entity, const std::vector<std::string>& children) {
  std::string_view type;
  for (const twin::Term one : entity.types) {
    const std::string_view iri = terms_.text(one), name = iri.substr(iri.find_last_of('/') + 1);
    if (type.empty() && std::find(std::begin(types), std::end(types), name) != std::end(types)) type = name;
  }
  if (type.empty()) return {};
  vertex_places_.clear();
  std::string json = json_string(entity.id) + ":{\"type\":" + json_string(type), geometries;
  if (const twin::Attribute* parent = entity.find(vocabulary_.part_of)) {
    if (const auto* id = std::get_if<std::string>(&parent->value)) json += ",\"parents\":[" + json_string(*id) + "]";
  }
  std::string parts;
  for (const std::string& child : children) parts += (parts.empty() ? "" : ",") + json_string(child);
  if (!parts.empty()) json += ",\"children\":[" + parts + "]";
  if (const twin::Attribute* address = entity.find(vocabulary_.address)) {
    if (const auto* text = std::get_if<twin::Json>(&address->value)) json += ",\"address\":" + address_json(text->text);
  }
  json += ",\"attributes\":{" + attributes(entity) + "}";
  std::vector<Body> bodies;
  for (const twin::Attribute& attribute : entity.attributes) {
    if (attribute.name != vocabulary_.body) continue;
    if (auto body = body_of(attribute, vocabulary_)) bodies.push_back(std::move(*body));
  }
  std::sort(bodies.begin(), bodies.end(), [](const Body& a, const Body& b) { return a.lod < b.lod; });
  const twin::Attribute* location = entity.find(vocabulary_.location);
  const auto* area = location == nullptr ? nullptr : std::get_if<twin::Geometry>(&location->value);
  if (area != nullptr &&
      (area->kind == twin::GeometryKind::polygon || area->kind == twin::GeometryKind::multi_polygon)) {
    geometries = outline(*area);
  } else if (area != nullptr && area->kind == twin::GeometryKind::point && bodies.empty()) {
    geometries = "{\"type\":\"MultiPoint\",\"lod\":\"0\",\"boundaries\":[" +
                 std::to_string(vertex(area->positions.front())) + "]}";
  }
  for (const Body& body : bodies) geometries += (geometries.empty() ? "" : ",") + geometry(body);
  return json + ",\"geometry\":[" + geometries + "]}";
}

std::string CityJsonWriter::end() const {
  std::string json = "\n}";
  if (!textures_.empty() || !materials_.empty()) {
    json += ",\n\"appearance\":{\"textures\":[";
    for (const CityTexture& one : textures_) {
      json += (&one == &textures_.front() ? "" : ",") + std::string("{\"type\":") +
              (one.media_type == "image/png" ? "\"PNG\"" : "\"JPG\"") + ",\"image\":" + json_string(one.image);
      if (!one.wrap.empty()) json += ",\"wrapMode\":" + json_string(one.wrap);
      json += "}";
    }
    json += "],\"materials\":[";
    for (size_t i = 0; i < materials_.size(); ++i) {
      const CityMaterial& one = materials_[i];
      json += (i == 0 ? "" : ",") +
              ("{\"name\":\"" + std::to_string(i) + "\",\"diffuseColor\":" + colour_json(one.diffuse)) +
              ",\"emissiveColor\":" + colour_json(one.emissive) + ",\"specularColor\":" + colour_json(one.specular) +
              ",\"shininess\":" + number_text(one.shininess) + ",\"transparency\":" + number_text(one.transparency) +
              "}";
    }
    json += "],\"vertices-texture\":[";
    for (size_t i = 0; i + 1 < texture_vertices_.size(); i += 2) {
      char text[64];
      std::snprintf(text, sizeof text, "%s[%.9g,%.9g]", i == 0 ? "" : ",", static_cast<double>(texture_vertices_[i]),
                    static_cast<double>(texture_vertices_[i + 1]));
      json += text;
    }
    json += "]}";
  }
  json += ",\n\"vertices\":[";
  for (size_t i = 0; i + 2 < vertices_.size(); i += 3) {
    json += (i == 0 ? "[" : ",[") + std::to_string(vertices_[i]) + "," + std::to_string(vertices_[i + 1]) + "," +
            std::to_string(vertices_[i + 2]) + "]";
  }
  return json + "]}\n";
}

}  // namespace cityloom::space
