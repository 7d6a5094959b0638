#include "model/scores/scores.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::model::scores {
namespace {

using base::Code;
using base::fail;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr size_t leads_max = 10'000;

bool is_usable(double value) {
  return std::abs(value) <= value_max;
}

base::Status check_members(Values members, double came) {
  if (members.size() > members_max) return fail(Code::too_large, "more than 100,000 members");
  if (!is_usable(came)) return fail(Code::invalid, "what came is not a number that can be scored", "came");
  const auto odd = std::ranges::find_if_not(members, is_usable);
  if (odd != members.end())
    return fail(Code::invalid, "not a number that can be scored",
                "member " + std::to_string(odd - members.begin() + 1));
  return {};
}

double part_of(uint64_t some, uint64_t all) {
  return all > 0 ? static_cast<double>(some) / static_cast<double>(all) : not_a_number;
}

double skill(double error, double reference) {
  return reference > 0 ? 1 - error / reference : not_a_number;
}

}  // namespace

base::Result<Crps> crps_of_members(Values members, double came) {
  if (members.empty()) return fail(Code::invalid, "an ensemble has at least one member");
  if (auto checked = check_members(members, came); !checked) return checked.error();
  std::vector<double> sorted(members.begin(), members.end());
  std::ranges::sort(sorted);
  const auto count = static_cast<double>(sorted.size());
  double error = 0, pairs = 0;  // pairs: sum of |x_i - x_j| over i < j
  for (size_t i = 0; i < sorted.size(); ++i) {
    error += std::abs(sorted[i] - came) / count;
    // Counted from the first, so that members that are all the same give exactly nothing.
    pairs += (2 * static_cast<double>(i) - count + 1) * (sorted[i] - sorted[0]);
  }
  Crps result;
  result.plain = std::max(error - pairs / count / count, 0.0);
  result.fair = sorted.size() > 1 ? error - pairs / count / (count - 1) : error;
  return result;
}

double pinball(const Quantile& quantile, double came) {
  const double error = came - quantile.value;
  return error >= 0 ? quantile.probability * error : (quantile.probability - 1) * error;
}

base::Result<double> crps_of_quantiles(std::span<const Quantile> quantiles, double came) {
  if (quantiles.empty()) return fail(Code::invalid, "there are no quantiles");
  if (quantiles.size() > members_max) return fail(Code::too_large, "more than 100,000 quantiles");
  if (!is_usable(came)) return fail(Code::invalid, "what came is not a number that can be scored", "came");
  double sum = 0;
  for (size_t i = 0; i < quantiles.size(); ++i) {
    const Quantile& one = quantiles[i];
    const bool is_rising =
        i == 0 || (one.probability > quantiles[i - 1].probability && one.value >= quantiles[i - 1].value);
    if (!(one.probability > 0 && one.probability < 1) || !is_usable(one.value) || !is_rising)
      return fail(Code::invalid, "probabilities lie between 0 and 1 and rise, values never fall",
                  "quantile " + std::to_string(i + 1));
    sum += pinball(one, came);
  }
  return 2 * sum / static_cast<double>(quantiles.size());
}

base::Result<double> interval_score(double lower, double upper, double probability, double came) {
  if (!(probability > 0 && probability < 1)) return fail(Code::invalid, "a probability lies between 0 and 1");
  if (!is_usable(lower) || !is_usable(upper) || !is_usable(came) || lower > upper)
    return fail(Code::invalid, "an interval is two numbers, the lower one first");
  const double outside = came < lower ? lower - came : came > upper ? came - upper : 0;
  return upper - lower + 2 / (1 - probability) * outside;
}

base::Result<Brier> brier(Values chances, const std::vector<bool>& came, size_t bins) {
  constexpr size_t bins_max = 1'000;
  if (chances.empty() || chances.size() != came.size())
    return fail(Code::invalid, "each chance needs what came of it, and there is at least one");
  if (chances.size() > pairs_max) return fail(Code::too_large, "more than 100,000,000 forecasts");
  if (bins == 0 || bins > bins_max) return fail(Code::invalid, "there are 1 to 1,000 bins", "bins");
  std::vector<Brier::Bin> all(bins);
  const auto count = static_cast<double>(chances.size());
  Brier result;
  double true_ones = 0;
  for (size_t i = 0; i < chances.size(); ++i) {
    if (!(chances[i] >= 0 && chances[i] <= 1))
      return fail(Code::invalid, "a chance lies in 0 to 1", "chance " + std::to_string(i + 1));
    const double outcome = came[i] ? 1 : 0;
    Brier::Bin& bin = all[std::min(static_cast<size_t>(chances[i] * static_cast<double>(bins)), bins - 1)];
    bin.chance += chances[i];
    bin.part += outcome;
    ++bin.count;
    true_ones += outcome;
    result.score += (chances[i] - outcome) * (chances[i] - outcome) / count;
  }
  const double usual = true_ones / count;
  for (Brier::Bin& bin : all) {
    if (bin.count == 0) continue;
    const auto size = static_cast<double>(bin.count);
    bin.chance /= size;
    bin.part /= size;
    result.reliability += size / count * (bin.chance - bin.part) * (bin.chance - bin.part);
    result.resolution += size / count * (bin.part - usual) * (bin.part - usual);
    result.bins.push_back(bin);
  }
  result.uncertainty = usual * (1 - usual);
  result.within = result.score - (result.reliability - result.resolution + result.uncertainty);
  result.skill = result.uncertainty > 0 ? 1 - result.score / result.uncertainty : 0;
  return result;
}

base::Status RankHistogram::add(Values members, double came) {
  if (members.size() + 1 != counts_.size())
    return fail(Code::invalid, "each forecast has " + std::to_string(counts_.size() - 1) + " members");
  if (auto checked = check_members(members, came); !checked) return checked;
  size_t below = 0, equal = 0;
  for (const double one : members) {
    below += one < came ? 1 : 0;
    equal += one == came ? 1 : 0;
  }
  for (size_t rank = below; rank <= below + equal; ++rank) counts_[rank] += 1 / static_cast<double>(equal + 1);
  ++all_;
  return {};
}

double RankHistogram::unevenness() const {
  if (all_ == 0) return not_a_number;
  const auto ranks = static_cast<double>(counts_.size());
  const double expected = all_ / ranks;
  double squares = 0;
  for (const double one : counts_) squares += (one - expected) * (one - expected);
  const double by_chance = all_ * (1 - 1 / ranks);
  return by_chance > 0 ? squares / by_chance : 1;
}

void Hits::add(bool warned, bool came) {
  if (warned) {
    ++(came ? hits : false_alarms);
  } else {
    ++(came ? misses : quiet);
  }
}
double Hits::hit_rate() const {
  return part_of(hits, hits + misses);
}
double Hits::false_alarm_ratio() const {
  return part_of(false_alarms, hits + false_alarms);
}
double Hits::false_alarm_rate() const {
  return part_of(false_alarms, false_alarms + quiet);
}
double Hits::threat_score() const {
  return part_of(hits, hits + misses + false_alarms);
}

base::Status Scorecard::add(const Scored& one) {
  if (one.lead >= leads_max) return fail(Code::too_large, "more than 10,000 steps ahead", "lead");
  if (!is_usable(one.middle) || !is_usable(one.persistence) || !is_usable(one.climatology))
    return fail(Code::invalid, "a forecast and its references are numbers that can be scored");
  if (auto checked = check_members(one.members, one.came); !checked) return checked;
  const bool has_interval = !std::isnan(one.lower) || !std::isnan(one.upper);
  double interval = 0;
  if (has_interval) {
    const auto score = interval_score(one.lower, one.upper, options_.interval_probability, one.came);
    if (!score) return score.error();
    interval = *score;
  }
  if (sums_.size() <= one.lead) sums_.resize(one.lead + 1);
  Sums& sums = sums_[one.lead];
  LeadScore& score = sums.score;
  const double error = one.middle - one.came;
  ++score.count;
  score.bias += error;
  score.absolute_error += std::abs(error);
  score.squared_error += error * error;
  sums.persistence += std::abs(one.persistence - one.came);
  sums.climatology += std::abs(one.climatology - one.came);
  if (has_interval) {
    ++sums.with_interval;
    score.interval_score += interval;
    score.coverage += one.lower <= one.came && one.came <= one.upper ? 1 : 0;
  }
  if (!one.members.empty()) {
    const auto crps = crps_of_members(one.members, one.came);
    ++sums.with_members;
    score.crps += crps->plain;
    score.crps_fair += crps->fair;
  }
  if (options_.has_event) score.hits.add(one.middle >= options_.event_threshold, one.came >= options_.event_threshold);
  return {};
}

std::vector<LeadScore> Scorecard::by_lead() const {
  std::vector<LeadScore> result;
  const auto mean = [](double sum, uint64_t count) {
    return count > 0 ? sum / static_cast<double>(count) : not_a_number;
  };
  for (const Sums& sums : sums_) {
    LeadScore score = sums.score;
    score.skill_persistence = skill(score.absolute_error, sums.persistence);
    score.skill_climatology = skill(score.absolute_error, sums.climatology);
    score.bias = mean(score.bias, score.count);
    score.absolute_error = mean(score.absolute_error, score.count);
    score.squared_error = mean(score.squared_error, score.count);
    score.crps = mean(score.crps, sums.with_members);
    score.crps_fair = mean(score.crps_fair, sums.with_members);
    score.coverage = mean(score.coverage, sums.with_interval);
    score.interval_score = mean(score.interval_score, sums.with_interval);
    result.push_back(score);
  }
  return result;
}

}  // namespace cityloom::model::scores
