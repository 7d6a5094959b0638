#include "rehearsal/ways.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace cityloom::rehearsal {
namespace {

constexpr double speed_max_mps = 17;
constexpr double walk_mps = 1.3;
constexpr double greed = 1.25;  // the estimate is overrated: fewer junctions looked at, ways up to a quarter longer

}  // namespace

WayFinder::WayFinder(const CityModel& model)
    : model_(model), reached_(model.junctions.size()), closed_(model.streets.size()) {
  // For walkers: every edge out of a junction, one-way streets too.
  std::vector<uint32_t> counts(model.junctions.size() + 1);
  for (uint32_t edge = 0; edge < model.edge_count(); ++edge) ++counts[model.tail(edge) + 1];
  for (size_t n = 1; n < counts.size(); ++n) counts[n] += counts[n - 1];
  edges_in_first_ = counts;
  edges_in_.resize(model.edge_count());
  for (uint32_t edge = 0; edge < model.edge_count(); ++edge) edges_in_[counts[model.tail(edge)]++] = edge;
}

void WayFinder::reach(uint32_t node, float cost_s, uint32_t edge, Point goal, double speed_mps) {
  Reached& here = reached_[node];
  if (here.round == round_ && (here.is_done || here.cost_s <= cost_s)) return;
  here = {cost_s, edge, round_, false};
  const double rest_m = length(model_.junctions[node].at - goal);
  open_.emplace_back(cost_s + static_cast<float>(rest_m / speed_mps * greed), node);
  std::push_heap(open_.begin(), open_.end(), std::greater<>());
}

std::vector<uint32_t> WayFinder::find(uint32_t from_street, uint32_t to_street, bool on_foot) {
  if (from_street == to_street) return {};
  ++round_;
  open_.clear();
  const double speed_mps = on_foot ? walk_mps : speed_max_mps;
  const Street& to = model_.streets[to_street];
  const Point goal = middle(model_.junctions[to.start].at, model_.junctions[to.end].at);
  for (const uint32_t edge : {from_street * 2, from_street * 2 + 1}) {
    if (on_foot || model_.is_open(edge)) reach(model_.head(edge), 0, edge, goal, speed_mps);
  }
  uint32_t last = no_index;
  while (!open_.empty()) {
    const uint32_t node = open_.front().second;
    std::pop_heap(open_.begin(), open_.end(), std::greater<>());
    open_.pop_back();
    Reached& here = reached_[node];
    if (here.is_done) continue;
    here.is_done = true;
    const Junction& junction = model_.junctions[node];
    const uint32_t first = on_foot ? edges_in_first_[node] : junction.first_edge;
    const uint32_t count = on_foot ? edges_in_first_[node + 1] - first : junction.edges;
    for (uint32_t n = 0; n < count && last == no_index; ++n) {
      const uint32_t edge = on_foot ? edges_in_[first + n] : model_.edges_out[first + n];
      if (edge / 2 == here.edge / 2 || closed_[edge / 2] != 0) continue;
      if (edge / 2 == to_street) {
        last = edge;
        continue;
      }
      const Street& street = model_.street_of(edge);
      const double wait_s = model_.junctions[model_.head(edge)].has_signals ? 9 : 2;
      const double cost_s = on_foot ? static_cast<double>(street.length_m) / walk_mps
                                    : static_cast<double>(street.length_m / street.speed_mps) + wait_s;
      reach(model_.head(edge), here.cost_s + static_cast<float>(cost_s), edge, goal, speed_mps);
    }
    if (last != no_index) {
      std::vector<uint32_t> way{last};
      for (uint32_t at = node;; at = model_.tail(way.back())) {
        way.push_back(reached_[at].edge);
        if (reached_[at].edge / 2 == from_street) break;
      }
      std::reverse(way.begin(), way.end());
      return way;
    }
  }
  return {};
}

}  // namespace cityloom::rehearsal
