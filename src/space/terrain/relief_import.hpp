// The relief in CityGML files: TIN and mass points, of versions 1 to 3.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// As Importer::import, for the relief of a CityGML file only: what else it holds is `city/citygml_import.hpp`'s. Each
/// relief feature (or, where there is none around, each component) becomes one TerrainModel. Streams: memory as
/// TinRaster's. Rasters and break lines are left out, which is said.
base::Status import_relief(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
