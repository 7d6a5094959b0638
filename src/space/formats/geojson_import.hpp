// GeoJSON: feature collections, features, geometries, and lines or sequences of them.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file begins as GeoJSON.
bool is_geojson(std::string_view head);

/// Imports one file, see Importer::import.
base::Status import_geojson(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
