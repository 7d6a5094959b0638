// The benchmarks of tiles.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// A city of 100,000 box buildings: into the record, tiled, first picture, tiles one by one, one building changed.
/// About a minute.
base::Status run_tiles(const Setup& setup, const Report& report);

/// The same with a million. Some minutes and 3 GB of disk.
base::Status run_tiles_million(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
