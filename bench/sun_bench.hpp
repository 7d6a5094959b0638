// A day of sun against GRASS r.sun.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// A million cells of a metre in half-hour steps. Needs GRASS (grass-core).
base::Status run_sun(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
