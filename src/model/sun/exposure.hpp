// Points on façades and roofs: when the sun reaches each, and how much of the sky it sees.
#pragma once

#include <functional>
#include <vector>

#include "base/result.hpp"
#include "model/sun/buildings.hpp"
#include "model/sun/site.hpp"
#include "model/sun/sky.hpp"

namespace cityloom::model::sun {

inline constexpr size_t parts_max = 5'000'000;

/// A part of a building's surface, with a point that stands for it.
struct Part {
  enum class Kind : uint8_t { facade, roof };
  Kind kind = Kind::facade;
  size_t building = 0;  ///< its place in the list of buildings
  size_t edge = 0;      ///< of a façade: the corner at which it begins, counted over all rings
  double area_m2 = 0;
  double tilt_deg = 0;     ///< 90: a façade
  double azimuth_deg = 0;  ///< where it looks to, from true north over east
  double x = 0, y = 0;     ///< in the grid's coordinates; before a façade, out of the building's cells
  double height_m = 0;     ///< of the point, as the terrain's heights
};

/// How surfaces are cut into parts.
struct Cut {
  double length_m = 5;    ///< of a façade's part at most
  double storey_m = 3;    ///< height of a façade's part at most
  double wall_m_min = 1;  ///< shorter walls are left out
};

/// Cuts the façades of buildings, and takes each roof as one part for each cell. `ground` is the terrain without
/// buildings, `raised` with them; a façade's part that another building covers is left out. Errors: too_large.
base::Result<std::vector<Part>> cut_surfaces(const std::vector<Building>& buildings, const GridFile& ground,
                                             const GridFile& raised, const Site& site, const Cut& cut);

/// A direction to a sun, from true north over east.
struct Direction {
  double azimuth_deg = 0, elevation_deg = 0;
};

/// For each direction and part whether light comes: nothing on the way, and not from behind. Row by direction.
/// `goes_on` stops it by false. Errors: invalid (heights no ground has), cancelled.
base::Result<std::vector<std::vector<bool>>> exposure(const GridFile& raised, const Site& site,
                                                      const std::vector<Part>& parts,
                                                      const std::vector<Direction>& directions,
                                                      const std::function<bool(double)>& goes_on = {});

/// The share of an even sky's light that each part gets, 0 to 1: 16 azimuths by 6 heights. Errors as of exposure.
base::Result<std::vector<double>> sky_share(const GridFile& raised, const Site& site, const std::vector<Part>& parts,
                                            const std::function<bool(double)>& goes_on = {});

}  // namespace cityloom::model::sun
