// The road network as numbers: what the search for ways runs on.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <string>
#include <vector>

#include "space/earth.hpp"
#include "space/vocabulary.hpp"
#include "thread/snapshot.hpp"

namespace cityloom::space {

/// A road segment. In each direction it is an edge: number * 2 along its geometry, number * 2 + 1 against it.
struct GraphSegment {
  std::string id;
  std::vector<twin::Position> positions;
  std::vector<double> lengths_m;  ///< from the start to each position
  uint32_t start_node = 0, end_node = 0;
  double speed_mps = 0;  ///< 0: closed to cars
  bool is_oneway = false;

  double length_m() const { return lengths_m.back(); }
};

/// A turn that is forbidden (or the only one allowed): the edges in their order, from the first to the last.
struct GraphRestriction {
  std::vector<uint32_t> edges;  ///< at least two
  bool is_only = false;
};

/// Segments, nodes and restrictions. Immutable after `fold`.
struct RoadGraph {
  std::vector<GraphSegment> segments;
  std::vector<Vector> nodes;                     ///< earth-centred positions
  std::vector<std::vector<uint32_t>> edges_out;  ///< of each node: edges on which a car may leave it
  std::vector<GraphRestriction> restrictions;
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> restrictions_from;  ///< by their first edge

  uint32_t head(uint32_t edge) const {
    return edge % 2 == 0 ? segments[edge / 2].end_node : segments[edge / 2].start_node;
  }
  uint32_t tail(uint32_t edge) const { return head(edge ^ 1); }
  /// Whether a car may travel this way.
  bool is_open(uint32_t edge) const {
    const GraphSegment& segment = segments[edge / 2];
    return segment.speed_mps > 0 && (edge % 2 == 0 || !segment.is_oneway);
  }

  /// Reads RoadSegment and TurnRestriction entities. What is broken is left out. Errors: those of the snapshot.
  static base::Result<RoadGraph> fold(const thread::Snapshot& snapshot, const Vocabulary& vocabulary);
};

/// The speed at which a car drives on a road of this class without a limit of its own, in metres per second; 0 where
/// cars may not drive.
double usual_speed_mps(std::string_view road_class);

}  // namespace cityloom::space
