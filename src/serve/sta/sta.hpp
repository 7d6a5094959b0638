// OGC SensorThings API 1.1 (Sensing) at /sta/v1.1, over the same facts as NGSI-LD.
#pragma once

#include "serve/ngsi/services.hpp"
#include "serve/router.hpp"

namespace cityloom::serve::sta {

inline constexpr std::string_view root_path = "/sta/v1.1";

/// Adds the routes. The services must outlive the router.
void add_sta_doors(Router& router, ngsi_ld::Services& services);

}  // namespace cityloom::serve::sta
