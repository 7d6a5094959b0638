// GeoJSON geometries read and checked.
#include <array>

#include "ngsi/json.hpp"
#include "ngsi/query.hpp"
#include "ngsi/values.hpp"

namespace cityloom::ngsi {
namespace {

using Array = simdjson::dom::array;
using Element = simdjson::dom::element;
using twin::GeometryKind;

std::optional<GeometryKind> geometry_kind_of(std::string_view type) {
  for (uint8_t i = 0; i < 6; ++i) {
    if (name_of(static_cast<GeometryKind>(i)) == type) return static_cast<GeometryKind>(i);
  }
  return std::nullopt;
}

// Reads coordinates level by level into one geometry; stops at the first mistake.
class CoordinateReader {
 public:
  explicit CoordinateReader(GeometryKind kind) { geometry_.kind = kind; }

  base::Status read(Element coordinates, const JsonPath& at) {
    switch (geometry_.kind) {
      case GeometryKind::point:
        return position(coordinates, at);
      case GeometryKind::multi_point:
        return positions(coordinates, at);
      case GeometryKind::line_string:
        return line(coordinates, at);
      case GeometryKind::multi_line_string:
      case GeometryKind::polygon:
        return each(coordinates, at, &CoordinateReader::line);
      case GeometryKind::multi_polygon:
        return each(coordinates, at, &CoordinateReader::polygon);
    }
    return {};
  }
  twin::Geometry take() { return std::move(geometry_); }

 private:
  using Step = base::Status (CoordinateReader::*)(Element, const JsonPath&);

  base::Status each(Element value, const JsonPath& at, Step step) {
    Array items;
    if (value.get(items) != simdjson::SUCCESS) return bad("coordinates are nested arrays of numbers", at);
    int64_t index = 0;
    for (const Element item : items) {
      if (base::Status status = (this->*step)(item, {&at, {}, index++}); !status) return status;
    }
    return {};
  }
  base::Status positions(Element value, const JsonPath& at) { return each(value, at, &CoordinateReader::position); }
  base::Status line(Element value, const JsonPath& at) {
    base::Status status = positions(value, at);
    geometry_.line_ends.push_back(static_cast<uint32_t>(geometry_.positions.size()));
    return status;
  }
  base::Status polygon(Element value, const JsonPath& at) {
    base::Status status = each(value, at, &CoordinateReader::line);
    geometry_.polygon_ends.push_back(static_cast<uint32_t>(geometry_.line_ends.size()));
    return status;
  }
  base::Status position(Element value, const JsonPath& at) {
    if (geometry_.positions.size() >= twin::positions_max) {
      return base::fail(base::Code::too_large,
                        "the geometry has more than " + std::to_string(twin::positions_max) + " positions", at.text(),
                        "simplify it or divide it");
    }
    Array numbers;
    if (value.get(numbers) != simdjson::SUCCESS) return bad("a position is an array of numbers", at);
    std::array<double, 3> read{0, 0, std::numeric_limits<double>::quiet_NaN()};
    size_t count = 0;
    for (const Element number : numbers) {
      if (count == 3) break;
      if (number.get(read[count++]) != simdjson::SUCCESS) return bad("a position is an array of numbers", at);
    }
    if (count < 2) return bad("a position has a longitude and a latitude", at);
    const auto made = twin::Position::make(read[0], read[1], read[2]);
    if (!made) return bad(made.error().what, at, "GeoJSON writes longitude first, then latitude");
    geometry_.positions.push_back(*made);
    return {};
  }

  twin::Geometry geometry_;
};

}  // namespace

bool looks_like_geometry(Element value) {
  std::string_view type;
  return value.is_object() && value["type"].get(type) == simdjson::SUCCESS && geometry_kind_of(type) &&
         value["coordinates"].error() == simdjson::SUCCESS;
}

base::Result<twin::Geometry> read_geometry(Element value, const JsonPath& at) {
  // Clause 4.7.2: the geometry may also come as a string that holds its JSON.
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    simdjson::dom::parser parser;
    Element inner;
    if (parser.allocate(std::max<size_t>(text.size(), 64), 16) != simdjson::SUCCESS ||
        parser.parse(simdjson::padded_string(text)).get(inner) != simdjson::SUCCESS || !inner.is_object()) {
      return bad("not a GeoJSON geometry", at);
    }
    return read_geometry(inner, at);
  }
  std::string_view type;
  if (!value.is_object() || value["type"].get(type) != simdjson::SUCCESS) {
    return bad("a GeoJSON geometry is an object with type and coordinates", at);
  }
  const auto kind = geometry_kind_of(type);
  if (!kind) {
    return bad("no geometry of GeoJSON that NGSI-LD takes: " + std::string(type.substr(0, 40)), {&at, "type"},
               "use Point, MultiPoint, LineString, MultiLineString, Polygon or MultiPolygon");
  }
  Element coordinates;
  if (value["coordinates"].get(coordinates) != simdjson::SUCCESS) return bad("coordinates are missing", at);
  CoordinateReader reader(*kind);
  const JsonPath coordinates_at{&at, "coordinates"};
  if (base::Status status = reader.read(coordinates, coordinates_at); !status) return status.error();
  twin::Geometry geometry = reader.take();
  if (base::Status status = geometry.check(); !status) {
    base::Error error = status.error();
    error.where = coordinates_at.text() + (error.where.empty() ? "" : " " + error.where);
    return error;
  }
  return geometry;
}

base::Result<twin::Geometry> parse_geometry(std::string_view geojson) {
  simdjson::dom::parser parser;
  Element value;
  if (parser.allocate(std::max<size_t>(geojson.size(), 64), 16) != simdjson::SUCCESS ||
      parser.parse(simdjson::padded_string(geojson)).get(value) != simdjson::SUCCESS) {
    return base::fail(base::Code::invalid, "not a GeoJSON geometry", "geometry");
  }
  return read_geometry(value, {nullptr, "geometry"});
}

}  // namespace cityloom::ngsi
