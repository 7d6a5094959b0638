#include "model/flood/case.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

namespace cityloom::model::flood {
namespace {

using base::Code;
using base::fail;

// What outputs, and what is exposed, ask for.
MarkOptions marks_of(const Case& it) {
  const auto asks = [&](const char* what) {
    return std::ranges::find(it.outputs, what, &Case::Output::what) != it.outputs.end();
  };
  const bool exposes = !it.exposed.empty();
  MarkOptions marks = it.keep;
  marks.peak |= exposes || asks("peak");
  marks.depth_max |= exposes || marks.peak || asks("depth_max") || it.ensemble.members > 0;
  marks.speed_max |= asks("speed_max");
  marks.hazard_max |= exposes || asks("hazard_max");
  marks.arrival |= exposes || asks("arrival");
  marks.wet_time |= exposes || asks("wet_time");
  marks.wet_m = it.wet_m;
  marks.debris = it.debris;
  return marks;
}

ExposedOutcome outcome_of(const Exposed& one, const std::array<std::vector<float>, mark_count>& marks) {
  const auto of = [&](Mark which, size_t cell) { return static_cast<double>(marks[static_cast<size_t>(which)][cell]); };
  ExposedOutcome outcome;
  for (const uint32_t cell : one.cells) {
    const double arrival = of(Mark::arrival, cell), depth = of(Mark::depth_max, cell);
    if (arrival >= 0 && (outcome.first_wet_s < 0 || arrival < outcome.first_wet_s)) outcome.first_wet_s = arrival;
    outcome.wet_s = std::max(outcome.wet_s, of(Mark::wet_time, cell));
    outcome.hazard_max = std::max(outcome.hazard_max, of(Mark::hazard_max, cell));
    if (depth > outcome.depth_max_m) {
      outcome.depth_max_m = depth;
      outcome.depth_max_at_s = of(Mark::peak, cell);
    }
  }
  return outcome;
}

template <class Real>
class Run {
 public:
  explicit Run(const Case& it)
      : case_(it),
        water_({it.terrain.columns, it.terrain.rows, it.terrain.cell_x_m, it.terrain.cell_y_m, it.terrain.values},
               it.options),
        wall_heights_(it.walls.size(), 0) {
    const size_t cells = it.terrain.columns * it.terrain.rows;
    outcome_.gauges.resize(it.gauges.size());
    for (size_t i = 0; i < it.walls.size(); ++i) raise(i, it.walls[i].height_m);
    for (size_t row = 0; row < it.terrain.rows; ++row) {
      for (size_t column = 0; column < it.terrain.columns; ++column) {
        const size_t at = row * it.terrain.columns + column;
        water_.set_manning(column, row, it.manning.size() > 1 ? it.manning[at] : it.manning[0]);
        const double depth = start_depth(column, row, at);
        const bool is_hole = it.terrain.holes > 0 && it.is_hole[at];
        if (depth > 0 && !is_hole) water_.set_depth(column, row, depth);
      }
    }
    water_.set_marks(marks_of(it));
    if (it.terrain.holes == 0) return;
    // Nothing falls where there is no terrain.
    std::vector<float> share(cells);
    for (size_t at = 0; at < cells; ++at) share[at] = it.is_hole[at] ? 0.0f : 1.0f;
    water_.set_rain_share(share);
  }

  base::Result<Outcome> run(const Follower& follower) {
    const auto start = std::chrono::steady_clock::now();
    const double look_every_s = std::max(1.0, case_.duration_s / 2'000);
    double next_look_s = 0, next_entry_s = 0, next_frame_s = 0;
    outcome_.warned_at_s.assign(case_.warnings.size(), -1);
    warn();
    while (true) {
      const double now = water_.time_s();
      const bool is_over = now >= case_.duration_s * (1 - 1e-12);
      if (now >= next_look_s || is_over) {
        next_look_s = now + look_every_s;
        if (follower.progress && !follower.progress(now)) return fail(Code::cancelled, "stopped");
      }
      if (now >= next_entry_s * (1 - 1e-12) || is_over) {
        note();
        next_entry_s += case_.every_s;
      }
      if (case_.frames.every_s > 0 && (now >= next_frame_s * (1 - 1e-12) || is_over)) {
        if (follower.frame) {
          if (auto shown = follower.frame(now, frame()); !shown) return shown.error();
        }
        next_frame_s += case_.frames.every_s;
      }
      if (is_over) break;
      double most_s = std::min(case_.duration_s, next_entry_s) - now;
      if (case_.frames.every_s > 0) most_s = std::min(most_s, next_frame_s - now);
      if (auto stepped = step(std::max(most_s, 1e-9)); !stepped) return stepped.error();
    }
    outcome_.audit = water_.audit();
    if (!std::isfinite(outcome_.audit.now_m3) || !std::isfinite(outcome_.audit.relative_error()))
      return fail(Code::internal, "the water left all numbers", {}, "look for values in the case that no place has");
    outcome_.depth_m = water_.depths_m();
    for (size_t i = 0; i < mark_count; ++i) outcome_.marks[i] = water_.mark(static_cast<Mark>(i));
    for (const Exposed& one : case_.exposed) outcome_.exposed.push_back(outcome_of(one, outcome_.marks));
    outcome_.wet_updates = water_.wet_updates();
    outcome_.updates = water_.updates();
    outcome_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(outcome_);
  }

 private:
  // What changes over time is taken at its mean over at most so long: the step may end before.
  static constexpr double sources_hold_s = 10;

  base::Status step(double most_s) {
    const double from = water_.time_s();
    double until = from + std::min(most_s, sources_hold_s);
    for (const Wall& wall : case_.walls) {
      if (wall.breach_at_s > from) until = std::min(until, wall.breach_at_s);
    }
    constexpr double m_s = 1e-3 / 3'600;
    water_.set_rain(case_.rain_mm_h.mean(from, until) * m_s);
    water_.set_infiltration(case_.infiltration_mm_h.mean(from, until) * m_s);
    soak(from, until);
    water_.clear_inflows();
    for (const Inflow& inflow : case_.inflows) {
      const double each = inflow.discharge_m3_s.mean(from, until) / static_cast<double>(inflow.cells.size());
      for (const auto& [column, row] : inflow.cells) water_.add_inflow(column, row, each);
    }
    for (size_t side = 0; side < side_count; ++side) {
      const auto& [kind, series] = case_.boundaries[side];
      if (outcome_.steps > 0 && series.points.size() < 2) continue;
      water_.set_boundary(static_cast<Side>(side), {kind, series.points.empty() ? 0 : series.mean(from, until)});
    }
    breach(from);
    while (water_.time_s() < until * (1 - 1e-12)) {
      water_.step(until - water_.time_s());
      ++outcome_.steps;
      warn();
      if (!std::isfinite(water_.fastest_m_s()) || water_.fastest_m_s() > 1e4)
        return fail(Code::internal, "the water left all bounds at " + std::to_string(water_.time_s()) + " s", {},
                    "look for cliffs in the terrain; a smaller `courant` may help");
    }
    return {};
  }

  double start_depth(size_t column, size_t row, size_t at) const {
    if (case_.start_level_m) return *case_.start_level_m - water_.bed_m(column, row);
    if (case_.start_depth_m.empty()) return 0;
    return case_.start_depth_m.size() > 1 ? case_.start_depth_m[at] : case_.start_depth_m[0];
  }

  // Where walls cross, the higher one stands.
  void raise(size_t wall, double height_m) {
    if (height_m == wall_heights_[wall]) return;
    wall_heights_[wall] = height_m;
    for (const auto& cell : case_.walls[wall].cells) {
      std::vector<std::pair<size_t, double>>& here = walls_at_[cell];
      const auto known = std::ranges::find(here, wall, &std::pair<size_t, double>::first);
      if (known == here.end())
        here.emplace_back(wall, height_m);
      else
        known->second = height_m;
      const double highest = std::ranges::max(here, {}, &std::pair<size_t, double>::second).second;
      water_.set_bed(cell.first, cell.second,
                     case_.terrain.values[cell.second * case_.terrain.columns + cell.first] + highest);
    }
  }

  void breach(double now_s) {
    for (size_t i = 0; i < case_.walls.size(); ++i) {
      const Wall& wall = case_.walls[i];
      if (wall.breach_at_s < 0 || now_s < wall.breach_at_s) continue;
      const double part =
          wall.breach_takes_s > 0 ? std::min(1.0, (now_s - wall.breach_at_s) / wall.breach_takes_s) : 1.0;
      raise(i, wall.height_m + (wall.breach_height_m - wall.height_m) * part);
    }
  }

  void soak(double from, double until) {
    if (case_.soil.classes.empty()) return;
    constexpr double mm_h = 1e-3 / 3'600;
    const double rain_from = case_.rain_mm_h.mean(0, from) * from * mm_h,
                 rain_until = case_.rain_mm_h.mean(0, until) * until * mm_h;
    const std::vector<double> rates = case_.soil.rates_m_s(from, until, rain_from, rain_until);
    water_.set_capacity([&](size_t row, std::span<const Real> soaked, std::span<Real> capacity) {
      fill_capacity<Real>(case_.soil, rates, until - from, row * case_.terrain.columns, soaked, capacity);
    });
  }

  void warn() {
    for (size_t i = 0; i < case_.warnings.size(); ++i) {
      const Warning& warning = case_.warnings[i];
      if (outcome_.warned_at_s[i] >= 0) continue;
      const Gauge& gauge = case_.gauges[warning.gauge];
      const double depth = water_.depth_m(gauge.column, gauge.row);
      if (depth <= case_.options.dry_m) continue;
      const double value = warning.is_level ? depth + water_.bed_m(gauge.column, gauge.row) : depth;
      if (value >= warning.value_m) outcome_.warned_at_s[i] = water_.time_s();
    }
  }

  std::vector<float> frame() const {
    std::vector<float> values = water_.depths_m();
    if (case_.frames.what == "depth") return values;
    const bool is_level = case_.frames.what == "level";
    for (size_t row = 0; row < case_.terrain.rows; ++row) {
      for (size_t column = 0; column < case_.terrain.columns; ++column) {
        float& value = values[row * case_.terrain.columns + column];
        const auto depth = static_cast<double>(value);
        const bool is_wet = depth > case_.options.dry_m;
        const double speed =
            is_wet ? std::hypot(water_.flow_x_m2_s(column, row), water_.flow_y_m2_s(column, row)) / depth : 0;
        value = static_cast<float>(is_level ? depth + water_.bed_m(column, row) : speed);
      }
    }
    return values;
  }

  void note() {
    for (size_t i = 0; i < case_.gauges.size(); ++i) {
      const Gauge& gauge = case_.gauges[i];
      const double depth = water_.depth_m(gauge.column, gauge.row);
      const double flow =
          std::hypot(water_.flow_x_m2_s(gauge.column, gauge.row), water_.flow_y_m2_s(gauge.column, gauge.row));
      outcome_.gauges[i].push_back({water_.time_s(), depth, depth + water_.bed_m(gauge.column, gauge.row),
                                    depth > case_.options.dry_m ? flow / depth : 0});
    }
  }

  const Case& case_;
  ShallowWater<Real> water_;
  std::vector<double> wall_heights_;
  std::map<std::pair<size_t, size_t>, std::vector<std::pair<size_t, double>>> walls_at_;  // those that stand in a cell
  Outcome outcome_;
};

}  // namespace

double Series::at(double time_s) const {
  const auto after = std::ranges::upper_bound(points, time_s, {}, &std::pair<double, double>::first);
  if (after == points.begin()) return points.front().second;
  if (after == points.end()) return points.back().second;
  const auto& [from_s, from] = *(after - 1);
  return from + (after->second - from) * (time_s - from_s) / (after->first - from_s);
}

double Series::mean(double from_s, double to_s) const {
  if (points.size() < 2 || !(to_s > from_s)) return at(from_s);
  double sum = 0, last_s = from_s, last = at(from_s);
  const auto add_to = [&](double time_s, double value) {
    sum += (last + value) / 2 * (time_s - last_s);
    last_s = time_s;
    last = value;
  };
  for (const auto& [time_s, value] : points) {
    if (time_s > from_s && time_s < to_s) add_to(time_s, value);
  }
  // Where two points share a time, the first of them holds until then.
  const auto until = std::ranges::lower_bound(points, to_s, {}, &std::pair<double, double>::first);
  add_to(to_s, until != points.end() && until->first == to_s ? until->second : at(to_s));
  return sum / (to_s - from_s);
}

size_t memory_of(const Case& it) {
  const MarkOptions marks = marks_of(it);
  const size_t kept =
      marks.depth_max + marks.speed_max + marks.hazard_max + marks.arrival + marks.wet_time + marks.peak;
  const size_t real = it.in_double ? sizeof(double) : sizeof(float);
  // Two states of four numbers, bed, friction; rain and soil where they differ; marks, and what is handed over.
  const size_t numbers = 10 + kept + (it.is_hole.empty() ? 0 : 1) + (it.soil.classes.empty() ? 0 : 2);
  return it.terrain.columns * it.terrain.rows * (numbers * real + (kept + 1) * sizeof(float));
}

base::Result<Outcome> run_case(const Case& it, const Follower& follower) {
  const auto machine = static_cast<size_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES))) *
                       static_cast<size_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
  if (memory_of(it) > machine / 10 * 8)
    return fail(Code::too_large,
                "it takes " + std::to_string(memory_of(it) >> 20) + " MiB of memory, of which this machine has " +
                    std::to_string(machine >> 20),
                {}, "cut the terrain, or make it coarser");
  if (it.in_double) return Run<double>(it).run(follower);
  return Run<float>(it).run(follower);
}

}  // namespace cityloom::model::flood
