#include "models/value.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace cityloom::models {
namespace {

using twin::AttributeKind;
using twin::Geometry;
using twin::GeometryKind;

// Takes an element apart, as long as `left` lasts.
bool read(simdjson::dom::element element, size_t& left, Value& to) {
  if (left == 0) return false;
  --left;
  switch (element.type()) {
    case simdjson::dom::element_type::NULL_VALUE:
      return true;
    case simdjson::dom::element_type::BOOL:
      to.kind = Value::Kind::boolean;
      to.flag = element.get_bool().value_unsafe();
      return true;
    case simdjson::dom::element_type::STRING:
      to.kind = Value::Kind::string;
      to.text = element.get_string().value_unsafe();
      return true;
    case simdjson::dom::element_type::ARRAY: {
      const simdjson::dom::array items = element.get_array().value_unsafe();
      to.kind = Value::Kind::array;
      for (const simdjson::dom::element item : items) {
        if (!read(item, left, to.items.emplace_back())) return false;
      }
      return true;
    }
    case simdjson::dom::element_type::OBJECT: {
      const simdjson::dom::object object = element.get_object().value_unsafe();
      std::vector<std::pair<std::string_view, simdjson::dom::element>> members;
      for (const auto& [name, value] : object) members.emplace_back(name, value);
      std::stable_sort(members.begin(), members.end(),
                       [](const auto& one, const auto& other) { return one.first < other.first; });
      to.kind = Value::Kind::object;
      for (const auto& [name, value] : members) {
        if (!to.names.empty() && to.names.back() == name) continue;
        to.names.emplace_back(name);
        if (!read(value, left, to.items.emplace_back())) return false;
      }
      return true;
    }
    default:
      to.kind = Value::Kind::number;
      to.number = element.get_double().value_unsafe();
      return true;
  }
}

Value number_of(double number) {
  Value value;
  value.kind = Value::Kind::number;
  value.number = number;
  return value;
}

Value text_of(std::string_view text) {
  Value value;
  value.kind = Value::Kind::string;
  value.text = text;
  return value;
}

Value opaque() {
  Value value;
  value.kind = Value::Kind::opaque;
  return value;
}

Value array_of(std::vector<Value> items) {
  Value value;
  value.kind = Value::Kind::array;
  value.items = std::move(items);
  return value;
}

Value position_of(const twin::Position& position) {
  std::vector<Value> numbers = {number_of(position.longitude_deg), number_of(position.latitude_deg)};
  if (position.has_height()) numbers.push_back(number_of(position.height_m));
  return array_of(std::move(numbers));
}

Value line_of(const Geometry& geometry, size_t from, size_t to) {
  std::vector<Value> positions;
  for (size_t i = from; i < to; ++i) positions.push_back(position_of(geometry.positions[i]));
  return array_of(std::move(positions));
}

// Lines from..to of a geometry.
Value lines_of(const Geometry& geometry, size_t from, size_t to) {
  std::vector<Value> lines;
  for (size_t i = from; i < to; ++i) {
    lines.push_back(line_of(geometry, i == 0 ? 0 : geometry.line_ends[i - 1], geometry.line_ends[i]));
  }
  return array_of(std::move(lines));
}

Value coordinates_of(const Geometry& geometry) {
  if (geometry.positions.size() > value_positions_max) return opaque();
  switch (geometry.kind) {
    case GeometryKind::point:
      return geometry.positions.empty() ? opaque() : position_of(geometry.positions.front());
    case GeometryKind::multi_point:
    case GeometryKind::line_string:
      return line_of(geometry, 0, geometry.positions.size());
    case GeometryKind::multi_line_string:
    case GeometryKind::polygon:
      return lines_of(geometry, 0, geometry.line_ends.size());
    case GeometryKind::multi_polygon:
      break;
  }
  std::vector<Value> polygons;
  size_t from = 0;
  for (const uint32_t end : geometry.polygon_ends) {
    polygons.push_back(lines_of(geometry, from, end));
    from = end;
  }
  return array_of(std::move(polygons));
}

Value geometry_of(const Geometry& geometry) {
  static constexpr std::array<std::string_view, 6> names = {"Point",           "MultiPoint", "LineString",
                                                            "MultiLineString", "Polygon",    "MultiPolygon"};
  Value value;
  value.kind = Value::Kind::object;
  value.add("type", text_of(names.at(static_cast<size_t>(geometry.kind))));
  value.add("coordinates", coordinates_of(geometry));
  return value;
}

Value content_of(const twin::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    Value made;
    made.kind = Value::Kind::boolean;
    made.flag = *flag;
    return made;
  }
  if (const auto* integer = std::get_if<int64_t>(&value)) return number_of(static_cast<double>(*integer));
  if (const auto* number = std::get_if<double>(&value)) return number_of(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return text_of(*text);
  if (const auto* geometry = std::get_if<Geometry>(&value)) return geometry_of(*geometry);
  if (const auto* json = std::get_if<twin::Json>(&value)) {
    auto read_back = read_value(json->text);
    return read_back ? std::move(*read_back) : opaque();
  }
  return {};
}

void append_json(const Value& value, size_t bytes_max, std::string& to) {
  if (to.size() > bytes_max) return;
  switch (value.kind) {
    case Value::Kind::null:
      to += "null";
      return;
    case Value::Kind::boolean:
      to += value.flag ? "true" : "false";
      return;
    case Value::Kind::number: {
      std::array<char, 32> digits{};
      const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value.number);
      if (error == std::errc{}) to.append(digits.data(), end);
      return;
    }
    case Value::Kind::string:
      to += '"' + value.text.substr(0, bytes_max) + '"';
      return;
    case Value::Kind::opaque:
      to += "...";
      return;
    case Value::Kind::array:
    case Value::Kind::object:
      break;
  }
  const bool is_object = value.kind == Value::Kind::object;
  to += is_object ? '{' : '[';
  for (size_t i = 0; i < value.items.size() && to.size() <= bytes_max; ++i) {
    if (i > 0) to += ',';
    if (is_object) to += '"' + value.names[i].substr(0, bytes_max) + "\":";
    append_json(value.items[i], bytes_max, to);
  }
  to += is_object ? '}' : ']';
}

}  // namespace

std::partial_ordering Value::operator<=>(const Value& other) const {
  if (kind != other.kind) return kind <=> other.kind;
  if (flag != other.flag) return flag <=> other.flag;
  if (number != other.number) return number <=> other.number;
  if (const auto texts = text <=> other.text; texts != 0) return texts;
  if (const auto all = names <=> other.names; all != 0) return all;
  for (size_t i = 0; i < items.size() && i < other.items.size(); ++i) {
    if (const auto item = items[i] <=> other.items[i]; item != 0) return item;
  }
  return items.size() <=> other.items.size();
}

const Value* Value::find(std::string_view name) const {
  const auto found = std::lower_bound(names.begin(), names.end(), name);
  if (found == names.end() || *found != name) return nullptr;
  return &items[static_cast<size_t>(found - names.begin())];
}

bool Value::is_integer() const {
  return kind == Kind::number && std::isfinite(number) && number == std::floor(number);
}

void Value::add(std::string_view name, Value value) {
  const auto found = std::lower_bound(names.begin(), names.end(), name);
  if (found != names.end() && *found == name) return;
  const auto at = found - names.begin();
  names.emplace(found, name);
  items.insert(items.begin() + at, std::move(value));
}

std::optional<Value> read_value(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  if (parser.parse(json.data(), json.size()).get(element) != simdjson::SUCCESS) return {};
  Value value;
  size_t left = value_parts_max;
  if (!read(element, left, value)) return {};
  return value;
}

Value simplified(const twin::Attribute& attribute) {
  Value value = content_of(attribute.value);
  if (const Value* const typed = value.find("@value"); typed != nullptr && value.find("@type") != nullptr) {
    Value inner = *typed;
    return inner;
  }
  return value;
}

std::string_view beginning(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

std::string short_text(const Value& value) {
  constexpr size_t bytes_max = 60;
  std::string text;
  append_json(value, bytes_max, text);
  if (text.size() <= bytes_max) return text;
  return std::string(beginning(text, bytes_max)) + "...";
}

}  // namespace cityloom::models
