// A process that gives back what it is given.
#include "model/catalogue.hpp"

namespace cityloom::model {
namespace {

constexpr uint64_t some_memory_bytes = 1u << 20;

Input input(std::string name, Input::Kind kind, Text title) {
  Input made;
  made.name = std::move(name);
  made.kind = kind;
  made.title = std::move(title);
  made.is_needed = false;
  return made;
}

// How long it takes can be asked for, so that clients can try to wait and to dismiss.
base::Result<Produced> run_echo(const Json& inputs, const Run& run) {
  Produced produced;
  for (const auto& [name, value] : inputs.items()) {
    if (name != "steps") produced.values[name] = value;
  }
  const auto steps = inputs.at("steps").get<uint64_t>();
  uint64_t number = run.seed;
  for (uint64_t step = 0; step < steps; ++step) {
    if (!run.goes_on(static_cast<double>(step) / static_cast<double>(steps), "counting"))
      return base::fail(base::Code::cancelled, "somebody asked to stop");
    for (uint64_t turn = 0; turn < 10'000'000; ++turn) number = number * 6364136223846793005u + 1442695040888963407u;
  }
  if (steps > 0) produced.values["counted"] = number;
  return produced;
}

}  // namespace

Model echo_model() {
  Model model;
  Declaration& it = model.declaration;
  it.id = "echo";
  it.version = "1.0.0";
  it.title = {"Echo", "되돌림"};
  it.summary = {"Gives back what it is given, to try a client with",
                "받은 것을 그대로 돌려줍니다. 클라이언트를 시험할 때 씁니다"};
  it.inputs = {input("literal", Input::Kind::text, {"A text", "글"}),
               input("number", Input::Kind::number, {"A number", "수"}),
               input("box", Input::Kind::box, {"A box", "범위"}),
               input("object", Input::Kind::document, {"A JSON object", "JSON 객체"})};
  Input steps = input("steps", Input::Kind::integer, {"How long it counts before it answers", "답하기 전에 세는 횟수"});
  steps.help = {"About 10 ms each", "한 번에 약 10ms"};
  steps.least = 0;
  steps.greatest = 100'000;
  steps.fallback = 0;
  it.inputs.push_back(std::move(steps));
  it.outputs = {{"literal", Output::Kind::value, {"The text", "글"}, "", ""},
                {"number", Output::Kind::value, {"The number", "수"}, "", ""},
                {"box", Output::Kind::document, {"The box", "범위"}, "", ""},
                {"object", Output::Kind::document, {"The object", "객체"}, "", ""},
                {"counted", Output::Kind::value, {"What it counted", "센 결과"}, "", ""}};
  it.card.purpose = {"To try the run form, progress and cancelling", "실행 화면, 진행 상황, 취소를 시험합니다"};
  it.card.method = {"None", "없음"};
  it.card.limits = {"It says nothing about the city", "도시에 관해 아무것도 말하지 않습니다"};
  model.cost = [](const Json& inputs) -> base::Result<Cost> {
    return Cost{0.01 * inputs.at("steps").get<double>(), some_memory_bytes};
  };
  model.run = run_echo;
  return model;
}

}  // namespace cityloom::model
