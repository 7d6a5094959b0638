// SRTM tiles: .hgt, packed by gzip or zip.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// As Importer::import. The heights count from the EGM96 geoid and become ellipsoidal; the tile's place is its name
/// ("N43E007"). Memory: a tile (at most 233 MB at 1/3 second; 52 MB at 1 second).
base::Status import_hgt(const ImportInput& input, ImportBatch& batch);

/// The south-west corner in the name of a tile: {7, 43} of "N43E007", in any case, at the end of a path, with anything
/// after a dot. Errors: invalid.
base::Result<twin::Position> corner_of_hgt_name(std::string_view name);

}  // namespace cityloom::space
