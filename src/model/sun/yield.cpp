// Twelve days stand for a year; each step's light falls on the parts that the sun reaches then.
#include "model/sun/yield.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;

constexpr double degree = M_PI / 180;

bool are_possible(const Modules& it) {
  const auto within = [](double value, double least, double most) { return value >= least && value <= most; };
  return within(it.efficiency, 0, 1) && within(it.coefficient_per_k, -0.02, 0) && within(it.performance_ratio, 0, 1) &&
         within(it.nominal_operating_temperature_c, 20, 80) && within(it.cover, 0, 1) && within(it.air_c, -60, 60);
}

double light_on(const Part& part, const DayStep& step, bool is_lit, double sky, double albedo) {
  const double tilt = part.tilt_deg * degree;
  const double facing = is_lit ? std::max(0.0, cosine_of_incidence({part.tilt_deg, part.azimuth_deg},
                                                                   step.sun.zenith_deg, step.sun.azimuth_deg))
                               : 0;
  const double free = sky / std::max((1 + std::cos(tilt)) / 2, 1e-9);
  return step.light.beam_normal * facing +
         std::max(0.0,
                  step.sky.circumsolar * facing + step.sky.evenly * sky + step.sky.horizon * std::sin(tilt) * free) +
         step.light.global * albedo * std::max(0.0, 1 - sky);
}

}  // namespace

double power_w(const Modules& it, double area_m2, double irradiance_w_m2) {
  const double cell_c = it.air_c + (it.nominal_operating_temperature_c - 20) / 800 * irradiance_w_m2;
  return std::max(0.0, irradiance_w_m2 * area_m2 * it.cover * it.efficiency *
                           (1 + it.coefficient_per_k * (cell_c - 25)) * it.performance_ratio);
}

base::Result<std::vector<Yield>> yields(const GridFile& raised, const DayCase& it, const std::vector<Part>& parts,
                                        const Modules& modules, const std::function<bool(double)>& goes_on) {
  if (!are_possible(modules))
    return fail(Code::invalid, "a number of the modules is out of its bounds", "modules", "see the help");
  const auto within = [&](double from, double part) {
    return [&goes_on, from, part](double done) { return !goes_on || goes_on(from + part * done); };
  };
  const auto sky = sky_share(raised, it.site, parts, within(0, 0.25));
  if (!sky) return sky.error();
  std::vector<Yield> found(parts.size());
  for (int month = 1; month <= 12; ++month) {
    DayCase day = it;
    day.date = {it.date.year, month, day_of_month[static_cast<size_t>(month - 1)]};
    const auto steps = steps_of(day);
    if (!steps) return steps.error();
    std::vector<Direction> directions;
    for (const DayStep& step : *steps) directions.push_back({step.sun.azimuth_deg, 90 - step.sun.zenith_deg});
    const auto lit = exposure(raised, it.site, parts, directions, within(0.25 + (month - 1) / 16.0, 1 / 16.0));
    if (!lit) return lit.error();
    const double days =
        month == 12 ? 31 : julian_day({it.date.year, month + 1, 1}, 0) - julian_day({it.date.year, month, 1}, 0);
    for (size_t k = 0; k < steps->size(); ++k) {
      const DayStep& step = (*steps)[k];
      const double hours = step.to_h - step.from_h;
      const auto hour = static_cast<size_t>(std::clamp((step.from_h + step.to_h) / 2, 0.0, 23.0));
      for (size_t i = 0; i < parts.size(); ++i) {
        const double light = light_on(parts[i], step, (*lit)[k][i], (*sky)[i], it.albedo);
        const double power = power_w(modules, parts[i].area_m2, light) * hours * days / 1000;
        found[i].light_kwh_m2 += light * hours * days / 1000;
        found[i].power_kwh += power;
        found[i].month_kwh[static_cast<size_t>(month - 1)] += power;
        found[i].hour_wh_m2[hour] += light * hours * days / 365.25;
      }
    }
  }
  return found;
}

}  // namespace cityloom::model::sun
