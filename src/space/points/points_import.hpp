// LAS and LAZ files as entities with tiles.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file begins as LAS or LAZ.
bool is_las(std::string_view head);

/// Imports one file, see Importer::import. Memory: the file (at most 4 GiB) and 16 bytes for each point that its tiles
/// show; of more than 20 million points every second, third, ... is shown, and a warning says so.
base::Status import_points(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
