// Which cells of a grid things of the city lie on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/grid/grid_file.hpp"
#include "model/model.hpp"

namespace cityloom::model {

inline constexpr size_t features_max = 2'000'000;

/// Things of a GeoJSON file, each with the cells that it lies on.
struct FeaturesOnGrid {
  struct Feature {
    std::string id;   ///< "" where it has none
    Json properties;  ///< an object
    bool is_area = false;
    std::vector<uint32_t> cells;  ///< row * columns + column; ascending; cells whose middle an area holds (at least the
                                  ///< nearest one), or that a line touches
  };
  std::vector<Feature> features;  ///< in the file's order; those outside of the grid have no cells
};

/// Reads a GeoJSON file (degrees) and lays it on a grid in degrees or in a known coordinate system. Errors: not_found,
/// invalid (no GeoJSON, a geometry that cannot be read), too_large (past features_max).
base::Result<FeaturesOnGrid> features_on_grid(const std::string& path, const GridFile& grid);

/// How high a building stands over its ground: `height`, else three metres a level of `levels` or `floors`, else
/// `otherwise_m`. 0 to 1,000.
double height_m_of(const Json& properties, double otherwise_m);

}  // namespace cityloom::model
