// Steps of the day give suns; sums of light and views of the sky give what falls on each cell.
#include "model/sun/day.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/sun/ground.hpp"

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;

constexpr double degree = M_PI / 180;
constexpr size_t sky_directions = 32;
constexpr double sample_h = 1.0 / 12;  // between two looks whether the sun is up

base::Status check(const DayCase& it) {
  const auto within = [](const char* what, double value, double least, double most, const char* unit) -> base::Status {
    if (value >= least && value <= most) return {};
    return fail(Code::invalid, fmt::format("{} is not within {} to {} {}", value, least, most, unit), what);
  };
  const auto all = {within("step", it.step_minutes, step_minutes_min, step_minutes_max, "minutes"),
                    within("time zone", it.utc_offset_h, -14, 14, "hours"),
                    within("albedo", it.albedo, 0, 1, ""),
                    within("linke turbidity", it.air.linke_turbidity, 1, 10, ""),
                    within("aerosol depth", it.air.aerosol_depth_700, 0, 0.6, ""),
                    within("precipitable water", it.air.precipitable_water_cm, 0.1, 10, "cm"),
                    within("altitude", it.air.altitude_m, -1000, 9000, "m"),
                    within("pressure", it.air.pressure_hpa, 200, 1100, "hPa"),
                    within("latitude", it.site.latitude_deg, -90, 90, "degrees"),
                    within("longitude", it.site.longitude_deg, -180, 180, "degrees")};
  for (const base::Status& status : all) {
    if (!status) return status;
  }
  if (!it.global_by_hour.empty() && it.global_by_hour.size() != 24)
    return fail(Code::invalid, "measured light needs 24 hours", "global_by_hour");
  return {};
}

Observer observer_of(const DayCase& it) {
  return {it.site.latitude_deg, it.site.longitude_deg, it.air.altitude_m, it.air.pressure_hpa, 15};
}

Light light_of(const DayCase& it, const Position& sun, double hour) {
  const double outside = solar_constant_w_m2 / (sun.distance_au * sun.distance_au);
  if (!it.global_by_hour.empty())
    return erbs(it.global_by_hour[static_cast<size_t>(std::clamp(hour, 0.0, 23.0))], sun.zenith_deg, outside);
  switch (it.clear_sky) {
    case ClearSky::solis:
      return simplified_solis(sun.zenith_deg, it.air, outside);
    case ClearSky::haurwitz:
      return erbs(haurwitz_global(sun.zenith_deg), sun.zenith_deg, outside);
    case ClearSky::esra:
      break;
  }
  return esra(sun.elevation_deg, it.air, outside);
}

// When the sun's middle passes the horizon between two times, of which one has it up.
template <class IsUp>
double crossing_h(double up_h, double down_h, const IsUp& is_up) {
  for (int i = 0; i < 24; ++i) {
    const double middle = (up_h + down_h) / 2;
    (is_up(middle) ? up_h : down_h) = middle;
  }
  return up_h;
}

Day combine(const GridFile& terrain, const Ground& ground, const DayCase& it, std::vector<DayStep> steps,
            LightSums&& sums, SkyViews&& views) {
  Day day;
  double evenly = 0, low = 0, global = 0;
  for (const DayStep& step : steps) {
    const double hours = step.to_h - step.from_h;
    evenly += step.sky.evenly * hours;
    low += step.sky.horizon * hours;
    global += step.light.global * hours;
    day.level_beam_wh_m2 += step.light.beam_normal * std::cos(step.sun.zenith_deg * degree) * hours;
    day.level_diffuse_wh_m2 += step.light.diffuse * hours;
  }
  day.steps = std::move(steps);
  day.beam_wh_m2 = std::move(sums.beam_wh);
  day.sunlight_h = std::move(sums.hours);
  day.diffuse_wh_m2 = std::move(sums.around_wh);
  day.sky_view = std::move(views.level);
  day.reflected_wh_m2.resize(ground.cells());
  day.global_wh_m2.resize(ground.cells());
  const size_t columns = ground.field.columns();
  tbb::parallel_for(size_t{0}, ground.field.rows(), [&](size_t row) {
    std::vector<float> slopes(2 * (columns + 64));
    const RowSlopes slope{slopes.data(), slopes.data() + columns + 64};
    find_slopes(ground.field, row, static_cast<float>(1 / ground.cell_x_m), static_cast<float>(1 / ground.cell_y_m),
                slope);
    for (size_t column = 0; column < columns; ++column) {
      const size_t cell = row * columns + column;
      const double p = static_cast<double>(slope.column[column]), q = static_cast<double>(slope.row[column]);
      const double upright = 1 / std::sqrt(1 + p * p + q * q);
      const double seen = static_cast<double>(day.sky_view[cell]) - p * static_cast<double>(views.column[cell]) -
                          q * static_cast<double>(views.row[cell]);
      const double view = std::clamp(seen * upright / sky_directions, 0.0, 1.0);
      const double steep = std::sqrt(std::max(0.0, 1 - upright * upright));
      const double diffuse = static_cast<double>(day.diffuse_wh_m2[cell]) + view * std::max(0.0, evenly + low * steep);
      const double reflected = it.albedo * global * (1 - view);
      day.sky_view[cell] = static_cast<float>(view);
      day.diffuse_wh_m2[cell] = static_cast<float>(diffuse);
      day.reflected_wh_m2[cell] = static_cast<float>(reflected);
      day.global_wh_m2[cell] = static_cast<float>(static_cast<double>(day.beam_wh_m2[cell]) + diffuse + reflected);
      if (!std::isnan(terrain.values[cell])) continue;
      for (std::vector<float>* map : {&day.beam_wh_m2, &day.diffuse_wh_m2, &day.reflected_wh_m2, &day.global_wh_m2,
                                      &day.sunlight_h, &day.sky_view})
        (*map)[cell] = std::numeric_limits<float>::quiet_NaN();
    }
  });
  return day;
}

Sun sun_of(const DayCase& it, const DayStep& step, double hours) {
  return {step.sun.azimuth_deg - it.site.north_deg, step.sun.zenith_deg, step.light.beam_normal * hours,
          step.sky.circumsolar * hours, hours};
}

// One step after the other: what falls in its middle.
base::Status give_steps(const GridFile& terrain, const Ground& ground, const DayCase& it, const Day& day,
                        const SkyViews& views, const DayProgress& progress, const TakeStep& take) {
  for (size_t k = 0; k < day.steps.size(); ++k) {
    if (progress && !progress(0.7 + 0.3 * static_cast<double>(k) / static_cast<double>(day.steps.size())))
      return fail(Code::cancelled, "stopped");
    const DayStep& step = day.steps[k];
    DayStep hour = step;
    hour.from_h = 0, hour.to_h = 1;
    SkyViews again = views;
    const Day light =
        combine(terrain, ground, it, {hour}, sum_light(ground, {sun_of(it, step, 1)}, {}), std::move(again));
    if (auto taken = take(step, light.global_wh_m2); !taken) return taken;
  }
  return {};
}

base::Result<Day> compute(const GridFile& terrain, const DayCase& it, std::vector<DayStep> steps,
                          const DayProgress& progress, const TakeStep& take_step) {
  const auto ground = ground_of(terrain, it.site.cell_x_m, it.site.cell_y_m);
  if (!ground) return ground.error();
  bool is_stopped = false;
  const auto goes_on = [&](double from, double part) {
    return [&, from, part](double done) { return !(is_stopped = progress && !progress(from + part * done)); };
  };
  std::vector<Sun> suns;
  for (const DayStep& step : steps) suns.push_back(sun_of(it, step, step.to_h - step.from_h));
  LightSums sums = sum_light(*ground, suns, goes_on(0, 0.4));
  if (is_stopped) return fail(Code::cancelled, "stopped");
  SkyViews views = sum_sky(*ground, sky_directions, goes_on(0.4, 0.3));
  if (is_stopped) return fail(Code::cancelled, "stopped");
  SkyViews kept;
  if (take_step) kept = views;
  Day day = combine(terrain, *ground, it, std::move(steps), std::move(sums), std::move(views));
  day.daylight = daylight(observer_of(it), it.date, it.utc_offset_h * 3600);
  if (!take_step) return day;
  if (auto given = give_steps(terrain, *ground, it, day, kept, progress, take_step); !given) return given.error();
  return day;
}

}  // namespace

base::Result<std::vector<DayStep>> steps_of(const DayCase& it) {
  if (auto checked = check(it); !checked) return checked.error();
  const Observer observer = observer_of(it);
  const double midnight = julian_day(it.date, -it.utc_offset_h * 3600);
  const auto at = [&](double hour) { return position(observer, midnight + hour / 24); };
  const auto is_up = [&](double hour) { return at(hour).zenith_deg < 90; };
  std::vector<DayStep> steps;
  const double length = it.step_minutes / 60;
  const auto count = static_cast<size_t>(std::ceil(24 / length - 1e-9));
  bool up = is_up(0);
  for (size_t k = 0; k < count; ++k) {
    const double from = static_cast<double>(k) * length, to = std::min(24.0, from + length);
    const auto looks = static_cast<size_t>(std::ceil((to - from) / sample_h - 1e-9));
    // The sun may rise and set within a step: each stretch of light is one of its own.
    double since = from, before = from;
    const auto end_stretch = [&](double until) {
      if (until - since < 1e-6) return;
      DayStep step{since, until, at((since + until) / 2), {}, {}};
      step.light = light_of(it, step.sun, (since + until) / 2);
      step.sky = spread(it.sky_model, step.light, step.sun.zenith_deg,
                        solar_constant_w_m2 / (step.sun.distance_au * step.sun.distance_au));
      steps.push_back(step);
    };
    for (size_t look = 1; look <= looks; ++look) {
      const double now = look == looks ? to : from + static_cast<double>(look) * sample_h;
      const bool up_now = is_up(now);
      if (up_now && !up) since = crossing_h(now, before, is_up);
      if (!up_now && up) end_stretch(crossing_h(before, now, is_up));
      up = up_now;
      before = now;
    }
    if (up) end_stretch(to);
  }
  return steps;
}

base::Result<Day> run_day(const GridFile& terrain, const DayCase& it, const DayProgress& progress,
                          const TakeStep& take_step) {
  auto steps = steps_of(it);
  if (!steps) return steps.error();
  base::Result<Day> day = fail(Code::internal, "nothing was computed");
  tbb::task_arena arena(it.workers == 0 ? tbb::task_arena::automatic : static_cast<int>(it.workers));
  arena.execute([&] { day = compute(terrain, it, std::move(*steps), progress, take_step); });
  return day;
}

}  // namespace cityloom::model::sun
