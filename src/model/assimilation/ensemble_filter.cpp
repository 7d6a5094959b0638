#include "model/assimilation/ensemble_filter.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <eigen3/Eigen/Eigenvalues>

#include <cmath>
#include <string>

namespace cityloom::model::assimilation {
namespace {

using base::Code;
using base::fail;
using Eigen::Index;

base::Status check(const Ensemble& before, const std::vector<Observation>& observations, const FilterOptions& options) {
  const Index members = before.cols();
  if (members < 2 || before.rows() < 1) return fail(Code::invalid, "an ensemble has at least two members", "members");
  if (static_cast<size_t>(members) > members_max) return fail(Code::too_large, "more than 1,000 members", "members");
  if (static_cast<size_t>(before.rows()) > state_max / static_cast<size_t>(members))
    return fail(Code::too_large, "more than 100,000,000 values in all members", "state");
  if (observations.size() > observations_max) return fail(Code::too_large, "more than 1,000,000 observations");
  if (!before.allFinite()) return fail(Code::invalid, "a member holds what is not a number", "state");
  if (!(options.inflation >= 1 && options.inflation <= 10))
    return fail(Code::invalid, "inflation lies between 1 and 10", "inflation");
  if (!(options.half_width >= 0 && std::isfinite(options.half_width)))
    return fail(Code::invalid, "the half-width is a number from 0 on", "half_width");
  for (size_t i = 0; i < observations.size(); ++i) {
    const Observation& one = observations[i];
    if (one.expected.size() != members || !one.expected.allFinite() || !std::isfinite(one.value) ||
        !(one.variance > 0 && std::isfinite(one.variance)))
      return fail(Code::invalid, "it needs a value, a variance above 0 and what each member expects",
                  "observation " + std::to_string(i + 1));
  }
  return {};
}

// Weights that make each new member of the old ones' deviations: a column a member, the mean's in each.
class Transform {
 public:
  explicit Transform(Index members) : precision_(members, members), towards_(members) {}

  void start() {
    precision_ =
        Eigen::MatrixXd::Identity(precision_.rows(), precision_.cols()) * static_cast<double>(precision_.rows() - 1);
    towards_.setZero();
  }
  // `deviations` of what members expect, `innovation`: what was read less their mean.
  void take(const Eigen::VectorXd& deviations, double innovation, double precision) {
    precision_.selfadjointView<Eigen::Lower>().rankUpdate(deviations, precision);
    towards_ += precision * innovation * deviations;
  }
  // Of (k - 1) I + Y' R^-1 Y: its inverse for the mean, the root of it for the deviations.
  Eigen::MatrixXd weights() const {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(precision_);
    const Eigen::VectorXd inverse = solver.eigenvalues().cwiseInverse();
    const Eigen::MatrixXd& vectors = solver.eigenvectors();
    const double root = std::sqrt(static_cast<double>(precision_.rows() - 1));
    Eigen::MatrixXd result = root * vectors * inverse.cwiseSqrt().asDiagonal() * vectors.transpose();
    result.colwise() += vectors * (inverse.asDiagonal() * (vectors.transpose() * towards_));
    return result;
  }

 private:
  Eigen::MatrixXd precision_;
  Eigen::VectorXd towards_;
};

}  // namespace

double gaspari_cohn(double distance, double half_width) {
  if (!(half_width > 0)) return 1;
  const double r = std::abs(distance) / half_width;
  if (!(r < 2)) return 0;
  if (r <= 1) return (((-r / 4 + 0.5) * r + 0.625) * r - 5.0 / 3) * r * r + 1;
  return std::max(((((r / 12 - 0.5) * r + 0.625) * r + 5.0 / 3) * r - 5) * r + 4 - 2 / (3 * r), 0.0);
}

void inflate(Ensemble& ensemble, double factor) {
  const Eigen::VectorXd mean = ensemble.rowwise().mean();
  ensemble = ((ensemble.colwise() - mean) * factor).colwise() + mean;
}

base::Result<Ensemble> analyse(const Ensemble& before, const std::vector<Observation>& observations,
                               const FilterOptions& options, const Distance& distance) {
  if (auto checked = check(before, observations, options); !checked) return checked.error();
  if (options.half_width > 0 && !distance) return fail(Code::invalid, "localisation needs distances", "distance");
  const Eigen::VectorXd mean = before.rowwise().mean();
  const Eigen::MatrixXd deviations = (before.colwise() - mean) * options.inflation;
  std::vector<Eigen::VectorXd> expected(observations.size());
  std::vector<double> innovations(observations.size());
  for (size_t i = 0; i < observations.size(); ++i) {
    const double middle = observations[i].expected.mean();
    expected[i] = (observations[i].expected.array() - middle) * options.inflation;
    innovations[i] = observations[i].value - middle;
  }
  Ensemble after(before.rows(), before.cols());
  if (!(options.half_width > 0)) {
    Transform transform(before.cols());
    transform.start();
    for (size_t i = 0; i < observations.size(); ++i)
      transform.take(expected[i], innovations[i], 1 / observations[i].variance);
    after = (deviations * transform.weights()).colwise() + mean;
  } else {
    constexpr double least_weight = 1e-4;
    tbb::parallel_for(tbb::blocked_range<Index>(0, before.rows(), 16), [&](const tbb::blocked_range<Index>& rows) {
      Transform transform(before.cols());
      for (Index row = rows.begin(); row < rows.end(); ++row) {
        bool has_any = false;
        transform.start();
        for (size_t i = 0; i < observations.size(); ++i) {
          const double weight = gaspari_cohn(distance(row, i), options.half_width);
          if (!(weight > least_weight)) continue;
          has_any = true;
          transform.take(expected[i], innovations[i], weight / observations[i].variance);
        }
        after.row(row) = deviations.row(row);
        if (has_any) after.row(row) = (deviations.row(row) * transform.weights()).eval();
        after.row(row).array() += mean(row);
      }
    });
  }
  if (!after.allFinite()) return fail(Code::invalid, "values too far apart to be computed with", "state");
  return after;
}

}  // namespace cityloom::model::assimilation
