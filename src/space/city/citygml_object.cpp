// By names without prefixes and versions: CityGML 1, 2 and 3 differ in where things stand, hardly in what they are
// called.
#include "space/city/citygml_object.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "space/city/city_attributes.hpp"
#include "space/city/city_entity.hpp"

namespace cityloom::space {
namespace {

using Node = XmlTree::Node;
constexpr int object_depth_max = 12;
constexpr int flatten_depth_max = 12;

struct TypeName {
  std::string_view element;
  std::string_view type;
};
constexpr TypeName type_names[] = {
    {"Building", "Building"},
    {"BuildingPart", "BuildingPart"},
    {"BuildingInstallation", "BuildingInstallation"},
    {"BuildingConstructiveElement", "BuildingConstructiveElement"},
    {"Bridge", "Bridge"},
    {"BridgePart", "BridgePart"},
    {"BridgeInstallation", "BridgeInstallation"},
    {"BridgeConstructionElement", "BridgeConstructiveElement"},
    {"BridgeConstructiveElement", "BridgeConstructiveElement"},
    {"Tunnel", "Tunnel"},
    {"TunnelPart", "TunnelPart"},
    {"TunnelInstallation", "TunnelInstallation"},
    {"TunnelConstructiveElement", "TunnelConstructiveElement"},
    {"SolitaryVegetationObject", "SolitaryVegetationObject"},
    {"PlantCover", "PlantCover"},
    {"WaterBody", "WaterBody"},
    {"Road", "Road"},
    {"Railway", "Railway"},
    {"Square", "TransportSquare"},
    {"Track", "Track"},
    {"Waterway", "Waterway"},
    {"TransportationComplex", "Road"},
    {"LandUse", "LandUse"},
    {"CityFurniture", "CityFurniture"},
    {"GenericCityObject", "GenericCityObject"},
    {"GenericOccupiedSpace", "GenericCityObject"},
    {"GenericUnoccupiedSpace", "GenericCityObject"},
    {"GenericLogicalSpace", "GenericCityObject"},
    {"GenericThematicSurface", "GenericCityObject"},
    {"OtherConstruction", "OtherConstruction"},
    {"BuildingUnit", "BuildingUnit"},
    {"Storey", "BuildingStorey"},
    {"Room", "BuildingRoom"},
    {"BuildingRoom", "BuildingRoom"},
    {"BuildingFurniture", "BuildingFurniture"},
};

// Properties that hold nothing for the outside picture.
constexpr std::string_view skipped_names[] = {"roomInstallation",
                                              "interiorBuildingInstallation",
                                              "interiorBridgeInstallation",
                                              "interiorTunnelInstallation",
                                              "hollowSpace",
                                              "bridgeRoom",
                                              "interiorBridgeRoom",
                                              "interiorHollowSpace",
                                              "generalizesTo",
                                              "metaDataProperty",
                                              "relatedTo",
                                              "dynamizer",
                                              "pointCloud"};

bool is_skipped(std::string_view name) {
  return std::find(std::begin(skipped_names), std::end(skipped_names), name) != std::end(skipped_names);
}

// "lod2MultiSurface" -> '2'; 0 for what is no geometry of a level.
char level_of(std::string_view name) {
  return name.size() > 4 && name.starts_with("lod") && std::isdigit(static_cast<unsigned char>(name[3])) != 0 ? name[3]
                                                                                                              : '\0';
}

// "lod3ImplicitRepresentation": a shape in metres around a reference point.
bool is_implicit(std::string_view name) {
  return name.ends_with("ImplicitRepresentation");
}

// What belongs to the picture of the object that holds it: its surfaces, and of roads sections, spaces and markings.
bool is_of_picture(std::string_view property, std::string_view held) {
  for (std::string_view name : {"boundedBy", "boundary", "opening", "marking"}) {
    if (property == name) return true;
  }
  return surface_type_of(held) != SurfaceType::other || held.ends_with("Space") || held.ends_with("Surface") ||
         held == "Section" || held == "Intersection" || held == "Hole";
}

double metres_of(double value, std::string_view unit) {
  if (unit.find("ft") != std::string_view::npos || unit.find("FOT") != std::string_view::npos) return value * 0.3048;
  if (unit == "cm") return value / 100;
  if (unit == "mm") return value / 1000;
  if (unit == "km") return value * 1000;
  return value;
}

// Reads one member.
class MemberReader {
 public:
  MemberReader(const XmlTree& tree, const CityGmlSurroundings& around) : tree_(tree), around_(around) {}

  std::vector<CityObject> read() {
    if (tree_.root() == XmlTree::none) return {};
    read_own_appearance(tree_.root(), 0);
    read_object(tree_.root(), around_.context, "", 0);
    return std::move(objects_);
  }

 private:
  // The geometries of one object while they are collected.
  struct Level {
    CityGeometry geometry;
  };
  struct Picture {
    std::vector<Node> properties;                     // that hold geometry of a level, in this order
    std::vector<std::pair<Node, SurfaceType>> typed;  // and those within thematic surfaces
  };
  void read_own_appearance(Node node, int depth);
  void read_object(Node node, const GmlContext& around, const std::string& parent_id, int depth);
  void read_property(Node property, CityObject& object, const GmlContext& context, Picture& picture,
                     std::vector<Node>& parts);
  void read_surface(Node surface, SurfaceType type, Picture& picture, int depth);
  void collect_levels(CityObject& object, const GmlContext& context, const Picture& picture);
  void collect_level(char level, CityObject& object, const GmlContext& context, const Picture& picture,
                     GmlGeometryReader& reader);
  void read_leaf(Node leaf, CityObject& object);
  void read_generic(Node node, CityObject& object);
  void flatten(Node node, CityObject& object, int depth);
  void read_height(Node node, CityObject& object);
  void read_address(Node node, CityAddress& address, int depth);
  void borrow_outline(size_t parent, size_t first_part);
  const GmlAppearance* appearance() const { return own_appearance_.empty() ? around_.appearance : &own_appearance_; }

  const XmlTree& tree_;
  const CityGmlSurroundings& around_;
  GmlAppearance own_appearance_;
  std::vector<CityObject> objects_;
};

void MemberReader::read_own_appearance(Node node, int depth) {
  if (depth > 4) return;
  for (Node child = tree_.first_child(node); child != XmlTree::none; child = tree_.next(child)) {
    const std::string_view name = tree_.name(child);
    if (name == "appearance" || name == "appearanceMember") {
      read_gml_appearance(tree_, child, own_appearance_);
    } else if (tree_.first_child(child) != XmlTree::none &&
               !city_type_of(tree_.name(tree_.first_child(child))).empty()) {
      read_own_appearance(tree_.first_child(child), depth + 1);
    }
  }
}

void MemberReader::read_leaf(Node leaf, CityObject& object) {
  const std::string_view name = tree_.name(leaf), text = tree_.text_of(leaf);
  if (text.empty()) return;
  if (name == "measuredHeight" || name == "height") {
    const twin::Value value = value_of_text(text, true);
    const double height_m = metres_of(twin::as_number(value), tree_.attribute(leaf, "uom"));
    if (!std::isnan(height_m)) return take_attribute(object, name, twin::number_value(height_m));
  }
  take_attribute(object, name, value_of_text(text, !tree_.attribute(leaf, "uom").empty()));
}

// gen:stringAttribute name="..."{gen:value}, and CityGML 3's genericAttribute{StringAttribute{name, value}}.
void MemberReader::read_generic(Node node, CityObject& object) {
  std::string_view name = tree_.attribute(node, "name");
  const Node named = tree_.child(node, "name"), valued = tree_.child(node, "value");
  if (name.empty() && named != XmlTree::none) name = tree_.text_of(named);
  if (valued == XmlTree::none) {
    for (Node child = tree_.first_child(node); child != XmlTree::none; child = tree_.next(child)) {
      if (tree_.name(child) != "name" && tree_.first_child(child) != XmlTree::none) read_generic(child, object);
    }
    return;
  }
  if (name.empty()) return;
  const std::string_view kind = tree_.name(node), text = tree_.text_of(valued), unit = tree_.attribute(valued, "uom");
  const bool is_number = kind.starts_with("int") || kind.starts_with("double") || kind.starts_with("measure") ||
                         kind.starts_with("Int") || kind.starts_with("Double") || kind.starts_with("Measure");
  const twin::Value value = value_of_text(text, is_number);
  const bool became_number = is_number && !std::holds_alternative<std::string>(value);
  std::string json = became_number ? std::string(text) : json_string(text);
  // Numbers as JSON writes them: no plus, no leading zero.
  if (became_number) {
    std::array<char, 32> digits{};
    json.assign(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), twin::as_number(value)).ptr);
  }
  if (became_number && !unit.empty()) json = "{\"value\":" + json + ",\"unit\":" + json_string(unit) + "}";
  take_generic(object, name, std::move(json));
}

// What an extension adds: its leaves, by their names.
void MemberReader::flatten(Node node, CityObject& object, int depth) {
  if (depth > flatten_depth_max) return;
  for (Node child = tree_.first_child(node); child != XmlTree::none; child = tree_.next(child)) {
    if (tree_.first_child(child) != XmlTree::none) {
      flatten(child, object, depth + 1);
    } else if (const std::string_view text = tree_.text_of(child); !text.empty()) {
      take_generic(object, tree_.name(child), json_string(text));
    }
  }
}

// CityGML 3: con:height { con:Height { value uom, status, lowReference, highReference } }.
void MemberReader::read_height(Node node, CityObject& object) {
  const Node height = tree_.child(node, "Height");
  const Node value = height == XmlTree::none ? XmlTree::none : tree_.child(height, "value");
  if (value == XmlTree::none) return;
  const double metres =
      metres_of(twin::as_number(value_of_text(tree_.text_of(value), true)), tree_.attribute(value, "uom"));
  if (!std::isnan(metres)) take_attribute(object, "measuredHeight", twin::number_value(metres));
}

void MemberReader::read_address(Node node, CityAddress& address, int depth) {
  if (depth > flatten_depth_max) return;
  for (Node child = tree_.first_child(node); child != XmlTree::none; child = tree_.next(child)) {
    const std::string_view name = tree_.name(child), text = tree_.text_of(child), around = tree_.name(node);
    const bool is_element = name == "NameElement";
    const auto set = [&](std::string& to) {
      if (to.empty()) to = text;
    };
    if (name == "CountryName" || (is_element && around == "Country"))
      set(address.country);
    else if (name == "LocalityName" || (is_element && around == "Locality"))
      set(address.locality);
    else if (name == "ThoroughfareName" || (is_element && around == "Thoroughfare"))
      set(address.street);
    else if (name == "ThoroughfareNumber" || (name == "Number" && around == "Thoroughfare"))
      set(address.number);
    else if (name == "PostalCodeNumber" || (name == "Identifier" && around == "PostCode"))
      set(address.postcode);
    else if (name == "AddressLine")
      set(address.text);
    read_address(child, address, depth + 1);
  }
}

// A wall, a roof, a lane: what belongs to its picture, its openings with types of their own.
void MemberReader::read_surface(Node surface, SurfaceType type, Picture& picture, int depth) {
  if (depth > object_depth_max) return;
  for (Node child = tree_.first_child(surface); child != XmlTree::none; child = tree_.next(child)) {
    const std::string_view name = tree_.name(child);
    if (level_of(name) != '\0') {
      picture.typed.emplace_back(child, type);
      continue;
    }
    for (Node inner = tree_.first_child(child); inner != XmlTree::none; inner = tree_.next(inner)) {
      if (tree_.first_child(inner) == XmlTree::none || name == "appearance") continue;
      if (!is_of_picture(name, tree_.name(inner))) continue;
      const SurfaceType own = surface_type_of(tree_.name(inner));
      read_surface(inner, own == SurfaceType::other ? type : own, picture, depth + 1);
    }
  }
}

void MemberReader::read_property(Node property, CityObject& object, const GmlContext& context, Picture& picture,
                                 std::vector<Node>& parts) {
  (void)context;
  const std::string_view name = tree_.name(property);
  const Node content = tree_.first_child(property);
  if (is_skipped(name) || name == "appearance" || name.find("TerrainIntersection") != name.npos) return;
  if (content == XmlTree::none) return read_leaf(property, object);
  if (level_of(name) != '\0') return picture.properties.push_back(property);
  const std::string_view held = tree_.name(content);
  if (name == "address") {
    CityAddress address;
    read_address(property, address, 0);
    if (object.address.empty()) object.address = address.json();
    return;
  }
  if (name == "height" && held == "Height") return read_height(property, object);
  if (name.ends_with("Attribute") || name == "genericAttributeSet") {
    if (tree_.child(property, "value") != XmlTree::none || name.starts_with("generic"))
      return read_generic(property, object);
  }
  if (name == "boundedBy" && (held == "Envelope" || held == "Null" || held == "EnvelopeWithTimePeriod")) return;
  for (Node inner = content; inner != XmlTree::none; inner = tree_.next(inner)) {
    const std::string_view inner_name = tree_.name(inner);
    if (!city_type_of(inner_name).empty() && inner_name != "GenericThematicSurface") {
      parts.push_back(inner);
    } else if (is_of_picture(name, inner_name)) {
      read_surface(inner, surface_type_of(inner_name), picture, 0);
    } else {
      flatten(property, object, 0);
      return;
    }
  }
}

void MemberReader::collect_level(char level, CityObject& object, const GmlContext& context, const Picture& picture,
                                 GmlGeometryReader& reader) {
  CityGeometry body, footprint;
  std::vector<CityGeometry> implicit;
  const auto add_implicit = [&](Node property, SurfaceType type) {
    CityGeometry one;
    if (reader.read_implicit(tree_.first_child(property), type, context, one)) implicit.push_back(std::move(one));
  };
  reader.begin_level();
  // Thematic surfaces first: then the solid that links to their faces finds them known.
  for (const auto& [property, type] : picture.typed) {
    if (level_of(tree_.name(property)) != level) continue;
    if (is_implicit(tree_.name(property)))
      add_implicit(property, type);
    else
      reader.collect(property, type, context, body);
  }
  const bool is_typed = body.has_faces();
  for (const Node property : picture.properties) {
    const std::string_view name = tree_.name(property);
    if (level_of(name) != level) continue;
    const bool is_flat = level == '0' || name.ends_with("FootPrint") || name.ends_with("RoofEdge");
    if (is_implicit(name)) {
      add_implicit(property, SurfaceType::other);
      continue;
    }
    // Both a footprint and a roof's edge: the first says where it stands.
    if (is_flat && footprint.has_faces()) continue;
    CityGeometry more;
    reader.collect(property, SurfaceType::other, context, is_flat ? footprint : is_typed ? more : body);
    // The same faces twice, once with and once without what they are: the first are enough. A few that no thematic
    // surface has belong to the picture.
    if (is_typed && more.has_faces() && more.types.size() < body.types.size() / 4) body.append(more);
  }
  footprint.has_footprint_only = true;
  for (CityGeometry* one : {&footprint, &body}) {
    if (one->positions.empty()) continue;
    one->lod = std::string(1, level);
    object.geometries.push_back(std::move(*one));
  }
  for (CityGeometry& one : implicit) {
    one.lod = std::string(1, level);
    object.geometries.push_back(std::move(one));
  }
}

void MemberReader::collect_levels(CityObject& object, const GmlContext& context, const Picture& picture) {
  GmlGeometryReader reader({&tree_, around_.library}, appearance());
  for (char level : {'0', '1', '2', '3', '4'}) collect_level(level, object, context, picture, reader);
  object.notes = std::move(reader.notes);
  const GmlAppearance* looks = appearance();
  if (looks != nullptr) keep_used_looks(looks->textures, looks->materials, object);
}

// A building that is only its parts stands where they stand.
void MemberReader::borrow_outline(size_t parent, size_t first_part) {
  if (!objects_[parent].geometries.empty()) return;
  CityGeometry outline;
  outline.has_footprint_only = true;
  outline.lod = "0";
  for (size_t part = first_part; part < objects_.size(); ++part) {
    if (objects_[part].parent_id != objects_[parent].entity_id || objects_[part].geometries.empty()) continue;
    const CityGeometry& from = objects_[part].geometries.front();
    if (!from.has_faces() || from.is_local) continue;
    if (outline.crs.empty()) outline.crs = from.crs;
    outline.append(from);
  }
  if (outline.has_faces()) objects_[parent].geometries.push_back(std::move(outline));
}

void MemberReader::read_object(Node node, const GmlContext& around, const std::string& parent_id, int depth) {
  const std::string_view type = city_type_of(tree_.name(node));
  if (type.empty() || depth > object_depth_max) return;
  CityObject object;
  object.type = type;
  object.source_id = tree_.attribute(node, "id");
  object.parent_id = parent_id;
  if (tree_.name(node) == "GenericThematicSurface") object.type = "GenericCityObject";
  GmlContext context = context_within(tree_, node, around);
  Picture picture;
  std::vector<Node> parts;
  for (Node property = tree_.first_child(node); property != XmlTree::none; property = tree_.next(property)) {
    if (tree_.name(property) == "boundedBy") {
      if (const Node envelope = tree_.child(property, "Envelope"); envelope != XmlTree::none) {
        context = context_within(tree_, envelope, context);
      }
    }
    read_property(property, object, context, picture, parts);
  }
  collect_levels(object, context, picture);
  const std::string source_id = object.source_id.empty() ? city_content_id(object) : object.source_id;
  object.entity_id = around_.id_of(object.type, source_id);
  const std::string id = object.entity_id;
  const size_t place = objects_.size();
  objects_.push_back(std::move(object));
  for (const Node part : parts) read_object(part, context, id, depth + 1);
  borrow_outline(place, place + 1);
}

}  // namespace

std::string_view city_type_of(std::string_view element) {
  for (const TypeName& one : type_names) {
    if (one.element == element) return one.type;
  }
  return {};
}

std::vector<CityObject> read_citygml_objects(const XmlTree& tree, const CityGmlSurroundings& around) {
  return MemberReader(tree, around).read();
}

}  // namespace cityloom::space
