// A day of sun over terrain: what falls on each cell, and for how long the sun reaches it.
//
// Light is counted on a square metre of the ground as it lies, steep or level. The sky that a cell sees, and what the
// ground around returns to it, follow from the horizon in 32 directions (J. Dozier, J. Frew, IEEE Trans. Geosci. Remote
// Sens. 28 (1990) 963, equation 7b).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "model/grid/grid_file.hpp"
#include "model/sun/position.hpp"
#include "model/sun/site.hpp"
#include "model/sun/sky.hpp"

namespace cityloom::model::sun {

/// The sky of a day.
enum class ClearSky { esra, solis, haurwitz };

inline constexpr double step_minutes_min = 1, step_minutes_max = 120;

/// What a day is computed with.
struct DayCase {
  Site site;
  Date date;
  double step_minutes = 30;  ///< step_minutes_min to step_minutes_max
  double utc_offset_h = 0;   ///< the day is from midnight to midnight of this time; -14 to 14
  ClearSky clear_sky = ClearSky::esra;
  Air air;
  SkyModel sky_model = SkyModel::isotropic;
  double albedo = 0.2;  ///< of the ground, 0 to 1
  /// Measured global light on a level plane, W/m2, hour by hour of the local day; empty: a clear sky.
  std::vector<double> global_by_hour;
  unsigned workers = 0;  ///< 0: all cores. The result does not depend on it
};

/// One part of the day in which the sun is up.
struct DayStep {
  double from_h = 0, to_h = 0;  ///< local hours; at most a step
  Position sun;                 ///< in its middle
  Light light;                  ///< likewise
  Sky sky;
};

/// Light of a day, rows x columns from the south; holes are not numbers.
struct Day {
  std::vector<DayStep> steps;
  Daylight daylight;
  std::vector<float> beam_wh_m2, diffuse_wh_m2, reflected_wh_m2, global_wh_m2;
  std::vector<float> sunlight_h;                         ///< how long the sun reaches the cell
  std::vector<float> sky_view;                           ///< share of the sky's even light, 0 to 1
  double level_beam_wh_m2 = 0, level_diffuse_wh_m2 = 0;  ///< on level ground that nothing shades
};

/// The steps of a day with the sun's way and light. Errors: invalid (a step, time zone, albedo or air out of bounds).
base::Result<std::vector<DayStep>> steps_of(const DayCase& it);

/// Hears how far it is, 0 to 1; stops it by false.
using DayProgress = std::function<bool(double part)>;
/// Takes the light of one step, W/m2 in its middle, rows x columns.
using TakeStep = std::function<base::Status(const DayStep& step, const std::vector<float>& global_w_m2)>;

/// Computes a day. Errors: invalid (as steps_of; heights beyond -12,000 to 12,000 m; nothing but holes), cancelled,
/// those of take_step. Memory: some 60 bytes a cell.
base::Result<Day> run_day(const GridFile& terrain, const DayCase& it, const DayProgress& progress = {},
                          const TakeStep& take_step = {});

}  // namespace cityloom::model::sun
