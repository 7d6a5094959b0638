#include "base/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace cityloom::base {
namespace {

/// The SI value is value * scale + offset. Units of one quantity share its letter.
struct Unit {
  std::string_view code;  // UN/CEFACT Recommendation 20
  std::string_view name;  // as people write it
  char quantity;
  double scale;
  double offset = 0;
};

constexpr auto units = std::to_array<Unit>({
    {"MTS", "m/s", 'v', 1},
    {"KMH", "km/h", 'v', 1 / 3.6},
    {"HM", "mph", 'v', 0.44704},
    {"KNT", "kn", 'v', 1852.0 / 3600},
    {"H67", "mm/h", 'v', 0.001 / 3600},
    {"CEL", "degC", 't', 1, 273.15},
    {"FAH", "degF", 't', 5.0 / 9, 273.15 - 32 * 5.0 / 9},
    {"KEL", "K", 't', 1},
    {"MTR", "m", 'l', 1},
    {"CMT", "cm", 'l', 0.01},
    {"MMT", "mm", 'l', 0.001},
    {"KMT", "km", 'l', 1'000},
    {"FOT", "ft", 'l', 0.3048},
    {"INH", "in", 'l', 0.0254},
    {"SMI", "mi", 'l', 1'609.344},
    {"PAL", "Pa", 'p', 1},
    {"A97", "hPa", 'p', 100},
    {"MBR", "mbar", 'p', 100},
    {"KPA", "kPa", 'p', 1'000},
    {"BAR", "bar", 'p', 100'000},
    {"GP", "mg/m3", 'c', 1e-6},
    {"GQ", "ug/m3", 'c', 1e-9},
    {"59", "ppm", 'r', 1e-6},
    {"61", "ppb", 'r', 1e-9},
    {"P1", "%", 'r', 0.01},
    {"C62", "1", 'r', 1},
    {"WTT", "W", 'w', 1},
    {"KWT", "kW", 'w', 1'000},
    {"MAW", "MW", 'w', 1e6},
    {"WHR", "Wh", 'e', 3'600},
    {"KWH", "kWh", 'e', 3.6e6},
    {"JOU", "J", 'e', 1},
    {"SEC", "s", 's', 1},
    {"MIN", "min", 's', 60},
    {"HUR", "h", 's', 3'600},
    {"C26", "ms", 's', 0.001},
    {"DD", "deg", 'a', 3.14159265358979323846 / 180},
    {"C81", "rad", 'a', 1},
    {"MTQ", "m3", 'q', 1},
    {"LTR", "l", 'q', 0.001},
    {"MQS", "m3/s", 'f', 1},
    {"G51", "l/s", 'f', 0.001},
    {"GLL", "gal", 'q', 0.003785411784},
});

const Unit* unit_named(std::string_view text) {
  for (const Unit& unit : units) {
    if (unit.code == text || unit.name == text) return &unit;
  }
  return nullptr;
}

// Usual names that are not the one in the table, without capitals, blanks and signs.
struct OtherName {
  std::string_view name;
  std::string_view code;
};
constexpr auto other_names = std::to_array<OtherName>({
    {"c", "CEL"},
    {"celsius", "CEL"},
    {"degc", "CEL"},
    {"degreescelsius", "CEL"},
    {"degreecelsius", "CEL"},
    {"fahrenheit", "FAH"},
    {"kelvin", "KEL"},
    {"metre", "MTR"},
    {"metres", "MTR"},
    {"meter", "MTR"},
    {"meters", "MTR"},
    {"kilometres", "KMT"},
    {"kilometers", "KMT"},
    {"millimetres", "MMT"},
    {"millimeters", "MMT"},
    {"centimetres", "CMT"},
    {"centimeters", "CMT"},
    {"metrespersecond", "MTS"},
    {"meterspersecond", "MTS"},
    {"kmph", "KMH"},
    {"kph", "KMH"},
    {"kilometresperhour", "KMH"},
    {"kilometersperhour", "KMH"},
    {"percent", "P1"},
    {"percentage", "P1"},
    {"hectopascals", "A97"},
    {"pascal", "PAL"},
    {"seconds", "SEC"},
    {"second", "SEC"},
    {"minutes", "MIN"},
    {"hours", "HUR"},
    {"milliseconds", "C26"},
    {"degrees", "DD"},
    {"decimaldegrees", "DD"},
    {"degree", "DD"},
    {"deg", "DD"},
    {"watts", "WTT"},
    {"watt", "WTT"},
    {"kilowatthours", "KWH"},
    {"litres", "LTR"},
    {"liters", "LTR"},
    {"db", "2N"},
    {"dba", "2N"},
    {"decibel", "2N"},
    {"decibels", "2N"},
    {"lx", "LUX"},
    {"lux", "LUX"},
    {"volt", "VLT"},
    {"volts", "VLT"},
    {"v", "VLT"},
    {"ampere", "AMP"},
    {"amperes", "AMP"},
    {"hertz", "HTZ"},
    {"hz", "HTZ"},
    {"w/m2", "D54"},
    {"m2", "MTK"},
    {"kg", "KGM"},
    {"g", "GRM"},
});

// A unit's name in plain letters: "µg / m³" as "ug/m3", "°C" as "degc".
std::string plain_name(std::string_view text) {
  static constexpr auto signs = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"\u00b5", "u"}, {"\u03bc", "u"}, {"\u00b2", "2"}, {"\u00b3", "3"}, {"\u00b0", "deg"}, {"\u2103", "degc"}});
  std::string plain;
  while (!text.empty()) {
    const auto sign =
        std::find_if(signs.begin(), signs.end(), [&](const auto& one) { return text.starts_with(one.first); });
    if (sign != signs.end()) {
      plain += sign->second;
      text.remove_prefix(sign->first.size());
      continue;
    }
    const char letter = text.front();
    text.remove_prefix(1);
    if (letter == ' ' || letter == '^' || letter == '.' || letter == '*') continue;
    plain += letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  return plain;
}

bool looks_like_code(std::string_view text) {
  return text.size() >= 2 && text.size() <= 3 && std::all_of(text.begin(), text.end(), [](char letter) {
           return (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
         });
}

Error unknown(std::string_view text) {
  std::string known;
  for (const Unit& unit : units) known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", unit.code, unit.name);
  return fail(Code::invalid, fmt::format("no conversion is known for the unit '{}'", text), {},
              "use scale and offset instead, or one of: " + known);
}

}  // namespace

std::string_view unit_code(std::string_view text) {
  constexpr size_t length_max = 64;
  if (text.empty() || text.size() > length_max) return {};
  if (const Unit* unit = unit_named(text)) return unit->code;
  if (looks_like_code(text)) return text;
  const std::string plain = plain_name(text);
  for (const Unit& unit : units) {
    // Of short names capitals count: mW is no MW.
    if (unit.name.size() > 2 && plain_name(unit.name) == plain) return unit.code;
  }
  for (const OtherName& other : other_names) {
    if (other.name == plain) return other.code;
  }
  return {};
}

Result<Conversion> conversion(std::string_view from, std::string_view to) {
  const Unit* source = unit_named(from);
  const Unit* target = unit_named(to);
  if (source == nullptr) return unknown(from);
  if (target == nullptr) return unknown(to);
  if (source->quantity != target->quantity) {
    return fail(Code::invalid, fmt::format("'{}' and '{}' do not measure the same", from, to));
  }
  return Conversion{source->scale / target->scale, (source->offset - target->offset) / target->scale};
}

}  // namespace cityloom::base
