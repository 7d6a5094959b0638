#include "model/traffic/mesoscopic.hpp"

#include <algorithm>
#include <cmath>

#include "model/traffic/emissions.hpp"
#include "model/traffic/queues.hpp"
#include "model/traffic/vehicle_types.hpp"

namespace cityloom::model::traffic {

using base::Code;
using base::fail;

double travel_s(double metres, double in_m_s, double most_m_s, double& out_m_s, double accel, double decel) {
  in_m_s = std::min(in_m_s, most_m_s);
  out_m_s = std::min({out_m_s, most_m_s, std::sqrt(in_m_s * in_m_s + 2 * accel * metres)});
  // Up to a peak and down again; what is left is driven at the highest speed.
  const double peak =
      std::sqrt((2 * accel * decel * metres + decel * in_m_s * in_m_s + accel * out_m_s * out_m_s) / (accel + decel));
  const double top = std::max({std::min(peak, most_m_s), in_m_s, out_m_s, 1e-3});
  const double changing_m = (top * top - in_m_s * in_m_s) / (2 * accel) + (top * top - out_m_s * out_m_s) / (2 * decel);
  return (top - in_m_s) / accel + (top - out_m_s) / decel + std::max(0.0, metres - changing_m) / top;
}

Mesoscopic::Mesoscopic(const Network& network, const Demand& demand, const MesoscopicOptions& options)
    : network_(network),
      demand_(demand),
      options_(options),
      flow_(options.flow),
      cars_(demand.vehicles.size()),
      queues_(network.lanes.size()),
      incoming_(network.lanes.size()),
      link_clear_s_(network.links.size(), -1e9),
      signals_(network.signals.size()),
      waiting_(network.edges.size()),
      insert_s_(network.edges.size(), never_s),
      now_s_(options.begin_s) {
  outcome_.trips.resize(cars_.size());
  for (uint32_t link = 0; link < network.links.size(); ++link) incoming_[network.links[link].to_lane].push_back(link);
  outcome_.edges.resize(network.edges.size());
  for (uint32_t i = 0; i < cars_.size(); ++i) {
    const VehicleType& type = type_of(i);
    // A normal number cut off at both ends, as SUMO's default factor is.
    const double u1 = std::max(chance_of(options.seed ^ 0x5eed, 2 * i), 1e-12),
                 u2 = chance_of(options.seed ^ 0x5eed, 2 * i + 1);
    const double normal = std::sqrt(-2 * std::log(u1)) * std::cos(2 * M_PI * u2);
    const double factor = type.speed_factor + type.speed_deviation * normal;
    cars_[i].factor =
        static_cast<float>(std::clamp(factor, std::min(0.2, type.speed_factor), std::max(2.0, type.speed_factor)));
  }
}

double Mesoscopic::wish_m_s(uint32_t car, double limit_m_s) const {
  const VehicleType& type = type_of(car);
  const double wish = std::min(limit_m_s * static_cast<double>(cars_[car].factor), type.speed_max_m_s);
  return std::max(wish - 0.5 * type.imperfection * std::min(type.accel_m_s2, wish), 0.3 * wish);
}

namespace {

/// Dawdling takes half of its share of each second's acceleration.
double pickup_m_s2(const VehicleType& type) {
  return type.accel_m_s2 * (1 - 0.5 * type.imperfection);
}

}  // namespace

void Mesoscopic::schedule(Event::Kind kind, uint32_t what, double at_s) {
  at_s = std::max(at_s, now_s_);
  if (kind == Event::Kind::lane) {
    if (queues_[what].check_s <= at_s) return;
    queues_[what].check_s = at_s;
  } else if (kind == Event::Kind::insert) {
    if (insert_s_[what] <= at_s) return;
    insert_s_[what] = at_s;
  }
  events_.push({at_s, order_++, what, kind});
}

void Mesoscopic::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::lane:
      if (queues_[event.what].check_s != event.at_s) return;
      queues_[event.what].check_s = never_s;
      return check_lane(event.what);
    case Event::Kind::insert:
      if (insert_s_[event.what] != event.at_s) return;
      insert_s_[event.what] = never_s;
      return insert_from(event.what);
    case Event::Kind::signal:
      return switch_signal(event.what);
    case Event::Kind::unpark: {
      const uint32_t edge = edge_at(event.what, cars_[event.what].step);
      waiting_[edge].push_back(event.what);
      return schedule(Event::Kind::insert, edge, now_s_);
    }
    case Event::Kind::sample:
      return sample();
  }
}

base::Result<TrafficOutcome> Mesoscopic::run(const std::function<bool(double)>& progress) {
  start_signals();
  size_t next_vehicle = 0;
  uint64_t left = demand_.vehicles.size();
  schedule(Event::Kind::sample, 0, now_s_);
  while (left > 0) {
    // Departures are sorted: they need no place among the events.
    const double depart_s = next_vehicle < demand_.vehicles.size() ? demand_.vehicles[next_vehicle].depart_s : never_s;
    const double event_s = events_.empty() ? never_s : events_.top().at_s;
    if (std::min(depart_s, event_s) >= options_.end_s) {
      now_s_ = options_.end_s;
      break;
    }
    if (depart_s <= event_s) {
      now_s_ = std::max(now_s_, depart_s);
      const uint32_t edge = route_of(static_cast<uint32_t>(next_vehicle)).front();
      waiting_[edge].push_back(static_cast<uint32_t>(next_vehicle));
      schedule(Event::Kind::insert, edge, now_s_);
      ++next_vehicle;
      continue;
    }
    const Event event = events_.top();
    events_.pop();
    now_s_ = event.at_s;
    const uint64_t arrived = outcome_.arrived;
    handle(event);
    left -= outcome_.arrived - arrived;
    if ((++outcome_.events & 0xFFF) == 0 && progress && !progress(now_s_)) return fail(Code::cancelled, "stopped");
  }
  for (uint32_t i = 0; i < cars_.size(); ++i) {
    const Trip& trip = outcome_.trips[i];
    if (trip.depart_s < 0)
      ++outcome_.waiting;
    else if (trip.arrive_s < 0)
      ++outcome_.on_road;
    if (trip.depart_s >= 0) outcome_.vehicle_seconds += (trip.arrive_s < 0 ? now_s_ : trip.arrive_s) - trip.depart_s;
  }
  outcome_.ended_s = now_s_;
  outcome_.queued_mean = samples_ > 0 ? queued_sum_ / static_cast<double>(samples_) : 0;
  return std::move(outcome_);
}

void Mesoscopic::sample() {
  uint32_t queued = 0;
  for (const LaneQueue& queue : queues_) {
    for (uint32_t car = queue.head; car != none && cars_[car].arrival_s < now_s_; car = cars_[car].next) ++queued;
  }
  outcome_.queued_most = std::max(outcome_.queued_most, queued);
  queued_sum_ += queued;
  ++samples_;
  schedule(Event::Kind::sample, 0, now_s_ + 60);
}

void Mesoscopic::check_lane(uint32_t lane) {
  while (queues_[lane].head != none) {
    const double again_s = pass_head(lane);
    if (again_s < 0) continue;
    // Never again at the same time: what waits for a sum of two numbers could wait for ever.
    if (again_s < never_s) schedule(Event::Kind::lane, lane, std::max(again_s, now_s_ + 1e-3));
    return;
  }
}

/// Uniform acceleration of a queue: the k-th vehicle crosses at k reactions and the time it takes from its place.
double Mesoscopic::headway_s(const LaneQueue& queue, const VehicleType& type, double limit_m_s,
                             double& speed_m_s) const {
  const double spacing_m = queue.leave_length_m + type.gap_m;
  const double last = queue.leave_speed_m_s;
  speed_m_s = std::min(limit_m_s, std::sqrt(last * last + 2 * pickup_m_s2(type) * spacing_m));
  return type.reaction_s + flow_.reaction_add_s + 2 * spacing_m / std::max(last + speed_m_s, 0.1);
}

double Mesoscopic::ready_s(uint32_t lane, uint32_t car, double& speed_m_s) const {
  const LaneQueue& queue = queues_[lane];
  const Car& it = cars_[car];
  const VehicleType& type = type_of(car);
  const double limit = std::max(it.exit_speed_m_s, 0.5);
  double following = 0;
  const double follow_s = queue.leave_s + headway_s(queue, type, limit, following);
  if (follow_s <= it.arrival_s) {
    speed_m_s = limit;
    return it.arrival_s;
  }
  const double braked = limit - std::sqrt(2 * type.decel_m_s2 * limit * (follow_s - it.arrival_s));
  speed_m_s = std::min(limit, std::max(following, braked));
  return follow_s;
}

/// Looks whether the first vehicle of a lane can go now. Below 0: it went; else when to look again.
double Mesoscopic::pass_head(uint32_t lane) {
  LaneQueue& queue = queues_[lane];
  const uint32_t car = queue.head;
  Car& it = cars_[car];
  double speed = 0;
  const double ready = ready_s(lane, car, speed);
  if (ready > now_s_ + 1e-9) return ready;
  if (const double stays_s = serve_stops(car, lane); stays_s >= 0) return stays_s;
  if (queue.head != car) return -1;  // it left to park
  const std::vector<uint32_t>& route = route_of(car);
  const bool inside = network_.lanes[lane].edge == none;
  if (!inside && it.step + 1 >= route.size()) {
    arrive(lane, car);
    return -1;
  }
  const VehicleType& type = type_of(car);
  const double waited_s = now_s_ - ready;
  speed = std::max(0.0, speed - std::sqrt(2 * type.decel_m_s2 * speed * waited_s));
  const uint32_t link = it.link;
  it.blocked = true;
  it.no_room = false;
  const double may_s = may_pass_s(link, car, speed, now_s_ - it.arrival_s);
  if (may_s > now_s_) return may_s;
  uint32_t target = network_.links[link].to_lane;
  if (network_.lanes[target].edge != none) {
    const uint32_t step = it.step + (inside ? 0 : 1);
    target = choose_lane(car, route[step], step);
  }
  if (const double room = room_s(target, network_.links[link].length_m, type, lane); room > now_s_) {
    it.no_room = true;
    if (now_s_ - std::max(ready, it.arrival_s) < flow_.stuck_s)
      return std::min(room, std::max(ready, it.arrival_s) + flow_.stuck_s);
    ++outcome_.stuck;
  }
  it.blocked = false;
  cross(lane, car, link, target, speed);
  return -1;
}

void Mesoscopic::release(LaneQueue& queue) {
  while (!queue.gaps.empty() && queue.gaps.front().first <= now_s_) {
    queue.used_m -= queue.gaps.front().second;
    queue.gaps.pop_front();
  }
}

/// When there is room on a lane; never_s: the waiter will be called.
double Mesoscopic::room_s(uint32_t target, double inner_m, const VehicleType& type, uint32_t waiter) {
  LaneQueue& queue = queues_[target];
  release(queue);
  const double need_m = type.length_m + type.gap_m;
  double length_m = network_.lanes[target].length_m;
  // While they move, vehicles are on the junction too; and where there is no place behind it, they stand on it.
  const bool moves = queue.head == none || !cars_[queue.head].blocked;
  if (network_.lanes[target].edge == none)
    length_m += moves ? flow_.short_m : 0;
  else if (moves || length_m < flow_.short_m)
    length_m += inner_m;
  if ((queue.count == 0 && queue.gaps.empty()) || queue.used_m + need_m <= length_m + type.gap_m) return now_s_;
  if (!queue.gaps.empty()) return queue.gaps.front().first;
  if (std::find(queue.waiters.begin(), queue.waiters.end(), waiter) == queue.waiters.end())
    queue.waiters.push_back(waiter);
  return never_s;
}

void Mesoscopic::cross(uint32_t lane, uint32_t car, uint32_t link, uint32_t target, double speed_m_s) {
  Car& it = cars_[car];
  const Link& way = network_.links[link];
  const VehicleType& type = type_of(car);
  finish_lane(lane, car, speed_m_s);
  take_off(lane, speed_m_s);
  link_clear_s_[link] = now_s_ + clear_time_s(way, type, speed_m_s);
  double out = 1e9;
  const double inner_s = way.length_m > 0
                             ? travel_s(way.length_m, speed_m_s, std::max(wish_m_s(car, way.speed_m_s), speed_m_s), out,
                                        pickup_m_s2(type), type.decel_m_s2)
                             : 0;
  if (way.length_m <= 0) out = speed_m_s;
  if (network_.lanes[lane].edge != none) ++it.step;
  outcome_.trips[car].metres += way.length_m;
  if (inner_s > 0) {
    const double wish = wish_m_s(car, way.speed_m_s);
    outcome_.trips[car].loss_s += std::max(0.0, inner_s - way.length_m / wish);
    measure(car, none, way.length_m, inner_s);
  }
  enter(car, target, now_s_ + inner_s, out, 0);
}

/// Puts a car at the end of a lane's queue. `from_m`: where on the lane it begins.
void Mesoscopic::enter(uint32_t car, uint32_t lane, double entered_s, double speed_m_s, double from_m) {
  Car& it = cars_[car];
  LaneQueue& queue = queues_[lane];
  const Lane& way = network_.lanes[lane];
  const VehicleType& type = type_of(car);
  const bool inside = way.edge == none;
  const uint32_t next = edge_at(car, it.step + (inside ? 0 : 1));
  it.link = inside ? way.links_begin : next == none ? none : link_to(lane, next);
  double wish = wish_m_s(car, way.speed_m_s);
  double metres = std::max(0.1, way.length_m - from_m);
  it.exit_speed_m_s = wish;
  if (it.link != none) {
    const Link& link = network_.links[it.link];
    it.exit_speed_m_s = std::min(wish, wish_m_s(car, link.speed_m_s));
    if (link.signal == none && !link.yields_to.empty())
      it.exit_speed_m_s = std::min(it.exit_speed_m_s, flow_.minor_speed_m_s);
  } else {
    const double at = demand_.vehicles[car].arrive_at_m;
    if (at >= 0) metres = std::clamp(at - from_m, 0.1, metres);
  }
  it.entered_s = entered_s;
  it.free_s = metres / wish;
  it.arrival_s = entered_s + travel_s(metres, speed_m_s, wish, it.exit_speed_m_s, pickup_m_s2(type), type.decel_m_s2);
  it.has_stopped = false;
  it.next = none;
  if (queue.tail == none)
    queue.head = car;
  else
    cars_[queue.tail].next = car;
  queue.tail = car;
  ++queue.count;
  queue.used_m += type.length_m + type.gap_m;
  queue.enter_s = entered_s;
  queue.enter_speed_m_s = speed_m_s;
  queue.room_m = type.length_m + type.gap_m;
  if (!inside) ++outcome_.edges[way.edge].entered;
  if (queue.head == car) schedule(Event::Kind::lane, lane, it.arrival_s);
}

/// Takes the head from its lane; the room it leaves runs upstream.
void Mesoscopic::take_off(uint32_t lane, double speed_m_s) {
  LaneQueue& queue = queues_[lane];
  const uint32_t car = queue.head;
  const VehicleType& type = type_of(car);
  queue.head = cars_[car].next;
  if (queue.head == none) queue.tail = none;
  --queue.count;
  queue.leave_s = now_s_;
  queue.leave_speed_m_s = speed_m_s;
  queue.leave_length_m = type.length_m;
  const double free_s = now_s_ + network_.lanes[lane].length_m / flow_.wave_m_s;
  release(queue);
  queue.gaps.emplace_back(free_s, type.length_m + type.gap_m);
  for (const uint32_t waiter : queue.waiters) schedule(Event::Kind::lane, waiter, free_s);
  queue.waiters.clear();
}

void Mesoscopic::measure(uint32_t car, uint32_t edge, double metres, double seconds) {
  if (!(seconds > 0)) return;
  const Emitted amounts = emitted(type_of(car).emission, metres, seconds);
  Trip& trip = outcome_.trips[car];
  trip.co2_g += amounts.co2_g;
  trip.nox_g += amounts.nox_g;
  trip.co_g += amounts.co_g;
  trip.fuel_g += amounts.fuel_g;
  if (edge != none) outcome_.edges[edge].co2_g += amounts.co2_g;
}

/// Counts what a car did on its lane, at its end.
void Mesoscopic::finish_lane(uint32_t lane, uint32_t car, double speed_m_s) {
  const Car& it = cars_[car];
  Trip& trip = outcome_.trips[car];
  const Lane& way = network_.lanes[lane];
  const VehicleType& type = type_of(car);
  const double wish = wish_m_s(car, way.speed_m_s);
  const double seconds = std::max(now_s_ - it.entered_s, 0.0), metres = it.free_s * wish;
  trip.metres += metres;
  trip.loss_s += std::max(0.0, seconds - it.free_s);
  const double late_s = now_s_ - it.arrival_s;
  queues_[lane].late_s += 0.15 * (late_s - queues_[lane].late_s);
  const double slowing_s = wish / (2 * type.decel_m_s2);
  const bool stood = late_s > slowing_s && speed_m_s < wish - 1;
  // Of the time lost, braking and picking up speed again are not standing.
  const double standing_s =
      stood ? std::max(0.0, late_s - slowing_s - std::min(speed_m_s, wish) / (2 * pickup_m_s2(type))) : 0;
  trip.waiting_s += standing_s;
  trip.stops += stood ? 1 : 0;
  measure(car, way.edge, metres, seconds);
  if (way.edge == none) return;
  EdgeTotals& edge = outcome_.edges[way.edge];
  ++edge.left;
  edge.vehicle_seconds += seconds;
  edge.vehicle_metres += metres;
  edge.waiting_s += standing_s;
  edge.stops += stood ? 1 : 0;
}

void Mesoscopic::arrive(uint32_t lane, uint32_t car) {
  finish_lane(lane, car, cars_[car].exit_speed_m_s);
  take_off(lane, cars_[car].exit_speed_m_s);
  outcome_.trips[car].arrive_s = now_s_;
  ++outcome_.arrived;
}

/// Own stops on this lane's edge: how long the car still stands; below 0: not at all.
double Mesoscopic::serve_stops(uint32_t car, uint32_t lane) {
  Car& it = cars_[car];
  const auto& stops = demand_.vehicles[car].stops;
  const uint32_t edge = network_.lanes[lane].edge;
  if (it.has_stopped || it.stop >= stops.size() || edge == none) return -1;
  double until_s = now_s_;
  while (it.stop < stops.size() && network_.lanes[stops[it.stop].lane].edge == edge) {
    const Stop& stop = stops[it.stop++];
    const double wish = wish_m_s(car, network_.lanes[lane].speed_m_s);
    const VehicleType& type = type_of(car);
    until_s = std::max(until_s + stop.duration_s, stop.until_s);
    until_s += wish / (2 * type.decel_m_s2) + wish / (2 * pickup_m_s2(type));
    if (stop.beside_road) {
      finish_lane(lane, car, 0);
      take_off(lane, 0);
      schedule(Event::Kind::unpark, car, until_s);
      return -1;
    }
  }
  if (until_s == now_s_) return -1;
  it.has_stopped = true;
  it.arrival_s = until_s;
  return until_s;
}

void Mesoscopic::insert_from(uint32_t edge) {
  while (!waiting_[edge].empty()) {
    double retry_s = 0;
    if (!insert(edge, waiting_[edge].front(), retry_s)) return schedule(Event::Kind::insert, edge, retry_s);
    waiting_[edge].pop_front();
  }
}

bool Mesoscopic::insert(uint32_t edge, uint32_t car, double& retry_s) {
  Car& it = cars_[car];
  const Vehicle& vehicle = demand_.vehicles[car];
  const VehicleType& type = type_of(car);
  const uint32_t lane = choose_lane(car, edge, it.step);
  const Lane& way = network_.lanes[lane];
  LaneQueue& queue = queues_[lane];
  release(queue);
  const double length_m = way.length_m;
  const bool full = queue.count > 0 && queue.used_m + type.length_m + type.gap_m > length_m + type.gap_m;
  // The one before must have cleared the place.
  const double pickup = pickup_m_s2(type), before = queue.enter_speed_m_s;
  const double clear_s = queue.enter_s + (std::sqrt(before * before + 2 * pickup * queue.room_m) - before) / pickup;
  if (full || clear_s > now_s_) {
    retry_s = std::max(
        clear_s, full ? (queue.gaps.empty() ? now_s_ + 1 : std::max(queue.gaps.front().first, now_s_ + 0.1)) : now_s_);
    return false;
  }
  double from_m = vehicle.depart_at_m;
  if (it.stop > 0) from_m = vehicle.stops[it.stop - 1].at_m;  // back from beside the road
  if (from_m < 0) from_m += length_m;
  const double wish = wish_m_s(car, way.speed_m_s);
  const double speed = vehicle.depart_speed_m_s < 0 ? wish : std::min(vehicle.depart_speed_m_s, wish);
  if (outcome_.trips[car].depart_s < 0) {
    outcome_.trips[car].depart_s = now_s_;
    ++outcome_.inserted;
  }
  enter(car, lane, now_s_, speed, std::clamp(from_m, 0.0, length_m));
  return true;
}

base::Result<TrafficOutcome> run_mesoscopic(const Network& network, const Demand& demand,
                                            const MesoscopicOptions& options,
                                            const std::function<bool(double)>& progress) {
  return Mesoscopic(network, demand, options).run(progress);
}

}  // namespace cityloom::model::traffic
