// The city as 3D Tiles 1.1, following the thread: what changes in the record changes in its tile, and only there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/tiles/ground.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {

/// One answer of the tile door.
struct TileContent {
  std::string content_type;  ///< "application/json", "application/octet-stream" (subtrees) or "model/gltf-binary"
  std::string bytes;
  std::string etag;  ///< with quotes; equal exactly while the bytes are
};
using ContentPointer = std::shared_ptr<const TileContent>;

struct TileOptions {
  size_t items_per_tile_max = 300;     ///< of a tile without tiles below; also landmarks of one with
  size_t cache_bytes_max = 64u << 20;  ///< of made tile contents
  size_t past_items_max = 200'000;     ///< things (of all kept moments together) in kept trees of the past
  Ground* ground = nullptr;            ///< what things without heights stand on; none: the ellipsoid. Outlives all
};

/// What of the city is asked for.
struct TileRequest {
  std::string_view layer = "buildings";      ///< a name of all_layers()
  std::string_view path;                     ///< below the layer's door
  std::optional<thread::Offset> as_of = {};  ///< as recorded then; else now
  bool is_plain = false;                     ///< glTF without compression, for clients that cannot read it
};

/// The drawn layers of the main branch as tilesets. Owns one worker that follows the feed. Any worker may call
/// anything.
class CityTiles {
 public:
  /// Starts following; returns at once. The thread must outlive it.
  static std::unique_ptr<CityTiles> follow(thread::Thread& thread, TileOptions options = {});
  virtual ~CityTiles() = default;

  /// Whether the record as of the start has been read: before, `find` answers with Code::unavailable.
  virtual bool ready() const = 0;

  /// Content by its path: "tileset.json"; what that names: "14-100-200/0/0/0.glb" and ".subtree"; and
  /// "changes/VERSION.json", the tiles whose content changed since the tileset of that version, for clients that have
  /// it: {"version":..,"changed":[paths]} with null for "changed" where the tileset itself must be loaded again. Tiles
  /// are made on demand (some 10 ms on the caller's worker), then kept. Without anything to draw, the tileset holds one
  /// empty tile. `asset.tilesetVersion` is equal exactly when the picture is. A moment of the past not asked for lately
  /// costs a look at what changed since, and where that is much a reading of the whole layer. Errors: not_found,
  /// unavailable.
  virtual base::Result<ContentPointer> find(const TileRequest& request) = 0;

  /// Waits until everything up to this offset is in what `find` answers. Errors: timeout.
  virtual base::Status wait_for(thread::Offset offset, int64_t timeout_ms) = 0;

  /// Of a layer as it is now.
  struct Counts {
    uint64_t tiles = 0;
    uint64_t features = 0;       ///< things drawn
    uint64_t contents_made = 0;  ///< of all layers, since the start
    uint64_t index_bytes = 0;    ///< memory of the tree, about
  };
  virtual Counts counts(std::string_view layer = "buildings") const = 0;
};

}  // namespace cityloom::space
