// Buildings as 3D Tiles 1.1, following the thread: what changes in the record changes in its tile, and only there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {

/// One answer of the tile door.
struct TileContent {
  std::string content_type;  ///< "application/json" or "model/gltf-binary"
  std::string bytes;
  std::string etag;  ///< with quotes; equal exactly while the bytes are
};

struct TileOptions {
  size_t buildings_per_tile_max = 300;
  size_t cache_bytes_max = 64u << 20;  ///< of made tile contents
  size_t past_items_max = 200'000;     ///< buildings (of all kept moments together) in kept plans of the past
};

/// The buildings of the main branch as a tileset. Owns one worker that follows the feed. Any worker may call anything.
class BuildingTiles {
 public:
  /// Starts following; returns at once. The thread must outlive it.
  static std::unique_ptr<BuildingTiles> follow(thread::Thread& thread, TileOptions options = {});
  virtual ~BuildingTiles() = default;

  /// Whether the record as of the start has been read: before, `find` answers with Code::unavailable.
  virtual bool ready() const = 0;

  /// Content by its path below the door: "tileset.json", or what that names, e.g. "14/13981/6346.glb". Made on demand
  /// (a tile of 300 buildings: some 10 ms on the caller's worker), then from memory. The root has the extent of what
  /// there is; without any building the tileset holds one empty tile. With `as_of`: the buildings as recorded at that
  /// offset; the tileset names contents of the same moment, and its `asset.tilesetVersion` is equal exactly when the
  /// buildings are. A moment not asked for lately costs a reading of all buildings. Errors: not_found, unavailable.
  virtual base::Result<std::shared_ptr<const TileContent>> find(std::string_view path,
                                                                std::optional<thread::Offset> as_of = {}) = 0;

  /// Waits until everything up to this offset is in what `find` answers. Errors: timeout.
  virtual base::Status wait_for(thread::Offset offset, int64_t timeout_ms) = 0;

  /// Tiles, and features in them, as `tileset.json` says now.
  struct Counts {
    uint64_t tiles = 0;
    uint64_t features = 0;
    uint64_t contents_made = 0;  ///< since the start
  };
  virtual Counts counts() const = 0;
};

}  // namespace cityloom::space
