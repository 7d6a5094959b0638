// A state is an edge just travelled, together with the restrictions of several edges that are under way on it.
#include "space/road_search.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <utility>

namespace cityloom::space {
namespace {

constexpr uint32_t nothing = 0xFFFFFFFFu;

// A restriction of which this many edges have been travelled, the last just now.
using Progress = std::pair<uint32_t, uint32_t>;

class Search {
 public:
  Search(const RoadGraph& graph, GraphPlace from, GraphPlace to, RouteGoal goal)
      : graph_(graph), from_(from), to_(to), goal_(goal) {
    const GraphSegment& target = graph.segments[to.segment];
    target_ends_ = {graph.nodes[target.start_node], graph.nodes[target.end_node]};
    target_length_m_ = target.length_m();
    for (const GraphSegment& segment : graph.segments) speed_mps_max_ = std::max(speed_mps_max_, segment.speed_mps);
    progress_sets_.push_back({});
  }

  std::optional<std::vector<uint32_t>> run();

 private:
  struct State {
    uint32_t edge = 0;
    uint32_t progress = 0;  // a set of restrictions under way
    uint32_t before = nothing;
    double cost = 0;
    bool is_done = false;
    bool is_arrival = false;  // the target lies on this edge
  };
  struct Entry {
    double estimate;
    uint32_t state;
    bool operator<(const Entry& other) const {
      return estimate != other.estimate ? estimate > other.estimate : state > other.state;
    }
  };

  double cost_of(uint32_t edge, double share) const {
    const GraphSegment& segment = graph_.segments[edge / 2];
    const double length_m = segment.length_m() * share;
    return goal_ == RouteGoal::shortest ? length_m : length_m / segment.speed_mps;
  }
  // Never more than what is left: straight to the nearer end of the target's segment, less that segment.
  double at_least(uint32_t edge) const {
    const Vector place = graph_.nodes[graph_.head(edge)];
    const double straight_m =
        std::min(length_of(place - target_ends_[0]), length_of(place - target_ends_[1])) - target_length_m_;
    const double length_m = std::max(0.0, straight_m);
    return goal_ == RouteGoal::shortest ? length_m : length_m / speed_mps_max_;
  }
  // The share of an edge up to the target.
  double share_to_target(uint32_t edge) const { return edge % 2 == 0 ? to_.fraction : 1 - to_.fraction; }

  void start(uint32_t edge);
  void reach(uint32_t edge, uint32_t progress, uint32_t before, double cost);
  void arrive(uint32_t edge, uint32_t before, double cost);
  void leave(uint32_t state);
  bool is_allowed(const State& state, uint32_t next) const;
  uint32_t progress_after(const State& state, uint32_t next);

  const RoadGraph& graph_;
  GraphPlace from_, to_;
  RouteGoal goal_;
  std::array<Vector, 2> target_ends_;
  double target_length_m_ = 0;
  double speed_mps_max_ = 1;
  std::vector<State> states_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> state_of_;
  std::vector<std::vector<Progress>> progress_sets_;
  std::map<std::vector<Progress>, uint32_t> set_of_;
  std::priority_queue<Entry> queue_;
};

void Search::start(uint32_t edge) {
  if (!graph_.is_open(edge)) return;
  const double start_share = edge % 2 == 0 ? from_.fraction : 1 - from_.fraction;
  if (from_.segment == to_.segment && share_to_target(edge) >= start_share) {
    arrive(edge, nothing, cost_of(edge, share_to_target(edge) - start_share));
  }
  reach(edge, 0, nothing, cost_of(edge, 1 - start_share));
}

void Search::arrive(uint32_t edge, uint32_t before, double cost) {
  states_.push_back({edge, 0, before, cost, false, true});
  queue_.push({cost, static_cast<uint32_t>(states_.size() - 1)});
}

void Search::reach(uint32_t edge, uint32_t progress, uint32_t before, double cost) {
  const auto [found, is_new] = state_of_.try_emplace({edge, progress}, static_cast<uint32_t>(states_.size()));
  if (is_new) {
    states_.push_back({edge, progress, before, cost, false, false});
  } else {
    State& state = states_[found->second];
    if (state.is_done || state.cost <= cost) return;
    state.cost = cost;
    state.before = before;
  }
  queue_.push({cost + at_least(edge), found->second});
}

// Whether no restriction that ends at the next edge forbids it.
bool Search::is_allowed(const State& state, uint32_t next) const {
  const auto forbids = [&](uint32_t restriction, size_t travelled) {
    const auto& [edges, is_only] = graph_.restrictions[restriction];
    return travelled + 1 == edges.size() && (edges.back() == next) != is_only;
  };
  if (const auto begun = graph_.restrictions_from.find(state.edge); begun != graph_.restrictions_from.end()) {
    for (uint32_t restriction : begun->second) {
      if (forbids(restriction, 1)) return false;
    }
  }
  for (const auto& [restriction, travelled] : progress_sets_[state.progress]) {
    if (forbids(restriction, travelled)) return false;
  }
  return true;
}

// Restrictions over several edges that the next edge carries on. Those it begins are known from the edge itself.
uint32_t Search::progress_after(const State& state, uint32_t next) {
  std::vector<Progress> carried;
  const auto carry = [&](uint32_t restriction, uint32_t travelled) {
    const auto& edges = graph_.restrictions[restriction].edges;
    if (travelled + 1 < edges.size() && edges[travelled] == next) carried.emplace_back(restriction, travelled + 1);
  };
  if (const auto begun = graph_.restrictions_from.find(state.edge); begun != graph_.restrictions_from.end()) {
    for (uint32_t restriction : begun->second) carry(restriction, 1);
  }
  for (const auto& [restriction, travelled] : progress_sets_[state.progress]) carry(restriction, travelled);
  if (carried.empty()) return 0;
  std::sort(carried.begin(), carried.end());
  const auto [found, is_new] = set_of_.try_emplace(carried, static_cast<uint32_t>(progress_sets_.size()));
  if (is_new) progress_sets_.push_back(std::move(carried));
  return found->second;
}

void Search::leave(uint32_t number) {
  const State state = states_[number];
  const auto& ways_out = graph_.edges_out[graph_.head(state.edge)];
  const uint32_t back = state.edge ^ 1;
  // One turns round only where there is no other way.
  const bool is_dead_end = std::all_of(ways_out.begin(), ways_out.end(), [&](uint32_t edge) { return edge == back; });
  for (uint32_t next : ways_out) {
    if ((next == back && !is_dead_end) || !is_allowed(state, next)) continue;
    if (next / 2 == to_.segment) arrive(next, number, state.cost + cost_of(next, share_to_target(next)));
    reach(next, progress_after(state, next), number, state.cost + cost_of(next, 1));
  }
}

std::optional<std::vector<uint32_t>> Search::run() {
  start(from_.segment * 2);
  start(from_.segment * 2 + 1);
  while (!queue_.empty()) {
    const uint32_t number = queue_.top().state;
    queue_.pop();
    if (states_[number].is_done) continue;
    states_[number].is_done = true;
    if (!states_[number].is_arrival) {
      leave(number);
      continue;
    }
    std::vector<uint32_t> edges;
    for (uint32_t at = number; at != nothing; at = states_[at].before) edges.push_back(states_[at].edge);
    std::reverse(edges.begin(), edges.end());
    return edges;
  }
  return {};
}

}  // namespace

std::optional<std::vector<uint32_t>> find_way(const RoadGraph& graph, GraphPlace from, GraphPlace to, RouteGoal goal) {
  return Search(graph, from, to, goal).run();
}

}  // namespace cityloom::space
