// The rehearsal's benchmarks.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// A city of 100,000 buildings made, recorded and tiled; then a day of 50,000 vehicles and 100,000 sensors in it: how
/// many seconds of the day one core lives in a second. About 90 s.
base::Status run_rehearsal(const Setup& setup, const Report& report);

/// The same of a city of a million buildings: made, recorded, tiled, and tiles asked for. About 10 min, 6 GB.
base::Status run_rehearsal_million(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
