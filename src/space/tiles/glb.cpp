// https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html, "GLB File Format Specification".
#include "space/tiles/glb.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "space/tiles/glb_buffers.hpp"
#include "space/tiles/glb_features.hpp"
#include "space/tiles/packed_mesh.hpp"

namespace cityloom::space {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

// An accessor of the file: values of a view.
struct Accessor {
  int view = 0;
  int component = gltf::float32;
  const char* type = "VEC3";
  size_t count = 0;
  bool is_normalised = false;
  const PackedMesh* extent = nullptr;  // whose extent it states
};

// One mesh of the file: its streams once, a primitive a material.
struct MeshEntry {
  PackedMesh packed;
  int position = 0, normal = 0, feature = -1, texture = -1;  // accessors
  std::vector<std::pair<int, int>> primitives;               // accessor of the indices, material
};

// One repeated mesh: accessors of the transforms.
struct InstanceEntry {
  size_t mesh = 0;
  int translation = 0, rotation = 0, scale = 0, feature = 0;
};

/// Brings a scene into views, accessors and tables, then writes them.
class GlbWriter {
 public:
  GlbWriter(const GlbScene& scene, const GlbOptions& options)
      : scene_(scene), options_(options), buffers_(options.is_compressed) {}

  std::string write();

 private:
  bool add_mesh(const Mesh& mesh, bool with_features);
  void add_instances(const InstancedMesh& instanced);
  int add_accessor(Accessor accessor) {
    accessors_.push_back(accessor);
    return static_cast<int>(accessors_.size() - 1);
  }
  int add_floats(const std::vector<float>& values, size_t components, const char* type);
  int add_material(const Material& material);
  std::optional<int> add_texture(const std::string& hash);

  void write_head(Writer& json) const;
  void write_nodes(Writer& json) const;
  void write_meshes(Writer& json) const;
  void write_primitive(Writer& json, const MeshEntry& mesh, std::pair<int, int> primitive) const;
  void write_materials(Writer& json) const;
  void write_textures(Writer& json) const;
  void write_accessors(Writer& json) const;
  void write_views(Writer& json) const;

  const GlbScene& scene_;
  const GlbOptions& options_;
  GlbBuffers buffers_;
  std::vector<Accessor> accessors_;
  std::vector<MeshEntry> meshes_;
  std::vector<InstanceEntry> instances_;
  std::vector<Material> materials_;
  std::vector<std::optional<int>> texture_of_material_;
  struct Image {
    std::string hash;
    int view = 0;
    const char* mime_type = "";
  };
  std::vector<Image> images_;
};

const char* mime_type_of(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF")) return "image/jpeg";
  if (bytes.starts_with("\x89PNG\r\n")) return "image/png";
  return "";
}

std::optional<int> GlbWriter::add_texture(const std::string& hash) {
  if (hash.empty() || !options_.assets) return {};
  for (size_t i = 0; i < images_.size(); ++i) {
    if (images_[i].hash == hash) return static_cast<int>(i);
  }
  const auto bytes = options_.assets(hash);
  if (!bytes || *bytes == nullptr) return {};
  const char* mime_type = mime_type_of(**bytes);
  if (*mime_type == '\0') return {};
  images_.push_back({hash, buffers_.add_bytes(**bytes), mime_type});
  return static_cast<int>(images_.size() - 1);
}

int GlbWriter::add_material(const Material& material) {
  const auto found = std::find(materials_.begin(), materials_.end(), material);
  if (found != materials_.end()) return static_cast<int>(found - materials_.begin());
  materials_.push_back(material);
  texture_of_material_.push_back(add_texture(material.texture));
  return static_cast<int>(materials_.size() - 1);
}

// False where nothing is left to draw.
bool GlbWriter::add_mesh(const Mesh& mesh, bool with_features) {
  MeshEntry entry;
  entry.packed = pack(mesh, options_.is_compressed);
  if (entry.packed.groups.empty()) return false;
  const PackedMesh& packed = entry.packed;
  const auto add = [&](const std::string& stream, Accessor accessor) {
    accessor.count = packed.vertex_count;
    accessor.view = buffers_.add_elements(stream, stream.size() / packed.vertex_count, gltf::target_vertices);
    return add_accessor(accessor);
  };
  const bool small = packed.is_quantised;
  entry.position = add(packed.positions, {.component = small ? gltf::uint16 : gltf::float32});
  entry.normal = add(packed.normals, {.component = small ? gltf::int8 : gltf::float32, .is_normalised = small});
  if (with_features) {
    const int component = packed.features_are_small ? gltf::uint16 : gltf::float32;
    entry.feature = add(packed.features, {.component = component, .type = "SCALAR"});
  }
  if (!packed.texture_coordinates.empty()) {
    const bool is_short = packed.texture_is_quantised;
    entry.texture =
        add(packed.texture_coordinates,
            {.component = is_short ? gltf::uint16 : gltf::float32, .type = "VEC2", .is_normalised = is_short});
  }
  for (const PackedMesh::Group& group : packed.groups) {
    Accessor accessor{.component = index_component(packed.vertex_count), .type = "SCALAR"};
    accessor.count = group.indices.size();
    accessor.view = buffers_.add_indices(group.indices, packed.vertex_count);
    entry.primitives.emplace_back(add_accessor(accessor), add_material(mesh.materials[group.material]));
  }
  meshes_.push_back(std::move(entry));
  return true;
}

int GlbWriter::add_floats(const std::vector<float>& values, size_t components, const char* type) {
  const std::string_view bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  Accessor accessor{.type = type};
  accessor.count = values.size() / components;
  accessor.view = buffers_.add_elements(bytes, components * sizeof(float), 0);
  return add_accessor(accessor);
}

// A client applies these to the mesh's own numbers, so what turns those into metres goes into each of them.
void GlbWriter::add_instances(const InstancedMesh& instanced) {
  if (instanced.instances.empty() || !add_mesh(instanced.mesh, false)) return;
  const PackedMesh& packed = meshes_.back().packed;
  const double step = packed.is_quantised ? packed.step_m : 1;
  const Vector offset{packed.offset[0], -packed.offset[2], packed.offset[1]};
  std::vector<float> translations, rotations, scales, features;
  const auto append = [](std::vector<float>& to, std::initializer_list<double> values) {
    for (double value : values) to.push_back(static_cast<float>(value));
  };
  for (const Instance& instance : instanced.instances) {
    const double heading = instance.heading_deg * radians_per_degree, cosine = std::cos(heading),
                 sine = std::sin(heading);
    const Vector moved{offset.x * instance.scale.x, offset.y * instance.scale.y, offset.z * instance.scale.z};
    const Vector turned{moved.x * cosine + moved.y * sine, moved.y * cosine - moved.x * sine, moved.z};
    const Vector at = instance.position + turned;
    append(translations, {at.x, at.z, -at.y});
    append(rotations, {0, std::sin(-heading / 2), 0, std::cos(heading / 2)});
    append(scales, {instance.scale.x * step, instance.scale.z * step, instance.scale.y * step});
    append(features, {static_cast<double>(instance.feature)});
  }
  InstanceEntry entry;
  entry.mesh = meshes_.size() - 1;
  entry.translation = add_floats(translations, 3, "VEC3");
  entry.rotation = add_floats(rotations, 4, "VEC4");
  entry.scale = add_floats(scales, 3, "VEC3");
  entry.feature = add_floats(features, 1, "SCALAR");
  instances_.push_back(entry);
}

void write_numbers(Writer& json, const char* key, std::initializer_list<double> values) {
  json.Key(key);
  json.StartArray();
  for (double value : values) json.Double(value);
  json.EndArray();
}

void GlbWriter::write_head(Writer& json) const {
  json.Key("asset");
  json.StartObject();
  json.Key("version");
  json.String("2.0");
  json.Key("generator");
  json.String("Cityloom");
  json.EndObject();
  std::set<std::string> required, used{"EXT_structural_metadata"};
  if (options_.is_compressed) required = {"EXT_meshopt_compression", "KHR_mesh_quantization"};
  if (!instances_.empty()) required.insert("EXT_mesh_gpu_instancing");
  if (!instances_.empty()) used.insert("EXT_instance_features");
  if (meshes_.size() > instances_.size()) used.insert("EXT_mesh_features");
  used.insert(required.begin(), required.end());
  for (const auto& [key, names] : {std::pair("extensionsUsed", used), std::pair("extensionsRequired", required)}) {
    if (names.empty()) continue;
    json.Key(key);
    json.StartArray();
    for (const std::string& name : names) json.String(name.c_str());
    json.EndArray();
  }
  json.Key("scene");
  json.Int(0);
}

// The frame's place on the earth: from the mesh's axes (east, up, south) to earth-centred coordinates in glTF's axes,
// which a 3D Tiles client turns by (x, y, z) -> (x, -z, y).
void write_frame(Writer& json, const LocalFrame& frame) {
  json.Key("matrix");
  json.StartArray();
  const Vector columns[] = {frame.east(), frame.up(), frame.north() * -1, frame.origin_ecef()};
  for (size_t column = 0; column < 4; ++column) {
    for (double value : {columns[column].x, columns[column].z, -columns[column].y}) json.Double(value);
    json.Double(column == 3 ? 1 : 0);
  }
  json.EndArray();
}

void write_instancing(Writer& json, const InstanceEntry& instance, size_t feature_count) {
  json.Key("extensions");
  json.StartObject();
  json.Key("EXT_mesh_gpu_instancing");
  json.StartObject();
  json.Key("attributes");
  json.StartObject();
  for (const auto& [name, accessor] :
       {std::pair("TRANSLATION", instance.translation), std::pair("ROTATION", instance.rotation),
        std::pair("SCALE", instance.scale), std::pair("_FEATURE_ID_0", instance.feature)}) {
    json.Key(name);
    json.Int(accessor);
  }
  json.EndObject();
  json.EndObject();
  json.Key("EXT_instance_features");
  write_feature_ids(json, feature_count);
  json.EndObject();
}

void GlbWriter::write_nodes(Writer& json) const {
  json.Key("scenes");
  json.RawValue(R"([{"nodes":[0]}])", 15, rapidjson::kArrayType);
  json.Key("nodes");
  json.StartArray();
  json.StartObject();
  write_frame(json, scene_.frame);
  json.Key("children");
  json.StartArray();
  for (size_t i = 0; i < meshes_.size(); ++i) json.Uint64(i + 1);
  json.EndArray();
  json.EndObject();
  for (size_t i = 0; i < meshes_.size(); ++i) {
    json.StartObject();
    json.Key("mesh");
    json.Uint64(i);
    const PackedMesh& packed = meshes_[i].packed;
    const auto instance =
        std::find_if(instances_.begin(), instances_.end(), [&](const auto& one) { return one.mesh == i; });
    if (instance != instances_.end()) {
      write_instancing(json, *instance, scene_.features.row_count());
    } else if (packed.is_quantised) {
      write_numbers(json, "translation", {packed.offset[0], packed.offset[1], packed.offset[2]});
      write_numbers(json, "scale", {packed.step_m, packed.step_m, packed.step_m});
    }
    json.EndObject();
  }
  json.EndArray();
}

void GlbWriter::write_primitive(Writer& json, const MeshEntry& mesh, std::pair<int, int> primitive) const {
  json.StartObject();
  json.Key("attributes");
  json.StartObject();
  json.Key("POSITION");
  json.Int(mesh.position);
  json.Key("NORMAL");
  json.Int(mesh.normal);
  if (mesh.texture >= 0 && texture_of_material_[static_cast<size_t>(primitive.second)]) {
    json.Key("TEXCOORD_0");
    json.Int(mesh.texture);
  }
  if (mesh.feature >= 0) {
    json.Key("_FEATURE_ID_0");
    json.Int(mesh.feature);
  }
  json.EndObject();
  json.Key("indices");
  json.Int(primitive.first);
  json.Key("material");
  json.Int(primitive.second);
  json.Key("mode");
  json.Int(4);
  if (mesh.feature >= 0) {
    json.Key("extensions");
    json.StartObject();
    json.Key("EXT_mesh_features");
    write_feature_ids(json, scene_.features.row_count());
    json.EndObject();
  }
  json.EndObject();
}

void GlbWriter::write_meshes(Writer& json) const {
  json.Key("meshes");
  json.StartArray();
  for (const MeshEntry& mesh : meshes_) {
    json.StartObject();
    json.Key("primitives");
    json.StartArray();
    for (const auto& primitive : mesh.primitives) write_primitive(json, mesh, primitive);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
}

void GlbWriter::write_materials(Writer& json) const {
  json.Key("materials");
  json.StartArray();
  for (size_t i = 0; i < materials_.size(); ++i) {
    const Material& material = materials_[i];
    json.StartObject();
    json.Key("pbrMetallicRoughness");
    json.StartObject();
    const auto& colour = material.base_colour;
    json.Key("baseColorFactor");
    json.StartArray();
    for (float value : colour) json.Double(std::round(static_cast<double>(value) * 1e4) / 1e4);
    json.EndArray();
    if (texture_of_material_[i]) {
      json.Key("baseColorTexture");
      json.StartObject();
      json.Key("index");
      json.Int(*texture_of_material_[i]);
      json.EndObject();
    }
    json.Key("metallicFactor");
    json.Int(0);
    json.Key("roughnessFactor");
    json.Int(1);
    json.EndObject();
    if (colour[3] < 1) {
      json.Key("alphaMode");
      json.String("BLEND");
    }
    if (material.is_double_sided) {
      json.Key("doubleSided");
      json.Bool(true);
    }
    json.EndObject();
  }
  json.EndArray();
}

void GlbWriter::write_textures(Writer& json) const {
  if (images_.empty()) return;
  json.Key("samplers");
  // Linear with mipmaps; repeats.
  constexpr std::string_view sampler = R"([{"magFilter":9729,"minFilter":9987,"wrapS":10497,"wrapT":10497}])";
  json.RawValue(sampler.data(), sampler.size(), rapidjson::kArrayType);
  json.Key("textures");
  json.StartArray();
  for (size_t i = 0; i < images_.size(); ++i) {
    json.StartObject();
    json.Key("sampler");
    json.Int(0);
    json.Key("source");
    json.Uint64(i);
    json.EndObject();
  }
  json.EndArray();
  json.Key("images");
  json.StartArray();
  for (const Image& image : images_) {
    json.StartObject();
    json.Key("bufferView");
    json.Int(image.view);
    json.Key("mimeType");
    json.String(image.mime_type);
    json.EndObject();
  }
  json.EndArray();
}

void GlbWriter::write_accessors(Writer& json) const {
  json.Key("accessors");
  json.StartArray();
  for (const Accessor& accessor : accessors_) {
    json.StartObject();
    json.Key("bufferView");
    json.Int(accessor.view);
    json.Key("componentType");
    json.Int(accessor.component);
    if (accessor.is_normalised) {
      json.Key("normalized");
      json.Bool(true);
    }
    json.Key("count");
    json.Uint64(accessor.count);
    json.Key("type");
    json.String(accessor.type);
    if (accessor.extent != nullptr) {
      const auto& [low, high] = std::tie(accessor.extent->minimum, accessor.extent->maximum);
      write_numbers(json, "min", {low[0], low[1], low[2]});
      write_numbers(json, "max", {high[0], high[1], high[2]});
    }
    json.EndObject();
  }
  json.EndArray();
}

void write_view(Writer& json, const GlbBuffers::View& view) {
  json.StartObject();
  json.Key("buffer");
  json.Int(view.compressed ? 1 : 0);
  json.Key("byteOffset");
  json.Uint64(view.offset);
  json.Key("byteLength");
  json.Uint64(view.length);
  if (view.stride != 0 && view.target == gltf::target_vertices) {
    json.Key("byteStride");
    json.Uint64(view.stride);
  }
  if (view.target != 0) {
    json.Key("target");
    json.Int(view.target);
  }
  if (view.compressed) {
    json.Key("extensions");
    json.StartObject();
    json.Key("EXT_meshopt_compression");
    json.StartObject();
    for (const auto& [key, value] :
         {std::pair("buffer", size_t{0}), std::pair("byteOffset", view.compressed->offset),
          std::pair("byteLength", view.compressed->length),
          std::pair("byteStride", view.length / view.compressed->count), std::pair("count", view.compressed->count)}) {
      json.Key(key);
      json.Uint64(value);
    }
    json.Key("mode");
    json.String(view.compressed->mode);
    json.EndObject();
    json.EndObject();
  }
  json.EndObject();
}

void GlbWriter::write_views(Writer& json) const {
  json.Key("bufferViews");
  json.StartArray();
  for (const GlbBuffers::View& view : buffers_.views()) write_view(json, view);
  json.EndArray();
  json.Key("buffers");
  json.StartArray();
  json.StartObject();
  json.Key("byteLength");
  json.Uint64(buffers_.bytes().size());
  json.EndObject();
  if (buffers_.unpacked_bytes() > 0) {
    json.StartObject();
    json.Key("byteLength");
    json.Uint64(buffers_.unpacked_bytes());
    json.Key("extensions");
    constexpr std::string_view fallback = R"({"EXT_meshopt_compression":{"fallback":true}})";
    json.RawValue(fallback.data(), fallback.size(), rapidjson::kObjectType);
    json.EndObject();
  }
  json.EndArray();
}

void append_uint32(std::string& to, size_t value) {
  const auto number = static_cast<uint32_t>(value);
  for (int shift : {0, 8, 16, 24}) to.push_back(static_cast<char>(number >> shift & 0xFF));
}

void append_chunk(std::string& to, const char* type, std::string_view bytes, char padding) {
  const size_t size = (bytes.size() + 3) / 4 * 4;
  append_uint32(to, size);
  to.append(type, 4);  // of "BIN" with its end
  to.append(bytes).append(size - bytes.size(), padding);
}

std::string pack_file(std::string_view json, std::string_view binary) {
  std::string body;
  append_chunk(body, "JSON", json, ' ');
  if (!binary.empty()) append_chunk(body, "BIN", binary, '\0');
  std::string file = "glTF";
  append_uint32(file, 2);
  append_uint32(file, 12 + body.size());
  return file + body;
}

std::string GlbWriter::write() {
  add_mesh(scene_.mesh, true);
  for (const InstancedMesh& instanced : scene_.instanced) add_instances(instanced);
  for (const MeshEntry& mesh : meshes_) accessors_[static_cast<size_t>(mesh.position)].extent = &mesh.packed;
  if (meshes_.empty()) return pack_file(R"({"asset":{"version":"2.0"},"scene":0,"scenes":[{}]})", {});
  const std::vector<FeatureViews> columns = add_feature_columns(scene_.features, buffers_);
  rapidjson::StringBuffer text;
  Writer json(text);
  json.StartObject();
  write_head(json);
  write_nodes(json);
  write_meshes(json);
  write_materials(json);
  write_textures(json);
  write_accessors(json);
  write_views(json);
  json.Key("extensions");
  json.StartObject();
  write_feature_metadata(json, scene_.features, columns);
  json.EndObject();
  json.EndObject();
  return pack_file({text.GetString(), text.GetSize()}, buffers_.bytes());
}

}  // namespace

InstancedMesh& GlbScene::repeated(std::string_view key, const std::function<Mesh()>& make) {
  for (InstancedMesh& one : instanced) {
    if (one.key == key) return one;
  }
  return instanced.emplace_back(InstancedMesh{make(), {}, std::string(key)});
}

std::string make_glb(const GlbScene& scene, const GlbOptions& options) {
  return GlbWriter(scene, options).write();
}

}  // namespace cityloom::space
