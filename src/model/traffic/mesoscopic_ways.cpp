// Which lane a vehicle takes, and who goes first at a junction.
#include <algorithm>
#include <cmath>

#include "model/traffic/queues.hpp"

namespace cityloom::model::traffic {

uint32_t Mesoscopic::edge_at(uint32_t car, uint32_t step) const {
  const auto& route = route_of(car);
  return step < route.size() ? route[step] : none;
}

uint32_t Mesoscopic::edge_of_link(uint32_t link) const {
  const uint32_t to = network_.links[link].to_lane;
  const uint32_t edge = network_.lanes[to].edge;
  if (edge != none) return edge;
  return network_.lanes[network_.links[network_.lanes[to].links_begin].to_lane].edge;
}

uint32_t Mesoscopic::link_to(uint32_t lane, uint32_t edge) const {
  const Lane& it = network_.lanes[lane];
  for (uint32_t link = it.links_begin; link < it.links_end; ++link) {
    if (edge_of_link(link) == edge) return link;
  }
  return none;
}

/// How far the way of a car goes on behind a lane without a change to another lane, up to a limit. `step` is the
/// lane's edge in its route.
double Mesoscopic::lasts_m(uint32_t car, uint32_t lane, uint32_t step, double limit_m) const {
  const uint32_t next = edge_at(car, step + 1);
  if (next == none) return limit_m;
  const Classes classes = type_of(car).classes;
  const Lane& way = network_.lanes[lane];
  double best = -1;
  for (uint32_t link = way.links_begin; link < way.links_end; ++link) {
    if (edge_of_link(link) != next) continue;
    uint32_t to = network_.links[link].to_lane;
    if (network_.lanes[to].edge == none) to = network_.links[network_.lanes[to].links_begin].to_lane;
    if ((network_.lanes[to].classes & classes) == 0) continue;
    const double length_m = network_.lanes[to].length_m;
    const double more_m = length_m < limit_m ? std::max(0.0, lasts_m(car, to, step + 1, limit_m - length_m)) : 0;
    best = std::max(best, std::min(limit_m, length_m + more_m));
  }
  return best;
}

/// The emptiest lane from which the way goes on; lanes from which it goes on for long are taken first, as there is
/// no time to change on short edges.
uint32_t Mesoscopic::choose_lane(uint32_t car, uint32_t edge, uint32_t step) const {
  const Edge& it = network_.edges[edge];
  const Classes classes = type_of(car).classes;
  const auto& stops = demand_.vehicles[car].stops;
  const uint32_t stop = cars_[car].stop < stops.size() ? stops[cars_[car].stop].lane : none;
  uint32_t best = it.lanes_begin;
  double best_load = 1e300;
  for (uint32_t lane = it.lanes_begin; lane < it.lanes_end; ++lane) {
    const bool allowed = (network_.lanes[lane].classes & classes) != 0;
    double load =
        queues_[lane].used_m + flow_.avoid_m_s * queues_[lane].late_s + (allowed ? 0 : 1e7) - (lane == stop ? 1e4 : 0);
    const double lasts = lasts_m(car, lane, step, flow_.ahead_m);
    // A lane that does not lead on at all may still have its link, to a lane that is closed to this class.
    load += lasts >= 0                                      ? flow_.order * (flow_.ahead_m - lasts)
            : link_to(lane, edge_at(car, step + 1)) == none ? 1e8
                                                            : 1e6;
    if (load >= best_load) continue;
    best_load = load;
    best = lane;
  }
  return best;
}

double Mesoscopic::clear_time_s(const Link& link, const VehicleType& type, double speed_m_s) const {
  double out = 1e9;
  const double pickup = type.accel_m_s2 * (1 - 0.5 * type.imperfection);
  return travel_s(link.length_m + type.length_m, speed_m_s, std::max(link.speed_m_s, speed_m_s), out, pickup,
                  type.decel_m_s2);
}

bool Mesoscopic::is_shut(const Link& link) const {
  if (link.signal == none) return false;
  const std::string& letters = signals_[link.signal].letters;
  if (link.signal_index >= letters.size()) return false;
  const char letter = letters[link.signal_index];
  return letter == 'r' || letter == 'u' || letter == 'y';
}

/// When the next vehicle comes over a link, if between now and `need_s` from now; below 0: none does.
double Mesoscopic::foe_comes_s(uint32_t foe, uint32_t target, double need_s) const {
  const Link& link = network_.links[foe];
  if (is_shut(link)) return -1;
  const LaneQueue& queue = queues_[link.from_lane];
  const uint32_t edge = edge_of_link(foe);
  double comes_s = -1e9;
  int seen = 0;
  for (uint32_t car = queue.head; car != none && seen < 4; car = cars_[car].next, ++seen) {
    const Car& it = cars_[car];
    if (it.blocked) {
      // So are those behind it. Who waits for the same room has the first claim to it.
      const bool same =
          it.no_room && network_.lanes[network_.links[it.link].to_lane].edge == network_.lanes[target].edge;
      return same ? now_s_ : -1;
    }
    double speed = 0;
    comes_s = seen == 0 ? ready_s(link.from_lane, car, speed) : std::max(it.arrival_s, comes_s + 1.5);
    if (comes_s > now_s_ + need_s) return -1;
    if (it.link == none || edge_of_link(it.link) != edge) continue;
    if (it.link != foe && network_.links[it.link].to_lane != link.to_lane) continue;
    return std::max(comes_s, now_s_);
  }
  const Lane& lane = network_.lanes[link.from_lane];
  if (lane.edge == none || seen > 0) return -1;
  return comes_from_behind_s(link.from_lane, edge, need_s - lane.length_m / lane.speed_m_s, 0);
}

/// On short edges who comes is seen before being on them.
double Mesoscopic::comes_from_behind_s(uint32_t lane, uint32_t aim, double need_s, int depth) const {
  if (need_s <= 0 || depth > 3) return -1;
  const uint32_t edge = network_.lanes[lane].edge;
  for (const uint32_t before : incoming_[lane]) {
    const Link& link = network_.links[before];
    if (is_shut(link)) continue;
    const double left_s = need_s - link.length_m / link.speed_m_s;
    const uint32_t car = queues_[link.from_lane].head;
    const uint32_t before_edge = network_.lanes[link.from_lane].edge;
    if (car != none) {
      const Car& it = cars_[car];
      const uint32_t step = it.step + (before_edge == none ? 0 : 1);
      double speed = 0;
      if (it.blocked || edge_at(car, step) != edge || edge_at(car, step + 1) != aim) continue;
      const double comes_s = ready_s(link.from_lane, car, speed);
      if (comes_s > now_s_ + left_s) continue;
      return std::max(comes_s, now_s_) + need_s - left_s;
    }
    if (before_edge == none) continue;
    const Lane& way = network_.lanes[link.from_lane];
    const double comes_s = comes_from_behind_s(link.from_lane, edge, left_s - way.length_m / way.speed_m_s, depth + 1);
    if (comes_s >= 0) return comes_s;
  }
  return -1;
}

/// When a vehicle at the end of its lane may enter the junction; never_s: when its signal changes.
double Mesoscopic::may_pass_s(uint32_t link, uint32_t car, double speed_m_s, double waited_s) const {
  const Link& way = network_.links[link];
  const VehicleType& type = type_of(car);
  bool gives_way = way.signal == none ? !way.yields_to.empty() && way.state != 'M' : false;
  if (way.signal != none) {
    const SignalState& signal = signals_[way.signal];
    const char letter = way.signal_index < signal.letters.size() ? signal.letters[way.signal_index] : 'O';
    if (letter == 'r' || letter == 'u') return never_s;
    const double since_s = signal.changed_s.empty() ? 0 : signal.changed_s[way.signal_index];
    if (letter == 'y' || letter == 'Y') {
      // Who can still brake does.
      if (now_s_ - since_s >= speed_m_s / (2 * type.decel_m_s2)) return never_s;
    } else if (speed_m_s < 1 && now_s_ < since_s + flow_.start_lag_s) {
      return since_s + flow_.start_lag_s;
    }
    gives_way = letter == 'g' || letter == 's' || letter == 'o';
  }
  // Ways meet in the middle of a junction, on the whole.
  const double own_s = clear_time_s(way, type, speed_m_s), meet_s = 0.7 * own_s;
  for (const uint32_t foe : way.crosses) {
    if (network_.links[foe].to_lane == way.to_lane) continue;
    const double free_s = link_clear_s_[foe] - 0.5 * own_s;
    if (free_s > now_s_ + 1e-6) return free_s;
  }
  // Into the same lane one after the other.
  const LaneQueue& target = queues_[way.to_lane];
  if (network_.lanes[way.to_lane].edge != none && target.count > 0) {
    const double spacing_m = type.length_m + type.gap_m;
    const double merge_s = target.enter_s - way.length_m / std::max(speed_m_s, 3.0) +
                           spacing_m / std::max(target.enter_speed_m_s, 3.0) + 0.3;
    if (merge_s > now_s_ + 1e-6 && queues_[way.from_lane].leave_s < target.enter_s - 10) return merge_s;
  }
  if (way.first_part != none) {
    // Where the light says that it goes first, it does so all the way.
    const Link& first = network_.links[way.first_part];
    gives_way = first.signal == none || first.signal_index >= signals_[first.signal].letters.size() ||
                signals_[first.signal].letters[first.signal_index] != 'G';
  }
  if (!gives_way) return now_s_;
  const double impatience = std::clamp(waited_s / flow_.patience_s, 0.0, 1.0);
  const double need_s = (meet_s + flow_.gap_s) * (1 - 0.6 * impatience);
  for (const uint32_t foe : way.yields_to) {
    if (link_clear_s_[foe] - 0.5 * own_s > now_s_ + 1e-6 && network_.links[foe].to_lane != way.to_lane)
      return link_clear_s_[foe] - 0.5 * own_s;
    const double comes_s = foe_comes_s(
        foe, way.to_lane, std::min(need_s, flow_.sight_s + network_.links[foe].speed_m_s / (2 * type.decel_m_s2)));
    if (comes_s >= 0) return std::max(comes_s + 0.3, now_s_ + 0.5);
  }
  return now_s_;
}

}  // namespace cityloom::model::traffic
