// Forecasts of one series, each by one method. None is good for all: `forecast` combines them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cityloom::model::series {

/// Values at equal steps of time. All functions here need finite values and horizon >= 1, give `horizon` finite values,
/// and are pure: same in, same out.
using Values = std::span<const double>;

/// The value one season before, again and again. Requires period <= the number of values.
std::vector<double> seasonal_naive(Values values, size_t horizon, size_t period);

/// Values less their season (or divided by it), and the season of each place in the period.
struct Adjusted {
  std::vector<double> values;
  std::vector<double> season;  ///< `period` indices about 1
  bool is_seasonal = false;    ///< else all indices are 1
};
/// The classical decomposition by a centred moving average, multiplicative; done where the autocorrelation at the
/// period is significant at 90 %, as in the M4 competition's benchmarks (Makridakis et al. 2020, Int. J. Forecasting
/// 36).
Adjusted adjust_for_season(Values values, size_t period);

/// The M4 competition's Naive2: the last value, adjusted for the season.
std::vector<double> naive_2(Values values, size_t horizon, size_t period);

/// Theta (Assimakopoulos and Nikolopoulos 2000) of the values adjusted for the season: simple smoothing, with half of
/// the slope of the whole. Cost: some 20 passes.
std::vector<double> theta(Values values, size_t horizon, size_t period);

/// Additive errors, damped trend, additive season (ETS AAdA), with the smoothing that fits best of a grid. Needs two
/// periods. Cost: some 50 passes.
std::vector<double> damped_seasons(Values values, size_t horizon, size_t period);

/// The level of the last long period, and about it the mean profile of that long period (a week of hours), the younger
/// the heavier. Needs two long periods.
std::vector<double> long_profile(Values values, size_t horizon, size_t long_period);

/// Which past values a linear forecast sees, and how strongly its weights are held down.
struct LagOptions {
  size_t period = 1;
  size_t long_period = 1;  ///< of weeks; 1: there is none
  double penalty = 1;      ///< of weights squared, values being scaled to variance 1
  bool in_logarithms = false;
};
/// Regression on lags, the place in the period and the place of the period in the long one, by ridge; forecast step by
/// step. Values are held within the range seen, and a fifth of it beyond. Empty: too few values for the lags, or no
/// logarithms of them. Cost: n k^2 for k some 60 (1,000 values: 1.5 ms).
std::vector<double> lagged(Values values, size_t horizon, const LagOptions& options);

}  // namespace cityloom::model::series
