// Terrain made ready for sweeps, and sweeps done on all cores (room-internal).
#pragma once

#include <functional>
#include <vector>

#include "base/result.hpp"
#include "model/grid/grid_file.hpp"
#include "model/sun/sweep.hpp"

namespace cityloom::model::sun {

/// Heights over the lowest one, as they lie and turned over.
struct Ground {
  Field field, turned;
  double base_m = 0;  ///< height of the lowest
  double cell_x_m = 1, cell_y_m = 1;

  const Field& of(const Course& course) const { return course.is_turned ? turned : field; }
  size_t cells() const { return field.rows() * field.columns(); }
};

/// Errors: invalid (heights beyond -12,000 to 12,000 m, nothing but holes).
base::Result<Ground> ground_of(const GridFile& terrain, double cell_x_m, double cell_y_m);

/// A sum over sweeps for each cell, in the order of the sweeps whatever the number of workers.
struct LightSums {
  std::vector<float> beam_wh, around_wh, hours;
};
struct SkyViews {
  std::vector<float> level, column, row;  ///< as SkySums, of rows from the south
};

/// The sun at one moment, in the grid's own azimuth.
struct Sun {
  double azimuth_deg = 0, zenith_deg = 0;
  double beam_wh = 0, around_wh = 0, hours = 0;
};

/// Adds the light of many suns. `goes_on` is asked now and then with the share that is done; false ends it early, and
/// what is returned means nothing.
LightSums sum_light(const Ground& ground, const std::vector<Sun>& suns, const std::function<bool(double)>& goes_on);
/// The sky seen from each cell, by the horizon in so many directions.
SkyViews sum_sky(const Ground& ground, size_t directions, const std::function<bool(double)>& goes_on);

}  // namespace cityloom::model::sun
