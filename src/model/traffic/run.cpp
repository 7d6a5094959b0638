#include "model/traffic/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "model/traffic/sumo.hpp"

namespace cityloom::model::traffic {

using base::Code;
using base::fail;

Spread spread_of(std::vector<double> values) {
  Spread spread;
  if (values.empty()) return spread;
  std::sort(values.begin(), values.end());
  for (const double value : values) spread.mean += value / static_cast<double>(values.size());
  const auto at = [&](double part) {
    return values[static_cast<size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
  };
  spread.median = at(0.5);
  spread.p95 = at(0.95);
  return spread;
}

namespace {

void tell(const Network& network, const Demand& demand, TrafficOutcome outcome, Report& report) {
  std::vector<double> durations, losses, waitings, delays, metres;
  double stops = 0;
  for (size_t i = 0; i < outcome.trips.size(); ++i) {
    const Trip& trip = outcome.trips[i];
    report.co2_kg += trip.co2_g / 1000;
    report.nox_kg += trip.nox_g / 1000;
    report.co_kg += trip.co_g / 1000;
    report.fuel_kg += trip.fuel_g / 1000;
    if (trip.arrive_s < 0) continue;
    durations.push_back(trip.arrive_s - trip.depart_s);
    losses.push_back(trip.loss_s);
    waitings.push_back(trip.waiting_s);
    delays.push_back(trip.depart_s - demand.vehicles[i].depart_s);
    metres.push_back(trip.metres);
    stops += trip.stops;
  }
  report.stops_mean = durations.empty() ? 0 : stops / static_cast<double>(durations.size());
  report.duration_s = spread_of(std::move(durations));
  report.loss_s = spread_of(std::move(losses));
  report.waiting_s = spread_of(std::move(waitings));
  report.depart_delay_s = spread_of(std::move(delays));
  report.metres = spread_of(std::move(metres));
  report.inserted = outcome.inserted;
  report.arrived = outcome.arrived;
  report.on_road = outcome.on_road;
  report.waiting = outcome.waiting;
  report.stuck = outcome.stuck;
  report.queued_mean = outcome.queued_mean;
  report.queued_most = outcome.queued_most;
  report.ended_s = outcome.ended_s;
  report.vehicle_updates = outcome.vehicle_seconds;
  for (const Edge& edge : network.edges) report.edge_ids.push_back(edge.id);
  report.edges = std::move(outcome.edges);
}

}  // namespace

base::Result<Report> run_traffic(const RunOptions& options, const std::function<bool(double)>& progress) {
  const auto net = XmlFile::read(options.net);
  if (!net) return net.error();
  auto network = read_network(*net);
  if (!network) return network.error();
  DemandOptions demanded{options.begin_s, options.end_s, options.seed, {}};
  for (const std::string& id : options.closed) {
    demanded.closed.push_back(network->edge(id));
    if (demanded.closed.back() == none) return fail(Code::not_found, "there is no such edge to close", id);
  }
  std::vector<XmlFile> files;
  for (const auto* paths : {&options.additional, &options.routes}) {
    for (const std::string& path : *paths) {
      auto file = XmlFile::read(path);
      if (!file) return file.error();
      files.push_back(std::move(file).value());
    }
  }
  auto demand = read_demand(*network, files, demanded);
  if (!demand) return demand.error();
  files.clear();
  Report report;
  report.vehicles = demand->vehicles.size() + demand->no_way.size();
  report.no_way = demand->no_way;
  report.warnings = demand->warnings;
  const auto start = std::chrono::steady_clock::now();
  if (options.engine == Engine::sumo) {
    if (auto ran = run_sumo(options, *demand, report, progress); !ran) return ran.error();
    return report;
  }
  MesoscopicOptions engine;
  engine.begin_s = options.begin_s;
  engine.end_s = options.end_s;
  engine.seed = options.seed;
  engine.control = options.control;
  auto outcome = run_mesoscopic(*network, *demand, engine, progress);
  if (!outcome) return outcome.error();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  tell(*network, *demand, std::move(outcome).value(), report);
  return report;
}

}  // namespace cityloom::model::traffic
