// A tree of tiles as 3D Tiles 1.1 tells it to clients: tileset.json with implicit tiling, and its subtrees. Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/tiles/tile_tree.hpp"

namespace cityloom::space {

/// Levels of tiles that one subtree file tells about.
inline constexpr uint32_t subtree_levels = 4;

/// tileset.json of a tree (nullptr: of nothing). Its only tile is the root of an implicit quadtree, refinement REPLACE;
/// each tile's volume is in its subtree. `query` ("?asOf=7" or "") is added to every address. `asset.tilesetVersion` is
/// equal exactly when what is drawn is.
std::string tileset_json(const TileNodePointer& tree, std::string_view query);

/// The hash of all that the tree draws, as in `asset.tilesetVersion`.
std::string version_text(const TileNodePointer& tree);

/// The .subtree file of the tile at `cell`, which must be one of `root` or below it by a multiple of `subtree_levels`.
std::string subtree_file(const TileNode& node);

/// What an address below a tileset names: `ROOT/LEVEL/X/Y.KIND`, with ROOT as `LEVEL-X-Y`.
struct TilePath {
  TileCell cell;  ///< of the world's quadtree
  bool is_subtree = false;
};
/// Errors: none where it is no such address.
std::optional<TilePath> read_tile_path(std::string_view path);

/// The address of a tile within a tileset of this root: "14-100-200/0/0/0.glb".
std::string tile_path(const TileCell& root, const TileCell& cell, std::string_view kind);

/// An etag, with quotes.
std::string etag_of(uint64_t version);

/// The region of a tile: west, south, east, north in radians, lowest and highest in metres; wider than the extent by
/// what quantisation and rounding may add.
std::array<double, 6> region_of(const TileExtent& extent);

/// Tiles whose content differs between two trees, by address, if both have the same tiles; else none: then everything
/// is to be loaded again. Gives up past `limit`.
std::optional<std::vector<std::string>> changed_tiles(const TileNodePointer& before, const TileNodePointer& after,
                                                      size_t limit);

}  // namespace cityloom::space
