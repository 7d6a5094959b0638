// What the importers read, written: names of ours go back to the names of CityJSON.
#include "space/city/city_export.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "space/city/city_attributes.hpp"
#include "space/city/cityjson_writer.hpp"
#include "space/vocabulary.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr std::string_view default_vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

std::string_view short_name(std::string_view iri) {
  return iri.substr(iri.find_last_of("/#") + 1);
}

void append_position(const twin::Position& position, std::string& to) {
  to += "[" + number_text(position.longitude_deg) + "," + number_text(position.latitude_deg);
  if (position.has_height()) to += "," + number_text(position.height_m);
  to += "]";
}

void append_positions(const twin::Geometry& geometry, size_t start, size_t end, std::string& to) {
  to += "[";
  for (size_t i = start; i < end; ++i) {
    if (i > start) to += ",";
    append_position(geometry.positions[i], to);
  }
  to += "]";
}

std::string lines_json(const twin::Geometry& geometry, size_t first, size_t last) {
  std::string json = "[";
  for (size_t line = first; line < last; ++line) {
    if (line > first) json += ",";
    append_positions(geometry, line == 0 ? 0 : geometry.line_ends[line - 1], geometry.line_ends[line], json);
  }
  return json + "]";
}

std::string geometry_json(const twin::Geometry& geometry) {
  using Kind = twin::GeometryKind;
  constexpr const char* names[] = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"};
  std::string json = std::string("{\"type\":\"") + names[static_cast<size_t>(geometry.kind)] + "\",\"coordinates\":";
  switch (geometry.kind) {
    case Kind::point:
      append_position(geometry.positions.front(), json);
      break;
    case Kind::multi_point:
    case Kind::line_string:
      append_positions(geometry, 0, geometry.positions.size(), json);
      break;
    case Kind::multi_line_string:
    case Kind::polygon:
      json += lines_json(geometry, 0, geometry.line_ends.size());
      break;
    case Kind::multi_polygon: {
      json += "[";
      size_t first = 0;
      for (uint32_t end : geometry.polygon_ends) {
        json += (first == 0 ? "" : ",") + lines_json(geometry, first, end);
        first = end;
      }
      json += "]";
      break;
    }
  }
  return json + "}";
}

// A feature: every attribute's default value, under its short name; units beside them, where other programs that read
// GeoJSON look past them.
std::string feature_json(const twin::Entity& entity, const twin::TermTable& terms) {
  std::string geometry = "null", properties = "{", units = "{";
  const auto add_to = [](std::string& object, std::string_view name, const std::string& json) {
    object += (object.size() > 1 ? "," : "") + json_string(name) + ":" + json;
  };
  add_to(properties, "type", json_string(short_name(terms.text(entity.types.front()))));
  for (const twin::Attribute& attribute : entity.attributes) {
    if (attribute.dataset.exists()) continue;
    const auto* shape = std::get_if<twin::Geometry>(&attribute.value);
    if (attribute.name == twin::terms::location && shape != nullptr) geometry = geometry_json(*shape);
    if (shape != nullptr) continue;
    const std::string_view name = short_name(terms.text(attribute.name));
    add_to(properties, name, json_of(attribute.value));
    if (attribute.unit.exists()) add_to(units, name, json_string(terms.text(attribute.unit)));
  }
  return "{\"type\":\"Feature\",\"id\":" + json_string(entity.id) + ",\"geometry\":" + geometry +
         ",\"properties\":" + properties + "},\"units\":" + units + "}}";
}

twin::Query query_of(const ExportRequest& request, const twin::TermTable& terms) {
  twin::Query query;
  for (const std::string& type : request.types) {
    query.types.any_of.push_back({terms.find(std::string(default_vocabulary) + type)});
  }
  if (request.box) {
    const twin::Box& b = *request.box;
    twin::GeoQuery geo;
    geo.relation = twin::GeoRelation::intersects;
    geo.reference = {twin::GeometryKind::polygon,
                     {{b.west_deg, b.south_deg},
                      {b.east_deg, b.south_deg},
                      {b.east_deg, b.north_deg},
                      {b.west_deg, b.north_deg},
                      {b.west_deg, b.south_deg}},
                     {5},
                     {}};
    query.geo = std::move(geo);
  }
  return query;
}

}  // namespace

base::Result<ExportFormat> export_format_of(std::string_view name) {
  if (name == "cityjson") return ExportFormat::city_json;
  if (name == "geojson") return ExportFormat::geo_json;
  return fail(Code::invalid, "A city is exported as cityjson or geojson", std::string(name.substr(0, 60)));
}

base::Result<ExportReport> export_city(const thread::Snapshot& snapshot, const twin::TermTable& terms,
                                       const ExportRequest& request, const WritePiece& write) {
  std::vector<std::string> ids;
  std::map<std::string, std::vector<std::string>> parts_of;
  const twin::Term part_of = Vocabulary::find(terms).part_of;
  const auto status = snapshot.each(query_of(request, terms), [&](const twin::EntityRecord& record) {
    if (request.is_allowed && !request.is_allowed(record)) return true;
    ids.emplace_back(record.id());
    record.each_attribute(part_of, [&](const twin::Attribute& attribute) {
      if (const auto* id = std::get_if<std::string>(&attribute.value)) parts_of[*id].push_back(ids.back());
      return false;
    });
    return true;
  });
  if (!status) return status.error();
  std::sort(ids.begin(), ids.end());
  for (auto& [id, parts] : parts_of) std::sort(parts.begin(), parts.end());
  const bool is_geojson = request.format == ExportFormat::geo_json;
  CityJsonWriter city(terms);
  ExportReport report;
  auto written = write(is_geojson ? std::string("{\"type\":\"FeatureCollection\",\"features\":[\n") : city.begin());
  if (!written) return written.error();
  for (const std::string& id : ids) {
    const auto record = snapshot.find(id);
    if (!record) return record.error();
    if (!record->exists()) continue;
    const twin::Entity entity = record->unpack();
    const bool has_place = entity.find(twin::terms::location) != nullptr;
    std::string piece =
        is_geojson ? (has_place ? feature_json(entity, terms) : std::string()) : city.object(entity, parts_of[id]);
    if (piece.empty()) continue;
    if (city.is_full()) return fail(Code::too_large, "The part has more than 100 million corners", {}, "Ask for less");
    if (report.entities++ > 0) piece.insert(0, ",\n");
    if (written = write(piece); !written) return written.error();
  }
  written = write(is_geojson ? std::string("\n]}\n") : city.end());
  if (!written) return written.error();
  return report;
}

}  // namespace cityloom::space
