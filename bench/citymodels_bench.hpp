// Importing city models.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// 20,000 houses of LoD2 as CityGML and as CityJSON, and the shared models: to entities on disk and all their tiles.
base::Status run_citymodels(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
