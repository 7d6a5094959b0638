// Reading and writing RFC 3339 times; the machine's clock.
#include "base/instant.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace cityloom::base {
namespace {

constexpr int64_t microseconds_per_second = 1'000'000;

// Days since 1970-01-01 of a proleptic Gregorian date; std::chrono's calendar has the same range.
int64_t days_of(int year, unsigned month, unsigned day) {
  using namespace std::chrono;
  return sys_days{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}}
      .time_since_epoch()
      .count();
}

// Reads exactly `digits` digits at `position` and moves past them; -1 if they are not there.
int read_number(std::string_view text, size_t& position, size_t digits) {
  if (position + digits > text.size()) return -1;
  int number = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = text[position + i];
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  position += digits;
  return number;
}

bool take(std::string_view text, size_t& position, char expected) {
  if (position >= text.size() || text[position] != expected) return false;
  ++position;
  return true;
}

// The fraction after the dot in microseconds; -1 if there is no digit.
int64_t read_fraction(std::string_view text, size_t& position) {
  int64_t fraction = 0;
  int64_t scale = microseconds_per_second;
  const size_t start = position;
  for (; position < text.size() && text[position] >= '0' && text[position] <= '9'; ++position) {
    if (scale == 1) continue;
    scale /= 10;
    fraction += (text[position] - '0') * scale;
  }
  return position == start ? -1 : fraction;
}

// The zone's offset in seconds; false if the text does not end in a zone.
bool read_zone(std::string_view text, size_t& position, int64_t& offset_s) {
  offset_s = 0;
  if (take(text, position, 'Z')) return position == text.size();
  const bool east = position < text.size() && text[position] == '+';
  if (!east && (position >= text.size() || text[position] != '-')) return false;
  ++position;
  const int hour = read_number(text, position, 2);
  if (hour < 0 || hour > 23 || !take(text, position, ':')) return false;
  const int minute = read_number(text, position, 2);
  if (minute < 0 || minute > 59) return false;
  offset_s = (hour * 3600 + minute * 60) * (east ? 1 : -1);
  return position == text.size();
}

Error bad(std::string_view text) {
  return fail(Code::invalid, "not a date and time", std::string(text.substr(0, 40)),
              "write it as 2026-11-22T08:05:00Z, with Z or an offset such as +09:00");
}

}  // namespace

Result<Instant> Instant::parse(std::string_view text) {
  size_t position = 0;
  const int year = read_number(text, position, 4);
  const bool dash = take(text, position, '-');
  const int month = read_number(text, position, 2);
  const bool second_dash = take(text, position, '-');
  const int day = read_number(text, position, 2);
  if (year < 0 || !dash || month < 1 || month > 12 || !second_dash || day < 1) return bad(text);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || !take(text, position, 'T')) return bad(text);

  const int hour = read_number(text, position, 2);
  const bool colon = take(text, position, ':');
  const int minute = read_number(text, position, 2);
  const bool second_colon = take(text, position, ':');
  const int second = read_number(text, position, 2);
  if (hour < 0 || hour > 23 || !colon || minute < 0 || minute > 59 || !second_colon || second < 0 || second > 60) {
    return bad(text);
  }
  int64_t fraction = 0;
  if (take(text, position, '.') && (fraction = read_fraction(text, position)) < 0) return bad(text);
  int64_t offset_s = 0;
  if (!read_zone(text, position, offset_s)) return bad(text);

  const int64_t days = days_of(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
  const int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset_s;
  return Instant{seconds * microseconds_per_second + fraction};
}

std::string Instant::text() const {
  using namespace std::chrono;
  const sys_time<std::chrono::microseconds> time{std::chrono::microseconds{microseconds}};
  const sys_days day = floor<days>(time);
  const year_month_day date{day};
  const int64_t in_day = (time - day).count();
  const int64_t second = in_day / microseconds_per_second;
  const int64_t fraction = in_day % microseconds_per_second;
  std::array<char, 48> buffer;
  const auto print = [&](const char* format, auto... more) {
    const int length = std::snprintf(buffer.data(), buffer.size(), format, static_cast<int>(date.year()),
                                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                     static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60),
                                     static_cast<int>(second % 60), more...);
    return std::string(buffer.data(), static_cast<size_t>(length));
  };
  if (fraction == 0) return print("%04d-%02u-%02uT%02d:%02d:%02dZ");
  const bool whole_milliseconds = fraction % 1000 == 0;
  return print("%04d-%02u-%02uT%02d:%02d:%02d.%0*dZ", whole_milliseconds ? 3 : 6,
               static_cast<int>(whole_milliseconds ? fraction / 1000 : fraction));
}

Instant SystemClock::now() const {
  using namespace std::chrono;
  return {duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
}

}  // namespace cityloom::base
