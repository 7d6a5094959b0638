// The weather of a rehearsal, and what it does to the river and the air: functions of seed and time.
#pragma once

#include <cstdint>

namespace cityloom::rehearsal {

/// The true weather at a moment, the same all over the city.
struct Weather {
  double temperature_c = 15;
  double humidity_percent = 60;
  double pressure_hpa = 1013;
  double wind_mps = 2;
  double wind_from_deg = 270;
  double rain_mm_per_h = 0;
  double light_share = 0;  ///< of the brightest noon, 0..1
};

/// At a second of local time since 1970-01-01: seasons of Seoul, warmer by day, rain in spells of some hours.
Weather weather_at(uint64_t seed, int64_t local_s);

/// Rain that fell over the last hours and has not run off, in millimetres: what lifts rivers.
double standing_rain_mm(uint64_t seed, int64_t local_s);

/// How busy the streets are by habit, 0..1, by hour and day of the week.
double busyness(int64_t local_s);

}  // namespace cityloom::rehearsal
