// Shares buildings out to tiles, and writes the tileset that names them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "space/earth.hpp"

namespace cityloom::space {

/// What the tree needs to know of a building (with its parts).
struct TileItem {
  std::string id;
  twin::Box box;
  double lowest_m = 0;  ///< above the ellipsoid
  double highest_m = 0;
  double size_m = 0;     ///< how far away it still matters: the larger of its height and its width
  uint64_t version = 0;  ///< changes whenever its picture does
};

/// One tile: a cell of the quadtree over longitude and latitude in which level z has 2^(z+1) by 2^z cells.
struct Tile {
  uint32_t level = 0, x = 0, y = 0;
  std::vector<uint32_t> items;     ///< indices of those drawn in this tile, in their order
  std::vector<uint32_t> children;  ///< indices of tiles
  twin::Position origin;           ///< of the content: the middle of the items here, on the ellipsoid
  twin::Box box;                   ///< of the items here and below
  double lowest_m = 0, highest_m = 0;
  double geometric_error_m = 0;  ///< what is wrong with the picture while the children are not there
  uint64_t version = 0;          ///< of the items drawn here

  /// "14/13981/6346.glb".
  std::string path() const;
};

/// The tiles, the root first, children after their parents. Every item is drawn in exactly one. Largest items are drawn
/// in the upper tiles: a tile keeps its `items_per_tile_max` largest and hands the rest down to its quarters, which are
/// added to the picture (refinement ADD). Same items in any order, same tree. Cost: n log n.
std::vector<Tile> share_out(const std::vector<TileItem>& items, size_t items_per_tile_max);

/// tileset.json of 3D Tiles 1.1 with explicit tiles and region volumes; `tiles` may be empty. `query` is added to the
/// address of each content (which has one already: begin with '&'). `asset.tilesetVersion` is the hash of all versions.
std::string tileset_json(const std::vector<Tile>& tiles, std::string_view query = "");

/// The etag of a version, with quotes.
std::string etag_of(uint64_t version);

}  // namespace cityloom::space
