// A day of sun over a piece of the city as a model of the catalogue: light on the ground, and sunlight at each
// building.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/catalogue.hpp"
#include "model/sun/sunlight_rule.hpp"
#include "model/sun/validation.hpp"

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr double storey_m = 3;

Input input(std::string name, Input::Kind kind, Text title, Text help, std::string unit, std::optional<Json> fallback) {
  Input made;
  made.name = std::move(name);
  made.kind = kind;
  made.title = std::move(title);
  made.help = std::move(help);
  made.unit = std::move(unit);
  made.is_needed = false;
  made.fallback = std::move(fallback);
  return made;
}

Input number(std::string name, Text title, Text help, std::string unit, double least, double greatest,
             std::optional<Json> fallback) {
  Input made = input(std::move(name), Input::Kind::number, std::move(title), std::move(help), std::move(unit),
                     std::move(fallback));
  made.least = least;
  made.greatest = greatest;
  return made;
}

Input from_city(std::string name, Input::Kind kind, Text title) {
  Input made = input(name, kind, std::move(title), {"", ""}, "", {});
  made.from_city = std::move(name);
  made.is_needed = made.from_city == "terrain";
  return made;
}

std::vector<Input> inputs_of_sun() {
  Input sky = input("clear_sky", Input::Kind::choice, {"Clear sky", "맑은 하늘 모형"}, {"", ""}, "", "esra");
  sky.choices = {"esra", "solis", "haurwitz"};
  return {
      input("area", Input::Kind::box, {"Area", "지역"},
            {"What is computed: west, south, east, north", "계산할 범위: 서, 남, 동, 북"}, "", {}),
      input("date", Input::Kind::text, {"Day", "날짜"}, {"As 2026-12-22", "예: 2026-12-22"}, "", "2026-12-22"),
      number("utc_offset_h", {"Local time minus UTC", "표준시 차이"},
             {"By the longitude, if not said", "없으면 경도로 정합니다"}, "h", -14, 14, {}),
      number("step_minutes", {"Between two positions of the sun", "태양 위치 간격"}, {"", ""}, "min", step_minutes_min,
             step_minutes_max, 30),
      input("each_step", Input::Kind::boolean, {"A map of each step", "시각별 지도"}, {"", ""}, "", false),
      number("linke_turbidity", {"Turbidity of the air", "대기 혼탁도(Linke)"}, {"Of esra", "esra 모형"}, "", 1, 10, 3),
      std::move(sky),
      number("piece_h", {"Sunlight in one piece that is enough", "연속 일조 기준"},
             {"From 9 to 15 o'clock", "9시부터 15시까지"}, "h", 0, 24, 2),
      number("total_h", {"Sunlight altogether that is enough", "총 일조 기준"},
             {"From 8 to 16 o'clock", "8시부터 16시까지"}, "h", 0, 24, 4),
      number("cell_m", {"Size of a cell", "격자 크기"}, {"", ""}, "m", 0.5, 100, 2),
      from_city("terrain", Input::Kind::terrain, {"Ground", "지형"}),
      from_city("buildings", Input::Kind::features, {"Buildings", "건물"})};
}

/// What is computed, and what stands on it.
struct Scene {
  GridFile ground, raised;
  std::vector<Building> buildings;
  DayCase day;
};

Result<Scene> scene_of(const Json& inputs, unsigned workers) {
  Scene scene;
  auto terrain = read_grid(inputs.at("terrain").get<std::string>());
  if (!terrain) return terrain.error();
  const auto date = read_date(inputs.at("date").get<std::string>());
  if (!date) return date.error();
  const auto site = site_of(*terrain, {});
  if (!site) return site.error();
  scene.ground = std::move(*terrain);
  scene.raised = scene.ground;
  if (inputs.contains("buildings")) {
    auto read = read_buildings_file(inputs.at("buildings").get<std::string>());
    if (!read) return read.error();
    if (auto brought = bring_to_grid(*read, scene.ground); !brought) return brought.error();
    scene.buildings = std::move(read->all);
    for (Building& building : scene.buildings)
      if (!(building.height_m > 0)) building.height_m = 2 * storey_m;
    if (const auto raised = raise(scene.raised, scene.buildings); !raised) return raised.error();
  }
  DayCase& day = scene.day;
  day.site = *site;
  day.date = *date;
  day.step_minutes = inputs.at("step_minutes").get<double>();
  day.utc_offset_h =
      inputs.contains("utc_offset_h") ? inputs.at("utc_offset_h").get<double>() : std::round(site->longitude_deg / 15);
  day.air.linke_turbidity = inputs.at("linke_turbidity").get<double>();
  const auto sky = inputs.at("clear_sky").get<std::string>();
  day.clear_sky = sky == "solis" ? ClearSky::solis : sky == "haurwitz" ? ClearSky::haurwitz : ClearSky::esra;
  day.workers = workers;
  return scene;
}

Raster raster_of(std::string output, const GridFile& grid, std::vector<float> values, double time_s) {
  Raster raster;
  raster.output = std::move(output);
  raster.time_s = time_s;
  raster.columns = grid.columns;
  raster.rows = grid.rows;
  raster.west = grid.west;
  raster.south = grid.south;
  raster.cell_x = grid.cell_x;
  raster.cell_y = grid.cell_y;
  raster.system = grid.system;
  raster.values = std::move(values);
  return raster;
}

double mean_of(const std::vector<float>& values) {
  double sum = 0;
  size_t count = 0;
  for (const float value : values) {
    if (std::isnan(value)) continue;
    sum += static_cast<double>(value);
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

double rounded(double value) {
  return std::round(value * 1'000) / 1'000;
}

base::Status tell_buildings(const Json& inputs, const Scene& scene, const Run& run, Produced& produced) {
  SunlightRule rule;
  rule.piece_h = inputs.at("piece_h").get<double>();
  rule.total_h = inputs.at("total_h").get<double>();
  const auto parts = cut_surfaces(scene.buildings, scene.ground, scene.raised, scene.day.site, {});
  if (!parts) return parts.error();
  const auto lights = sunlight(scene.raised, scene.day, *parts, rule,
                               [&](double part) { return run.goes_on(0.6 + 0.4 * part, "sunlight at buildings"); });
  if (!lights) return lights.error();
  const auto found = by_building(scene.buildings.size(), *parts, *lights);
  size_t enough = 0, short_of = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i].has_facade) continue;
    ++(found[i].light.is_enough ? enough : short_of);
    const std::string& name = scene.buildings[i].name;
    produced.facts.push_back({name, "sunlightTotal", rounded(found[i].light.total_h), "HUR", {}});
    produced.facts.push_back({name, "sunlightInOnePiece", rounded(found[i].light.piece_h), "HUR", {}});
    produced.facts.push_back({name, "sunlightEnough", found[i].light.is_enough, "", {}});
  }
  produced.values["buildings_with_enough"] = enough;
  produced.values["buildings_short_of_it"] = short_of;
  return {};
}

Result<Produced> run_sun(const Json& inputs, const Run& run) {
  const auto scene = scene_of(inputs, run.workers);
  if (!scene) return scene.error();
  Produced produced;
  TakeStep take;
  if (inputs.at("each_step").get<bool>())
    take = [&](const DayStep& step, const std::vector<float>& global_w_m2) -> base::Status {
      produced.rasters.push_back(
          raster_of("irradiance", scene->ground, global_w_m2, std::round((step.from_h + step.to_h) * 1800)));
      return {};
    };
  auto day = run_day(
      scene->raised, scene->day, [&](double part) { return run.goes_on(0.6 * part, "light on the ground"); }, take);
  if (!day) return day.error();
  produced.values["global_wh_m2"] = rounded(mean_of(day->global_wh_m2));
  produced.values["sunlight_h"] = rounded(mean_of(day->sunlight_h));
  produced.rasters.push_back(raster_of("global", scene->ground, std::move(day->global_wh_m2), 0));
  produced.rasters.push_back(raster_of("sunlight_hours", scene->ground, std::move(day->sunlight_h), 0));
  if (auto told = tell_buildings(inputs, *scene, run, produced); !told) return told.error();
  return produced;
}

/// Some 3 ms for each million cells and shadow, 6 for each horizon, twice the shadows for buildings, two cores.
Result<Cost> cost_of_sun(const Json& inputs) {
  if (!inputs.contains("area")) return Cost{};
  const Json& area = inputs.at("area");
  const double cell_m = inputs.at("cell_m").get<double>();
  constexpr double degree_m = 111'195;
  const double south = area[1].get<double>(), north = area[3].get<double>();
  const double cells = (north - south) * degree_m / cell_m * (area[2].get<double>() - area[0].get<double>()) *
                       degree_m * std::cos((south + north) * M_PI / 360) / cell_m;
  const double steps = 720 / inputs.at("step_minutes").get<double>();
  return Cost{cells / 1e6 * (steps * 0.008 + 0.2), static_cast<uint64_t>(std::max(cells, 0.0) * 90) + (512u << 20)};
}

}  // namespace

Model sun_model() {
  Model model;
  Declaration& it = model.declaration;
  it.id = "sun";
  it.version = "1.0.0";
  it.title = {"Sun and shadow", "일조와 그림자"};
  it.summary = {
      "A day of sun over terrain and buildings: light, hours of sunlight, and which buildings have enough of it",
      "하루 동안 지형과 건물에 드는 햇빛: 일사량, 일조 시간, 일조 기준을 채우는 건물"};
  it.inputs = inputs_of_sun();
  using Kind = Output::Kind;
  it.outputs = {
      {"global_wh_m2", Kind::value, {"Mean light of the day", "하루 평균 일사량"}, "Wh/m2", ""},
      {"sunlight_h", Kind::value, {"Mean hours of sunlight", "평균 일조 시간"}, "h", ""},
      {"buildings_with_enough", Kind::value, {"Buildings with enough sunlight", "일조 기준을 채우는 건물"}, "", ""},
      {"buildings_short_of_it", Kind::value, {"Buildings short of it", "일조 기준에 못 미치는 건물"}, "", ""},
      {"global", Kind::raster, {"Light of the day, Wh/m2", "하루 일사량(Wh/m2)"}, "", "heat"},
      {"sunlight_hours", Kind::raster, {"Hours of sunlight", "일조 시간"}, "HUR", "heat"},
      {"irradiance", Kind::raster, {"Light at each step, W/m2", "시각별 일사(W/m2)"}, "", "heat"},
      {"sunlight", Kind::facts, {"Hours of sunlight at each building", "건물마다의 일조 시간"}, "", ""}};
  it.card.purpose = {"What a planned building takes from its neighbours; where the sun reaches on a day",
                     "계획 건물이 이웃의 햇빛을 얼마나 가리는지, 하루 동안 햇빛이 어디에 드는지 봅니다"};
  it.card.method = {
      "NREL's solar position; clear sky; shadow swept exactly over triangles between the cells; sky seen "
      "from horizons in 32 directions; the worst storey's best façade part counts for a building",
      "NREL 태양 위치, 맑은 하늘 모형, 격자 삼각면 위 그림자 추적, 32방향 지평선. 건물은 가장 불리한 층의 가장 나은 "
      "외벽으로 판정합니다"};
  it.card.limits = {
      "Flat roofs; no trees but those in the terrain; windows are not known, façades stand for them; clear "
      "skies; not a legal finding",
      "평지붕으로 봅니다. 나무는 지형에 있는 것만 봅니다. 창 대신 외벽으로 봅니다. 맑은 날 기준이며 법적 판정이 "
      "아닙니다"};
  it.card.sources = {"Reda and Andreas 2008, NREL/TP-560-34302",
                     "Rigollier, Bauer and Wald 2000, Solar Energy 68; Ineichen 2008, Solar Energy 82",
                     "Dozier and Frew 1990, IEEE Trans. Geosci. Remote Sens. 28",
                     "Enforcement Decree of the Building Act (Korea), article 86"};
  model.cost = cost_of_sun;
  model.run = run_sun;
  model.validate = validate_sun;
  return model;
}

}  // namespace cityloom::model::sun
