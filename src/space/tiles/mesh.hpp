// Triangles with materials and features in the local frame of a tile: what shapes are turned into, and glb.hpp writes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "space/earth.hpp"

namespace cityloom::space {

/// How a surface looks. Surfaces of equal materials are drawn together.
struct Material {
  std::array<float, 4> base_colour{0.86F, 0.85F, 0.82F, 1};  ///< linear red, green, blue; alpha: below 1 it is blended
  bool is_double_sided = false;
  std::string texture;  ///< hash of an asset (JPEG or PNG), multiplied with the colour; "" for none
  bool operator==(const Material&) const = default;
};

/// A place in a texture: (0, 0) is its upper left corner, as glTF has it; past 1 it repeats.
struct TextureCoordinate {
  float u = 0, v = 0;
  bool operator==(const TextureCoordinate&) const = default;
};

/// A run of triangles that share a material.
struct MeshPart {
  uint32_t material = 0;  ///< index into Mesh::materials
  uint32_t first_index = 0;
  uint32_t index_count = 0;
};

/// Triangles with a normal and a feature number at each corner. Axes as glTF has them: x east, y up, z south of the
/// frame. Fill it by its functions: `use` a material, add vertices, then triangles between them.
struct Mesh {
  std::vector<float> positions;            ///< three a vertex, metres
  std::vector<float> normals;              ///< three a vertex, length 1
  std::vector<float> texture_coordinates;  ///< two a vertex; empty while no vertex has any
  std::vector<uint32_t> features;          ///< one a vertex: a row of the feature table
  std::vector<uint32_t> indices;           ///< three a triangle, counter-clockwise seen from outside
  std::vector<Material> materials;
  std::vector<MeshPart> parts;  ///< in order, covering all indices

  size_t vertex_count() const { return features.size(); }
  size_t triangle_count() const { return indices.size() / 3; }

  /// The material of the triangles added from here on; before the first call: the default one. Cost: a comparison with
  /// each material known.
  void use(const Material& material);

  /// Adds a vertex and gives its number. `position` and `normal` (of length 1) are east, north, up of the frame.
  uint32_t add_vertex(Vector position, Vector normal, uint32_t feature,
                      std::optional<TextureCoordinate> texture_coordinate = {});

  /// Adds a triangle between vertices, counter-clockwise seen from outside.
  void add_triangle(uint32_t a, uint32_t b, uint32_t c);

  /// Adds a triangle with vertices of its own and the normal of its plane; nothing where it has no area.
  void add_flat_triangle(Vector a, Vector b, Vector c, uint32_t feature);

 private:
  uint32_t material_ = 0;
};

}  // namespace cityloom::space
