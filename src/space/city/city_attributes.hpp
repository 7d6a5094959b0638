// What files say of an object beside its geometry, under the names that CityGML and CityJSON share.
#pragma once

#include <string>
#include <string_view>

#include "space/city/city_object.hpp"

namespace cityloom::space {

/// Puts a value under its own name where the twin has one ("storeysAboveGround" becomes `levels`), else among the
/// generic attributes. A name that is there already keeps its first value.
void take_attribute(CityObject& object, std::string_view name, twin::Value value);
/// Whether `take_attribute` may understand this name itself.
bool is_known_attribute(std::string_view name);
/// A generic attribute: a value as JSON text. The second value of one name makes a list.
void take_generic(CityObject& object, std::string_view name, std::string json);
/// From a text that may be a number; `is_number` asks for one.
twin::Value value_of_text(std::string_view text, bool is_number);
/// The fewest digits that read back as the same number.
std::string number_text(double number);
/// A value as JSON: numbers exactly, "null" for what JSON has no word for.
std::string json_of(const twin::Value& value);
/// A JSON string.
std::string json_string(std::string_view text);
/// The category that maps and filters show, from what the file says of function, usage or class.
void settle_category(CityObject& object);

/// An address as the twin has it.
struct CityAddress {
  std::string country, locality, street, number, postcode, text;
  /// A JSON object of schema.org's names, or "".
  std::string json() const;
};

}  // namespace cityloom::space
