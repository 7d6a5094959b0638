// TopoJSON: geometries that share arcs.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file begins as TopoJSON.
bool is_topojson(std::string_view head);

/// Imports one file, see Importer::import. The file is held in memory, at most 512 MiB.
base::Status import_topojson(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
