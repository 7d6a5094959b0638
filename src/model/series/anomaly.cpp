#include "model/series/anomaly.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::model::series {
namespace {

constexpr double part_beyond = 0.02;         // of all values, past a tail's threshold
constexpr double evidence_there = 1.698970;  // -log10 of it
constexpr double evidence_max = 30;
constexpr double value_max = 1e30;
constexpr uint64_t learning_values = 150, learning_values_max = 1'000;
constexpr double day_s = 86'400;
constexpr double clip = 12;  // usual errors that one value counts for where values are added up

constexpr double alone = 0.56;  // what evidence counts that no other statistic shares

double towards(double from, double to, double part) {
  return from + part * (to - from);
}

template <size_t N>
size_t least_of(const std::array<double, N>& errors) {
  return static_cast<size_t>(std::min_element(errors.begin(), errors.end()) - errors.begin());
}

}  // namespace

std::string_view name_of(Unusual why) {
  static constexpr std::array<std::string_view, 9> names{"nothing", "value",   "level", "spread",  "season",
                                                         "stuck",   "missing", "group", "relation"};
  return names[static_cast<size_t>(why)];
}

// Eight for each doubling, from 2^-6 to 2^10.
double Tail::place_of(double statistic) {
  return std::min((std::log2(statistic) + 6) * 8, places - 1.0);
}

double Tail::evidence(double statistic) const {
  constexpr double place_log = 0.0866434;  // of one place: log(2) / 8
  constexpr double prior_excess = 0.16, prior_count = 10;
  constexpr uint32_t count_least = 50;
  if (!(statistic > 0) || count_ < count_least) return 0;
  const double beyond = (place_of(statistic) - threshold_ - 1) * place_log;
  if (beyond <= 0) return evidence_there * std::exp(beyond);
  double sum = prior_excess * prior_count;
  uint32_t left = beyond_;
  for (size_t place = threshold_ + 1; left > 0; ++place) {
    sum += counts_[place] * (static_cast<double>(place - threshold_) - 0.5) * place_log;
    left -= counts_[place];
  }
  const double excess = sum / (prior_count + beyond_);
  return std::min(evidence_there + beyond / excess / std::log(10.0), evidence_max);
}

void Tail::learn(double statistic) {
  constexpr uint32_t count_max = 8'000;
  const auto place = statistic > 0 ? static_cast<uint32_t>(std::max(place_of(statistic), 0.0)) : 0;
  ++counts_[place];
  if (place > threshold_) ++beyond_;
  if (++count_ >= count_max) halve();
  const auto most = static_cast<uint32_t>(part_beyond * count_) + 1;
  while (threshold_ + 1 < places && beyond_ > most) beyond_ -= counts_[++threshold_];
  while (threshold_ > 0 && beyond_ + counts_[threshold_] <= most) beyond_ += counts_[threshold_--];
}

void Tail::halve() {
  count_ = beyond_ = 0;
  for (size_t place = 0; place < places; ++place) {
    counts_[place] /= 2;
    count_ += counts_[place];
    if (place > threshold_) beyond_ += counts_[place];
  }
}

Detector::Detector() : day_(day_places), week_(week_places) {}

bool Detector::knows() const {
  return count_ > learning_values && (time_s_ - first_s_ > day_s || count_ > learning_values_max);
}

void Detector::say(Unusual why, double evidence) {
  if (evidence <= judgement_.evidence) return;
  judgement_.evidence = evidence;
  judgement_.why = why;
}

void Detector::take_time(double time_s) {
  if (!std::isfinite(time_s)) time_s = time_s_;
  if (!has_time_) first_s_ = time_s_ = value_s_ = time_s;
  has_time_ = true;
  if (time_s > time_s_) time_s_ = time_s;
  const double days = time_s_ / day_s, weeks = days / 7;
  day_at_ = std::min(static_cast<size_t>((days - std::floor(days)) * day_places), day_places - 1);
  week_at_ = std::min(static_cast<size_t>((weeks - std::floor(weeks)) * week_places), week_places - 1);
}

// As a multiple of the usual step.
void Detector::judge_gap(bool is_missing) {
  constexpr double steps_least = 10;
  const double gap_s = time_s_ - value_s_;
  if (!(gap_s > 0)) return;
  const double steps = pace_s_ > 0 ? gap_s / pace_s_ : 1;
  if (count_ > learning_values && steps > steps_least) say(Unusual::missing, alone * gaps_.evidence(steps));
  if (is_missing) return;
  gaps_.learn(steps);
  const double rate = std::max(1.0 / (static_cast<double>(count_) + 1), 0.01);
  pace_s_ = pace_s_ > 0 ? towards(pace_s_, std::min(gap_s, 2 * pace_s_), rate) : gap_s;
  value_s_ = time_s_;
}

void Detector::judge_run(double value) {
  constexpr double run_least = 8, longer = 2, forgetting = 0.9998;
  if (value == last_ && count_ > 0) {
    ++run_;
    const auto run = static_cast<double>(run_);
    if (knows() && changes_ > 20 && run >= run_least && run > longer * run_usual_)
      say(Unusual::stuck, alone * runs_.evidence(run + 1));
    return;
  }
  run_usual_ = std::max(static_cast<double>(run_), run_usual_ * forgetting);
  runs_.learn(static_cast<double>(run_ + 1));
  run_ = 0;
}

void Detector::expect() {
  const Place& day = day_[day_at_];
  const Place& week = week_[week_at_];
  const double by_day = day.count > 0 ? day.value : slow_;
  const double by_week = week.count > 0 ? week.value : by_day;
  usual_expected_ = {slow_, by_day, by_week};
  soon_expected_ = {fast_, by_day, by_week, by_day + off_day_, by_week + off_week_};
}

// Above and below have tails of their own: occupancy cannot fall as far as it can rise.
void Detector::ask(size_t statistic, double value) {
  constexpr double holding = 0.85;
  constexpr uint64_t learn_every = 8;
  Tail& tail = tails_[statistic][value > 0 ? 0 : 1];
  held_[statistic] = std::max(knows() ? tail.evidence(std::abs(value)) : 0, holding * held_[statistic]);
  if (last_evidence_ < calm_evidence || skipped_ % learn_every == 0) tail.learn(std::abs(value));
}

void Detector::judge_value(double value) {
  const double soon_error = value - soon_expected_[least_of(soon_errors_)];
  const double usual_error = value - usual_expected_[least_of(usual_errors_)];
  // Where most values are the same, the spread alone would make any other one infinitely unusual.
  const double least = 0.15 * change_ + 1e-9 * std::abs(value) + 1e-12;
  const Place& day = day_[day_at_];
  const double trust = day.count / (day.count + 8.0);
  const double at_this_time =
      std::clamp(towards(1, static_cast<double>(day.spread) / (usual_spread_ + least), trust), 0.3, 5.0);
  const double soon = std::clamp(soon_error / (soon_spread_ * at_this_time + least), -1e3, 1e3);
  const double usual = std::clamp(usual_error / (usual_spread_ * at_this_time + least), -1e3, 1e3);
  distance_ = std::clamp(usual, -8.0, 8.0);
  drift_ = towards(drift_, std::clamp(soon, -clip, clip), 1.0 / 6);
  scatter_ = towards(scatter_, std::min(std::abs(soon), clip), 1.0 / 12);
  near_ = towards(near_, std::clamp(usual, -clip, clip), 1.0 / 6);
  far_ = towards(far_, std::clamp(usual, -clip, clip), 1.0 / 24);
  if (last_evidence_ >= calm_evidence) ++skipped_;
  ask(0, soon);
  ask(1, drift_);
  ask(2, scatter_);
  ask(3, near_);
  ask(4, far_);
  static constexpr std::array reasons{Unusual::value, Unusual::level, Unusual::spread, Unusual::season,
                                      Unusual::season};
  double sum = 0;
  size_t most = 0;
  for (size_t i = 0; i < statistics; ++i) {
    sum += held_[i];
    if (held_[i] > held_[most]) most = i;
  }
  last_evidence_ = sum / statistics;
  say(reasons[most], last_evidence_);
  say(Unusual::value, alone * held_[0]);
}

void Detector::learn_profiles(double value, double limit) {
  Place& day = day_[day_at_];
  Place& week = week_[week_at_];
  off_day_ = towards(off_day_, value - usual_expected_[1], 0.3);
  off_week_ = towards(off_week_, value - usual_expected_[2], 0.3);
  const auto learn_place = [&](Place& place, double least) {
    if (place.count < std::numeric_limits<uint32_t>::max()) ++place.count;
    const double step = place.count == 1 ? value - place.value : std::clamp(value - place.value, -limit, limit);
    place.value += std::max(1.0 / place.count, least) * step;
  };
  const double error = std::abs(value - usual_expected_[least_of(usual_errors_)]);
  const auto spread = static_cast<double>(day.spread);
  day.spread = static_cast<float>(towards(spread, std::min(error, 1.25 * limit), 1 / std::min(day.count + 1.0, 30.0)));
  learn_place(day, 0.1);
  learn_place(week, 0.15);
}

void Detector::learn(double value) {
  constexpr uint64_t unbounded = 20;  // values until there is a spread to bound by
  const double first = 1 / (static_cast<double>(count_) + 1);
  const double rate = std::max(first, 0.01);
  if (count_ == 0) {
    fast_ = slow_ = value;
    expect();
  } else if (value != last_) {
    const double change = std::abs(value - last_);
    const double part = std::max(1 / (static_cast<double>(changes_) + 1), 0.02);
    change_ = changes_ == 0 ? change : towards(change_, std::min(change, 5 * change_), part);
    ++changes_;
  }
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const double soon_limit = count_ < unbounded ? infinite : std::max(5 * soon_spread_, change_);
  const double usual_limit = count_ < unbounded ? infinite : std::max(5 * usual_spread_, change_);
  const double soon_error = std::abs(value - soon_expected_[least_of(soon_errors_)]);
  const double usual_error = std::abs(value - usual_expected_[least_of(usual_errors_)]);
  for (size_t i = 0; i < soon_errors_.size(); ++i)
    soon_errors_[i] = towards(soon_errors_[i], std::min(std::abs(value - soon_expected_[i]), soon_limit), rate);
  for (size_t i = 0; i < usual_errors_.size(); ++i)
    usual_errors_[i] = towards(usual_errors_[i], std::min(std::abs(value - usual_expected_[i]), usual_limit), rate);
  soon_spread_ = towards(soon_spread_, std::min(soon_error, soon_limit), rate);
  usual_spread_ = towards(usual_spread_, std::min(usual_error, usual_limit), rate);
  learn_profiles(value, 0.8 * usual_limit);
  fast_ = towards(fast_, value, 0.5);
  slow_ += std::clamp(value - slow_, -0.8 * usual_limit, 0.8 * usual_limit) * std::max(first, 0.002);
}

Judgement Detector::next(double time_s, double value) {
  judgement_ = {};
  distance_ = 0;
  take_time(time_s);
  const bool is_missing = !(std::abs(value) <= value_max);
  judge_gap(is_missing);
  if (!is_missing) {
    expect();
    judge_value(value);
    judge_run(value);
    learn(value);
    last_ = value;
    ++count_;
  }
  is_alarm_ = judgement_.evidence >= (is_alarm_ ? calm_evidence : alarm_evidence);
  judgement_.alarm = is_alarm_;
  judgement_.score = judgement_.evidence / (judgement_.evidence + alarm_evidence);
  return judgement_;
}

}  // namespace cityloom::model::series
