// Reads one OpenStreetMap file into an import.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "space/import_batch.hpp"

namespace cityloom::space {

/// A file on disk, or its bytes in memory; the name says its format.
struct OsmInput {
  std::string name;
  std::string path;        ///< or
  std::string_view bytes;  ///< which must outlive the import
};

/// Whether libosmium reads files of this name.
bool is_osm_name(std::string_view file_name);

/// Adds everything in the file to the batch, between its begin_file and end_file. The file is read four times: all of
/// it before anything is added, so that a damaged file adds nothing. Errors: corrupt, unavailable (cannot be opened),
/// too_large (more nodes than allowed), cancelled, errors of the sink.
base::Status import_osm(const OsmInput& input, ImportBatch& batch);

}  // namespace cityloom::space
