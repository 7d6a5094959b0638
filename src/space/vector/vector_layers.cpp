#include "space/vector/vector_layers.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "twin/packed.hpp"

namespace cityloom::space {
namespace {

constexpr std::string_view default_vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";
constexpr std::array<std::string_view, vector_layer_count> layer_names{"areas", "pipes",     "lines",
                                                                       "roads", "buildings", "points"};
constexpr std::array<uint32_t, vector_layer_count> zooms_least{4, 13, 12, 5, 13, 14};
// Units of a tile's width below which an area does not show.
constexpr double area_units_least = 16, building_units_least = 12;

constexpr std::array fields{
    VectorField{VectorLayer::areas, "id", "Id of the entity"},
    VectorField{VectorLayer::areas, "type", "Type of the entity: Water, GreenSpace, ..."},
    VectorField{VectorLayer::areas, "name", "Name"},
    VectorField{VectorLayer::areas, "category", "park, forest, water, ..."},
    VectorField{VectorLayer::pipes, "id", "Id of the entity"},
    VectorField{VectorLayer::pipes, "type", "Type of the entity"},
    VectorField{VectorLayer::pipes, "name", "Name"},
    VectorField{VectorLayer::pipes, "category", "What flows in it"},
    VectorField{VectorLayer::pipes, "depth", "Metres below ground"},
    VectorField{VectorLayer::lines, "id", "Id of the entity"},
    VectorField{VectorLayer::lines, "type", "Type of the entity"},
    VectorField{VectorLayer::lines, "name", "Name"},
    VectorField{VectorLayer::lines, "category", "Category"},
    VectorField{VectorLayer::roads, "id", "Id of the entity"},
    VectorField{VectorLayer::roads, "type", "RoadSegment"},
    VectorField{VectorLayer::roads, "name", "Name"},
    VectorField{VectorLayer::roads, "roadClass", "primary, residential, footway, ..."},
    VectorField{VectorLayer::roads, "oneway", "Whether traffic runs along the line only"},
    VectorField{VectorLayer::roads, "bridge", "Whether on a bridge"},
    VectorField{VectorLayer::roads, "tunnel", "Whether in a tunnel"},
    VectorField{VectorLayer::buildings, "id", "Id of the entity"},
    VectorField{VectorLayer::buildings, "type", "Building"},
    VectorField{VectorLayer::buildings, "name", "Name"},
    VectorField{VectorLayer::buildings, "category", "apartments, school, ..."},
    VectorField{VectorLayer::buildings, "height", "Metres above ground"},
    VectorField{VectorLayer::buildings, "levels", "Storeys"},
    VectorField{VectorLayer::points, "id", "Id of the entity"},
    VectorField{VectorLayer::points, "type", "Type of the entity"},
    VectorField{VectorLayer::points, "name", "Name"},
    VectorField{VectorLayer::points, "category", "bus_stop, school, ..."},
    VectorField{VectorLayer::points, "kind", "Kind of object, see /api/objects"},
};

uint32_t zoom_of_road(std::string_view road_class) {
  struct Rule {
    std::string_view road_class;
    uint32_t zoom;
  };
  static constexpr std::array rules{Rule{"motorway", 5},      Rule{"trunk", 6},         Rule{"motorway_link", 9},
                                    Rule{"trunk_link", 9},    Rule{"primary", 8},       Rule{"secondary", 10},
                                    Rule{"tertiary", 11},     Rule{"primary_link", 11}, Rule{"secondary_link", 12},
                                    Rule{"unclassified", 12}, Rule{"residential", 13},  Rule{"living_street", 13},
                                    Rule{"pedestrian", 13},   Rule{"tertiary_link", 13}};
  for (const Rule& rule : rules) {
    if (rule.road_class == road_class) return rule.zoom;
  }
  return 14;
}

bool is_pipe(std::string_view type) {
  for (const std::string_view word : {"Pipe", "Cable", "Duct", "Sewer", "Conduit", "Utility", "Underground"}) {
    if (type.find(word) != std::string_view::npos) return true;
  }
  return false;
}

// The zoom from which on something of this size is as many units wide.
uint32_t zoom_of_size(double size, double units) {
  if (!(size > 0)) return vector_zoom_max;
  const double zoom = std::ceil(std::log2(units / tile_extent / size));
  return static_cast<uint32_t>(std::clamp(zoom, 0.0, static_cast<double>(vector_zoom_max)));
}

// Of a name by language: that without a language or the first, then Korean and English.
void add_names(std::string_view json, VectorDraft& draft) {
  rapidjson::Document names;
  names.Parse<rapidjson::kParseIterativeFlag>(json.data(), json.size());
  if (names.HasParseError() || !names.IsObject()) return;
  const auto text_of = [&](const char* language) -> std::string {
    const auto found = names.FindMember(language);
    return found != names.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
  };
  std::string name = text_of("@none");
  if (name.empty() && names.MemberCount() > 0 && names.MemberBegin()->value.IsString()) {
    name = names.MemberBegin()->value.GetString();
  }
  if (!name.empty()) draft.attributes.emplace_back("name", std::move(name));
  for (const auto& [field, language] : {std::pair("name_ko", "ko"), std::pair("name_en", "en")}) {
    if (std::string text = text_of(language); !text.empty()) draft.attributes.emplace_back(field, std::move(text));
  }
}

std::string_view short_name(std::string_view iri) {
  const size_t at = iri.find_last_of("#/");
  return at == std::string_view::npos ? iri : iri.substr(at + 1);
}

bool is_area(const twin::Geometry& geometry) {
  return geometry.kind == twin::GeometryKind::polygon || geometry.kind == twin::GeometryKind::multi_polygon;
}
bool is_line(const twin::Geometry& geometry) {
  return geometry.kind == twin::GeometryKind::line_string || geometry.kind == twin::GeometryKind::multi_line_string;
}

}  // namespace

std::string_view name_of(VectorLayer layer) {
  return layer_names[static_cast<size_t>(layer)];
}

std::span<const VectorField> vector_fields() {
  return fields;
}

uint32_t zoom_least_of(VectorLayer layer) {
  return zooms_least[static_cast<size_t>(layer)];
}

VectorReader::VectorReader(const twin::TermTable& terms) : terms_(&terms) {
  const auto term = [&](std::string_view name) {
    return terms.find(std::string(default_vocabulary) + std::string(name));
  };
  building_ = term("Building");
  building_part_ = term("BuildingPart");
  road_segment_ = term("RoadSegment");
  water_ = term("Water");
  green_space_ = term("GreenSpace");
  name_ = term("name");
  category_ = term("category");
  height_ = term("height");
  levels_ = term("levels");
  road_class_ = term("roadClass");
  oneway_ = term("oneway");
  bridge_ = term("bridge");
  tunnel_ = term("tunnel");
  kind_ = term("kind");
  depth_ = term("depth");
}

bool VectorReader::is_moving(std::string_view entity_id) {
  return entity_id.starts_with("urn:ngsi-ld:Vehicle:") || entity_id.starts_with("urn:ngsi-ld:Person:");
}

bool VectorReader::matters(twin::Term attribute) const {
  const std::array names{
      twin::terms::location, name_, category_, height_, levels_, road_class_, oneway_, bridge_, tunnel_, kind_, depth_};
  return std::find(names.begin(), names.end(), attribute) != names.end();
}

void VectorReader::place(const twin::EntityRecord& record, VectorDraft& draft, std::string_view type,
                         std::string_view road_class) const {
  const twin::Box box = twin::bounds_of(draft.geometry);
  const WorldPoint low = world_point(box.west_deg, box.south_deg), high = world_point(box.east_deg, box.north_deg);
  draft.size = std::max(high.x - low.x, low.y - high.y);
  if (is_area(draft.geometry)) {
    const bool is_building = record.has_type(building_);
    draft.layer = is_building ? VectorLayer::buildings : VectorLayer::areas;
    draft.zoom_least = zoom_of_size(draft.size, is_building ? building_units_least : area_units_least);
  } else if (is_line(draft.geometry)) {
    draft.layer = record.has_type(road_segment_) ? VectorLayer::roads
                  : is_pipe(type)                ? VectorLayer::pipes
                                                 : VectorLayer::lines;
    if (draft.layer == VectorLayer::roads) draft.zoom_least = zoom_of_road(road_class);
  } else {
    draft.layer = VectorLayer::points;
  }
  draft.zoom_least = std::max(draft.zoom_least, zoom_least_of(draft.layer));
}

std::optional<VectorDraft> VectorReader::read(const twin::EntityRecord& record) const {
  using ValueKind = twin::AttributeView::ValueKind;
  if (!record || record.ended() || record.has_type(building_part_) || is_moving(record.id())) return std::nullopt;
  VectorDraft draft;
  draft.number = record.number().number + uint64_t{1};
  const std::vector<twin::Term> types = record.types();
  const std::string_view type = types.empty() ? "" : short_name(terms_->text(types.front()));
  draft.attributes.emplace_back("id", std::string(record.id()));
  draft.attributes.emplace_back("type", std::string(type));
  std::string_view road_class;
  twin::AttributeView view;
  const auto number = [&] {
    return view.value_kind == ValueKind::integer ? static_cast<double>(view.integer) : view.number;
  };
  for (twin::PackedAttributes all(record.attributes_bytes()); all.next(view);) {
    if (view.dataset.exists()) continue;
    const bool is_number = view.value_kind == ValueKind::integer || view.value_kind == ValueKind::number;
    const bool is_text = view.value_kind == ValueKind::string;
    if (view.name == twin::terms::location && view.value_kind == ValueKind::geometry) {
      auto geometry = twin::unpack_geometry(view.text);
      if (geometry) draft.geometry = std::move(*geometry);
    } else if (view.name == name_ && view.value_kind == ValueKind::json) {
      add_names(view.text, draft);
    } else if (view.name == name_ && is_text) {
      draft.attributes.emplace_back("name", std::string(view.text));
    } else if (view.name == road_class_ && is_text) {
      road_class = view.text;
      draft.attributes.emplace_back("roadClass", std::string(view.text));
    } else if ((view.name == category_ || view.name == kind_) && is_text) {
      draft.attributes.emplace_back(view.name == kind_ ? "kind" : "category", std::string(view.text));
    } else if ((view.name == height_ || view.name == levels_ || view.name == depth_) && is_number) {
      draft.attributes.emplace_back(view.name == height_   ? "height"
                                    : view.name == levels_ ? "levels"
                                                           : "depth",
                                    number());
    } else if ((view.name == oneway_ || view.name == bridge_ || view.name == tunnel_) &&
               (view.value_kind == ValueKind::true_ || view.value_kind == ValueKind::false_)) {
      draft.attributes.emplace_back(view.name == oneway_   ? "oneway"
                                    : view.name == bridge_ ? "bridge"
                                                           : "tunnel",
                                    view.value_kind == ValueKind::true_);
    }
  }
  if (draft.geometry.positions.empty()) return std::nullopt;
  place(record, draft, type, road_class);
  return draft;
}

}  // namespace cityloom::space
