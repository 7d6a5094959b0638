// Colours for numbers: the scale of a raster layer, and pictures with it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

/// Red, green, blue, opacity.
using Pixel = std::array<uint8_t, 4>;

/// Stops in ascending order of their values; between two of them colours are mixed, beyond the ends they stay.
struct ColourScale {
  struct Stop {
    double value = 0;
    Pixel colour{};
    bool operator==(const Stop&) const = default;
  };
  std::vector<Stop> stops;

  /// Cost: a search among the stops.
  Pixel colour_of(double value) const;

  /// From JSON: the name of a known scale stretched over a range, or a list [[value, "#rrggbb" or "#rrggbbaa"], ...].
  /// Errors: invalid (no such scale, fewer than two stops, not ascending; over 64 stops).
  static base::Result<ColourScale> parse(std::string_view json, double least, double greatest);
  /// The names of the known scales; all of them can be told apart by the colour-blind.
  static std::vector<std::string_view> known();

  /// As `parse` reads it: the list.
  std::string text() const;
};

/// A PNG file (RGBA, 8 bits) of width x height pixels in rows from the top. Same input, same bytes.
std::string make_png(uint32_t width, uint32_t height, const std::vector<Pixel>& pixels);

}  // namespace cityloom::space
