// Cuts OpenStreetMap's ways into the edges of a road network and finds the edges that turn restrictions are about.
// Includes libosmium: keep it to few files.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <osmium/osm/relation.hpp>
#include <osmium/osm/way.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "space/osm_features.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {

/// One import's roads. Use in this order: add_restriction for all relations, count for all ways, end_counting, cut for
/// all ways, each_restriction. One worker.
class OsmRoads {
 public:
  /// Remembers a relation of type restriction that binds cars. What is not one is ignored.
  void add_restriction(const osmium::Relation& relation, const OsmTags& tags);

  /// Counts where a road's way goes through: nodes of several ways, ends, and via nodes become ends of edges.
  void count(const osmium::Way& way);
  void end_counting();

  /// Cuts a way whose nodes have locations. Nodes without location end an edge; `missing` hears the first of them.
  void cut(const osmium::Way& way, Direction direction, const std::function<void(RoadEdge)>& visit,
           const std::function<void(int64_t node)>& missing);

  /// Calls `found` for each restriction whose roads are all there, `lost` with a reason for each other.
  void each_restriction(const std::function<void(const OsmObject&, const TurnRule&)>& found,
                        const std::function<void(const OsmObject&, std::string reason)>& lost) const;

 private:
  struct Restriction {
    int64_t id = 0;
    std::string kind;
    std::vector<int64_t> from, to, via_ways;
    std::vector<int64_t> via_nodes;
  };
  // An edge of a way that a restriction names; nodes in the way's order.
  struct EdgeEnds {
    uint32_t index;
    int64_t first_node, last_node;
  };
  struct WayEdges {
    Direction direction = Direction::both;
    std::vector<EdgeEnds> edges;
  };

  bool is_end(int64_t node) const;
  base::Result<TurnRule> resolve(const Restriction& restriction) const;
  base::Result<TurnRule> resolve_between(const Restriction& restriction, int64_t from_way, int64_t to_way) const;
  base::Result<std::string> edge_at(int64_t way, int64_t node, bool arrives) const;
  std::vector<int64_t> ends_of(int64_t way) const;
  bool append_edges(int64_t way, int64_t from_node, std::vector<std::string>& ids, int64_t& reached_node) const;

  std::vector<int64_t> nodes_;  // while counting: of all roads, repeated; then: the ends of edges, sorted
  std::vector<Restriction> restrictions_;
  absl::flat_hash_map<int64_t, WayEdges> ways_;  // of those that restrictions name
};

}  // namespace cityloom::space
