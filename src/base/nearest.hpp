// The word that was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cityloom::base {

/// The known word with the fewest letters to insert, delete or change; empty if even that one differs in more than
/// a third of its letters (at least two). Cost: product of the lengths, per word.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

/// The known name that `name` is meant to be, surely enough to refuse it: it differs in nothing but capital letters and
/// `_` or `-`, or in one letter of at least four, or in two of at least seven, and in no digit: `pm1` is not `pm10`.
/// Empty if there is none, or if `name` is itself known. Cost: as `nearest`.
std::string misspelt(std::string_view name, const std::vector<std::string>& known);

}  // namespace cityloom::base
