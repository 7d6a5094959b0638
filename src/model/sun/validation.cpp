// Each case computes one number that somebody has published, and draws it among its neighbours.
#include "model/sun/validation.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "model/sun/day.hpp"
#include "model/sun/ground.hpp"
#include "model/sun/position.hpp"
#include "model/sun/sky.hpp"

namespace cityloom::model::sun {
namespace {

constexpr double degree = M_PI / 180;
constexpr Observer golden{39.742476, -105.1786, 1830.14, 820, 11};
constexpr const char* nrel = "Reda and Andreas, NREL/TP-560-34302 (2008), table A5.1";

// Our curve over `from` to `to`, and the published answer as a circle on it.
std::string picture(const std::string& title, double from, double to, double at, double published,
                    const std::function<double(double)>& ours) {
  constexpr int width = 320, height = 160, count = 120;
  std::vector<double> values;
  double least = published, most = published;
  for (int i = 0; i <= count; ++i) {
    values.push_back(ours(from + (to - from) * i / count));
    least = std::min(least, values.back()), most = std::max(most, values.back());
  }
  const auto x_of = [&](double x) { return 10 + (width - 20) * (x - from) / (to - from); };
  const auto y_of = [&](double y) { return height - 10 - (height - 40) * (y - least) / std::max(most - least, 1e-12); };
  std::string points;
  for (int i = 0; i <= count; ++i)
    points += fmt::format("{:.1f},{:.1f} ", x_of(from + (to - from) * i / count), y_of(values[static_cast<size_t>(i)]));
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">"
      "<text x=\"10\" y=\"16\" font-size=\"11\">{2}</text>"
      "<polyline points=\"{3}\" fill=\"none\" stroke=\"#1f77b4\" stroke-width=\"1.5\"/>"
      "<circle cx=\"{4:.1f}\" cy=\"{5:.1f}\" r=\"4\" fill=\"none\" stroke=\"#d62728\" stroke-width=\"1.5\"/></svg>",
      width, height, title, points, x_of(at), y_of(published));
}

ValidationCase made(const char* name, const char* quantity, const char* source, const char* unit, double published,
                    double ours, double error_max, std::string svg) {
  return {name, quantity, source, unit, published, ours, std::abs(ours - published), error_max, unit, std::move(svg)};
}

void add_positions(Validation& all) {
  constexpr double moment_s = 19.5 * 3600 + 30;
  const auto at = [](double seconds) { return position(golden, julian_day({2003, 10, 17}, seconds), 67); };
  const Position sun = at(moment_s);
  const double from = moment_s - 5 * 3600, to = moment_s + 4 * 3600;
  all.push_back(made(
      "solar position, published example", "zenith", nrel, "deg", 50.11162, sun.zenith_deg, 0.0003,
      picture("zenith over the day, deg", from, to, moment_s, 50.11162, [&](double s) { return at(s).zenith_deg; })));
  all.push_back(made("solar position, published example", "azimuth", nrel, "deg", 194.340241, sun.azimuth_deg, 0.0003,
                     picture("azimuth over the day, deg", from, to, moment_s, 194.340241,
                             [&](double s) { return at(s).azimuth_deg; })));
  const double rise_s = 6 * 3600 + 12 * 60 + 43;
  all.push_back(
      made("solar position, published example", "sunrise, local time", nrel, "s", rise_s,
           daylight(golden, {2003, 10, 17}, -25'200).rise_s - 25'200, 1,
           picture("sunrise over half a year, s after midnight", 0, 180, 0, rise_s, [&](double day) {
             return daylight(golden, plus_days({2003, 10, 17}, static_cast<int>(day)), -25'200).rise_s - 25'200;
           })));
}

void add_skies(Validation& all) {
  const auto haurwitz = [](double zenith) { return haurwitz_global(zenith); };
  all.push_back(made("clear sky, Haurwitz", "global light at 60 deg from above", "Haurwitz (1945, 1946)", "W/m2",
                     487.894132885425, haurwitz(60), 1e-6,
                     picture("global light by zenith, W/m2", 0, 89, 60, 487.894132885425, haurwitz)));
  const auto solis = [](double zenith) { return simplified_solis(zenith, Air{}, 1364); };
  constexpr const char* ineichen = "Ineichen, Solar Energy 82 (2008) 758, worked out by pvlib";
  all.push_back(made(
      "clear sky, simplified Solis", "beam at 10 deg from above", ineichen, "W/m2", 959.335463, solis(10).beam_normal,
      1e-6, picture("beam by zenith, W/m2", 0, 89, 10, 959.335463, [&](double z) { return solis(z).beam_normal; })));
  all.push_back(
      made("clear sky, simplified Solis", "global light at 10 deg from above", ineichen, "W/m2", 1064.653145,
           solis(10).global, 1e-6,
           picture("global light by zenith, W/m2", 0, 89, 10, 1064.653145, [&](double z) { return solis(z).global; })));
  const Light light{646.22886049, 62.03376265, 257.20751138};
  const auto tilted = [&](double tilt) {
    return on_plane({tilt, 180}, {0, light.diffuse, 0}, spread(SkyModel::perez, light, 72.41687122, 1321.16558),
                    72.41687122, 287.04104128, 0);
  };
  all.push_back(made("sky's light on a plane, Perez", "diffuse on 40 deg to the south",
                     "Perez et al., Solar Energy 44 (1990) 271, worked out by pvlib", "W/m2", 45.45539877, tilted(40),
                     0.01, picture("diffuse by tilt, W/m2", 0, 90, 40, 45.45539877, tilted)));
}

// A wall from east to west, 20 m high, and what is known of it without computing.
Field wall() {
  Field field(240, 160);
  for (size_t row = 0; row < 240; ++row) {
    for (size_t column = 0; column < 160; ++column) field.row(row)[column] = row == 10 ? 20.0f : 0.0f;
  }
  return field;
}

double shadow_length_m(const Field& field, double elevation_deg) {
  std::vector<int8_t> shaded(field.rows() * field.columns());
  mark_shadow(field, course_of(180, 1, 1), std::tan(elevation_deg * degree), shaded.data());
  double length = 0;
  for (size_t row = 11; row < field.rows(); ++row)
    if (shaded[row * field.columns() + 80] != 0) length = static_cast<double>(row) - 10;
  return length;
}

void add_walls(Validation& all) {
  const Field field = wall();
  const double length = 20 / std::tan(20 * degree);
  all.push_back(made("shadow of a wall of 20 m", "length, sun 20 deg high", "height / tangent", "m", length,
                     shadow_length_m(field, 20), 1,
                     picture("length by the sun's height, m", 8, 60, 20, length,
                             [&](double elevation) { return shadow_length_m(field, elevation); })));
  std::vector<float> tangent(field.rows() * field.columns());
  find_horizon(field, course_of(180, 1, 1), tangent.data());
  const auto horizon = [&](double distance_m) {
    return std::atan(static_cast<double>(tangent[(10 + static_cast<size_t>(distance_m)) * 160 + 80])) / degree;
  };
  const double angle = std::atan(20.0 / 50) / degree;
  all.push_back(made("horizon before a wall of 20 m", "angle, 50 m away", "arctan(height / distance)", "deg", angle,
                     horizon(50), 0.01, picture("angle by distance, deg", 5, 200, 50, angle, horizon)));
}

}  // namespace

Validation validate_sun() {
  Validation all;
  add_positions(all);
  add_skies(all);
  add_walls(all);
  return all;
}

}  // namespace cityloom::model::sun
