// Driving. Lanes are lists of cars, the foremost first; a step takes each lane from its front.
#include "rehearsal/traffic.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::rehearsal {
namespace {

constexpr double acceleration = 2.0, braking = 3.5, reaction_s = 1.0;
constexpr double gap_m = 1.8;         // kept to the car ahead
constexpr double turn_mps = 5.5;      // round a corner
constexpr uint32_t patience_s = 150;  // then another way is tried
constexpr int64_t give_way_s = 2, clear_s = 2;
constexpr double turning_s = 4;  // that a left turn takes, over the lanes of the others

/// The speed from which a car can still stop behind what moves at `ahead_mps`, `room_m` ahead.
double safe_speed(double speed_mps, double ahead_mps, double room_m) {
  if (room_m <= 0) return 0;
  const double mean = (speed_mps + ahead_mps) / 2;
  return std::max(0.0, ahead_mps + (room_m - ahead_mps * reaction_s) / (mean / braking + reaction_s));
}

}  // namespace

Traffic::Traffic(const CityModel& model, const TrafficOptions& options)
    : model_(model),
      ways_(model),
      cars_(options.vehicles),
      walkers_(options.pedestrians),
      ends_(model.edge_count()),
      counts_(model.edge_count()),
      on_edge_(model.edge_count()),
      junction_free_at_(model.junctions.size()),
      accidents_(model.streets.size()) {
  first_lane_.push_back(0);
  for (uint32_t edge = 0; edge < model.edge_count(); ++edge) {
    const uint32_t lanes = model.is_open(edge) ? model.street_of(edge).lanes : 0;
    edge_of_lane_.insert(edge_of_lane_.end(), lanes, edge);
    first_lane_.push_back(first_lane_.back() + lanes);
  }
  find_ends();
  front_.assign(first_lane_.back(), no_index);
  back_.assign(first_lane_.back(), no_index);
  const uint32_t people = population(model);
  for (uint32_t number = 0; number < cars_.size() + walkers_.size(); ++number) {
    Chance chance(model.seed, Purpose::people, {number});
    Person who;
    if (people > 0) {
      // Drivers are of age: of those drawn, the first who works, else whoever it is.
      for (int n = 0; n < 4; ++n) {
        who = person(model, chance.below(people));
        if (number >= cars_.size() || who.role == Role::worker) break;
      }
    }
    if (number < cars_.size()) {
      Car& car = cars_[number];
      car.person = who;
      car.is_cruising = people == 0 || chance.happens(options.cruising_share);
      car.pace = static_cast<float>(chance.between(0.82, 0.99));
      car.at_place = who.home;
    } else {
      Walker& walker = walkers_[number - cars_.size()];
      walker.person = who;
      walker.pace_mps = static_cast<float>(chance.between(1.0, 1.6));
      walker.at_place = who.home;
    }
  }
}

void Traffic::find_ends() {
  for (uint32_t edge = 0; edge < ends_.size(); ++edge) {
    ends_[edge].first = model_.direction_on(edge, 0);
    ends_[edge].last = model_.direction_on(edge, static_cast<double>(model_.street_of(edge).length_m));
  }
  std::vector<std::pair<uint32_t, uint32_t>> arrivals;  // junctions, and open edges to them
  for (uint32_t edge = 0; edge < ends_.size(); ++edge) {
    if (model_.is_open(edge)) arrivals.emplace_back(model_.head(edge), edge);
  }
  std::sort(arrivals.begin(), arrivals.end());
  for (size_t first = 0, end = 0; first < arrivals.size(); first = end) {
    while (end < arrivals.size() && arrivals[end].first == arrivals[first].first) ++end;
    for (size_t n = first; n < end; ++n) {
      EdgeEnds& mine = ends_[arrivals[n].second];
      double least = -0.7;
      for (size_t m = first; m < end; ++m) {
        const double along = dot(mine.last, ends_[arrivals[m].second].last);
        if (along >= least) continue;
        least = along;
        mine.oncoming = arrivals[m].second;
      }
    }
  }
}

Traffic::Turn Traffic::turn_of(uint32_t edge, uint32_t next) const {
  const Point from = ends_[edge].last, to = ends_[next].first;
  const double across = cross(from, to);
  if (across > 0.5 || dot(from, to) < -0.8) return Turn::left;
  return across < -0.5 ? Turn::right : Turn::straight;
}

// Lane 0 is beside the kerb.
Point Traffic::lane_point(uint32_t edge, uint32_t lane, double s_m) const {
  const Street& street = model_.street_of(edge);
  const Point along = model_.direction_on(edge, s_m);
  const uint32_t from_middle = street.lanes - 1 - std::min<uint32_t>(lane, street.lanes - 1U);
  // A narrow street has narrow lanes.
  const double wide_m = std::min(lane_m, static_cast<double>(street.half_width_m) / street.lanes);
  const double aside_m = street.is_oneway ? 0 : (from_middle + 0.5) * wide_m;
  return model_.point_on(edge, s_m) + left_of(along) * -aside_m;
}

Sighting Traffic::vehicle(uint32_t number) const {
  const Car& car = cars_[number];
  Sighting seen;
  if (car.lane == no_index) {
    if (car.at_place < model_.places.size()) seen.at = model_.places[car.at_place].at;
    return seen;
  }
  const uint32_t edge = edge_of_lane_[car.lane];
  const uint32_t lane = car.lane - first_lane_[edge];
  const Street& street = model_.street_of(edge);
  const double s_m = static_cast<double>(car.s_m), long_m = static_cast<double>(street.length_m);
  seen.edge = edge;
  seen.speed_mps = static_cast<double>(car.v_mps);
  seen.along = model_.direction_on(edge, s_m);
  seen.at = lane_point(edge, lane, s_m);
  // Round a corner on a curve: from where one street's lane ends before the junction to where the next one's begins.
  const auto curve = [&](uint32_t before, uint32_t before_lane, uint32_t after, uint32_t after_lane, double share) {
    const double before_long_m = static_cast<double>(model_.street_of(before).length_m);
    const double radius_m = static_cast<double>(model_.junctions[model_.tail(after)].radius_m);
    const double from_m = before_long_m - std::min(radius_m, before_long_m * 0.4);
    const double to_m = std::min(radius_m, static_cast<double>(model_.street_of(after).length_m) * 0.4);
    const Point a = lane_point(before, before_lane, from_m), c = lane_point(after, after_lane, to_m);
    const Point u = model_.direction_on(before, from_m), w = model_.direction_on(after, to_m);
    const double turn = cross(u, w);
    const Point b = std::abs(turn) > 0.2 ? a + u * (cross(c - a, w) / turn) : middle(a, c);
    seen.at = a * ((1 - share) * (1 - share)) + b * (2 * share * (1 - share)) + c * (share * share);
    seen.along = unit_of((b - a) * (1 - share) + (c - b) * share);
  };
  const double out_m = std::min(static_cast<double>(model_.junctions[model_.head(edge)].radius_m), long_m * 0.4);
  const double in_m = std::min(static_cast<double>(model_.junctions[model_.tail(edge)].radius_m), long_m * 0.4);
  if (car.last_edge != no_index && s_m < in_m) {
    const uint32_t lanes = model_.street_of(car.last_edge).lanes;
    curve(car.last_edge, std::min<uint32_t>(lane, lanes - 1U), edge, lane, 0.5 + s_m / in_m / 2);
  } else if (s_m > long_m - out_m && car.way_at + 1 < car.way.size()) {
    const uint32_t next = car.way[car.way_at + 1];
    const uint32_t lanes = model_.street_of(next).lanes;
    curve(edge, lane, next, std::min<uint32_t>(lane, lanes - 1U), (s_m - (long_m - out_m)) / out_m / 2);
  }
  return seen;
}

StreetCount Traffic::take_count(uint32_t edge) {
  return std::exchange(counts_[edge], {});
}

uint32_t Traffic::on_edge(uint32_t edge) const {
  return on_edge_[edge];
}

double Traffic::stop_m(uint32_t edge) const {
  const double long_m = static_cast<double>(model_.street_of(edge).length_m);
  return long_m - std::min(static_cast<double>(model_.junctions[model_.head(edge)].radius_m), long_m * 0.35);
}

void Traffic::link(uint32_t number, uint32_t lane, uint32_t ahead) {
  Car& car = cars_[number];
  car.lane = lane;
  car.ahead = ahead;
  car.behind = ahead == no_index ? front_[lane] : cars_[ahead].behind;
  (ahead == no_index ? front_[lane] : cars_[ahead].behind) = number;
  (car.behind == no_index ? back_[lane] : cars_[car.behind].ahead) = number;
  ++on_edge_[edge_of_lane_[lane]];
}

void Traffic::unlink(uint32_t number) {
  Car& car = cars_[number];
  (car.ahead == no_index ? front_[car.lane] : cars_[car.ahead].behind) = car.behind;
  (car.behind == no_index ? back_[car.lane] : cars_[car.behind].ahead) = car.ahead;
  --on_edge_[edge_of_lane_[car.lane]];
  car.lane = car.ahead = car.behind = no_index;
}

// Out of a door into the lane at the kerb, where there is room between two cars.
bool Traffic::enter(uint32_t number, uint32_t edge, double s_m) {
  const uint32_t lane = first_lane_[edge];
  uint32_t ahead = no_index;
  for (uint32_t at = front_[lane]; at != no_index; at = cars_[at].behind) {
    const double there_m = static_cast<double>(cars_[at].s_m);
    if (std::abs(there_m - s_m) < vehicle_length_m + gap_m) return false;
    if (there_m < s_m) {
      if (s_m - there_m < vehicle_length_m + gap_m + static_cast<double>(cars_[at].v_mps)) return false;
      break;
    }
    ahead = at;
  }
  cars_[number].s_m = static_cast<float>(s_m);
  cars_[number].v_mps = 0;
  link(number, lane, ahead);
  return true;
}

uint32_t Traffic::choose_lane(const Car& car, uint32_t edge, uint32_t after) const {
  const uint32_t lanes = model_.street_of(edge).lanes, first = first_lane_[edge];
  if (lanes == 1) return first;
  if (after != no_index) {
    const Turn turn = turn_of(edge, after);
    if (turn == Turn::left) return first + lanes - 1;
    if (turn == Turn::right) return first;
  }
  // Straight on: where there is most room.
  uint32_t best = first;
  float most_m = -1;
  for (uint32_t lane = first; lane < first + lanes; ++lane) {
    const float room_m =
        back_[lane] == no_index ? 1e6F + static_cast<float>((car.person.number + lane) % 3) : cars_[back_[lane]].s_m;
    if (room_m > most_m) {
      most_m = room_m;
      best = lane;
    }
  }
  return best;
}

bool Traffic::has_room(const Car& car, uint32_t next) const {
  const uint32_t after = car.way_at + 2 < car.way.size() ? car.way[car.way_at + 2] : no_index;
  const uint32_t last = back_[choose_lane(car, next, after)];
  return last == no_index || static_cast<double>(cars_[last].s_m) > vehicle_length_m + gap_m + 0.5;
}

// Whether nobody comes from across the junction whose way a left turn would cut.
bool Traffic::lets_turn_left(uint32_t edge, int64_t now) const {
  const uint32_t oncoming = ends_[edge].oncoming;
  if (oncoming == no_index) return true;
  if (now - ends_[oncoming].straight_at < clear_s) return false;
  const Light light = model_.light(oncoming, now);
  if (light == Light::red) return true;
  const double line_m = stop_m(oncoming);
  for (uint32_t lane = first_lane_[oncoming]; lane < first_lane_[oncoming + 1]; ++lane) {
    if (front_[lane] == no_index) continue;
    const Car& other = cars_[front_[lane]];
    if (other.way_at + 1 >= other.way.size()) continue;
    const uint32_t next = other.way[other.way_at + 1];
    if (turn_of(oncoming, next) == Turn::left || !has_room(other, next)) continue;
    const double far_m = line_m - static_cast<double>(other.s_m), speed = static_cast<double>(other.v_mps);
    // At amber only those count that cannot stop any more.
    const double reach_m = light == Light::amber ? speed * speed / (2 * braking) : 8 + speed * turning_s;
    if (far_m < reach_m) return false;
  }
  return true;
}

// Lights, the streets behind the junction, and who has the right of way.
bool Traffic::may_pass(const Car& car, uint32_t edge, uint32_t next, int64_t now, double to_stop_m) {
  const Junction& junction = model_.junctions[model_.head(edge)];
  const bool is_left = turn_of(edge, next) == Turn::left;
  if (junction.has_signals) {
    const Light light = model_.light(edge, now);
    const double speed = static_cast<double>(car.v_mps);
    // Who has waited at the line to turn left goes when the others stop.
    const bool has_waited = is_left && to_stop_m < 3;
    const bool can_stop = to_stop_m > speed * speed / (2 * braking);
    if (light == Light::red || (light == Light::amber && can_stop && !has_waited)) return false;
  }
  if (!has_room(car, next) || (is_left && !lets_turn_left(edge, now))) return false;
  if (junction.has_signals || junction.edges < 3) return true;
  const int64_t free_at = junction_free_at_[model_.head(edge)];
  const Street& mine = model_.street_of(edge);
  bool is_minor = false;
  for (uint32_t n = 0; n < junction.edges; ++n) {
    is_minor =
        is_minor || model_.street_of(model_.edges_out[junction.first_edge + n]).half_width_m > mine.half_width_m + 0.5F;
  }
  return !is_minor || free_at <= now;
}

void Traffic::go_over(uint32_t number, uint32_t edge, uint32_t next, double s_m, int64_t now) {
  Car& car = cars_[number];
  ++counts_[edge].passed;
  junction_free_at_[model_.head(edge)] = now + give_way_s;
  if (turn_of(edge, next) != Turn::left) ends_[edge].straight_at = now;
  const uint32_t after = car.way_at + 2 < car.way.size() ? car.way[car.way_at + 2] : no_index;
  const uint32_t lane = choose_lane(car, next, after);
  unlink(number);
  double room_m = stop_m(next);
  if (back_[lane] != no_index) room_m = static_cast<double>(cars_[back_[lane]].s_m) - vehicle_length_m - 1;
  car.s_m = static_cast<float>(std::max(0.0, std::min(s_m, room_m)));
  car.v_mps = std::min(car.v_mps, model_.street_of(next).speed_mps);
  car.last_edge = edge;
  ++car.way_at;
  link(number, lane, back_[lane]);
}

void Traffic::drive(uint32_t number, int64_t now, double grip) {
  Car& car = cars_[number];
  car.moved_at = now;
  const uint32_t edge = edge_of_lane_[car.lane];
  const Street& street = model_.street_of(edge);
  const double s_m = static_cast<double>(car.s_m), v = static_cast<double>(car.v_mps);
  const bool is_last = car.way_at + 1 >= car.way.size();
  const uint32_t next = is_last ? no_index : car.way[car.way_at + 1];
  double wanted = static_cast<double>(street.speed_mps * car.pace) * grip;
  double wall_m = 1e9;  // the farthest that it may come in this second
  if (accidents_[edge / 2] != 0) wanted = std::min(wanted, 2.5);
  if (car.ahead != no_index) {
    const Car& ahead = cars_[car.ahead];
    wall_m = static_cast<double>(ahead.s_m) - vehicle_length_m - 1;
    wanted = std::min(wanted, safe_speed(v, static_cast<double>(ahead.v_mps),
                                         static_cast<double>(ahead.s_m) - vehicle_length_m - gap_m - s_m));
  }
  const double line_m = stop_m(edge), goal_m = is_last ? static_cast<double>(model_.places[car.goal].along_share) *
                                                             static_cast<double>(street.length_m)
                                                       : 0;
  if (is_last) {
    const double at_m = edge % 2 == 0 ? goal_m : static_cast<double>(street.length_m) - goal_m;
    if (s_m >= at_m - 0.5) return arrive(number, now);
    wanted = std::min(wanted, std::max(1.5, safe_speed(v, 0, at_m - s_m)));
  } else {
    const double turn = dot(ends_[edge].last, ends_[next].first);
    const double to_line_m = line_m - s_m;
    if (turn < 0.7) wanted = std::min(wanted, std::sqrt(turn_mps * turn_mps + 2 * 2.0 * std::max(0.0, to_line_m)));
    if (to_line_m > -0.01 && to_line_m < 80 && !may_pass(car, edge, next, now, to_line_m)) {
      wanted = std::min(wanted, safe_speed(v, 0, to_line_m - 0.3));
      wall_m = std::min(wall_m, line_m);
    } else if (to_line_m <= -0.01 && !has_room(car, next)) {
      wall_m = std::min(wall_m, static_cast<double>(street.length_m) - 0.05);
    }
  }
  const double dawdle = static_cast<double>((mixed(static_cast<uint64_t>(now) << 24 ^ number) >> 40)) * 0x1p-24 * 0.35;
  double speed = std::clamp(std::min(v + acceleration, wanted), 0.0, static_cast<double>(street.speed_mps));
  if (speed > 2) speed -= dawdle;
  const double reach_m = std::max(s_m, std::min(s_m + speed, wall_m));
  car.v_mps = static_cast<float>(reach_m - s_m);
  car.stuck_s = reach_m - s_m < 0.1 ? car.stuck_s + 1 : 0;
  StreetCount& count = counts_[edge];
  count.speed_sum_mps += car.v_mps;
  ++count.seconds;
  if (!is_last && reach_m >= static_cast<double>(street.length_m)) {
    return go_over(number, edge, next, reach_m - static_cast<double>(street.length_m), now);
  }
  car.s_m = static_cast<float>(std::min(reach_m, static_cast<double>(street.length_m)));
  if (car.stuck_s > patience_s && !is_last) {
    // Another way; if there is none, the trip ends here.
    car.stuck_s = 0;
    std::vector<uint32_t> way = ways_.find(edge / 2, model_.places[car.goal].street, false);
    if (!way.empty() && way.front() == edge) {
      car.way = std::move(way);
      car.way_at = 0;
    } else if (car.ahead == no_index) {
      arrive(number, now);
    }
  }
}

void Traffic::step(int64_t second, double grip) {
  events_.clear();
  if (!has_begun_) {
    has_begun_ = true;
    for (uint32_t number = 0; number < cars_.size() + walkers_.size(); ++number) schedule(number, second - 1);
  }
  while (!departures_.empty() && departures_.top().at <= second) {
    const Departure departure = departures_.top();
    departures_.pop();
    depart(departure, second);
  }
  for (uint32_t lane = 0; lane < front_.size(); ++lane) {
    for (uint32_t car = front_[lane]; car != no_index;) {
      const uint32_t behind = cars_[car].behind;
      if (cars_[car].moved_at != second) drive(car, second, grip);
      car = behind;
    }
  }
  for (uint32_t walker = 0; walker < walkers_.size(); ++walker) walk(walker, second);
}

}  // namespace cityloom::rehearsal
