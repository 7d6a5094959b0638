// Terrain tiles as bytes: quantized-mesh-1.0, which CesiumJS reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "space/terrain/terrain_mesh.hpp"

namespace cityloom::space {

inline constexpr uint32_t water_mask_side = 256;

/// The tile's header, vertices, triangles and edges, then the extensions that are asked for: normals (1), and a water
/// mask (2) of one byte or 256 by 256 of them, from the north-west, 0 land to 255 water. Heights are whole 32,767ths of
/// the tile's range. Pure.
std::string encode_quantized_mesh(const TerrainMesh& mesh, bool with_normals,
                                  const std::optional<std::string>& water_mask);

}  // namespace cityloom::space
