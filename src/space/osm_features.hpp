// What an OpenStreetMap object is to the twin, by its tags, and the change that states it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "space/vocabulary.hpp"
#include "thread/change.hpp"

namespace cityloom::space {

/// The three kinds of objects that OpenStreetMap has.
enum class OsmType : uint8_t { node, way, relation };

/// An object of a file: "way/123" for people, "osm-way-123" within ids.
struct OsmObject {
  OsmType type = OsmType::node;
  int64_t id = 0;
  bool operator==(const OsmObject&) const = default;
  /// "way/123".
  std::string text() const;
  /// "osm-way-123".
  std::string id_part() const;
};

/// The tags of one object: views into what the reader holds. Lookups are linear: objects have few tags.
class OsmTags {
 public:
  void clear() { tags_.clear(); }
  void add(std::string_view key, std::string_view value) { tags_.emplace_back(key, value); }
  /// The value, or "" if the tag is not there.
  std::string_view operator[](std::string_view key) const;
  bool has(std::string_view key) const { return !(*this)[key].empty(); }
  bool empty() const { return tags_.empty(); }
  auto begin() const { return tags_.begin(); }
  auto end() const { return tags_.end(); }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> tags_;
};

/// What an object is to the twin.
enum class FeatureKind : uint8_t {
  none,
  building,
  building_part,
  road,
  traffic_signal,
  crossing,
  point_of_interest,
  water,
  green_space,
  underground_line,  ///< see osm_underground.hpp
};

/// What a node, way or multipolygon with these tags is. One object is one kind: the first that fits in the order above.
FeatureKind kind_of(OsmType type, const OsmTags& tags);

/// Whether a feature of this kind needs an area.
bool is_area(FeatureKind kind);

/// An edge of the road network.
struct RoadEdge {
  uint32_t index = 0;      ///< within its way, in the way's order
  int64_t start_node = 0;  ///< in the direction of the geometry
  int64_t end_node = 0;
  twin::Geometry geometry;  ///< LineString; in the direction of travel where the road is one-way
  double length_m = 0;
};

/// A turn restriction whose roads were found.
struct TurnRule {
  std::string_view restriction;     ///< "no_left_turn", "only_straight_on", ...
  std::string from, to;             ///< ids of RoadSegments
  std::optional<int64_t> via_node;  ///< or
  std::vector<std::string> via_segments;
};

/// Makes changes out of features of one file. Hears of values that cannot be taken; the feature is made without them.
class FeatureMaker {
 public:
  using Warn = std::function<void(const OsmObject&, std::string reason)>;
  FeatureMaker(const Vocabulary& vocabulary, std::string source, Warn warn)
      : vocabulary_(vocabulary), source_(std::move(source)), warn_(std::move(warn)) {}

  /// Any kind but roads and restrictions.
  thread::Change feature(FeatureKind kind, const OsmObject& object, const OsmTags& tags, twin::Geometry geometry) const;
  thread::Change road(const OsmObject& way, const OsmTags& tags, RoadEdge edge) const;
  thread::Change turn_restriction(const OsmObject& relation, const TurnRule& rule) const;

  /// Adds `partOf` to a BuildingPart made before.
  void set_parent(thread::Change& part, std::string_view building_id, const OsmObject& object) const;

  /// The id of a feature's entity: "urn:ngsi-ld:Building:osm-way-123".
  static std::string entity_id(FeatureKind kind, const OsmObject& object);
  /// The id of an edge's entity: "urn:ngsi-ld:RoadSegment:osm-way-77-0".
  static std::string road_id(int64_t way_id, uint32_t index);

 private:
  friend class ChangeMaker;
  const Vocabulary& vocabulary_;
  std::string source_;
  Warn warn_;
};

}  // namespace cityloom::space
