// Where the sun stands: NREL's solar position algorithm.
//
// Source: I. Reda, A. Andreas, "Solar Position Algorithm for Solar Radiation Applications", NREL/TP-560-34302 (revised
// 2008); its uncertainty is 0.0003 degrees from the year -2000 to 6000.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace cityloom::model::sun {

inline constexpr int year_min = -2000, year_max = 6000;

/// A day of the Gregorian calendar from 1582-10-15 on, of the Julian one before, as the algorithm counts. The year 0 is
/// the one before 1.
struct Date {
  int year = 2000, month = 1, day = 1;

  bool operator==(const Date&) const = default;
};

/// Reads YYYY-MM-DD; the year may have a sign. Errors: invalid (no such form, no such day, a year out of bounds).
base::Result<Date> read_date(std::string_view text);

/// The Julian day of a moment: seconds are those since midnight, UTC, and may lie outside the day.
double julian_day(const Date& date, double seconds);

/// The day of the year, from 1.
int day_of_year(const Date& date);

/// The day that many days later (or earlier).
Date plus_days(const Date& date, int days);

/// Terrestrial time minus universal time, in seconds: the polynomials of F. Espenak and J. Meeus (NASA, 2006). Before
/// -500 and after 2150 it is a parabola, off by hours at the ends.
double delta_t_s(double year);

/// Where somebody stands.
struct Observer {
  double latitude_deg = 0;   ///< -90 to 90, north is positive
  double longitude_deg = 0;  ///< -180 to 180, east is positive
  double altitude_m = 0;
  double pressure_hpa = 1013.25;  ///< of the air, a year's mean
  double temperature_c = 12;      ///< likewise
};

/// Where the sun stands then, as seen from there.
struct Position {
  double zenith_deg = 0;                                ///< from above, bent by the air where the sun is up
  double azimuth_deg = 0;                               ///< from north over east, 0 to 360
  double elevation_deg = 0;                             ///< not bent by the air
  double distance_au = 1;                               ///< from the Earth
  double declination_deg = 0, right_ascension_deg = 0;  ///< seen from the Earth's middle
  double hour_angle_deg = 0;                            ///< of the observer, -180 to 180, west is positive
};

/// Of a moment, given as Julian day (UTC is taken for UT1). Without delta_t it is that of delta_t_s.
Position position(const Observer& observer, double julian_day, std::optional<double> delta_t = {});

/// A day's way of the sun, in seconds since midnight UTC of the date on; may lie beyond the day.
struct Daylight {
  enum class Kind : uint8_t { rises_and_sets, up_all_day, down_all_day };
  Kind kind = Kind::rises_and_sets;
  double rise_s = 0, noon_s = 0, set_s = 0;  ///< rise and set only where it does
};

/// Rise, transit and set around the local noon of a date: its edge at 0.8333 degrees below the horizon, as the
/// algorithm has it. `utc_offset_s` tells which noon is meant: local time minus UTC. Exact to a second.
Daylight daylight(const Observer& observer, const Date& date, double utc_offset_s);

}  // namespace cityloom::model::sun
