// The order of corners follows their use, which is what compresses best and draws quickest.
#include "space/tiles/packed_mesh.hpp"

#include <meshoptimizer.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "space/tiles/glb.hpp"

namespace cityloom::space {
namespace {

constexpr double grid_numbers = 65'535;

template <class T>
void append(std::string& to, const T& value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// What a stream of a PackedMesh has for one vertex.
size_t stride_of(const std::string& stream, size_t vertex_count) {
  return vertex_count == 0 ? 0 : stream.size() / vertex_count;
}

// The extent of values, three of which belong together at the start of each `stride` bytes.
template <class T>
void measure(std::string_view bytes, size_t stride, std::array<double, 3>& minimum, std::array<double, 3>& maximum) {
  minimum.fill(std::numeric_limits<double>::max());
  maximum.fill(std::numeric_limits<double>::lowest());
  for (size_t start = 0; start < bytes.size(); start += stride) {
    std::array<T, 3> values;
    std::memcpy(values.data(), bytes.data() + start, sizeof values);
    for (size_t axis = 0; axis < 3; ++axis) {
      minimum[axis] = std::min(minimum[axis], static_cast<double>(values[axis]));
      maximum[axis] = std::max(maximum[axis], static_cast<double>(values[axis]));
    }
  }
}

void pack_positions(const Mesh& mesh, PackedMesh& to) {
  const std::string_view bytes(reinterpret_cast<const char*>(mesh.positions.data()),
                               mesh.positions.size() * sizeof(float));
  if (!to.is_quantised) {
    to.positions = bytes;
    return;
  }
  std::array<double, 3> maximum{};
  measure<float>(bytes, 3 * sizeof(float), to.offset, maximum);
  double extent_m = 0;
  for (size_t axis = 0; axis < 3; ++axis) extent_m = std::max(extent_m, maximum[axis] - to.offset[axis]);
  to.step_m = quantisation_step_m(extent_m);
  const auto number_of = [&](double value, size_t axis) {
    return static_cast<uint16_t>(std::clamp(std::round((value - to.offset[axis]) / to.step_m), 0.0, grid_numbers));
  };
  for (size_t i = 0; i < mesh.positions.size(); ++i) {
    append(to.positions, number_of(static_cast<double>(mesh.positions[i]), i % 3));
    if (i % 3 == 2) append(to.positions, uint16_t{0});
  }
}

void pack_normals(const Mesh& mesh, PackedMesh& to) {
  if (!to.is_quantised) {
    to.normals.assign(reinterpret_cast<const char*>(mesh.normals.data()), mesh.normals.size() * sizeof(float));
    return;
  }
  for (size_t i = 0; i < mesh.normals.size(); ++i) {
    append(to.normals, static_cast<int8_t>(std::round(std::clamp(mesh.normals[i], -1.0F, 1.0F) * 127)));
    if (i % 3 == 2) append(to.normals, int8_t{0});
  }
}

void pack_features(const Mesh& mesh, PackedMesh& to) {
  to.features_are_small =
      std::all_of(mesh.features.begin(), mesh.features.end(), [](uint32_t f) { return f < 65'535; });
  for (uint32_t feature : mesh.features) {
    to.features_are_small ? append(to.features, feature) : append(to.features, static_cast<float>(feature));
  }
}

void pack_texture_coordinates(const Mesh& mesh, PackedMesh& to) {
  const std::vector<float>& all = mesh.texture_coordinates;
  to.texture_is_quantised =
      to.is_quantised && std::all_of(all.begin(), all.end(), [](float value) { return value >= 0 && value <= 1; });
  for (float value : all) {
    to.texture_is_quantised ? append(to.texture_coordinates, static_cast<uint16_t>(std::round(value * 65'535)))
                            : append(to.texture_coordinates, value);
  }
}

// Keeps those vertices that `remap` does not throw away, at their new places.
void reorder(PackedMesh& mesh, size_t vertex_count, const std::vector<uint32_t>& remap) {
  for (std::string* stream : {&mesh.positions, &mesh.normals, &mesh.features, &mesh.texture_coordinates}) {
    const size_t stride = stride_of(*stream, mesh.vertex_count);
    if (stride == 0) continue;
    std::string moved(vertex_count * stride, '\0');
    meshopt_remapVertexBuffer(moved.data(), stream->data(), mesh.vertex_count, stride, remap.data());
    *stream = std::move(moved);
  }
  mesh.vertex_count = vertex_count;
}

void merge_equal_vertices(PackedMesh& mesh, std::vector<uint32_t>& indices) {
  std::vector<meshopt_Stream> streams;
  for (const std::string* stream : {&mesh.positions, &mesh.normals, &mesh.features, &mesh.texture_coordinates}) {
    const size_t stride = stride_of(*stream, mesh.vertex_count);
    if (stride != 0) streams.push_back({stream->data(), stride, stride});
  }
  std::vector<uint32_t> remap(mesh.vertex_count);
  const size_t kept = meshopt_generateVertexRemapMulti(remap.data(), indices.data(), indices.size(), mesh.vertex_count,
                                                       streams.data(), streams.size());
  meshopt_remapIndexBuffer(indices.data(), indices.data(), indices.size(), remap.data());
  reorder(mesh, kept, remap);
}

bool same_place(const PackedMesh& mesh, uint32_t a, uint32_t b) {
  const size_t stride = stride_of(mesh.positions, mesh.vertex_count);
  return std::memcmp(mesh.positions.data() + a * stride, mesh.positions.data() + b * stride, stride) == 0;
}

void group(const Mesh& mesh, const std::vector<uint32_t>& indices, PackedMesh& to) {
  std::vector<PackedMesh::Group> groups(mesh.materials.size());
  for (const MeshPart& part : mesh.parts) {
    std::vector<uint32_t>& into = groups[part.material].indices;
    for (uint32_t i = part.first_index; i < part.first_index + part.index_count; i += 3) {
      const uint32_t a = indices[i], b = indices[i + 1], c = indices[i + 2];
      if (same_place(to, a, b) || same_place(to, b, c) || same_place(to, c, a)) continue;
      into.insert(into.end(), {a, b, c});
    }
  }
  for (uint32_t material = 0; material < groups.size(); ++material) {
    if (groups[material].indices.empty()) continue;
    groups[material].material = material;
    to.groups.push_back(std::move(groups[material]));
  }
}

// Orders vertices by their first use; those without use go.
void order_vertices(PackedMesh& mesh) {
  std::vector<uint32_t> all;
  for (PackedMesh::Group& group : mesh.groups) {
    meshopt_optimizeVertexCache(group.indices.data(), group.indices.data(), group.indices.size(), mesh.vertex_count);
    all.insert(all.end(), group.indices.begin(), group.indices.end());
  }
  std::vector<uint32_t> remap(mesh.vertex_count);
  const size_t used = meshopt_optimizeVertexFetchRemap(remap.data(), all.data(), all.size(), mesh.vertex_count);
  for (PackedMesh::Group& group : mesh.groups) {
    meshopt_remapIndexBuffer(group.indices.data(), group.indices.data(), group.indices.size(), remap.data());
  }
  reorder(mesh, used, remap);
}

}  // namespace

double quantisation_step_m(double extent_m) {
  return std::max(extent_m / grid_numbers, 0.001);
}

PackedMesh pack(const Mesh& mesh, bool is_quantised) {
  PackedMesh packed;
  packed.is_quantised = is_quantised;
  packed.vertex_count = mesh.vertex_count();
  if (mesh.indices.empty()) return packed;
  pack_positions(mesh, packed);
  pack_normals(mesh, packed);
  pack_features(mesh, packed);
  pack_texture_coordinates(mesh, packed);
  std::vector<uint32_t> indices = mesh.indices;
  merge_equal_vertices(packed, indices);
  group(mesh, indices, packed);
  order_vertices(packed);
  const size_t stride = stride_of(packed.positions, packed.vertex_count);
  packed.is_quantised ? measure<uint16_t>(packed.positions, stride, packed.minimum, packed.maximum)
                      : measure<float>(packed.positions, stride, packed.minimum, packed.maximum);
  return packed;
}

}  // namespace cityloom::space
