// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html, "GLB File Format Specification".
#include "space/tiles/glb.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>

namespace cityloom::space {
namespace {

constexpr float no_number = -9999;
constexpr int component_float = 5126, component_uint32 = 5125, component_uint16 = 5123;
constexpr int target_vertices = 34962, target_indices = 34963;

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

struct View {
  size_t offset = 0;
  size_t length = 0;
  int target = 0;
};

// The binary chunk: values one after another, each view beginning at a multiple of eight bytes.
class Chunk {
 public:
  template <class T>
  int add(std::span<const T> values, int target = 0) {
    bytes_.resize((bytes_.size() + 7) / 8 * 8, '\0');
    views_.push_back({bytes_.size(), values.size_bytes(), target});
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    return static_cast<int>(views_.size() - 1);
  }
  const std::vector<View>& views() const { return views_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::vector<View> views_;
};

// One column of the feature table.
struct Column {
  const char* name;
  bool is_text;
  int values = 0;
  int offsets = 0;
};

template <class GetText>
Column text_column(const char* name, const std::vector<FeatureRow>& rows, Chunk& chunk, GetText get) {
  std::string texts;
  std::vector<uint32_t> offsets{0};
  for (const FeatureRow& row : rows) {
    texts += get(row);
    offsets.push_back(static_cast<uint32_t>(texts.size()));
  }
  // A view may not be empty.
  if (texts.empty()) texts.push_back('\0');
  Column column{name, true};
  column.values = chunk.add(std::span<const char>(texts));
  column.offsets = chunk.add(std::span<const uint32_t>(offsets));
  return column;
}

template <class GetNumber>
Column number_column(const char* name, const std::vector<FeatureRow>& rows, Chunk& chunk, GetNumber get) {
  std::vector<float> numbers;
  for (const FeatureRow& row : rows) {
    const std::optional<double> number = get(row);
    numbers.push_back(number ? static_cast<float>(*number) : no_number);
  }
  return {name, false, chunk.add(std::span<const float>(numbers)), 0};
}

void write_accessor(Writer& json, int view, int component, size_t count, const char* type,
                    std::span<const float> minimum = {}, std::span<const float> maximum = {}) {
  json.StartObject();
  json.Key("bufferView");
  json.Int(view);
  json.Key("componentType");
  json.Int(component);
  json.Key("count");
  json.Uint64(count);
  json.Key("type");
  json.String(type);
  for (const auto& [key, values] : {std::pair("min", minimum), std::pair("max", maximum)}) {
    if (values.empty()) continue;
    json.Key(key);
    json.StartArray();
    for (float value : values) json.Double(static_cast<double>(value));
    json.EndArray();
  }
  json.EndObject();
}

void write_views(Writer& json, const Chunk& chunk) {
  json.Key("bufferViews");
  json.StartArray();
  for (const View& view : chunk.views()) {
    json.StartObject();
    json.Key("buffer");
    json.Int(0);
    json.Key("byteOffset");
    json.Uint64(view.offset);
    json.Key("byteLength");
    json.Uint64(view.length);
    if (view.target != 0) {
      json.Key("target");
      json.Int(view.target);
    }
    json.EndObject();
  }
  json.EndArray();
  json.Key("buffers");
  json.StartArray();
  json.StartObject();
  json.Key("byteLength");
  json.Uint64(chunk.bytes().size());
  json.EndObject();
  json.EndArray();
}

// From the mesh's axes (east, up, south) to earth-centred coordinates in glTF's axes, which a 3D Tiles client turns
// by (x, y, z) -> (x, -z, y).
std::array<double, 16> node_matrix(const LocalFrame& frame) {
  std::array<double, 16> matrix{};
  const Vector columns[] = {frame.east(), frame.up(), frame.north() * -1, frame.origin_ecef()};
  for (size_t column = 0; column < 4; ++column) {
    matrix[column * 4] = columns[column].x;
    matrix[column * 4 + 1] = columns[column].z;
    matrix[column * 4 + 2] = -columns[column].y;
  }
  matrix[15] = 1;
  return matrix;
}

void write_scene(Writer& json, const LocalFrame& frame) {
  json.Key("asset");
  json.StartObject();
  json.Key("version");
  json.String("2.0");
  json.Key("generator");
  json.String("Cityloom");
  json.EndObject();
  json.Key("extensionsUsed");
  json.StartArray();
  json.String("EXT_mesh_features");
  json.String("EXT_structural_metadata");
  json.EndArray();
  json.Key("scene");
  json.Int(0);
  json.Key("scenes");
  json.RawValue(R"([{"nodes":[0]}])", 15, rapidjson::kArrayType);
  json.Key("nodes");
  json.StartArray();
  json.StartObject();
  json.Key("mesh");
  json.Int(0);
  json.Key("matrix");
  json.StartArray();
  for (double value : node_matrix(frame)) json.Double(value);
  json.EndArray();
  json.EndObject();
  json.EndArray();
  constexpr std::string_view materials =
      R"([{"pbrMetallicRoughness":{"baseColorFactor":[0.86,0.85,0.82,1],"metallicFactor":0,"roughnessFactor":1}}])";
  json.Key("materials");
  json.RawValue(materials.data(), materials.size(), rapidjson::kArrayType);
}

void write_mesh(Writer& json, size_t feature_count) {
  const std::string mesh =
      R"([{"primitives":[{"attributes":{"POSITION":0,"NORMAL":1,"_FEATURE_ID_0":2},"indices":3,"material":0,"mode":4,)"
      R"("extensions":{"EXT_mesh_features":{"featureIds":[{"featureCount":)" +
      std::to_string(feature_count) + R"(,"attribute":0,"propertyTable":0}]}}}]}])";
  json.Key("meshes");
  json.RawValue(mesh.data(), mesh.size(), rapidjson::kArrayType);
}

void write_schema(Writer& json, const std::vector<Column>& columns) {
  json.Key("schema");
  json.StartObject();
  json.Key("id");
  json.String("cityloom");
  json.Key("classes");
  json.StartObject();
  json.Key("building");
  json.StartObject();
  json.Key("properties");
  json.StartObject();
  for (const Column& column : columns) {
    const bool is_id = std::strcmp(column.name, "id") == 0;
    json.Key(column.name);
    json.StartObject();
    json.Key("type");
    json.String(column.is_text ? "STRING" : "SCALAR");
    if (!column.is_text) {
      json.Key("componentType");
      json.String("FLOAT32");
    }
    if (is_id) {
      json.Key("required");
      json.Bool(true);
    } else {
      json.Key("noData");
      column.is_text ? json.String("") : json.Double(static_cast<double>(no_number));
    }
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
  json.EndObject();
  json.EndObject();
}

void write_table(Writer& json, const std::vector<Column>& columns, size_t feature_count) {
  json.Key("extensions");
  json.StartObject();
  json.Key("EXT_structural_metadata");
  json.StartObject();
  write_schema(json, columns);
  json.Key("propertyTables");
  json.StartArray();
  json.StartObject();
  json.Key("class");
  json.String("building");
  json.Key("count");
  json.Uint64(feature_count);
  json.Key("properties");
  json.StartObject();
  for (const Column& column : columns) {
    json.Key(column.name);
    json.StartObject();
    json.Key("values");
    json.Int(column.values);
    if (column.is_text) {
      json.Key("stringOffsets");
      json.Int(column.offsets);
    }
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
  json.EndArray();
  json.EndObject();
  json.EndObject();
}

struct Extent {
  std::array<float, 3> minimum, maximum;
};

Extent extent_of(const std::vector<float>& positions) {
  Extent extent;
  extent.minimum.fill(std::numeric_limits<float>::max());
  extent.maximum.fill(std::numeric_limits<float>::lowest());
  for (size_t i = 0; i < positions.size(); ++i) {
    extent.minimum[i % 3] = std::min(extent.minimum[i % 3], positions[i]);
    extent.maximum[i % 3] = std::max(extent.maximum[i % 3], positions[i]);
  }
  return extent;
}

void append_uint32(std::string& to, size_t value) {
  const auto number = static_cast<uint32_t>(value);
  for (int shift : {0, 8, 16, 24}) to.push_back(static_cast<char>(number >> shift & 0xFF));
}

void append_chunk(std::string& to, const char* type, std::string bytes, char padding) {
  bytes.resize((bytes.size() + 3) / 4 * 4, padding);
  append_uint32(to, bytes.size());
  to.append(type, 4);  // of "BIN" with its end
  to += bytes;
}

std::string pack(std::string json, const std::string& binary) {
  std::string body;
  append_chunk(body, "JSON", std::move(json), ' ');
  if (!binary.empty()) append_chunk(body, "BIN", binary, '\0');
  std::string file = "glTF";
  append_uint32(file, 2);
  append_uint32(file, 12 + body.size());
  return file + body;
}

}  // namespace

std::string make_glb(const BuildingMesh& mesh, const LocalFrame& frame, const std::vector<FeatureRow>& features) {
  if (mesh.indices.empty()) return pack(R"({"asset":{"version":"2.0"},"scene":0,"scenes":[{}]})", {});
  Chunk chunk;
  const int positions = chunk.add(std::span<const float>(mesh.positions), target_vertices);
  const int normals = chunk.add(std::span<const float>(mesh.normals), target_vertices);
  const int feature_ids = chunk.add(std::span<const float>(mesh.features), target_vertices);
  const bool is_small = mesh.vertex_count() < 65'535;
  const std::vector<uint16_t> small(mesh.indices.begin(), is_small ? mesh.indices.end() : mesh.indices.begin());
  const int indices = is_small ? chunk.add(std::span<const uint16_t>(small), target_indices)
                               : chunk.add(std::span<const uint32_t>(mesh.indices), target_indices);
  const std::vector<Column> columns{
      text_column("id", features, chunk, [](const FeatureRow& row) { return row.id; }),
      text_column("name", features, chunk, [](const FeatureRow& row) { return row.name; }),
      number_column("height", features, chunk, [](const FeatureRow& row) { return row.height_m; }),
      text_column("heightSource", features, chunk, [](const FeatureRow& row) { return row.height_source; }),
      number_column("levels", features, chunk, [](const FeatureRow& row) { return row.levels; }),
      text_column("category", features, chunk, [](const FeatureRow& row) { return row.category; })};

  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartObject();
  write_scene(json, frame);
  write_mesh(json, features.size());
  const Extent extent = extent_of(mesh.positions);
  json.Key("accessors");
  json.StartArray();
  write_accessor(json, positions, component_float, mesh.vertex_count(), "VEC3", extent.minimum, extent.maximum);
  write_accessor(json, normals, component_float, mesh.vertex_count(), "VEC3");
  write_accessor(json, feature_ids, component_float, mesh.vertex_count(), "SCALAR");
  write_accessor(json, indices, is_small ? component_uint16 : component_uint32, mesh.indices.size(), "SCALAR");
  json.EndArray();
  write_views(json, chunk);
  write_table(json, columns, features.size());
  json.EndObject();

  return pack(std::string(text.GetString(), text.GetSize()), chunk.bytes());
}

}  // namespace cityloom::space
