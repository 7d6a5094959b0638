#include "link/value_rule.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "link/text.hpp"
#include "ngsi/query.hpp"

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;
using twin::AttributeKind;
using twin::Value;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<double> number_in(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

bool means_none(const FieldValue& value, const std::vector<std::string>& none) {
  if (std::holds_alternative<Absent>(value) || std::holds_alternative<Nothing>(value)) return true;
  if (none.empty() || std::holds_alternative<twin::Json>(value)) return false;
  const std::string full = text_of(value);
  const std::string_view text = trimmed(full);
  return std::any_of(none.begin(), none.end(), [&](const std::string& one) {
    if (text == one) return true;
    const auto left = number_in(text);
    return left && left == number_in(one);
  });
}

/// A sample of the field for a reason.
std::string shown(const FieldValue& value) {
  return sample_of(text_of(value), 60);
}

/// The number to 12 significant digits: 212 degF are 100 degC, not 100.00000000000006.
double rounded(double number) {
  if (!std::isfinite(number)) return number;
  const std::string text = fmt::format("{:.12g}", number);
  double read = number;
  std::from_chars(text.data(), text.data() + text.size(), read);
  return read;
}

base::Result<Value> plain_value(const AttributeRule& rule, const FieldValue& value) {
  using As = AttributeRule::ReadAs;
  if (rule.as == As::text) return Value{text_of(value)};
  if (rule.as == As::boolean) {
    const std::string text = text_of(value);
    for (const std::string_view yes : {"true", "1", "on", "yes", "True", "ON"}) {
      if (text == yes) return Value{true};
    }
    for (const std::string_view no : {"false", "0", "off", "no", "False", "OFF"}) {
      if (text == no) return Value{false};
    }
    return fail(Code::invalid, fmt::format("'{}' is neither true nor false", shown(value)));
  }
  const bool is_text = std::holds_alternative<std::string>(value);
  const bool is_number = std::holds_alternative<int64_t>(value) || std::holds_alternative<double>(value);
  const bool reads_number = rule.as == As::number || (rule.as == As::automatic && is_text && number_of(value).ok());
  if (!reads_number && !is_number) {
    if (const auto* flag = std::get_if<bool>(&value)) return Value{*flag};
    if (const auto* json = std::get_if<twin::Json>(&value)) return Value{*json};
    return Value{text_of(value)};
  }
  auto number = number_of(value);
  if (!number) return number.error();
  const double stated = rule.scale == 1 && rule.offset == 0 ? *number : rounded(*number * rule.scale + rule.offset);
  if (!std::isfinite(stated)) return fail(Code::invalid, fmt::format("{} is too large a number", shown(value)));
  if (rule.minimum && stated < *rule.minimum) {
    return fail(Code::invalid, fmt::format("{} is below the least valid value {}", stated, *rule.minimum));
  }
  if (rule.maximum && stated > *rule.maximum) {
    return fail(Code::invalid, fmt::format("{} is above the greatest valid value {}", stated, *rule.maximum));
  }
  return twin::number_value(stated);
}

base::Result<Value> position_value(const AttributeRule& rule, const Fields& fields) {
  auto longitude = number_of(fields.find(*rule.longitude));
  auto latitude = number_of(fields.find(*rule.latitude));
  if (!longitude) return longitude.error();
  if (!latitude) return latitude.error();
  double height_m = std::numeric_limits<double>::quiet_NaN();
  if (rule.height) {
    auto height = number_of(fields.find(*rule.height));
    if (height) height_m = *height;
  }
  auto position = twin::Position::make(*longitude, *latitude, height_m);
  if (!position) return position.error();
  return Value{twin::Geometry::point(*position)};
}

/// GeoJSON of any geometry, or a bare [longitude, latitude].
base::Result<Value> geometry_value(const FieldValue& value) {
  const auto* json = std::get_if<twin::Json>(&value);
  if (json == nullptr) return fail(Code::invalid, fmt::format("'{}' is no GeoJSON geometry", shown(value)));
  const bool is_bare = json->text.front() == '[';
  auto geometry =
      ngsi::parse_geometry(is_bare ? "{\"type\":\"Point\",\"coordinates\":" + json->text + "}" : json->text);
  if (!geometry) return geometry.error();
  return Value{std::move(*geometry)};
}

bool is_uri(std::string_view text) {
  const size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && text.size() <= twin::entity_id_bytes_max &&
         std::none_of(text.begin(), text.end(), [](unsigned char letter) { return letter <= ' '; });
}

base::Result<Value> relationship_value(const FieldValue& value) {
  if (const auto* json = std::get_if<twin::Json>(&value)) {
    simdjson::dom::parser parser;
    simdjson::dom::array array;
    bool is_good = parser.parse(json->text).get(array) == simdjson::SUCCESS && array.size() > 0;
    for (size_t at = 0; is_good && at < array.size(); ++at) {
      std::string_view text;
      is_good = array.at(at).get(text) == simdjson::SUCCESS && is_uri(text);
    }
    if (is_good) return Value{*json};
  } else if (const std::string text = text_of(value); is_uri(text)) {
    return Value{text};
  }
  return fail(Code::invalid, fmt::format("'{}' is no URI, which a Relationship needs", shown(value)));
}

base::Result<Value> language_value(const FieldValue& value) {
  if (const auto* json = std::get_if<twin::Json>(&value)) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    bool is_good = parser.parse(json->text).get(object) == simdjson::SUCCESS && object.size() > 0;
    if (is_good) {
      for (const auto member : object) is_good = is_good && member.value.is_string();
    }
    if (is_good) return Value{*json};
    return fail(Code::invalid, "a LanguageProperty needs an object of texts by language");
  }
  twin::Json made{"{\"@none\":"};
  append_quoted(text_of(value), made.text);
  made.text += '}';
  return Value{std::move(made)};
}

base::Result<Value> value_of_kind(const AttributeRule& rule, const FieldValue& value) {
  switch (rule.kind) {
    case AttributeKind::geo_property:
      return geometry_value(value);
    case AttributeKind::relationship:
      return relationship_value(value);
    case AttributeKind::language_property:
      return language_value(value);
    case AttributeKind::vocab_property:
      return Value{expand_name(text_of(value))};
    case AttributeKind::list_property:
    case AttributeKind::list_relationship: {
      const auto* json = std::get_if<twin::Json>(&value);
      if (json != nullptr && json->text.front() == '[') return Value{*json};
      return fail(Code::invalid, fmt::format("'{}' is no array", shown(value)));
    }
    case AttributeKind::property:
    case AttributeKind::json_property:
      break;
  }
  return plain_value(rule, value);
}

}  // namespace

base::Result<double> number_of(const FieldValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (const auto number = number_in(*text)) return *number;
  }
  return fail(Code::invalid, fmt::format("'{}' is no number", shown(value)));
}

bool is_from_message(const AttributeRule& rule) {
  return rule.from || rule.longitude || (rule.text && !rule.text->is_constant());
}

base::Result<std::optional<Value>> value_of(const AttributeRule& rule, const Captures& captures, const Fields& fields) {
  using Made = std::optional<Value>;
  if (rule.constant) return Made{*rule.constant};
  base::Result<Value> made = Value{twin::Null{}};
  if (rule.longitude) {
    if (means_none(fields.find(*rule.longitude), rule.none) || means_none(fields.find(*rule.latitude), rule.none)) {
      return Made{};
    }
    made = position_value(rule, fields);
  } else if (rule.text) {
    const auto escape = rule.kind == AttributeKind::relationship ? Template::Escape::uri : Template::Escape::none;
    auto filled = rule.text->fill(captures, fields, escape);
    if (!filled) return Made{};
    made = value_of_kind(rule, FieldValue{std::move(*filled)});
  } else {
    const FieldValue value = fields.find(*rule.from);
    if (means_none(value, rule.none)) return Made{};
    made = value_of_kind(rule, value);
  }
  if (!made) return made.error();
  return Made{std::move(*made)};
}

}  // namespace cityloom::link
