#include "model/series/validate.hpp"

#include <cmath>
#include <random>

#include "model/line_picture.hpp"
#include "model/series/anomaly.hpp"
#include "model/series/forecast.hpp"

namespace cityloom::model::series {
namespace {

constexpr const char* blue = "#1f6feb";
constexpr const char* red = "#d1242f";

ValidationCase coverage_case() {
  constexpr size_t known = 600, ahead = 48, trials = 60;
  size_t inside = 0;
  PictureLine came{"came", red, {}, {}}, middle{"expected", blue, {}, {}}, lower{"5 %", "#999", {}, {}},
      upper{"95 %", "#999", {}, {}};
  for (unsigned seed = 0; seed < trials; ++seed) {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal(0, 8);
    std::vector<double> values;
    for (size_t i = 0; i < known + ahead; ++i)
      values.push_back(100 + 30 * std::sin(2 * M_PI * static_cast<double>(i % 24) / 24) + normal(random));
    const auto expected = forecast(Values(values).first(known), {ahead, 24, 0});
    const Interval& interval = expected->intervals[2];
    for (size_t i = 0; i < ahead; ++i) {
      const double value = values[known + i];
      inside += interval.lower[i] <= value && value <= interval.upper[i] ? 1 : 0;
      if (seed > 0) continue;
      for (PictureLine* line : {&came, &middle, &lower, &upper}) line->x.push_back(static_cast<double>(i + 1));
      came.y.push_back(value);
      middle.y.push_back(expected->middle[i]);
      lower.y.push_back(interval.lower[i]);
      upper.y.push_back(interval.upper[i]);
    }
  }
  const double part = static_cast<double>(inside) / (ahead * trials);
  return {"Conformal intervals of 90 %",
          "part of what came that they hold",
          "Vovk, Gammerman and Shafer 2005, Algorithmic Learning in a Random World",
          "",
          0.9,
          part,
          std::abs(part - 0.9),
          0.04,
          "",
          line_picture("a forecast of 48 hours, and what came", {came, middle, lower, upper})};
}

// A Pareto tail never calls a normal one rarer than it is.
ValidationCase tail_case() {
  std::mt19937 random(2);
  std::normal_distribution<double> normal;
  Tail tail;
  for (int i = 0; i < 7'000; ++i) tail.learn(std::abs(normal(random)));
  PictureLine exact{"exact", red, {}, {}}, ours{"ours", blue, {}, {}};
  for (double z = 2; z <= 5; z += 0.1) {
    exact.x.push_back(z);
    ours.x.push_back(z);
    exact.y.push_back(-std::log10(std::erfc(z / std::sqrt(2))));
    ours.y.push_back(tail.evidence(z));
  }
  const double chance = -std::log10(std::erfc(3 / std::sqrt(2))), said = tail.evidence(3);
  return {"Chance of a normal value past three deviations",
          "-log10 of it",
          "normal distribution; Hill 1975, Annals of Statistics 3",
          "",
          chance,
          said,
          std::abs(said - chance),
          0.35,
          "",
          line_picture("evidence by deviations", {exact, ours})};
}

ValidationCase missing_day_case() {
  constexpr size_t day = 288, begin = 10 * day + 108, end = 10 * day + 216;
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0, 4);
  Detector detector;
  PictureLine values{"values", "#999", {}, {}}, evidence{"evidence x 10", blue, {}, {}},
      alarm{"first alarm", red, {}, {}, true};
  double delay = 1e9;
  for (size_t i = 0; i < 14 * day; ++i) {
    const bool is_high = i % day >= 108 && i % day < 216 && (i < begin || i >= end);
    const double value = 20 + (is_high ? 60 : 0) + normal(random);
    const Judgement one = detector.next(static_cast<double>(i) * 300, value);
    if (one.alarm && delay > 1e8) {
      delay = static_cast<double>(i) - static_cast<double>(begin);
      alarm.x.push_back(static_cast<double>(i) / day);
      alarm.y.push_back(10 * one.evidence);
    }
    if (i < 8 * day || i % 4 != 0) continue;
    for (PictureLine* line : {&values, &evidence}) line->x.push_back(static_cast<double>(i) / day);
    values.y.push_back(value);
    evidence.y.push_back(10 * one.evidence);
  }
  return {"A day that does not come",
          "steps of five minutes to the first alarm",
          "made after the kind of Lavin and Ahmad 2015, Numenta Anomaly Benchmark",
          "",
          0,
          delay,
          std::abs(delay),
          6,
          "steps",
          line_picture("a plateau each day but the eleventh", {values, evidence, alarm})};
}

}  // namespace

Validation validate_series() {
  return {coverage_case(), tail_case(), missing_day_case()};
}

}  // namespace cityloom::model::series
