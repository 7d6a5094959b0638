// What modules on roofs and façades would give.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "base/result.hpp"
#include "model/sun/day.hpp"
#include "model/sun/exposure.hpp"

namespace cityloom::model::sun {

/// Modules and all behind them. Power is irradiance x area x efficiency x (1 + coefficient x (cell - 25 C)) x ratio, as
/// in PVWatts (A. Dobos, NREL/TP-6A20-62641, 2014); the cell is warmer than the air by (NOCT - 20) / 800 K for each
/// W/m2 (R. G. Ross, 1976).
struct Modules {
  double efficiency = 0.20;                     ///< 0 to 1, at 25 C
  double coefficient_per_k = -0.004;            ///< -0.02 to 0
  double performance_ratio = 0.86;              ///< 0 to 1: soiling, wires, inverter, mismatch
  double nominal_operating_temperature_c = 45;  ///< 20 to 80
  double cover = 1;                             ///< share of the surface with modules, 0 to 1
  double air_c = 15;                            ///< of a year, -60 to 60
};

/// Power of modules of an area under an irradiance, W.
double power_w(const Modules& modules, double area_m2, double irradiance_w_m2);

/// A day that stands for a month: S. A. Klein, Solar Energy 19 (1977) 325.
inline constexpr std::array<int, 12> day_of_month = {17, 16, 16, 15, 15, 11, 17, 16, 15, 15, 14, 10};

/// Of a part of a surface, over a year of clear skies (or of the case's measured day).
struct Yield {
  double light_kwh_m2 = 0;              ///< a year
  double power_kwh = 0;                 ///< a year, of the whole part
  std::array<double, 12> month_kwh{};   ///< power
  std::array<double, 24> hour_wh_m2{};  ///< light of a mean day of the year, by local hour
};

/// Each part's year, of twelve days by the case's step. Its date gives the year. Errors: invalid, cancelled.
base::Result<std::vector<Yield>> yields(const GridFile& raised, const DayCase& it, const std::vector<Part>& parts,
                                        const Modules& modules, const std::function<bool(double)>& goes_on = {});

}  // namespace cityloom::model::sun
