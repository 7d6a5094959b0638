// Vector tiles of the record: roads, areas, footprints, pipes and points for light clients.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "space/vector/tile_grid.hpp"
#include "space/vector/vector_layers.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {

/// One tile.
struct VectorTile {
  std::string bytes;  ///< Mapbox Vector Tile 2.1; empty where there is nothing
  std::string etag;   ///< with quotes; equal exactly while the bytes are
  uint64_t features = 0;
  uint64_t dropped = 0;  ///< features that belong here and were left out to keep the tile small
};

struct VectorOptions {
  size_t features_max = 15'000;     ///< of one tile
  size_t tile_bytes_max = 500'000;  ///< about
  size_t cache_bytes_max = 32u << 20;
};

/// The vector tiles of the main branch. Any worker may call anything; nothing runs meanwhile: whoever asks brings the
/// list of what is seen from far up to date.
class VectorTiles {
 public:
  /// The thread must outlive it.
  static std::unique_ptr<VectorTiles> of(thread::Thread& thread, VectorOptions options = {});
  virtual ~VectorTiles() = default;

  /// A tile as the record is now, or as of an offset. Past `vector_zoom_max` there is none: not_found. Where a tile
  /// would be too large the least important features are left out: those that show from a later zoom on first, then
  /// smaller before larger. Cost: some milliseconds, less where nothing in it has changed since it was asked for last;
  /// after a large import all is read once. Errors: not_found, too_complex (over 400,000 entities in one tile).
  virtual base::Result<std::shared_ptr<const VectorTile>> find(const TileAddress& tile,
                                                               std::optional<thread::Offset> as_of = {}) = 0;

  /// The area of what stands in tiles; nothing while there is none. Cost as that of a tile.
  virtual base::Result<std::optional<twin::Box>> bounds() = 0;
};

}  // namespace cityloom::space
