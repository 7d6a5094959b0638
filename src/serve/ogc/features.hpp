// OGC API - Features (parts 1 and 2) over entity types: /ogc/collections and below.
#pragma once

#include "serve/ngsi/services.hpp"
#include "serve/router.hpp"

namespace cityloom::serve::ogc {

inline constexpr size_t features_max = 10'000;  ///< in one answer; more are paged

/// Adds the routes. The services must outlive the router.
void add_feature_doors(Router& router, ngsi_ld::Services& services);

}  // namespace cityloom::serve::ogc
