#include "model/assimilation/ensemble_filter.hpp"

#include <gtest/gtest.h>

#include <eigen3/Eigen/Dense>

#include <cmath>
#include <limits>
#include <random>

#include "model/assimilation/lorenz.hpp"
#include "model/assimilation/validate.hpp"

namespace cityloom::model::assimilation {
namespace {

Ensemble some(Eigen::Index rows, Eigen::Index members, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  const Eigen::MatrixXd mix = Eigen::MatrixXd::NullaryExpr(rows, rows, [&] { return normal(random); });
  return mix * Eigen::MatrixXd::NullaryExpr(rows, members, [&] { return normal(random); });
}

// Kalman's equations with the ensemble's own mean and covariance: an ensemble transform filter gives just that.
TEST(EnsembleFilters, AreKalmansForTheirOwnCovariance) {
  const Ensemble before = some(4, 12, 1);
  const Eigen::Vector2d read(1.5, -0.5);
  const std::vector<Observation> observations{{read(0), 0.5, before.row(0).transpose()},
                                              {read(1), 2, (before.row(1) - 2 * before.row(3)).transpose()}};
  const auto after = analyse(before, observations, {});
  ASSERT_TRUE(after.ok());
  Eigen::MatrixXd operation = Eigen::MatrixXd::Zero(2, 4);
  operation << 1, 0, 0, 0, 0, 1, 0, -2;
  const Eigen::VectorXd mean = before.rowwise().mean();
  const Eigen::MatrixXd deviations = before.colwise() - mean, covariance = deviations * deviations.transpose() / 11;
  const Eigen::MatrixXd noise = Eigen::Vector2d(0.5, 2).asDiagonal();
  const Eigen::MatrixXd gain =
      covariance * operation.transpose() * (operation * covariance * operation.transpose() + noise).inverse();
  const Eigen::VectorXd mean_after = after->rowwise().mean();
  EXPECT_LT((mean_after - mean - gain * (read - operation * mean)).norm(), 1e-10);
  const Eigen::MatrixXd deviations_after = after->colwise() - mean_after;
  EXPECT_LT((deviations_after * deviations_after.transpose() / 11 - covariance + gain * operation * covariance).norm(),
            1e-10);
}

TEST(EnsembleFilters, WithEndlessReachAreThoseWithoutLocalisation) {
  const Ensemble before = some(5, 8, 2);
  const std::vector<Observation> observations{{1, 0.5, before.row(2).transpose()}};
  const auto far = analyse(before, observations, {1.1, 1e9}, [](Eigen::Index, size_t) { return 1.0; });
  EXPECT_LT((*far - *analyse(before, observations, {1.1, 0})).norm(), 1e-9);
}

TEST(EnsembleFilters, LeaveAloneWhatIsFar) {
  const Ensemble before = some(6, 8, 3);
  const std::vector<Observation> observations{{1, 0.5, before.row(0).transpose()}};
  const auto after =
      analyse(before, observations, {1, 1}, [](Eigen::Index row, size_t) { return static_cast<double>(row); });
  ASSERT_TRUE(after.ok());
  EXPECT_GT((after->row(0) - before.row(0)).norm(), 0.01);
  EXPECT_LT((after->bottomRows(4) - before.bottomRows(4)).norm(), 1e-12);
  EXPECT_EQ(*analyse(before, {}, {}), *analyse(before, {}, {}));
}

TEST(GaspariCohn, FallsSmoothlyToNothing) {
  EXPECT_EQ(gaspari_cohn(0, 3), 1);
  EXPECT_NEAR(gaspari_cohn(3, 3), 5.0 / 24, 1e-14);
  EXPECT_NEAR(gaspari_cohn(1.5, 3), 263.0 / 384, 1e-14);
  EXPECT_NEAR(gaspari_cohn(4.5, 3), 19.0 / 1152, 1e-14);
  EXPECT_EQ(gaspari_cohn(6, 3), 0);
  EXPECT_EQ(gaspari_cohn(std::numeric_limits<double>::quiet_NaN(), 3), 0);
}

TEST(EnsembleFilters, RefuseWhatCannotBeFiltered) {
  const Ensemble before = some(3, 4, 4);
  const Observation good{1, 1, before.row(0).transpose()};
  EXPECT_FALSE(analyse(before.leftCols(1), {}, {}).ok());
  EXPECT_FALSE(analyse(Ensemble(), {}, {}).ok());
  EXPECT_FALSE(analyse(before, {{1, 0, good.expected}}, {}).ok());
  EXPECT_FALSE(analyse(before, {{1, -1, good.expected}}, {}).ok());
  EXPECT_FALSE(analyse(before, {{std::nan(""), 1, good.expected}}, {}).ok());
  EXPECT_EQ(analyse(before, {good, {1, 1, Eigen::VectorXd::Zero(3)}}, {}).error().where, "observation 2");
  EXPECT_FALSE(analyse(before, {good}, {0.5, 0}).ok());
  EXPECT_FALSE(analyse(before, {good}, {1, 5}).ok());  // no distances
  Ensemble odd = before;
  odd(1, 1) = std::nan("");
  EXPECT_FALSE(analyse(odd, {good}, {}).ok());
  EXPECT_FALSE(analyse(1e300 * before, {{1, 1e-300, 1e300 * good.expected}}, {}).ok());
}

TEST(EnsembleFilters, FollowLorenzsModel) {
  LorenzExperiment experiment;
  experiment.members = 12;
  experiment.half_width = 6;
  experiment.steps = 120;
  experiment.left_out = 60;
  const LorenzResult one = run_lorenz(experiment);
  EXPECT_LT(one.error, 0.35);  // what is read alone is off by 1
  EXPECT_EQ(one.error, run_lorenz(experiment).error);
}

}  // namespace
}  // namespace cityloom::model::assimilation
