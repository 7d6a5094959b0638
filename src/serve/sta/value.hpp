// Values that a SensorThings query compares: what properties hold and literals say.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "twin/geometry.hpp"
#include "twin/value.hpp"

namespace cityloom::serve::sta {

/// No value.
struct Nothing {
  bool operator==(const Nothing&) const = default;
};
/// A stretch of time; an end that does not exist is open.
struct Interval {
  base::Instant from, to;
  bool operator==(const Interval&) const = default;
};
/// A length of time.
struct Duration {
  double seconds = 0;
  bool operator==(const Duration&) const = default;
};

/// A value. Json: an array or object.
using Value =
    std::variant<Nothing, bool, double, std::string, base::Instant, Interval, Duration, twin::Geometry, twin::Json>;

/// Whether there is none.
inline bool is_nothing(const Value& value) {
  return std::holds_alternative<Nothing>(value);
}

/// What an attribute holds.
Value value_of(const twin::Value& held);
/// JSON text read: a scalar, or kept as it is. Anything that is no JSON is nothing.
Value value_of_json(std::string_view text);
/// The member of an object, or item of an array by its number; nothing if it has none.
Value member_of(const twin::Json& json, std::string_view name);
/// Appends it as JSON: times and intervals as texts, geometries as GeoJSON.
void append_json(const Value& value, std::string& to);

/// A time, or two with '/' between. Errors: invalid, with `where`.
base::Result<Value> read_time(std::string_view text, std::string_view where);
/// "P1DT2H". Errors: invalid.
base::Result<Duration> read_duration(std::string_view text);
/// "POINT (127.1 37.5)", and the other five kinds. Errors: invalid.
base::Result<twin::Geometry> read_wkt(std::string_view text);
/// The same, written.
std::string wkt_of(const twin::Geometry& geometry);

}  // namespace cityloom::serve::sta
