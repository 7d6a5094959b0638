#include "model/assimilation/lorenz.hpp"

#include <cmath>
#include <cstdlib>
#include <random>

#include "model/assimilation/ensemble_filter.hpp"

namespace cityloom::model::assimilation {
namespace {

Eigen::VectorXd slope(const Eigen::VectorXd& state, double forcing) {
  const Eigen::Index size = state.size();
  Eigen::VectorXd result(size);
  for (Eigen::Index j = 0; j < size; ++j) {
    const double next = state((j + 1) % size), before = state((j + size - 1) % size),
                 two = state((j + size - 2) % size);
    result(j) = (next - two) * before - state(j) + forcing;
  }
  return result;
}

}  // namespace

Eigen::VectorXd lorenz_step(const Eigen::VectorXd& state, double forcing, double step) {
  const Eigen::VectorXd k1 = slope(state, forcing), k2 = slope(state + step / 2 * k1, forcing);
  const Eigen::VectorXd k3 = slope(state + step / 2 * k2, forcing), k4 = slope(state + step * k3, forcing);
  return state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
}

LorenzResult run_lorenz(const LorenzExperiment& experiment) {
  std::mt19937 random(experiment.seed);
  std::normal_distribution<double> normal;
  Eigen::VectorXd truth = Eigen::VectorXd::Constant(experiment.variables, 8.0);
  truth(0) += 0.01;
  for (int i = 0; i < 500; ++i) truth = lorenz_step(truth);
  Ensemble ensemble(experiment.variables, experiment.members);
  for (Eigen::Index member = 0; member < ensemble.cols(); ++member) {
    for (Eigen::Index j = 0; j < ensemble.rows(); ++j) ensemble(j, member) = truth(j) + 2 * normal(random);
  }
  const Distance on_ring = [&](Eigen::Index row, size_t index) {
    const auto apart = std::abs(static_cast<double>(row) - static_cast<double>(index));
    return std::min(apart, static_cast<double>(experiment.variables) - apart);
  };
  const double variance = experiment.observation_error * experiment.observation_error;
  LorenzResult result;
  result.errors.resize(experiment.steps);
  double squares = 0, spread = 0;
  for (int i = 0; i < experiment.steps; ++i) {
    if (i % 20 == 0 && experiment.goes_on && !experiment.goes_on(static_cast<double>(i) / experiment.steps)) {
      result.is_cut = true;
      break;
    }
    truth = lorenz_step(truth);
    for (Eigen::Index member = 0; member < ensemble.cols(); ++member)
      ensemble.col(member) = lorenz_step(ensemble.col(member));
    std::vector<Observation> observations;
    for (Eigen::Index j = 0; j < experiment.variables; ++j)
      observations.push_back(
          {truth(j) + experiment.observation_error * normal(random), variance, ensemble.row(j).transpose()});
    auto after = analyse(ensemble, observations, {experiment.inflation, experiment.half_width}, on_ring);
    if (!after) {
      result.is_cut = true;
      break;
    }
    ensemble = std::move(*after);
    const Eigen::VectorXd mean = ensemble.rowwise().mean();
    result.errors(i) = std::sqrt((mean - truth).squaredNorm() / static_cast<double>(experiment.variables));
    if (i < experiment.left_out) continue;
    squares += result.errors(i) / (experiment.steps - experiment.left_out);
    const double all = static_cast<double>((ensemble.cols() - 1) * ensemble.rows());
    spread += std::sqrt((ensemble.colwise() - mean).squaredNorm() / all) / (experiment.steps - experiment.left_out);
  }
  result.error = squares;
  result.spread = spread;
  return result;
}

}  // namespace cityloom::model::assimilation
