// GeoTIFF and ASCII grids of heights, through GDAL.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// As Importer::import. The first band is the height. Any coordinate system: what is not WGS 84 longitude and latitude
/// is resampled to it, bilinear. Heights without a vertical datum count as above EGM96, which is said as a warning.
/// Memory: some rows, and GDAL's cache.
base::Status import_raster(const ImportInput& input, ImportBatch& batch);

/// Whether this begins a TIFF file.
bool begins_tiff(std::string_view head);

}  // namespace cityloom::space
