// A forecast of any numeric series, with how sure it is.
#pragma once

#include <array>

#include "base/result.hpp"
#include "model/series/forecasters.hpp"

namespace cityloom::model::series {

inline constexpr size_t values_max = 100'000;  ///< of one series; the last ones of a longer one are enough
inline constexpr size_t horizon_max = 10'000;
inline constexpr double value_max = 1e100;  ///< without its sign: squares must stay numbers

/// How far, and in which seasons.
struct ForecastOptions {
  size_t horizon = 24;
  size_t period = 1;          ///< steps in a season; 1: there is none
  size_t long_period = 0;     ///< steps in a season of seasons; 0: seven periods, where the series shows them
  bool with_boosted = false;  ///< boosted trees as one more method: some 50 times the cost
};

/// A central interval, which holds what comes with this probability.
struct Interval {
  double probability = 0;
  std::vector<double> lower, upper;
};

/// What is expected, step by step.
struct Forecast {
  std::vector<double> middle;         ///< as likely too high as too low
  std::array<Interval, 3> intervals;  ///< of 50, 80 and 90 %
};

/// The median of what several methods forecast; intervals by conformal prediction: from how far the same method was
/// off when the last windows of the series were forecast from what came before them. Deterministic. Errors: invalid
/// (no values, one that is not finite or past value_max). Cost: 1,000 values with a season: about 10 ms.
base::Result<Forecast> forecast(Values values, const ForecastOptions& options);

}  // namespace cityloom::model::series
