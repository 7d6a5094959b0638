// cityloom traffic: vehicles on a network, as SUMO's files tell them.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/progress.hpp"
#include "base/instant.hpp"
#include "model/traffic/run.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using Json = nlohmann::ordered_json;
using namespace model::traffic;

constexpr size_t names_shown = 100;  // of what may be very many

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (start <= text.size()) {
    const size_t comma = std::min(text.find(',', start), text.size());
    if (comma > start) parts.push_back(text.substr(start, comma - start));
    start = comma + 1;
  }
  return parts;
}

base::Result<double> number_of(const Arguments& arguments, const std::string& name, double fallback) {
  const std::string* text = arguments.option(name);
  if (text == nullptr) return fallback;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || !std::isfinite(value) || value < 0 || value > 1e9)
    return fail(Code::invalid, "\"" + *text + "\" is no number from 0 to 1e9", name);
  return value;
}

base::Status take_choices(const Arguments& arguments, RunOptions& options) {
  const std::string* engine = arguments.option("--engine");
  if (engine != nullptr && *engine == "sumo")
    options.engine = Engine::sumo;
  else if (engine != nullptr && *engine != "meso")
    return fail(Code::invalid, "\"" + *engine + "\" is no engine", "--engine", "meso or sumo");
  const std::string* control = arguments.option("--control");
  if (control == nullptr || *control == "fixed")
    options.control = Control::fixed;
  else if (*control == "actuated")
    options.control = Control::actuated;
  else if (*control == "max-pressure")
    options.control = Control::max_pressure;
  else
    return fail(Code::invalid, "\"" + *control + "\" is no control of signals", "--control",
                "fixed, actuated or max-pressure");
  return {};
}

base::Result<RunOptions> options_of(const Arguments& arguments) {
  RunOptions options;
  for (const char* needed : {"--net", "--routes"}) {
    if (arguments.option(needed) == nullptr)
      return fail(Code::invalid, "it is needed", needed, "name files as SUMO has them");
  }
  options.net = *arguments.option("--net");
  options.routes = parts_of(*arguments.option("--routes"));
  if (const auto* text = arguments.option("--additional")) options.additional = parts_of(*text);
  if (const auto* text = arguments.option("--close")) options.closed = parts_of(*text);
  const auto begin_s = number_of(arguments, "--begin", 0), end_s = number_of(arguments, "--end", 1e9),
             seed = number_of(arguments, "--seed", 1);
  for (const auto* one : {&begin_s, &end_s, &seed}) {
    if (!*one) return one->error();
  }
  options.begin_s = *begin_s;
  options.end_s = *end_s;
  options.seed = static_cast<uint64_t>(*seed);
  if (options.end_s <= options.begin_s) return fail(Code::invalid, "it is not after the begin", "--end");
  if (auto taken = take_choices(arguments, options); !taken) return taken.error();
  return options;
}

Json spread_json(const Spread& spread, const Report& report) {
  if (report.arrived == 0) return nullptr;  // the mean of nobody is no number
  return {{"mean", spread.mean}, {"median", spread.median}, {"p95", spread.p95}};
}

Json first_of(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (size_t i = 0; i < std::min(names.size(), names_shown); ++i) list.push_back(names[i]);
  return list;
}

Json known(double value) {
  return value < 0 ? Json(nullptr) : Json(value);
}

Json report_json(const RunOptions& options, const Report& report) {
  return {{"engine", options.engine == Engine::sumo ? "sumo" : "meso"},
          {"vehicles",
           {{"all", report.vehicles},
            {"inserted", report.inserted},
            {"arrived", report.arrived},
            {"on_road", report.on_road},
            {"waiting", report.waiting},
            {"no_way", report.no_way.size()},
            {"let_on_without_room", report.stuck}}},
          {"no_way", first_of(report.no_way)},
          {"trip_s", spread_json(report.duration_s, report)},
          {"time_loss_s", spread_json(report.loss_s, report)},
          {"waiting_s", spread_json(report.waiting_s, report)},
          {"depart_delay_s", spread_json(report.depart_delay_s, report)},
          {"trip_m", spread_json(report.metres, report)},
          {"stops_mean", known(report.stops_mean)},
          {"standing_vehicles", {{"mean", known(report.queued_mean)}, {"most", known(report.queued_most)}}},
          {"emissions_kg",
           {{"co2", report.co2_kg}, {"nox", report.nox_kg}, {"co", report.co_kg}, {"fuel", report.fuel_kg}}},
          {"ended_s", report.ended_s},
          {"vehicle_updates", report.vehicle_updates},
          {"seconds", report.seconds},
          {"vehicle_updates_per_second", report.vehicle_updates / std::max(report.seconds, 1e-9)},
          {"vehicle_update", "one vehicle for one simulated second"},
          {"warnings", first_of(report.warnings)}};
}

base::Status write_edges(const std::string& path, const Report& report, double begin_s) {
  std::ofstream out(path);
  out << "edge,volume,speed_m_s,vehicles_mean,waiting_s,stops,co2_g\n";
  const double span_s = std::max(report.ended_s - begin_s, 1e-9);
  for (size_t i = 0; i < report.edges.size(); ++i) {
    const EdgeTotals& edge = report.edges[i];
    const bool quoted = report.edge_ids[i].find_first_of(",\"") != std::string::npos;
    std::string id = report.edge_ids[i];
    for (size_t at = 0; quoted && (at = id.find('"', at)) != std::string::npos; at += 2) id.insert(at, 1, '"');
    out << fmt::format(
        "{0}{1}{0},{2},{3},{4:.6g},{5:.6g},{6},{7:.6g}\n", quoted ? "\"" : "", id, edge.left,
        edge.vehicle_seconds > 0 ? fmt::format("{:.6g}", edge.vehicle_metres / edge.vehicle_seconds) : "",
        edge.vehicle_seconds / span_s, edge.waiting_s, edge.stops, edge.co2_g);
  }
  out.flush();
  if (!out) return fail(Code::unavailable, "cannot be written", path);
  return {};
}

ExitCode run_traffic_command(const Arguments& arguments) {
  if (arguments.names.size() != 1 || arguments.names[0] != "run")
    return complain(
        fail(Code::invalid, "what to do is not said", "", "`cityloom traffic run --net FILE --routes FILE`"),
        ExitCode::usage);
  const auto options = options_of(arguments);
  if (!options) return complain(options.error(), ExitCode::usage);
  const std::string* edges = arguments.option("--edges");
  if (edges != nullptr && options->engine == Engine::sumo)
    return complain(fail(Code::unsupported, "only our own engine tells of edges", "--edges", "use --engine meso"),
                    ExitCode::usage);
  const base::SystemClock clock;
  Progress progress("traffic " + options->net, clock);
  const Interrupt interrupt;
  const auto report = run_traffic(*options, [&](double time_s) {
    progress.report(static_cast<uint64_t>(time_s), 0, "s");
    return !interrupt.asked();
  });
  if (!report) {
    const bool stopped = report.error().code == Code::cancelled;
    return complain(report.error(), stopped ? ExitCode::interrupted : exit_code_of_input(report.error()));
  }
  progress.finish(fmt::format("{} vehicles arrived", grouped(report->arrived)));
  if (edges != nullptr) {
    if (const auto written = write_edges(*edges, *report, options->begin_s); !written)
      return complain(written.error(), ExitCode::failed);
  }
  std::printf("%s\n", report_json(*options, *report).dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  return ExitCode::ok;
}

}  // namespace

Command traffic_command() {
  return {"traffic",
          "Compute how traffic flows",
          "run --net FILE --routes FILE [options]",
          "Files are SUMO's, gzip or not; several are separated by commas (see docs/traffic.md). Prints JSON: trip "
          "times, delays,\n"
          "emissions, and vehicle updates a second: one update is one vehicle for one simulated second.\n",
          {{"--net", "FILE", "the network (.net.xml)", ""},
           {"--routes", "FILES", "vehicles, trips and flows (.rou.xml)", ""},
           {"--additional", "FILES", "types of vehicles, stops, programs of signals (.add.xml)", ""},
           {"--engine", "NAME", "meso (our own, the default) or sumo", ""},
           {"--control", "NAME", "signals: fixed (as the files say, the default), actuated, max-pressure", ""},
           {"--close", "EDGES", "edges that nobody may use", ""},
           {"--begin", "S", "when it starts; 0", ""},
           {"--end", "S", "when it stops; when all have arrived", ""},
           {"--seed", "N", "of all chance; 1", ""},
           {"--edges", "FILE", "writes volume, speed and CO2 of each edge as CSV", ""}},
          run_traffic_command};
}

}  // namespace cityloom::app
