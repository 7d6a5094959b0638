// Regression on lags. Eigen solves it.
#include <eigen3/Eigen/Cholesky>
#include <eigen3/Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <set>

#include "model/series/forecasters.hpp"

namespace cityloom::model::series {
namespace {

// The last few values, those one, two and more periods ago with their neighbours, and so for the long period.
std::vector<size_t> lags_for(const LagOptions& options, size_t count) {
  constexpr size_t recent = 6;
  std::set<size_t> lags;
  for (size_t lag = 1; lag <= recent; ++lag) lags.insert(lag);
  const size_t period = options.period;
  if (period > 1) {
    for (size_t lag = period - 1; lag <= period + 2; ++lag) lags.insert(lag);
    for (size_t lag = 2 * period - 1; lag <= 2 * period + 1; ++lag) lags.insert(lag);
    for (size_t times = 3; times <= 6; ++times) lags.insert(times * period);
  }
  if (options.long_period > 1) {
    for (size_t lag = options.long_period - 1; lag <= options.long_period + 2; ++lag) lags.insert(lag);
  }
  // What is as far back as a third of all values leaves too few to learn from.
  std::erase_if(lags, [&](size_t lag) { return lag == 0 || lag > count / 3; });
  return {lags.begin(), lags.end()};
}

class Regression {
 public:
  Regression(std::vector<double> values, const LagOptions& options)
      : values_(std::move(values)), options_(options), lags_(lags_for(options, values_.size())) {
    // A column for each place: of long seasons there are too many, and the lags must do.
    constexpr size_t places_max = 200;
    const bool has_places = options.period > 1 && options.period <= places_max && options.period <= values_.size() / 4;
    period_places_ = has_places ? options.period : 1;
    const size_t long_places = options.long_period / options.period;
    long_places_ = options.long_period > 1 && long_places <= places_max ? long_places : 0;
    size_ = static_cast<Eigen::Index>(lags_.size() + period_places_ + long_places_);
  }

  bool fit() {
    if (lags_.empty()) return false;
    const size_t first = lags_.back();
    const auto rows = static_cast<Eigen::Index>(values_.size() - first);
    if (rows < size_ / 2 || rows < 3) return false;
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    RowMajor features = RowMajor::Zero(rows, size_);
    Eigen::VectorXd targets(rows);
    for (Eigen::Index row = 0; row < rows; ++row) {
      const size_t at = first + static_cast<size_t>(row);
      features_at(at, features.row(row));
      targets(row) = values_[at];
    }
    Eigen::MatrixXd square = Eigen::MatrixXd::Zero(size_, size_);
    square.selfadjointView<Eigen::Lower>().rankUpdate(features.transpose());
    square.diagonal().array() += options_.penalty;
    weights_ = square.selfadjointView<Eigen::Lower>().ldlt().solve(features.transpose() * targets);
    return weights_.allFinite();
  }

  // One step on; what is expected becomes the value of that step.
  double next(double least, double most) {
    Eigen::RowVectorXd features = Eigen::RowVectorXd::Zero(size_);
    features_at(values_.size(), features);
    values_.push_back(std::clamp(features.dot(weights_), least, most));
    return values_.back();
  }

 private:
  template <class Row>
  void features_at(size_t at, Row&& row) const {
    Eigen::Index column = 0;
    for (const size_t lag : lags_) row(column++) = values_[at - lag];
    row(column + static_cast<Eigen::Index>(at % period_places_)) = 1;
    column += static_cast<Eigen::Index>(period_places_);
    if (long_places_ > 0) row(column + static_cast<Eigen::Index>(at / options_.period % long_places_)) = 1;
  }

  std::vector<double> values_;
  const LagOptions& options_;
  std::vector<size_t> lags_;
  size_t period_places_ = 1, long_places_ = 0;
  Eigen::Index size_ = 0;
  Eigen::VectorXd weights_;
};

}  // namespace

std::vector<double> lagged(Values values, size_t horizon, const LagOptions& options) {
  const auto [least, most] = std::ranges::minmax(values);
  const bool logarithms = options.in_logarithms;
  if (logarithms && !(least > 0)) return {};
  std::vector<double> scaled(values.begin(), values.end());
  if (logarithms) std::ranges::transform(scaled, scaled.begin(), [](double one) { return std::log(one); });
  double mean = 0, variance = 0;
  for (const double one : scaled) mean += one / static_cast<double>(scaled.size());
  for (const double one : scaled) variance += (one - mean) * (one - mean) / static_cast<double>(scaled.size());
  const double deviation = std::sqrt(variance);
  if (!(deviation > 1e-12 * (1 + std::abs(mean)))) return std::vector<double>(horizon, values.back());
  for (double& one : scaled) one = (one - mean) / deviation;

  const auto to_scale = [&](double one) { return ((logarithms ? std::log(one) : one) - mean) / deviation; };
  const double room = (most - least) / 5;
  // Below what was ever seen of positive values there is no less room than above, as a quotient.
  const double floor = least >= 0 ? std::max(least - room, logarithms ? least / 2 : 0.0) : least - room;
  const double lower = to_scale(floor), upper = to_scale(most + room);
  Regression regression(std::move(scaled), options);
  if (!regression.fit()) return {};
  std::vector<double> result(horizon);
  for (double& one : result) {
    const double value = regression.next(lower, upper) * deviation + mean;
    one = logarithms ? std::exp(value) : value;
  }
  return result;
}

}  // namespace cityloom::model::series
