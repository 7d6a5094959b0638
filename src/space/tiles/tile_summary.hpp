// What stands for a large part of a city seen from far away: its largest things as they are, the rest as blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "space/tiles/tile_tree.hpp"

namespace cityloom::space {

/// Of several texts the one with the most ground behind it, about (exact while one has more than all others together).
struct TileVote {
  uint32_t text = 0;
  double weight = 0;
  void add(const TileVote& other);
};

/// Things of one small square as one box: as much ground, in the same place and direction, of their mean height.
struct TileBlock {
  uint32_t count = 0;
  uint32_t id = 0;  ///< of the only one; 0 for several
  double area_m2 = 0;
  double longitude_deg = 0, latitude_deg = 0;           ///< the middle of the ground
  double east_m4 = 0, north_m4 = 0, east_north_m4 = 0;  ///< second moments of the ground about its middle
  double height_m3 = 0, base_m3 = 0;                    ///< heights, and where they begin, times ground
  double levels_m2 = 0, levels_area_m2 = 0;
  float lowest_m = 1e9F, highest_m = -1e9F;
  TileVote category, height_source;

  static TileBlock of(const TileItem& item);
  void add(const TileBlock& other);

  /// The rectangle with its ground and second moments.
  struct Rectangle {
    double length_m = 0, width_m = 0;
    double angle_rad = 0;  ///< of its length, counter-clockwise from east
  };
  Rectangle rectangle() const;
};

/// The squares along one side of a tile.
inline constexpr uint32_t blocks_per_side = 32;

/// What an inner tile draws. Each thing below is either a landmark or within one block.
struct TileSummary {
  std::vector<std::pair<uint16_t, TileBlock>> blocks;  ///< by the number of their square
  std::vector<const TileItem*> landmarks;              ///< the largest first; they live as long as the tile
};

/// How wrong an inner tile is: the side of its squares, in metres from north to south.
double summary_error_m(uint32_t level);

/// Sums up what lies below a tile: at most `landmarks_max` landmarks. The same items give the same summary. Cost: some
/// 100 ns an item below, or what has changed since it was asked last where much lies below. Any worker.
std::shared_ptr<const TileSummary> summary_of(const TileNode& node, size_t landmarks_max);

}  // namespace cityloom::space
