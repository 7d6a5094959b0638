// The forecast of a series as a model of the catalogue.
#include <algorithm>

#include "model/catalogue.hpp"
#include "model/series/forecast.hpp"
#include "model/series/validate.hpp"

namespace cityloom::model::series {
namespace {

Input numbers_of_series() {
  Input values;
  values.name = "values";
  values.kind = Input::Kind::numbers;
  values.title = {"What is known, at equal steps of time", "같은 시간 간격으로 아는 값"};
  values.help = {"The last value comes last; gaps must be filled before",
                 "마지막 값이 맨 끝입니다. 빠진 값은 먼저 채워야 합니다"};
  values.least = -value_max;
  values.greatest = value_max;
  return values;
}

Input whole(std::string name, Text title, double least, double greatest, int fallback) {
  Input made;
  made.name = std::move(name);
  made.kind = Input::Kind::integer;
  made.title = std::move(title);
  made.least = least;
  made.greatest = greatest;
  made.fallback = fallback;
  return made;
}

base::Result<Produced> run_forecast(const Json& inputs, const Run&) {
  const auto values = inputs.at("values").get<std::vector<double>>();
  ForecastOptions options;
  options.horizon = inputs.at("horizon").get<size_t>();
  options.period = inputs.at("period").get<size_t>();
  const auto made = forecast(values, options);
  if (!made) return made.error();
  Json table = Json::array();
  for (size_t step = 0; step < made->middle.size(); ++step) {
    Json row = {{"step", step + 1}, {"middle", made->middle[step]}};
    for (const Interval& interval : made->intervals) {
      const std::string percent = std::to_string(static_cast<int>(interval.probability * 100 + 0.5));
      row["lower_" + percent] = interval.lower[step];
      row["upper_" + percent] = interval.upper[step];
    }
    table.push_back(std::move(row));
  }
  Produced produced;
  produced.values["forecast"] = std::move(table);
  return produced;
}

}  // namespace

Model forecast_model() {
  Model model;
  Declaration& it = model.declaration;
  it.id = "forecast";
  it.version = "1.0.0";
  it.title = {"Forecast of a series", "시계열 예측"};
  it.summary = {"What any series of numbers will be, with intervals of 50, 80 and 90 %",
                "수의 시계열이 어떻게 될지 50, 80, 90% 구간과 함께 알려 줍니다"};
  it.inputs = {numbers_of_series(),
               whole("horizon", {"Steps to forecast", "예측할 걸음 수"}, 1, static_cast<double>(horizon_max), 24),
               whole("period", {"Steps in a season", "한 주기의 걸음 수"}, 1, 10'000, 24)};
  it.outputs = {{"forecast", Output::Kind::table, {"The forecast, step by step", "걸음마다의 예측"}, "", ""}};
  it.card.purpose = {"Counts, levels and loads of the coming hours and days",
                     "앞으로 몇 시간, 며칠의 수량과 부하를 봅니다"};
  it.card.method = {
      "The median of seasonal naive, Theta, damped seasons, profiles and ridge on lags; intervals by "
      "conformal prediction",
      "계절 단순, 세타, 감쇠 계절, 요일 윤곽, 시차 회귀의 중앙값. 구간은 등각 예측으로 정합니다"};
  it.card.limits = {"It knows nothing but the series: no weather, no events",
                    "시계열만 봅니다. 날씨와 행사는 모릅니다"};
  it.card.sources = {"Makridakis, Spiliotis, Assimakopoulos 2020, The M4 Competition, Int. J. Forecasting 36",
                     "Assimakopoulos, Nikolopoulos 2000, The theta model, Int. J. Forecasting 16",
                     "Vovk, Gammerman, Shafer 2005, Algorithmic Learning in a Random World"};
  model.cost = [](const Json& inputs) -> base::Result<Cost> {
    const auto count = static_cast<double>(inputs.at("values").size());
    return Cost{1e-5 * std::max(count, 100.0), (64u << 20) + uint64_t{1'000} * inputs.at("values").size()};
  };
  model.run = run_forecast;
  model.validate = validate_series;
  return model;
}

}  // namespace cityloom::model::series
