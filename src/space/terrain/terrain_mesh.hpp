// The ground as triangles: a tile of the geographic pyramid (TMS), and where its surface lies.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "space/earth.hpp"
#include "space/terrain/relief.hpp"

namespace cityloom::space {

/// A tile of the pyramid that begins with two tiles of 180 by 180 degrees: `x` from the west, `y` from the south.
struct TerrainTileKey {
  uint32_t level = 0;
  uint32_t x = 0;
  uint32_t y = 0;
  auto operator<=>(const TerrainTileKey&) const = default;

  twin::Box box() const;
  bool exists() const;  ///< whether the pyramid has it, up to level `terrain_level_max`
};

inline constexpr uint32_t terrain_level_max = 20;
inline constexpr uint32_t mesh_cells = 64;  ///< along a side of a tile with terrain

/// A mesh of one tile. Triangles are counter-clockwise seen from above.
struct TerrainMesh {
  TerrainTileKey key;
  uint32_t cells = 0;             ///< along a side; nodes are row by row from the south-west
  std::vector<double> heights_m;  ///< of (cells + 1) squared nodes, above the ellipsoid
  std::vector<Vector> normals;    ///< of length 1, earth-centred, from the nodes around, those of other tiles too
};

/// Samples the relief. A tile without terrain is flat and coarse. Some milliseconds. Errors: those of the sampler.
base::Result<TerrainMesh> make_terrain_mesh(const Relief& relief, const TerrainTileKey& key);

/// The deepest level of tiles that a model of this distance between nodes deserves: its meshes follow its surface to a
/// few per cent of that distance.
uint32_t deepest_level(double model_step_deg);

/// The height of the deepest mesh that is served there: what buildings must stand on. Linear in its triangles; 0 where
/// no model is. Errors: those of the sampler.
base::Result<double> served_height_m(const Relief& relief, ReliefSampler& sampler, double longitude_deg,
                                     double latitude_deg);

/// The lowest and the highest point of that mesh under an outline (Polygon or MultiPolygon), to a few centimetres: of
/// the one model below it, which the mesh follows, or, where several meet or one has voids, along its rings and at the
/// nodes of the mesh inside; then an outline larger than 200 by 200 nodes is looked at more coarsely. Cost: a
/// microsecond for a house on a model of 30 m, some 100 for one looked at by the mesh. Errors: those of the sampler.
struct GroundUnder {
  double lowest_m = 0;
  double highest_m = 0;
};
base::Result<GroundUnder> ground_under(const Relief& relief, const twin::Geometry& outline);

}  // namespace cityloom::space
