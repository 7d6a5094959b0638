#include "model/assimilation/validate.hpp"

#include <cmath>
#include <random>

#include "model/assimilation/ensemble_filter.hpp"
#include "model/assimilation/lorenz.hpp"
#include "model/line_picture.hpp"

namespace cityloom::model::assimilation {
namespace {

// A level between two gauges, of which the first is read: before (0, 0) with variances 4 and 1 and covariance 1.5; read
// 3 with an error of variance 2. Kalman (1960): gain (4, 1.5) / 6, so mean (2, 0.75), variance of the first 4 - 16 / 6.

double error_with(Eigen::Index members, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Ensemble before(2, members);
  for (Eigen::Index i = 0; i < members; ++i) {
    const double one = normal(random), other = normal(random);
    before(0, i) = 2 * one;
    before(1, i) = 0.75 * one + std::sqrt(1 - 0.75 * 0.75) * other;
  }
  const auto after = analyse(before, {{3, 2, before.row(0).transpose()}}, {});
  if (!after) return 1e9;
  const Eigen::VectorXd mean = after->rowwise().mean();
  const double variance = (after->row(0).array() - mean(0)).square().sum() / static_cast<double>(members - 1);
  return std::abs(mean(0) - 2) + std::abs(mean(1) - 0.75) + std::abs(variance - (4 - 16.0 / 6));
}

double mean_error(Eigen::Index members) {
  constexpr unsigned trials = 20;
  double sum = 0;
  for (unsigned seed = 1; seed <= trials; ++seed) sum += error_with(members, seed) / trials;
  return sum;
}

ValidationCase kalman_case() {
  PictureLine ours{"ours", "#1f6feb", {}, {}}, root{"1 / root of members", "#999", {}, {}};
  double last = 0, first = 0;
  for (const Eigen::Index members : {10, 20, 50, 100, 200}) {
    last = mean_error(members);
    if (first == 0) first = last;
    ours.x.push_back(std::log10(members));
    ours.y.push_back(std::log10(last));
    root.x.push_back(std::log10(members));
    root.y.push_back(std::log10(first * std::sqrt(10.0 / static_cast<double>(members))));
  }
  return {"Kalman's answer as members grow (200)",
          "distance of means and variance",
          "Kalman 1960, J. Basic Eng. 82",
          "",
          0,
          last,
          last,
          0.3,
          "",
          line_picture("distance from the exact answer by members (logarithms)", {root, ours})};
}

ValidationCase lorenz_case(Eigen::Index members, double half_width, double inflation, double published) {
  LorenzExperiment experiment;
  experiment.members = members;
  experiment.half_width = half_width;
  experiment.inflation = inflation;
  experiment.steps = 500;
  const LorenzResult result = run_lorenz(experiment);
  PictureLine ours{"ours", "#1f6feb", {}, {}}, about{"published", "#d1242f", {}, {}};
  for (Eigen::Index i = 50; i < result.errors.size(); ++i) {
    ours.x.push_back(static_cast<double>(i));
    ours.y.push_back(result.errors(i));
  }
  about.x = {50, static_cast<double>(result.errors.size())};
  about.y = {published, published};
  return {"Lorenz 1996, 40 variables, " + std::to_string(members) + " members" +
              (half_width > 0 ? " with localisation" : " without localisation"),
          "root mean square error of the analysis, observations' error 1",
          "Hunt, Kostelich and Szunyogh 2007, Physica D 230; Ott et al. 2004, Tellus 56A",
          "",
          published,
          result.error,
          std::abs(result.error - published),
          0.03,
          "",
          line_picture("error of the analysis by step", {ours, about})};
}

}  // namespace

Validation validate_assimilation() {
  return {kalman_case(), lorenz_case(20, 7, 1.02, 0.20), lorenz_case(40, 0, 1.02, 0.20)};
}

}  // namespace cityloom::model::assimilation
