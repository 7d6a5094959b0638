// What an attribute can hold.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "twin/geometry.hpp"

namespace cityloom::twin {

/// A JSON array or object, as compact UTF-8 JSON text (no white space between tokens). Checked by the parser that
/// made it; at most 16 MiB and 64 levels deep.
struct Json {
  std::string text;
  bool operator==(const Json&) const = default;
};

/// No value: in a change it asks for deletion ("urn:ngsi-ld:null"); never stored in a fact that sets.
struct Null {
  bool operator==(const Null&) const = default;
};

/// A value. A JSON number without fraction and exponent's need (|n| <= 2^53) is always int64_t, so that 5 and 5.0
/// are the same value; every other number is a finite double. Strings are valid UTF-8.
/// By kind of attribute: Relationship holds a URI (string) or a Json array of URIs; GeoProperty a Geometry;
/// LanguageProperty a Json object of strings (or arrays of them) by language tag; VocabProperty an IRI or a Json array;
/// JsonProperty any; ListProperty and ListRelationship a Json array; Property any but Geometry.
using Value = std::variant<Null, bool, int64_t, double, std::string, Json, Geometry>;

/// The value of a JSON number by the rule above. Must be finite.
inline Value number_value(double number) {
  constexpr double exact_max = 9007199254740992.0;
  if (number >= -exact_max && number <= exact_max && number == static_cast<double>(static_cast<int64_t>(number))) {
    return static_cast<int64_t>(number);
  }
  return number;
}

/// The number that a value is, as double; NaN if it is none.
inline double as_number(const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::numeric_limits<double>::quiet_NaN();
}

inline bool is_null(const Value& value) {  ///< NGSI-LD Null: asks for deletion
  return std::holds_alternative<Null>(value);
}

/// The value of an attribute fragment that says nothing of the value (`{"unitCode": "MTR"}`): an empty Json, which no
/// stored attribute has. In a merge or patch_attribute the value (and kind) that is there stays; elsewhere invalid.
inline Value unstated_value() {
  return Json{};
}
inline bool is_unstated(const Value& value) {  ///< a fragment that leaves the value
  const auto* json = std::get_if<Json>(&value);
  return json != nullptr && json->text.empty();
}

}  // namespace cityloom::twin
