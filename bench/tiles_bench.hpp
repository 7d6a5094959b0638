// The benchmarks of tiles.
#pragma once

#include <string>
#include <vector>

#include "bench/bench.hpp"
#include "space/tiles/tiles.hpp"

namespace cityloom::bench {

/// A city of 100,000 box buildings: into the record, tiled, first picture, tiles one by one, one building changed.
/// About a minute.
base::Status run_tiles(const Setup& setup, const Report& report);

/// The same with a million. Some minutes and 3 GB of disk.
base::Status run_tiles_million(const Setup& setup, const Report& report);

/// Paths of all contents of the buildings, by the tileset's own word: found by asking, level by level.
std::vector<std::string> tile_paths(space::CityTiles& tiles);

}  // namespace cityloom::bench
