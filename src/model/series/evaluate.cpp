#include "model/series/evaluate.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace cityloom::model::series {
namespace {

using base::Code;
using base::fail;

constexpr size_t series_max = 1'000'000;

std::string_view trimmed(std::string_view field) {
  const auto is_around = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"'; };
  while (!field.empty() && is_around(field.front())) field.remove_prefix(1);
  while (!field.empty() && is_around(field.back())) field.remove_suffix(1);
  return field;
}

std::string_view next_field(std::string_view& line) {
  const size_t comma = line.find(',');
  const std::string_view field = line.substr(0, comma);
  line = comma == std::string_view::npos ? std::string_view() : line.substr(comma + 1);
  return trimmed(field);
}

std::optional<double> number_of(std::string_view field) {
  double number = 0;
  const auto [end, problem] = std::from_chars(field.data(), field.data() + field.size(), number);
  if (problem != std::errc{} || end != field.data() + field.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

struct OneResult {
  double smape = 0, mase = 0, naive_smape = 0, naive_mase = 0;
  std::array<size_t, 3> inside{};
};

base::Result<OneResult> evaluate_one(Values training, Values came, size_t period, bool with_boosted) {
  const auto expected = forecast(training, {came.size(), period, 0, with_boosted});
  if (!expected) return expected.error();
  const std::vector<double> naive = naive_2(training, came.size(), period);
  OneResult result{symmetric_error(came, expected->middle),
                   scaled_error(training, came, expected->middle, period),
                   symmetric_error(came, naive),
                   scaled_error(training, came, naive, period),
                   {}};
  for (size_t i = 0; i < expected->intervals.size(); ++i) {
    const Interval& interval = expected->intervals[i];
    for (size_t step = 0; step < came.size(); ++step)
      result.inside[i] += interval.lower[step] <= came[step] && came[step] <= interval.upper[step] ? 1 : 0;
  }
  return result;
}

}  // namespace

base::Result<std::vector<NamedSeries>> read_series(std::string_view text) {
  std::vector<NamedSeries> all;
  std::unordered_set<std::string_view> ids;
  for (size_t line_number = 1; !text.empty(); ++line_number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (trimmed(line).empty()) continue;
    const std::string where = "line " + std::to_string(line_number);
    const std::string_view id = next_field(line);
    NamedSeries one{std::string(id), {}};
    bool has_gap = false;
    while (!line.empty()) {
      const std::string_view field = next_field(line);
      if (field.empty()) {
        has_gap = true;
        continue;
      }
      const auto number = number_of(field);
      if (!number && line_number == 1 && one.values.empty()) break;
      if (!number || has_gap)
        return fail(
            Code::invalid,
            has_gap ? "a value is missing within a series" : "not a number: " + std::string(field.substr(0, 40)), where,
            "write a series a line: its id, then its values");
      one.values.push_back(*number);
      if (one.values.size() > values_max) return fail(Code::too_large, "a series has more than 100,000 values", where);
    }
    if (one.values.empty() && line_number == 1) continue;  // headings
    if (one.values.empty()) return fail(Code::invalid, "a series without values", where);
    if (!ids.insert(id).second) return fail(Code::invalid, "a series of this id came before: " + one.id, where);
    if (all.size() >= series_max) return fail(Code::too_large, "more than 1,000,000 series", where);
    all.push_back(std::move(one));
  }
  return all;
}

double symmetric_error(Values came, Values expected) {
  double sum = 0;
  for (size_t i = 0; i < came.size(); ++i) {
    const double size = std::abs(came[i]) + std::abs(expected[i]);
    if (size > 0) sum += 2 * std::abs(came[i] - expected[i]) / size;
  }
  return 100 * sum / static_cast<double>(came.size());
}

double scaled_error(Values training, Values came, Values expected, size_t period) {
  double steps = 0, sum = 0;
  for (size_t i = period; i < training.size(); ++i) steps += std::abs(training[i] - training[i - period]);
  steps /= static_cast<double>(training.size() - period);
  for (size_t i = 0; i < came.size(); ++i) sum += std::abs(came[i] - expected[i]);
  return sum / static_cast<double>(came.size()) / steps;
}

base::Result<Evaluation> evaluate(const std::vector<NamedSeries>& training, const std::vector<NamedSeries>& test,
                                  size_t period, unsigned workers, bool with_boosted) {
  if (period == 0) return fail(Code::invalid, "a season has at least one step", "period");
  if (test.empty()) return fail(Code::invalid, "the test has no series");
  std::unordered_map<std::string_view, const NamedSeries*> by_id;
  for (const NamedSeries& one : training) by_id.emplace(one.id, &one);
  std::vector<const NamedSeries*> before(test.size());
  for (size_t i = 0; i < test.size(); ++i) {
    const auto found = by_id.find(test[i].id);
    if (found == by_id.end())
      return fail(Code::invalid, "the training has no series '" + test[i].id + "'", {}, "give both files the same ids");
    before[i] = found->second;
    if (before[i]->values.size() <= period)
      return fail(Code::invalid, "series '" + test[i].id + "' has no more values than a season to learn from");
  }
  std::vector<std::optional<base::Result<OneResult>>> results(test.size());
  tbb::task_arena arena(workers == 0 ? tbb::task_arena::automatic : static_cast<int>(workers));
  arena.execute([&] {
    tbb::parallel_for(size_t{0}, test.size(), [&](size_t i) {
      results[i] = evaluate_one(before[i]->values, test[i].values, period, with_boosted);
    });
  });
  Evaluation all;
  all.series = test.size();
  double steps = 0;
  for (size_t i = 0; i < test.size(); ++i) {
    if (results[i]->ok() && !std::isfinite(results[i]->value().mase)) ++all.never_changed;
  }
  const auto scaled = static_cast<double>(test.size() - all.never_changed);
  for (size_t i = 0; i < test.size(); ++i) {
    if (!results[i]->ok())
      return fail(results[i]->error().code, results[i]->error().what, "series '" + test[i].id + "'");
    const OneResult& one = results[i]->value();
    const auto count = static_cast<double>(test.size());
    all.smape += one.smape / count;
    all.naive_2_smape += one.naive_smape / count;
    if (std::isfinite(one.mase)) {
      all.mase += one.mase / scaled;
      all.naive_2_mase += one.naive_mase / scaled;
    }
    steps += static_cast<double>(test[i].values.size());
    for (size_t k = 0; k < all.coverage.size(); ++k) all.coverage[k] += static_cast<double>(one.inside[k]);
  }
  for (double& one : all.coverage) one /= steps;
  const bool is_measured = all.naive_2_smape > 0 && all.naive_2_mase > 0;
  all.owa = is_measured ? (all.smape / all.naive_2_smape + all.mase / all.naive_2_mase) / 2 : 1;
  return all;
}

}  // namespace cityloom::model::series
