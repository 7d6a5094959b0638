// Buildings as triangles in the local frame of their tile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "space/tiles/building_shape.hpp"
#include "space/earth.hpp"
#include "space/tiles/triangulate.hpp"

namespace cityloom::space {

/// Triangles with a normal and a feature number at each corner. Axes as glTF has them: x east, y up, z south of the
/// frame.
struct BuildingMesh {
  std::vector<float> positions;   ///< three a vertex, metres
  std::vector<float> normals;     ///< three a vertex, length 1
  std::vector<float> features;    ///< one a vertex: whole numbers up to 2^24
  std::vector<uint32_t> indices;  ///< three a triangle, counter-clockwise seen from outside

  size_t vertex_count() const { return features.size(); }
};

/// Adds the shape's walls, roof and, where it does not stand on the ground, floor. Roofs: flat, skillion, pyramidal
/// (also for dome, onion, cone and round); others are drawn flat. A ring that cannot be triangulated loses its roof,
/// never its walls: then false is returned.
bool append_building(const BuildingShape& shape, uint32_t feature, const LocalFrame& frame, Triangulator& triangulator,
                     BuildingMesh& to);

}  // namespace cityloom::space
