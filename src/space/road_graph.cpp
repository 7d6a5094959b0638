// Entities to edges.
#include "space/road_graph.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace cityloom::space {
namespace {

constexpr double mps_per_kmh = 1 / 3.6;
constexpr double speed_kmh_max = 300;

std::string text_of(const twin::Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string();
}

bool is_open_to_cars(std::string_view access) {
  for (std::string_view word :
       {"", "yes", "permissive", "designated", "destination", "customers", "delivery", "public"}) {
    if (access == word) return true;
  }
  return false;
}

// Texts of a relationship to one or several.
std::vector<std::string> ids_of(const twin::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return {*text};
  std::vector<std::string> ids;
  const auto* json = std::get_if<twin::Json>(&value);
  if (json == nullptr) return ids;
  const auto list = nlohmann::json::parse(json->text, nullptr, false);
  if (!list.is_array()) return ids;
  for (const auto& id : list) {
    if (id.is_string()) ids.push_back(id.get<std::string>());
  }
  return ids;
}

class GraphBuilder {
 public:
  explicit GraphBuilder(const Vocabulary& vocabulary) : v_(vocabulary) {}

  void add_segment(const twin::EntityRecord& record);
  void add_restriction(const twin::EntityRecord& record);
  RoadGraph finish() {
    graph_.edges_out.resize(graph_.nodes.size());
    for (uint32_t edge = 0; edge < graph_.segments.size() * 2; ++edge) {
      if (graph_.is_open(edge)) graph_.edges_out[graph_.tail(edge)].push_back(edge);
    }
    return std::move(graph_);
  }

 private:
  uint32_t node_of(std::string name, const twin::Position& position) {
    if (name.empty()) {
      // Segments that name no nodes meet where their ends are, to a centimetre.
      char text[64];
      std::snprintf(text, sizeof text, "%.7f,%.7f", position.longitude_deg, position.latitude_deg);
      name = text;
    }
    const auto [found, is_new] = nodes_.try_emplace(std::move(name), static_cast<uint32_t>(graph_.nodes.size()));
    if (is_new) graph_.nodes.push_back(ecef_of({position.longitude_deg, position.latitude_deg, 0}));
    return found->second;
  }
  bool chain(const std::vector<uint32_t>& segments, uint32_t first_edge, std::vector<uint32_t>& edges) const;

  const Vocabulary& v_;
  RoadGraph graph_;
  absl::flat_hash_map<std::string, uint32_t> nodes_;
  absl::flat_hash_map<std::string, uint32_t> segment_of_id_;
};

void GraphBuilder::add_segment(const twin::EntityRecord& record) {
  GraphSegment segment;
  segment.id = record.id();
  std::string road_class, access, start_node, end_node;
  double limit_kmh = 0;
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    const twin::Value& value = attribute.value;
    if (attribute.name == v_.location) {
      const auto* geometry = std::get_if<twin::Geometry>(&value);
      if (geometry != nullptr && geometry->kind == twin::GeometryKind::line_string)
        segment.positions = geometry->positions;
    }
    if (attribute.name == v_.road_class) road_class = text_of(value);
    if (attribute.name == v_.motor_vehicle) access = text_of(value);
    if (attribute.name == v_.start_node) start_node = text_of(value);
    if (attribute.name == v_.end_node) end_node = text_of(value);
    if (attribute.name == v_.maximum_allowed_speed) limit_kmh = twin::as_number(value);
    if (const auto* oneway = std::get_if<bool>(&value); attribute.name == v_.oneway && oneway != nullptr) {
      segment.is_oneway = *oneway;
    }
    return true;
  });
  if (segment.positions.size() < 2) return;
  segment.speed_mps = usual_speed_mps(road_class);
  if (limit_kmh > 0 && limit_kmh <= speed_kmh_max && segment.speed_mps > 0) segment.speed_mps = limit_kmh * mps_per_kmh;
  if (!is_open_to_cars(access)) segment.speed_mps = 0;
  segment.lengths_m.push_back(0);
  for (size_t i = 1; i < segment.positions.size(); ++i) {
    segment.lengths_m.push_back(segment.lengths_m.back() + distance_m(segment.positions[i - 1], segment.positions[i]));
  }
  if (!(segment.length_m() > 0)) return;
  segment.start_node = node_of(start_node, segment.positions.front());
  segment.end_node = node_of(end_node, segment.positions.back());
  segment_of_id_.emplace(segment.id, static_cast<uint32_t>(graph_.segments.size()));
  graph_.segments.push_back(std::move(segment));
}

// The edges along these segments, beginning with this one, each starting where the one before ends.
bool GraphBuilder::chain(const std::vector<uint32_t>& segments, uint32_t first_edge,
                         std::vector<uint32_t>& edges) const {
  edges = {first_edge};
  for (size_t i = 1; i < segments.size(); ++i) {
    const uint32_t node = graph_.head(edges.back());
    const uint32_t along = segments[i] * 2;
    // A U-turn goes back on the edge it came by, which is the other way of the same segment.
    const bool is_back = segments[i] == edges.back() / 2;
    if (graph_.tail(along) == node && (!is_back || edges.back() != along)) {
      edges.push_back(along);
    } else if (graph_.tail(along ^ 1) == node) {
      edges.push_back(along ^ 1);
    } else {
      return false;
    }
  }
  return true;
}

void GraphBuilder::add_restriction(const twin::EntityRecord& record) {
  std::string kind, from, to;
  std::vector<std::string> via;
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    if (attribute.name == v_.restriction) kind = text_of(attribute.value);
    if (attribute.name == v_.from) from = text_of(attribute.value);
    if (attribute.name == v_.to) to = text_of(attribute.value);
    if (attribute.name == v_.via) via = ids_of(attribute.value);
    return true;
  });
  if (!kind.starts_with("no_") && !kind.starts_with("only_")) return;
  std::vector<std::string> names{from};
  const auto via_node = via.size() == 1 ? nodes_.find(via.front()) : nodes_.end();
  if (via_node == nodes_.end()) names.insert(names.end(), via.begin(), via.end());
  names.push_back(to);
  std::vector<uint32_t> segments;
  for (const std::string& name : names) {
    const auto found = segment_of_id_.find(name);
    if (found == segment_of_id_.end()) return;
    segments.push_back(found->second);
  }
  for (uint32_t first : {segments.front() * 2, segments.front() * 2 + 1}) {
    std::vector<uint32_t> edges;
    if (via_node != nodes_.end() && graph_.head(first) != via_node->second) continue;
    if (!chain(segments, first, edges)) continue;
    graph_.restrictions_from[first].push_back(static_cast<uint32_t>(graph_.restrictions.size()));
    graph_.restrictions.push_back({std::move(edges), kind.starts_with("only_")});
    return;
  }
}

}  // namespace

double usual_speed_mps(std::string_view road_class) {
  struct Usual {
    std::string_view road_class;
    double speed_kmh;
  };
  constexpr std::array<Usual, 16> table{{{"motorway", 100},
                                         {"motorway_link", 50},
                                         {"trunk", 80},
                                         {"trunk_link", 45},
                                         {"primary", 60},
                                         {"primary_link", 40},
                                         {"secondary", 50},
                                         {"secondary_link", 35},
                                         {"tertiary", 45},
                                         {"tertiary_link", 30},
                                         {"unclassified", 35},
                                         {"residential", 30},
                                         {"living_street", 15},
                                         {"service", 15},
                                         {"road", 30},
                                         {"track", 10}}};
  for (const Usual& usual : table) {
    if (usual.road_class == road_class) return usual.speed_kmh * mps_per_kmh;
  }
  return 0;
}

base::Result<RoadGraph> RoadGraph::fold(const thread::Snapshot& snapshot, const Vocabulary& vocabulary) {
  GraphBuilder builder(vocabulary);
  twin::Query roads, restrictions;
  roads.types.any_of = {{vocabulary.road_segment}};
  restrictions.types.any_of = {{vocabulary.turn_restriction}};
  auto status = snapshot.each(roads, [&](const twin::EntityRecord& record) {
    builder.add_segment(record);
    return true;
  });
  if (!status) return std::move(status).error();
  status = snapshot.each(restrictions, [&](const twin::EntityRecord& record) {
    builder.add_restriction(record);
    return true;
  });
  if (!status) return std::move(status).error();
  return builder.finish();
}

}  // namespace cityloom::space
