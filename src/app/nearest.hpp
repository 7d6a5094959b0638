// The word that was probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cityloom::app {

/// The known word with the fewest letters to insert, delete or change; empty if even that one differs in more than
/// a third of its letters (at least two). Cost: product of the lengths, per word.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace cityloom::app
