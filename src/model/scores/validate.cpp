#include "model/scores/validate.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "model/line_picture.hpp"
#include "model/scores/decision.hpp"
#include "model/scores/scores.hpp"

namespace cityloom::model::scores {
namespace {

constexpr const char* blue = "#1f6feb";
constexpr const char* red = "#d1242f";

// The inverse of the standard normal distribution by bisection.
double normal_quantile(double probability) {
  double low = -10, high = 10;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2)) < probability ? low : high) = middle;
  }
  return low;
}

double normal_crps(double z) {
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
  return z * std::erf(z / std::sqrt(2)) + 2 * density - 1 / std::sqrt(M_PI);
}

ValidationCase crps_case() {
  constexpr size_t members = 2'000;
  std::vector<double> even;
  for (size_t i = 0; i < members; ++i)
    even.push_back(normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(members)));
  PictureLine exact{"published", red, {}, {}}, ours{"ours", blue, {}, {}, true};
  double error = 0;
  for (double z = -3; z <= 3.001; z += 0.25) {
    const double crps = crps_of_members(even, z)->plain;
    exact.x.push_back(z);
    ours.x.push_back(z);
    exact.y.push_back(normal_crps(z));
    ours.y.push_back(crps);
    error = std::max(error, std::abs(crps - normal_crps(z)));
  }
  return {"CRPS of a normal distribution",
          "CRPS at its mean; the error is the largest within 3 deviations",
          "Gneiting and Raftery 2007, JASA 102, equation 21",
          "",
          normal_crps(0),
          crps_of_members(even, 0)->plain,
          error,
          0.001,
          "",
          line_picture("CRPS by what came", {exact, ours})};
}

ValidationCase finley_case() {
  const Hits hits{28, 23, 72, 2680};
  PictureLine published{"published", red, {1, 2, 3}, {0.549, 0.720, 0.228}, true};
  PictureLine ours{"ours", blue, {1, 2, 3}, {hits.hit_rate(), hits.false_alarm_ratio(), hits.threat_score()}, true};
  const double error =
      std::max({std::abs(ours.y[0] - 0.549), std::abs(ours.y[1] - 0.720), std::abs(ours.y[2] - 0.228)});
  return {"Finley's tornado warnings of 1884",
          "threat score; the error is the largest of hit rate, false alarm ratio and it",
          "Murphy 1996, Weather and Forecasting 11",
          "",
          0.228,
          hits.threat_score(),
          error,
          0.0005,
          "",
          line_picture("hit rate, false alarm ratio, threat score", {published, ours})};
}

ValidationCase brier_case() {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> even(0, 1);
  std::vector<double> chances;
  std::vector<bool> came;
  for (int i = 0; i < 50'000; ++i) {
    chances.push_back(std::round(even(random) * 10) / 10);
    came.push_back(even(random) < chances.back());
  }
  const auto result = brier(chances, came, 11);
  PictureLine honest{"honest", red, {0, 1}, {0, 1}}, ours{"ours", blue, {}, {}, true};
  for (const Brier::Bin& bin : result->bins) {
    ours.x.push_back(bin.chance);
    ours.y.push_back(bin.part);
  }
  const double parts = result->reliability - result->resolution + result->uncertainty;
  return {"Brier score is reliability less resolution and uncertainty",
          "Brier score",
          "Murphy 1973, J. Appl. Meteorol. 12",
          "",
          parts,
          result->score,
          std::abs(parts - result->score),
          1e-9,
          "",
          line_picture("what came by the chance that was said", {honest, ours})};
}

ValidationCase cost_loss_case() {
  const Decision decision{{10}, {{"protect", 30, {0, 0}}, {"wait", 0, {0, 100}}}};
  PictureLine acts{"protect", blue, {}, {}}, waits{"wait", red, {}, {}};
  double from = 1;
  for (int i = 1'000; i >= 0; --i) {
    const double chance = i / 1'000.0;
    const auto impact = weigh(decision, {{0, 20}, {1 - chance, chance}});
    if (impact->best == 0) from = chance;
    for (PictureLine* line : {&acts, &waits}) line->x.push_back(chance);
    acts.y.push_back(impact->actions[0].expected_loss);
    waits.y.push_back(impact->actions[1].expected_loss);
  }
  return {"Acting pays from cost / loss on",
          "chance from which protecting is best (cost 30, loss 100)",
          "Murphy 1977, Mon. Wea. Rev. 105",
          "",
          0.3,
          from,
          std::abs(from - 0.3),
          0.0011,
          "",
          line_picture("expected loss by the chance of the event", {acts, waits})};
}

}  // namespace

Validation validate_scores() {
  return {crps_case(), finley_case(), brier_case(), cost_loss_case()};
}

}  // namespace cityloom::model::scores
