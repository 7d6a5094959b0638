// Cars and walkers on the streets of a model, second by second.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "rehearsal/people.hpp"
#include "rehearsal/ways.hpp"

namespace cityloom::rehearsal {

/// How many move, and how.
struct TrafficOptions {
  uint32_t vehicles = 300;
  uint32_t pedestrians = 150;
  double cruising_share = 0.35;  ///< taxis and deliveries: on the road all day; the others follow a person's habits
};

inline constexpr double vehicle_length_m = 4.6;
inline constexpr double lane_m = 3.2;

/// Where one who moves is now.
struct Sighting {
  Point at;
  Point along{1, 0};  ///< the direction of travel
  double speed_mps = 0;
  uint32_t edge = no_index;
};

/// What a street has seen since it was last asked.
struct StreetCount {
  uint32_t passed = 0;      ///< vehicles that left it at its end, or arrived on it
  float speed_sum_mps = 0;  ///< over vehicles and seconds
  uint32_t seconds = 0;     ///< of vehicles on it
};

/// Cars follow the one ahead in their lane (Krauss' safe speed), stop at red lights and before full streets, give way
/// where there are no lights, let oncoming cars pass before they turn left, and never overlap. Walkers keep to the
/// pavement on their right and cross while their light is green for as long as they need. A pure function of model,
/// options and steps. One worker. Cost: about 0.2 microseconds a moving car and second, and a search of ways for each
/// trip.
class Traffic {
 public:
  Traffic(const CityModel& model, const TrafficOptions& options);

  /// One second of local time goes by: `second` since 1970-01-01 local, one more at each call. `grip` is 1 on dry
  /// roads.
  void step(int64_t second, double grip = 1);

  uint32_t vehicles() const { return static_cast<uint32_t>(cars_.size()); }
  uint32_t pedestrians() const { return static_cast<uint32_t>(walkers_.size()); }
  bool is_driving(uint32_t vehicle) const { return cars_[vehicle].lane != no_index; }
  bool is_walking(uint32_t pedestrian) const { return walkers_[pedestrian].way_at < walkers_[pedestrian].way.size(); }
  uint32_t driving_count() const { return driving_; }
  Sighting vehicle(uint32_t number) const;
  Sighting pedestrian(uint32_t number) const;
  /// How far a walker has come along its edge: below 0 and past its end on the way over a junction.
  double walked_m(uint32_t pedestrian) const { return static_cast<double>(walkers_[pedestrian].s_m); }
  bool is_cruising(uint32_t vehicle) const { return cars_[vehicle].is_cruising; }
  /// @name The trip that a vehicle is on, or was on last
  const Person& driver(uint32_t vehicle) const { return cars_[vehicle].person; }
  uint32_t goal(uint32_t vehicle) const { return cars_[vehicle].goal; }
  uint32_t lane_of(uint32_t vehicle) const {
    return cars_[vehicle].lane;
  }  ///< a number over all lanes; no_index: parked
  double along_m(uint32_t vehicle) const { return static_cast<double>(cars_[vehicle].s_m); }

  /// What an edge has seen since the last call.
  StreetCount take_count(uint32_t edge);
  /// How many cars are on an edge now.
  uint32_t on_edge(uint32_t edge) const;

  /// Something blocks all lanes of a street but one at its middle (both ways), or all of it is closed.
  void set_accident(uint32_t street, bool is_there) { accidents_[street] = is_there ? 1 : 0; }
  void set_closed(uint32_t street, bool is_closed) { ways_.set_closed(street, is_closed); }

  /// A trip that began or ended at the last step: for the truth.
  struct TripEvent {
    uint32_t vehicle = 0;
    bool is_start = false;
    uint32_t from = no_index, to = no_index;  ///< places
  };
  const std::vector<TripEvent>& events() const { return events_; }

 private:
  enum class Turn : uint8_t { straight, left, right };
  struct EdgeEnds {
    Point first, last;             ///< the directions of travel at its tail and head
    uint32_t oncoming = no_index;  ///< the edge to the same junction from across it
    int64_t straight_at = -1'000;  ///< when a car last went over from it without turning left
  };
  struct Car {
    Person person;
    bool is_cruising = false;
    float pace = 1;            ///< of the allowed speed, up to 1
    uint32_t at_place = 0;     ///< while parked
    uint32_t goal = no_index;  ///< a place
    uint32_t lane = no_index;
    uint32_t ahead = no_index, behind = no_index;  ///< in its lane
    uint32_t last_edge = no_index;
    float s_m = 0, v_mps = 0;
    uint32_t way_at = 0;
    uint32_t stuck_s = 0;
    int64_t moved_at = -1;
    std::vector<uint32_t> way;
  };
  struct Walker {
    Person person;
    uint32_t at_place = 0, goal = no_index;
    std::vector<uint32_t> way;
    size_t way_at = 0;
    float s_m = 0, until_m = 0, pace_mps = 1.3F;
    bool is_waiting = false;
    bool is_crossing = false;  ///< the street that its own meets
  };
  struct Departure {
    int64_t at = 0;
    uint32_t number = 0;  ///< vehicles first, then walkers
    auto operator<=>(const Departure&) const = default;
  };

  void schedule(uint32_t number, int64_t after);
  void depart(const Departure& departure, int64_t now);
  bool enter(uint32_t car, uint32_t edge, double s_m);
  void arrive(uint32_t car, int64_t now);
  void drive(uint32_t car, int64_t now, double grip);
  bool has_room(const Car& car, uint32_t next) const;
  bool may_pass(const Car& car, uint32_t edge, uint32_t next, int64_t now, double to_stop_m);
  void go_over(uint32_t car, uint32_t edge, uint32_t next, double s_m, int64_t now);
  uint32_t choose_lane(const Car& car, uint32_t edge, uint32_t after) const;
  void link(uint32_t car, uint32_t lane, uint32_t ahead);
  void unlink(uint32_t car);
  void find_ends();
  void walk(uint32_t walker, int64_t now);
  bool may_cross(const Walker& walker, uint32_t edge, double across_m, int64_t now) const;
  double stop_m(uint32_t edge) const;
  Turn turn_of(uint32_t edge, uint32_t next) const;
  double pavement_m(uint32_t edge) const;
  bool lets_turn_left(uint32_t edge, int64_t now) const;
  uint32_t next_place(uint32_t number, int64_t now, Chance& chance) const;
  Point lane_point(uint32_t edge, uint32_t lane, double s_m) const;

  const CityModel& model_;
  WayFinder ways_;
  std::vector<Car> cars_;
  std::vector<Walker> walkers_;
  std::vector<uint32_t> first_lane_;  // of each edge, and one past the last
  std::vector<uint32_t> edge_of_lane_;
  std::vector<uint32_t> front_, back_;  // of each lane
  std::vector<EdgeEnds> ends_;          // of each edge
  std::vector<StreetCount> counts_;     // of each edge
  std::vector<uint16_t> on_edge_;
  std::vector<int64_t> junction_free_at_;
  std::vector<char> accidents_;
  std::priority_queue<Departure, std::vector<Departure>, std::greater<>> departures_;
  std::vector<TripEvent> events_;
  uint32_t driving_ = 0;
  bool has_begun_ = false;
};

}  // namespace cityloom::rehearsal
