// Compact on purpose: a body is the largest attribute that a city has, and it has one a building.
#include "space/city/body.hpp"

#include <absl/strings/escaping.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <simdjson.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cityloom::space {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
constexpr double steps_of_texture = 65'535;
constexpr size_t list_max = 10'000;  // textures or materials of one body

twin::Attribute member(twin::Term name, twin::AttributeKind kind, twin::Value value) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.kind = kind;
  attribute.value = std::move(value);
  return attribute;
}

void write(Writer& writer, const char* key, const std::string& text) {
  if (text.empty()) return;
  writer.Key(key);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

double rounded(double part) {
  return std::round(std::clamp(part, 0.0, 1.0) * 1e4) / 1e4;
}

void write_colour(Writer& writer, const char* key, const std::array<double, 3>& colour) {
  writer.Key(key);
  writer.StartArray();
  for (double part : colour) writer.Double(rounded(part));
  writer.EndArray();
}

void write_materials(Writer& writer, const std::vector<CityMaterial>& materials) {
  writer.Key("materials");
  writer.StartArray();
  for (const CityMaterial& material : materials) {
    writer.StartObject();
    write_colour(writer, "diffuse", material.diffuse);
    if (material.emissive != CityMaterial{}.emissive) write_colour(writer, "emissive", material.emissive);
    if (material.specular != CityMaterial{}.specular) write_colour(writer, "specular", material.specular);
    writer.Key("shininess");
    writer.Double(rounded(material.shininess));
    writer.Key("transparency");
    writer.Double(rounded(material.transparency));
    writer.EndObject();
  }
  writer.EndArray();
}

void write_textures(Writer& writer, const std::vector<CityTexture>& textures) {
  writer.Key("textures");
  writer.StartArray();
  for (const CityTexture& texture : textures) {
    writer.StartObject();
    write(writer, "image", texture.asset);
    write(writer, "name", texture.image);
    write(writer, "type", texture.media_type);
    write(writer, "wrap", texture.wrap);
    writer.EndObject();
  }
  writer.EndArray();
}

int32_t entry(const std::vector<int32_t>& list, size_t face) {
  return face < list.size() ? list[face] : -1;
}

// [texture, material, how many faces], ...
void write_runs(Writer& writer, const Body& body) {
  writer.Key("faces");
  writer.StartArray();
  const size_t faces = body.types.size();
  for (size_t face = 0; face < faces;) {
    size_t end = face + 1;
    const int32_t texture = entry(body.textures, face), material = entry(body.materials, face);
    while (end < faces && entry(body.textures, end) == texture && entry(body.materials, end) == material) ++end;
    writer.StartArray();
    writer.Int(texture);
    writer.Int(material);
    writer.Uint64(end - face);
    writer.EndArray();
    face = end;
  }
  writer.EndArray();
}

// Calls visit(position) for each corner of a textured face, the closing ones left out.
template <class Visit>
void each_textured_corner(const Body& body, Visit visit) {
  uint32_t ring = 0, position = 0;
  for (size_t face = 0; face < body.faces.polygon_ends.size(); ++face) {
    for (; ring < body.faces.polygon_ends[face]; ++ring) {
      const uint32_t end = body.faces.line_ends[ring];
      for (; position + 1 < end; ++position) {
        if (entry(body.textures, face) >= 0) visit(position, end);
      }
      position = end;
    }
  }
}

std::string appearance_json(const Body& body) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  if (!body.texture_list.empty()) write_textures(writer, body.texture_list);
  if (!body.material_list.empty()) write_materials(writer, body.material_list);
  write_runs(writer, body);
  std::array<float, 4> range{};
  const std::string packed = packed_texture_positions(body, range);
  if (!packed.empty()) {
    writer.Key("range");
    writer.StartArray();
    for (float bound : range) writer.Double(static_cast<double>(bound));
    writer.EndArray();
    write(writer, "positions", packed);
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

using Element = simdjson::dom::element;

std::string text_in(const Element& object, const char* key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

double number_in(const Element& object, const char* key, double otherwise) {
  double number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : otherwise;
}

std::array<double, 3> colour_in(const Element& object, const char* key, std::array<double, 3> otherwise) {
  simdjson::dom::array list;
  if (object[key].get(list) != simdjson::SUCCESS || list.size() != 3) return otherwise;
  std::array<double, 3> colour{};
  size_t i = 0;
  for (const Element& part : list) {
    double number = 0;
    if (part.get(number) != simdjson::SUCCESS) return otherwise;
    colour[i++] = std::clamp(number, 0.0, 1.0);
  }
  return colour;
}

void read_lists(const Element& appearance, Body& body) {
  simdjson::dom::array list;
  if (appearance["textures"].get(list) == simdjson::SUCCESS) {
    for (const Element& one : list) {
      if (body.texture_list.size() == list_max) break;
      body.texture_list.push_back(
          {text_in(one, "name"), text_in(one, "type"), text_in(one, "wrap"), text_in(one, "image")});
    }
  }
  if (appearance["materials"].get(list) != simdjson::SUCCESS) return;
  for (const Element& one : list) {
    if (body.material_list.size() == list_max) break;
    CityMaterial material;
    material.diffuse = colour_in(one, "diffuse", material.diffuse);
    material.emissive = colour_in(one, "emissive", material.emissive);
    material.specular = colour_in(one, "specular", material.specular);
    material.shininess = number_in(one, "shininess", material.shininess);
    material.transparency = number_in(one, "transparency", material.transparency);
    body.material_list.push_back(material);
  }
}

void read_runs(const Element& appearance, Body& body) {
  simdjson::dom::array runs;
  if (appearance["faces"].get(runs) != simdjson::SUCCESS) return;
  const size_t faces = body.faces.polygon_ends.size();
  for (const Element& run : runs) {
    int64_t texture = -1, material = -1, count = 0;
    simdjson::dom::array parts;
    if (run.get(parts) != simdjson::SUCCESS || parts.size() != 3 || parts.at(0).get(texture) != simdjson::SUCCESS ||
        parts.at(1).get(material) != simdjson::SUCCESS || parts.at(2).get(count) != simdjson::SUCCESS || count < 1) {
      return;
    }
    const bool has_texture = texture >= 0 && texture < static_cast<int64_t>(body.texture_list.size());
    const bool has_material = material >= 0 && material < static_cast<int64_t>(body.material_list.size());
    for (int64_t i = 0; i < count && body.textures.size() < faces; ++i) {
      body.textures.push_back(has_texture ? static_cast<int32_t>(texture) : -1);
      body.materials.push_back(has_material ? static_cast<int32_t>(material) : -1);
    }
  }
  if (body.textures.empty()) return;
  body.textures.resize(faces, -1);
  body.materials.resize(faces, -1);
}

void read_texture_positions(const Element& appearance, Body& body) {
  std::string_view packed;
  simdjson::dom::array bounds;
  if (appearance["positions"].get(packed) != simdjson::SUCCESS ||
      appearance["range"].get(bounds) != simdjson::SUCCESS || bounds.size() != 4) {
    return;
  }
  std::array<double, 4> range{};
  for (size_t i = 0; i < 4; ++i) {
    if (bounds.at(i).get(range[i]) != simdjson::SUCCESS) return;
  }
  std::string bytes;
  if (!absl::Base64Unescape({packed.data(), packed.size()}, &bytes)) return;
  body.texture_positions.assign(body.faces.positions.size() * 2, 0.0F);
  size_t at = 0;
  uint32_t ring_start = 0, last_end = 0;
  each_textured_corner(body, [&](uint32_t position, uint32_t end) {
    if (at + 4 > bytes.size()) return;
    if (end != last_end) ring_start = position;
    last_end = end;
    for (size_t axis = 0; axis < 2; ++axis) {
      const auto low = static_cast<unsigned char>(bytes[at]), high = static_cast<unsigned char>(bytes[at + 1]);
      at += 2;
      const double part = (low + 256.0 * high) / steps_of_texture;
      body.texture_positions[position * 2 + axis] =
          static_cast<float>(range[axis] + part * (range[axis + 2] - range[axis]));
    }
    if (position + 2 == end) {
      std::copy_n(body.texture_positions.begin() + ring_start * 2L, 2, body.texture_positions.begin() + (end - 1) * 2L);
    }
  });
}

void read_types(const std::string& json, Body& body) {
  simdjson::dom::parser parser;
  simdjson::dom::array runs;
  const size_t faces = body.faces.polygon_ends.size();
  if (parser.parse(json).get(runs) == simdjson::SUCCESS) {
    for (const Element& run : runs) {
      simdjson::dom::array parts;
      std::string_view name;
      int64_t count = 0;
      if (run.get(parts) != simdjson::SUCCESS || parts.size() != 2 || parts.at(0).get(name) != simdjson::SUCCESS ||
          parts.at(1).get(count) != simdjson::SUCCESS || count < 1) {
        break;
      }
      const auto room = static_cast<int64_t>(faces - body.types.size());
      body.types.insert(body.types.end(), static_cast<size_t>(std::min(count, room)), surface_type_of(name));
    }
  }
  body.types.resize(faces, SurfaceType::other);
}

}  // namespace

Body::Heights Body::heights() const {
  const auto is_lower = [](const twin::Position& a, const twin::Position& b) { return a.height_m < b.height_m; };
  const auto [lowest, highest] = std::minmax_element(faces.positions.begin(), faces.positions.end(), is_lower);
  return {lowest->height_m, highest->height_m};
}

std::string_view Body::appearance() const {
  const auto is_used = [](int32_t number) { return number >= 0; };
  const bool has_picture = std::any_of(textures.begin(), textures.end(), [&](int32_t number) {
    return is_used(number) && !texture_list[static_cast<size_t>(number)].asset.empty();
  });
  if (has_picture) return "textures";
  return std::any_of(materials.begin(), materials.end(), is_used) ? "colours" : "";
}

uint64_t Body::hash() const {
  uint64_t hash = XXH3_64bits(faces.positions.data(), faces.positions.size() * sizeof(twin::Position));
  const auto add = [&](const auto& list) {
    hash = XXH3_64bits_withSeed(list.data(), list.size() * sizeof(list[0]), hash);
  };
  add(faces.line_ends);
  add(faces.polygon_ends);
  add(types);
  add(textures);
  add(materials);
  add(texture_positions);
  add(material_list);
  for (const CityTexture& texture : texture_list) add(texture.asset);
  return hash;
}

std::string surface_types_json(const std::vector<SurfaceType>& types) {
  std::string json = "[";
  for (size_t i = 0; i < types.size();) {
    size_t end = i + 1;
    while (end < types.size() && types[end] == types[i]) ++end;
    json += (i == 0 ? "[\"" : ",[\"") + std::string(name_of(types[i])) + "\"," + std::to_string(end - i) + "]";
    i = end;
  }
  return json + "]";
}

std::string packed_texture_positions(const Body& body, std::array<float, 4>& range) {
  bool any = false;
  each_textured_corner(body, [&](uint32_t position, uint32_t) {
    for (size_t axis = 0; axis < 2; ++axis) {
      const float value = body.texture_positions[position * 2 + axis];
      range[axis] = any ? std::min(range[axis], value) : value;
      range[axis + 2] = any ? std::max(range[axis + 2], value) : value;
    }
    any = true;
  });
  if (!any) return {};
  std::string bytes;
  each_textured_corner(body, [&](uint32_t position, uint32_t) {
    for (size_t axis = 0; axis < 2; ++axis) {
      const double width = static_cast<double>(range[axis + 2]) - static_cast<double>(range[axis]);
      const double value = static_cast<double>(body.texture_positions[position * 2 + axis]);
      const double part = width > 0 ? (value - static_cast<double>(range[axis])) / width : 0;
      const auto step = static_cast<uint16_t>(std::lround(part * steps_of_texture));
      bytes.push_back(static_cast<char>(step & 0xFF));
      bytes.push_back(static_cast<char>(step >> 8));
    }
  });
  return absl::Base64Escape(bytes);
}

twin::Attribute attribute_of(Body body, const Vocabulary& terms) {
  twin::Attribute attribute;
  attribute.name = terms.body;
  attribute.kind = twin::AttributeKind::geo_property;
  attribute.members.push_back(member(terms.lod, twin::AttributeKind::property, body.lod));
  attribute.members.push_back(
      member(terms.surface_types, twin::AttributeKind::json_property, twin::Json{surface_types_json(body.types)}));
  if (!body.textures.empty() || !body.materials.empty()) {
    attribute.members.push_back(
        member(terms.appearance, twin::AttributeKind::json_property, twin::Json{appearance_json(body)}));
  }
  attribute.value = std::move(body.faces);
  return attribute;
}

std::optional<Body> body_of(const twin::Attribute& attribute, const Vocabulary& terms) {
  const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
  if (geometry == nullptr || geometry->positions.empty()) return {};
  Body body;
  body.faces = *geometry;
  if (geometry->kind == twin::GeometryKind::polygon) {
    body.faces.kind = twin::GeometryKind::multi_polygon;
    body.faces.polygon_ends = {static_cast<uint32_t>(geometry->line_ends.size())};
  } else if (geometry->kind != twin::GeometryKind::multi_polygon) {
    return {};
  }
  for (const twin::Position& position : geometry->positions) {
    if (!position.has_height()) return {};
  }
  std::string types;
  const std::string* appearance = nullptr;
  for (const twin::Attribute& one : attribute.members) {
    const auto* json = std::get_if<twin::Json>(&one.value);
    if (one.name == terms.lod && std::holds_alternative<std::string>(one.value)) {
      body.lod = std::get<std::string>(one.value);
    }
    if (json == nullptr) continue;
    if (one.name == terms.surface_types) types = json->text;
    if (one.name == terms.appearance) appearance = &json->text;
  }
  read_types(types, body);
  simdjson::dom::parser parser;
  Element document;
  if (appearance != nullptr && parser.parse(*appearance).get(document) == simdjson::SUCCESS) {
    read_lists(document, body);
    read_runs(document, body);
    read_texture_positions(document, body);
  }
  return body;
}

}  // namespace cityloom::space
