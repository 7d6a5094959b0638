#include "model/series/forecasters.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace cityloom::model::series {
namespace {

double mean_of(Values values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// At lags 0..most, of which the first is 1 (or all are 0 for a constant).
std::vector<double> autocorrelations(Values values, size_t most) {
  const double mean = mean_of(values);
  std::vector<double> result(most + 1);
  for (size_t lag = 0; lag <= most; ++lag) {
    for (size_t i = lag; i < values.size(); ++i) result[lag] += (values[i] - mean) * (values[i - lag] - mean);
  }
  const double all = result[0];
  for (double& one : result) one = all > 0 ? one / all : 0;
  return result;
}

bool has_season(Values values, size_t period) {
  constexpr size_t period_max = 10'000;  // the test looks at all lags of a period
  if (period < 2 || period > period_max || values.size() / 3 < period) return false;
  const std::vector<double> correlation = autocorrelations(values, period);
  double sum = 1;
  for (size_t lag = 1; lag < period; ++lag) sum += 2 * correlation[lag] * correlation[lag];
  return std::abs(correlation[period]) > 1.645 * std::sqrt(sum / static_cast<double>(values.size()));
}

// Centred, of one period; where it does not reach to, not a number.
std::vector<double> moving_average(Values values, size_t period) {
  const size_t half = period / 2;
  std::vector<double> average(values.size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<double> sums(values.size() + 1);
  for (size_t i = 0; i < values.size(); ++i) sums[i + 1] = sums[i] + values[i];
  for (size_t i = half; i + half < values.size(); ++i) {
    double sum = sums[i + half + 1] - sums[i - half];
    if (period % 2 == 0) sum -= (values[i - half] + values[i + half]) / 2;
    average[i] = sum / static_cast<double>(period);
  }
  return average;
}

struct Smoothed {
  double level = 0, squares = 0;
};
Smoothed smooth(Values values, double alpha) {
  Smoothed result{values.front(), 0};
  for (const double value : values) {
    const double error = value - result.level;
    result.squares += error * error;
    result.level += alpha * error;
  }
  return result;
}

struct Seasons {
  double level = 0, trend = 0, squares = 0;
  std::vector<double> season;
};

struct Smoothing {
  double level, trend, season, damping;
};

Seasons run_seasons(Values values, size_t period, const Smoothing& by, const Seasons& start) {
  Seasons state = start;
  for (size_t i = 0; i < values.size(); ++i) {
    double& season = state.season[i % period];
    const double expected = state.level + by.damping * state.trend;
    const double error = values[i] - expected - season;
    state.squares += error * error;
    state.level = expected + by.level * error;
    state.trend = by.damping * state.trend + by.level * by.trend * error;
    season += by.season * error;
  }
  return state;
}

}  // namespace

std::vector<double> seasonal_naive(Values values, size_t horizon, size_t period) {
  std::vector<double> result(horizon);
  for (size_t i = 0; i < horizon; ++i) result[i] = values[values.size() - period + i % period];
  return result;
}

Adjusted adjust_for_season(Values values, size_t period) {
  Adjusted adjusted{{values.begin(), values.end()}, std::vector<double>(std::max<size_t>(period, 1), 1.0), false};
  if (!has_season(values, period)) return adjusted;
  const std::vector<double> average = moving_average(values, period);
  std::vector<double> sums(period), counts(period);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(average[i]) || average[i] == 0) continue;
    sums[i % period] += values[i] / average[i];
    ++counts[i % period];
  }
  double all = 0;
  for (size_t place = 0; place < period; ++place) {
    if (counts[place] == 0) return adjusted;
    adjusted.season[place] = sums[place] / counts[place];
    all += adjusted.season[place];
  }
  // About zero a quotient means nothing.
  const bool means_something = std::ranges::all_of(adjusted.season, [&](double one) { return one / all > 1e-6; });
  if (!(std::abs(all) > 0) || !means_something) {
    std::ranges::fill(adjusted.season, 1.0);
    return adjusted;
  }
  for (double& one : adjusted.season) one *= static_cast<double>(period) / all;
  for (size_t i = 0; i < values.size(); ++i) adjusted.values[i] /= adjusted.season[i % period];
  adjusted.is_seasonal = true;
  return adjusted;
}

std::vector<double> naive_2(Values values, size_t horizon, size_t period) {
  const Adjusted adjusted = adjust_for_season(values, period);
  std::vector<double> result(horizon);
  for (size_t i = 0; i < horizon; ++i)
    result[i] = adjusted.values.back() * adjusted.season[(values.size() + i) % adjusted.season.size()];
  return result;
}

std::vector<double> theta(Values values, size_t horizon, size_t period) {
  const Adjusted adjusted = adjust_for_season(values, period);
  const auto count = static_cast<double>(adjusted.values.size());
  const double middle = (count - 1) / 2, mean = mean_of(adjusted.values);
  double products = 0, squares = 0;
  for (size_t i = 0; i < adjusted.values.size(); ++i) {
    const double from_middle = static_cast<double>(i) - middle;
    products += from_middle * (adjusted.values[i] - mean);
    squares += from_middle * from_middle;
  }
  const double slope = squares > 0 ? products / squares : 0;
  // The line with theta = 2: twice as curved as the values.
  std::vector<double> curved(adjusted.values.size());
  for (size_t i = 0; i < curved.size(); ++i)
    curved[i] = 2 * adjusted.values[i] - (mean + slope * (static_cast<double>(i) - middle));
  Smoothed best{0, std::numeric_limits<double>::infinity()};
  for (int step = 1; step <= 19; ++step) {
    const Smoothed one = smooth(curved, step / 20.0);
    if (one.squares < best.squares) best = one;
  }
  std::vector<double> result(horizon);
  for (size_t i = 0; i < horizon; ++i) {
    const double line = mean + slope * (count + static_cast<double>(i) - middle);
    result[i] = (best.level + line) / 2 * adjusted.season[(values.size() + i) % adjusted.season.size()];
  }
  return result;
}

std::vector<double> damped_seasons(Values values, size_t horizon, size_t period) {
  period = std::max<size_t>(period, 1);
  Seasons start;
  start.season.assign(period, 0);
  start.level = mean_of(values.first(period));
  if (period > 1) {
    for (size_t i = 0; i < period; ++i) start.season[i] = values[i] - start.level;
  }
  Seasons best;
  best.squares = std::numeric_limits<double>::infinity();
  double damping = 1;
  for (const double level : {0.05, 0.2, 0.5, 0.9}) {
    for (const double trend : {0.01, 0.1}) {
      for (const double season : {0.02, 0.1, 0.3}) {
        for (const double damped : {0.9, 0.98}) {
          const double part = period > 1 ? season * (1 - level) : 0;
          Seasons one = run_seasons(values, period, {level, trend, part, damped}, start);
          if (!(one.squares < best.squares)) continue;
          best = std::move(one);
          damping = damped;
        }
      }
    }
  }
  std::vector<double> result(horizon);
  double trend = 0, factor = 1;
  for (size_t i = 0; i < horizon; ++i) {
    factor *= damping;
    trend += factor * best.trend;
    result[i] = best.level + trend + best.season[(values.size() + i) % period];
  }
  return result;
}

std::vector<double> long_profile(Values values, size_t horizon, size_t long_period) {
  constexpr double younger = 0.8;  // what a profile counts that is one period older
  constexpr double nearer = 0.95;  // what a residual counts that is one step older
  const size_t count = values.size();
  std::vector<double> sums(count + 1);
  for (size_t i = 0; i < count; ++i) sums[i + 1] = sums[i] + values[i];
  const auto level_to = [&](size_t end) {
    return (sums[end] - sums[end - long_period]) / static_cast<double>(long_period);
  };
  std::vector<double> profile(long_period), weights(long_period);
  for (size_t i = 0; i < count; ++i) {
    const size_t end = std::clamp(i + long_period / 2 + 1, long_period, count);
    const double weight = std::pow(younger, static_cast<double>((count - 1 - i) / long_period));
    profile[i % long_period] += weight * (values[i] - level_to(end));
    weights[i % long_period] += weight;
  }
  for (size_t i = 0; i < long_period; ++i) profile[i] /= weights[i];
  const double level = level_to(count);
  double residual = 0, all = 0, weight = 1;
  for (size_t back = 0; back < std::min<size_t>(48, count); ++back, weight *= nearer) {
    const size_t i = count - 1 - back;
    residual += weight * (values[i] - level - profile[i % long_period]);
    all += weight;
  }
  residual /= all;
  std::vector<double> result(horizon);
  for (size_t i = 0; i < horizon; ++i, residual *= 0.97)
    result[i] = level + profile[(count + i) % long_period] + residual;
  return result;
}

}  // namespace cityloom::model::series
