// A city as a day runs in it: places, streets and junctions as numbers. Made from a plan, or from what a record holds.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rehearsal/city.hpp"
#include "rehearsal/plane.hpp"
#include "rehearsal/quarter.hpp"
#include "thread/thread.hpp"

namespace cityloom::rehearsal {

inline constexpr uint32_t no_index = 0xffffffff;

/// A building as people use it. Its door is on a street, `along_share` of the way from the street's start.
struct Place {
  Point at;
  uint32_t street = no_index;
  float along_share = 0.5F;
  uint16_t residents = 0, jobs = 0, places = 0;
  Use use = Use::house;
};

/// A street between two junctions. As directed edges: number * 2 from start to end, number * 2 + 1 back.
struct Street {
  uint32_t start = 0, end = 0;
  uint32_t first_point = 0, points = 0;  ///< of CityModel::points
  float length_m = 0;
  float speed_mps = 0;  ///< allowed
  float half_width_m = 3;
  float deck_m = std::numeric_limits<float>::quiet_NaN();  ///< of a bridge: its height above the ellipsoid
  uint8_t lanes = 1;                                       ///< in one direction
  bool is_oneway = false;
  bool is_underpass = false;
};

/// Where streets meet.
struct Junction {
  Point at;
  bool has_signals = false;
  uint16_t cycle_s = 0;  ///< of its signals
  uint16_t offset_s = 0;
  float radius_m = 4;       ///< stop lines lie this far from its middle
  uint32_t first_edge = 0;  ///< of CityModel::edges_out: the edges on which a car may leave
  uint32_t edges = 0;
};

/// Colours of a signal towards one of its arms.
enum class Light : uint8_t { green, amber, red };

/// A city as numbers. Immutable once made; any worker. Some 40 bytes a building and 150 a street.
struct CityModel {
  uint64_t seed = 1;
  bool is_invented = true;  ///< else: a real city in which only the devices are
  PlaneFrame frame{twin::Position{0, 0, 0}};
  std::string name_ko, name_en;
  std::vector<Place> places;
  std::vector<Street> streets;
  std::vector<std::string> street_ids;
  std::vector<std::string> street_names_ko, street_names_en;
  std::vector<Point> points;
  std::vector<Junction> junctions;
  std::vector<uint32_t> edges_out;
  std::vector<uint8_t> signal_groups;  ///< of each edge at the junction it leads to: 0 or 1
  std::vector<Point> river;            ///< places on its banks for water-level gauges; may be empty

  /// @name Sums up to and including each place, for drawing one in proportion
  std::vector<uint32_t> residents_until, workers_until, pupils_until, jobs_until, seats_until;

  uint32_t edge_count() const { return static_cast<uint32_t>(streets.size() * 2); }
  const Street& street_of(uint32_t edge) const { return streets[edge / 2]; }
  uint32_t head(uint32_t edge) const { return edge % 2 == 0 ? street_of(edge).end : street_of(edge).start; }
  uint32_t tail(uint32_t edge) const { return head(edge ^ 1); }
  bool is_open(uint32_t edge) const { return edge % 2 == 0 || !street_of(edge).is_oneway; }
  /// The place on an edge's middle line, `along_m` from its tail.
  Point point_on(uint32_t edge, double along_m) const;
  /// The direction of travel there.
  Point direction_on(uint32_t edge, double along_m) const;
  /// The light for who comes along this edge, at a second.
  Light light(uint32_t edge, int64_t second) const;

  /// From a plan: the same city that make_city states.
  static CityModel of_plan(const CityPlan& plan);
  /// From a record's roads, signals and buildings. Errors: not_found (no roads for cars), those of the snapshot.
  static base::Result<CityModel> of_record(const thread::Thread& thread, uint64_t seed);

 private:
  void finish();
  void keep_connected();
  void set_signals();
  void sum_up();
};

/// Shares of a place's residents who work and who learn.
uint32_t workers_in(const Place& place);
uint32_t pupils_in(const Place& place);

}  // namespace cityloom::rehearsal
