// Buildings as footprints with heights, from GeoJSON, and how they stand on a terrain.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/grid/grid_file.hpp"

namespace cityloom::model::sun {

inline constexpr size_t buildings_max = 500'000, corners_max = 20'000'000;
inline constexpr size_t rings_of_one_max = 5'000, corners_of_one_max = 200'000;
inline constexpr size_t covered_cells_max = 1'000'000'000;
inline constexpr double building_height_m_max = 2'000;

/// A corner of a footprint, in the coordinates of its file or of a grid.
struct Corner {
  double x = 0, y = 0;
};

/// A closed line; the first corner is not said again at the end.
using Ring = std::vector<Corner>;

/// A building. Its rings bound it together: what lies within an odd number of them is inside.
struct Building {
  std::string name;  ///< "id" or "name" of the feature, or its number
  std::vector<Ring> rings;
  double height_m = 0;  ///< above its lowest ground; 0: not known
};

/// What a file holds.
struct Buildings {
  std::vector<Building> all;
  size_t without_height = 0;  ///< of them
  std::string system;         ///< that its "crs" names; empty: WGS 84, as GeoJSON has it
};

/// Reads a FeatureCollection, Feature or geometry; Polygons and MultiPolygons are buildings, others are left out.
/// Height is "height", "height_m", "measuredHeight" (a number, or "12.5 m"), else 3 m for each of "building:levels",
/// "levels", "floors" or "storeys". Errors: invalid (no GeoJSON, a coordinate or height that is none), too_large.
base::Result<Buildings> read_buildings(std::string_view geojson);

/// Likewise, of a file of at most 512 MB. Errors: not_found, too_large, those of read_buildings.
base::Result<Buildings> read_buildings_file(const std::string& path);

/// Turns them into coordinates of a grid. Where the grid names no system, or they lie beyond degrees, their numbers are
/// taken as they are. Errors: invalid (no way between the systems).
base::Status bring_to_grid(Buildings& buildings, const GridFile& grid);

/// How a building stands on a terrain.
struct Standing {
  std::vector<size_t> cells;  ///< whose middles lie in it
  double ground_m = 0;        ///< the lowest of them
};

/// The cells of a building in coordinates of the grid; none where it lies outside, on holes or between middles.
Standing stand(const Building& building, const GridFile& terrain);

/// Raises the terrain by buildings that have a height: flat roofs that high above the lowest ground of each. Returns
/// how many stand on it. Errors: too_complex (buildings lie over each other so that they cover covered_cells_max).
base::Result<size_t> raise(GridFile& terrain, const std::vector<Building>& buildings);

}  // namespace cityloom::model::sun
