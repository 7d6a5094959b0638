// Only what our own files use.
#include "space/tiles/glb_reader_test.hpp"

#include <gtest/gtest.h>
#include <meshoptimizer.h>

#include <cstring>

namespace cityloom::space {
namespace {

size_t components_of(const std::string& type) {
  return type == "SCALAR" ? 1 : type == "VEC2" ? 2 : type == "VEC3" ? 3 : 4;
}

template <class T>
double read_as(const char* from, double divisor) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return static_cast<double>(value) / divisor;
}

double read_component(const char* from, int type, bool is_normalised) {
  switch (type) {
    case 5120:
      return std::max(-1.0, read_as<int8_t>(from, is_normalised ? 127 : 1));
    case 5121:
      return read_as<uint8_t>(from, is_normalised ? 255 : 1);
    case 5123:
      return read_as<uint16_t>(from, is_normalised ? 65'535 : 1);
    case 5125:
      return read_as<uint32_t>(from, 1);
    default:
      return read_as<float>(from, 1);
  }
}

size_t bytes_of_component(int type) {
  return type == 5120 || type == 5121 ? 1 : type == 5123 ? 2 : 4;
}

}  // namespace

GlbReader::GlbReader(std::string_view file) {
  uint32_t json_size = 0;
  EXPECT_GT(file.size(), 20u);
  std::memcpy(&json_size, file.data() + 12, 4);
  json = nlohmann::json::parse(file.substr(20, json_size), nullptr, false);
  EXPECT_FALSE(json.is_discarded());
  if (file.size() > 28 + json_size) binary_ = file.substr(28 + json_size);
}

std::string GlbReader::view(int number) const {
  const auto& view = json["bufferViews"][static_cast<size_t>(number)];
  const auto length = view["byteLength"].get<size_t>();
  if (!view.contains("extensions")) return binary_.substr(view["byteOffset"].get<size_t>(), length);
  const auto& packed = view["extensions"]["EXT_meshopt_compression"];
  const auto* bytes = reinterpret_cast<const unsigned char*>(binary_.data()) + packed["byteOffset"].get<size_t>();
  const auto count = packed["count"].get<size_t>(), stride = packed["byteStride"].get<size_t>(),
             size = packed["byteLength"].get<size_t>();
  std::string unpacked(count * stride, '\0');
  EXPECT_EQ(unpacked.size(), length);
  const int failed = packed["mode"] == "TRIANGLES"
                         ? meshopt_decodeIndexBuffer(unpacked.data(), count, stride, bytes, size)
                         : meshopt_decodeVertexBuffer(unpacked.data(), count, stride, bytes, size);
  EXPECT_EQ(failed, 0);
  return unpacked;
}

std::vector<double> GlbReader::values(int number) const {
  const auto& accessor = json["accessors"][static_cast<size_t>(number)];
  const auto& described = json["bufferViews"][accessor["bufferView"].get<size_t>()];
  const int type = accessor["componentType"].get<int>();
  const size_t components = components_of(accessor["type"].get<std::string>());
  const size_t stride = described.value("byteStride", components * bytes_of_component(type));
  const std::string bytes = view(accessor["bufferView"].get<int>());
  std::vector<double> values;
  for (size_t i = 0; i < accessor["count"].get<size_t>(); ++i) {
    for (size_t c = 0; c < components; ++c) {
      values.push_back(read_component(bytes.data() + i * stride + c * bytes_of_component(type), type,
                                      accessor.value("normalized", false)));
    }
  }
  return values;
}

void GlbReader::add_triangles(const nlohmann::json& node, std::vector<Triangle>& to) const {
  const auto& matrix = json["nodes"][0]["matrix"];
  const auto translation = node.value("translation", std::vector<double>{0, 0, 0}),
             scale = node.value("scale", std::vector<double>{1, 1, 1});
  const auto ecef_of_local = [&](const std::array<double, 3>& local) {
    double world[3];
    for (size_t row = 0; row < 3; ++row) {
      world[row] = matrix[12 + row].get<double>();
      for (size_t column = 0; column < 3; ++column)
        world[row] += matrix[column * 4 + row].get<double>() * local[column];
    }
    return Vector{world[0], -world[2], world[1]};
  };
  for (const auto& primitive : json["meshes"][node["mesh"].get<size_t>()]["primitives"]) {
    const auto& attributes = primitive["attributes"];
    const auto positions = values(attributes["POSITION"].get<int>()), normals = values(attributes["NORMAL"].get<int>());
    const auto features = attributes.contains("_FEATURE_ID_0") ? values(attributes["_FEATURE_ID_0"].get<int>())
                                                               : std::vector<double>(positions.size() / 3, 0);
    const auto texture =
        attributes.contains("TEXCOORD_0") ? values(attributes["TEXCOORD_0"].get<int>()) : std::vector<double>();
    std::vector<Corner> corners(positions.size() / 3);
    for (size_t i = 0; i < corners.size(); ++i) {
      std::array<double, 3> local{};
      for (size_t axis = 0; axis < 3; ++axis) local[axis] = positions[i * 3 + axis] * scale[axis] + translation[axis];
      corners[i].local = {local[0], -local[2], local[1]};
      corners[i].ecef = ecef_of_local(local);
      corners[i].normal = {normals[i * 3], -normals[i * 3 + 2], normals[i * 3 + 1]};
      corners[i].feature = static_cast<uint32_t>(features[i]);
      if (!texture.empty()) corners[i].texture = {texture[i * 2], texture[i * 2 + 1]};
    }
    const auto indices = values(primitive["indices"].get<int>());
    for (size_t i = 0; i < indices.size(); i += 3) {
      Triangle triangle;
      for (size_t c = 0; c < 3; ++c) triangle.corners[c] = corners[static_cast<size_t>(indices[i + c])];
      triangle.material = primitive["material"].get<uint32_t>();
      to.push_back(triangle);
    }
  }
}

std::vector<GlbReader::Triangle> GlbReader::triangles() const {
  std::vector<Triangle> all;
  for (const auto& node : json.value("nodes", nlohmann::json::array())) {
    const bool is_instanced = node.contains("extensions") && node["extensions"].contains("EXT_mesh_gpu_instancing");
    if (node.contains("mesh") && !is_instanced) add_triangles(node, all);
  }
  return all;
}

double GlbReader::Triangle::double_area_seen_from_above() const {
  const Vector a = corners[0].local, b = corners[1].local, c = corners[2].local;
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

size_t GlbReader::feature_count() const {
  return json["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["count"].get<size_t>();
}

std::vector<std::string> GlbReader::texts(const char* property) const {
  const auto& column = json["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"][property];
  const std::string offset_bytes = view(column["stringOffsets"].get<int>()), all = view(column["values"].get<int>());
  const std::string type = column["stringOffsetType"].get<std::string>();
  const int component = type == "UINT8" ? 5121 : type == "UINT16" ? 5123 : 5125;
  std::vector<size_t> offsets;
  for (size_t i = 0; i <= feature_count(); ++i) {
    offsets.push_back(
        static_cast<size_t>(read_component(offset_bytes.data() + i * bytes_of_component(component), component, false)));
  }
  std::vector<std::string> texts;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) texts.push_back(all.substr(offsets[i], offsets[i + 1] - offsets[i]));
  return texts;
}

std::vector<std::optional<double>> GlbReader::numbers(const char* property) const {
  const auto& column = json["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"][property];
  const std::string all = view(column["values"].get<int>());
  std::vector<std::optional<double>> numbers;
  for (size_t i = 0; i < feature_count(); ++i) {
    const double number = read_component(all.data() + i * 4, 5126, false);
    numbers.push_back(number == -9999 ? std::nullopt : std::optional(number));
  }
  return numbers;
}

}  // namespace cityloom::space
