// What a flood does to what stands in it: buildings, roads, underpasses, and people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/grid/grid_file.hpp"

namespace cityloom::model::flood {

/// Something that may be flooded.
struct Exposed {
  std::string name, kind;       ///< kind: building, road, underpass, or any other word
  double occupants = 0;         ///< people
  std::vector<uint32_t> cells;  ///< of the terrain, row by row; of a building those around it too: water stands there
};

/// What came to it.
struct ExposedOutcome {
  double first_wet_s = -1;  ///< -1: never
  double wet_s = 0;         ///< longest of its cells
  double depth_max_m = 0, depth_max_at_s = 0;
  double hazard_max = 0;
};

/// The class of a value: how many of the bounds (ascending) it reaches.
size_t class_of(double value, const std::vector<double>& bounds);

/// Bounds of FD2320 (DEFRA and Environment Agency 2006): low, moderate (danger for some), significant (for most),
/// extreme (for all).
inline const std::vector<double> fd2320_bounds{0.75, 1.25, 2.5};
/// Names of the classes that three bounds make.
inline constexpr const char* hazard_names[] = {"low", "moderate", "significant", "extreme"};

/// Reads what is exposed from GeoJSON: things with properties `name` (else their id), `kind` (else areas are buildings
/// and all else roads) and `occupants`. Places are degrees where the terrain has a coordinate system, else the
/// terrain's own. What lies outside the terrain has no cells. Errors: those of features_on_grid, invalid (occupants
/// that are no number), too_large (past 50 million cells).
base::Result<std::vector<Exposed>> read_exposed(const std::string& path, const GridFile& terrain);

}  // namespace cityloom::model::flood
