// The best way between two places of a road graph.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "space/road_graph.hpp"
#include "space/roads.hpp"

namespace cityloom::space {

/// A place on a segment of the graph.
struct GraphPlace {
  uint32_t segment = 0;
  double fraction = 0;
};

/// The edges of the best way, the first and last used in part, or nothing. Exact: A* over edges with restrictions in
/// progress as part of the state. Cost: some microseconds for each edge within reach.
std::optional<std::vector<uint32_t>> find_way(const RoadGraph& graph, GraphPlace from, GraphPlace to, RouteGoal goal);

}  // namespace cityloom::space
