// Whose heights a coordinate system means, and how they become ellipsoidal on this machine.
#pragma once

#include <string>

#include "base/result.hpp"

namespace cityloom::space {

/// What is right for a system of a raster or a relief.
struct VerticalDatum {
  /// How heights become ellipsoidal.
  enum class Way : uint8_t {
    system,    ///< CoordinateSystem does it: the system has a vertical part, and its grid is here
    egm96,     ///< by EGM96: its grid is not here (right to about a metre), or it names no vertical datum
    ellipsoid  ///< they are
  };
  Way way = Way::ellipsoid;
  std::string datum;       ///< its name, for a person
  std::string correction;  ///< what was done, for a person
  std::string warning;     ///< what a reader of the report should know; may be empty
};

/// By any definition that PROJ and GDAL know. Errors: invalid (unknown), unsupported (even EGM96's grid is not here:
/// without it, heights would be off by up to 100 m).
base::Result<VerticalDatum> vertical_datum_of(const std::string& definition);

}  // namespace cityloom::space
