// cityloom flood: water over terrain, as a file tells it.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/progress.hpp"
#include "base/instant.hpp"
#include "model/flood/case.hpp"
#include "model/flood/ensemble.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using Json = nlohmann::ordered_json;
using namespace model::flood;

Json gauges_json(const Case& it, const Outcome& outcome) {
  Json gauges = Json::array();
  for (size_t i = 0; i < it.gauges.size(); ++i) {
    Json series = Json::array();
    for (const Outcome::Entry& entry : outcome.gauges[i])
      series.push_back({{"time_s", entry.time_s},
                        {"depth_m", entry.depth_m},
                        {"level_m", entry.level_m},
                        {"speed_m_s", entry.speed_m_s}});
    gauges.push_back({{"name", it.gauges[i].name}, {"series", std::move(series)}});
  }
  return gauges;
}

Json audit_json(const Audit& audit) {
  return {{"start_m3", audit.start_m3},       {"end_m3", audit.now_m3},
          {"rain_m3", audit.rain_m3},         {"infiltrated_m3", audit.infiltrated_m3},
          {"inflow_m3", audit.inflow_m3},     {"drained_m3", audit.drained_m3},
          {"boundary_m3", audit.boundary_m3}, {"relative_error", audit.relative_error()}};
}

const std::vector<float>& values_of(const Outcome& outcome, const std::string& what) {
  if (what == "depth") return outcome.depth_m;
  const std::map<std::string, Mark> marks{{"depth_max", Mark::depth_max},   {"speed_max", Mark::speed_max},
                                          {"hazard_max", Mark::hazard_max}, {"arrival", Mark::arrival},
                                          {"wet_time", Mark::wet_time},     {"peak", Mark::peak}};
  return outcome.marks[static_cast<size_t>(marks.at(what))];
}

base::Status write_outputs(const Case& it, const Outcome& outcome) {
  for (const Case::Output& output : it.outputs) {
    if (auto written = write_grid(output.path, it.terrain, values_of(outcome, output.what)); !written) return written;
  }
  return {};
}

Json hazard_json(const Case& it, double hazard) {
  const size_t place = class_of(hazard, it.hazard_bounds);
  // Three bounds are FD2320's classes, which have names.
  return it.hazard_bounds.size() == 3 ? Json(hazard_names[place]) : Json(place);
}

Json time_json(double time_s) {
  return time_s < 0 ? Json(nullptr) : Json(time_s);
}

// What was flooded, thing by thing, and the sums of each kind.
Json exposed_json(const Case& it, const Outcome& outcome) {
  Json things = Json::array();
  std::map<std::string, Json> kinds;
  for (size_t i = 0; i < it.exposed.size(); ++i) {
    const Exposed& one = it.exposed[i];
    const ExposedOutcome& came = outcome.exposed[i];
    Json& kind =
        kinds.try_emplace(one.kind, Json{{"all", 0}, {"outside", 0}, {"flooded", 0}, {"occupants_flooded", 0.0}})
            .first->second;
    kind["all"] = kind["all"].get<size_t>() + 1;
    if (one.cells.empty()) kind["outside"] = kind["outside"].get<size_t>() + 1;
    if (came.first_wet_s < 0) continue;
    kind["flooded"] = kind["flooded"].get<size_t>() + 1;
    kind["occupants_flooded"] = kind["occupants_flooded"].get<double>() + one.occupants;
    things.push_back({{"name", one.name},
                      {"kind", one.kind},
                      {"occupants", one.occupants},
                      {"first_wet_s", came.first_wet_s},
                      {"wet_s", came.wet_s},
                      {"depth_max_m", came.depth_max_m},
                      {"depth_max_at_s", came.depth_max_at_s},
                      {"depth_class", class_of(came.depth_max_m, it.depth_bounds_m)},
                      {"hazard_max", came.hazard_max},
                      {"hazard_class", hazard_json(it, came.hazard_max)}});
  }
  return {{"wet_m", it.wet_m}, {"kinds", kinds}, {"flooded", std::move(things)}};
}

Json warnings_json(const Case& it, const Outcome& outcome) {
  Json all = Json::array();
  for (size_t i = 0; i < it.warnings.size(); ++i) {
    const Warning& warning = it.warnings[i];
    all.push_back({{"gauge", it.gauges[warning.gauge].name},
                   {"name", warning.name},
                   {warning.is_level ? "level_m" : "depth_m", warning.value_m},
                   {"reached_at_s", time_json(outcome.warned_at_s[i])}});
  }
  return all;
}

Json outcome_json(const Case& it, const Outcome& outcome) {
  Json json = {{"gauges", gauges_json(it, outcome)}, {"audit", audit_json(outcome.audit)}};
  if (!it.exposed.empty()) json["exposed"] = exposed_json(it, outcome);
  if (!it.warnings.empty()) json["warnings"] = warnings_json(it, outcome);
  json["steps"] = outcome.steps;
  json["cell_updates"] = outcome.updates;
  json["wet_cell_updates"] = outcome.wet_updates;
  json["seconds"] = outcome.seconds;
  json["cell_updates_per_second"] = static_cast<double>(outcome.updates) / std::max(outcome.seconds, 1e-9);
  return json;
}

Json ensemble_json(const Case& it, const EnsembleOutcome& outcome) {
  Json gauges = Json::array(), factors = Json::array();
  for (size_t i = 0; i < it.gauges.size(); ++i) {
    Json series = Json::array();
    for (const EnsembleOutcome::Entry& entry : outcome.gauges[i]) {
      Json depths;
      for (const int percent : {5, 25, 50, 75, 95})
        depths["p" + std::to_string(percent)] = quantile(entry.depths_m, percent / 100.0);
      series.push_back({{"time_s", entry.time_s}, {"depth_m", std::move(depths)}});
    }
    gauges.push_back({{"name", it.gauges[i].name}, {"series", std::move(series)}});
  }
  for (const auto& one : outcome.factors)
    factors.push_back({{"rain", one.rain}, {"roughness", one.roughness}, {"inflow", one.inflow}});
  return {{"members", it.ensemble.members},
          {"seed", it.ensemble.seed},
          {"factors", std::move(factors)},
          {"gauges", std::move(gauges)},
          {"relative_error_max", outcome.relative_error_max},
          {"cell_updates", outcome.updates},
          {"seconds", outcome.seconds}};
}

base::Status write_frame(const Case& it, double time_s, const std::vector<float>& values) {
  std::error_code error;
  std::filesystem::create_directories(it.frames.folder, error);
  if (error) return fail(Code::unavailable, "cannot be made: " + error.message(), it.frames.folder, "see to the disk");
  const std::string name = fmt::format("{}_{:09.1f}.tif", it.frames.what, time_s);
  return write_grid((std::filesystem::path(it.frames.folder) / name).string(), it.terrain, values);
}

ExitCode failed(const base::Error& error) {
  return complain(error, error.code == Code::cancelled ? ExitCode::interrupted : ExitCode::failed);
}

ExitCode run_members(const Case& it, Progress& progress, const Interrupt& interrupt) {
  const auto outcome = run_ensemble(it, [&](size_t done) {
    progress.report(done, it.ensemble.members, "members");
    return !interrupt.asked();
  });
  if (!outcome) return failed(outcome.error());
  progress.finish(fmt::format("{} members", it.ensemble.members));
  for (size_t i = 0; i < it.ensemble.probabilities.size(); ++i) {
    if (const auto written = write_grid(it.ensemble.probabilities[i].path, it.terrain, outcome->probabilities[i]);
        !written)
      return failed(written.error());
  }
  std::printf("%s\n", ensemble_json(it, *outcome).dump().c_str());
  return ExitCode::ok;
}

ExitCode run_flood(const Arguments& arguments) {
  const std::string* path = arguments.option("--case");
  if (arguments.names.size() != 1 || arguments.names[0] != "run" || path == nullptr)
    return complain(fail(Code::invalid, "what to do is not said", "", "`cityloom flood run --case FILE`"),
                    ExitCode::usage);
  const auto it = read_case(*path);
  if (!it) return complain(it.error(), exit_code_of_input(it.error()));
  const base::SystemClock clock;
  Progress progress("flood " + *path, clock);
  const Interrupt interrupt;
  if (it->ensemble.members > 0) return run_members(*it, progress, interrupt);
  Follower follower;
  follower.progress = [&](double time_s) {
    progress.report(static_cast<uint64_t>(time_s), static_cast<uint64_t>(it->duration_s), "s");
    return !interrupt.asked();
  };
  follower.frame = [&](double time_s, const std::vector<float>& values) { return write_frame(*it, time_s, values); };
  const auto outcome = run_case(*it, follower);
  if (!outcome) return failed(outcome.error());
  progress.finish(fmt::format("{} steps", grouped(outcome->steps)));
  if (const auto written = write_outputs(*it, *outcome); !written) return failed(written.error());
  std::printf("%s\n", outcome_json(*it, *outcome).dump().c_str());
  return ExitCode::ok;
}

}  // namespace

Command flood_command() {
  return {
      "flood",
      "Compute how water flows over terrain",
      "run --case FILE",
      "The case is a YAML file: terrain, rain, inflows, walls, gauges (see docs/flood.md). Prints JSON: the series of\n"
      "the gauges, the audit of all water, and cell updates a second.\n",
      {{"--case", "FILE", "the case to compute", ""}},
      run_flood};
}

}  // namespace cityloom::app
