// A trial of the ensemble filter as a model of the catalogue.
#include "model/assimilation/lorenz.hpp"
#include "model/assimilation/validate.hpp"
#include "model/catalogue.hpp"

namespace cityloom::model::assimilation {
namespace {

Input number(std::string name, Input::Kind kind, Text title, double least, double greatest, double fallback) {
  Input made;
  made.name = std::move(name);
  made.kind = kind;
  made.title = std::move(title);
  made.least = least;
  made.greatest = greatest;
  if (kind == Input::Kind::integer) {
    made.fallback = static_cast<int>(fallback);
  } else {
    made.fallback = fallback;
  }
  return made;
}

base::Result<Produced> run_trial(const Json& inputs, const Run& run) {
  LorenzExperiment experiment;
  experiment.members = inputs.at("members").get<Eigen::Index>();
  experiment.half_width = inputs.at("half_width").get<double>();
  experiment.inflation = inputs.at("inflation").get<double>();
  experiment.steps = inputs.at("steps").get<int>();
  experiment.left_out = experiment.steps / 4;
  experiment.seed = static_cast<unsigned>(run.seed);
  experiment.goes_on = [&](double part) { return run.goes_on(part, "filtering"); };
  const LorenzResult result = run_lorenz(experiment);
  if (result.is_cut) return base::fail(base::Code::cancelled, "somebody asked to stop");
  Produced produced;
  produced.values = {{"error", result.error}, {"spread", result.spread}};
  return produced;
}

}  // namespace

Model filter_trial_model() {
  Model model;
  Declaration& it = model.declaration;
  it.id = "filter-trial";
  it.version = "1.0.0";
  it.title = {"Trial of the ensemble filter", "앙상블 필터 시험"};
  it.summary = {"How well the filter behind nowcasts follows Lorenz's model of 40 variables, whose truth is known",
                "실황 예측에 쓰는 필터가 참값을 아는 로렌츠 40변수 모형을 얼마나 잘 따르는지 봅니다"};
  it.inputs = {
      number("members", Input::Kind::integer, {"Members", "구성원 수"}, 2, 200, 20),
      number("half_width", Input::Kind::number,
             {"Reach of an observation, in variables; 0: all", "관측이 미치는 거리, 변수 단위. 0: 모두"}, 0, 40, 7),
      number("inflation", Input::Kind::number, {"Inflation", "부풀림"}, 1, 2, 1.02),
      number("steps", Input::Kind::integer, {"Steps", "걸음 수"}, 10, 20'000, 500)};
  it.outputs = {
      {"error", Output::Kind::value, {"Error of the mean; observations' is 1", "평균의 오차. 관측 오차는 1"}, "", ""},
      {"spread", Output::Kind::value, {"What members say it is", "구성원이 말하는 오차"}, "", ""}};
  it.card.purpose = {"To try members, reach and inflation", "구성원 수, 미치는 거리, 부풀림을 시험합니다"};
  it.card.method = {"Local ensemble transform Kalman filter, Gaspari-Cohn localisation",
                    "국소 앙상블 변환 칼만 필터, 가스파리-콘 국소화"};
  it.card.limits = {"It says nothing about the city", "도시에 관해 아무것도 말하지 않습니다"};
  it.card.sources = {"Hunt, Kostelich and Szunyogh 2007, Physica D 230", "Gaspari and Cohn 1999, QJRMS 125",
                     "Lorenz and Emanuel 1998, J. Atmos. Sci. 55"};
  model.cost = [](const Json& inputs) -> base::Result<Cost> {
    const double members = inputs.at("members").get<double>(), steps = inputs.at("steps").get<double>();
    return Cost{steps * 40 * (10 * members * members * members + 40 * members * members) * 5e-10, 16u << 20};
  };
  model.run = run_trial;
  model.validate = validate_assimilation;
  return model;
}

}  // namespace cityloom::model::assimilation
