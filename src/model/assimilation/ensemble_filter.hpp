// An ensemble of states brought nearer to what was observed.
#pragma once

#include <eigen3/Eigen/Core>

#include <functional>
#include <vector>

#include "base/result.hpp"

namespace cityloom::model::assimilation {

inline constexpr size_t members_max = 1'000;
inline constexpr size_t observations_max = 1'000'000;
inline constexpr size_t state_max = 100'000'000;  ///< values of all members

/// A column a member, a row a variable of the state.
using Ensemble = Eigen::MatrixXd;

/// One reading, and what each member says it should be.
struct Observation {
  double value = 0;
  double variance = 1;       ///< of its error; above 0
  Eigen::VectorXd expected;  ///< one a member
};

/// How alike variable and observation may be at most, by how far they are apart: 1 at 0, 0 from 2 half-widths on. The
/// compactly supported fifth-order function of Gaspari and Cohn (1999, QJRMS 125, equation 4.10).
double gaspari_cohn(double distance, double half_width);

/// How an analysis is made.
struct FilterOptions {
  double inflation = 1;   ///< of deviations from the mean, before the analysis: 1 to 10
  double half_width = 0;  ///< of the localisation, in the unit of distances; 0: all observations reach all variables
};
/// The distance between variable `row` and observation `index`, never negative. Any worker may call it, many at once.
using Distance = std::function<double(Eigen::Index row, size_t index)>;

/// The local ensemble transform Kalman filter (Hunt, Kostelich and Szunyogh 2007, Physica D 230): each variable from
/// the observations near it, whose errors grow as they lie farther; the mean as Kalman's, the deviations by the
/// symmetric square root. Without localisation one transform for all: the ETKF (Bishop et al. 2001). On all cores; the
/// result does not depend on how many. Errors: invalid (fewer than 2 members, a number that is not finite, sizes that
/// differ, a variance not above 0, options out of range), too_large. Cost: of each variable with p near observations p
/// k^2 + 10 k^3 for k members.
base::Result<Ensemble> analyse(const Ensemble& before, const std::vector<Observation>& observations,
                               const FilterOptions& options, const Distance& distance = {});

/// Deviations from the mean, `factor` times as large; for inflation between analyses.
void inflate(Ensemble& ensemble, double factor);

}  // namespace cityloom::model::assimilation
