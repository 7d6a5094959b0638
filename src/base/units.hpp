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

/// The way from one unit to another of the same quantity. `from` may also be a usual name, such as mph or degF.
/// Errors: invalid (unknown unit, or another quantity), with the known ones in the remedy.
Result<Conversion> conversion(std::string_view from, std::string_view to);

}  // namespace cityloom::base
