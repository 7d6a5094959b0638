// Who wants to drive: vehicles with their types, routes and stops, from SUMO's route and additional files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/traffic/network.hpp"

namespace cityloom::model::traffic {

inline constexpr size_t vehicles_max = 10'000'000;
inline constexpr size_t route_edges_max = 100'000;  ///< of one route

/// What vehicles emit like.
enum class EmissionKind : uint8_t { passenger, light_goods, heavy_goods, bus, motorcycle, nothing };

/// A kind of vehicle. What a file leaves out is as SUMO has it for the class.
struct VehicleType {
  std::string id;
  double length_m = 5, gap_m = 2.5;
  double speed_max_m_s = 55.56;
  double accel_m_s2 = 2.6, decel_m_s2 = 4.5;
  double reaction_s = 1;
  double imperfection = 0.5;  ///< Krauss' sigma: 0 drives as it could
  double speed_factor = 1, speed_deviation = 0.1;
  Classes classes = 2;  ///< its bit
  EmissionKind emission = EmissionKind::passenger;
};

/// A stop on the way.
struct Stop {
  uint32_t lane = none;
  double at_m = 0;  ///< where the vehicle's front stands
  double duration_s = 0;
  double until_s = -1;  ///< not before; below 0: no matter
  bool beside_road = false;
};

/// A vehicle before it drives.
struct Vehicle {
  std::string id;
  uint32_t type = 0;
  uint32_t route = none;  ///< none: it has no way
  double depart_s = 0;
  double depart_at_m = 0, arrive_at_m = -1;  ///< along the first and last lane; -1: its end
  double depart_speed_m_s = 0;               ///< -1: as fast as it may
  int16_t depart_lane = -1;                  ///< -1: the best
  std::vector<Stop> stops;
};

/// All that wants to drive. Vehicles are sorted by their departure.
struct Demand {
  std::vector<VehicleType> types;
  std::vector<std::vector<uint32_t>> routes;  ///< edges
  std::vector<Vehicle> vehicles;
  std::vector<std::string> no_way;    ///< vehicles whose edges do not hang together
  std::vector<std::string> warnings;  ///< what the files have and is not simulated
};

/// Whose vehicles are read, and when they start.
struct DemandOptions {
  double begin_s = 0;
  double end_s = 1e9;  ///< no vehicle departs later
  uint64_t seed = 1;
  std::vector<uint32_t> closed;  ///< edges that nobody may use
};

/// Reads route files and additional files, in this order of meaning: types, places and programs first, wherever they
/// stand. Programs of signals are added to the network. Trips get the way that is shortest in time without traffic.
/// Errors: those of XmlFile; invalid (what, where), too_large.
base::Result<Demand> read_demand(Network& network, const std::vector<XmlFile>& files, const DemandOptions& options);

}  // namespace cityloom::model::traffic
