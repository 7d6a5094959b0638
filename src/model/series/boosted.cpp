#include "model/series/boosted.hpp"

#include <xgboost/c_api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace cityloom::model::series {
namespace {

using base::Code;
using base::fail;

constexpr float unknown = std::numeric_limits<float>::quiet_NaN();

// XGBoost's handles, let go of on every way out. The first failure is kept.
class Trees {
 public:
  Trees() = default;
  Trees(const Trees&) = delete;
  Trees& operator=(const Trees&) = delete;
  ~Trees() {
    if (booster_ != nullptr) XGBoosterFree(booster_);
    if (rows_ != nullptr) XGDMatrixFree(rows_);
  }

  base::Status learn(const std::vector<float>& features, const std::vector<float>& targets, unsigned rounds) {
    const auto count = static_cast<bst_ulong>(targets.size());
    const auto width = static_cast<bst_ulong>(features.size() / targets.size());
    if (XGDMatrixCreateFromMat(features.data(), count, width, unknown, &rows_) != 0) return failed();
    if (XGDMatrixSetFloatInfo(rows_, "label", targets.data(), count) != 0) return failed();
    if (XGBoosterCreate(&rows_, 1, &booster_) != 0) return failed();
    const std::vector<std::pair<const char*, const char*>> settings{
        {"nthread", "1"},        {"seed", "0"},      {"verbosity", "0"},        {"objective", "reg:squarederror"},
        {"tree_method", "hist"}, {"max_depth", "5"}, {"eta", "0.08"},           {"max_bin", "64"},
        {"subsample", "1"},      {"lambda", "5"},    {"min_child_weight", "5"}, {"base_score", "0"}};
    for (const auto& [name, value] : settings) {
      if (XGBoosterSetParam(booster_, name, value) != 0) return failed();
    }
    for (unsigned round = 0; round < rounds; ++round) {
      if (XGBoosterUpdateOneIter(booster_, static_cast<int>(round), rows_) != 0) return failed();
    }
    return {};
  }

  base::Result<double> expect(const std::vector<float>& features) {
    DMatrixHandle row = nullptr;
    if (XGDMatrixCreateFromMat(features.data(), 1, features.size(), unknown, &row) != 0) return failed();
    bst_ulong count = 0;
    const float* result = nullptr;
    const int problem = XGBoosterPredict(booster_, row, 0, 0, 0, &count, &result);
    const double expected = problem == 0 && count == 1 ? static_cast<double>(*result) : 0;
    XGDMatrixFree(row);
    if (problem != 0 || count != 1) return failed();
    return expected;
  }

 private:
  static base::Error failed() { return fail(Code::internal, std::string("trees: ") + XGBGetLastError()); }

  DMatrixHandle rows_ = nullptr;
  BoosterHandle booster_ = nullptr;
};

class Features {
 public:
  Features(const BoostedOptions& options, std::span<const Covariate> covariates, size_t count)
      : options_(options), covariates_(covariates) {
    // Where the weather is known ahead, the last values would be believed instead of it, and drift with each step.
    std::set<size_t> lags;
    if (covariates.empty() || options.period == 1) lags = {1, 2, 3};
    const size_t period = options.period, week = options.long_period;
    if (period > 1) lags.insert({period - 1, period, period + 1, 2 * period, 3 * period});
    if (week > 1) lags.insert({week - 1, week, week + 1});
    std::erase_if(lags, [&](size_t lag) { return lag == 0 || lag > count / 3; });
    lags_.assign(lags.begin(), lags.end());
  }
  size_t reach() const { return std::max(lags_.empty() ? 1 : lags_.back(), options_.period); }
  // The level that all is told from: trees cannot follow a trend.
  double level_at(const std::vector<double>& values, size_t at) const {
    double sum = 0;
    for (size_t back = 1; back <= options_.period; ++back) sum += values[at - back];
    return sum / static_cast<double>(options_.period);
  }
  void append(const std::vector<double>& values, size_t at, double level, std::vector<float>& to) const {
    for (const size_t lag : lags_) to.push_back(static_cast<float>(values[at - lag] - level));
    to.push_back(static_cast<float>(at % options_.period));
    to.push_back(options_.long_period > 1 ? static_cast<float>(at % options_.long_period) : 0);
    if (options_.calendar.step_s > 0) {
      const double days = (options_.calendar.first_s + static_cast<double>(at) * options_.calendar.step_s) / 86'400;
      to.push_back(static_cast<float>(24 * (days - std::floor(days))));
      to.push_back(static_cast<float>(std::fmod(std::fmod(std::floor(days), 7) + 7, 7)));
      to.push_back(static_cast<float>(std::fmod(std::fmod(days, 365.2425) + 365.2425, 365.2425)));
    }
    for (const Covariate& one : covariates_) {
      to.push_back(static_cast<float>(one.values[at]));
      // As the target: against the last period.
      to.push_back(static_cast<float>(one.values[at] - level_at(one.values, at)));
    }
  }

 private:
  const BoostedOptions& options_;
  std::span<const Covariate> covariates_;
  std::vector<size_t> lags_;
};

base::Status check(Values values, const BoostedOptions& options, std::span<const Covariate> covariates) {
  constexpr double covariate_max = 1e30;
  constexpr size_t values_most = 100'000, horizon_most = 10'000;
  if (options.horizon == 0 || options.horizon > horizon_most)
    return fail(Code::invalid, "a forecast has 1 to 10,000 steps", "horizon");
  if (options.period == 0 || options.long_period == 0 || options.rounds == 0 || options.rounds > 1'000)
    return fail(Code::invalid, "seasons have at least one step, and there are 1 to 1,000 trees");
  if (values.empty()) return fail(Code::invalid, "there is no value to forecast from");
  if (values.size() > values_most) return fail(Code::too_large, "more than 100,000 values");
  if (covariates.size() > covariates_max) return fail(Code::too_large, "more than 100 covariates");
  if (!std::ranges::all_of(values, [](double one) { return std::abs(one) <= 1e100; }))
    return fail(Code::invalid, "not a number of a size that can be squared");
  if (!std::isfinite(options.calendar.first_s) || !(options.calendar.step_s >= 0) ||
      !std::isfinite(options.calendar.step_s))
    return fail(Code::invalid, "times are numbers of seconds", "calendar");
  for (const Covariate& one : covariates) {
    if (one.values.size() != values.size() + options.horizon)
      return fail(Code::invalid, "it needs a number for each value and each step ahead",
                  "covariate '" + one.name + "'");
    if (std::ranges::any_of(one.values, [](double value) { return std::abs(value) > covariate_max; }))
      return fail(Code::invalid, "a number is past 1e30", "covariate '" + one.name + "'");
  }
  return {};
}

}  // namespace

base::Result<std::vector<double>> boosted(Values values, const BoostedOptions& given,
                                          std::span<const Covariate> covariates) {
  if (auto checked = check(values, given, covariates); !checked) return checked.error();
  constexpr size_t values_least = 30;
  const size_t count = values.size();
  BoostedOptions options = given;
  if (options.long_period > count / 3) options.long_period = 1;
  if (count < values_least || count / 3 < options.period) return std::vector<double>();
  const auto [least, most] = std::ranges::minmax(values);
  double scale = 0;
  for (size_t i = 1; i < count; ++i) scale += std::abs(values[i] - values[i - 1]) / static_cast<double>(count - 1);
  if (!(scale > 1e-12 * (1 + std::abs(least)))) return std::vector<double>(options.horizon, values.back());

  // In usual steps, so that single precision does for values of any size.
  std::vector<double> scaled(count);
  for (size_t i = 0; i < count; ++i) scaled[i] = (values[i] - least) / scale;
  const Features features(options, covariates, count);
  std::vector<float> rows, targets;
  for (size_t at = features.reach(); at < count; ++at) {
    const double level = features.level_at(scaled, at);
    features.append(scaled, at, level, rows);
    targets.push_back(static_cast<float>(scaled[at] - level));
  }
  Trees trees;
  if (auto learnt = trees.learn(rows, targets, options.rounds); !learnt) return learnt.error();
  const double top = (most - least) / scale, room = top / 5;
  const double bottom = least >= 0 ? std::max(-room, -least / scale) : -room;
  std::vector<double> result;
  for (size_t step = 0; step < options.horizon; ++step) {
    const double level = features.level_at(scaled, scaled.size());
    rows.clear();
    features.append(scaled, scaled.size(), level, rows);
    const auto expected = trees.expect(rows);
    if (!expected) return expected.error();
    scaled.push_back(std::clamp(level + *expected, bottom, top + room));
    result.push_back(scaled.back() * scale + least);
  }
  return result;
}

}  // namespace cityloom::model::series
