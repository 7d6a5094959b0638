// cityloom sun: light and shadow over terrain and buildings.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/progress.hpp"
#include "app/sun_options.hpp"
#include "app/sun_surfaces.hpp"
#include "base/instant.hpp"
#include "model/sun/buildings.hpp"
#include "model/sun/day.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using Json = nlohmann::ordered_json;
using namespace model::sun;
using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

std::string clock_text(double hours) {
  const auto seconds = static_cast<int64_t>(std::llround(hours * 3600));
  const int64_t within = ((seconds % 86'400) + 86'400) % 86'400;
  return fmt::format("{:02}:{:02}:{:02}", within / 3600, within / 60 % 60, within % 60);
}

Json map_json(const std::vector<float>& values, double cell_m2) {
  double sum = 0, least = std::numeric_limits<double>::infinity(), most = -least;
  size_t count = 0;
  for (const float value : values) {
    if (std::isnan(value)) continue;
    const double number = static_cast<double>(value);
    sum += number, least = std::min(least, number), most = std::max(most, number), ++count;
  }
  Json json = {{"mean", sum / static_cast<double>(count)}, {"min", least}, {"max", most}};
  if (cell_m2 > 0) json["sum_kwh"] = sum * cell_m2 / 1000;
  return json;
}

Json steps_json(const Day& day) {
  Json steps = Json::array();
  for (const DayStep& step : day.steps)
    steps.push_back({{"from", clock_text(step.from_h)},
                     {"to", clock_text(step.to_h)},
                     {"zenith_deg", step.sun.zenith_deg},
                     {"azimuth_deg", step.sun.azimuth_deg},
                     {"beam_normal_w_m2", step.light.beam_normal},
                     {"diffuse_w_m2", step.light.diffuse}});
  return steps;
}

Json daylight_json(const Daylight& daylight, double offset_h) {
  const auto local = [&](double seconds) { return clock_text(seconds / 3600 + offset_h); };
  switch (daylight.kind) {
    case Daylight::Kind::up_all_day:
      return {{"kind", "up all day"}, {"noon", local(daylight.noon_s)}};
    case Daylight::Kind::down_all_day:
      return {{"kind", "down all day"}, {"noon", local(daylight.noon_s)}};
    case Daylight::Kind::rises_and_sets:
      break;
  }
  return {{"kind", "rises and sets"},
          {"sunrise", local(daylight.rise_s)},
          {"noon", local(daylight.noon_s)},
          {"sunset", local(daylight.set_s)}};
}

// What is to be done, read from the command line and the terrain.
struct Wanted : SunInput {
  std::string folder;
  Json buildings;  // what became of them; null where none are named
};

// Raises the terrain by the buildings that a file holds.
base::Result<Json> raise_buildings(const std::string& path, model::GridFile& terrain) {
  const auto buildings = read_buildings_on(path, terrain);
  if (!buildings) return buildings.error();
  const auto standing = raise(terrain, buildings->all);
  if (!standing) return standing.error();
  return Json{{"read", buildings->all.size()},
              {"without_height", buildings->without_height},
              {"standing_on_the_terrain", *standing}};
}

base::Result<Wanted> read_wanted(const Arguments& arguments, const std::string& dem, const Date& date) {
  auto input = read_sun_input(arguments, dem, date);
  if (!input) return input.error();
  Wanted wanted{{std::move(*input)}, {}, {}};
  if (const std::string* path = arguments.option("--buildings")) {
    auto raised = raise_buildings(*path, wanted.terrain);
    if (!raised) return raised.error();
    wanted.buildings = std::move(*raised);
  }
  const std::string* folder = arguments.option("--output");
  wanted.folder = folder != nullptr ? *folder : "sun-" + *arguments.option("--date");
  return wanted;
}

base::Result<std::vector<std::string>> write_maps(const Wanted& wanted, const Day& day) {
  std::vector<std::string> files;
  const std::pair<const char*, const std::vector<float>*> maps[] = {
      {"beam", &day.beam_wh_m2},     {"diffuse", &day.diffuse_wh_m2},     {"reflected", &day.reflected_wh_m2},
      {"global", &day.global_wh_m2}, {"sunlight_hours", &day.sunlight_h}, {"sky_view", &day.sky_view}};
  for (const auto& [name, values] : maps) {
    files.push_back(fmt::format("{}/{}.tif", wanted.folder, name));
    if (auto written = model::write_grid(files.back(), wanted.terrain, *values); !written) return written.error();
  }
  return files;
}

Json answer_json(const Arguments& arguments, const Wanted& wanted, const Day& day) {
  const Site& site = wanted.day.site;
  const double cell_m2 = site.cell_x_m * site.cell_y_m;
  Json json = {{"date", *arguments.option("--date")},
               {"latitude_deg", site.latitude_deg},
               {"longitude_deg", site.longitude_deg},
               {"utc_offset_h", wanted.day.utc_offset_h},
               {"altitude_m", wanted.day.air.altitude_m},
               {"columns", wanted.terrain.columns},
               {"rows", wanted.terrain.rows},
               {"cells", wanted.terrain.values.size() - wanted.terrain.holes},
               {"holes", wanted.terrain.holes},
               {"cell_m", {site.cell_x_m, site.cell_y_m}},
               {"sun", daylight_json(day.daylight, wanted.day.utc_offset_h)},
               {"steps", day.steps.size()},
               {"beam_wh_m2", map_json(day.beam_wh_m2, cell_m2)},
               {"diffuse_wh_m2", map_json(day.diffuse_wh_m2, cell_m2)},
               {"reflected_wh_m2", map_json(day.reflected_wh_m2, cell_m2)},
               {"global_wh_m2", map_json(day.global_wh_m2, cell_m2)},
               {"sunlight_h", map_json(day.sunlight_h, 0)},
               {"sky_view", map_json(day.sky_view, 0)},
               {"level_ground_wh_m2", {{"beam", day.level_beam_wh_m2}, {"diffuse", day.level_diffuse_wh_m2}}},
               {"positions", steps_json(day)}};
  if (!wanted.buildings.is_null()) json["buildings"] = wanted.buildings;
  if (!site.note.empty()) json["note"] = site.note;
  return json;
}

ExitCode run_day_command(const Arguments& arguments, const std::string& dem, const std::string& date_text) {
  const auto date = read_date(date_text);
  if (!date) return complain(date.error(), ExitCode::usage);
  const auto start = Steady::now();
  const auto wanted = read_wanted(arguments, dem, *date);
  if (!wanted)
    return complain(wanted.error(),
                    wanted.error().where.starts_with("--") ? ExitCode::usage : exit_code_of_input(wanted.error()));
  if (std::error_code error; !std::filesystem::create_directories(wanted->folder, error) && error)
    return complain(fail(Code::unavailable, "cannot be made: " + error.message(), wanted->folder), ExitCode::failed);
  const double reading_s = seconds_since(start);
  const base::SystemClock clock;
  Progress progress("sun over " + dem, clock);
  const Interrupt interrupt;
  std::vector<std::string> step_files;
  TakeStep take;
  double writing_s = 0;
  if (arguments.option("--each-step") != nullptr)
    take = [&](const DayStep& step, const std::vector<float>& global_w_m2) {
      const auto begun = Steady::now();
      const int minutes = static_cast<int>((step.from_h + step.to_h) * 30);
      step_files.push_back(fmt::format("{}/global-{:02}{:02}.tif", wanted->folder, minutes / 60, minutes % 60));
      auto written = model::write_grid(step_files.back(), wanted->terrain, global_w_m2);
      writing_s += seconds_since(begun);
      return written;
    };
  const auto begun = Steady::now();
  const auto day = run_day(
      wanted->terrain, wanted->day,
      [&](double part) {
        progress.report(static_cast<uint64_t>(part * 100), 100, "%");
        return !interrupt.asked();
      },
      take);
  if (!day)
    return complain(day.error(), day.error().code == Code::cancelled ? ExitCode::interrupted
                                 : day.error().code == Code::invalid ? ExitCode::input
                                                                     : ExitCode::failed);
  const double seconds = seconds_since(begun) - writing_s;
  progress.finish(fmt::format("{} steps", day->steps.size()));
  const auto written_from = Steady::now();
  auto files = write_maps(*wanted, *day);
  if (!files) return complain(files.error(), ExitCode::failed);
  files->insert(files->end(), step_files.begin(), step_files.end());
  Json json = answer_json(arguments, *wanted, *day);
  json["files"] = *files;
  json["seconds"] = seconds;
  json["seconds_reading"] = reading_s;
  json["seconds_writing"] = writing_s + seconds_since(written_from);
  std::printf("%s\n", json.dump().c_str());
  return ExitCode::ok;
}

ExitCode run_sun(const Arguments& arguments) {
  const std::string *dem = arguments.option("--dem"), *date = arguments.option("--date");
  const std::string what = arguments.names.size() == 1 ? arguments.names[0] : "";
  if (what == "run" && dem != nullptr && date != nullptr) return run_day_command(arguments, *dem, *date);
  const bool has_buildings = dem != nullptr && arguments.option("--buildings") != nullptr;
  if (what == "rule" && has_buildings) return run_sunlight_rule(arguments);
  if (what == "yield" && has_buildings) return run_sun_yield(arguments);
  return complain(
      fail(Code::invalid, "what to do is not said", "",
           "`cityloom sun run --dem FILE --date 2026-06-21 [--step MINUTES]`, `cityloom sun rule` or `yield "
           "--dem FILE --buildings FILE`"),
      ExitCode::usage);
}

}  // namespace

Command sun_command() {
  std::vector<Option> options = {
      {"--dem", "FILE", "heights in metres: ESRI ASCII grid or GeoTIFF", ""},
      {"--date", "YYYY-MM-DD", "the day; of `rule` the winter solstice, of `yield` a day of the year, if not said", ""},
      {"--buildings", "FILE", "GeoJSON of footprints with heights, which are raised on the terrain", ""},
      {"--planned", "FILE", "likewise, of `rule`: what is to be built", ""},
      {"--output", "FOLDER", "of `run`, for the maps (default sun-DATE)", ""},
      {"--each-step", "", "of `run`: writes a map of each step's light too (W/m2)", ""}};
  for (const std::vector<Option>& more : {sun_options(), surface_options()})
    options.insert(options.end(), more.begin(), more.end());
  return {
      "sun",
      "Compute light and shadow over terrain",
      "run --dem FILE --date YYYY-MM-DD [--step MINUTES], rule or yield --dem FILE --buildings FILE",
      "`run` writes maps (GeoTIFF) of the day's beam, diffuse, reflected and global light in Wh/m2, hours of sunlight\n"
      "and the share of the sky that is seen. `rule` tells of each building whether it has the hours of sunlight that\n"
      "the law wants, before and after what is planned. `yield` tells what modules on each roof and façade would give\n"
      "in a year. All print JSON (see docs/sun.md).\n",
      std::move(options),
      run_sun};
}

}  // namespace cityloom::app
