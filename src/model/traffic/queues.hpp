// The state of the mesoscopic engine: vehicles in the queues of lanes, and what is to happen when.
#pragma once

#include <deque>
#include <queue>

#include "model/traffic/mesoscopic.hpp"

namespace cityloom::model::traffic {

inline constexpr double never_s = 1e300;

/// A vehicle on the road.
struct Car {
  uint32_t next = none;       ///< behind it on its lane
  uint32_t step = 0;          ///< of its route
  uint32_t stop = 0;          ///< its next own stop
  uint32_t link = none;       ///< one that leads from its lane to its next edge
  float factor = 1;           ///< of speed limits
  bool blocked = false;       ///< at its lane's end, by a signal, others or no room
  bool no_room = false;       ///< of these, the last
  bool has_stopped = false;   ///< at its own stop on this lane
  double entered_s = 0;       ///< its lane
  double arrival_s = 0;       ///< at its lane's end if nobody is in its way
  double free_s = 0;          ///< that the lane takes without others
  double exit_speed_m_s = 0;  ///< at its lane's end if nobody is in its way
};

/// A lane and who is on it.
struct LaneQueue {
  uint32_t head = none, tail = none, count = 0;
  double used_m = 0;                                               ///< by vehicles, and by gaps that run upstream
  double leave_s = -1e9, leave_speed_m_s = 0, leave_length_m = 0;  ///< of the last that left
  double enter_s = -1e9, enter_speed_m_s = 0;                      ///< of the last that entered
  double late_s = 0;                           ///< that those who left lately had lost on it, a mean
  double room_m = 0;                           ///< that it needs: length and gap
  double check_s = never_s;                    ///< when the head is looked at next
  std::deque<std::pair<double, double>> gaps;  ///< when room reaches the upstream end, and how much
  std::vector<uint32_t> waiters;               ///< lanes whose heads wait for room here
};

/// A signal at work.
struct SignalState {
  size_t phase = 0;
  double since_s = 0;
  std::string letters;            ///< of now
  std::vector<double> changed_s;  ///< when each link's letter became what it is
  size_t wanted = 0;              ///< phase that follows a clearance
  int clearing = 0;               ///< 0: no; 1: yellow; 2: all red
  std::vector<uint32_t> greens;   ///< phases that may be chosen
};

/// What happens.
struct Event {
  enum class Kind : uint8_t { lane, insert, signal, unpark, sample };
  double at_s = 0;
  uint64_t order = 0;
  uint32_t what = 0;
  Kind kind = Kind::lane;
  bool operator>(const Event& other) const { return at_s != other.at_s ? at_s > other.at_s : order > other.order; }
};

/// Seconds over a length, entering and leaving at given speeds, at most at a speed. `out_m_s` is lowered to what can be
/// reached, where it cannot.
double travel_s(double metres, double in_m_s, double most_m_s, double& out_m_s, double accel, double decel);

/// The engine.
class Mesoscopic {
 public:
  Mesoscopic(const Network& network, const Demand& demand, const MesoscopicOptions& options);
  base::Result<TrafficOutcome> run(const std::function<bool(double)>& progress);

 private:
  // mesoscopic.cpp: the way of vehicles
  void schedule(Event::Kind kind, uint32_t what, double at_s);
  void handle(const Event& event);
  void check_lane(uint32_t lane);
  double pass_head(uint32_t lane);
  double ready_s(uint32_t lane, uint32_t car, double& speed_m_s) const;
  double headway_s(const LaneQueue& queue, const VehicleType& type, double limit_m_s, double& speed_m_s) const;
  double room_s(uint32_t target, double inner_m, const VehicleType& type, uint32_t waiter);
  void cross(uint32_t lane, uint32_t car, uint32_t link, uint32_t target, double speed_m_s);
  void enter(uint32_t car, uint32_t lane, double entered_s, double speed_m_s, double from_m);
  void take_off(uint32_t lane, double speed_m_s);
  void finish_lane(uint32_t lane, uint32_t car, double speed_m_s);
  void arrive(uint32_t lane, uint32_t car);
  double serve_stops(uint32_t car, uint32_t lane);
  void release(LaneQueue& queue);
  void insert_from(uint32_t edge);
  bool insert(uint32_t edge, uint32_t car, double& retry_s);
  void sample();
  void measure(uint32_t car, uint32_t edge, double metres, double seconds);

  // mesoscopic_ways.cpp: lanes, right of way
  uint32_t choose_lane(uint32_t car, uint32_t edge, uint32_t step) const;
  double lasts_m(uint32_t car, uint32_t lane, uint32_t step, double limit_m) const;
  uint32_t link_to(uint32_t lane, uint32_t edge) const;
  uint32_t edge_of_link(uint32_t link) const;
  uint32_t edge_at(uint32_t car, uint32_t step) const;
  double stop_load_m(uint32_t lane) const;
  double may_pass_s(uint32_t link, uint32_t car, double speed_m_s, double waited_s) const;
  double foe_comes_s(uint32_t foe, uint32_t target, double need_s) const;
  double comes_from_behind_s(uint32_t lane, uint32_t aim, double need_s, int depth) const;
  bool is_shut(const Link& link) const;
  double clear_time_s(const Link& link, const VehicleType& type, double speed_m_s) const;

  // mesoscopic_signals.cpp: signals
  void start_signals();
  void switch_signal(uint32_t signal);
  void show(uint32_t signal, const std::string& letters);
  double next_by_program(uint32_t signal);
  double next_by_vehicles(uint32_t signal);
  double next_by_pressure(uint32_t signal);
  double pressure(uint32_t signal, const Phase& phase) const;
  bool waits_too_long(uint32_t signal, const Phase& phase) const;
  bool somebody_comes(uint32_t signal, const std::string& letters, double within_s) const;
  void clear_for(uint32_t signal, size_t phase);

  const VehicleType& type_of(uint32_t car) const { return demand_.types[demand_.vehicles[car].type]; }
  const std::vector<uint32_t>& route_of(uint32_t car) const { return demand_.routes[demand_.vehicles[car].route]; }
  /// Krauss' drivers are slower than they could be, by half of sigma times what they accelerate by in a second.
  double wish_m_s(uint32_t car, double limit_m_s) const;

  const Network& network_;
  const Demand& demand_;
  const MesoscopicOptions& options_;
  const Flow& flow_;
  std::vector<Car> cars_;
  std::vector<LaneQueue> queues_;
  std::vector<std::vector<uint32_t>> incoming_;  ///< by lane: links that lead to it
  std::vector<double> link_clear_s_;             ///< when the last vehicle on it leaves the junction
  std::vector<SignalState> signals_;
  std::vector<std::deque<uint32_t>> waiting_;  ///< by edge: cars that want to come onto the road
  std::vector<double> insert_s_;               ///< by edge: when that is tried next
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  uint64_t order_ = 0;
  double now_s_ = 0;
  uint64_t samples_ = 0;
  double queued_sum_ = 0;
  TrafficOutcome outcome_;
};

}  // namespace cityloom::model::traffic
