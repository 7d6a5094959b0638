// The model of Lorenz that filters are tried on.
#pragma once

#include <eigen3/Eigen/Core>

#include <functional>

namespace cityloom::model::assimilation {

/// One step of dx_j/dt = (x_{j+1} - x_{j-2}) x_{j-1} - x_j + F on a ring (Lorenz 1996; Lorenz and Emanuel 1998, J.
/// Atmos. Sci. 55), by the classical fourth-order Runge-Kutta. Needs at least 4 variables.
Eigen::VectorXd lorenz_step(const Eigen::VectorXd& state, double forcing = 8, double step = 0.05);

/// What a twin experiment is run with.
struct LorenzExperiment {
  Eigen::Index variables = 40;
  Eigen::Index members = 40;
  double observation_error = 1;  ///< standard deviation; each variable is observed after each step
  double half_width = 7;         ///< of the localisation, in variables; 0: none
  double inflation = 1.03;
  int steps = 1'000;
  int left_out = 200;  ///< steps at the start that are not counted
  unsigned seed = 1;
  std::function<bool(double part)> goes_on;  ///< hears how far it is; false: it ends with is_cut
};
/// Of the filter's mean from the truth, root mean square over the steps counted; how far members say they are off
/// (spread); and its course.
struct LorenzResult {
  double error = 0, spread = 0;
  Eigen::VectorXd errors;  ///< one a step
  bool is_cut = false;
};
LorenzResult run_lorenz(const LorenzExperiment& experiment);

}  // namespace cityloom::model::assimilation
