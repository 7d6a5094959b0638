// Forecasts by gradient-boosted trees, for series that follow the weather and the calendar.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/series/forecasters.hpp"

namespace cityloom::model::series {

inline constexpr size_t covariates_max = 100;

/// What else is known at each step, of the past and ahead: weather, its forecast, holidays.
struct Covariate {
  std::string name;
  std::vector<double> values;  ///< one a value and one a step ahead; not a number: not known
};

/// When the values were, for features of the calendar.
struct Calendar {
  double first_s = 0;  ///< of the first value: seconds since 1970 in local time (UTC plus the zone's offset)
  double step_s = 0;   ///< between values; 0: nothing is known of the calendar
};

struct BoostedOptions {
  size_t horizon = 24;
  size_t period = 1;       ///< steps in a season; 1: there is none
  size_t long_period = 1;  ///< of weeks; 1: there is none
  Calendar calendar;
  unsigned rounds = 100;  ///< trees: 1 to 1,000
};

/// Trees (XGBoost: Chen and Guestrin 2016, KDD) over lags, the place in both seasons, hour, day of the week and of the
/// year, and covariates; they learn what lies above or below the mean of the last period, and are applied step by step.
/// On one worker; same in, same out. Values that come lie within the range seen and a fifth beyond. Empty: fewer than
/// 30 values, or fewer than three periods. Errors: invalid (no horizon or one past 10,000, no values or ones that are
/// not finite or past 1e100, a covariate of another length or past 1e30), too_large (past 100,000 values or 100
/// covariates), internal (what XGBoost says). Cost: 1,000 values, 100 trees: some 60 ms.
base::Result<std::vector<double>> boosted(Values values, const BoostedOptions& options,
                                          std::span<const Covariate> covariates = {});

}  // namespace cityloom::model::series
