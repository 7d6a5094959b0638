#include "rehearsal/weather.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "rehearsal/chance.hpp"

namespace cityloom::rehearsal {
namespace {

constexpr double day_long_s = 86'400, year_long_s = 365.25 * 86'400;

/// A wave like a cosine, of period 1: 1 at 0, -1 at 0.5. Made of parabolas: the same bits everywhere.
double wave(double phase) {
  const double t = phase - std::floor(phase);
  const double u = t < 0.5 ? 1 - 4 * t : 4 * t - 3;
  return u * (2 - std::abs(u));
}

double rain_at(uint64_t seed, double s) {
  const uint64_t key = Chance(seed, Purpose::weather, {1}).bits();
  const double spell = smooth_noise(key, s / (9 * 3'600.0)) + 0.35 * smooth_noise(key + 1, s / 2'400);
  return std::max(0.0, spell - 0.42) * 14;
}

}  // namespace

Weather weather_at(uint64_t seed, int64_t local_s) {
  const auto s = static_cast<double>(local_s);
  const uint64_t key = Chance(seed, Purpose::weather).bits();
  Weather weather;
  const double season = wave(s / year_long_s - 0.55);  // warmest in July
  const double of_day = wave(s / day_long_s - 15.0 / 24);
  weather.rain_mm_per_h = rain_at(seed, s);
  const double cloud =
      std::clamp(0.5 + 0.5 * smooth_noise(key, s / (14 * 3'600.0)) + weather.rain_mm_per_h / 4, 0.0, 1.0);
  weather.temperature_c = 12.5 + 13.5 * season + 4.5 * of_day * (1 - 0.6 * cloud) +
                          2.5 * smooth_noise(key + 1, s / 70'000) - std::min(3.0, weather.rain_mm_per_h / 2);
  weather.humidity_percent =
      std::clamp(62 - 14 * of_day + 22 * cloud + 4 * smooth_noise(key + 2, s / 9'000), 18.0, 99.0);
  weather.pressure_hpa = 1'014 + 9 * smooth_noise(key + 3, s / 160'000) - 3 * cloud;
  weather.wind_mps = std::max(0.1, 2.6 + 1.9 * smooth_noise(key + 4, s / 7'000) + 1.1 * smooth_noise(key + 5, s / 500) +
                                       0.3 * weather.rain_mm_per_h);
  const double turn = 290 + 110 * smooth_noise(key + 6, s / 30'000);
  weather.wind_from_deg = turn >= 360 ? turn - 360 : turn;
  weather.light_share = std::max(0.0, wave(s / day_long_s - 0.52) * 0.9 + 0.1 + 0.2 * season) * (1 - 0.75 * cloud);
  weather.light_share = std::min(1.0, weather.light_share);
  return weather;
}

double standing_rain_mm(uint64_t seed, int64_t local_s) {
  constexpr int64_t step_s = 600;
  const int64_t now = local_s / step_s;
  // What fell n steps ago and is still there: half after two hours.
  double sum_mm = 0, left = 1;
  for (int n = 0; n < 60; ++n) {
    sum_mm += rain_at(seed, static_cast<double>((now - n) * step_s)) / 6 * left;
    left *= 0.944;
  }
  return sum_mm;
}

double busyness(int64_t local_s) {
  constexpr std::array<double, 25> workday{0.13, 0.09, 0.07, 0.06, 0.09, 0.2, 0.48, 0.85, 1.0, 0.78, 0.66, 0.68, 0.7,
                                           0.68, 0.69, 0.74, 0.83, 0.95, 1.0, 0.82, 0.62, 0.5, 0.38, 0.24, 0.13};
  constexpr std::array<double, 25> weekend{0.2,  0.14, 0.1,  0.08, 0.07, 0.1,  0.17, 0.25, 0.36, 0.48, 0.6,  0.68, 0.72,
                                           0.74, 0.75, 0.76, 0.76, 0.74, 0.68, 0.6,  0.5,  0.42, 0.34, 0.26, 0.2};
  const int64_t day = local_s / 86'400;
  const double hour = static_cast<double>(local_s % 86'400) / 3'600;
  const auto whole = static_cast<size_t>(hour);
  const auto& curve = (day + 3) % 7 >= 5 ? weekend : workday;
  return curve[whole] + (curve[whole + 1] - curve[whole]) * (hour - static_cast<double>(whole));
}

}  // namespace cityloom::rehearsal
