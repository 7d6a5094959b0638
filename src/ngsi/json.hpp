// JSON text, written: strings, numbers, times and GeoJSON geometries appended to a string.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <string_view>

#include "base/instant.hpp"
#include "twin/geometry.hpp"

namespace cityloom::ngsi {

/// Appends a JSON string with quotes and escapes. The text is UTF-8 and stays so. Cost: about 1 ns for 8 bytes.
void append_quoted(std::string_view text, std::string& to);

/// Appends a number: an integer, or a short text that reads back as the same double.
void append_number(int64_t number, std::string& to);
void append_number(double number, std::string& to);

/// Appends a time as a quoted RFC 3339 text in UTC; the same text as Instant::text. Must exist.
void append_instant(base::Instant instant, std::string& to);

/// Appends many times, most of them of one day, as append_instant does: the day is worked out once.
class TimeWriter {
 public:
  /// The same text as append_instant.
  void append(base::Instant instant, std::string& to);

 private:
  int64_t day_ = std::numeric_limits<int64_t>::min();
  std::array<char, 12> date_{};  // "2026-11-22T with the quote before it
};

/// Appends a GeoJSON geometry object.
void append_geometry(const twin::Geometry& geometry, std::string& to);

/// The same for a packed geometry, as it lies in twin::AttributeView::text, without unpacking it.
void append_packed_geometry(std::string_view bytes, std::string& to);

/// "Point" ...
std::string_view name_of(twin::GeometryKind kind);

}  // namespace cityloom::ngsi
