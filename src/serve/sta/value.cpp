#include "serve/sta/value.hpp"

#include <simdjson.h>

#include <charconv>
#include <cmath>

#include "ngsi/aggregation.hpp"
#include "ngsi/json.hpp"

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using simdjson::dom::element;
using twin::Geometry;
using twin::GeometryKind;

Value value_of_element(element at) {
  double number = 0;
  bool flag = false;
  std::string_view text;
  if (at.get(number) == simdjson::SUCCESS) return number;
  if (at.get(flag) == simdjson::SUCCESS) return flag;
  if (at.get(text) == simdjson::SUCCESS) return std::string(text);
  if (at.is_null()) return Nothing{};
  return twin::Json{simdjson::minify(at)};
}

// Reads a WKT text: tags, parentheses, numbers.
class WktReader {
 public:
  explicit WktReader(std::string_view text) : rest_(text) {}

  base::Result<Geometry> read() {
    static constexpr std::pair<std::string_view, GeometryKind> kinds[] = {
        {"MULTIPOLYGON", GeometryKind::multi_polygon},
        {"MULTILINESTRING", GeometryKind::multi_line_string},
        {"MULTIPOINT", GeometryKind::multi_point},
        {"LINESTRING", GeometryKind::line_string},
        {"POLYGON", GeometryKind::polygon},
        {"POINT", GeometryKind::point}};
    skip();
    for (const auto& [name, kind] : kinds) {
      if (!take_word(name)) continue;
      geometry_.kind = kind;
      has_height_ = take_word("Z");
      const bool is_read = body();
      skip();
      if (!is_read || !rest_.empty()) break;
      if (const auto status = geometry_.check(); !status.ok()) return status.error();
      return std::move(geometry_);
    }
    return fail(Code::invalid, "not a geometry in WKT", "geography", "write for example geography'POINT (127.1 37.5)'");
  }

 private:
  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    skip();
    if (rest_.size() < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if ((rest_[i] & ~0x20) != word[i]) return false;
    }
    rest_.remove_prefix(word.size());
    return true;
  }
  bool number(double& to) {
    skip();
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), to);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }
  bool position() {
    double longitude = 0, latitude = 0, height = std::numeric_limits<double>::quiet_NaN();
    if (!number(longitude) || !number(latitude)) return false;
    if (has_height_ && !number(height)) return false;
    const auto made = twin::Position::make(longitude, latitude, height);
    if (!made.ok() || geometry_.positions.size() >= twin::positions_max) return false;
    geometry_.positions.push_back(*made);
    return true;
  }
  template <class Part>
  bool list(Part part) {
    if (!take('(')) return false;
    do {
      if (!part()) return false;
    } while (take(','));
    return take(')');
  }
  bool line() {
    if (!list([this] { return position(); })) return false;
    geometry_.line_ends.push_back(static_cast<uint32_t>(geometry_.positions.size()));
    return true;
  }
  bool lines() {
    return list([this] { return line(); });
  }
  bool polygon() {
    if (!lines()) return false;
    geometry_.polygon_ends.push_back(static_cast<uint32_t>(geometry_.line_ends.size()));
    return true;
  }
  bool body() {
    switch (geometry_.kind) {
      case GeometryKind::point:
        return take('(') && position() && take(')');
      case GeometryKind::multi_point:
        return list([this] { return take('(') ? position() && take(')') : position(); });
      case GeometryKind::line_string:
        return line();
      case GeometryKind::multi_line_string:
      case GeometryKind::polygon:
        return lines();
      case GeometryKind::multi_polygon:
        return list([this] { return polygon(); });
    }
    return false;
  }

  std::string_view rest_;
  Geometry geometry_;
  bool has_height_ = false;
};

}  // namespace

Value value_of(const twin::Value& held) {
  if (const auto* flag = std::get_if<bool>(&held)) return *flag;
  if (const auto* text = std::get_if<std::string>(&held)) return *text;
  if (const auto* json = std::get_if<twin::Json>(&held)) return *json;
  if (const auto* geometry = std::get_if<Geometry>(&held)) return *geometry;
  const double number = twin::as_number(held);
  return std::isnan(number) ? Value(Nothing{}) : Value(number);
}

Value value_of_json(std::string_view text) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return Nothing{};
  return value_of_element(root);
}

Value member_of(const twin::Json& json, std::string_view name) {
  simdjson::dom::parser parser;
  element root, found;
  if (parser.parse(json.text).get(root) != simdjson::SUCCESS) return Nothing{};
  if (root.is_object() && root[name].get(found) == simdjson::SUCCESS) return value_of_element(found);
  simdjson::dom::array items;
  size_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  const bool is_index = error == std::errc() && end == name.data() + name.size();
  if (is_index && root.get(items) == simdjson::SUCCESS && items.at(index).get(found) == simdjson::SUCCESS) {
    return value_of_element(found);
  }
  return Nothing{};
}

void append_json(const Value& value, std::string& to) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    to += *flag ? "true" : "false";
  } else if (const auto* number = std::get_if<double>(&value)) {
    const twin::Value written = twin::number_value(*number);
    if (const auto* whole = std::get_if<int64_t>(&written)) {
      ngsi::append_number(*whole, to);
    } else {
      ngsi::append_number(*number, to);
    }
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    ngsi::append_quoted(*text, to);
  } else if (const auto* at = std::get_if<Instant>(&value)) {
    ngsi::append_instant(*at, to);
  } else if (const auto* interval = std::get_if<Interval>(&value)) {
    ngsi::append_quoted(interval->from.text() + "/" + interval->to.text(), to);
  } else if (const auto* duration = std::get_if<Duration>(&value)) {
    ngsi::append_number(duration->seconds, to);
  } else if (const auto* geometry = std::get_if<Geometry>(&value)) {
    ngsi::append_geometry(*geometry, to);
  } else if (const auto* json = std::get_if<twin::Json>(&value)) {
    to += json->text;
  } else {
    to += "null";
  }
}

base::Result<Value> read_time(std::string_view text, std::string_view where) {
  const size_t slash = text.find('/');
  const auto from = Instant::parse(text.substr(0, slash));
  if (!from.ok()) return fail(Code::invalid, "not a time: " + std::string(text.substr(0, 60)), std::string(where));
  if (slash == std::string_view::npos) return Value(*from);
  const auto to = Instant::parse(text.substr(slash + 1));
  if (!to.ok() || *to < *from) {
    return fail(Code::invalid, "not an interval of times: " + std::string(text.substr(0, 100)), std::string(where));
  }
  return Value(Interval{*from, *to});
}

base::Result<Duration> read_duration(std::string_view text) {
  const auto period = ngsi::parse_period(text);
  if (!period.ok()) return fail(Code::invalid, "not a duration: " + std::string(text.substr(0, 40)), "duration");
  if (period->months != 0) return fail(Code::invalid, "years and months have no fixed length", "duration");
  return Duration{static_cast<double>(period->microseconds) / 1e6};
}

base::Result<Geometry> read_wkt(std::string_view text) {
  return WktReader(text).read();
}

std::string wkt_of(const Geometry& geometry) {
  static constexpr std::string_view names[] = {"POINT",           "MULTIPOINT", "LINESTRING",
                                               "MULTILINESTRING", "POLYGON",    "MULTIPOLYGON"};
  std::string text(names[static_cast<size_t>(geometry.kind)]);
  const auto positions = [&](size_t from, size_t to) {
    text += '(';
    for (size_t i = from; i < to; ++i) {
      if (i != from) text += ',';
      ngsi::append_number(geometry.positions[i].longitude_deg, text);
      text += ' ';
      ngsi::append_number(geometry.positions[i].latitude_deg, text);
    }
    text += ')';
  };
  const auto lines = [&](size_t from, size_t to) {
    text += '(';
    for (size_t i = from; i < to; ++i) {
      if (i != from) text += ',';
      positions(i == 0 ? 0 : geometry.line_ends[i - 1], geometry.line_ends[i]);
    }
    text += ')';
  };
  if (geometry.kind == GeometryKind::multi_line_string || geometry.kind == GeometryKind::polygon) {
    lines(0, geometry.line_ends.size());
  } else if (geometry.kind == GeometryKind::multi_polygon) {
    text += '(';
    for (size_t i = 0; i < geometry.polygon_ends.size(); ++i) {
      if (i != 0) text += ',';
      lines(i == 0 ? 0 : geometry.polygon_ends[i - 1], geometry.polygon_ends[i]);
    }
    text += ')';
  } else {
    positions(0, geometry.positions.size());
  }
  return text;
}

}  // namespace cityloom::serve::sta
