// Four passes: relations; ways (which nodes are needed); nodes (where they are); then nodes and ways again, now
// emitting. Whatever needs several objects (areas of relations, parts of buildings, turn restrictions) is held until
// its turn.
#include "space/osm_import.hpp"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <cmath>
#include <osmium/osm/node.hpp>

#include "space/osm_area.hpp"
#include "space/osm_file.hpp"
#include "space/osm_node_index.hpp"
#include "space/osm_part_index.hpp"
#include "space/osm_roads.hpp"
#include "space/osm_underground.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::Status;
using osmium::memory::Buffer;

constexpr size_t held_bytes_max = 256u << 20;  // of relations and of the ways they need

class OsmImport {
 public:
  OsmImport(const ImportInput& input, ImportBatch& batch)
      : batch_(batch),
        file_(input, batch, 4),
        nodes_(batch.options().nodes_max),
        maker_(batch.vocabulary(), batch.source(),
               [this](const OsmObject& object, std::string reason) { warn(object, std::move(reason)); }) {}

  Status run() {
    for (auto step : {&OsmImport::read_relations, &OsmImport::read_ways, &OsmImport::read_nodes,
                      &OsmImport::assemble_relations, &OsmImport::emit_nodes_and_ways, &OsmImport::emit_held}) {
      if (auto status = (this->*step)(); !status) return status;
    }
    return {};
  }

 private:
  /// The area of a relation, or a part of a building: known before the ways are emitted, emitted after them.
  struct Held {
    OsmObject object;
    FeatureKind kind;
    const osmium::OSMObject* source;  // its tags
    twin::Geometry geometry;
  };

  Status read_relations();
  Status read_ways();
  Status read_nodes();
  Status assemble_relations();
  Status emit_nodes_and_ways();
  Status emit_held();

  void hold_relation(const osmium::Relation& relation, const std::vector<const osmium::Way*>& inside);
  Status see_way(const osmium::Way& way);
  void assemble(const osmium::Relation& relation);
  void hold_area(const osmium::OSMObject& source, OsmObject object, FeatureKind kind,
                 base::Result<twin::Geometry> area);
  Status emit_node(const osmium::Node& node);
  Status emit_way(osmium::Way& way);
  Status emit_road(const osmium::Way& way);
  Status emit_area(const OsmObject& object, FeatureKind kind, twin::Geometry geometry);
  Status emit_interest(const osmium::Way& way);
  Status emit_underground(const osmium::Way& way);
  void adopt_building_relation(const osmium::Relation& relation);

  const OsmTags& tags_of(const osmium::OSMObject& object, const OsmObject& name) {
    read_tags(object.tags(), tags_, [&](std::string_view key) { warn(name, "tag " + excerpt(key) + " is not UTF-8"); });
    return tags_;
  }
  const OsmTags& tags_silently(const osmium::OSMObject& object) {
    read_tags(object.tags(), tags_, [](std::string_view) {});
    return tags_;
  }
  base::Error too_many_relations() const {
    return base::fail(Code::too_large, "The file has too many multipolygons and building parts", batch_.file(),
                      "Cut the file into smaller areas");
  }
  void warn(const OsmObject& object, std::string reason) { batch_.warn(object.text(), std::move(reason)); }
  void locate(osmium::Way& way) {
    // A file may give positions within its ways instead of nodes.
    for (osmium::NodeRef& node : way.nodes()) {
      if (const auto location = nodes_.find(node.ref()); location.valid()) node.set_location(location);
    }
  }

  ImportBatch& batch_;
  OsmFile file_;
  OsmNodeIndex nodes_;
  FeatureMaker maker_;
  OsmRoads roads_;
  OsmTags tags_;
  Buffer relations_{1 << 16, Buffer::auto_grow::yes};  // multipolygons and buildings
  Buffer ways_{1 << 16, Buffer::auto_grow::yes};       // their members, and parts of buildings
  absl::flat_hash_map<int64_t, size_t> member_ways_;   // way -> where it stands in ways_; npos until it is read
  absl::flat_hash_map<int64_t, size_t> inside_ways_;   // the same for ways that only relations give the geometry of
  absl::flat_hash_map<int64_t, const osmium::Relation*>
      relation_of_outline_;                                 // type=building: its tags are the outline's
  absl::flat_hash_map<int64_t, int64_t> relation_of_part_;  // way of a part -> its building relation
  absl::flat_hash_map<int64_t, std::string> building_of_relation_;
  std::vector<Held> held_;
  OsmPartIndex parts_;
  static constexpr size_t not_read = static_cast<size_t>(-1);
};

void OsmImport::hold_relation(const osmium::Relation& relation, const std::vector<const osmium::Way*>& inside) {
  const OsmTags& tags = tags_silently(relation);
  const std::string_view type = tags["type"];
  if (type == "restriction") return roads_.add_restriction(relation, tags);
  const FeatureKind kind = kind_of(OsmType::relation, tags);
  const bool is_building = type == "building";
  if (!is_building && !(type == "multipolygon" && is_area(kind))) return;
  relations_.add_item(relation);
  relations_.commit();
  for (const auto& member : relation.members()) {
    if (member.type() == osmium::item_type::way) member_ways_.try_emplace(member.ref(), not_read);
  }
  for (const osmium::Way* way : inside) {
    if (inside_ways_.try_emplace(way->id(), ways_.committed()).second) {
      ways_.add_item(*way);
      ways_.commit();
    }
  }
}

Status OsmImport::read_relations() {
  return file_.read(osmium::osm_entity_bits::relation, [this](Buffer& buffer) -> Status {
    // The ways before a relation hold the geometry that stands within it.
    std::vector<const osmium::Way*> inside;
    for (const auto& object : buffer) {
      if (object.type() == osmium::item_type::way) inside.push_back(static_cast<const osmium::Way*>(&object));
      if (object.type() != osmium::item_type::relation) continue;
      hold_relation(static_cast<const osmium::Relation&>(object), inside);
      inside.clear();
    }
    if (relations_.committed() > held_bytes_max) return too_many_relations();
    return {};
  });
}

Status OsmImport::see_way(const osmium::Way& way) {
  const FeatureKind kind = kind_of(OsmType::way, tags_silently(way));
  const auto member = member_ways_.find(way.id());
  if (kind == FeatureKind::none && member == member_ways_.end()) return {};
  if (kind == FeatureKind::road) roads_.count(way);
  if (member != member_ways_.end() || kind == FeatureKind::building_part) {
    member_ways_[way.id()] = ways_.committed();
    ways_.add_item(way);
    ways_.commit();
    if (ways_.committed() > held_bytes_max) return too_many_relations();
  }
  return nodes_.need(way.nodes());
}

Status OsmImport::read_ways() {
  auto status = file_.read(osmium::osm_entity_bits::way, [this](Buffer& buffer) -> Status {
    for (const auto& way : buffer.select<osmium::Way>()) {
      if (auto seen = see_way(way); !seen) return seen;
    }
    return {};
  });
  if (!status) return status;
  roads_.end_counting();
  return nodes_.end_needs();
}

Status OsmImport::read_nodes() {
  return file_.read(osmium::osm_entity_bits::node, [this](Buffer& buffer) -> Status {
    for (const auto& node : buffer.select<osmium::Node>()) nodes_.set(node.id(), node.location());
    return {};
  });
}

void OsmImport::hold_area(const osmium::OSMObject& source, OsmObject object, FeatureKind kind,
                          base::Result<twin::Geometry> area) {
  if (!area) return warn(object, area.error().what);
  if (kind == FeatureKind::building_part) parts_.add(position_within(*area));
  held_.push_back({object, kind, &source, std::move(*area)});
}

// A relation of type building names an outline and the parts. What it says of the building is the outline's.
void OsmImport::adopt_building_relation(const osmium::Relation& relation) {
  const osmium::Way* outline = nullptr;
  for (const auto& member : relation.members()) {
    if (member.type() != osmium::item_type::way) continue;
    const auto found = member_ways_.find(member.ref());
    if (found == member_ways_.end() || found->second == not_read) continue;
    const auto& way = ways_.get<osmium::Way>(found->second);
    const bool is_building = way.tags().has_key("building");
    if (std::string_view(member.role()) == "outline" || (is_building && outline == nullptr)) outline = &way;
    if (!is_building) relation_of_part_[member.ref()] = relation.id();
  }
  if (outline == nullptr) return;
  relation_of_outline_[outline->id()] = &relation;
  relation_of_part_.erase(outline->id());
  building_of_relation_[relation.id()] = FeatureMaker::entity_id(FeatureKind::building, {OsmType::way, outline->id()});
}

void OsmImport::assemble(const osmium::Relation& relation) {
  const OsmObject object{OsmType::relation, relation.id()};
  const OsmTags& tags = tags_of(relation, object);
  if (tags["type"] == "building") return adopt_building_relation(relation);
  const FeatureKind kind = kind_of(OsmType::relation, tags);
  std::vector<const osmium::Way*> members;
  for (const auto& member : relation.members()) {
    if (member.type() != osmium::item_type::way) continue;
    size_t offset = member_ways_.find(member.ref())->second;
    if (const auto inside = inside_ways_.find(member.ref()); offset == not_read && inside != inside_ways_.end()) {
      offset = inside->second;
    }
    if (offset == not_read) return warn(object, "way/" + std::to_string(member.ref()) + " is not in the file");
    members.push_back(&ways_.get<osmium::Way>(offset));
  }
  if (members.empty()) return warn(object, "it has no ways");
  hold_area(relation, object, kind, area_of(relation, members));
}

Status OsmImport::assemble_relations() {
  for (auto& way : ways_.select<osmium::Way>()) locate(way);
  for (const auto& relation : relations_.select<osmium::Relation>()) assemble(relation);
  for (const auto& way : ways_.select<osmium::Way>()) {
    if (kind_of(OsmType::way, tags_silently(way)) != FeatureKind::building_part) continue;
    hold_area(way, {OsmType::way, way.id()}, FeatureKind::building_part, area_of(way));
  }
  parts_.finish();
  return {};
}

Status OsmImport::emit_node(const osmium::Node& node) {
  if (node.tags().empty()) return {};
  const OsmObject object{OsmType::node, node.id()};
  const OsmTags& tags = tags_of(node, object);
  const FeatureKind kind = kind_of(OsmType::node, tags);
  if (kind == FeatureKind::none || !batch_.claim(object.text())) return {};
  if (!node.location().valid()) {
    warn(object, "it has no valid position");
    return {};
  }
  const twin::Position position{node.location().lon(), node.location().lat()};
  return batch_.add(maker_.feature(kind, object, tags, twin::Geometry::point(position)));
}

Status OsmImport::emit_road(const osmium::Way& way) {
  const OsmObject object{OsmType::way, way.id()};
  Status status;
  bool is_told = false;
  roads_.cut(
      way, direction_of(tags_["oneway"], tags_["junction"], tags_["highway"]),
      [&](RoadEdge edge) {
        is_told = true;
        if (status) status = batch_.add(maker_.road(object, tags_, std::move(edge)));
      },
      [&](int64_t node) {
        is_told = true;
        warn(object, "node/" + std::to_string(node) + " is not in the file: the road is cut there");
      });
  if (!is_told) warn(object, "it is a road of one place only");
  return status;
}

// A school's grounds, a market: a point in the middle stands for it.
Status OsmImport::emit_interest(const osmium::Way& way) {
  const OsmObject object{OsmType::way, way.id()};
  double west = 180, south = 90, east = -180, north = -90;
  for (const osmium::NodeRef& node : way.nodes()) {
    if (!node.location().valid()) continue;
    west = std::min(west, node.lon());
    east = std::max(east, node.lon());
    south = std::min(south, node.lat());
    north = std::max(north, node.lat());
  }
  if (west > east) {
    warn(object, "none of its nodes is in the file");
    return {};
  }
  // To the seven digits that the file has.
  const twin::Position middle{std::round((west + east) / 2 * 1e7) / 1e7, std::round((south + north) / 2 * 1e7) / 1e7};
  return batch_.add(maker_.feature(FeatureKind::point_of_interest, object, tags_, twin::Geometry::point(middle)));
}

Status OsmImport::emit_underground(const osmium::Way& way) {
  const OsmObject object{OsmType::way, way.id()};
  twin::Geometry line;
  line.kind = twin::GeometryKind::line_string;
  for (const osmium::NodeRef& node : way.nodes()) {
    if (!node.location().valid()) continue;
    const twin::Position position{node.lon(), node.lat()};
    if (line.positions.empty() || line.positions.back() != position) line.positions.push_back(position);
  }
  if (line.positions.size() < 2) {
    warn(object, "fewer than two of its nodes are in the file");
    return {};
  }
  line.line_ends = {static_cast<uint32_t>(line.positions.size())};
  return add_underground_line(batch_, object, tags_, std::move(line));
}

// `tags_` are the object's.
Status OsmImport::emit_area(const OsmObject& object, FeatureKind kind, twin::Geometry geometry) {
  if (kind == FeatureKind::building && !parts_.empty()) {
    parts_.adopt(FeatureMaker::entity_id(kind, object), geometry);
  }
  if (kind == FeatureKind::building && tags_.has("building:levels:underground")) {
    const std::string building_id = FeatureMaker::entity_id(kind, object);
    if (auto status = add_basement(batch_, object, tags_, geometry, building_id); !status) return status;
  }
  return batch_.add(maker_.feature(kind, object, tags_, std::move(geometry)));
}

Status OsmImport::emit_way(osmium::Way& way) {
  const OsmObject object{OsmType::way, way.id()};
  FeatureKind kind = kind_of(OsmType::way, tags_silently(way));
  if (kind == FeatureKind::none || kind == FeatureKind::building_part) return {};
  if (!batch_.claim(object.text())) return {};
  tags_of(way, object);
  locate(way);
  if (kind == FeatureKind::road) return emit_road(way);
  if (kind == FeatureKind::point_of_interest) return emit_interest(way);
  if (kind == FeatureKind::underground_line) return emit_underground(way);
  auto area = area_of(way);
  if (!area) {
    warn(object, area.error().what);
    return {};
  }
  if (const auto relation = relation_of_outline_.find(way.id()); relation != relation_of_outline_.end()) {
    // The relation's tags first: they say more of the building than its outline's.
    OsmTags both;
    read_tags(relation->second->tags(), both, [](std::string_view) {});
    for (const auto& [key, value] : tags_) {
      if (!both.has(key)) both.add(key, value);
    }
    tags_ = both;
  }
  return emit_area(object, kind, std::move(*area));
}

Status OsmImport::emit_nodes_and_ways() {
  const auto types = osmium::osm_entity_bits::node | osmium::osm_entity_bits::way;
  return file_.read(types, [this](Buffer& buffer) -> Status {
    for (auto& object : buffer) {
      Status status;
      if (object.type() == osmium::item_type::node) status = emit_node(static_cast<const osmium::Node&>(object));
      if (object.type() == osmium::item_type::way) status = emit_way(static_cast<osmium::Way&>(object));
      if (!status) return status;
    }
    return {};
  });
}

Status OsmImport::emit_held() {
  // Buildings first: they adopt parts.
  std::stable_sort(held_.begin(), held_.end(), [](const Held& a, const Held& b) {
    return a.kind != FeatureKind::building_part && b.kind == FeatureKind::building_part;
  });
  for (Held& held : held_) {
    if (!batch_.claim(held.object.text())) continue;
    tags_silently(*held.source);
    if (held.kind != FeatureKind::building_part) {
      if (auto status = emit_area(held.object, held.kind, std::move(held.geometry)); !status) return status;
      continue;
    }
    const twin::Position place = position_within(held.geometry);
    auto change = maker_.feature(held.kind, held.object, tags_, std::move(held.geometry));
    std::string parent(parts_.building_of(place));
    if (const auto relation = relation_of_part_.find(held.object.id);
        held.object.type == OsmType::way && relation != relation_of_part_.end()) {
      if (const auto building = building_of_relation_.find(relation->second); building != building_of_relation_.end()) {
        parent = building->second;
      }
    }
    if (!parent.empty()) maker_.set_parent(change, parent, held.object);
    if (auto status = batch_.add(std::move(change)); !status) return status;
  }
  Status status;
  roads_.each_restriction(
      [&](const OsmObject& object, const TurnRule& rule) {
        if (status && batch_.claim(object.text())) status = batch_.add(maker_.turn_restriction(object, rule));
      },
      [&](const OsmObject& object, std::string reason) { warn(object, std::move(reason)); });
  return status;
}

}  // namespace

Status import_osm(const ImportInput& input, ImportBatch& batch) {
  return OsmImport(input, batch).run();
}

}  // namespace cityloom::space
