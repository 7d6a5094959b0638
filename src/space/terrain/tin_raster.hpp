// Triangles of terrain as a raster: what readers of TIN relief hand their triangles to.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <memory>
#include <vector>

#include "space/terrain/terrain_model.hpp"

namespace cityloom::space {

inline constexpr size_t tin_blocks_max = 1'500;  ///< of 256 KB in memory: 98 million nodes, 390 km2 at 2 m

/// Takes triangles in any order and keeps only their heights at nodes whose distance follows from the first of them:
/// half of what the middle one measures, 0.5 to 5 m. Memory: bounded by `tin_blocks_max`. One worker.
class TinRaster {
 public:
  TinRaster();
  ~TinRaster();

  /// Corners with heights above the ellipsoid. Triangles without area, without heights or larger than 50 km are left
  /// out. Errors: too_large (past `tin_blocks_max`).
  base::Status add(const std::array<twin::Position, 3>& corners);

  uint64_t taken() const { return taken_; }
  uint64_t left_out() const { return left_out_; }

  /// Adds what was taken as one TerrainModel. Nothing was: adds nothing. Errors: those of the batch.
  base::Status finish(ImportBatch& batch, const TerrainDescription& description);

 private:
  struct Block;
  base::Status settle();
  base::Status draw(const std::array<twin::Position, 3>& corners);
  Block* block_at(int64_t column, int64_t row);

  std::vector<std::array<twin::Position, 3>> waiting_;  // until the distance of nodes is known
  double step_east_deg_ = 0, step_south_deg_ = 0;       // 0: not known yet
  absl::flat_hash_map<uint64_t, std::unique_ptr<Block>> blocks_;
  int64_t west_ = INT64_MAX, east_ = INT64_MIN, north_ = INT64_MAX, south_ = INT64_MIN;  // nodes that have heights
  uint64_t taken_ = 0, left_out_ = 0;
};

}  // namespace cityloom::space
