#include "model/series/group.hpp"

#include <eigen3/Eigen/Dense>
#include <eigen3/Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>

namespace cityloom::model::series {

struct GroupDetector::Together {
  explicit Together(size_t columns)
      : row(Eigen::VectorXd::Zero(static_cast<Eigen::Index>(columns))),
        covariance(Eigen::MatrixXd::Zero(row.size(), row.size())) {}

  // What the row says against the components found so far; then it is learnt.
  void judge(Judgement& judgement) {
    if (is_decomposed) {
      const Eigen::VectorXd scores = components.transpose() * row;
      const double within = (scores.array().square() / variances.array()).sum();
      const double beyond = (row - components * scores).squaredNorm();
      ask(judgement, together, smooth_together, std::sqrt(within), Unusual::group);
      ask(judgement, relation, smooth_relation, std::sqrt(beyond), Unusual::relation);
      const double usual = static_cast<double>(variances.size());
      weight = std::min(1.0, 4 * usual / std::max(within, 1e-9));
    }
    learn();
  }

  static void ask(Judgement& judgement, Tail& tail, double& smooth, double statistic, Unusual why) {
    constexpr double alone = 0.56, few_rows = 0.4;
    smooth += few_rows * (statistic - smooth);
    const double evidence = alone * tail.evidence(smooth);
    if (evidence < calm_evidence || judgement.evidence < alarm_evidence) tail.learn(smooth);
    if (evidence <= judgement.evidence) return;
    judgement.evidence = evidence;
    judgement.why = why;
  }

  void learn() {
    constexpr double rate_least = 0.001;
    constexpr uint64_t refresh_every = 2'048;
    ++count;
    const double rate = weight * std::max(1.0 / static_cast<double>(count), rate_least);
    covariance *= 1 - rate;
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(row, rate);
    const auto first = std::max<uint64_t>(200, 5 * static_cast<uint64_t>(row.size()));
    if (count < first) return;
    const uint64_t since = count - first;
    if (since % refresh_every == 0 || (since < refresh_every && (since & (since - 1)) == 0)) decompose();
  }

  void decompose() {
    constexpr double part_held = 0.9;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);  // reads the lower half
    if (solver.info() != Eigen::Success || !solver.eigenvalues().allFinite()) return;
    const Eigen::Index size = row.size();
    const double all = solver.eigenvalues().sum();
    if (!(all > 1e-9)) return;
    Eigen::Index kept = 0;
    for (double held = 0; kept < size && held < part_held * all; ++kept) held += solver.eigenvalues()(size - 1 - kept);
    components = solver.eigenvectors().rightCols(kept);
    variances = solver.eigenvalues().tail(kept).cwiseMax(1e-6 * all);
    is_decomposed = true;
  }

  Eigen::VectorXd row;
  Eigen::MatrixXd covariance, components;
  Eigen::VectorXd variances;
  Tail together, relation;
  double smooth_together = 0, smooth_relation = 0, weight = 1;
  uint64_t count = 0;
  bool is_decomposed = false;
};

GroupDetector::GroupDetector(size_t columns)
    : detectors_(columns), together_(columns > 1 ? std::make_unique<Together>(columns) : nullptr) {}
GroupDetector::GroupDetector(GroupDetector&&) noexcept = default;
GroupDetector& GroupDetector::operator=(GroupDetector&&) noexcept = default;
GroupDetector::~GroupDetector() = default;

Judgement GroupDetector::next(double time_s, std::span<const double> values) {
  if (!together_) return detectors_[0].next(time_s, values[0]);
  // Ten columns see ten times as many rare values; the slope was measured on noise.
  const double handicap = 0.8 * std::log10(static_cast<double>(detectors_.size()));
  Judgement most;
  column_ = 0;
  bool knows = true;
  for (size_t i = 0; i < detectors_.size(); ++i) {
    Judgement one = detectors_[i].next(time_s, values[i]);
    one.evidence = std::max(one.evidence - handicap, 0.0);
    together_->row(static_cast<Eigen::Index>(i)) = detectors_[i].distance();
    knows = knows && (detectors_[i].knows() || std::isnan(values[i]));
    if (one.evidence <= most.evidence) continue;
    most = one;
    column_ = i;
  }
  if (knows) {
    const double before = most.evidence;
    together_->judge(most);
    if (most.evidence > before) column_ = detectors_.size();
  }
  is_alarm_ = most.evidence >= (is_alarm_ ? calm_evidence : alarm_evidence);
  most.alarm = is_alarm_;
  most.score = most.evidence / (most.evidence + alarm_evidence);
  return most;
}

}  // namespace cityloom::model::series
