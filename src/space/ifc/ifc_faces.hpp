// Shapes given face by face: boundary representations, surface models, tessellations.
#pragma once

#include "space/ifc/ifc_reader.hpp"

namespace cityloom::space {

/// The faces of an IfcConnectedFaceSet (IfcClosedShell, IfcOpenShell). A face that cannot be read is warned of.
/// Errors: too_complex, invalid (no faces).
base::Result<IfcShape> read_face_set(const IfcReader& reader, uint64_t id);

/// IfcTriangulatedFaceSet and IfcPolygonalFaceSet of IFC 4 and 4.3. Errors: invalid, too_complex.
base::Result<IfcShape> read_tessellation(const IfcReader& reader, const StepInstance& item);

/// Turns the faces of a closed shape outwards if they look inwards.
void face_outwards(IfcShape& shape);

}  // namespace cityloom::space
