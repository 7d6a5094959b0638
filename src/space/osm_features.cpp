// Tags to attributes: heights with their source, names by language, addresses, roads.
#include "space/osm_features.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>

#include "space/osm_underground.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using twin::Attribute;
using twin::AttributeKind;
using twin::Term;
using twin::Value;

constexpr size_t languages_max = 40;
constexpr size_t text_bytes_max = 2'000;

bool is_one_of(std::string_view word, auto... words) {
  return ((word == words) || ...);
}

// OpenStreetMap says "no" where others leave a tag out.
bool says_yes(std::string_view value) {
  return !value.empty() && value != "no";
}

std::string_view type_name(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::building:
      return "Building";
    case FeatureKind::building_part:
      return "BuildingPart";
    case FeatureKind::road:
      return "RoadSegment";
    case FeatureKind::traffic_signal:
      return "TrafficSignal";
    case FeatureKind::crossing:
      return "Crossing";
    case FeatureKind::point_of_interest:
      return "PointOfInterest";
    case FeatureKind::water:
      return "Water";
    case FeatureKind::green_space:
      return "GreenSpace";
    case FeatureKind::underground_line:
    case FeatureKind::none:
      break;
  }
  return "Thing";
}

Term type_term(FeatureKind kind, const Vocabulary& vocabulary) {
  switch (kind) {
    case FeatureKind::building:
      return vocabulary.building;
    case FeatureKind::building_part:
      return vocabulary.building_part;
    case FeatureKind::road:
      return vocabulary.road_segment;
    case FeatureKind::traffic_signal:
      return vocabulary.traffic_signal;
    case FeatureKind::crossing:
      return vocabulary.crossing;
    case FeatureKind::point_of_interest:
      return vocabulary.point_of_interest;
    case FeatureKind::water:
      return vocabulary.water;
    case FeatureKind::green_space:
      return vocabulary.green_space;
    case FeatureKind::underground_line:
    case FeatureKind::none:
      break;
  }
  return {};
}

bool is_road_class(std::string_view highway) {
  return is_one_of(highway, "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary",
                   "secondary_link", "tertiary", "tertiary_link", "unclassified", "residential", "living_street",
                   "service", "road", "track", "busway", "bus_guideway", "pedestrian", "footway", "cycleway", "path",
                   "bridleway", "steps", "escape", "raceway");
}

bool is_water(const OsmTags& tags) {
  return is_one_of(tags["natural"], "water", "bay") || is_one_of(tags["waterway"], "riverbank", "dock") ||
         is_one_of(tags["landuse"], "reservoir", "basin") || is_one_of(tags["leisure"], "swimming_pool");
}

std::string_view green_category(const OsmTags& tags) {
  if (is_one_of(tags["leisure"], "park", "garden", "nature_reserve", "golf_course", "pitch", "playground", "dog_park",
                "common")) {
    return tags["leisure"];
  }
  if (is_one_of(tags["landuse"], "grass", "forest", "meadow", "recreation_ground", "village_green", "cemetery",
                "orchard", "vineyard", "allotments", "greenfield", "flowerbed", "farmland", "plant_nursery")) {
    return tags["landuse"];
  }
  if (is_one_of(tags["natural"], "wood", "scrub", "grassland", "heath", "wetland")) return tags["natural"];
  return {};
}

// Of the keys that make a point of interest, the value of the first; "yes" says no more than its key.
std::string_view interest_category(const OsmTags& tags) {
  if (is_one_of(tags["highway"], "bus_stop")) return tags["highway"];
  if (is_one_of(tags["railway"], "station", "halt", "tram_stop", "subway_entrance")) return tags["railway"];
  for (std::string_view key : {"amenity", "shop", "tourism", "leisure", "office", "healthcare", "historic", "emergency",
                               "craft", "public_transport", "aeroway"}) {
    const std::string_view value = tags[key];
    if (says_yes(value)) return value == "yes" ? key : value;
  }
  return {};
}

std::string_view building_category(const OsmTags& tags, std::string_view key) {
  const std::string_view value = tags[key];
  if (value != "yes") return value;
  for (std::string_view other : {"amenity", "shop", "tourism", "office", "leisure", "healthcare", "craft"}) {
    if (says_yes(tags[other])) return tags[other] == "yes" ? other : tags[other];
  }
  return {};
}

// What a building of this kind usually has, where the file says neither height nor levels.
double usual_height_m(std::string_view category) {
  struct Usual {
    std::string_view category;
    double height_m;
  };
  constexpr std::array<Usual, 26> table{
      {{"apartments", 16},     {"residential", 9.6}, {"commercial", 12.8}, {"office", 16},  {"hotel", 19.2},
       {"hospital", 16},       {"university", 12.8}, {"school", 9.6},      {"public", 9.6}, {"civic", 9.6},
       {"train_station", 9.6}, {"church", 12},       {"cathedral", 25},    {"mosque", 12},  {"temple", 9},
       {"industrial", 8},      {"warehouse", 8},     {"stadium", 20},      {"garage", 3},   {"garages", 3},
       {"carport", 3},         {"shed", 3},          {"hut", 3},           {"roof", 4},     {"kiosk", 3},
       {"greenhouse", 4}}};
  for (const Usual& usual : table) {
    if (usual.category == category) return usual.height_m;
  }
  return 2 * level_height_m;
}

}  // namespace

std::string OsmObject::id_part() const {
  const char* name = type == OsmType::node ? "osm-node-" : type == OsmType::way ? "osm-way-" : "osm-relation-";
  return name + std::to_string(id);
}

std::string OsmObject::text() const {
  const char* name = type == OsmType::node ? "node/" : type == OsmType::way ? "way/" : "relation/";
  return name + std::to_string(id);
}

std::string_view OsmTags::operator[](std::string_view key) const {
  for (const auto& [tag_key, value] : tags_) {
    if (tag_key == key) return value;
  }
  return {};
}

FeatureKind kind_of(OsmType type, const OsmTags& tags) {
  if (tags.empty()) return FeatureKind::none;
  if (type == OsmType::node) {
    if (tags["highway"] == "traffic_signals") return FeatureKind::traffic_signal;
    if (tags["highway"] == "crossing") return FeatureKind::crossing;
    return interest_category(tags).empty() ? FeatureKind::none : FeatureKind::point_of_interest;
  }
  if (says_yes(tags["building"])) return FeatureKind::building;
  if (says_yes(tags["building:part"])) return FeatureKind::building_part;
  if (type == OsmType::way && is_road_class(tags["highway"]) && tags["area"] != "yes") return FeatureKind::road;
  if (is_water(tags)) return FeatureKind::water;
  if (!green_category(tags).empty()) return FeatureKind::green_space;
  if (type == OsmType::way && is_underground_line(tags)) return FeatureKind::underground_line;
  if (!tags.has("highway") && !interest_category(tags).empty()) return FeatureKind::point_of_interest;
  return FeatureKind::none;
}

bool is_area(FeatureKind kind) {
  return kind == FeatureKind::building || kind == FeatureKind::building_part || kind == FeatureKind::water ||
         kind == FeatureKind::green_space;
}

std::string FeatureMaker::entity_id(FeatureKind kind, const OsmObject& object) {
  return "urn:ngsi-ld:" + std::string(type_name(kind)) + ":" + object.id_part();
}

std::string FeatureMaker::road_id(int64_t way_id, uint32_t index) {
  return "urn:ngsi-ld:RoadSegment:osm-way-" + std::to_string(way_id) + "-" + std::to_string(index);
}

// Builds one change, attribute by attribute.
class ChangeMaker {
 public:
  ChangeMaker(const FeatureMaker& maker, const OsmObject& object, const OsmTags& tags, std::string id, Term type)
      : maker_(maker),
        v_(maker.vocabulary_),
        object_(object),
        tags_(tags),
        provided_by_(maker.source_ + " " + object.text()) {
    change_.kind = thread::Change::Kind::create_or_append;
    change_.entity_id = std::move(id);
    change_.types = {type};
    change_.only_differences = true;
  }

  Attribute& add(Term name, AttributeKind kind, Value value, Term unit = {}) {
    Attribute& attribute = change_.attributes.emplace_back();
    attribute.name = name;
    attribute.kind = kind;
    attribute.value = std::move(value);
    attribute.unit = unit;
    attribute.members.push_back(plain(v_.provided_by, provided_by_));
    return attribute;
  }
  Attribute& property(Term name, Value value, Term unit = {}) {
    return add(name, AttributeKind::property, std::move(value), unit);
  }
  void text(Term name, std::string_view value) {
    if (!value.empty()) property(name, excerpt(value, text_bytes_max));
  }
  void location(twin::Geometry geometry) { add(v_.location, AttributeKind::geo_property, std::move(geometry)); }

  void names();
  void address();
  void building(std::string_view key);
  void road();

  thread::Change finish() {
    change_.attributes.push_back(plain(v_.source, maker_.source_));
    return std::move(change_);
  }

 private:
  static Attribute plain(Term name, std::string value) {
    Attribute attribute;
    attribute.name = name;
    attribute.value = std::move(value);
    return attribute;
  }

  // The number in a tag, or nothing: a bad one is warned of.
  template <class Parse>
  std::optional<double> number(std::string_view key, Parse parse) {
    const std::string_view value = tags_[key];
    if (value.empty()) return {};
    const auto parsed = parse(value);
    if (parsed) return *parsed;
    maker_.warn_(object_, std::string(key) + " " + parsed.error().what);
    return {};
  }

  double height(std::string_view category, double min_height_m, std::string_view& source);
  void roof(double height_m, double min_height_m);

  const FeatureMaker& maker_;
  const Vocabulary& v_;
  const OsmObject& object_;
  const OsmTags& tags_;
  std::string provided_by_;
  thread::Change change_;
};

void ChangeMaker::names() {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  size_t count = 0;
  const auto write = [&](std::string_view tag, std::string_view value) {
    if (value.empty() || count == languages_max) return;
    const std::string text = excerpt(value, text_bytes_max);
    writer.Key(tag.data(), static_cast<rapidjson::SizeType>(tag.size()));
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    ++count;
  };
  writer.StartObject();
  write("@none", tags_["name"]);
  for (const auto& [key, value] : tags_) {
    if (key.starts_with("name:") && is_language_tag(key.substr(5))) write(key.substr(5), value);
  }
  writer.EndObject();
  if (count > 0)
    add(v_.name, AttributeKind::language_property, twin::Json{std::string(buffer.GetString(), buffer.GetSize())});
}

void ChangeMaker::address() {
  std::string street(tags_["addr:street"].empty() ? tags_["addr:place"] : tags_["addr:street"]);
  if (const auto number = tags_["addr:housenumber"]; !number.empty() && !street.empty())
    street += " " + std::string(number);
  if (street.empty()) street = tags_["addr:full"];
  const std::pair<const char*, std::string_view> members[] = {{"streetAddress", street},
                                                              {"addressLocality", tags_["addr:city"]},
                                                              {"district", tags_["addr:district"]},
                                                              {"addressRegion", tags_["addr:province"]},
                                                              {"postalCode", tags_["addr:postcode"]},
                                                              {"addressCountry", tags_["addr:country"]}};
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  bool any = false;
  writer.StartObject();
  for (const auto& [key, value] : members) {
    if (value.empty()) continue;
    const std::string text = excerpt(value, text_bytes_max);
    writer.Key(key);
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    any = true;
  }
  writer.EndObject();
  if (any) property(v_.address, twin::Json{std::string(buffer.GetString(), buffer.GetSize())});
}

double ChangeMaker::height(std::string_view category, double min_height_m, std::string_view& source) {
  if (const auto measured = number("height", parse_height_m); measured && *measured > min_height_m) {
    source = "measured";
    return *measured;
  }
  const auto levels = number("building:levels", parse_levels);
  const double roof_levels = number("roof:levels", parse_levels).value_or(0);
  if (levels && *levels + roof_levels > 0) {
    const double height_m = (*levels + roof_levels) * level_height_m;
    if (height_m > min_height_m) {
      source = "levels";
      return height_m;
    }
  }
  source = "estimated";
  const double usual_m = usual_height_m(category);
  return usual_m > min_height_m ? usual_m : min_height_m + level_height_m;
}

void ChangeMaker::roof(double height_m, double min_height_m) {
  const std::string_view shape = tags_["roof:shape"];
  if (shape.empty() || shape == "flat") return;
  text(v_.roof_shape, shape);
  if (const auto roof_m = number("roof:height", parse_length_m); roof_m && *roof_m > 0) {
    property(v_.roof_height, twin::number_value(std::min(*roof_m, height_m - min_height_m)), v_.metre);
  }
  if (const auto direction_deg = number("roof:direction", parse_number);
      direction_deg && *direction_deg >= 0 && *direction_deg <= 360) {
    property(v_.roof_direction, twin::number_value(*direction_deg), v_.degree);
  }
}

void ChangeMaker::building(std::string_view key) {
  const std::string_view category = building_category(tags_, key);
  auto min_height_m = number("min_height", parse_length_m);
  if (!min_height_m) {
    if (const auto min_level = number("building:min_level", parse_levels)) min_height_m = *min_level * level_height_m;
  }
  if (min_height_m && (*min_height_m < 0 || *min_height_m > building_height_m_max)) {
    maker_.warn_(object_, "min_height \"" + excerpt(tags_["min_height"]) + "\" is not between 0 and 1000 m");
    min_height_m.reset();
  }
  const double base_m = min_height_m.value_or(0);
  if (const auto top_m = parse_height_m(tags_["height"]); top_m && *top_m <= base_m) {
    maker_.warn_(object_, "height " + excerpt(tags_["height"]) + " is not above min_height: height estimated");
  }
  std::string_view source;
  const double height_m = height(category, base_m, source);
  Attribute& attribute = property(v_.height, twin::number_value(height_m), v_.metre);
  attribute.members.insert(attribute.members.begin(), plain(v_.height_source, std::string(source)));
  if (base_m > 0) property(v_.min_height, twin::number_value(base_m), v_.metre);
  if (const auto levels = parse_levels(tags_["building:levels"])) property(v_.levels, twin::number_value(*levels));
  text(v_.category, category);
  roof(height_m, base_m);
}

void ChangeMaker::road() {
  text(v_.road_class, tags_["highway"]);
  if (tags_.has("lanes")) {
    if (const auto lanes = parse_lane_count(tags_["lanes"])) {
      property(v_.lane_count, *lanes);
    } else {
      maker_.warn_(object_, "lanes " + lanes.error().what);
    }
  }
  if (tags_.has("maxspeed")) {
    const auto speed_kmh = parse_speed_kmh(tags_["maxspeed"]);
    if (!speed_kmh) maker_.warn_(object_, "maxspeed " + speed_kmh.error().what);
    if (speed_kmh && *speed_kmh)
      property(v_.maximum_allowed_speed, twin::number_value(**speed_kmh), v_.kilometre_per_hour);
  }
  const bool oneway = direction_of(tags_["oneway"], tags_["junction"], tags_["highway"]) != Direction::both;
  property(v_.oneway, oneway);
  if (says_yes(tags_["bridge"])) property(v_.bridge, true);
  if (says_yes(tags_["tunnel"])) property(v_.tunnel, true);
  // The most special tag wins: https://wiki.openstreetmap.org/wiki/Key:access
  for (std::string_view key : {"motorcar", "motor_vehicle", "vehicle", "access"}) {
    if (const std::string_view access = tags_[key]; !access.empty()) {
      if (access != "yes") text(v_.motor_vehicle, access);
      break;
    }
  }
}

thread::Change FeatureMaker::feature(FeatureKind kind, const OsmObject& object, const OsmTags& tags,
                                     twin::Geometry geometry) const {
  ChangeMaker maker(*this, object, tags, entity_id(kind, object), type_term(kind, vocabulary_));
  maker.names();
  maker.location(std::move(geometry));
  switch (kind) {
    case FeatureKind::building:
      maker.building("building");
      break;
    case FeatureKind::building_part:
      maker.building("building:part");
      break;
    case FeatureKind::point_of_interest:
      maker.text(vocabulary_.category, interest_category(tags));
      break;
    case FeatureKind::green_space:
      maker.text(vocabulary_.category, green_category(tags));
      break;
    case FeatureKind::traffic_signal:
      maker.text(vocabulary_.category, tags["traffic_signals"]);
      break;
    case FeatureKind::crossing:
      maker.text(vocabulary_.category, tags["crossing"]);
      break;
    case FeatureKind::water: {
      const std::string_view water = tags["water"];
      maker.text(vocabulary_.category, water.empty() ? std::string_view("water") : water);
      break;
    }
    case FeatureKind::road:
    case FeatureKind::underground_line:
    case FeatureKind::none:
      break;
  }
  if (kind == FeatureKind::building || kind == FeatureKind::point_of_interest) maker.address();
  return maker.finish();
}

thread::Change FeatureMaker::road(const OsmObject& way, const OsmTags& tags, RoadEdge edge) const {
  ChangeMaker maker(*this, way, tags, road_id(way.id, edge.index), vocabulary_.road_segment);
  maker.names();
  maker.location(std::move(edge.geometry));
  maker.road();
  maker.text(vocabulary_.start_node, OsmObject{OsmType::node, edge.start_node}.id_part());
  maker.text(vocabulary_.end_node, OsmObject{OsmType::node, edge.end_node}.id_part());
  maker.property(vocabulary_.length, twin::number_value(edge.length_m), vocabulary_.metre);
  return maker.finish();
}

thread::Change FeatureMaker::turn_restriction(const OsmObject& relation, const TurnRule& rule) const {
  const OsmTags no_tags;
  ChangeMaker maker(*this, relation, no_tags, "urn:ngsi-ld:TurnRestriction:" + relation.id_part(),
                    vocabulary_.turn_restriction);
  maker.text(vocabulary_.restriction, rule.restriction);
  maker.add(vocabulary_.from, AttributeKind::relationship, rule.from);
  if (rule.via_node) {
    maker.text(vocabulary_.via, OsmObject{OsmType::node, *rule.via_node}.id_part());
  } else {
    // Ids of ours need no escapes.
    std::string list = "[";
    for (const std::string& id : rule.via_segments) list += (list.size() > 1 ? ",\"" : "\"") + id + "\"";
    maker.add(vocabulary_.via, AttributeKind::relationship, twin::Json{list + "]"});
  }
  maker.add(vocabulary_.to, AttributeKind::relationship, rule.to);
  return maker.finish();
}

void FeatureMaker::set_parent(thread::Change& part, std::string_view building_id, const OsmObject& object) const {
  Attribute& parent = part.attributes.emplace_back();
  parent.name = vocabulary_.part_of;
  parent.kind = AttributeKind::relationship;
  parent.value = std::string(building_id);
  Attribute provider;
  provider.name = vocabulary_.provided_by;
  provider.value = source_ + " " + object.text();
  parent.members.push_back(std::move(provider));
}

}  // namespace cityloom::space
