// Traffic on a network of SUMO's files as a model of the catalogue: trips, delays, emissions, and every road.
#include <fmt/format.h>

#include <algorithm>

#include "model/catalogue.hpp"
#include "model/traffic/run.hpp"
#include "model/traffic/validate.hpp"

namespace cityloom::model::traffic {
namespace {

constexpr size_t roads_told_max = 100'000;
constexpr double day_s = 86'400;

Input input(std::string name, Input::Kind kind, Text title, Text help) {
  Input made;
  made.name = std::move(name);
  made.kind = kind;
  made.title = std::move(title);
  made.help = std::move(help);
  return made;
}

Input time_input(std::string name, Text title, double fallback) {
  Input made = input(std::move(name), Input::Kind::number, std::move(title), {"", ""});
  made.unit = "s";
  made.least = 0;
  made.greatest = 30 * day_s;
  made.fallback = fallback;
  return made;
}

std::vector<Input> inputs_of_traffic() {
  Input additional = input("additional", Input::Kind::table, {"Types, stops, signal plans", "차종, 정류장, 신호 계획"},
                           {"As SUMO has them (.add.xml)", "SUMO 형식(.add.xml)"});
  additional.is_needed = false;
  Input control =
      input("control", Input::Kind::choice, {"Signals", "신호 제어"},
            {"fixed as in the files, actuated, max-pressure", "fixed 파일대로, actuated 감응, max-pressure 최대 압력"});
  control.choices = {"fixed", "actuated", "max-pressure"};
  control.fallback = "fixed";
  Input closed = input("closed", Input::Kind::text, {"Closed roads", "막은 도로"},
                       {"Their ids, with commas between", "도로 ID를 쉼표로 잇습니다"});
  closed.fallback = "";
  return {input("network", Input::Kind::table, {"Road network", "도로망"},
                {"As SUMO has it (.net.xml)", "SUMO 형식(.net.xml)"}),
          input("routes", Input::Kind::table, {"Vehicles and flows", "차량과 교통량"},
                {"As SUMO has them (.rou.xml)", "SUMO 형식(.rou.xml)"}),
          std::move(additional),
          std::move(control),
          std::move(closed),
          time_input("begin_s", {"Beginning", "시작"}, 0),
          time_input("end_s", {"End", "끝"}, 2 * day_s)};
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    if (comma > at) words.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return words;
}

RunOptions options_of(const Json& inputs, uint64_t seed) {
  RunOptions options;
  options.net = inputs.at("network").get<std::string>();
  options.routes = {inputs.at("routes").get<std::string>()};
  if (inputs.contains("additional")) options.additional = {inputs.at("additional").get<std::string>()};
  const std::string control = inputs.at("control").get<std::string>();
  options.control = control == "fixed"      ? Control::fixed
                    : control == "actuated" ? Control::actuated
                                            : Control::max_pressure;
  options.closed = words_of(inputs.at("closed").get<std::string>());
  options.begin_s = inputs.at("begin_s").get<double>();
  options.end_s = inputs.at("end_s").get<double>();
  options.seed = seed;
  return options;
}

Json roads_of(const Report& report) {
  Json roads = Json::array();
  for (size_t i = 0; i < std::min(report.edges.size(), roads_told_max); ++i) {
    const EdgeTotals& edge = report.edges[i];
    if (edge.entered == 0) continue;
    roads.push_back({{"road", report.edge_ids[i]},
                     {"vehicles", edge.left},
                     {"speed_m_s", edge.vehicle_seconds > 0 ? edge.vehicle_metres / edge.vehicle_seconds : 0},
                     {"waiting_s", edge.waiting_s},
                     {"stops", edge.stops},
                     {"co2_g", edge.co2_g}});
  }
  return roads;
}

base::Result<Produced> run_model(const Json& inputs, const Run& run) {
  const RunOptions options = options_of(inputs, run.seed);
  if (options.end_s <= options.begin_s)
    return base::fail(base::Code::invalid, "it is not after the beginning", "end_s");
  const auto report = run_traffic(
      options, [&](double time_s) { return run.goes_on(0.5, fmt::format("{:.0f} s on the road", time_s)); });
  if (!report) return report.error();
  Produced produced;
  produced.values = {{"vehicles", report->vehicles},
                     {"arrived", report->arrived},
                     {"no_way", report->no_way.size()},
                     {"trip_mean_s", report->duration_s.mean},
                     {"trip_p95_s", report->duration_s.p95},
                     {"loss_mean_s", report->loss_s.mean},
                     {"depart_delay_mean_s", report->depart_delay_s.mean},
                     {"stops_mean", report->stops_mean},
                     {"co2_kg", report->co2_kg},
                     {"roads", roads_of(*report)},
                     {"warnings", report->warnings}};
  return produced;
}

}  // namespace

Model traffic_model() {
  Model model;
  Declaration& it = model.declaration;
  it.id = "traffic";
  it.version = "1.0.0";
  it.title = {"Traffic", "교통"};
  it.summary = {"Vehicles on a road network with signals: trips, delays, stops, CO2, and every road",
                "신호가 있는 도로망의 차량: 통행 시간, 지체, 정지, CO2, 도로별 결과"};
  it.inputs = inputs_of_traffic();
  using Kind = Output::Kind;
  it.outputs = {{"vehicles", Kind::value, {"Vehicles", "차량"}, "", ""},
                {"arrived", Kind::value, {"Vehicles that arrived", "도착한 차량"}, "", ""},
                {"no_way", Kind::value, {"Vehicles without a way", "갈 길이 없는 차량"}, "", ""},
                {"trip_mean_s", Kind::value, {"Mean trip", "평균 통행 시간"}, "s", ""},
                {"trip_p95_s", Kind::value, {"95 of 100 trips are shorter", "100번 중 95번은 이보다 짧음"}, "s", ""},
                {"loss_mean_s", Kind::value, {"Mean delay", "평균 지체"}, "s", ""},
                {"depart_delay_mean_s", Kind::value, {"Mean wait to enter", "평균 진입 대기"}, "s", ""},
                {"stops_mean", Kind::value, {"Stops of a trip", "통행마다 정지 횟수"}, "", ""},
                {"co2_kg", Kind::value, {"CO2", "CO2"}, "kg", ""},
                {"roads", Kind::table, {"Roads", "도로별 결과"}, "", ""},
                {"warnings", Kind::document, {"What was left out", "빠뜨린 것"}, "", ""}};
  it.card.purpose = {"Closures, works, events, and other signal plans, before they are done",
                     "통제, 공사, 행사, 신호 변경을 시행하기 전에 봅니다"};
  it.card.method = {"Queues by lane with room that runs upstream, gap acceptance, signals by their programs",
                    "차로별 대기 행렬, 상류로 번지는 빈자리, 간격 수락, 신호 계획"};
  it.card.limits = {
      "Mean trips can be a third longer than SUMO's where many change lanes (Bologna, Acosta), and single "
      "roads far off: compare plans with each other, not with a clock",
      "차로 변경이 많은 곳에서는 평균 통행 시간이 SUMO보다 3분의 1 길 수 있고(볼로냐 Acosta), 개별 도로는 크게 "
      "다를 수 있습니다. 절댓값보다 계획끼리 견주는 데 쓰세요"};
  it.card.sources = {"Varaiya 2013, Max pressure control of a network of signalized intersections, Transp. Res. C 36",
                     "Webster 1958, Traffic signal settings", "Newell 2002, A simplified car-following theory"};
  model.cost = [](const Json&) -> base::Result<Cost> { return Cost{1, 512u << 20}; };
  model.run = run_model;
  model.validate = validate_traffic;
  return model;
}

}  // namespace cityloom::model::traffic
