// Our own engine: each vehicle is one, but moves from queue to queue rather than from second to second.
#pragma once

#include <functional>
#include <vector>

#include "model/traffic/demand.hpp"

namespace cityloom::model::traffic {

/// Who decides about signals: the files' programs as they are, the same phases for as long as vehicles come, or the
/// phase with the most pressure (Varaiya 2013).
enum class Control : uint8_t { fixed, actuated, max_pressure };

/// How traffic flows, the same in all networks. What differs by vehicle stands in its type.
struct Flow {
  double start_lag_s = 0.4;     ///< between green and the first vehicle's crossing
  double reaction_add_s = 0.3;  ///< to a vehicle's own reaction while queues discharge
  double wave_m_s = 7;          ///< how fast room runs upstream in a queue
  double gap_s = 1;             ///< that a vehicle without right of way leaves to one that has it
  double minor_speed_m_s = 7;   ///< of reaching a junction where others go first
  double sight_s = 4;           ///< how early a vehicle that comes is seen
  double patience_s = 180;      ///< after which a vehicle takes much smaller gaps
  double short_m = 15;          ///< an edge on which nobody stands clear of the junctions
  double ahead_m = 200;         ///< how far drivers sort themselves into lanes
  double avoid_m_s = 0.5;       ///< metres of queue that they accept to wait a second less
  double order = 0.5;           ///< metres of queue that they accept to keep their lane a metre longer
  double stuck_s = 300;         ///< after which a vehicle is let on even where there is no room
};

/// What to run.
struct MesoscopicOptions {
  double begin_s = 0;
  double end_s = 1e9;  ///< when all stops; vehicles may be on the road
  uint64_t seed = 1;
  Control control = Control::fixed;
  Flow flow;
};

/// What a vehicle went through. Times are those of the simulation.
struct Trip {
  double depart_s = -1;  ///< when it came onto the road; -1: not
  double arrive_s = -1;  ///< -1: not
  double metres = 0;
  double loss_s = 0;     ///< against driving as fast as it wants and may
  double waiting_s = 0;  ///< standing, except at its own stops
  double co2_g = 0, nox_g = 0, co_g = 0, fuel_g = 0;
  uint32_t stops = 0;  ///< how often it came to stand, except at its own stops
};

/// What an edge saw.
struct EdgeTotals {
  uint64_t entered = 0, left = 0;
  double vehicle_seconds = 0, vehicle_metres = 0, waiting_s = 0, co2_g = 0;
  uint64_t stops = 0;
};

/// What came of it.
struct TrafficOutcome {
  std::vector<Trip> trips;                                       ///< in the order of the demand
  std::vector<EdgeTotals> edges;                                 ///< in the order of the network
  uint64_t inserted = 0, arrived = 0, on_road = 0, waiting = 0;  ///< waiting: not yet on the road
  uint64_t stuck = 0;                                            ///< how often a vehicle was let on without room
  double vehicle_seconds = 0;  ///< on the road: updates, if each second of each vehicle is one
  uint64_t events = 0;
  uint32_t queued_most = 0;  ///< standing at a time, at its most, as seen each minute
  double queued_mean = 0;
  double ended_s = 0;
};

/// Runs until all have arrived or the end. `progress` is told the time reached, and stops it by false. Deterministic.
/// Errors: cancelled.
base::Result<TrafficOutcome> run_mesoscopic(const Network& network, const Demand& demand,
                                            const MesoscopicOptions& options,
                                            const std::function<bool(double)>& progress = {});

}  // namespace cityloom::model::traffic
