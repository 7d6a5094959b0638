// An edge ends where its way ends, meets another road, or meets itself.
#include "space/osm_roads.hpp"

#include <algorithm>

#include "space/earth.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr size_t restriction_members_max = 100;
constexpr size_t nodes_before_compaction = 8'000'000;

// Leaves each number twice at most: that it is there more than once is all that counts.
void compact(std::vector<int64_t>& nodes) {
  std::sort(nodes.begin(), nodes.end());
  size_t kept = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (kept < 2 || nodes[kept - 2] != nodes[i]) nodes[kept++] = nodes[i];
  }
  nodes.resize(kept);
}

}  // namespace

void OsmRoads::add_restriction(const osmium::Relation& relation, const OsmTags& tags) {
  std::string_view kind = tags["restriction:motorcar"];
  if (kind.empty()) kind = tags["restriction"];
  if (!kind.starts_with("no_") && !kind.starts_with("only_")) return;
  const std::string_view except = tags["except"];
  if (except.find("motorcar") != std::string_view::npos || except.find("motor_vehicle") != std::string_view::npos)
    return;
  if (relation.members().size() > restriction_members_max) return;
  Restriction restriction;
  restriction.id = relation.id();
  restriction.kind = kind;
  for (const auto& member : relation.members()) {
    const std::string_view role = member.role();
    const bool is_way = member.type() == osmium::item_type::way;
    if (is_way && role == "from") restriction.from.push_back(member.ref());
    if (is_way && role == "to") restriction.to.push_back(member.ref());
    if (is_way && role == "via") restriction.via_ways.push_back(member.ref());
    if (member.type() == osmium::item_type::node && role == "via") restriction.via_nodes.push_back(member.ref());
    if (is_way) ways_[member.ref()];
  }
  for (int64_t node : restriction.via_nodes) nodes_.insert(nodes_.end(), 2, node);
  restrictions_.push_back(std::move(restriction));
}

void OsmRoads::count(const osmium::Way& way) {
  if (way.nodes().empty()) return;
  for (const osmium::NodeRef& node : way.nodes()) nodes_.push_back(node.ref());
  nodes_.push_back(way.nodes().front().ref());
  nodes_.push_back(way.nodes().back().ref());
  if (nodes_.size() > nodes_before_compaction && nodes_.size() == nodes_.capacity()) compact(nodes_);
}

void OsmRoads::end_counting() {
  compact(nodes_);
  size_t kept = 0;
  for (size_t i = 1; i < nodes_.size(); ++i) {
    if (nodes_[i] == nodes_[i - 1]) nodes_[kept++] = nodes_[i];
  }
  nodes_.resize(kept);
  nodes_.shrink_to_fit();
}

bool OsmRoads::is_end(int64_t node) const {
  return std::binary_search(nodes_.begin(), nodes_.end(), node);
}

void OsmRoads::cut(const osmium::Way& way, Direction direction, const std::function<void(RoadEdge)>& visit,
                   const std::function<void(int64_t node)>& missing) {
  const auto named = ways_.find(way.id());
  if (named != ways_.end()) named->second = {direction, {}};
  uint32_t index = 0;
  bool is_missing_told = false;
  std::vector<osmium::NodeRef> run;
  const auto end_edge = [&] {
    if (run.size() < 2) return;
    if (named != ways_.end()) named->second.edges.push_back({index, run.front().ref(), run.back().ref()});
    RoadEdge edge{index++, run.front().ref(), run.back().ref(), {twin::GeometryKind::line_string, {}, {}, {}}, 0};
    if (direction == Direction::backward) {
      std::reverse(run.begin(), run.end());
      std::swap(edge.start_node, edge.end_node);
    }
    for (const osmium::NodeRef& node : run) edge.geometry.positions.push_back({node.lon(), node.lat()});
    edge.geometry.line_ends = {static_cast<uint32_t>(edge.geometry.positions.size())};
    edge.length_m = length_m(edge.geometry.positions);
    visit(std::move(edge));
  };
  for (const osmium::NodeRef& node : way.nodes()) {
    if (!node.location().valid()) {
      if (!is_missing_told) missing(node.ref());
      is_missing_told = true;
      end_edge();
      run.clear();
      continue;
    }
    if (!run.empty() && run.back().location() == node.location()) {
      // Two nodes in one place: the edge goes on, by the node that others may share.
      if (!is_end(run.back().ref())) run.back() = node;
      if (!is_end(node.ref()) || run.size() < 2) continue;
    } else {
      run.push_back(node);
    }
    if (run.size() < 2 || !is_end(node.ref())) continue;
    end_edge();
    run = {node};
  }
  end_edge();
}

std::vector<int64_t> OsmRoads::ends_of(int64_t way) const {
  const auto found = ways_.find(way);
  if (found == ways_.end() || found->second.edges.empty()) return {};
  return {found->second.edges.front().first_node, found->second.edges.back().last_node};
}

// The edge of a way on which one arrives at a node, or leaves it.
base::Result<std::string> OsmRoads::edge_at(int64_t way, int64_t node, bool arrives) const {
  const auto found = ways_.find(way);
  const std::string name = "way/" + std::to_string(way);
  if (found == ways_.end() || found->second.edges.empty())
    return fail(Code::not_found, name + " is not a road in the file");
  const auto& [direction, edges] = found->second;
  std::vector<uint32_t> candidates;
  for (const EdgeEnds& edge : edges) {
    const bool with_way = direction != Direction::backward && (arrives ? edge.last_node : edge.first_node) == node;
    const bool against_way = direction != Direction::forward && (arrives ? edge.first_node : edge.last_node) == node;
    if (with_way || against_way) candidates.push_back(edge.index);
  }
  if (candidates.empty())
    return fail(Code::invalid,
                name + (arrives ? " does not lead to" : " does not lead from") + " node/" + std::to_string(node));
  if (candidates.size() > 1) {
    return fail(Code::invalid,
                name + " goes on at node/" + std::to_string(node) + ": it is not clear which part is meant");
  }
  return FeatureMaker::road_id(way, candidates.front());
}

// The edges of a whole way from one of its ends to the other.
bool OsmRoads::append_edges(int64_t way, int64_t from_node, std::vector<std::string>& ids,
                            int64_t& reached_node) const {
  const auto ends = ends_of(way);
  if (ends.empty() || (from_node != ends[0] && from_node != ends[1])) return false;
  std::vector<std::string> found;
  for (const EdgeEnds& edge : ways_.find(way)->second.edges) found.push_back(FeatureMaker::road_id(way, edge.index));
  if (from_node == ends[1] && ends[0] != ends[1]) std::reverse(found.begin(), found.end());
  reached_node = from_node == ends[0] ? ends[1] : ends[0];
  ids.insert(ids.end(), found.begin(), found.end());
  return true;
}

base::Result<TurnRule> OsmRoads::resolve_between(const Restriction& restriction, int64_t from_way,
                                                 int64_t to_way) const {
  TurnRule rule;
  rule.restriction = restriction.kind;
  int64_t leaving_node = 0, arriving_node = 0;
  if (restriction.via_ways.empty()) {
    arriving_node = leaving_node = restriction.via_nodes.front();
    rule.via_node = arriving_node;
  } else {
    // Of the two ends of the first way, the one from which all via ways lead to the `to` way.
    base::Error last = fail(Code::invalid, "its via ways do not join");
    for (int64_t start : ends_of(restriction.via_ways.front())) {
      std::vector<std::string> ids;
      int64_t node = start;
      bool joins = true;
      for (int64_t way : restriction.via_ways) joins = joins && append_edges(way, node, ids, node);
      if (!joins) continue;
      auto from = edge_at(from_way, start, true);
      auto to = edge_at(to_way, node, false);
      if (from && to) {
        rule.from = std::move(*from);
        rule.to = std::move(*to);
        rule.via_segments = std::move(ids);
        return rule;
      }
      last = from ? to.error() : from.error();
    }
    return last;
  }
  auto from = edge_at(from_way, arriving_node, true);
  if (!from) return std::move(from).error();
  auto to = edge_at(to_way, leaving_node, false);
  if (!to) return std::move(to).error();
  rule.from = std::move(*from);
  rule.to = std::move(*to);
  return rule;
}

base::Result<TurnRule> OsmRoads::resolve(const Restriction& restriction) const {
  if (restriction.from.size() != 1 || restriction.to.size() != 1) {
    return fail(Code::unsupported, "it does not have exactly one road from which and one to which it holds");
  }
  if (restriction.via_ways.empty() && restriction.via_nodes.size() != 1) {
    return fail(Code::invalid, "it names no single via node and no via way");
  }
  return resolve_between(restriction, restriction.from.front(), restriction.to.front());
}

void OsmRoads::each_restriction(const std::function<void(const OsmObject&, const TurnRule&)>& found,
                                const std::function<void(const OsmObject&, std::string)>& lost) const {
  for (const Restriction& restriction : restrictions_) {
    const OsmObject object{OsmType::relation, restriction.id};
    const auto rule = resolve(restriction);
    if (rule) {
      found(object, *rule);
    } else {
      lost(object, rule.error().what);
    }
  }
}

}  // namespace cityloom::space
