// Who sees what over terrain and buildings: between two points, and from a road.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "model/grid/grid_file.hpp"

namespace cityloom::model::sun {

inline constexpr size_t viewpoints_max = 10'000;
/// Cells walked over at most, some ten minutes of two cores.
inline constexpr double sight_work_max = 1e12;

/// A point above the ground, in the grid's coordinates.
struct Eye {
  double x = 0, y = 0;
  double above_m = 1.6;  ///< the ground (or roof) there
};

/// What lies between two points.
struct Sight {
  bool is_free = false;
  double distance_m = 0;
  double clearance_m = 0;     ///< the least height of the line over the ground between; negative: below it
  double at_x = 0, at_y = 0;  ///< where that is
};

/// The line from one point to another over a terrain, buildings raised on it. The ground is taken between the middles
/// of cells as even; holes hide nothing. No curvature of the Earth. Errors: invalid (a point outside, or on a hole).
base::Result<Sight> sight(const GridFile& raised, const Eye& from, const Eye& to);

/// From how many of the viewpoints each cell is seen, something that high above it, no farther than `reach_m`; rows x
/// columns, holes 0. Errors: invalid (no viewpoint, one outside), too_large (viewpoints_max), too_complex
/// (sight_work_max), cancelled.
base::Result<std::vector<uint16_t>> seen_from(const GridFile& raised, const std::vector<Eye>& viewpoints,
                                              double target_above_m, double reach_m,
                                              const std::function<bool(double)>& goes_on = {});

/// Points along a line, no more than `step_m` apart, both ends among them: the viewpoints of a road. Errors: too_large.
base::Result<std::vector<Eye>> along(const GridFile& grid, const std::vector<std::pair<double, double>>& line,
                                     double above_m, double step_m);

}  // namespace cityloom::model::sun
