// Floating-point readings as integers: the model that turns most of a chunk's values into small ones, exactly.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cityloom::thread {

/// Appends the values. Readings are rarely arbitrary doubles: they are decimals (21.4), fractions (averages of a few
/// counts, steps of a converter), or fractions printed with so many decimals (61.77777778). The model that fits gives
/// the integer behind each value, only where the way back gives the same bits; the others stand beside, whole.
/// Where no model fits, the bits themselves are packed. Equal values give equal bytes.
void pack_values(std::span<const double> values, std::string& to);

/// Reads `values.size()` values that pack_values wrote and moves `from` past them. False if the bytes cannot be that.
[[nodiscard]] bool unpack_values(std::string_view& from, std::span<double> values);

}  // namespace cityloom::thread
