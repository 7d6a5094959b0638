// Profiles: the plane areas that are swept into solids.
#pragma once

#include "space/ifc/ifc_reader.hpp"

namespace cityloom::space {

/// A plane area in metres (z = 0): its outside counter-clockwise, then its holes clockwise.
struct IfcArea {
  std::vector<IfcRing> rings;
};

/// Reads a profile definition: all parametrised ones (fillets left out), arbitrary ones with voids, derived, mirrored
/// and composite ones, centre lines with a thickness. Errors: invalid, unsupported, too_complex.
base::Result<std::vector<IfcArea>> read_profile(const IfcReader& reader, uint64_t id);

/// The line of an IfcArbitraryOpenProfileDef, which sweeps a surface.
base::Result<std::vector<Vector>> read_open_profile(const IfcReader& reader, uint64_t id);

}  // namespace cityloom::space
