// The tiles of one moment: what is known of its buildings, shared out. Pure, and never changes once made.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "space/tiles/building_shape.hpp"
#include "space/tiles/tile_tree.hpp"
#include "space/tiles/tiles.hpp"

namespace cityloom::space {

using ContentPointer = std::shared_ptr<const TileContent>;

/// What is kept of each building and part.
struct Known {
  std::string parent_id;
  twin::Box box;
  double lowest_m = 0, highest_m = 0, size_m = 0;
  uint64_t hash = 0;
  bool is_part = false;
  bool can_be_drawn = false;
};
using KnownBuildings = absl::flat_hash_map<std::string, Known>;

/// What the tiles need to know of a shape.
Known known_of(const BuildingShape& shape);

/// The tiles as of one offset.
struct Plan {
  thread::Offset offset;  ///< at which contents are read
  std::vector<TileItem> items;
  std::vector<std::vector<std::string>> part_ids;  ///< of each item; drawn instead of its own outline
  std::vector<Tile> tiles;
  std::map<std::string, uint32_t, std::less<>> tile_of_path;
  ContentPointer tileset;        ///< names contents as they are now
  ContentPointer tileset_as_of;  ///< names contents as of `offset`
};

/// Shares the buildings out. Equal buildings, equal tiles. Cost: n log n.
std::shared_ptr<const Plan> make_plan(const KnownBuildings& known, thread::Offset offset,
                                      size_t buildings_per_tile_max);

}  // namespace cityloom::space
