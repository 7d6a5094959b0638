// EPANET water networks: nodes, pipes, pumps and valves.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file begins as an EPANET input file.
bool is_epanet(std::string_view head);

/// Imports one file, see Importer::import. Errors: also unsupported (no option says where the network lies).
base::Status import_epanet(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
