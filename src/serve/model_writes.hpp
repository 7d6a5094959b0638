// Writes that did not keep to their data models, for /metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cityloom::serve {

/// Of one tenant, since the start.
struct ModelWrites {
  std::string tenant;
  size_t models = 0;  ///< that hold now
  uint64_t rejected = 0, warned = 0, counted = 0;
};

}  // namespace cityloom::serve
