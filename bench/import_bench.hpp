// The import benchmark.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// Starts the program with Jamsil and with Monaco on an empty data folder, and again on what that left; measures the
/// time until the first tile of buildings is there, and the memory. Errors: unavailable (no real data, or it did not
/// start).
base::Status run_import(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
