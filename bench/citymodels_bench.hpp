// Importing city models.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// 20,000 houses of LoD2 as CityGML and as CityJSON, and the shared models: to entities on disk and all their tiles.
/// Against citygml-to-3dtiles of npm where that is on the PATH.
base::Status run_citymodels(const Setup& setup, const Report& report);

/// Houses in a CityGML file of 1 GB: memory while it is read, and while it goes into a record.
base::Status run_citymodels_large(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
