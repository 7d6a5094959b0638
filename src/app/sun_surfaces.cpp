// Each building is one entry of the answer; its façades are summed by edge.
#include "app/sun_surfaces.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "app/interrupt.hpp"
#include "app/number_option.hpp"
#include "app/progress.hpp"
#include "app/sun_options.hpp"
#include "base/instant.hpp"
#include "model/sun/sunlight_rule.hpp"
#include "model/sun/yield.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using Json = nlohmann::ordered_json;
using namespace model::sun;
using Steady = std::chrono::steady_clock;

// Terrain and what stands on it.
struct City : SunInput {
  Buildings buildings;
  model::GridFile raised;
  std::vector<Part> parts;
};

ExitCode refuse(const base::Error& error) {
  if (error.code == Code::cancelled) return complain(error, ExitCode::interrupted);
  return complain(error, error.where.starts_with("--") ? ExitCode::usage : exit_code_of_input(error));
}

base::Result<City> read_city(const Arguments& arguments, const Date& otherwise) {
  Date date = otherwise;
  if (const std::string* text = arguments.option("--date")) {
    const auto read = read_date(*text);
    if (!read) return fail(read.error().code, read.error().what, "--date", read.error().remedy);
    date = *read;
  }
  auto input = read_sun_input(arguments, *arguments.option("--dem"), date);
  if (!input) return input.error();
  City city{{std::move(*input)}, {}, {}, {}};
  auto buildings = read_buildings_on(*arguments.option("--buildings"), city.terrain);
  if (!buildings) return buildings.error();
  city.buildings = std::move(*buildings);
  city.raised = city.terrain;
  if (const auto raised = raise(city.raised, city.buildings.all); !raised) return raised.error();
  auto parts = cut_surfaces(city.buildings.all, city.terrain, city.raised, city.day.site, {});
  if (!parts) return parts.error();
  city.parts = std::move(*parts);
  if (city.parts.empty())
    return fail(Code::invalid, "no building with a height stands on the terrain", *arguments.option("--buildings"),
                "see to their heights, and to the coordinates of both");
  return city;
}

base::Status read_numbers(const Arguments& arguments,
                          std::initializer_list<std::tuple<const char*, double, double, double*>> numbers) {
  for (const auto& [option, least, most, to] : numbers) {
    const std::string* text = arguments.option(option);
    if (text == nullptr) continue;
    const auto read = read_number(*text, option, least, most);
    if (!read) return read.error();
    *to = *read;
  }
  return {};
}

Json light_json(const BuildingSunlight& building) {
  if (!building.has_facade) return nullptr;
  return {
      {"piece_h", building.light.piece_h}, {"total_h", building.light.total_h}, {"enough", building.light.is_enough}};
}

base::Result<SunlightRule> read_rule(const Arguments& arguments) {
  SunlightRule rule;
  const auto read = read_numbers(arguments, {{"--piece-from", 0, 24, &rule.piece_from_h},
                                             {"--piece-to", 0, 24, &rule.piece_to_h},
                                             {"--piece-hours", 0, 24, &rule.piece_h},
                                             {"--total-from", 0, 24, &rule.total_from_h},
                                             {"--total-to", 0, 24, &rule.total_to_h},
                                             {"--total-hours", 0, 24, &rule.total_h}});
  if (!read) return read.error();
  return rule;
}

}  // namespace

std::vector<Option> surface_options() {
  return {{"--piece-hours", "HOURS", "of `rule`: enough in one piece (default 2), within", ""},
          {"--piece-from", "HOUR", "(default 9)", ""},
          {"--piece-to", "HOUR", "(default 15)", ""},
          {"--total-hours", "HOURS", "of `rule`: or enough altogether (default 4), within", ""},
          {"--total-from", "HOUR", "(default 8)", ""},
          {"--total-to", "HOUR", "(default 16)", ""},
          {"--efficiency", "NUMBER", "of `yield`: of the modules at 25 C (default 0.2)", ""},
          {"--coefficient", "NUMBER", "of `yield`: change of their power for each K (default -0.004)", ""},
          {"--performance-ratio", "NUMBER", "of `yield`: of all behind them (default 0.86)", ""},
          {"--cover", "NUMBER", "of `yield`: share of a surface with modules (default 1)", ""},
          {"--air", "CELSIUS", "of `yield`: temperature of the air (default 15)", ""}};
}

ExitCode run_sunlight_rule(const Arguments& arguments) {
  const auto rule = read_rule(arguments);
  if (!rule) return refuse(rule.error());
  const auto begun = Steady::now();
  auto city = read_city(arguments, {2026, 12, 22});
  if (!city) return refuse(city.error());
  if (arguments.option("--step") == nullptr) city->day.step_minutes = 10;
  const base::SystemClock clock;
  Progress progress("hours of sunlight", clock);
  const Interrupt interrupt;
  const auto goes_on = [&](double part) {
    progress.report(static_cast<uint64_t>(part * 100), 100, "%");
    return !interrupt.asked();
  };
  const auto before = sunlight(city->raised, city->day, city->parts, *rule, goes_on);
  if (!before) return refuse(before.error());
  const size_t count = city->buildings.all.size();
  const auto had = by_building(count, city->parts, *before);
  std::vector<BuildingSunlight> has;
  if (const std::string* planned = arguments.option("--planned")) {
    const auto more = read_buildings_on(*planned, city->terrain);
    if (!more) return refuse(more.error());
    // What is planned stands on the ground, not on what is there.
    model::GridFile after = city->terrain;
    if (const auto raised = raise(after, more->all); !raised) return refuse(raised.error());
    for (size_t cell = 0; cell < after.values.size(); ++cell)
      after.values[cell] = std::max(after.values[cell], city->raised.values[cell]);
    const auto light = sunlight(after, city->day, city->parts, *rule, goes_on);
    if (!light) return refuse(light.error());
    has = by_building(count, city->parts, *light);
  }
  Json list = Json::array();
  size_t enough_before = 0, enough_after = 0, lose = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!had[i].has_facade) continue;
    Json one = {{"building", city->buildings.all[i].name}, {"before", light_json(had[i])}};
    enough_before += had[i].light.is_enough ? 1 : 0;
    if (!has.empty()) {
      one["after"] = light_json(has[i]);
      enough_after += has[i].light.is_enough ? 1 : 0;
      lose += had[i].light.is_enough && !has[i].light.is_enough ? 1 : 0;
    }
    list.push_back(std::move(one));
  }
  Json json = {{"enough_before", enough_before}};
  if (!has.empty()) json["enough_after"] = enough_after, json["lose"] = lose;
  json["buildings"] = std::move(list);
  json["seconds"] = std::chrono::duration<double>(Steady::now() - begun).count();
  progress.finish("done");
  std::printf("%s\n", json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  return ExitCode::ok;
}

ExitCode run_sun_yield(const Arguments& arguments) {
  Modules modules;
  if (const auto read = read_numbers(arguments, {{"--efficiency", 0, 1, &modules.efficiency},
                                                 {"--coefficient", -0.02, 0, &modules.coefficient_per_k},
                                                 {"--performance-ratio", 0, 1, &modules.performance_ratio},
                                                 {"--cover", 0, 1, &modules.cover},
                                                 {"--air", -60, 60, &modules.air_c}});
      !read)
    return refuse(read.error());
  const auto begun = Steady::now();
  const auto city = read_city(arguments, {2026, 1, 1});
  if (!city) return refuse(city.error());
  const base::SystemClock clock;
  Progress progress("yield of roofs and façades", clock);
  const Interrupt interrupt;
  const auto found = yields(city->raised, city->day, city->parts, modules, [&](double part) {
    progress.report(static_cast<uint64_t>(part * 100), 100, "%");
    return !interrupt.asked();
  });
  if (!found) return refuse(found.error());
  // Parts of one roof, and of one edge of a façade, are told together.
  struct Sum {
    double area_m2 = 0, light_kwh = 0, power_kwh = 0, azimuth_deg = 0;
    std::array<double, 12> month_kwh{};
    std::array<double, 24> hour_wh{};
  };
  std::map<std::tuple<size_t, int, size_t>, Sum> sums;
  for (size_t i = 0; i < city->parts.size(); ++i) {
    const Part& part = city->parts[i];
    Sum& sum = sums[{part.building, part.kind == Part::Kind::roof ? 0 : 1, part.edge}];
    sum.area_m2 += part.area_m2;
    sum.light_kwh += (*found)[i].light_kwh_m2 * part.area_m2;
    sum.power_kwh += (*found)[i].power_kwh;
    sum.azimuth_deg = part.azimuth_deg;
    for (size_t m = 0; m < 12; ++m) sum.month_kwh[m] += (*found)[i].month_kwh[m];
    for (size_t h = 0; h < 24; ++h) sum.hour_wh[h] += (*found)[i].hour_wh_m2[h] * part.area_m2;
  }
  Json list = Json::array();
  double power_kwh = 0;
  for (const auto& [key, sum] : sums) {
    const auto& [building, kind, edge] = key;
    Json one = {{"building", city->buildings.all[building].name}, {"part", kind == 0 ? "roof" : "facade"}};
    if (kind == 1) one["edge"] = edge, one["azimuth_deg"] = sum.azimuth_deg;
    Json hours = Json::array();
    for (const double hour : sum.hour_wh) hours.push_back(hour / sum.area_m2);
    one.update({{"area_m2", sum.area_m2},
                {"light_kwh_m2", sum.light_kwh / sum.area_m2},
                {"power_kwh", sum.power_kwh},
                {"power_kwh_by_month", sum.month_kwh},
                {"light_wh_m2_by_hour_of_mean_day", hours}});
    power_kwh += sum.power_kwh;
    list.push_back(std::move(one));
  }
  const Json json = {{"power_kwh", power_kwh},
                     {"parts", std::move(list)},
                     {"seconds", std::chrono::duration<double>(Steady::now() - begun).count()}};
  progress.finish("done");
  std::printf("%s\n", json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  return ExitCode::ok;
}

}  // namespace cityloom::app
