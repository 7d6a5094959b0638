#include "model/assimilation/nowcast.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "model/assimilation/ensemble_filter.hpp"

namespace cityloom::model::assimilation {
namespace {

using base::Code;
using base::fail;

enum Factor : Eigen::Index { rain, inflow, roughness, factor_count };

// Logarithms beyond these would ask for floods that none ever were, or for glass.
constexpr double logarithm_max = 2.5;

base::Status check(const flood::Case& it, const std::vector<Reading>& readings, const NowcastOptions& options) {
  constexpr size_t readings_max = 100'000;
  if (it.gauges.empty()) return fail(Code::invalid, "the case has no gauges", "gauges");
  if (readings.empty()) return fail(Code::invalid, "there are no readings", "readings");
  if (readings.size() > readings_max) return fail(Code::too_large, "more than 100,000 readings", "readings");
  if (options.members < 4 || options.members > 200) return fail(Code::invalid, "there are 4 to 200 members", "members");
  if (options.rounds < 1 || options.rounds > 10) return fail(Code::invalid, "there are 1 to 10 rounds", "rounds");
  for (const double spread : {options.rain_spread, options.inflow_spread, options.roughness_spread})
    if (!(spread >= 0 && spread <= 2)) return fail(Code::invalid, "a spread lies between 0 and 2", "spread");
  for (size_t i = 0; i < readings.size(); ++i) {
    const Reading& one = readings[i];
    if (one.gauge >= it.gauges.size() || !(one.time_s >= 0 && one.time_s <= it.duration_s) || !(one.depth_m >= 0) ||
        !(one.depth_m < 1e4) || !(one.error_m > 1e-6 && one.error_m < 1e4))
      return fail(Code::invalid, "it needs a gauge of the case, a time within it, a depth and an error above 0",
                  "reading " + std::to_string(i + 1));
  }
  return {};
}

flood::Case with_factors(const flood::Case& it, const Eigen::VectorXd& logarithms) {
  flood::Case changed = it;
  changed.outputs.clear();
  for (auto& [time_s, value] : changed.rain_mm_h.points) value *= std::exp(logarithms(rain));
  for (flood::Inflow& one : changed.inflows) {
    for (auto& [time_s, value] : one.discharge_m3_s.points) value *= std::exp(logarithms(inflow));
  }
  for (double& one : changed.manning) one *= std::exp(logarithms(roughness));
  return changed;
}

double depth_at(const std::vector<flood::Outcome::Entry>& entries, double time_s) {
  if (entries.empty()) return 0;
  const auto after = std::ranges::lower_bound(entries, time_s, {}, &flood::Outcome::Entry::time_s);
  if (after == entries.begin()) return entries.front().depth_m;
  if (after == entries.end()) return entries.back().depth_m;
  const auto& before = *(after - 1);
  const double span = after->time_s - before.time_s;
  const double part = span > 0 ? (time_s - before.time_s) / span : 0;
  return before.depth_m + part * (after->depth_m - before.depth_m);
}

double quantile(std::vector<double> values, double part) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(std::lround(part * static_cast<double>(values.size() - 1)))];
}

using Runs = std::vector<flood::Outcome>;

class Smoother {
 public:
  Smoother(const flood::Case& it, const std::vector<Reading>& readings, const NowcastOptions& options,
           const std::function<bool(double)>& goes_on)
      : it_(it), readings_(readings), options_(options), goes_on_(goes_on) {
    std::mt19937_64 random(options.seed);
    std::normal_distribution<double> normal;
    factors_.resize(factor_count, static_cast<Eigen::Index>(options.members));
    for (Eigen::Index member = 0; member < factors_.cols(); ++member) {
      factors_(rain, member) = options.rain_spread * normal(random);
      factors_(inflow, member) = options.inflow_spread * normal(random);
      factors_(roughness, member) = options.roughness_spread * normal(random);
    }
  }

  base::Result<Nowcast> run() {
    Nowcast result;
    const auto rounds = static_cast<double>(options_.rounds);
    for (size_t round = 0; round < options_.rounds; ++round) {
      // What is past the last reading does not matter yet.
      auto runs = run_all(last_reading_s());
      if (!runs) return runs.error();
      if (round == 0) result.error_before_m = error_of(*runs);
      std::vector<Observation> observations;
      for (const Reading& one : readings_)
        observations.push_back({one.depth_m, rounds * one.error_m * one.error_m, expected(*runs, one)});
      auto after = analyse(factors_, observations, {});
      if (!after) return after.error();
      factors_ = after->cwiseMax(-logarithm_max).cwiseMin(logarithm_max);
    }
    auto runs = run_all(it_.duration_s);
    if (!runs) return runs.error();
    result.error_after_m = error_of(*runs);
    result.rain = range_of(rain);
    result.inflow = range_of(inflow);
    result.roughness = range_of(roughness);
    for (size_t gauge = 0; gauge < it_.gauges.size(); ++gauge) result.gauges.push_back(gauge_range(*runs, gauge));
    return result;
  }

 private:
  double last_reading_s() const {
    return std::max(std::ranges::max_element(readings_, {}, &Reading::time_s)->time_s, 1.0);
  }

  base::Result<Runs> run_all(double until_s) {
    Runs runs;
    for (Eigen::Index member = 0; member < factors_.cols(); ++member) {
      flood::Case changed = with_factors(it_, factors_.col(member));
      changed.duration_s = std::min(until_s, it_.duration_s);
      const double all = static_cast<double>((options_.rounds + 1) * options_.members);
      flood::Follower follower;
      follower.progress = [&](double) { return !goes_on_ || goes_on_(static_cast<double>(done_) / all); };
      auto outcome = flood::run_case(changed, follower);
      if (!outcome) return outcome.error();
      ++done_;
      flood::Outcome kept;
      kept.gauges = std::move(outcome->gauges);  // maps of all members would not fit
      runs.push_back(std::move(kept));
    }
    return runs;
  }

  static Eigen::VectorXd expected(const Runs& runs, const Reading& reading) {
    Eigen::VectorXd result(static_cast<Eigen::Index>(runs.size()));
    for (size_t i = 0; i < runs.size(); ++i)
      result(static_cast<Eigen::Index>(i)) = depth_at(runs[i].gauges[reading.gauge], reading.time_s);
    return result;
  }

  double error_of(const Runs& runs) const {
    double squares = 0;
    for (const Reading& one : readings_) {
      const Eigen::VectorXd said = expected(runs, one);
      const double error = quantile({said.begin(), said.end()}, 0.5) - one.depth_m;
      squares += error * error / static_cast<double>(readings_.size());
    }
    return std::sqrt(squares);
  }

  FactorRange range_of(Factor factor) const {
    std::vector<double> values;
    for (const double one : factors_.row(factor)) values.push_back(std::exp(one));
    return {quantile(values, 0.5), quantile(values, 0.05), quantile(values, 0.95)};
  }

  GaugeRange gauge_range(const Runs& runs, size_t gauge) const {
    GaugeRange range{it_.gauges[gauge].name, {}, {}, {}, {}};
    for (const flood::Outcome::Entry& entry : runs.front().gauges[gauge]) {
      std::vector<double> depths;
      for (const flood::Outcome& one : runs) depths.push_back(depth_at(one.gauges[gauge], entry.time_s));
      range.time_s.push_back(entry.time_s);
      range.low_m.push_back(quantile(depths, 0.05));
      range.middle_m.push_back(quantile(depths, 0.5));
      range.high_m.push_back(quantile(depths, 0.95));
    }
    return range;
  }

  const flood::Case& it_;
  const std::vector<Reading>& readings_;
  const NowcastOptions& options_;
  const std::function<bool(double)>& goes_on_;
  Ensemble factors_;
  size_t done_ = 0;
};

}  // namespace

base::Result<Nowcast> nowcast(const flood::Case& it, const std::vector<Reading>& readings,
                              const NowcastOptions& options, const std::function<bool(double part)>& goes_on) {
  if (auto checked = check(it, readings, options); !checked) return checked.error();
  return Smoother(it, readings, options, goes_on).run();
}

}  // namespace cityloom::model::assimilation
