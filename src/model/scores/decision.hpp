// What being wrong would cost: a decision weighed over a forecast before anybody acts.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::model::scores {

/// One thing that could be done: what it costs in any case, and what is still lost where the outcome falls into each
/// range between thresholds. In one currency.
struct Action {
  std::string name;
  double cost = 0;
  std::vector<double> losses;  ///< one more than there are thresholds: below the first, ..., from the last on
};

/// What there is to choose from.
struct Decision {
  std::vector<double> thresholds;  ///< rising; an outcome at a threshold lies above it
  std::vector<Action> actions;
};

/// A forecast as outcomes with weights (members: 1 each; of a distribution: the middle of each slice and its chance).
struct Outcomes {
  std::vector<double> values;
  std::vector<double> weights;  ///< empty: all the same; else one a value, none below 0, not all 0
};

/// An action over the whole forecast.
struct ActionImpact {
  std::string name;
  double expected_loss = 0;    ///< with its cost
  double expected_regret = 0;  ///< over what would have been best, had one known
  double worst_regret = 0;     ///< the most of it over all outcomes with a chance
  double worst_loss = 0;
  double fails = 0;  ///< the chance that another action would have been better
};

/// What follows from a decision and a forecast.
struct Impact {
  std::vector<ActionImpact> actions;  ///< in the decision's order
  std::vector<double> range_chances;  ///< of each range between thresholds
  size_t best = 0;                    ///< least expected loss; of equals the first
  size_t least_regret = 0;            ///< least worst regret
  /// The best other plan should the best action fail: least expected loss over the outcomes for which another one would
  /// have been better; `best` where it cannot fail.
  size_t fallback = 0;
  double fallback_loss = 0;              ///< expected of it over these outcomes
  double perfect_information_value = 0;  ///< what knowing the outcome would save on average: the regret of the best
};

/// Weighs all actions. Errors: invalid (no actions, no outcomes, sizes that differ, numbers that are not finite or past
/// 1e100, thresholds that do not rise, two actions of one name), too_large (more than 1,000 actions or thresholds, or
/// 1,000,000 outcomes). Cost: outcomes x log(thresholds) + actions x thresholds.
base::Result<Impact> weigh(const Decision& decision, const Outcomes& outcomes);

/// The two-action decision of Murphy (1977, Mon. Wea. Rev. 105): protect for `cost`, or lose `loss` where an event
/// comes. Acting pays from the chance cost / loss on. Errors: invalid (not 0 < cost < loss, chances not in 0 to 1).
struct CostLoss {
  double act_from = 0;             ///< the chance from which acting pays
  double expense = 0;              ///< mean with these forecasts
  double expense_climatology = 0;  ///< always or never acting, whichever is cheaper
  double expense_perfect = 0;
  double value = 0;  ///< relative economic value: 1 perfect, 0 as climatology (Richardson 2000)
};
base::Result<CostLoss> cost_loss(double cost, double loss, std::span<const double> chances,
                                 const std::vector<bool>& came);

}  // namespace cityloom::model::scores
