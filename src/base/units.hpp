// Units of measurement by UN/CEFACT common code, and the ways between those of one quantity.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace cityloom::base {

/// converted = given * scale + offset
struct Conversion {
  double scale = 1;
  double offset = 0;
};

/// The common code of a unit given as that code, as its usual sign or as its English name: "GQ", "µg/m3", "Celsius".
/// Of a code that the table does not have, the code as it stands. Empty where it is neither.
std::string_view unit_code(std::string_view text);

/// The way from one unit to another of the same quantity. `from` may also be a usual name, such as mph or degF.
/// Errors: invalid (unknown unit, or another quantity), with the known ones in the remedy.
Result<Conversion> conversion(std::string_view from, std::string_view to);

}  // namespace cityloom::base
