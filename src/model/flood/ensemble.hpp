// The same flood many times, with what is not known varied by chance: how sure an answer is.
#pragma once

#include <functional>
#include <vector>

#include "base/result.hpp"
#include "model/flood/case.hpp"

namespace cityloom::model::flood {

/// What members have in common.
struct EnsembleOutcome {
  struct Factors {
    double rain = 1, roughness = 1, inflow = 1;
  };
  std::vector<Factors> factors;                   ///< by member
  std::vector<std::vector<float>> probabilities;  ///< by those asked for; rows x columns
  /// Of each gauge and time, the depths of all members, ascending.
  struct Entry {
    double time_s = 0;
    std::vector<float> depths_m;
  };
  std::vector<std::vector<Entry>> gauges;
  double relative_error_max = 0;  ///< of all audits
  uint64_t updates = 0;
  double seconds = 0;
};

inline constexpr size_t members_max = 1'000;

/// The factors of members: log-normal, mean 1, from the ensemble's seed; those of a member depend on its number alone.
std::vector<EnsembleOutcome::Factors> factors_of(const Ensemble& ensemble);

/// Of values in ascending order, at least one, between which it is mixed (Hyndman and Fan's type 7). `part` is 0 to 1.
double quantile(const std::vector<float>& ascending, double part);

/// Runs all members, each on one core, as many at once as cores and memory allow. `progress` is told how many are done,
/// and stops all by false; called by one worker at a time. The answer does not depend on how many workers there are.
/// Errors: as run_case.
base::Result<EnsembleOutcome> run_ensemble(const Case& it, const std::function<bool(size_t)>& progress = {});

}  // namespace cityloom::model::flood
