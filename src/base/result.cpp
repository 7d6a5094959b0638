// Names of codes, and an error as one line.
#include "base/result.hpp"

#include <array>

namespace cityloom::base {

std::string_view name_of(Code code) {
  constexpr std::array<std::string_view, 15> names = {
      "invalid",     "not_found",      "already_exists", "conflict", "forbidden", "too_large", "too_complex", "busy",
      "unsupported", "not_acceptable", "unavailable",    "timeout",  "cancelled", "corrupt",   "internal"};
  return names.at(static_cast<size_t>(code));
}

std::string Error::text() const {
  std::string line = what;
  if (!where.empty()) line += " (" + where + ")";
  if (!remedy.empty()) line += ": " + remedy;
  return line;
}

}  // namespace cityloom::base
