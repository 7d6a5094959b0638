// Where on Earth a grid lies, and how it is turned there.
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "model/grid/grid_file.hpp"

namespace cityloom::model::sun {

/// What the sun needs to know of a grid.
struct Site {
  double latitude_deg = 0, longitude_deg = 0;  ///< of its middle, WGS 84
  double north_deg = 0;                        ///< azimuth of the grid's north, from true north over east
  double cell_x_m = 1, cell_y_m = 1;           ///< true lengths on the ground
  std::string note;                            ///< what had to be assumed; empty: nothing
};

/// A place that somebody names.
struct Place {
  double latitude_deg = 0, longitude_deg = 0;
};

/// The site of a grid: by its coordinate system, or as it is told. Where the file names no system but its corners and
/// cells are such as degrees have them, they are taken as degrees, and the note says so. Errors: invalid (neither a
/// system nor a place, a system without way to WGS 84, latitude past 90).
base::Result<Site> site_of(const GridFile& grid, const std::optional<Place>& told);

}  // namespace cityloom::model::sun
