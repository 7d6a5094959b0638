#include "ngsi/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstring>

#include "twin/bytes.hpp"
#include "twin/packed.hpp"

namespace cityloom::ngsi {
namespace {

bool must_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

void append_escaped(char c, std::string& to) {
  constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      to += "\\\"";
      return;
    case '\\':
      to += "\\\\";
      return;
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    case '\b':
      to += "\\b";
      return;
    case '\f':
      to += "\\f";
      return;
    default:
      to += "\\u00";
      to += digits[static_cast<unsigned char>(c) >> 4];
      to += digits[static_cast<unsigned char>(c) & 15];
  }
}

// True for each byte of eight that must be escaped is not needed: only whether there is one.
bool any_escape(uint64_t eight) {
  constexpr uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
  const auto has_zero = [&](uint64_t word) { return (word - ones) & ~word & highs; };
  const uint64_t below_space = (eight - ones * 0x20) & ~eight & highs;
  return (below_space | has_zero(eight ^ (ones * '"')) | has_zero(eight ^ (ones * '\\'))) != 0;
}

// Two digits, zero-padded.
void put2(char* at, unsigned number) {
  at[0] = static_cast<char>('0' + number / 10);
  at[1] = static_cast<char>('0' + number % 10);
}

// Writes the positions, lines and polygons of a geometry as GeoJSON's nested arrays. `positions` gives the next
// position each time it is called.
template <class AppendPosition>
class CoordinateWriter {
 public:
  CoordinateWriter(AppendPosition append_position, std::string& to) : append_position_(append_position), to_(to) {}

  void positions(size_t from, size_t end) {
    to_ += '[';
    for (size_t i = from; i < end; ++i) {
      if (i != from) to_ += ',';
      append_position_(i);
    }
    to_ += ']';
  }
  template <class Ends>
  void lines(const Ends& line_ends, size_t from, size_t end) {
    to_ += '[';
    for (size_t line = from; line < end; ++line) {
      if (line != from) to_ += ',';
      positions(line == 0 ? 0 : line_ends[line - 1], line_ends[line]);
    }
    to_ += ']';
  }
  template <class Ends>
  void write(twin::GeometryKind kind, size_t count, const Ends& line_ends, const Ends& polygon_ends) {
    switch (kind) {
      case twin::GeometryKind::point:
        append_position_(0);
        return;
      case twin::GeometryKind::multi_point:
        positions(0, count);
        return;
      case twin::GeometryKind::line_string:
        positions(0, count);
        return;
      case twin::GeometryKind::multi_line_string:
      case twin::GeometryKind::polygon:
        lines(line_ends, 0, line_ends.size());
        return;
      case twin::GeometryKind::multi_polygon:
        to_ += '[';
        for (size_t polygon = 0; polygon < polygon_ends.size(); ++polygon) {
          if (polygon != 0) to_ += ',';
          lines(line_ends, polygon == 0 ? 0 : polygon_ends[polygon - 1], polygon_ends[polygon]);
        }
        to_ += ']';
    }
  }

 private:
  AppendPosition append_position_;
  std::string& to_;
};

void append_position(const twin::Position& position, std::string& to) {
  to += '[';
  append_number(position.longitude_deg, to);
  to += ',';
  append_number(position.latitude_deg, to);
  if (position.has_height()) {
    to += ',';
    append_number(position.height_m, to);
  }
  to += ']';
}

void append_head(twin::GeometryKind kind, std::string& to) {
  to += "{\"type\":\"";
  to += name_of(kind);
  to += "\",\"coordinates\":";
}

}  // namespace

std::string_view name_of(twin::GeometryKind kind) {
  constexpr std::array<std::string_view, 6> names = {"Point",           "MultiPoint", "LineString",
                                                     "MultiLineString", "Polygon",    "MultiPolygon"};
  return names.at(static_cast<size_t>(kind));
}

void append_quoted(std::string_view text, std::string& to) {
  to += '"';
  size_t copied = 0;
  size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8) {
      uint64_t eight;
      std::memcpy(&eight, text.data() + at, 8);
      if (!any_escape(eight)) {
        at += 8;
        continue;
      }
    }
    const size_t end = std::min(at + 8, text.size());
    for (; at < end; ++at) {
      if (!must_escape(text[at])) continue;
      to.append(text, copied, at - copied);
      append_escaped(text[at], to);
      copied = at + 1;
    }
  }
  to.append(text, copied, text.size() - copied);
  to += '"';
}

void append_number(int64_t number, std::string& to) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  to.append(buffer.data(), end);
}

void append_number(double number, std::string& to) {
  // Readings and coordinates have few decimals: a quotient of integers by a power of ten that gives the same double
  // back is its decimal text, found a dozen times faster than the general way.
  constexpr double scale = 1e7;
  constexpr double exact_max = 9007199254740992.0;
  const double scaled = number * scale;
  if (scaled > -exact_max && scaled < exact_max) {
    auto units = static_cast<int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    if (static_cast<double>(units) / scale == number && units != 0) {
      int decimals = 7;
      for (; decimals > 0 && units % 10 == 0; --decimals) units /= 10;
      std::array<char, 24> buffer;
      const bool is_negative = units < 0;
      auto rest = static_cast<uint64_t>(is_negative ? -units : units);
      size_t at = buffer.size();
      for (int digit = 0; rest != 0 || digit <= decimals; ++digit, rest /= 10) {
        if (digit == decimals && decimals != 0) buffer[--at] = '.';
        buffer[--at] = static_cast<char>('0' + rest % 10);
      }
      if (is_negative) buffer[--at] = '-';
      to.append(&buffer[at], buffer.size() - at);
      return;
    }
  }
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  to.append(buffer.data(), end);
}

void append_instant(base::Instant instant, std::string& to) {
  TimeWriter().append(instant, to);
}

void TimeWriter::append(base::Instant instant, std::string& to) {
  using namespace std::chrono;
  constexpr int64_t day_us = 86'400'000'000;
  int64_t day = instant.microseconds / day_us;
  int64_t in_day = instant.microseconds % day_us;
  if (in_day < 0) {
    in_day += day_us;
    --day;
  }
  if (day != day_) {
    const year_month_day date{sys_days{days{static_cast<int>(day)}}};
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    date_[0] = '"';
    put2(&date_[1], year / 100);
    put2(&date_[3], year % 100);
    date_[5] = '-';
    put2(&date_[6], static_cast<unsigned>(date.month()));
    date_[8] = '-';
    put2(&date_[9], static_cast<unsigned>(date.day()));
    date_[11] = 'T';
    day_ = day;
  }
  const auto second = static_cast<unsigned>(in_day / 1'000'000);
  auto fraction = static_cast<unsigned>(in_day % 1'000'000);
  const bool whole_milliseconds = fraction % 1000 == 0;
  const size_t digits = fraction == 0 ? 0 : whole_milliseconds ? 3 : 6;
  if (whole_milliseconds) fraction /= 1000;
  std::array<char, 32> text;
  std::copy(date_.begin(), date_.end(), text.begin());
  put2(&text[12], second / 3600);
  text[14] = ':';
  put2(&text[15], second / 60 % 60);
  text[17] = ':';
  put2(&text[18], second % 60);
  text[20] = '.';
  for (size_t i = digits; i > 0; --i, fraction /= 10) text[20 + i] = static_cast<char>('0' + fraction % 10);
  const size_t end = digits == 0 ? 20 : 21 + digits;  // without digits there is no dot
  text[end] = 'Z';
  text[end + 1] = '"';
  to.append(text.data(), end + 2);
}

void append_geometry(const twin::Geometry& geometry, std::string& to) {
  append_head(geometry.kind, to);
  CoordinateWriter writer([&](size_t i) { append_position(geometry.positions[i], to); }, to);
  writer.write(geometry.kind, geometry.positions.size(), geometry.line_ends, geometry.polygon_ends);
  to += '}';
}

void append_packed_geometry(std::string_view bytes, std::string& to) {
  twin::ByteReader reader(bytes);
  const uint8_t head = reader.byte();
  // The commonest by far, without the vectors of ends.
  if ((head & 7) == 0 && reader.varint() == 1 && reader.varint() == 0 && reader.varint() == 0) {
    twin::Position position;
    position.longitude_deg = reader.fixed<double>();
    position.latitude_deg = reader.fixed<double>();
    if ((head & 8) != 0) position.height_m = reader.fixed<double>();
    append_head(twin::GeometryKind::point, to);
    append_position(position, to);
    to += '}';
    return;
  }
  const auto geometry = twin::unpack_geometry(bytes);
  if (!geometry) {
    to += "null";
    return;
  }
  append_geometry(*geometry, to);
}

}  // namespace cityloom::ngsi
