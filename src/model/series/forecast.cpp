#include "model/series/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/series/boosted.hpp"

namespace cityloom::model::series {
namespace {

using base::Code;
using base::fail;

constexpr std::array<double, 3> probabilities{0.5, 0.8, 0.9};
constexpr size_t windows_max = 5;  // that are forecast from what came before them

// A week of days, a day of hours; seen by the values' likeness one long period ago, beyond that of one period.
size_t long_period_of(Values values, const ForecastOptions& options) {
  if (options.period < 2) return 1;
  const size_t length = options.long_period != 0 ? options.long_period : 7 * options.period;
  return length > options.period && length <= values.size() / 3 ? length : 1;
}

std::vector<double> median_of(const std::vector<std::vector<double>>& all, size_t horizon) {
  std::vector<double> result(horizon), column;
  for (size_t i = 0; i < horizon; ++i) {
    column.clear();
    for (const auto& one : all) {
      if (one.size() == horizon && std::isfinite(one[i])) column.push_back(one[i]);
    }
    std::ranges::sort(column);
    const size_t half = column.size() / 2;
    result[i] = column.size() % 2 == 1 ? column[half] : (column[half - 1] + column[half]) / 2;
  }
  return result;
}

// Seasons as they are used.
struct Seasons {
  size_t period = 1, long_period = 1;
  bool with_boosted = false;
};

std::vector<double> combined(Values values, size_t horizon, const Seasons& seasons) {
  const auto [period, long_period, with_boosted] = seasons;
  const size_t season = values.size() >= 2 * period ? period : 1;
  std::vector<std::vector<double>> all;
  all.push_back(seasonal_naive(values, horizon, season));
  all.push_back(theta(values, horizon, season));
  if (values.size() >= 2 * season + 2) all.push_back(damped_seasons(values, horizon, season));
  if (long_period > 1) {
    all.push_back(seasonal_naive(values, horizon, long_period));
    all.push_back(long_profile(values, horizon, long_period));
  }
  for (const bool in_logarithms : {false, true}) {
    for (const double penalty : {0.1, 1.0, 10.0}) {
      if (!in_logarithms && penalty == 10.0) continue;
      if (auto one = lagged(values, horizon, {season, long_period, penalty, in_logarithms}); !one.empty())
        all.push_back(std::move(one));
    }
  }
  if (with_boosted) {
    BoostedOptions trees;
    trees.horizon = horizon;
    trees.period = season;
    trees.long_period = long_period;
    if (auto one = boosted(values, trees); one && !one->empty()) all.push_back(std::move(*one));
  }
  return median_of(all, horizon);
}

// How far forecasts of this method were off, step by step ahead.
struct Errors {
  std::vector<std::vector<double>> by_step;  // without sign
  double alike = 1;                          // so many neighbouring ones say as much as one: 1 to 2
};

// From the correlation of errors with those a step before.
double alike(double products, double squares) {
  const double quotient = products / squares;
  const double correlation = std::isfinite(quotient) ? std::clamp(quotient, 0.0, 0.9) : 0;
  return std::min((1 + correlation) / (1 - correlation), 2.0);
}

Errors past_errors(Values values, size_t horizon, const Seasons& seasons) {
  Errors errors{std::vector<std::vector<double>>(horizon), 1};
  double products = 0, squares = 0;
  const size_t least = std::max<size_t>(3 * std::max(seasons.period, seasons.long_period), 8);
  for (size_t window = 1; window <= windows_max; ++window) {
    const size_t back = horizon + (window - 1) * horizon;
    if (back + least > values.size()) break;
    const Values before = values.first(values.size() - back);
    const std::vector<double> expected = combined(before, horizon, seasons);
    double error_before = 0;
    for (size_t i = 0; i < horizon; ++i) {
      const double error = values[before.size() + i] - expected[i];
      errors.by_step[i].push_back(std::abs(error));
      products += error * error_before;
      squares += error * error;
      error_before = error;
    }
  }
  errors.alike = alike(products, squares);
  return errors;
}

// The errors about a step, of which too few are known alone; or what differences of the series say.
std::vector<double> errors_about(const Errors& errors, size_t step, Values values) {
  std::vector<double> near;
  const size_t reach = std::max<size_t>(errors.by_step.size() / 8, 2);
  const size_t first = step > reach ? step - reach : 0, last = std::min(errors.by_step.size(), step + reach + 1);
  for (size_t i = first; i < last; ++i) near.insert(near.end(), errors.by_step[i].begin(), errors.by_step[i].end());
  if (near.empty()) {
    const double growth = std::sqrt(static_cast<double>(step + 1));
    for (size_t i = 1; i < values.size(); ++i) near.push_back(std::abs(values[i] - values[i - 1]) * growth);
  }
  if (near.empty()) near.push_back(0);
  std::ranges::sort(near);
  return near;
}

// The conformal quantile: of n errors the one at ceil((n + 1) p), so that a new one is below it with probability p.
double quantile(const std::vector<double>& sorted, double probability, double alike) {
  const auto count = static_cast<double>(sorted.size());
  const double place = std::ceil((count / alike + 1) * probability * alike) - 1;
  return sorted[static_cast<size_t>(std::clamp(place, 0.0, count - 1))];
}

}  // namespace

base::Result<Forecast> forecast(Values values, const ForecastOptions& options) {
  if (values.empty()) return fail(Code::invalid, "there is no value to forecast from");
  if (options.horizon == 0 || options.horizon > horizon_max)
    return fail(Code::invalid, "a forecast has 1 to 10,000 steps", "horizon");
  if (options.period == 0 || options.period > values_max)
    return fail(Code::invalid, "a season has 1 to 100,000 steps", "period");
  if (const auto odd = std::ranges::find_if_not(values, [](double one) { return std::abs(one) <= value_max; });
      odd != values.end())
    return fail(Code::invalid, "not a number of a size that can be squared",
                "value " + std::to_string(odd - values.begin() + 1), "fill gaps before, or leave the series out");
  if (values.size() > values_max) values = values.last(values_max);
  const Seasons seasons{options.period > values.size() / 2 ? 1 : options.period, long_period_of(values, options),
                        options.with_boosted};
  Forecast result;
  result.middle = combined(values, options.horizon, seasons);
  const Errors errors = past_errors(values, options.horizon, seasons);
  const bool is_positive = std::ranges::min(values) >= 0;
  if (is_positive) {
    for (double& one : result.middle) one = std::max(one, 0.0);
  }
  for (size_t i = 0; i < probabilities.size(); ++i) {
    result.intervals[i].probability = probabilities[i];
    result.intervals[i].lower.resize(options.horizon);
    result.intervals[i].upper.resize(options.horizon);
  }
  for (size_t step = 0; step < options.horizon; ++step) {
    const std::vector<double> near = errors_about(errors, step, values);
    for (Interval& interval : result.intervals) {
      const double width = quantile(near, interval.probability, errors.alike);
      interval.lower[step] = result.middle[step] - width;
      interval.upper[step] = result.middle[step] + width;
      if (!is_positive) continue;
      interval.lower[step] = std::max(interval.lower[step], 0.0);
      interval.upper[step] = std::max(interval.upper[step], 0.0);
    }
  }
  return result;
}

}  // namespace cityloom::model::series
