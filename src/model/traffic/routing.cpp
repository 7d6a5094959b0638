#include "model/traffic/routing.hpp"

#include <algorithm>
#include <queue>

namespace cityloom::model::traffic {

double free_time_s(const Network& network, const Edge& edge) {
  double speed_m_s = 0;
  for (uint32_t i = edge.lanes_begin; i < edge.lanes_end; ++i)
    speed_m_s = std::max(speed_m_s, network.lanes[i].speed_m_s);
  return edge.length_m / speed_m_s;
}

Router::Router(const Network& network)
    : network_(network),
      closed_(network.edges.size()),
      best_s_(network.edges.size(), -1),
      before_(network.edges.size(), none) {
  times_s_.reserve(network.edges.size());
  for (const Edge& edge : network.edges) times_s_.push_back(free_time_s(network, edge));
}

std::vector<uint32_t> Router::way(uint32_t from, uint32_t to, Classes classes) {
  const auto open = [&](uint32_t edge) { return !closed_[edge] && (network_.edges[edge].classes & classes) != 0; };
  if (!open(from) || !open(to)) return {};
  using Entry = std::pair<double, uint32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> waiting;
  for (const uint32_t edge : touched_) best_s_[edge] = -1;
  touched_.assign(1, from);
  best_s_[from] = times_s_[from];
  before_[from] = none;
  waiting.emplace(best_s_[from], from);
  while (!waiting.empty()) {
    const auto [time_s, edge] = waiting.top();
    waiting.pop();
    if (time_s > best_s_[edge]) continue;
    if (edge == to) break;
    for (const uint32_t next : network_.edges[edge].next) {
      if (!open(next)) continue;
      const double reached_s = time_s + times_s_[next];
      if (best_s_[next] >= 0 && best_s_[next] <= reached_s) continue;
      if (best_s_[next] < 0) touched_.push_back(next);
      best_s_[next] = reached_s;
      before_[next] = edge;
      waiting.emplace(reached_s, next);
    }
  }
  std::vector<uint32_t> way;
  if (best_s_[to] < 0) return way;
  for (uint32_t edge = to; edge != none; edge = before_[edge]) way.push_back(edge);
  std::reverse(way.begin(), way.end());
  return way;
}

}  // namespace cityloom::model::traffic
