// Setting out, arriving, and walking.
#include <algorithm>
#include <cmath>

#include "rehearsal/traffic.hpp"

namespace cityloom::rehearsal {
namespace {

constexpr int64_t seconds_a_day = 86'400;
constexpr double walk_far_m = 1'400;  // who would walk farther takes the underground, which is not shown

}  // namespace

uint32_t Traffic::next_place(uint32_t number, int64_t now, Chance& chance) const {
  const auto count = static_cast<uint32_t>(model_.places.size());
  if (count == 0) return no_index;
  const bool is_car = number < cars_.size();
  const uint32_t here = is_car ? cars_[number].at_place : walkers_[number - cars_.size()].at_place;
  if (is_car && !cars_[number].is_cruising) {
    const auto at_s = static_cast<int32_t>(now % seconds_a_day);
    return next_trip(model_, cars_[number].person, now / seconds_a_day, std::max(0, at_s - 1)).to;
  }
  // Walkers and taxis: somewhere, walkers not far.
  uint32_t best = no_index;
  for (int n = 0; n < (is_car ? 3 : 6); ++n) {
    const uint32_t place = chance.below(count);
    if (model_.places[place].street == no_index || place == here) continue;
    if (best == no_index || here >= count) {
      best = place;
      continue;
    }
    const Point at = model_.places[here].at;
    if (length(model_.places[place].at - at) < length(model_.places[best].at - at)) best = place;
  }
  return best;
}

void Traffic::schedule(uint32_t number, int64_t after) {
  Chance chance(model_.seed, Purpose::trips, {number, after, 7});
  if (number < cars_.size() && !cars_[number].is_cruising) {
    const HabitTrip trip =
        next_trip(model_, cars_[number].person, after / seconds_a_day, static_cast<int32_t>(after % seconds_a_day));
    return departures_.push({after / seconds_a_day * seconds_a_day + trip.at_s, number});
  }
  const bool is_car = number < cars_.size();
  // Fewer taxis and walkers by night.
  const auto hour = static_cast<int>(after % seconds_a_day / 3'600);
  const double calm = hour < 5 ? 5 : hour < 7 || hour > 21 ? 2 : 1;
  const double rest_s = (is_car ? chance.between(5, 90) : chance.between(10, 500)) * calm;
  departures_.push({after + 1 + static_cast<int64_t>(rest_s), number});
}

void Traffic::depart(const Departure& departure, int64_t now) {
  const uint32_t number = departure.number;
  const bool is_car = number < cars_.size();
  Chance chance(model_.seed, Purpose::trips, {number, departure.at});
  const uint32_t here = is_car ? cars_[number].at_place : walkers_[number - cars_.size()].at_place;
  uint32_t goal =
      is_car && cars_[number].goal != no_index ? cars_[number].goal : next_place(number, departure.at, chance);
  if (here >= model_.places.size()) return;
  const Place& from = model_.places[here];
  const bool is_possible =
      goal < model_.places.size() && goal != here && from.street != no_index && model_.places[goal].street != no_index;
  if (!is_possible || (!is_car && length(model_.places[goal].at - from.at) > walk_far_m)) {
    if (is_car) cars_[number].goal = no_index;
    return schedule(number, now);
  }
  std::vector<uint32_t> way = ways_.find(from.street, model_.places[goal].street, !is_car);
  if (way.empty()) {
    if (is_car) cars_[number].goal = no_index;
    return schedule(number, now);
  }
  const double along_m =
      static_cast<double>(from.along_share) * static_cast<double>(model_.street_of(way.front()).length_m);
  const double s_m =
      way.front() % 2 == 0 ? along_m : static_cast<double>(model_.street_of(way.front()).length_m) - along_m;
  if (!is_car) {
    Walker& walker = walkers_[number - cars_.size()];
    walker.goal = goal;
    walker.way = std::move(way);
    walker.way_at = 0;
    walker.is_crossing = false;
    walker.s_m = static_cast<float>(s_m);
    const Street& last = model_.street_of(walker.way.back());
    const float share = model_.places[goal].along_share;
    walker.until_m = last.length_m * (walker.way.back() % 2 == 0 ? share : 1 - share);
    return;
  }
  Car& car = cars_[number];
  if (!enter(number, way.front(), std::min(s_m, stop_m(way.front())))) {
    // No gap yet: again in some seconds, with the same goal.
    car.goal = goal;
    return departures_.push({now + 2, number});
  }
  car.goal = goal;
  car.way = std::move(way);
  car.way_at = 0;
  car.stuck_s = 0;
  car.last_edge = no_index;
  ++driving_;
  events_.push_back({number, true, here, goal});
}

void Traffic::arrive(uint32_t number, int64_t now) {
  Car& car = cars_[number];
  ++counts_[edge_of_lane_[car.lane]].passed;
  unlink(number);
  events_.push_back({number, false, car.at_place, car.goal});
  car.at_place = car.goal;
  car.goal = no_index;
  car.way.clear();
  car.v_mps = 0;
  --driving_;
  schedule(number, now);
}

double Traffic::pavement_m(uint32_t edge) const {
  return static_cast<double>(model_.street_of(edge).half_width_m) + 1.2;
}

// Over a street while the cars beside have green, and still have when the walker is over.
bool Traffic::may_cross(const Walker& walker, uint32_t edge, double across_m, int64_t now) const {
  if (!model_.junctions[model_.head(edge)].has_signals) return true;
  const auto needs_s = static_cast<int64_t>(across_m / static_cast<double>(walker.pace_mps)) + 1;
  return model_.light(edge, now) == Light::green && model_.light(edge, now + needs_s) == Light::green;
}

void Traffic::walk(uint32_t number, int64_t now) {
  Walker& walker = walkers_[number];
  if (walker.way_at >= walker.way.size()) return;
  const uint32_t edge = walker.way[walker.way_at];
  const Street& street = model_.street_of(edge);
  const bool is_last = walker.way_at + 1 == walker.way.size();
  walker.is_waiting = false;
  if (is_last) {
    const float left_m = walker.until_m - walker.s_m;
    walker.s_m += std::clamp(left_m, -walker.pace_mps, walker.pace_mps);
    if (std::abs(left_m) > walker.pace_mps) return;
    walker.at_place = walker.goal;
    walker.way.clear();
    return schedule(number + static_cast<uint32_t>(cars_.size()), now);
  }
  const uint32_t next = walker.way[walker.way_at + 1];
  const Turn turn = turn_of(edge, next);
  const double s_m = static_cast<double>(walker.s_m), pace_m = static_cast<double>(walker.pace_mps);
  const double long_m = static_cast<double>(street.length_m);
  const double aside_m = pavement_m(edge), across_m = pavement_m(next);
  // Round the corner, or over the street that is met, and for a left turn over the one along which it came too.
  const double leave_m = turn == Turn::right  ? std::max(s_m, long_m - across_m)
                         : turn == Turn::left ? long_m + across_m
                                              : long_m;
  const double corner_m = stop_m(edge);
  if (turn != Turn::right && !walker.is_crossing && s_m + pace_m >= corner_m) {
    // Doors may be nearer to the junction than its corner is.
    if (!may_cross(walker, edge, 2 * (long_m - corner_m), now)) {
      walker.is_waiting = true;
      return;
    }
    walker.is_crossing = true;
  }
  if (s_m + pace_m < leave_m) {
    walker.s_m += walker.pace_mps;
    return;
  }
  if (turn == Turn::left && !may_cross(walker, next ^ 1, 2 * aside_m, now)) {
    walker.s_m = static_cast<float>(leave_m);
    walker.is_waiting = true;
    return;
  }
  ++walker.way_at;
  walker.is_crossing = false;
  walker.s_m = static_cast<float>(turn == Turn::right ? aside_m : turn == Turn::left ? -aside_m : 0);
}

Sighting Traffic::pedestrian(uint32_t number) const {
  const Walker& walker = walkers_[number];
  Sighting seen;
  if (walker.way_at >= walker.way.size()) {
    if (walker.at_place < model_.places.size()) seen.at = model_.places[walker.at_place].at;
    return seen;
  }
  const uint32_t edge = walker.way[walker.way_at];
  const double s_m = static_cast<double>(walker.s_m);
  seen.edge = edge;
  seen.along = model_.direction_on(edge, s_m);
  seen.speed_mps = walker.is_waiting ? 0 : static_cast<double>(walker.pace_mps);
  // On the pavement to the right, over a junction in a straight line.
  const double over_m = std::min(0.0, s_m) + std::max(0.0, s_m - static_cast<double>(model_.street_of(edge).length_m));
  seen.at = model_.point_on(edge, s_m) + seen.along * over_m + left_of(seen.along) * -pavement_m(edge);
  return seen;
}

}  // namespace cityloom::rehearsal
