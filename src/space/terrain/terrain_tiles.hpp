// The terrain as tiles for a globe: layer.json and quantized-mesh-1.0, made when asked for.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "space/terrain/terrain.hpp"

namespace cityloom::space {

/// One answer of the door of terrain tiles.
struct TerrainTile {
  std::string content_type;  ///< "application/json" or "application/vnd.quantized-mesh"
  std::string bytes;
  std::string gzip_bytes;  ///< the same, packed
  std::string etag;        ///< with quotes; equal exactly while the bytes are
};

struct TerrainTilesOptions {
  size_t cache_bytes_max = 48u << 20;  ///< of made tiles
};

/// What a client wants in its tiles.
struct TerrainExtensions {
  bool normals = false;
  bool water_mask = false;
};

/// The whole earth as a pyramid of tiles: with terrain where models are, flat elsewhere. Any worker.
class TerrainTiles {
 public:
  /// The terrain must outlive it.
  explicit TerrainTiles(Terrain& terrain, TerrainTilesOptions options = {});
  ~TerrainTiles();

  /// By the path below the door: "layer.json" or "LEVEL/X/Y.terrain" (TMS, geographic). layer.json has `version`, which
  /// changes with the terrain and the water, and the levels that are worth asking for. A tile is made on the caller's
  /// worker in some milliseconds, then comes from memory. Errors: not_found, corrupt or unavailable (blocks).
  base::Result<std::shared_ptr<const TerrainTile>> find(std::string_view path, TerrainExtensions extensions);

  uint64_t tiles_made() const;  ///< since the start

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::space
