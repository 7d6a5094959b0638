// A JSON value as a schema looks at it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twin/attribute.hpp"

namespace cityloom::models {

/// A regular value, ordered: equal values are equal as JSON Schema has it (1 and 1.0, members in any order).
struct Value {
  /// opaque: too large to be looked at, and fitting whatever a schema says.
  enum class Kind : uint8_t { null, boolean, number, string, array, object, opaque };
  Kind kind = Kind::null;
  bool flag = false;
  double number = 0;
  std::string text;
  std::vector<std::string> names;  ///< of an object's members, ascending; their values are `items`
  std::vector<Value> items;        ///< of an array or an object

  bool operator==(const Value& other) const = default;
  std::partial_ordering operator<=>(const Value& other) const;

  /// The member of an object, or nullptr.
  const Value* find(std::string_view name) const;
  /// Whether it is a number without fraction.
  bool is_integer() const;
  /// Adds a member, in its place. An object with a member of that name keeps it.
  void add(std::string_view name, Value value);
};

inline constexpr size_t value_parts_max = 50'000;     ///< values within one that are looked at
inline constexpr size_t value_positions_max = 1'000;  ///< of a geometry that are looked at

/// Reads a JSON text. Nothing, if it is none or holds more than `value_parts_max` values. Cost: some 100 ns a value.
std::optional<Value> read_value(std::string_view json);

/// What an attribute instance is in the simplified representation (ETSI GS CIM 009 clause 4.5.4), with what wraps its
/// content taken off: of a LanguageProperty the map, of a typed value ("@value") that value; geometries as GeoJSON.
/// Opaque, if it is too large. Cost: some 10 ns for a number; else as `read_value`.
Value simplified(const twin::Attribute& attribute);

/// The beginning of a text of so many bytes at most, and no half letter at its end.
std::string_view beginning(std::string_view text, size_t bytes_max);

/// As a person is told it: JSON, cut after some 60 bytes.
std::string short_text(const Value& value);

}  // namespace cityloom::models
