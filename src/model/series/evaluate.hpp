// How good forecasts of many series are, against what came.
#pragma once

#include <string>
#include <string_view>

#include "model/series/forecast.hpp"

namespace cityloom::model::series {

/// As it stands in a file.
struct NamedSeries {
  std::string id;
  std::vector<double> values;
};

/// Reads a file as the M4 competition has it: a series a line, its id and then its values, separated by commas; quotes
/// about them, empty fields at the end and a first line of headings (one whose second field is no number) are taken.
/// Errors: invalid (with the line; a field that is no number, a line without values, the same id twice), too_large
/// (more than 1 million series, or values_max values in one).
base::Result<std::vector<NamedSeries>> read_series(std::string_view text);

/// The measures of the M4 competition (Makridakis et al. 2020), means over all series.
struct Evaluation {
  size_t series = 0;
  size_t never_changed = 0;  ///< of them, over a period of the training: no steps to scale by, so not in mase and owa
  double smape = 0;          ///< percent, symmetric
  double mase = 0;           ///< in mean steps of the seasonal naive forecast within the training values
  double owa = 0;            ///< mean of both as parts of what Naive2 gets; 1 where that makes no error
  std::array<double, 3> coverage{};  ///< part of what came that lay in the intervals of 50, 80 and 90 %
  double naive_2_smape = 0, naive_2_mase = 0;
};

/// Percent; where both are zero, nothing. Requires equal, non-zero sizes.
double symmetric_error(Values came, Values expected);
/// Requires more training values than a period. Infinite where those never change over a period.
double scaled_error(Values training, Values came, Values expected, size_t period);

/// Forecasts each series as far as its part of the test goes, and measures. Series are matched by id. On several
/// workers (0: one a core). Errors: invalid (a series of the test has no training, or too little).
base::Result<Evaluation> evaluate(const std::vector<NamedSeries>& training, const std::vector<NamedSeries>& test,
                                  size_t period, unsigned workers = 0, bool with_boosted = false);

}  // namespace cityloom::model::series
