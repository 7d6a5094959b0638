// The terrain as what the tiles ask for ground.
#pragma once

#include "space/terrain/terrain.hpp"
#include "space/terrain/terrain_mesh.hpp"
#include "space/tiles/ground.hpp"

namespace cityloom::space {

/// The ground of tiles: the deepest mesh that is served, as the terrain is now. Any worker.
class TerrainGround final : public Ground {
 public:
  /// The terrain must outlive it.
  explicit TerrainGround(Terrain& terrain) : terrain_(terrain) {}

  /// None without terrain, or where a block cannot be read. Cost: that of `ground_under`.
  std::optional<Heights> under(const twin::Geometry& geometry) const override {
    const auto relief = terrain_.relief();
    if (relief->empty() || geometry.positions.empty()) return std::nullopt;
    const auto found = ground_under(*relief, geometry);
    if (!found) return std::nullopt;
    return Heights{found->lowest_m, found->highest_m};
  }

  uint64_t version() const override { return terrain_.relief()->version(); }

  std::shared_ptr<void> on_change(std::function<void()> heard) override { return terrain_.on_change(std::move(heard)); }

 private:
  Terrain& terrain_;
};

}  // namespace cityloom::space
