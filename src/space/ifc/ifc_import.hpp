// Building models (IFC 2x3, 4 and 4.3 as STEP files) into a batch.
#pragma once

#include "space/importer.hpp"

namespace cityloom::space {

/// Whether a file begins as a STEP file of an IFC schema.
bool is_ifc(std::string_view head);

/// The importer's function (importer.hpp). Entities: Site, Building, BuildingStorey, Room, BuildingElement, Equipment,
/// Device, Facility, FacilityPart. Memory: the file, 30 bytes an instance, and one element's shape at a time. Errors
/// beside those of all importers: invalid (the file does not say where on earth it stands, and no placement is given).
base::Status import_ifc(const ImportInput& input, ImportBatch& batch);

}  // namespace cityloom::space
