// JSON text by RapidJSON's writer.
#include "serve/json.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cassert>
#include <cmath>

namespace cityloom::serve {

struct JsonText::Parts {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer{out};
};

JsonText::JsonText() : parts_(std::make_unique<Parts>()) {}
JsonText::~JsonText() = default;

JsonText& JsonText::open_object() {
  parts_->writer.StartObject();
  return *this;
}
JsonText& JsonText::close_object() {
  parts_->writer.EndObject();
  return *this;
}
JsonText& JsonText::open_array() {
  parts_->writer.StartArray();
  return *this;
}
JsonText& JsonText::close_array() {
  parts_->writer.EndArray();
  return *this;
}
JsonText& JsonText::key(std::string_view name) {
  parts_->writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  return *this;
}
JsonText& JsonText::value(std::string_view text) {
  parts_->writer.String(text.data() != nullptr ? text.data() : "", static_cast<rapidjson::SizeType>(text.size()));
  return *this;
}
JsonText& JsonText::value(double number) {
  if (!std::isfinite(number)) return null();
  parts_->writer.Double(number);
  return *this;
}
JsonText& JsonText::value(bool flag) {
  parts_->writer.Bool(flag);
  return *this;
}
JsonText& JsonText::value(base::Instant instant) {
  return instant.exists() ? value(instant.text()) : null();
}
JsonText& JsonText::null() {
  parts_->writer.Null();
  return *this;
}
JsonText& JsonText::integer(int64_t number) {
  parts_->writer.Int64(number);
  return *this;
}
JsonText& JsonText::raw(std::string_view json) {
  parts_->writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
  return *this;
}

JsonText& JsonText::value(const twin::Value& attribute_value) {
  if (twin::is_null(attribute_value)) return null();
  if (const auto* flag = std::get_if<bool>(&attribute_value)) return value(*flag);
  if (const auto* whole = std::get_if<int64_t>(&attribute_value)) return integer(*whole);
  if (const auto* number = std::get_if<double>(&attribute_value)) return value(*number);
  if (const auto* text = std::get_if<std::string>(&attribute_value)) return value(*text);
  if (const auto* json = std::get_if<twin::Json>(&attribute_value)) return raw(json->text);
  return value(std::get<twin::Geometry>(attribute_value));
}

void JsonText::position(const twin::Position& position) {
  open_array().value(position.longitude_deg).value(position.latitude_deg);
  if (position.has_height()) value(position.height_m);
  close_array();
}

void JsonText::line(const twin::Geometry& geometry, size_t from, size_t to) {
  open_array();
  for (size_t i = from; i < to; ++i) position(geometry.positions[i]);
  close_array();
}

void JsonText::coordinates(const twin::Geometry& geometry) {
  using twin::GeometryKind;
  if (geometry.kind == GeometryKind::point) return position(geometry.positions.front());
  if (geometry.kind == GeometryKind::multi_point || geometry.kind == GeometryKind::line_string) {
    return line(geometry, 0, geometry.positions.size());
  }
  open_array();
  size_t from = 0;
  size_t polygon = 0;
  const bool has_polygons = geometry.kind == GeometryKind::multi_polygon;
  for (size_t i = 0; i < geometry.line_ends.size(); ++i) {
    const bool begins = has_polygons && (i == 0 || (polygon > 0 && geometry.polygon_ends[polygon - 1] == i));
    if (begins) open_array();
    line(geometry, from, geometry.line_ends[i]);
    from = geometry.line_ends[i];
    if (has_polygons && polygon < geometry.polygon_ends.size() && geometry.polygon_ends[polygon] == i + 1) {
      close_array();
      ++polygon;
    }
  }
  close_array();
}

JsonText& JsonText::value(const twin::Geometry& geometry) {
  static constexpr std::string_view names[] = {"Point",           "MultiPoint", "LineString",
                                               "MultiLineString", "Polygon",    "MultiPolygon"};
  open_object().member("type", names[static_cast<size_t>(geometry.kind)]).key("coordinates");
  coordinates(geometry);
  return close_object();
}

std::string JsonText::take() {
  assert(parts_->writer.IsComplete());
  std::string text(parts_->out.GetString(), parts_->out.GetSize());
  parts_->out.Clear();
  parts_->writer.Reset(parts_->out);
  return text;
}

std::string_view short_name(std::string_view iri) {
  const size_t at = iri.find_last_of("#/");
  return at == std::string_view::npos || at + 1 == iri.size() ? iri : iri.substr(at + 1);
}

}  // namespace cityloom::serve
