#include "model/scores/decision.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace cityloom::model::scores {
namespace {

using base::Code;
using base::fail;

constexpr size_t choices_max = 1'000, outcomes_max = 1'000'000;

bool is_usable(double value) {
  return std::abs(value) <= 1e100;
}

base::Status check(const Decision& decision) {
  if (decision.actions.empty()) return fail(Code::invalid, "there is nothing to choose from", "actions");
  if (decision.actions.size() > choices_max || decision.thresholds.size() > choices_max)
    return fail(Code::too_large, "more than 1,000 actions or thresholds");
  for (size_t i = 0; i < decision.thresholds.size(); ++i) {
    if (!is_usable(decision.thresholds[i]) || (i > 0 && !(decision.thresholds[i] > decision.thresholds[i - 1])))
      return fail(Code::invalid, "thresholds are numbers that rise", "threshold " + std::to_string(i + 1));
  }
  std::unordered_set<std::string_view> names;
  for (const Action& action : decision.actions) {
    const std::string where = "action '" + action.name + "'";
    if (!names.insert(action.name).second) return fail(Code::invalid, "two actions of this name", where);
    if (action.losses.size() != decision.thresholds.size() + 1)
      return fail(Code::invalid, "it needs a loss for each range: one more than thresholds", where);
    if (!is_usable(action.cost) || !std::ranges::all_of(action.losses, is_usable))
      return fail(Code::invalid, "costs and losses are numbers", where);
  }
  return {};
}

// The chance of each range.
base::Result<std::vector<double>> chances_of(const Decision& decision, const Outcomes& outcomes) {
  if (outcomes.values.empty()) return fail(Code::invalid, "the forecast has no outcomes", "outcomes");
  if (outcomes.values.size() > outcomes_max) return fail(Code::too_large, "more than 1,000,000 outcomes", "outcomes");
  if (!outcomes.weights.empty() && outcomes.weights.size() != outcomes.values.size())
    return fail(Code::invalid, "each outcome has a weight, or none has", "weights");
  std::vector<double> chances(decision.thresholds.size() + 1);
  double all = 0;
  for (size_t i = 0; i < outcomes.values.size(); ++i) {
    const double weight = outcomes.weights.empty() ? 1 : outcomes.weights[i];
    if (!is_usable(outcomes.values[i]) || !(weight >= 0) || !is_usable(weight))
      return fail(Code::invalid, "an outcome is a number, its weight one from 0 on",
                  "outcome " + std::to_string(i + 1));
    const auto above = std::ranges::upper_bound(decision.thresholds, outcomes.values[i]);
    chances[static_cast<size_t>(above - decision.thresholds.begin())] += weight;
    all += weight;
  }
  if (!(all > 0)) return fail(Code::invalid, "all weights are 0", "weights");
  for (double& one : chances) one /= all;
  return chances;
}

}  // namespace

base::Result<Impact> weigh(const Decision& decision, const Outcomes& outcomes) {
  if (auto checked = check(decision); !checked) return checked.error();
  auto chances = chances_of(decision, outcomes);
  if (!chances) return chances.error();
  Impact impact;
  impact.range_chances = std::move(*chances);
  const size_t ranges = impact.range_chances.size();
  const auto loss = [&](size_t action, size_t range) {
    return decision.actions[action].cost + decision.actions[action].losses[range];
  };
  std::vector<double> least(ranges);
  for (size_t range = 0; range < ranges; ++range) {
    least[range] = loss(0, range);
    for (size_t i = 1; i < decision.actions.size(); ++i) least[range] = std::min(least[range], loss(i, range));
  }
  for (size_t i = 0; i < decision.actions.size(); ++i) {
    ActionImpact one{decision.actions[i].name, 0, 0, 0, -1e300, 0};
    for (size_t range = 0; range < ranges; ++range) {
      const double chance = impact.range_chances[range];
      if (!(chance > 0)) continue;
      const double regret = loss(i, range) - least[range];
      one.expected_loss += chance * loss(i, range);
      one.expected_regret += chance * regret;
      one.worst_regret = std::max(one.worst_regret, regret);
      one.worst_loss = std::max(one.worst_loss, loss(i, range));
      if (regret > 0) one.fails += chance;
    }
    impact.actions.push_back(std::move(one));
    if (impact.actions[i].expected_loss < impact.actions[impact.best].expected_loss) impact.best = i;
    if (impact.actions[i].worst_regret < impact.actions[impact.least_regret].worst_regret) impact.least_regret = i;
  }
  impact.perfect_information_value = impact.actions[impact.best].expected_regret;
  impact.fallback = impact.best;
  double fallback_least = 0;
  for (size_t i = 0; i < decision.actions.size(); ++i) {
    if (i == impact.best) continue;
    double expected = 0, chance_all = 0;
    for (size_t range = 0; range < ranges; ++range) {
      if (!(loss(impact.best, range) > least[range])) continue;
      expected += impact.range_chances[range] * loss(i, range);
      chance_all += impact.range_chances[range];
    }
    if (!(chance_all > 0)) break;  // the best action cannot fail
    if (impact.fallback == impact.best || expected / chance_all < fallback_least) {
      fallback_least = expected / chance_all;
      impact.fallback = i;
    }
  }
  impact.fallback_loss = fallback_least;
  return impact;
}

base::Result<CostLoss> cost_loss(double cost, double loss, std::span<const double> chances,
                                 const std::vector<bool>& came) {
  if (!(cost > 0 && cost < loss && is_usable(loss)))
    return fail(Code::invalid, "protecting costs more than nothing and less than the loss", "cost");
  if (chances.empty() || chances.size() != came.size())
    return fail(Code::invalid, "each chance needs what came of it, and there is at least one");
  CostLoss result;
  result.act_from = cost / loss;
  double events = 0;
  const auto count = static_cast<double>(chances.size());
  for (size_t i = 0; i < chances.size(); ++i) {
    if (!(chances[i] >= 0 && chances[i] <= 1))
      return fail(Code::invalid, "a chance lies in 0 to 1", "chance " + std::to_string(i + 1));
    const bool acts = chances[i] >= result.act_from;
    result.expense += (acts ? cost : came[i] ? loss : 0) / count;
    events += came[i] ? 1 : 0;
  }
  const double usual = events / count;
  result.expense_climatology = std::min(cost, usual * loss);
  result.expense_perfect = usual * cost;
  const double room = result.expense_climatology - result.expense_perfect;
  result.value = room > 0 ? (result.expense_climatology - result.expense) / room : 0;
  return result;
}

}  // namespace cityloom::model::scores
