// Grids of numbers in files: terrain, roughness, depths.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::model {

inline constexpr size_t cells_max = 100'000'000;

/// A grid as it lies on the ground; row 0 is the southernmost. Places are told in the file's own coordinates.
struct GridFile {
  size_t columns = 0, rows = 0;
  double west = 0, south = 0;         ///< the corner of the corner cell
  double cell_x = 1, cell_y = 1;      ///< in the file's units
  double cell_x_m = 1, cell_y_m = 1;  ///< in metres on the ground
  std::vector<double> values;         ///< rows x columns; holes are not numbers
  size_t holes = 0;
  std::string system;       ///< its coordinate system as WKT; empty where the file names none
  bool in_degrees = false;  ///< whether that is a geographic one

  /// The cell that holds a place; nothing outside.
  std::optional<std::pair<size_t, size_t>> cell_at(double x, double y) const;
};

/// Reads an ESRI ASCII grid or a GeoTIFF, its first band. Degrees become metres by the latitude of the grid's middle.
/// Errors: not_found, invalid (no such file, turned against north), too_large (past cells_max).
base::Result<GridFile> read_grid(const std::string& path);

/// Writes an ESRI ASCII grid (path ends in .asc) or a GeoTIFF of floats, with the shape, place and coordinate system of
/// `like`. What is no number becomes a hole. Errors: unavailable.
base::Status write_grid(const std::string& path, const GridFile& like, const std::vector<float>& values);

}  // namespace cityloom::model
