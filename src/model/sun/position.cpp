// The steps are those of NREL/TP-560-34302, section 3; angles in its tables are radians, elsewhere degrees.
#include "model/sun/position.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "model/sun/position_tables.hpp"

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;

constexpr double degree = M_PI / 180;
constexpr double day_s = 86'400;

double within_circle(double angle_deg) {
  const double turned = std::fmod(angle_deg, 360);
  return turned < 0 ? turned + 360 : turned;
}

double within_half_circle(double angle_deg) {
  const double turned = within_circle(angle_deg);
  return turned > 180 ? turned - 360 : turned;
}

bool is_gregorian(const Date& date) {
  return std::tie(date.year, date.month, date.day) >= std::tuple(1582, 10, 15);
}

bool is_leap(int year) {
  if (year <= 1582) return year % 4 == 0;
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_of_month(int year, int month) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[static_cast<size_t>(month - 1)] + (month == 2 && is_leap(year) ? 1 : 0);
}

double sum_of(std::span<const PeriodicTerm> terms, double millennia) {
  double sum = 0;
  for (const PeriodicTerm& term : terms) sum += term.a * std::cos(term.b + term.c * millennia);
  return sum;
}

double polynomial(std::span<const double> factors, double x) {
  double sum = 0;
  for (size_t i = factors.size(); i-- > 0;) sum = sum * x + factors[i];
  return sum;
}

// Of longitude and obliquity, degrees.
std::pair<double, double> nutation(double centuries) {
  const double x[5] = {
      polynomial(std::array{297.85036, 445267.111480, -0.0019142, 1.0 / 189474}, centuries),
      polynomial(std::array{357.52772, 35999.050340, -0.0001603, -1.0 / 300000}, centuries),
      polynomial(std::array{134.96298, 477198.867398, 0.0086972, 1.0 / 56250}, centuries),
      polynomial(std::array{93.27191, 483202.017538, -0.0036825, 1.0 / 327270}, centuries),
      polynomial(std::array{125.04452, -1934.136261, 0.0020708, 1.0 / 450000}, centuries),
  };
  double longitude = 0, obliquity = 0;
  for (const NutationTerm& term : nutation_terms) {
    double argument = 0;
    for (int i = 0; i < 5; ++i) argument += x[i] * term.y[i];
    longitude += (term.a + term.b * centuries) * std::sin(argument * degree);
    obliquity += (term.c + term.d * centuries) * std::cos(argument * degree);
  }
  return {longitude / 36'000'000, obliquity / 36'000'000};
}

// The sun as the Earth's middle sees it.
struct Geocentric {
  double right_ascension_deg, declination_deg, sidereal_deg, distance_au;
};

Geocentric geocentric(double jd, double delta_t) {
  const double ephemeris_day = jd + delta_t / day_s;
  const double century = (jd - 2451545) / 36525, ephemeris_century = (ephemeris_day - 2451545) / 36525;
  const double t = ephemeris_century / 10;
  const double longitude_rad =
      polynomial(std::array{sum_of(longitude_0, t), sum_of(longitude_1, t), sum_of(longitude_2, t),
                            sum_of(longitude_3, t), sum_of(longitude_4, t), sum_of(longitude_5, t)},
                 t) /
      1e8;
  const double latitude_rad = -polynomial(std::array{sum_of(latitude_0, t), sum_of(latitude_1, t)}, t) / 1e8;
  const double distance = polynomial(std::array{sum_of(radius_0, t), sum_of(radius_1, t), sum_of(radius_2, t),
                                                sum_of(radius_3, t), sum_of(radius_4, t)},
                                     t) /
                          1e8;
  const auto [nutation_longitude, nutation_obliquity] = nutation(ephemeris_century);
  constexpr std::array obliquity_of = {84381.448, -4680.93, -1.55, 1999.25, -51.38, -249.67,
                                       -39.05,    7.12,     27.87, 5.79,    2.45};
  const double obliquity = (polynomial(obliquity_of, t / 10) / 3600 + nutation_obliquity) * degree;
  const double aberration = -20.4898 / (3600 * distance);
  const double longitude = (longitude_rad / degree + 180 + nutation_longitude + aberration) * degree;
  const double mean_sidereal =
      280.46061837 + 360.98564736629 * (jd - 2451545) + century * century * (0.000387933 - century / 38'710'000);
  return {
      within_circle(std::atan2(std::sin(longitude) * std::cos(obliquity) - std::tan(latitude_rad) * std::sin(obliquity),
                               std::cos(longitude)) /
                    degree),
      std::asin(std::sin(latitude_rad) * std::cos(obliquity) +
                std::cos(latitude_rad) * std::sin(obliquity) * std::sin(longitude)) /
          degree,
      within_circle(mean_sidereal + nutation_longitude * std::cos(obliquity)), distance};
}

double year_of(double jd) {
  return 2000 + (jd - 2451544.5) / 365.25;
}

// How high above the horizon, without the air and the Earth's size.
double plain_elevation_deg(const Observer& observer, double jd) {
  const Geocentric sun = geocentric(jd, delta_t_s(year_of(jd)));
  const double hour = (sun.sidereal_deg + observer.longitude_deg - sun.right_ascension_deg) * degree;
  const double latitude = observer.latitude_deg * degree, declination = sun.declination_deg * degree;
  return std::asin(std::clamp(
             std::sin(latitude) * std::sin(declination) + std::cos(latitude) * std::cos(declination) * std::cos(hour),
             -1.0, 1.0)) /
         degree;
}

}  // namespace

base::Result<Date> read_date(std::string_view text) {
  const auto wrong = [&](std::string what) {
    return fail(Code::invalid, std::move(what), "date", "write it as 2026-06-21");
  };
  const std::string shown(text.substr(0, 40));
  std::string_view rest = text;
  const bool is_negative = rest.starts_with('-');
  if (is_negative || rest.starts_with('+')) rest.remove_prefix(1);
  int numbers[3] = {};
  for (int i = 0; i < 3; ++i) {
    const auto end = i < 2 ? rest.find('-') : rest.size();
    if (end == std::string_view::npos || end == 0 || end > 4 || (i == 0 ? end != 4 : end != 2))
      return wrong(fmt::format("\"{}\" is no date", shown));
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + end, numbers[i]);
    if (error != std::errc() || stop != rest.data() + end || rest.front() == '-')
      return wrong(fmt::format("\"{}\" is no date", shown));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const Date date{is_negative ? -numbers[0] : numbers[0], numbers[1], numbers[2]};
  if (date.year < year_min || date.year > year_max)
    return wrong(fmt::format("the year of {} is not within {} to {}", shown, year_min, year_max));
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > days_of_month(date.year, date.month))
    return wrong(fmt::format("there is no day {}", shown));
  if (date.year == 1582 && date.month == 10 && date.day > 4 && date.day < 15)
    return wrong(fmt::format("{} was left out when the calendar changed", shown));
  return date;
}

double julian_day(const Date& date, double seconds) {
  const int year = date.month > 2 ? date.year : date.year - 1, month = date.month > 2 ? date.month : date.month + 12;
  const double century = std::floor(year / 100.0);
  const double correction = is_gregorian(date) ? 2 - century + std::floor(century / 4) : 0;
  return std::floor(365.25 * (year + 4716)) + std::floor(30.6001 * (month + 1)) + date.day + correction - 1524.5 +
         seconds / day_s;
}

int day_of_year(const Date& date) {
  return static_cast<int>(julian_day(date, 0) - julian_day({date.year, 1, 1}, 0)) + 1;
}

Date plus_days(const Date& date, int days) {
  Date at = date;
  for (; days > 0; --days) {
    if (++at.day > days_of_month(at.year, at.month)) {
      at.day = 1;
      if (++at.month > 12) at = {at.year + 1, 1, 1};
    }
    if (at == Date{1582, 10, 5}) at.day = 15;
  }
  for (; days < 0; ++days) {
    if (at == Date{1582, 10, 15}) at.day = 5;
    if (--at.day == 0) {
      if (--at.month == 0) at = {at.year - 1, 12, 1};
      at.day = days_of_month(at.year, at.month);
    }
  }
  return at;
}

double delta_t_s(double year) {
  const auto of = [](std::initializer_list<double> factors, double x) {
    return polynomial(std::span(factors.begin(), factors.size()), x);
  };
  const double centuries = (year - 1820) / 100, t = year - 2000;
  if (year < -500) return -20 + 32 * centuries * centuries;
  if (year < 500)
    return of({10583.6, -1014.41, 33.78311, -5.952053, -0.1798452, 0.022174192, 0.0090316521}, year / 100);
  if (year < 1600)
    return of({1574.2, -556.01, 71.23472, 0.319781, -0.8503463, -0.005050998, 0.0083572073}, (year - 1000) / 100);
  if (year < 1700) return of({120, -0.9808, -0.01532, 1.0 / 7129}, year - 1600);
  if (year < 1800) return of({8.83, 0.1603, -0.0059285, 0.00013336, -1.0 / 1174000}, year - 1700);
  if (year < 1860)
    return of({13.72, -0.332447, 0.0068612, 0.0041116, -0.00037436, 0.0000121272, -0.0000001699, 0.000000000875},
              year - 1800);
  if (year < 1900) return of({7.62, 0.5737, -0.251754, 0.01680668, -0.0004473624, 1.0 / 233174}, year - 1860);
  if (year < 1920) return of({-2.79, 1.494119, -0.0598939, 0.0061966, -0.000197}, year - 1900);
  if (year < 1941) return of({21.20, 0.84493, -0.076100, 0.0020936}, year - 1920);
  if (year < 1961) return of({29.07, 0.407, -1.0 / 233, 1.0 / 2547}, year - 1950);
  if (year < 1986) return of({45.45, 1.067, -1.0 / 260, -1.0 / 718}, year - 1975);
  if (year < 2005) return of({63.86, 0.3345, -0.060374, 0.0017275, 0.000651814, 0.00002373599}, t);
  if (year < 2050) return of({62.92, 0.32217, 0.005589}, t);
  if (year < 2150) return -20 + 32 * centuries * centuries - 0.5628 * (2150 - year);
  return -20 + 32 * centuries * centuries;
}

Position position(const Observer& observer, double jd, std::optional<double> delta_t) {
  const Geocentric sun = geocentric(jd, delta_t.value_or(delta_t_s(year_of(jd))));
  const double hour_deg = within_circle(sun.sidereal_deg + observer.longitude_deg - sun.right_ascension_deg);
  const double hour = hour_deg * degree, latitude = observer.latitude_deg * degree;
  const double declination = sun.declination_deg * degree;
  constexpr double polar_radius = 0.99664719, earth_radius_m = 6'378'140;
  const double parallax = 8.794 / (3600 * sun.distance_au) * degree;
  const double u = std::atan(polar_radius * std::tan(latitude));
  const double x = std::cos(u) + observer.altitude_m / earth_radius_m * std::cos(latitude);
  const double y = polar_radius * std::sin(u) + observer.altitude_m / earth_radius_m * std::sin(latitude);
  const double beside = std::cos(declination) - x * std::sin(parallax) * std::cos(hour);
  const double shift = std::atan2(-x * std::sin(parallax) * std::sin(hour), beside);
  const double seen_declination =
      std::atan2((std::sin(declination) - y * std::sin(parallax)) * std::cos(shift), beside);
  const double seen_hour = hour - shift;
  const double elevation =
      std::asin(std::clamp(std::sin(latitude) * std::sin(seen_declination) +
                               std::cos(latitude) * std::cos(seen_declination) * std::cos(seen_hour),
                           -1.0, 1.0)) /
      degree;
  constexpr double half_width = 0.26667, bent_at_horizon = 0.5667;
  double bent = 0;
  if (elevation >= -(half_width + bent_at_horizon))
    bent = observer.pressure_hpa / 1010 * 283 / (273 + observer.temperature_c) * 1.02 /
           (60 * std::tan((elevation + 10.3 / (elevation + 5.11)) * degree));
  const double azimuth = std::atan2(
      std::sin(seen_hour), std::cos(seen_hour) * std::sin(latitude) - std::tan(seen_declination) * std::cos(latitude));
  return {
      90 - elevation - bent,   within_circle(azimuth / degree + 180), elevation, sun.distance_au, sun.declination_deg,
      sun.right_ascension_deg, within_half_circle(hour_deg)};
}

Daylight daylight(const Observer& observer, const Date& date, double utc_offset_s) {
  const double midnight = julian_day(date, 0);
  const auto elevation_at = [&](double seconds) { return plain_elevation_deg(observer, midnight + seconds / day_s); };
  // The transit nearest the local noon: where the hour angle is none.
  double noon_s = day_s / 2 - utc_offset_s;
  for (int i = 0; i < 4; ++i) {
    const Geocentric sun = geocentric(midnight + noon_s / day_s, delta_t_s(year_of(midnight)));
    noon_s -=
        within_half_circle(sun.sidereal_deg + observer.longitude_deg - sun.right_ascension_deg) / 360.98565 * day_s;
  }
  constexpr double edge_deg = -0.8333;
  const auto crossing = [&](double up_s, double down_s) {
    for (int i = 0; i < 40; ++i) {
      const double middle = (up_s + down_s) / 2;
      (elevation_at(middle) > edge_deg ? up_s : down_s) = middle;
    }
    return (up_s + down_s) / 2;
  };
  Daylight found{Daylight::Kind::rises_and_sets, 0, noon_s, 0};
  if (elevation_at(noon_s) <= edge_deg)
    found.kind = Daylight::Kind::down_all_day;
  else if (elevation_at(noon_s - day_s / 2) > edge_deg || elevation_at(noon_s + day_s / 2) > edge_deg)
    found.kind = Daylight::Kind::up_all_day;
  else
    found.rise_s = crossing(noon_s, noon_s - day_s / 2), found.set_s = crossing(noon_s, noon_s + day_s / 2);
  return found;
}

}  // namespace cityloom::model::sun
