// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html, "GLB File Format Specification".
#include "space/objects/object_glb.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <cmath>
#include <limits>
#include <span>

namespace cityloom::space {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr int target_vertices = 34962, target_indices = 34963;
constexpr int component_float = 5126, component_uint16 = 5123, component_uint32 = 5125;
constexpr std::array finishes{ObjectFinish::matt, ObjectFinish::metal, ObjectFinish::glass, ObjectFinish::lit};

// The binary chunk with the JSON of its views.
struct Chunk {
  std::string bytes;
  std::vector<std::array<size_t, 3>> views;  // offset, length, target

  template <class T>
  void add(const std::vector<T>& values, int target) {
    bytes.resize((bytes.size() + 3) / 4 * 4, '\0');
    const size_t length = values.size() * sizeof(T);
    views.push_back({bytes.size(), length, static_cast<size_t>(target)});
    bytes.append(reinterpret_cast<const char*>(values.data()), length);
  }
};

// Colours of vertices are linear.
uint16_t linear(double srgb) {
  const double value = srgb <= 0.04045 ? srgb / 12.92 : std::pow((srgb + 0.055) / 1.055, 2.4);
  return static_cast<uint16_t>(std::lround(value * 65'535));
}

std::vector<float> turned(const std::vector<float>& from) {
  std::vector<float> to;
  to.reserve(from.size());
  for (size_t i = 0; i < from.size(); i += 3) {
    // No -0: it would be another text.
    to.insert(to.end(), {0.0f - from[i], from[i + 2] + 0.0f, from[i + 1] + 0.0f});
  }
  return to;
}

std::vector<uint16_t> colours_of(const ObjectMesh& mesh) {
  std::vector<uint16_t> colours(mesh.vertex_count() * 4);
  for (const ObjectMesh::Solid& solid : mesh.solids) {
    const ObjectColour& colour = mesh.surfaces[solid.surface].colour;
    for (uint32_t i = 0; i < solid.index_count; ++i) {
      uint16_t* vertex = colours.data() + mesh.indices[solid.first_index + i] * 4;
      for (size_t k = 0; k < 3; ++k) vertex[k] = linear(colour.rgb[k]);
      vertex[3] = static_cast<uint16_t>(std::lround(colour.opacity * 65'535));
    }
  }
  return colours;
}

// A run of the index buffer for each finish that there is.
struct Part {
  ObjectFinish finish;
  size_t first = 0, count = 0;
};

std::vector<Part> parts_of(const ObjectMesh& mesh, std::vector<uint32_t>& indices) {
  std::vector<Part> parts;
  for (const ObjectFinish finish : finishes) {
    Part part{finish, indices.size(), 0};
    for (const ObjectMesh::Solid& solid : mesh.solids) {
      if (mesh.surfaces[solid.surface].finish != finish) continue;
      const auto begin = mesh.indices.begin() + solid.first_index;
      indices.insert(indices.end(), begin, begin + solid.index_count);
    }
    part.count = indices.size() - part.first;
    if (part.count > 0) parts.push_back(part);
  }
  return parts;
}

void write_material(Writer& json, ObjectFinish finish) {
  static constexpr std::array texts{
      R"({"name":"matt","pbrMetallicRoughness":{"metallicFactor":0,"roughnessFactor":0.9}})",
      R"({"name":"metal","pbrMetallicRoughness":{"metallicFactor":0.4,"roughnessFactor":0.5}})",
      R"({"name":"glass","alphaMode":"BLEND","doubleSided":true,"pbrMetallicRoughness":{"metallicFactor":0,"roughnessFactor":0.2}})",
      R"({"name":"lit","extensions":{"KHR_materials_unlit":{}},"pbrMetallicRoughness":{"metallicFactor":0,"roughnessFactor":1}})"};
  const std::string_view text = texts[static_cast<size_t>(finish)];
  json.RawValue(text.data(), text.size(), rapidjson::kObjectType);
}

void write_accessor(Writer& json, size_t view, size_t offset, int component, size_t count, const char* type) {
  json.Key("bufferView");
  json.Uint64(view);
  json.Key("byteOffset");
  json.Uint64(offset);
  json.Key("componentType");
  json.Int(component);
  json.Key("count");
  json.Uint64(count);
  json.Key("type");
  json.String(type);
}

void write_extent(Writer& json, const std::vector<float>& positions) {
  std::array<float, 3> least, greatest;
  least.fill(std::numeric_limits<float>::max());
  greatest.fill(std::numeric_limits<float>::lowest());
  for (size_t i = 0; i < positions.size(); ++i) {
    least[i % 3] = std::min(least[i % 3], positions[i]);
    greatest[i % 3] = std::max(greatest[i % 3], positions[i]);
  }
  for (const auto& [key, values] : {std::pair("min", least), std::pair("max", greatest)}) {
    json.Key(key);
    json.StartArray();
    for (const float value : values) json.Double(static_cast<double>(value));
    json.EndArray();
  }
}

void write_asset(Writer& json, const ObjectKind& kind, const ObjectValues& values) {
  json.Key("asset");
  json.StartObject();
  json.Key("version");
  json.String("2.0");
  json.Key("generator");
  json.String("Cityloom");
  json.Key("extras");
  json.StartObject();
  json.Key("kind");
  json.String(kind.id.c_str());
  json.Key("parameters");
  json.StartObject();
  for (size_t i = 0; i < kind.parameters.size(); ++i) {
    const std::string text = value_text(kind.parameters[i], values.numbers[i], values.colours[i]);
    json.Key(kind.parameters[i].id.c_str());
    json.String(text.c_str());
  }
  json.EndObject();
  json.EndObject();
  json.EndObject();
}

void write_scene(Writer& json, const ObjectKind& kind, const std::vector<Part>& parts) {
  if (parts.back().finish == ObjectFinish::lit) {
    json.Key("extensionsUsed");
    json.StartArray();
    json.String("KHR_materials_unlit");
    json.EndArray();
  }
  json.Key("scene");
  json.Int(0);
  json.Key("scenes");
  json.RawValue(R"([{"nodes":[0]}])", 15, rapidjson::kArrayType);
  json.Key("nodes");
  json.StartArray();
  json.StartObject();
  json.Key("name");
  json.String(kind.id.c_str());
  json.Key("mesh");
  json.Int(0);
  json.EndObject();
  json.EndArray();
  json.Key("materials");
  json.StartArray();
  for (const Part& part : parts) write_material(json, part.finish);
  json.EndArray();
  json.Key("meshes");
  json.StartArray();
  json.StartObject();
  json.Key("primitives");
  json.StartArray();
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string text = R"({"attributes":{"POSITION":0,"NORMAL":1,"COLOR_0":2},"indices":)" +
                             std::to_string(3 + i) + R"(,"material":)" + std::to_string(i) + "}";
    json.RawValue(text.data(), text.size(), rapidjson::kObjectType);
  }
  json.EndArray();
  json.EndObject();
  json.EndArray();
}

void write_accessors(Writer& json, const std::vector<float>& positions, const std::vector<Part>& parts, bool is_small) {
  const size_t count = positions.size() / 3;
  json.Key("accessors");
  json.StartArray();
  for (size_t view = 0; view < 3; ++view) {
    json.StartObject();
    write_accessor(json, view, 0, view == 2 ? component_uint16 : component_float, count, view == 2 ? "VEC4" : "VEC3");
    if (view == 0) write_extent(json, positions);
    if (view == 2) {
      json.Key("normalized");
      json.Bool(true);
    }
    json.EndObject();
  }
  for (const Part& part : parts) {
    json.StartObject();
    write_accessor(json, 3, part.first * (is_small ? 2 : 4), is_small ? component_uint16 : component_uint32, part.count,
                   "SCALAR");
    json.EndObject();
  }
  json.EndArray();
}

void write_views(Writer& json, const Chunk& chunk) {
  json.Key("bufferViews");
  json.StartArray();
  for (const auto& [offset, length, target] : chunk.views) {
    json.StartObject();
    json.Key("buffer");
    json.Int(0);
    json.Key("byteOffset");
    json.Uint64(offset);
    json.Key("byteLength");
    json.Uint64(length);
    json.Key("target");
    json.Uint64(target);
    json.EndObject();
  }
  json.EndArray();
  json.Key("buffers");
  json.StartArray();
  json.StartObject();
  json.Key("byteLength");
  json.Uint64(chunk.bytes.size());
  json.EndObject();
  json.EndArray();
}

void append_uint32(std::string& to, size_t value) {
  const auto number = static_cast<uint32_t>(value);
  for (const int shift : {0, 8, 16, 24}) to.push_back(static_cast<char>(number >> shift & 0xFF));
}

void append_chunk(std::string& to, const char* type, std::string bytes, char padding) {
  bytes.resize((bytes.size() + 3) / 4 * 4, padding);
  append_uint32(to, bytes.size());
  to.append(type, 4);  // of "BIN" with its end
  to += bytes;
}

}  // namespace

std::string object_glb(const ObjectKind& kind, const ObjectValues& values, const ObjectMesh& mesh) {
  Chunk chunk;
  const std::vector<float> positions = turned(mesh.positions);
  std::vector<uint32_t> indices;
  const std::vector<Part> parts = parts_of(mesh, indices);
  chunk.add(positions, target_vertices);
  chunk.add(turned(mesh.normals), target_vertices);
  chunk.add(colours_of(mesh), target_vertices);
  const bool is_small = mesh.vertex_count() < 65'535;
  if (is_small) {
    chunk.add(std::vector<uint16_t>(indices.begin(), indices.end()), target_indices);
  } else {
    chunk.add(indices, target_indices);
  }
  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartObject();
  write_asset(json, kind, values);
  write_scene(json, kind, parts);
  write_accessors(json, positions, parts, is_small);
  write_views(json, chunk);
  json.EndObject();
  std::string body;
  append_chunk(body, "JSON", std::string(text.GetString(), text.GetSize()), ' ');
  append_chunk(body, "BIN", chunk.bytes, '\0');
  std::string file = "glTF";
  append_uint32(file, 2);
  append_uint32(file, 12 + body.size());
  return file + body;
}

}  // namespace cityloom::space
