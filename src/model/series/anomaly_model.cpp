// Anomalies of a table as a model of the catalogue.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "model/catalogue.hpp"
#include "model/series/group.hpp"
#include "model/series/table.hpp"

namespace cityloom::model::series {
namespace {

using base::Code;
using base::fail;

constexpr size_t alarms_max = 10'000;
constexpr size_t text_bytes_max = 1u << 30;

base::Result<std::string> text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return fail(Code::not_found, "cannot be opened", "table");
  if (static_cast<size_t>(std::max<std::streamoff>(in.tellg(), 0)) > text_bytes_max)
    return fail(Code::too_large, "more than 1 GiB", "table", "cut it into parts");
  in.seekg(0);
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

base::Result<Produced> run_anomaly(const Json& inputs, const Run& run) {
  constexpr uint64_t rows_between_looks = 16'384;
  const auto text = text_of(inputs.at("table").get<std::string>());
  if (!text) return text.error();
  auto table = TimeTable::open(*text);
  if (!table) return table.error();
  GroupDetector detector(table->names().size());
  Json alarms = Json::array();
  uint64_t rows = 0, count = 0;
  bool before = false;
  double most = 0;
  for (;;) {
    const auto row = table->next();
    if (!row) return row.error();
    if (!*row) break;
    const Judgement one = detector.next((*row)->time_s, (*row)->values);
    if (++rows % rows_between_looks == 0 &&
        !run.goes_on(static_cast<double>(table->position()) / static_cast<double>(text->size()), "judging"))
      return fail(Code::cancelled, "somebody asked to stop");
    const bool begins = one.alarm && !before;
    before = one.alarm;
    if (begins) {
      most = 0;
      if (++count <= alarms_max) alarms.push_back({{"from", (*row)->time}});
    }
    if (!one.alarm || count > alarms_max) continue;
    Json& alarm = alarms.back();
    alarm["to"] = (*row)->time;
    if (one.evidence <= most) continue;
    most = one.evidence;
    alarm["score"] = one.score;
    alarm["why"] = name_of(one.why);
    alarm["column"] = detector.column() < table->names().size() ? table->names()[detector.column()] : "all";
  }
  Produced produced;
  produced.values = {{"alarms", std::move(alarms)}, {"alarm_count", count}, {"rows", rows}};
  return produced;
}

}  // namespace

Model anomaly_model() {
  Model model;
  Declaration& it = model.declaration;
  it.id = "anomaly";
  it.version = "1.0.0";
  it.title = {"Anomalies of series", "시계열 이상"};
  it.summary = {"Which values over time are unusual, and why", "시간에 따른 값 가운데 무엇이 왜 이상한지 알려 줍니다"};
  Input table;
  table.name = "table";
  table.kind = Input::Kind::table;
  table.title = {"Times and values", "시각과 값"};
  table.help = {"CSV: a time and one or several values a row", "CSV: 한 줄에 시각과 하나 이상의 값"};
  it.inputs = {std::move(table)};
  it.outputs = {
      {"alarms", Output::Kind::table, {"Alarms, each with its time and reason", "경보의 시각과 까닭"}, "", ""},
      {"alarm_count", Output::Kind::value, {"How many there were", "경보의 수"}, "", ""},
      {"rows", Output::Kind::value, {"Rows judged", "살펴본 줄 수"}, "", ""}};
  it.card.purpose = {"Sensors that fail, and events that nobody reported",
                     "고장 난 센서와 알려지지 않은 일을 찾습니다"};
  it.card.method = {
      "Five statistics of the error of robust seasonal expectations, each against its own past; gaps and stuck values; "
      "for several columns Hotelling's T2 and Q of robust principal components",
      "계절 예상과의 차이를 다섯 통계로 재어 각자의 과거와 비교합니다. 빠진 값과 멈춘 값도 봅니다. 열이 여럿이면 "
      "주성분의 T2와 Q를 봅니다"};
  it.card.limits = {"The first day, or the first 150 values, are only learnt from; what repeats becomes usual",
                    "첫날이나 처음 150개 값은 배우기만 합니다. 되풀이되는 것은 정상으로 여깁니다"};
  it.card.sources = {"Hill 1975, Annals of Statistics 3", "Jackson and Mudholkar 1979, Technometrics 21",
                     "Lavin and Ahmad 2015, Numenta Anomaly Benchmark"};
  model.cost = [](const Json&) -> base::Result<Cost> { return Cost{1, 64u << 20}; };
  model.run = run_anomaly;
  return model;
}

}  // namespace cityloom::model::series
