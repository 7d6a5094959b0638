// The relief in CityGML files of versions 1 to 3: TIN, mass points, break lines and grids.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// As Importer::import, for the relief of a CityGML file only: what else it holds is `city/citygml_import.hpp`'s. Each
/// relief feature (or, where there is none around, each component) becomes one TerrainModel. Mass points and break
/// lines (and the points of a TIN without triangles) are joined together by Delaunay's rule. Grids that stand in the
/// file are read; of those in a file of their own that file is named. Streams: memory as TinRaster's, ReliefPoints' and
/// one grid's.
base::Status import_relief(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
