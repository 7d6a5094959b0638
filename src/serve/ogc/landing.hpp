// The front door of OGC's APIs: landing page, conformance, and the description as OpenAPI 3.0.
#pragma once

#include <string>

#include "serve/router.hpp"

namespace cityloom::serve::ogc {

/// Adds /ogc, /ogc/conformance and /ogc/api. The router must outlive them.
void add_landing_doors(Router& router, std::string city_name);

}  // namespace cityloom::serve::ogc
