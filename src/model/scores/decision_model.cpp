// The impact of being wrong as a model of the catalogue.
#include "model/catalogue.hpp"
#include "model/scores/decision.hpp"
#include "model/scores/validate.hpp"

namespace cityloom::model::scores {
namespace {

using base::Code;
using base::fail;

Input input(std::string name, Input::Kind kind, Text title, bool is_needed) {
  Input made;
  made.name = std::move(name);
  made.kind = kind;
  made.title = std::move(title);
  made.is_needed = is_needed;
  return made;
}

base::Result<std::vector<Action>> actions_of(const Json& given) {
  const auto wrong = [](size_t index) {
    return fail(Code::invalid, "an action has a name, a cost and a list of losses",
                "actions " + std::to_string(index + 1),
                R"(write {"name": "close the road", "cost": 20, "losses": [0, 5]})");
  };
  if (!given.is_array()) return fail(Code::invalid, "a list of actions is needed", "actions");
  std::vector<Action> actions;
  for (const Json& one : given) {
    const size_t index = actions.size();
    if (!one.is_object() || !one.contains("name") || !one["name"].is_string() || !one.contains("losses") ||
        !one["losses"].is_array() || (one.contains("cost") && !one["cost"].is_number()))
      return wrong(index);
    Action action{one["name"].get<std::string>(), one.value("cost", 0.0), {}};
    for (const Json& loss : one["losses"]) {
      if (!loss.is_number()) return wrong(index);
      action.losses.push_back(loss.get<double>());
    }
    actions.push_back(std::move(action));
  }
  return actions;
}

base::Result<Produced> run_decision(const Json& inputs, const Run&) {
  auto actions = actions_of(inputs.at("actions"));
  if (!actions) return actions.error();
  const Decision decision{inputs.at("thresholds").get<std::vector<double>>(), std::move(*actions)};
  Outcomes outcomes{inputs.at("outcomes").get<std::vector<double>>(), {}};
  if (inputs.contains("weights") && !inputs["weights"].is_null())
    outcomes.weights = inputs["weights"].get<std::vector<double>>();
  const auto impact = weigh(decision, outcomes);
  if (!impact) return impact.error();
  Json table = Json::array();
  for (const ActionImpact& one : impact->actions)
    table.push_back({{"action", one.name},
                     {"expected_loss", one.expected_loss},
                     {"expected_regret", one.expected_regret},
                     {"worst_regret", one.worst_regret},
                     {"worst_loss", one.worst_loss},
                     {"chance_to_fail", one.fails}});
  Produced produced;
  produced.values = {{"actions", std::move(table)},
                     {"best", impact->actions[impact->best].name},
                     {"least_regret", impact->actions[impact->least_regret].name},
                     {"fallback", impact->actions[impact->fallback].name},
                     {"fallback_loss", impact->fallback_loss},
                     {"range_chances", impact->range_chances},
                     {"perfect_information_value", impact->perfect_information_value}};
  return produced;
}

}  // namespace

Model decision_model() {
  Model model;
  Declaration& it = model.declaration;
  it.id = "decision";
  it.version = "1.0.0";
  it.title = {"Impact of being wrong", "틀렸을 때의 영향"};
  it.summary = {"What each action costs over a forecast, what it regrets if it fails, and the best other plan then",
                "예측에 비추어 각 행동의 비용, 실패했을 때의 후회, 그때의 가장 좋은 대안을 알려 줍니다"};
  it.inputs = {input("thresholds", Input::Kind::numbers,
                     {"Thresholds of the outcome, rising", "결과의 경계값, 커지는 순서"}, true),
               input("actions", Input::Kind::document, {"Actions", "행동"}, true),
               input("outcomes", Input::Kind::numbers, {"The forecast: its members", "예측의 구성원 값"}, true),
               input("weights", Input::Kind::numbers, {"How likely each member is", "각 구성원의 가중치"}, false)};
  it.inputs[1].help = {R"([{"name", "cost", "losses": one for each range between thresholds}])",
                       R"([{"name", "cost", "losses": 경계 사이 구간마다 하나}])"};
  it.outputs = {
      {"actions", Output::Kind::table, {"Each action over the forecast", "예측에 비춘 각 행동"}, "", ""},
      {"best", Output::Kind::value, {"Least expected loss", "기대 손실이 가장 작은 행동"}, "", ""},
      {"least_regret", Output::Kind::value, {"Least worst regret", "최대 후회가 가장 작은 행동"}, "", ""},
      {"fallback", Output::Kind::value, {"The best other plan should it fail", "실패할 때의 가장 좋은 대안"}, "", ""},
      {"fallback_loss", Output::Kind::value, {"What that then costs", "그때 대안의 비용"}, "", ""},
      {"range_chances", Output::Kind::document, {"Chance of each range", "구간마다의 확률"}, "", ""},
      {"perfect_information_value",
       Output::Kind::value,
       {"What knowing the outcome would save", "결과를 안다면 아낄 비용"},
       "",
       ""}};
  it.card.purpose = {"To weigh an action before it is taken, and to file why",
                     "행동하기 전에 따져 보고 까닭을 남깁니다"};
  it.card.method = {"Expected loss, regret and value of perfect information over the members of a forecast",
                    "예측 구성원에 대한 기대 손실, 후회, 완전 정보의 가치"};
  it.card.limits = {"It is as good as the forecast and the costs that it is given",
                    "주어진 예측과 비용만큼만 정확합니다"};
  it.card.sources = {"Murphy 1977, Mon. Wea. Rev. 105", "Savage 1951, JASA 46", "Richardson 2000, QJRMS 126"};
  model.cost = [](const Json&) -> base::Result<Cost> { return Cost{0.1, 16u << 20}; };
  model.run = run_decision;
  model.validate = validate_scores;
  return model;
}

}  // namespace cityloom::model::scores
