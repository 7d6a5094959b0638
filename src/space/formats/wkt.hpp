// Geometries in well-known text, as tables hold them.
#pragma once

#include "space/formats/json_geometry.hpp"

namespace cityloom::space {

/// "POINT Z (127.1 37.5 20)", "SRID=5186;POLYGON((...))", collections, EMPTY. x comes first; a measure is left out.
/// Errors: invalid (where it stops making sense), too_large, too_complex (over 50 deep).
base::Result<FeatureGeometry> geometry_of_wkt(std::string_view text, const PlaneCrs& crs);

}  // namespace cityloom::space
