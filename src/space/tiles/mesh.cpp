// Corners come in the frame's axes (east, north, up) and are kept in those of glTF.
#include "space/tiles/mesh.hpp"

#include <algorithm>

namespace cityloom::space {

void Mesh::use(const Material& material) {
  const auto found = std::find(materials.begin(), materials.end(), material);
  material_ = static_cast<uint32_t>(found - materials.begin());
  if (found == materials.end()) materials.push_back(material);
}

uint32_t Mesh::add_vertex(Vector position, Vector normal, uint32_t feature,
                          std::optional<TextureCoordinate> texture_coordinate) {
  if (texture_coordinate) {
    // Vertices before the first textured one need a place in the texture too, though nothing is seen of it.
    texture_coordinates.resize(2 * features.size(), 0);
    texture_coordinates.push_back(texture_coordinate->u);
    texture_coordinates.push_back(texture_coordinate->v);
  } else if (!texture_coordinates.empty()) {
    texture_coordinates.resize(2 * (features.size() + 1), 0);
  }
  for (double value : {position.x, position.z, -position.y}) positions.push_back(static_cast<float>(value));
  for (double value : {normal.x, normal.z, -normal.y}) normals.push_back(static_cast<float>(value));
  features.push_back(feature);
  return static_cast<uint32_t>(features.size() - 1);
}

void Mesh::add_triangle(uint32_t a, uint32_t b, uint32_t c) {
  if (materials.empty()) materials.emplace_back();
  if (parts.empty() || parts.back().material != material_) {
    parts.push_back({material_, static_cast<uint32_t>(indices.size()), 0});
  }
  for (uint32_t vertex : {a, b, c}) indices.push_back(vertex);
  parts.back().index_count += 3;
}

void Mesh::add_flat_triangle(Vector a, Vector b, Vector c, uint32_t feature) {
  const Vector normal = cross(b - a, c - a);
  const double size = length_of(normal);
  if (!(size > 1e-9)) return;
  const Vector unit = normal * (1 / size);
  const uint32_t first = add_vertex(a, unit, feature);
  add_vertex(b, unit, feature);
  add_vertex(c, unit, feature);
  add_triangle(first, first + 1, first + 2);
}

}  // namespace cityloom::space
