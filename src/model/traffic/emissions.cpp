#include "model/traffic/emissions.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::model::traffic {
namespace {

constexpr double slowest_km_h = 5, fastest_km_h = 130;
constexpr double carbon_dioxide_of_petrol = 3.18, of_diesel = 3.14;  // g a g of fuel burnt

/// Grams a kilometre of CO2 at v km/h: Hickman (ed.), Methodology for calculating transport emissions and energy
/// consumption (MEET), TRL SE/491/98, 1999: petrol cars of 1.4 to 2.0 l, Euro I; diesel light duty vehicles; heavy
/// goods vehicles of 7.5 to 16 t and, for buses, of 16 to 32 t.
double co2_g_km(EmissionKind kind, double v) {
  switch (kind) {
    case EmissionKind::passenger:
      return 231 - 3.62 * v + 0.0263 * v * v + 2526 / v;
    case EmissionKind::light_goods:
      return 429.51 - 7.8227 * v + 0.0617 * v * v;
    case EmissionKind::heavy_goods:
      return 871 - 16.0 * v + 0.143 * v * v + 32031 / (v * v);
    case EmissionKind::bus:
      return 765 - 7.04 * v + 0.000632 * v * v * v + 8334 / v;
    case EmissionKind::motorcycle:
      return 0.5 * co2_g_km(EmissionKind::passenger, v);  // no function of its own
    case EmissionKind::nothing:
      break;
  }
  return 0;
}

bool is_heavy(EmissionKind kind) {
  return kind == EmissionKind::heavy_goods || kind == EmissionKind::bus;
}

/// As Ntziachristos and Samaras have it: COPERT III, EEA Technical Report 49, 2000: petrol cars of Euro I with the
/// reduction of Euro II; heavy diesel vehicles before Euro I, up to 60 km/h and held from there.
double nox_g_km(EmissionKind kind, double v) {
  if (kind == EmissionKind::heavy_goods) return 92.584 * std::pow(std::min(v, 60.0), -0.7393);
  if (kind == EmissionKind::bus) return 108.36 * std::pow(std::min(v, 60.0), -0.6061);
  return 0.36 * (0.526 - 0.0085 * v + 8.54e-5 * v * v);
}

double co_g_km(EmissionKind kind, double v) {
  if (is_heavy(kind)) return 37.280 * std::pow(v, -0.6945);
  return 0.68 * std::max(9.846 - 0.2867 * v + 0.0022 * v * v, 0.3);
}

}  // namespace

Emitted emitted(EmissionKind kind, double metres, double seconds) {
  if (kind == EmissionKind::nothing || !(seconds > 0)) return {};
  const double v = std::clamp(metres / seconds * 3.6, slowest_km_h, fastest_km_h);
  // Who is slower gives off for the way that the slowest would have made.
  const double km = metres / seconds * 3.6 < slowest_km_h ? slowest_km_h * seconds / 3600 : metres / 1000;
  Emitted sum;
  sum.co2_g = km * co2_g_km(kind, v);
  sum.nox_g = km * nox_g_km(kind, v);
  sum.co_g = km * co_g_km(kind, v);
  sum.fuel_g = sum.co2_g / (is_heavy(kind) || kind == EmissionKind::light_goods ? of_diesel : carbon_dioxide_of_petrol);
  return sum;
}

}  // namespace cityloom::model::traffic
