// Asking the terrain.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// A degree of SRTM around Monaco: imported, asked for heights at random places, drawn as tiles.
base::Status run_terrain(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
