// One object: coordinates to WGS 84, faces to bodies, the outline on the ground, what is said of it to attributes.
#include "space/city/city_entity.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <limits>

#include "space/city/face_check.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using twin::AttributeKind;

constexpr size_t global_id_bytes_min = 12;
constexpr double plane_tolerance_m = 0.1;

struct RoofName {
  std::string_view code;
  std::string_view shape;
};
// SIG3D's list (1000-1130), the German surveys' (2100-5000), and the words that stand in files without codes.
constexpr RoofName roof_names[] = {
    {"1000", "flat"},           {"1010", "skillion"},     {"1020", "skillion"},
    {"1030", "gabled"},         {"1040", "hipped"},       {"1050", "half-hipped"},
    {"1060", "mansard"},        {"1070", "pyramidal"},    {"1080", "cone"},
    {"1090", "dome"},           {"1100", "sawtooth"},     {"1110", "round"},
    {"1120", "pyramidal"},      {"1130", "many"},         {"2100", "skillion"},
    {"2200", "skillion"},       {"3100", "gabled"},       {"3200", "hipped"},
    {"3300", "half-hipped"},    {"3400", "mansard"},      {"3500", "pyramidal"},
    {"3600", "cone"},           {"3700", "dome"},         {"3800", "sawtooth"},
    {"3900", "round"},          {"4000", "pyramidal"},    {"5000", "many"},
    {"flat", "flat"},           {"horizontal", "flat"},   {"gabled", "gabled"},
    {"gable", "gabled"},        {"hipped", "hipped"},     {"slanted", "skillion"},
    {"shed", "skillion"},       {"skillion", "skillion"}, {"mansard", "mansard"},
    {"pyramidal", "pyramidal"}, {"dome", "dome"},         {"combination of roof forms", "many"},
};

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (unsigned char c : text) {
    if (std::isalnum(c) != 0 || std::string_view("-._~:").find(static_cast<char>(c)) != std::string_view::npos) {
      encoded.push_back(static_cast<char>(c));
      continue;
    }
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", c);
    encoded += code;
  }
  return encoded;
}

std::string hexadecimal(uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

double rounded(double number, double steps) {
  return std::round(number * steps) / steps;
}

// A tenth of a millimetre, a millimetre: more digits would only be noise of the calculation.
void round_positions(std::vector<twin::Position>& positions) {
  for (twin::Position& position : positions) {
    position.longitude_deg = rounded(position.longitude_deg, 1e9);
    position.latitude_deg = rounded(position.latitude_deg, 1e9);
    if (position.has_height()) position.height_m = rounded(position.height_m, 1e3);
  }
}

constexpr const char* term_names[] = {"description",
                                      "roofType",
                                      "genericAttributes",
                                      "class",
                                      "function",
                                      "usage",
                                      "levelsBelowGround",
                                      "yearOfConstruction",
                                      "yearOfDemolition",
                                      "creationDate",
                                      "terminationDate",
                                      "species",
                                      "trunkDiameter",
                                      "crownDiameter",
                                      "averageHeight",
                                      "surfaceMaterial",
                                      "conditionOfConstruction",
                                      "isMovable"};
constexpr const char* type_names[] = {"Building",
                                      "BuildingPart",
                                      "BuildingInstallation",
                                      "BuildingConstructiveElement",
                                      "Bridge",
                                      "BridgePart",
                                      "BridgeInstallation",
                                      "BridgeConstructiveElement",
                                      "Tunnel",
                                      "TunnelPart",
                                      "TunnelInstallation",
                                      "TunnelConstructiveElement",
                                      "SolitaryVegetationObject",
                                      "PlantCover",
                                      "WaterBody",
                                      "Road",
                                      "Railway",
                                      "TransportSquare",
                                      "Track",
                                      "Waterway",
                                      "LandUse",
                                      "CityFurniture",
                                      "GenericCityObject",
                                      "OtherConstruction",
                                      "BuildingUnit",
                                      "BuildingStorey",
                                      "BuildingRoom",
                                      "BuildingFurniture",
                                      "CityObjectGroup",
                                      "ExtensionObject",
                                      "Tree"};
constexpr const char* lods[] = {"0",   "0.0", "0.1", "0.2", "0.3", "1",   "1.0", "1.1", "1.2", "1.3", "2",
                                "2.0", "2.1", "2.2", "2.3", "3",   "3.0", "3.1", "3.2", "3.3", "4"};

}  // namespace

std::string_view roof_shape_of(std::string_view code) {
  std::string small(code);
  std::transform(small.begin(), small.end(), small.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const RoofName& one : roof_names) {
    if (small == one.code) return one.shape;
  }
  return {};
}

std::string city_entity_id(std::string_view type, std::string_view source_id, std::string_view source) {
  if (source_id.size() > 2 && source_id.front() == '{' && source_id.back() == '}') {
    source_id = source_id.substr(1, source_id.size() - 2);
  }
  std::string id = "urn:ngsi-ld:" + std::string(type) + ":";
  // What was exported from a twin keeps its id.
  if (source_id.starts_with(id)) return std::string(source_id);
  if (source_id.size() < global_id_bytes_min) {
    id += percent_encoded(source.substr(0, source.find('.'))) + "-";
  }
  id += percent_encoded(source_id);
  if (id.size() <= twin::entity_id_bytes_max) return id;
  return "urn:ngsi-ld:" + std::string(type) + ":" + hexadecimal(XXH3_64bits(source_id.data(), source_id.size()));
}

std::string city_content_id(const CityObject& object) {
  // Where it stands says which it is: the corners of its coarsest picture, in any order.
  uint64_t sum = 0;
  size_t count = 0;
  for (const CityGeometry& geometry : object.geometries) {
    for (const RawPosition& position : geometry.positions) {
      const double numbers[] = {position.first, position.second, std::isnan(position.third) ? 0 : position.third};
      sum += XXH3_64bits(numbers, sizeof numbers);
      ++count;
    }
    const double reference[] = {geometry.reference.first, geometry.reference.second};
    if (geometry.is_local) sum += XXH3_64bits(reference, sizeof reference);
  }
  if (count == 0) sum = XXH3_64bits(object.name.data(), object.name.size());
  return "content-" + hexadecimal(sum);
}

base::Result<CityTerms> CityTerms::intern(ImportBatch& batch, twin::TermTable& table) {
  CityTerms terms;
  for (const char* name : term_names) terms.names[name] = batch.term(name);
  for (const char* name : type_names) terms.names[name] = batch.term(name);
  for (const char* lod : lods) {
    auto dataset = table.intern("urn:ngsi-ld:Dataset:lod" + std::string(lod));
    if (!dataset) return std::move(dataset).error();
    terms.datasets[lod] = *dataset;
  }
  return terms;
}

// What is learnt of an object's pictures on the way.
struct EntityMaker::Picture {
  std::optional<twin::Geometry> outline;
  bool outline_is_footprint = false;
  std::optional<twin::Geometry> line_or_point;
  double lowest_m = std::numeric_limits<double>::infinity();
  double highest_m = -std::numeric_limits<double>::infinity();
  std::vector<std::string> lods;  // of bodies added
};

twin::Attribute EntityMaker::plain(twin::Term name, std::string value) const {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.value = std::move(value);
  return attribute;
}

twin::Attribute& EntityMaker::add(MadeEntity& made, twin::Term name, AttributeKind kind, twin::Value value) {
  twin::Attribute& attribute = made.change.attributes.emplace_back();
  attribute.name = name;
  attribute.kind = kind;
  attribute.value = std::move(value);
  attribute.members.push_back(plain(vocabulary_.provided_by, provided_by_));
  return attribute;
}

base::Status EntityMaker::convert(const CityGeometry& geometry, std::vector<twin::Position>& to) {
  const auto system = system_of_(geometry.crs);
  if (!system) return system.error();
  if (!geometry.is_local) return (*system)->to_wgs84(geometry.positions, to);
  raw_.clear();
  if (!(*system)->is_geographic()) {
    const bool north_first = (*system)->is_north_first();
    for (const RawPosition& p : geometry.positions) {
      raw_.push_back({geometry.reference.first + (north_first ? p.second : p.first),
                      geometry.reference.second + (north_first ? p.first : p.second),
                      geometry.reference.third + p.third});
    }
    return (*system)->to_wgs84(raw_, to);
  }
  raw_.push_back(geometry.reference);
  if (auto status = (*system)->to_wgs84(raw_, to); !status) return status;
  const LocalFrame frame(to.front());
  const bool has_height = to.front().has_height();
  to.clear();
  for (const RawPosition& p : geometry.positions) {
    twin::Position position = frame.position_of_local({p.first, p.second, p.third});
    if (!has_height) position.height_m = std::numeric_limits<double>::quiet_NaN();
    to.push_back(position);
  }
  return {};
}

namespace {

// The rings of a geometry, closed and without repeated corners, as faces of a body.
class FaceBuilder {
 public:
  FaceBuilder(const CityGeometry& geometry, const std::vector<twin::Position>& positions, Body& to)
      : geometry_(geometry), positions_(positions), to_(to), frame_(positions.front()) {
    to_.faces.kind = twin::GeometryKind::multi_polygon;
  }

  void build() {
    uint32_t ring = 0;
    for (size_t face = 0; face < geometry_.face_ends.size(); ++face) {
      const size_t positions_before = to_.faces.positions.size(), rings_before = to_.faces.line_ends.size();
      const uint32_t first_ring = ring;
      bool is_whole = true;
      for (; ring < geometry_.face_ends[face]; ++ring) {
        if (is_whole && !add_ring(ring) && ring == first_ring) is_whole = false;
      }
      if (!is_whole) {
        to_.faces.positions.resize(positions_before);
        to_.faces.line_ends.resize(rings_before);
        if (!geometry_.texture_positions.empty()) to_.texture_positions.resize(positions_before * 2);
        ++dropped;
        continue;
      }
      check(rings_before, positions_before);
      to_.faces.polygon_ends.push_back(static_cast<uint32_t>(to_.faces.line_ends.size()));
      to_.types.push_back(geometry_.types[face]);
      if (!geometry_.textures.empty()) to_.textures.push_back(geometry_.textures[face]);
      if (!geometry_.materials.empty()) to_.materials.push_back(geometry_.materials[face]);
    }
  }

  size_t dropped = 0, crossing = 0, bent = 0;
  double bent_most_m = 0;
  double volume_m3 = 0;

  /// Whether the faces enclose something: then their areas, as vectors, cancel out.
  bool is_closed() const { return area_m2_ > 0 && length_of(area_) < 0.02 * area_m2_; }

 private:
  bool add_ring(uint32_t ring) {
    const uint32_t start = ring == 0 ? 0 : geometry_.ring_ends[ring - 1], end = geometry_.ring_ends[ring];
    const size_t first = to_.faces.positions.size();
    const bool has_texture = !geometry_.texture_positions.empty();
    for (uint32_t i = start; i < end; ++i) {
      if (to_.faces.positions.size() > first && to_.faces.positions.back() == positions_[i]) continue;
      to_.faces.positions.push_back(positions_[i]);
      if (has_texture)
        add_texture_position(geometry_.texture_positions[i * 2L], geometry_.texture_positions[i * 2L + 1]);
    }
    while (to_.faces.positions.size() > first + 1 && to_.faces.positions.back() == to_.faces.positions[first]) {
      to_.faces.positions.pop_back();
      if (has_texture) to_.texture_positions.resize(to_.texture_positions.size() - 2);
    }
    if (to_.faces.positions.size() < first + 3) {
      to_.faces.positions.resize(first);
      if (has_texture) to_.texture_positions.resize(first * 2);
      return false;
    }
    to_.faces.positions.push_back(twin::Position(to_.faces.positions[first]));
    if (has_texture) add_texture_position(to_.texture_positions[first * 2], to_.texture_positions[first * 2 + 1]);
    to_.faces.line_ends.push_back(static_cast<uint32_t>(to_.faces.positions.size()));
    return true;
  }

  void add_texture_position(float u, float v) {
    to_.texture_positions.push_back(u);
    to_.texture_positions.push_back(v);
  }

  void check(size_t ring, size_t start) {
    ring_.clear();
    for (size_t i = start; i + 1 < to_.faces.line_ends[ring]; ++i) {
      ring_.push_back(frame_.local_of(to_.faces.positions[i]));
    }
    const FaceCheck found = check_face(ring_);
    area_ = area_ + newell_normal(ring_) * 0.5;
    area_m2_ += found.area_m2;
    if (found.crosses_itself) ++crossing;
    if (found.off_plane_m > plane_tolerance_m) ++bent;
    bent_most_m = std::max(bent_most_m, found.off_plane_m);
    for (size_t i = 1; i + 1 < ring_.size(); ++i) volume_m3 += dot(ring_[0], cross(ring_[i], ring_[i + 1])) / 6;
  }

  const CityGeometry& geometry_;
  const std::vector<twin::Position>& positions_;
  Body& to_;
  LocalFrame frame_;
  std::vector<Vector> ring_;
  Vector area_;
  double area_m2_ = 0;
};

void warn_of(const FaceBuilder& builder, const std::string& lod, std::vector<std::string>& warnings) {
  const std::string where = " (LoD " + lod + ")";
  if (builder.dropped > 0) {
    warnings.push_back(std::to_string(builder.dropped) + " faces with fewer than three corners were left out" + where);
  }
  if (builder.crossing > 0) {
    warnings.push_back(std::to_string(builder.crossing) + " faces cross themselves" + where + ": kept as they are");
  }
  if (builder.bent > 0) {
    char text[96];
    std::snprintf(text, sizeof text, "%zu faces are not plane, off by up to %.2f m", builder.bent, builder.bent_most_m);
    warnings.push_back(text + where + ": kept as they are");
  }
}

void turn_over(Body& body) {
  uint32_t start = 0;
  for (uint32_t end : body.faces.line_ends) {
    std::reverse(body.faces.positions.begin() + start, body.faces.positions.begin() + end);
    if (!body.texture_positions.empty()) {
      for (uint32_t low = start, high = end - 1; low < high; ++low, --high) {
        std::swap(body.texture_positions[low * 2L], body.texture_positions[high * 2L]);
        std::swap(body.texture_positions[low * 2L + 1], body.texture_positions[high * 2L + 1]);
      }
    }
    start = end;
  }
}

// Only what the faces use is kept, in the order of its use.
template <class Thing>
std::vector<Thing> used_of(const std::vector<Thing>& all, std::vector<int32_t>& numbers) {
  std::vector<Thing> used;
  std::vector<int32_t> place(all.size(), -1);
  for (int32_t& number : numbers) {
    if (number < 0 || static_cast<size_t>(number) >= all.size()) {
      number = -1;
      continue;
    }
    int32_t& at = place[static_cast<size_t>(number)];
    if (at < 0) {
      at = static_cast<int32_t>(used.size());
      used.push_back(all[static_cast<size_t>(number)]);
    }
    number = at;
  }
  if (used.empty()) numbers.clear();
  return used;
}

bool has_all_heights(const std::vector<twin::Position>& positions) {
  return std::all_of(positions.begin(), positions.end(), [](const twin::Position& p) { return p.has_height(); });
}

// Coarse first; a footprint before a body of the same level.
bool is_coarser(const CityGeometry& a, const CityGeometry& b) {
  if (a.lod != b.lod) return a.lod < b.lod;
  return a.has_footprint_only && !b.has_footprint_only;
}

// A prototype in its place belongs to the body of its level: a window in its wall.
bool are_one_body(const CityGeometry& first, const CityGeometry& next) {
  return first.lod == next.lod && (first.is_local || next.is_local) && first.has_faces() && next.has_faces() &&
         !first.has_footprint_only && !next.has_footprint_only;
}

// Where it stands is all that is known of it.
bool is_point_only(const thread::Change& change) {
  return std::any_of(change.attributes.begin(), change.attributes.end(), [](const twin::Attribute& attribute) {
    const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
    return attribute.name == twin::terms::location && geometry != nullptr &&
           geometry->kind == twin::GeometryKind::point;
  });
}

}  // namespace

bool EntityMaker::add_body(CityObject& object, const CityGeometry& geometry, MadeEntity& made, Picture& picture) {
  Body body;
  body.lod = geometry.lod;
  FaceBuilder builder(geometry, positions_, body);
  builder.build();
  warn_of(builder, geometry.lod, made.warnings);
  if (body.types.empty()) return false;
  // A closed body whose faces all look inside is turned over.
  if (builder.is_closed() && builder.volume_m3 < -1) turn_over(body);
  const bool has_heights = has_all_heights(positions_);
  const bool is_body = has_heights && !geometry.has_footprint_only;
  if (!picture.outline_is_footprint) {
    if (auto outline = footprinter_.outline_of(body.faces, body.types)) {
      picture.outline = std::move(outline);
      picture.outline_is_footprint = geometry.has_footprint_only || std::find(body.types.begin(), body.types.end(),
                                                                              SurfaceType::ground) != body.types.end();
    }
  }
  if (!is_body) return true;
  for (const twin::Position& position : body.faces.positions) {
    picture.lowest_m = std::min(picture.lowest_m, position.height_m);
    picture.highest_m = std::max(picture.highest_m, position.height_m);
  }
  body.texture_list = used_of(object.textures, body.textures);
  body.material_list = used_of(object.materials, body.materials);
  if (body.textures.empty()) body.texture_positions.clear();
  if (body.textures.empty() != body.materials.empty()) {
    (body.textures.empty() ? body.textures : body.materials).resize(body.types.size(), -1);
  }
  if (auto status = body.faces.check(); !status) {
    made.warnings.push_back("its faces of LoD " + geometry.lod + " were left out: " + status.error().text());
    return true;
  }
  if (std::find(picture.lods.begin(), picture.lods.end(), geometry.lod) != picture.lods.end()) return true;
  picture.lods.push_back(geometry.lod);
  const auto dataset = terms_.datasets.find(geometry.lod);
  twin::Attribute attribute = attribute_of(std::move(body), vocabulary_);
  if (dataset != terms_.datasets.end()) attribute.dataset = dataset->second;
  attribute.members.push_back(plain(vocabulary_.provided_by, provided_by_));
  made.change.attributes.push_back(std::move(attribute));
  return true;
}

bool EntityMaker::add_geometries(CityObject& object, MadeEntity& made) {
  std::stable_sort(object.geometries.begin(), object.geometries.end(), is_coarser);
  Picture picture;
  size_t positions_count = 0;
  for (const CityGeometry& geometry : object.geometries) positions_count += geometry.positions.size();
  if (positions_count > object_positions_max) {
    made.warnings.push_back("it has " + std::to_string(positions_count) + " corners, more than " +
                            std::to_string(object_positions_max) + ": left out");
    return false;
  }
  for (size_t i = 0; i < object.geometries.size(); ++i) {
    CityGeometry& geometry = object.geometries[i];
    if (geometry.positions.empty()) continue;
    auto status = convert(geometry, positions_);
    for (; status && i + 1 < object.geometries.size() && are_one_body(geometry, object.geometries[i + 1]); ++i) {
      std::vector<twin::Position> more;
      status = convert(object.geometries[i + 1], more);
      geometry.append(object.geometries[i + 1]);
      positions_.insert(positions_.end(), more.begin(), more.end());
    }
    if (!status) {
      made.warnings.push_back(status.error().text());
      return false;
    }
    round_positions(positions_);
    if (geometry.has_faces()) {
      add_body(object, geometry, made, picture);
    } else if (!geometry.ring_ends.empty()) {
      twin::Geometry lines{twin::GeometryKind::multi_line_string, positions_, geometry.ring_ends, {}};
      if (lines.line_ends.size() == 1) lines.kind = twin::GeometryKind::line_string;
      if (lines.check()) picture.line_or_point = std::move(lines);
    } else if (!picture.line_or_point) {
      picture.line_or_point = twin::Geometry::point(positions_.front());
    }
  }
  // The finest is what most readers want: the default instance.
  for (auto at = made.change.attributes.rbegin(); at != made.change.attributes.rend(); ++at) {
    if (at->name != vocabulary_.body) continue;
    at->dataset = {};
    break;
  }
  add_location(object, picture, made);
  add_height(object, picture, made);
  return true;
}

void EntityMaker::add_location(const CityObject& object, const Picture& picture, MadeEntity& made) {
  (void)object;
  if (picture.outline && picture.outline->check()) {
    add(made, vocabulary_.location, AttributeKind::geo_property, *picture.outline);
  } else if (picture.line_or_point) {
    add(made, vocabulary_.location, AttributeKind::geo_property, *picture.line_or_point);
  } else if (!picture.lods.empty()) {
    // Faces without a shadow, a wall for instance: where they stand.
    for (const twin::Attribute& attribute : made.change.attributes) {
      if (attribute.name != vocabulary_.body) continue;
      twin::Position centre = twin::centre_of(std::get<twin::Geometry>(attribute.value));
      centre.height_m = std::numeric_limits<double>::quiet_NaN();
      add(made, vocabulary_.location, AttributeKind::geo_property, twin::Geometry::point(centre));
      break;
    }
  }
}

void EntityMaker::add_height(const CityObject& object, const Picture& picture, MadeEntity& made) {
  const double model_m = picture.highest_m - picture.lowest_m;
  const bool is_measured = object.measured_height_m && *object.measured_height_m > 0;
  if (!is_measured && !(model_m > 0.05)) return;
  const double height_m = is_measured ? *object.measured_height_m : rounded(model_m, 1e2);
  twin::Attribute& height = add(made, vocabulary_.height, AttributeKind::property, twin::number_value(height_m));
  height.unit = vocabulary_.metre;
  height.members.insert(height.members.begin(), plain(vocabulary_.height_source, is_measured ? "measured" : "model"));
}

void EntityMaker::add_fields(const CityObject& object, MadeEntity& made) {
  const auto text = [&](twin::Term name, const std::string& value) {
    if (!value.empty()) add(made, name, AttributeKind::property, value);
  };
  const auto term = [&](std::string_view name) {
    const auto found = terms_.names.find(name);
    return found == terms_.names.end() ? twin::Term{} : found->second;
  };
  text(vocabulary_.name, object.name);
  text(term("description"), object.description);
  text(term("roofType"), object.roof_type);
  text(vocabulary_.roof_shape, std::string(roof_shape_of(object.roof_type)));
  if (!object.address.empty()) add(made, vocabulary_.address, AttributeKind::property, twin::Json{object.address});
  if (!object.parent_id.empty()) add(made, vocabulary_.part_of, AttributeKind::relationship, object.parent_id);
  for (const auto& [name, value] : object.fields) {
    const twin::Term known = name == "category" ? vocabulary_.category
                             : name == "levels" ? vocabulary_.levels
                                                : term(name);
    if (known.exists()) add(made, known, AttributeKind::property, value);
  }
  if (object.generic.empty()) return;
  std::string json = "{";
  for (const auto& [name, value] : object.generic) {
    json += (json.size() > 1 ? "," : "") + name + ":" + value;
  }
  add(made, term("genericAttributes"), AttributeKind::property, twin::Json{json + "}"});
}

MadeEntity EntityMaker::make(CityObject& object) {
  MadeEntity made;
  made.warnings = std::move(object.notes);
  const auto type = terms_.names.find(object.type);
  made.change.kind = thread::Change::Kind::create_or_append;
  made.change.entity_id = object.entity_id;
  made.change.types = {type == terms_.names.end() ? terms_.names.find("GenericCityObject")->second : type->second};
  made.change.only_differences = true;
  provided_by_ = source_ + " " + excerpt(object.source_id.empty() ? object.entity_id : object.source_id, 200);
  made.is_made = add_geometries(object, made);
  if (!made.is_made) return made;
  // A tree without a shape is drawn as a tree of the object library, as those of OpenStreetMap are.
  const bool has_body = std::any_of(made.change.attributes.begin(), made.change.attributes.end(),
                                    [&](const twin::Attribute& one) { return one.name == vocabulary_.body; });
  if (object.type == "SolitaryVegetationObject" && !has_body && is_point_only(made.change)) {
    made.change.types.push_back(terms_.names.find("Tree")->second);
  }
  add_fields(object, made);
  made.change.attributes.push_back(plain(vocabulary_.source, source_));
  return made;
}

}  // namespace cityloom::space
