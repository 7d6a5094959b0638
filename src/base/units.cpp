#include "base/units.hpp"

#include <fmt/format.h>

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
    {"GLL", "gal", 'q', 0.003785411784},
});

const Unit* unit_named(std::string_view text) {
  for (const Unit& unit : units) {
    if (unit.code == text || unit.name == text) return &unit;
  }
  return nullptr;
}

Error unknown(std::string_view text) {
  std::string known;
  for (const Unit& unit : units) known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", unit.code, unit.name);
  return fail(Code::invalid, fmt::format("no conversion is known for the unit '{}'", text), {},
              "use scale and offset instead, or one of: " + known);
}

}  // namespace

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
