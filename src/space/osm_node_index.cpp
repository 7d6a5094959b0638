// Sorted ids beside their locations: smaller than any hash table, and no order of the file is taken for granted.
#include "space/osm_node_index.hpp"

#include <algorithm>
#include <string>

namespace cityloom::space {

base::Status OsmNodeIndex::compact() {
  std::sort(ids_.begin(), ids_.end());
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  // Grows by half each time, so that sorting costs little and memory stays near what is needed.
  compact_at_ = std::max<size_t>(1'000'000, ids_.size() + ids_.size() / 2);
  if (ids_.size() <= nodes_max_) return {};
  return base::fail(base::Code::too_large,
                    "The features of the file use more than " + std::to_string(nodes_max_) + " nodes", {},
                    "Cut the file into smaller areas");
}

base::Status OsmNodeIndex::need(const osmium::NodeRefList& nodes) {
  for (const osmium::NodeRef& node : nodes) ids_.push_back(node.ref());
  return ids_.size() < compact_at_ ? base::Status() : compact();
}

base::Status OsmNodeIndex::end_needs() {
  if (auto status = compact(); !status) return status;
  ids_.shrink_to_fit();
  locations_.assign(ids_.size(), osmium::Location());
  return {};
}

size_t OsmNodeIndex::position_of(int64_t node) const {
  const auto found = std::lower_bound(ids_.begin(), ids_.end(), node);
  return found != ids_.end() && *found == node ? static_cast<size_t>(found - ids_.begin()) : ids_.size();
}

void OsmNodeIndex::set(int64_t node, osmium::Location location) {
  if (const size_t position = position_of(node); position < ids_.size()) locations_[position] = location;
}

osmium::Location OsmNodeIndex::find(int64_t node) const {
  const size_t position = position_of(node);
  return position < ids_.size() ? locations_[position] : osmium::Location();
}

}  // namespace cityloom::space
