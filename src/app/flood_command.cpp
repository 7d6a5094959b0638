// cityloom flood: water over terrain, as a file tells it.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/progress.hpp"
#include "base/instant.hpp"
#include "model/flood/case.hpp"

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

base::Status write_outputs(const Case& it, const Outcome& outcome) {
  for (const Case::Output& output : it.outputs) {
    const std::vector<float>& values = output.what == "depth"       ? outcome.depth_m
                                       : output.what == "depth_max" ? outcome.depth_max_m
                                       : output.what == "speed_max" ? outcome.speed_max_m_s
                                       : output.what == "arrival"   ? outcome.arrival_s
                                                                    : outcome.hazard_max;
    if (auto written = write_grid(output.path, it.terrain, values); !written) return written;
  }
  return {};
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
  const auto outcome = run_case(*it, [&](double time_s) {
    progress.report(static_cast<uint64_t>(time_s), static_cast<uint64_t>(it->duration_s), "s");
    return !interrupt.asked();
  });
  if (!outcome)
    return complain(outcome.error(),
                    outcome.error().code == Code::cancelled ? ExitCode::interrupted : ExitCode::failed);
  progress.finish(fmt::format("{} steps", grouped(outcome->steps)));
  if (const auto written = write_outputs(*it, *outcome); !written) return complain(written.error(), ExitCode::failed);
  const Json json = {
      {"gauges", gauges_json(*it, *outcome)},
      {"audit", audit_json(outcome->audit)},
      {"steps", outcome->steps},
      {"cell_updates", outcome->updates},
      {"seconds", outcome->seconds},
      {"cell_updates_per_second", static_cast<double>(outcome->updates) / std::max(outcome->seconds, 1e-9)}};
  std::printf("%s\n", json.dump().c_str());
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
