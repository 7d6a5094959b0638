// Attributes in the words of docs/api.md, "Buildings from inside".
#include "space/ifc/ifc_entity.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/instant.hpp"

namespace cityloom::space {
namespace {

constexpr size_t json_bytes_max = 256u << 10;

// {"set":{"property":value}}
std::string sets_json(const std::map<std::string, std::map<std::string, IfcProperty>>& sets) {
  std::string json;
  for (const auto& [set, values] : sets) {
    std::string inner;
    for (const auto& [name, property] : values)
      inner += (inner.empty() ? "" : ",") + json_text(name) + ":" + property.json;
    json += (json.empty() ? "{" : ",") + json_text(set) + ":{" + inner + "}";
  }
  return json.empty() ? json : json + "}";
}

bool is_plain(std::string_view guid) {
  return !guid.empty() && guid.size() <= 64 && std::all_of(guid.begin(), guid.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '$' || c == '-';
  });
}

void add_ring(twin::Geometry& geometry, std::vector<twin::Position> positions) {
  geometry.positions.insert(geometry.positions.end(), positions.begin(), positions.end());
  geometry.line_ends.push_back(static_cast<uint32_t>(geometry.positions.size()));
}

}  // namespace

std::string_view ifc_entity_type(IfcRole role) {
  switch (role) {
    case IfcRole::site:
      return "Site";
    case IfcRole::building:
      return "Building";
    case IfcRole::storey:
      return "BuildingStorey";
    case IfcRole::room:
      return "Room";
    case IfcRole::facility:
      return "Facility";
    case IfcRole::facility_part:
      return "FacilityPart";
    case IfcRole::equipment:
      return "Equipment";
    case IfcRole::device:
      return "Device";
    case IfcRole::element:
    case IfcRole::opening:
      break;
  }
  return "BuildingElement";
}

std::string ifc_entity_id(const IfcProduct& product) {
  return "urn:ngsi-ld:" + std::string(ifc_entity_type(product.kind.role)) + ":" +
         (is_plain(product.guid) ? product.guid : id_part_of(product.guid));
}

EntityStatement IfcEntityWriter::begin(const IfcProduct& product) {
  EntityStatement statement(batch_, ifc_entity_type(product.kind.role), product.guid, product.guid);
  statement.set_id(ifc_entity_id(product));
  current_ = properties_.read(product);
  const bool is_spatial = product.kind.role != IfcRole::element && product.kind.role != IfcRole::equipment &&
                          product.kind.role != IfcRole::device;
  if (is_spatial && !product.label.empty()) {
    statement.name(product.label);
    statement.text(product.kind.role == IfcRole::room ? "number" : "shortName", product.name);
  } else {
    statement.name(product.name);
    if (!is_spatial) statement.text("tag", product.label);
  }
  const bool has_kind = product.kind.role == IfcRole::equipment || product.kind.role == IfcRole::device;
  statement.text(has_kind ? "kind" : "category", product.kind.category);
  statement.text("description", product.description);
  statement.text("ifcClass", product.kind.name);
  statement.text("globalId", product.guid);
  statement.text("objectType", product.object_type);
  statement.text("predefinedType", product.predefined);
  belongings(statement, product);
  well_known(statement, product);
  sets(statement, product);
  age(statement, product);
  return statement;
}

void IfcEntityWriter::belongings(EntityStatement& statement, const IfcProduct& product) {
  const auto relate = [&](std::string_view name, const IfcProduct* other) {
    if (other != nullptr && other->id != product.id && other->kind.role != IfcRole::opening)
      statement.relationship(name, ifc_entity_id(*other));
  };
  relate("partOf", structure_.find(product.parent));
  relate("containedIn", structure_.find(product.container));
  relate("onStorey", structure_.ancestor(product, IfcRole::storey));
  const IfcProduct* building = structure_.ancestor(product, IfcRole::building);
  relate("inBuilding", building != nullptr ? building : structure_.ancestor(product, IfcRole::facility));
  relate("host", structure_.find(product.host));
}

void IfcEntityWriter::well_known(EntityStatement& statement, const IfcProduct& product) {
  const auto text = [&](std::string_view name, std::string_view property) {
    if (const IfcProperty* found = current_.find(property); found != nullptr && !found->text.empty())
      statement.text(name, found->text);
  };
  const auto flag = [&](std::string_view name, std::string_view property) {
    const IfcProperty* found = current_.find(property);
    if (found != nullptr && (found->json == "true" || found->json == "false"))
      statement.flag(name, found->json == "true");
  };
  text("fireRating", "FireRating");
  text("acousticRating", "AcousticRating");
  flag("loadBearing", "LoadBearing");
  flag("isExternal", "IsExternal");
  if (const IfcProperty* found = current_.find("ThermalTransmittance"); found != nullptr && found->number)
    statement.number("thermalTransmittance", *found->number, "D24");
  for (std::string_view name : {"YearOfConstruction", "ConstructionYear"}) {
    const IfcProperty* found = current_.find(name);
    if (found != nullptr && !statement.has("yearOfConstruction"))
      statement.text("yearOfConstruction", found->number ? json_number(*found->number) : found->text);
  }
  const auto layers = properties_.materials(product);
  std::string names, json;
  for (const IfcMaterialLayer& layer : layers) {
    if (names.find(layer.material) == std::string::npos) names += (names.empty() ? "" : ", ") + layer.material;
    json += (json.empty() ? "[" : ",") + ("{\"material\":" + json_text(layer.material));
    if (layer.thickness_m > 0) json += ",\"thickness\":" + json_number(std::round(layer.thickness_m * 1e6) / 1e6);
    json += "}";
  }
  statement.text("material", names);
  if (layers.size() > 1 || (!layers.empty() && layers.front().thickness_m > 0))
    statement.json("materialLayers", json + "]");
}

void IfcEntityWriter::sets(EntityStatement& statement, const IfcProduct& product) {
  const auto add = [&](std::string_view name, const auto& values) {
    std::string json = sets_json(values);
    if (json.size() > json_bytes_max) {
      reader_.warn(product.id, "its " + std::string(name) + " are larger than 256 KiB: left out");
    } else if (!json.empty()) {
      statement.json(name, std::move(json));
    }
  };
  add("propertySets", current_.sets);
  add("quantities", current_.quantities);
}

// IfcOwnerHistory(..., ChangeAction, LastModifiedDate, ..., CreationDate): seconds since 1970.
void IfcEntityWriter::age(EntityStatement& statement, const IfcProduct& product) {
  const StepInstance history = reader_.get(product.owner_history);
  const double seconds = history[7].number(0);
  if (seconds > 1 && seconds < 4e9)
    statement.text("modelledAt", base::Instant::from_seconds(static_cast<int64_t>(seconds)).text());
}

void IfcEntityWriter::location(EntityStatement& statement, const IfcPlan& plan, double z) {
  twin::Geometry geometry;
  for (const PlaneArea& area : plan.areas) {
    bool is_outside = true;
    for (const PlaneRing& ring : area) {
      std::vector<twin::Position> positions;
      for (const PlanePoint& point : ring) {
        if (auto position = georeference_.position({point.x, point.y, z})) positions.push_back(*position);
      }
      if (positions.size() != ring.size() || positions.size() < 4) {
        if (is_outside) break;
        continue;
      }
      positions.back() = positions.front();
      add_ring(geometry, std::move(positions));
      is_outside = false;
    }
    if (!is_outside) geometry.polygon_ends.push_back(static_cast<uint32_t>(geometry.line_ends.size()));
  }
  if (geometry.positions.empty()) {
    const Vector middle = (plan.bounds.low + plan.bounds.high) * 0.5;
    const auto position =
        plan.empty() ? georeference_.position({0, 0, z}) : georeference_.position({middle.x, middle.y, z});
    if (!position) return;
    geometry = twin::Geometry::point(*position);
  } else if (geometry.polygon_ends.size() == 1) {
    geometry.kind = twin::GeometryKind::polygon;
    geometry.polygon_ends.clear();
  } else {
    geometry.kind = twin::GeometryKind::multi_polygon;
  }
  statement.geometry("location", std::move(geometry));
}

void IfcEntityWriter::body(EntityStatement& statement, const IfcShape& shape, std::string_view lod,
                           const std::vector<std::pair<std::string, size_t>>& surfaces) {
  twin::Geometry geometry;
  geometry.kind = twin::GeometryKind::multi_polygon;
  for (const IfcFace& face : shape.faces) {
    for (const IfcRing& ring : face.rings) {
      std::vector<twin::Position> positions;
      for (const Vector& point : ring) {
        auto position = georeference_.position(point);
        if (!position) return;
        positions.push_back(*position);
      }
      positions.push_back(positions.front());
      add_ring(geometry, std::move(positions));
    }
    geometry.polygon_ends.push_back(static_cast<uint32_t>(geometry.line_ends.size()));
  }
  if (geometry.positions.empty()) return;
  twin::Attribute* attribute =
      statement.add(batch_.term("body"), twin::AttributeKind::geo_property, std::move(geometry));
  if (attribute == nullptr) return;
  twin::Attribute& level = attribute->members.emplace_back();
  level.name = batch_.term("lod");
  level.value = std::string(lod);
  if (surfaces.empty()) return;
  std::string json;
  for (const auto& [name, count] : surfaces)
    json += (json.empty() ? "[[" : ",[") + json_text(name) + "," + std::to_string(count) + "]";
  twin::Attribute& types = attribute->members.emplace_back();
  types.name = batch_.term("surfaceTypes");
  types.kind = twin::AttributeKind::json_property;
  types.value = twin::Json{json + "]"};
}

void IfcEntityWriter::colour(EntityStatement& statement, const IfcShape& shape) {
  std::map<uint64_t, double> areas;
  for (const IfcFace& face : shape.faces) areas[face.style] += length_of(ring_normal(face.rings.front()));
  const auto most =
      std::max_element(areas.begin(), areas.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == areas.end() || most->first == 0) return;
  const auto colour = read_colour(reader_, most->first);
  if (!colour) return;
  char text[8];
  const auto byte = [](double part) { return static_cast<unsigned>(std::lround(part * 255)); };
  std::snprintf(text, sizeof text, "#%02x%02x%02x", byte(colour->red), byte(colour->green), byte(colour->blue));
  statement.text("colour", text);
  if (colour->transparency > 0) statement.number("transparency", std::round(colour->transparency * 1000) / 1000);
}

void IfcEntityWriter::related(EntityStatement& statement, std::string_view name, const std::vector<std::string>& ids) {
  if (ids.empty()) return;
  if (ids.size() == 1) return statement.relationship(name, ids.front());
  std::string json;
  for (const std::string& id : ids) json += (json.empty() ? "[" : ",") + json_text(id);
  statement.add(batch_.term(name), twin::AttributeKind::relationship, twin::Json{json + "]"});
}

}  // namespace cityloom::space
