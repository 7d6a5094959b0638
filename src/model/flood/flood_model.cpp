// A flash flood over a piece of the city as a model of the catalogue: rain on terrain with buildings, and what gets
// wet.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/catalogue.hpp"
#include "model/flood/case.hpp"
#include "model/flood/validate.hpp"
#include "model/grid/features_on_grid.hpp"

namespace cityloom::model::flood {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr double storey_m = 3;
constexpr double told_from_m = 0.1;  // of water at a building or on a road

Input input(std::string name, Input::Kind kind, Text title, Text help, std::string unit, double least, double greatest,
            std::optional<Json> fallback) {
  Input made;
  made.name = std::move(name);
  made.kind = kind;
  made.title = std::move(title);
  made.help = std::move(help);
  made.unit = std::move(unit);
  made.least = least;
  made.greatest = greatest;
  made.fallback = std::move(fallback);
  return made;
}

Input from_city(std::string name, Input::Kind kind, std::string what, Text title) {
  Input made;
  made.name = std::move(name);
  made.kind = kind;
  made.title = std::move(title);
  made.from_city = std::move(what);
  made.is_needed = made.from_city == "terrain";
  return made;
}

std::vector<Input> inputs_of_flood() {
  Input area;
  area.name = "area";
  area.kind = Input::Kind::box;
  area.title = {"Area", "지역"};
  area.help = {"What is computed: west, south, east, north", "계산할 범위: 서, 남, 동, 북"};
  area.is_needed = false;
  constexpr double day_s = 86'400;
  std::vector<Input> inputs{
      std::move(area),
      input("rain_mm_h", Input::Kind::series, {"Rain", "강우"},
            {"Over the whole area; one number, or [[seconds, mm/h], ...]", "지역 전체. 수 하나 또는 [[초, mm/h], ...]"},
            "mm/h", 0, 500, 80),
      input("rain_s", Input::Kind::number, {"How long it rains", "강우 지속 시간"},
            {"Of rain given as one number", "강우를 수 하나로 줄 때"}, "s", 1, 7 * day_s, 3'600),
      input("duration_s", Input::Kind::number, {"How long is computed", "계산 시간"}, {"", ""}, "s", 60, 7 * day_s,
            5'400),
      input("infiltration_mm_h", Input::Kind::number, {"What the ground takes", "침투"}, {"At most", "최대"}, "mm/h", 0,
            500, 5),
      input("roughness_manning", Input::Kind::number, {"Roughness (Manning)", "조도 계수(매닝)"},
            {"0.015 asphalt, 0.03 city, 0.1 wood", "0.015 아스팔트, 0.03 시가지, 0.1 숲"}, "s/m^(1/3)", 0.005, 0.5,
            0.03),
      input("sea_level_m", Input::Kind::number, {"Level of open water", "바다나 강의 수위"},
            {"Ground below it takes water away and is not counted as flooded; above the ellipsoid",
             "이보다 낮은 땅은 물이 빠지는 곳으로 보고 침수로 세지 않습니다. 타원체 높이"},
            "m", -500, 9'000, {}),
      input("cell_m", Input::Kind::number, {"Size of a cell", "격자 크기"}, {"", ""}, "m", 0.5, 100, 5),
      from_city("terrain", Input::Kind::terrain, "terrain", {"Ground", "지형"}),
      from_city("buildings", Input::Kind::features, "buildings", {"Buildings", "건물"}),
      from_city("roads", Input::Kind::features, "roads", {"Roads", "도로"}),
  };
  for (Input& each : inputs) each.is_needed = each.is_needed && each.name != "sea_level_m";
  return inputs;
}

/// What is computed, and what lies on it.
struct Place {
  Case it;
  FeaturesOnGrid buildings, roads;
  std::vector<bool> is_built, is_open_water;
};

Result<Place> place_of(const Json& inputs) {
  Place place;
  auto terrain = read_grid(inputs.at("terrain").get<std::string>());
  if (!terrain) return terrain.error();
  if (terrain->holes > 0)
    return fail(Code::invalid,
                fmt::format("the ground is not known at {} of {} cells", terrain->holes, terrain->values.size()),
                "area", "bring terrain for it (`cityloom import`), or choose an area within it");
  place.it.terrain = std::move(*terrain);
  const GridFile& grid = place.it.terrain;
  place.is_built.assign(grid.values.size(), false);
  place.is_open_water.assign(grid.values.size(), false);
  for (const auto& [name, features] : {std::pair("buildings", &place.buildings), std::pair("roads", &place.roads)}) {
    if (!inputs.contains(name)) continue;
    auto read = features_on_grid(inputs.at(name).get<std::string>(), grid);
    if (!read) return read.error();
    *features = std::move(*read);
  }
  return place;
}

/// Buildings stand in the way; open water takes what comes.
void shape_ground(const Json& inputs, Place& place) {
  std::vector<double>& ground_m = place.it.terrain.values;
  for (const auto& building : place.buildings.features) {
    if (!building.is_area) continue;
    const double height_m = height_m_of(building.properties, 2 * storey_m);
    for (const uint32_t cell : building.cells) {
      if (place.is_built[cell]) continue;
      ground_m[cell] += height_m;
      place.is_built[cell] = true;
    }
  }
  if (!inputs.contains("sea_level_m")) return;
  const double level_m = inputs.at("sea_level_m").get<double>();
  for (size_t cell = 0; cell < ground_m.size(); ++cell) {
    if (place.is_built[cell] || ground_m[cell] > level_m) continue;
    place.is_open_water[cell] = true;
    ground_m[cell] = level_m - 50;  // deep enough to take all of it
  }
}

Case case_of(const Json& inputs, Place& place, unsigned workers) {
  Case it = std::move(place.it);
  it.manning = {inputs.at("roughness_manning").get<double>()};
  const Json& rain = inputs.at("rain_mm_h");
  it.rain_mm_h.points.clear();
  if (rain.is_number()) {
    const double end_s = inputs.at("rain_s").get<double>();
    it.rain_mm_h.points = {{0, rain.get<double>()}, {end_s, rain.get<double>()}, {end_s + 1, 0}};
  } else {
    for (const Json& point : rain) it.rain_mm_h.points.emplace_back(point[0].get<double>(), point[1].get<double>());
  }
  it.infiltration_mm_h.points = {{0, inputs.at("infiltration_mm_h").get<double>()}};
  for (auto& [kind, series] : it.boundaries) kind = Boundary::Kind::open;
  it.duration_s = inputs.at("duration_s").get<double>();
  it.every_s = std::max(1.0, it.duration_s / 100);
  it.options.workers = workers;
  it.keep.depth_max = it.keep.speed_max = it.keep.hazard_max = it.keep.arrival = true;
  return it;
}

/// The most of a map in the cells of a thing; of an area in those around it too, since its own are its roof.
struct Wet {
  double depth_m = 0, hazard = 0, arrival_s = -1;
};

class Wetting {
 public:
  Wetting(const Place& place, const GridFile& grid, const Outcome& outcome)
      : place_(place), grid_(grid), outcome_(outcome) {}

  Wet of(const FeaturesOnGrid::Feature& feature) const {
    Wet wet;
    for (const uint32_t cell : feature.cells) {
      if (!feature.is_area) {
        take(cell, wet);
        continue;
      }
      const auto row = static_cast<int64_t>(cell / grid_.columns), column = static_cast<int64_t>(cell % grid_.columns);
      for (int64_t y = std::max<int64_t>(row - 1, 0); y <= std::min<int64_t>(row + 1, last(grid_.rows)); ++y)
        for (int64_t x = std::max<int64_t>(column - 1, 0); x <= std::min<int64_t>(column + 1, last(grid_.columns)); ++x)
          take(static_cast<size_t>(y) * grid_.columns + static_cast<size_t>(x), wet);
    }
    return wet;
  }

 private:
  static int64_t last(size_t count) { return static_cast<int64_t>(count) - 1; }

  void take(size_t cell, Wet& wet) const {
    if (place_.is_built[cell] || place_.is_open_water[cell]) return;
    wet.depth_m = std::max(wet.depth_m, static_cast<double>(outcome_.of(Mark::depth_max)[cell]));
    wet.hazard = std::max(wet.hazard, static_cast<double>(outcome_.of(Mark::hazard_max)[cell]));
    const auto arrival_s = static_cast<double>(outcome_.of(Mark::arrival)[cell]);
    if (arrival_s >= 0 && (wet.arrival_s < 0 || arrival_s < wet.arrival_s)) wet.arrival_s = arrival_s;
  }

  const Place& place_;
  const GridFile& grid_;
  const Outcome& outcome_;
};

double rounded(double value) {
  return std::round(value * 1'000) / 1'000;
}

/// What is told of each thing that gets wet, and how many of them there are.
size_t tell(const FeaturesOnGrid& things, const Wetting& wetting, Produced& produced) {
  size_t count = 0;
  for (const auto& thing : things.features) {
    const Wet wet = wetting.of(thing);
    if (wet.depth_m < told_from_m || thing.id.empty()) continue;
    ++count;
    produced.facts.push_back({thing.id, "floodDepthMax", rounded(wet.depth_m), "MTR", {}});
    produced.facts.push_back({thing.id, "floodHazard", rounded(wet.hazard), "", {}});
    if (wet.arrival_s >= 0)
      produced.facts.push_back({thing.id, "floodArrivalAfter", std::round(wet.arrival_s), "SEC", {}});
  }
  return count;
}

Raster raster_of(std::string output, const GridFile& grid, const std::vector<float>& values, const Place& place,
                 float least) {
  Raster raster;
  raster.output = std::move(output);
  raster.columns = grid.columns;
  raster.rows = grid.rows;
  raster.west = grid.west;
  raster.south = grid.south;
  raster.cell_x = grid.cell_x;
  raster.cell_y = grid.cell_y;
  raster.system = grid.system;
  raster.values = values;
  for (size_t cell = 0; cell < values.size(); ++cell) {
    if (values[cell] < least || place.is_built[cell] || place.is_open_water[cell])
      raster.values[cell] = std::numeric_limits<float>::quiet_NaN();
  }
  return raster;
}

void tell_values(const Case& it, const Place& place, const Outcome& outcome, Produced& produced) {
  const double cell_m2 = it.terrain.cell_x_m * it.terrain.cell_y_m;
  double flooded_m2 = 0, deepest_m = 0;
  for (size_t cell = 0; cell < outcome.of(Mark::depth_max).size(); ++cell) {
    if (place.is_built[cell] || place.is_open_water[cell]) continue;
    const auto depth_m = static_cast<double>(outcome.of(Mark::depth_max)[cell]);
    flooded_m2 += depth_m >= told_from_m ? cell_m2 : 0;
    deepest_m = std::max(deepest_m, depth_m);
  }
  produced.values["flooded_m2"] = std::round(flooded_m2);
  produced.values["deepest_m"] = rounded(deepest_m);
  produced.values["audit"] = {{"rain_m3", outcome.audit.rain_m3},
                              {"infiltrated_m3", outcome.audit.infiltrated_m3},
                              {"boundary_m3", outcome.audit.boundary_m3},
                              {"end_m3", outcome.audit.now_m3},
                              {"relative_error", outcome.audit.relative_error()}};
}

Result<Produced> run_flood(const Json& inputs, const Run& run) {
  auto place = place_of(inputs);
  if (!place) return place.error();
  shape_ground(inputs, *place);
  const Case it = case_of(inputs, *place, run.workers);
  Follower follower;
  follower.progress = [&](double time_s) {
    return run.goes_on(time_s / it.duration_s, fmt::format("{:.0f} of {:.0f} s", time_s, it.duration_s));
  };
  const auto outcome = run_case(it, follower);
  if (!outcome) return outcome.error();
  Produced produced;
  tell_values(it, *place, *outcome, produced);
  const Wetting wetting(*place, it.terrain, *outcome);
  produced.values["buildings_wet"] = tell(place->buildings, wetting, produced);
  produced.values["roads_wet"] = tell(place->roads, wetting, produced);
  produced.rasters.push_back(raster_of("depth_max", it.terrain, outcome->of(Mark::depth_max), *place, 0.05F));
  produced.rasters.push_back(raster_of("speed_max", it.terrain, outcome->of(Mark::speed_max), *place, 0.05F));
  produced.rasters.push_back(raster_of("hazard_max", it.terrain, outcome->of(Mark::hazard_max), *place, 0.05F));
  produced.rasters.push_back(raster_of("arrival", it.terrain, outcome->of(Mark::arrival), *place, 0));
  return produced;
}

/// Some 60 million updates of cells a second; a step takes about a cell's way of a wave in 2 m of water.
Result<Cost> cost_of_flood(const Json& inputs) {
  if (!inputs.contains("area")) return Cost{};
  const Json& area = inputs.at("area");
  const double cell_m = inputs.at("cell_m").get<double>();
  constexpr double degree_m = 111'195;
  const double south = area[1].get<double>(), north = area[3].get<double>();
  const double cells = (north - south) * degree_m / cell_m * (area[2].get<double>() - area[0].get<double>()) *
                       degree_m * std::cos((south + north) * M_PI / 360) / cell_m;
  const double steps = inputs.at("duration_s").get<double>() / (0.45 * cell_m / 8);
  return Cost{cells * steps / 60e6, static_cast<uint64_t>(cells * 160) + (256u << 20)};
}

}  // namespace

Model flood_model() {
  Model model;
  Declaration& it = model.declaration;
  it.id = "flood";
  it.version = "1.0.0";
  it.title = {"Flash flood", "돌발 홍수"};
  it.summary = {"Where water goes when it rains: depth, speed, danger and time of arrival; which buildings and roads",
                "비가 올 때 물이 어디로 가는지: 깊이, 속도, 위험도, 도달 시각, 잠기는 건물과 도로"};
  it.inputs = inputs_of_flood();
  using Kind = Output::Kind;
  it.outputs = {
      {"flooded_m2", Kind::value, {"Area under 10 cm of water or more", "10cm 이상 잠긴 면적"}, "m2", ""},
      {"deepest_m", Kind::value, {"Deepest water", "가장 깊은 곳"}, "m", ""},
      {"buildings_wet", Kind::value, {"Buildings with 10 cm of water at them", "10cm 이상 잠긴 건물"}, "", ""},
      {"roads_wet", Kind::value, {"Roads with 10 cm of water on them", "10cm 이상 잠긴 도로"}, "", ""},
      {"audit", Kind::document, {"Where the water came from and went", "물의 수지"}, "", ""},
      {"depth_max", Kind::raster, {"Deepest water", "최대 침수심"}, "MTR", "water"},
      {"speed_max", Kind::raster, {"Fastest flow", "최대 유속"}, "MTS", "heat"},
      {"hazard_max", Kind::raster, {"Danger to people (DEFRA)", "보행 위험도(DEFRA)"}, "", "heat"},
      {"arrival", Kind::raster, {"Seconds until 5 cm", "5cm 도달 시간(초)"}, "SEC", "difference"},
      {"wet", Kind::facts, {"Depth, danger and arrival at each", "대상마다의 깊이, 위험도, 도달 시각"}, "", ""}};
  it.card.purpose = {"Cloudbursts on a district: where to close streets, whom to warn first",
                     "집중 호우 때 어느 길을 막고 누구에게 먼저 알릴지 정합니다"};
  it.card.method = {
      "Two-dimensional shallow water equations, second order (MUSCL-Hancock, HLLC), Manning friction; "
      "buildings stand in the way",
      "2차원 천수 방정식, 2차 정확도(MUSCL-Hancock, HLLC), 매닝 마찰. 건물은 물길을 막습니다"};
  it.card.limits = {
      "No sewers, no cellars and underpasses below the terrain; terrain coarser than a street hides "
      "kerbs and walls",
      "하수관, 지하층, 지형 아래 지하차도는 없습니다. 도로보다 성긴 지형은 연석과 담을 보이지 못합니다"};
  it.card.sources = {"Audusse et al. 2004, A fast and stable well-balanced scheme, SIAM J. Sci. Comput. 25",
                     "Toro 2001, Shock-capturing methods for free-surface shallow flows",
                     "DEFRA FD2320/TR2, Flood risk assessment guidance for new development"};
  model.cost = cost_of_flood;
  model.run = run_flood;
  model.validate = validate_flood;
  return model;
}

}  // namespace cityloom::model::flood
