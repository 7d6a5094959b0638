// SUMO road networks: edges as road segments, junctions, signals with their programs.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file begins as a SUMO network.
bool is_sumo_network(std::string_view head);

/// Imports one file, see Importer::import. Errors: also unsupported (the network has no place on the earth, and no
/// option says where it lies).
base::Status import_sumo(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
