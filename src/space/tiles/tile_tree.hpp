// The quadtree of what a layer draws: immutable nodes that a change shares with the tree before it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "space/tiles/tile_cell.hpp"

namespace cityloom::space {

/// A box in ten-millionths of a degree, rounded outwards, and heights above the ellipsoid.
struct TileExtent {
  int32_t west = INT32_MAX, south = INT32_MAX, east = INT32_MIN, north = INT32_MIN;
  float lowest_m = 1e9F, highest_m = -1e9F;

  void include(const TileExtent& other);
  bool exists() const { return west <= east; }
  bool operator==(const TileExtent&) const = default;
};

/// What the tree keeps of an entity that is drawn, with its parts. Texts are numbers in the pool of its owner.
struct TileItem {
  uint32_t id = 0;
  uint32_t category = 0, height_source = 0;
  GridPoint centre;  ///< of the ground it covers: where it hangs in the tree
  TileExtent extent;
  float area_m2 = 0;                ///< of the ground it covers
  float length_m = 0, width_m = 0;  ///< of the rectangle that covers the ground alike
  float angle_rad = 0;              ///< of its length, counter-clockwise from east
  float levels = -1;                ///< below 0: unknown
  float size_m = 0;                 ///< how far away it still matters
  uint64_t version = 0;             ///< changes whenever its picture does
};

/// A part drawn instead of the outline of its building: numbers of both ids.
using TilePart = std::pair<uint32_t, uint32_t>;

struct TileSummary;
struct TileNode;
using TileNodePointer = std::shared_ptr<const TileNode>;

/// A tile: a leaf with what it draws, or an inner one that stands for the four below.
struct TileNode {
  TileCell cell;
  uint32_t count = 0;           ///< of items here and below
  uint64_t version_sum = 0;     ///< of their versions, whatever their order
  TileExtent extent;            ///< of all of them
  uint32_t depth = 0;           ///< levels below this one
  std::vector<TileItem> items;  ///< of a leaf, in no order
  std::vector<TilePart> parts;  ///< of a leaf, in no order
  std::array<TileNodePointer, 4> children;

  bool is_leaf() const { return depth == 0; }
  /// A hash of all that is drawn here or stood for.
  uint64_t version() const;

  /// What stands for a large part of a city is kept once it was made; read and written by std::atomic_load and _store.
  mutable std::shared_ptr<const TileSummary> kept_summary;
};

/// An item that comes, with its parts, or goes.
struct TileChange {
  GridPoint centre;  ///< of the item, before it goes or as it comes
  uint32_t id = 0;
  const TileItem* coming = nullptr;  ///< nullptr: it goes
  std::span<const uint32_t> parts = {};
};

/// The tree after changes; nullptr stands for an empty one. What goes must be there; an item that moves goes and comes.
/// The same items give the same tree whatever the order and history: a node with at most `items_max` items is a leaf.
/// The changes are reordered. Cost: for each change the depth of the tree and a copy of one leaf at most. Adds to
/// `copied` how many items of leaves were written.
TileNodePointer changed_tree(const TileNodePointer& tree, std::span<TileChange> changes, size_t items_max,
                             uint64_t& copied);

/// The smallest tile that holds everything: the root of a tileset.
TileNodePointer tileset_root(const TileNodePointer& tree);

/// The tile of a cell, or nullptr.
TileNodePointer find_tile(const TileNodePointer& tree, const TileCell& cell);

/// Tiles of a tree, and memory they hold apart from summaries, in bytes.
std::pair<uint64_t, uint64_t> count_tiles(const TileNodePointer& tree);

}  // namespace cityloom::space
