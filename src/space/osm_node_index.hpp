// Where the nodes are that the features of a file need. Includes libosmium: keep it to few files.
#pragma once

#include <cstdint>
#include <osmium/osm/location.hpp>
#include <osmium/osm/node_ref_list.hpp>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

/// Positions by node id, for the ids that were asked for before: 16 bytes each, any order of nodes. One worker.
class OsmNodeIndex {
 public:
  explicit OsmNodeIndex(uint64_t nodes_max) : nodes_max_(nodes_max) {}

  /// Asks for these nodes. Errors: too_large.
  base::Status need(const osmium::NodeRefList& nodes);
  /// No more will be asked for. Errors: too_large.
  base::Status end_needs();

  /// Says where a node is; nothing happens if nobody needs it. Cost: a binary search.
  void set(int64_t node, osmium::Location location);

  /// Where it is, or an undefined location.
  osmium::Location find(int64_t node) const;

 private:
  size_t position_of(int64_t node) const;
  base::Status compact();

  uint64_t nodes_max_;
  size_t compact_at_ = 1'000'000;
  std::vector<int64_t> ids_;
  std::vector<osmium::Location> locations_;
};

}  // namespace cityloom::space
