// Hand-written readers of OpenStreetMap's free-text values; osm_values_fuzz.cpp attacks them.
#include "space/osm_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr std::string_view white_space = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

base::Error refusal(std::string_view what, std::string_view text) {
  return fail(Code::invalid, "\"" + excerpt(text) + "\" " + std::string(what));
}

// Cuts a leading number off `text`. Nothing if there is none.
std::optional<double> take_number(std::string_view& text) {
  std::string_view digits = text.substr(0, text.find_first_not_of("+-.0123456789"));
  if (digits.empty() || digits.size() > 32) return {};
  text.remove_prefix(digits.size());
  if (digits.front() == '+') digits.remove_prefix(1);
  double number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(number)) return {};
  return number;
}

struct Unit {
  std::string_view name;
  double factor;
};

std::optional<double> factor_of(std::string_view name, const auto& units) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.factor;
  }
  return {};
}

constexpr double metres_per_foot = 0.3048;
constexpr double metres_per_inch = 0.0254;
constexpr std::array<Unit, 11> length_units{{{"", 1},
                                             {"m", 1},
                                             {"meter", 1},
                                             {"meters", 1},
                                             {"metre", 1},
                                             {"metres", 1},
                                             {"km", 1000},
                                             {"cm", 0.01},
                                             {"ft", metres_per_foot},
                                             {"feet", metres_per_foot},
                                             {"mi", 1609.344}}};
constexpr std::array<Unit, 7> speed_units{
    {{"", 1}, {"km/h", 1}, {"kmh", 1}, {"kph", 1}, {"mph", 1.609344}, {"knots", 1.852}, {"kn", 1.852}}};

// The rest of `7'4"` after its first number.
std::optional<double> take_inches(std::string_view rest) {
  rest.remove_prefix(1);
  rest = trimmed(rest);
  if (rest.empty()) return 0;
  const auto inches = take_number(rest);
  if (!inches || *inches < 0 || *inches >= 12 || (rest != "\"" && rest != "''")) return {};
  return *inches * metres_per_inch;
}

}  // namespace

base::Result<double> parse_length_m(std::string_view text) {
  std::string_view rest = trimmed(text);
  const auto number = take_number(rest);
  if (!number) return refusal("is not a length", text);
  rest = trimmed(rest);
  if (!rest.empty() && rest.front() == '\'') {
    const auto inches_m = take_inches(rest);
    if (!inches_m || *number < 0) return refusal("is not a length in feet and inches", text);
    return *number * metres_per_foot + *inches_m;
  }
  const auto factor = factor_of(rest, length_units);
  if (!factor) {
    return refusal(
        rest.front() == ',' ? "has a decimal comma: OpenStreetMap asks for a point" : "is a length in an unknown unit",
        text);
  }
  return *number * *factor;
}

base::Result<double> parse_height_m(std::string_view text) {
  auto length = parse_length_m(text);
  if (!length) return length;
  if (*length <= 0) return refusal("is not above 0 m", text);
  if (*length > building_height_m_max) return refusal("is more than a building's 1000 m", text);
  return length;
}

base::Result<double> parse_number(std::string_view text) {
  std::string_view rest = trimmed(text);
  const auto number = take_number(rest);
  if (!number || !rest.empty()) return refusal("is not a number", text);
  return *number;
}

base::Result<double> parse_levels(std::string_view text) {
  auto levels = parse_number(text);
  if (!levels) return refusal("is not a number of levels", text);
  if (*levels < 0 || *levels > levels_max) return refusal("levels are not between 0 and 250", text);
  return levels;
}

base::Result<std::optional<double>> parse_speed_kmh(std::string_view text) {
  std::string_view rest = trimmed(text);
  if (rest == "walk") return std::optional(6.0);
  for (std::string_view word : {"none", "signals", "variable", "implicit", "unposted", "national", "no"}) {
    if (rest == word) return std::optional<double>();
  }
  // "KR:urban" names a rule of a country, not a number.
  if (const size_t colon = rest.find(':'); colon == 2 || colon == 5) return std::optional<double>();
  const auto number = take_number(rest);
  if (!number) return refusal("is not a speed limit", text);
  const auto factor = factor_of(trimmed(rest), speed_units);
  if (!factor) return refusal("is a speed limit in an unknown unit", text);
  const double speed_kmh = *number * *factor;
  if (speed_kmh < 1 || speed_kmh > 300) return refusal("is not a speed limit between 1 and 300 km/h", text);
  return std::optional(speed_kmh);
}

base::Result<int64_t> parse_lane_count(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number < 1 || *number > 30 || *number != std::floor(*number)) {
    return refusal("is not a number of lanes from 1 to 30", text);
  }
  return static_cast<int64_t>(*number);
}

Direction direction_of(std::string_view oneway, std::string_view junction, std::string_view highway) {
  oneway = trimmed(oneway);
  if (oneway == "yes" || oneway == "true" || oneway == "1") return Direction::forward;
  if (oneway == "-1" || oneway == "reverse") return Direction::backward;
  if (oneway == "no" || oneway == "false" || oneway == "0" || oneway == "reversible" || oneway == "alternating") {
    return Direction::both;
  }
  if (junction == "roundabout" || junction == "circular") return Direction::forward;
  if (highway == "motorway" || highway == "motorway_link") return Direction::forward;
  return Direction::both;
}

bool is_language_tag(std::string_view text) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto letter_or_digit = [&](char c) { return lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  const size_t primary = std::min(text.find('-'), text.size());
  if (primary < 2 || primary > 3 || !std::all_of(text.begin(), text.begin() + static_cast<long>(primary), lower)) {
    return false;
  }
  text.remove_prefix(primary);
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view subtag = text.substr(0, text.find('-'));
    if (subtag.empty() || subtag.size() > 8 || !std::all_of(subtag.begin(), subtag.end(), letter_or_digit))
      return false;
    text.remove_prefix(subtag.size());
  }
  return true;
}

std::string excerpt(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace cityloom::space
