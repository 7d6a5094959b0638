// One model many times: for every combination of some inputs, and with several seeds.
#pragma once

#include "model/model.hpp"

namespace cityloom::model {

inline constexpr size_t ensemble_runs_max = 1'000;

/// What is varied.
struct Ensemble {
  Json sweep = Json::object();  ///< values by the name of an input: every combination is run
  size_t members = 1;           ///< of each combination, with seeds that follow on the run's

  /// Whether it is more than one run.
  bool is_any() const { return members > 1 || !sweep.empty(); }
};

/// What all runs are given: each combination with the inputs that it has in common, looked at. Errors: invalid (an
/// input that there is not, a value that is none), too_large (past ensemble_runs_max).
base::Result<std::vector<Json>> combinations(const Declaration& declaration, const Json& inputs,
                                             const Ensemble& ensemble);

/// Runs all of them over the run's workers, each on one. Gives `runs` (inputs that vary, seed, values), `summary` (of
/// each value that is a number: mean, standard deviation, least, greatest, 10, 50 and 90 %), of each raster the mean
/// and, with
/// `_sd` behind its name, the standard deviation over those that have a value; no facts. The first error ends all.
base::Result<Produced> run_ensemble(const Model& model, const std::vector<Json>& each_inputs, const Ensemble& ensemble,
                                    const Run& run);

}  // namespace cityloom::model
