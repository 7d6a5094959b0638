// What a flood does to what stands in it: buildings, roads, underpasses, and people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/flood/grid_file.hpp"

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

/// Reads what is exposed from GeoJSON: polygons, lines and points with properties `name` (or `id`), `kind` and
/// `occupants`. Longitude and latitude are turned into the terrain's coordinate system, where it has one; else places
/// are the terrain's own. What lies outside the terrain has no cells. Errors: not_found, invalid, too_large (past
/// exposed_max things or 50 million cells of them).
base::Result<std::vector<Exposed>> read_exposed(const std::string& path, const GridFile& terrain);
inline constexpr size_t exposed_max = 1'000'000;

}  // namespace cityloom::model::flood
