// How unusual rows of several columns are, each for itself and together.
#pragma once

#include <memory>
#include <span>

#include "model/series/anomaly.hpp"

namespace cityloom::model::series {

/// Judges rows of one or several columns (up to 500). Each column has a detector of its own; for several, the distances
/// from what is usual are held together by principal components, learnt as rows come from a covariance in which far
/// rows count less: Hotelling's T2 within the components that hold 90 % of the variance, and the Q statistic (squared
/// error of prediction; Jackson and Mudholkar 1979, Technometrics 21) beyond them, each against its own past. A column
/// of many needs more evidence than one alone. Missing values count as usual ones here. Same rows, same answers. Cost:
/// that of the detectors and, for several, 2 d^2 operations a row, 10 d^3 now and then.
class GroupDetector {
 public:
  /// Requires 1 <= columns.
  explicit GroupDetector(size_t columns);
  GroupDetector(GroupDetector&&) noexcept;
  GroupDetector& operator=(GroupDetector&&) noexcept;
  ~GroupDetector();

  /// As Detector::next; `values` holds one value a column.
  Judgement next(double time_s, std::span<const double> values);

  /// The column that said most of the last row; `columns` where it was all together.
  size_t column() const { return column_; }

 private:
  struct Together;

  std::vector<Detector> detectors_;
  std::unique_ptr<Together> together_;
  size_t column_ = 0;
  bool is_alarm_ = false;
};

}  // namespace cityloom::model::series
