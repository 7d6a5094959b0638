// A run of traffic from files, in our engine or in SUMO, and what is told of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/traffic/mesoscopic.hpp"

namespace cityloom::model::traffic {

/// Which program moves the vehicles.
enum class Engine : uint8_t { mesoscopic, sumo };

/// What to run.
struct RunOptions {
  std::string net;                      ///< path of a .net.xml
  std::vector<std::string> routes;      ///< paths of route files
  std::vector<std::string> additional;  ///< paths of additional files
  Engine engine = Engine::mesoscopic;
  Control control = Control::fixed;
  std::vector<std::string> closed;  ///< edges that nobody may use
  double begin_s = 0, end_s = 1e9;
  uint64_t seed = 1;
  std::string sumo = "sumo";  ///< the program
};

/// Mean, median and 95 of a hundred.
struct Spread {
  double mean = 0, median = 0, p95 = 0;
};

/// What came of it. Trips are those that arrived.
struct Report {
  uint64_t vehicles = 0, inserted = 0, arrived = 0, on_road = 0, waiting = 0, stuck = 0;
  std::vector<std::string> no_way;
  std::vector<std::string> warnings;
  Spread duration_s, loss_s, waiting_s, depart_delay_s, metres;
  double stops_mean = -1;                     ///< -1: not known
  double queued_mean = -1, queued_most = -1;  ///< standing vehicles; -1: not known
  double co2_kg = 0, nox_kg = 0, co_kg = 0, fuel_kg = 0;
  double ended_s = 0;
  double vehicle_updates = 0;  ///< one: a vehicle for a second
  double seconds = 0;          ///< that the engine took, without reading files
  std::vector<std::string> edge_ids;
  std::vector<EdgeTotals> edges;  ///< empty where the engine does not tell
};

/// Reads the files and runs. `progress` is told the time reached, and stops it by false. Errors: those of the readers;
/// not_found (SUMO is not installed), cancelled, unavailable (SUMO failed, with what it said).
base::Result<Report> run_traffic(const RunOptions& options, const std::function<bool(double)>& progress = {});

/// What is told of values; zeros where there are none.
Spread spread_of(std::vector<double> values);

}  // namespace cityloom::model::traffic
