#include "space/objects/object_tile_mesh.hpp"

#include <cmath>

namespace cityloom::space {
namespace {

float linear(double srgb) {
  return static_cast<float>(srgb <= 0.04045 ? srgb / 12.92 : std::pow((srgb + 0.055) / 1.055, 2.4));
}

Vector vector_at(const std::vector<float>& values, size_t vertex) {
  return {static_cast<double>(values[vertex * 3]), static_cast<double>(values[vertex * 3 + 1]),
          static_cast<double>(values[vertex * 3 + 2])};
}

}  // namespace

Mesh tile_mesh_of(const ObjectMesh& from) {
  Mesh to;
  // Solid after solid of each surface, so that a surface is one part.
  for (uint32_t surface = 0; surface < from.surfaces.size(); ++surface) {
    const ObjectColour& colour = from.surfaces[surface].colour;
    Material material;
    for (size_t i = 0; i < 3; ++i) material.base_colour[i] = linear(colour.rgb[i]);
    material.base_colour[3] = static_cast<float>(colour.opacity);
    to.use(material);
    std::vector<uint32_t> places(from.vertex_count(), UINT32_MAX);
    for (const ObjectMesh::Solid& solid : from.solids) {
      if (solid.surface != surface) continue;
      const auto vertex = [&](uint32_t i) {
        uint32_t& place = places[from.indices[i]];
        if (place == UINT32_MAX) {
          const size_t old = from.indices[i];
          place = to.add_vertex(vector_at(from.positions, old), vector_at(from.normals, old), 0);
        }
        return place;
      };
      for (uint32_t i = solid.first_index; i < solid.first_index + solid.index_count; i += 3) {
        const uint32_t a = vertex(i), b = vertex(i + 1), c = vertex(i + 2);
        to.add_triangle(a, b, c);
      }
    }
  }
  return to;
}

}  // namespace cityloom::space
