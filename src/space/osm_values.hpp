// The values of OpenStreetMap tags that need reading: lengths, speeds, levels, directions. Free text by volunteers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cityloom::space {

inline constexpr double building_height_m_max = 1'000;  ///< above it, a height is a mistake (the tallest has 828 m)
inline constexpr double level_height_m = 3.2;
inline constexpr double levels_max = 250;

/// A length: "12", "12.5 m", "1.2 km", "40 ft", "7'4\"" in metres. Finite; may be negative. Errors: invalid, with what
/// is wrong in words. Any input; linear time.
base::Result<double> parse_length_m(std::string_view text);

/// A building's height: a length above 0 and up to building_height_m_max. Errors: invalid.
base::Result<double> parse_height_m(std::string_view text);

/// A number of levels: 0 to levels_max, halves allowed ("2.5"). Errors: invalid.
base::Result<double> parse_levels(std::string_view text);

/// A plain number, "." as decimal sign, at most 32 characters. Errors: invalid.
base::Result<double> parse_number(std::string_view text);

/// A speed limit: "50", "50 km/h", "30 mph", "10 knots", "walk" in km/h, 1 to 300. Nothing for what names no number
/// ("none", "signals", "variable", "KR:urban"). Errors: invalid.
base::Result<std::optional<double>> parse_speed_kmh(std::string_view text);

/// The number of lanes, 1 to 30. Errors: invalid.
base::Result<int64_t> parse_lane_count(std::string_view text);

enum class Direction : uint8_t { both, forward, backward };

/// The direction of travel on a way, from its `oneway`, `junction` and `highway` tags (empty: not set): roundabouts and
/// motorways are one-way unless the tag says no. An unknown word counts as not set.
Direction direction_of(std::string_view oneway, std::string_view junction, std::string_view highway);

/// Whether the text is a language tag as it stands in "name:TAG": two or three lower-case letters, then subtags of
/// up to eight letters or digits ("ko", "en", "ko-Latn", "zh-Hant").
bool is_language_tag(std::string_view text);

/// A file's text cut to `bytes_max` without cutting a character, for messages.
std::string excerpt(std::string_view text, size_t bytes_max = 60);

}  // namespace cityloom::space
