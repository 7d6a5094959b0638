// Reads one OpenStreetMap file into an import.
#pragma once

#include "base/result.hpp"
#include "space/importer.hpp"

namespace cityloom::space {

/// Adds everything in the file to the batch, between its begin_file and end_file. The file is read four times: all of
/// it before anything is added, so that a damaged file adds nothing. Errors: corrupt, unavailable (cannot be opened),
/// too_large (more nodes than allowed), cancelled, errors of the sink.
base::Status import_osm(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
