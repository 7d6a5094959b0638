#include "link/time_format.hpp"

#include <absl/time/time.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "link/text.hpp"

namespace cityloom::link {
namespace {

using base::Code;
using base::fail;
using base::Instant;

constexpr Instant earliest = Instant::from_seconds(-5'364'662'400);  // 1800-01-01
constexpr Instant latest = Instant::from_seconds(16'725'225'600);    // 2500-01-01
constexpr std::string_view directives = "YmdHMSfjz%";

/// What a pattern has read so far. Days are counted in the year when `day_of_year` is set.
struct Civil {
  int64_t year = 1970;
  int64_t month = 1;
  int64_t day = 1;
  int64_t day_of_year = 0;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t microsecond = 0;
  std::optional<int64_t> zone_s;
};

/// Reads 1 to `digits_max` digits within a range.
bool read_number(std::string_view& text, size_t digits_max, int64_t low, int64_t high, int64_t& number) {
  size_t count = 0;
  int64_t value = 0;
  while (count < digits_max && count < text.size() && text[count] >= '0' && text[count] <= '9') {
    value = value * 10 + (text[count++] - '0');
  }
  if (count == 0 || value < low || value > high) return false;
  text.remove_prefix(count);
  number = value;
  return true;
}

bool read_fraction(std::string_view& text, int64_t& microsecond) {
  int64_t value = 0;
  size_t count = 0;
  for (; count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count) {
    if (count < 6) value = value * 10 + (text[count] - '0');
  }
  for (size_t kept = count; kept < 6; ++kept) value *= 10;
  text.remove_prefix(count);
  microsecond = value;
  return count > 0;
}

/// "Z", "+09:00", "+0900", "+09".
bool read_offset(std::string_view& text, int64_t& seconds) {
  if (text.empty()) return false;
  if (text[0] == 'Z') {
    text.remove_prefix(1);
    seconds = 0;
    return true;
  }
  if (text[0] != '+' && text[0] != '-') return false;
  const int64_t sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int64_t hours = 0;
  int64_t minutes = 0;
  const size_t before = text.size();
  if (!read_number(text, 2, 0, 18, hours) || before - text.size() != 2) return false;
  if (!text.empty() && text[0] == ':') text.remove_prefix(1);
  if (!text.empty() && !read_number(text, 2, 0, 59, minutes)) return false;
  seconds = sign * (hours * 3'600 + minutes * 60);
  return true;
}

bool read_directive(char directive, std::string_view& text, Civil& civil) {
  switch (directive) {
    case 'Y':
      return read_number(text, 4, 1, 9'999, civil.year);
    case 'm':
      return read_number(text, 2, 1, 12, civil.month);
    case 'd':
      return read_number(text, 2, 1, 31, civil.day);
    case 'j':
      return read_number(text, 3, 1, 366, civil.day_of_year);
    case 'H':
      return read_number(text, 2, 0, 24, civil.hour);
    case 'M':
      return read_number(text, 2, 0, 59, civil.minute);
    case 'S':
      return read_number(text, 2, 0, 60, civil.second);
    case 'f':
      return read_fraction(text, civil.microsecond);
    case 'z': {
      int64_t seconds = 0;
      if (!read_offset(text, seconds)) return false;
      civil.zone_s = seconds;
      return true;
    }
    default:
      return false;
  }
}

bool read_pattern(std::string_view pattern, std::string_view text, Civil& civil) {
  for (size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] == '%' && pattern[at + 1] != '%') {
      if (!read_directive(pattern[++at], text, civil)) return false;
      continue;
    }
    if (pattern[at] == '%') ++at;
    if (text.empty() || text[0] != pattern[at]) return false;
    text.remove_prefix(1);
  }
  const bool is_past_midnight = civil.hour == 24 && (civil.minute != 0 || civil.second != 0 || civil.microsecond != 0);
  return text.empty() && !is_past_midnight;
}

/// The moment of a civil time; nothing for a day that the month does not have.
std::optional<Instant> moment_of(const Civil& civil, const absl::TimeZone& zone) {
  absl::CivilDay day(civil.year, static_cast<int>(civil.month), static_cast<int>(civil.day));
  if (civil.day_of_year > 0) {
    day = absl::CivilDay(civil.year, 1, 1) + (civil.day_of_year - 1);
    if (day.year() != civil.year) return std::nullopt;
  } else if (day.day() != civil.day) {
    return std::nullopt;
  }
  const absl::CivilSecond second = absl::CivilSecond(day) + (civil.hour * 3'600 + civil.minute * 60 + civil.second);
  const absl::TimeZone used = civil.zone_s ? absl::FixedTimeZone(static_cast<int>(*civil.zone_s)) : zone;
  return Instant{absl::ToUnixMicros(absl::FromCivil(second, used)) + civil.microsecond};
}

base::Error not_a_time(std::string_view text, std::string_view form) {
  return fail(Code::invalid, fmt::format("'{}' is not a time of the form {}", sample_of(text, 80), form));
}

/// Digits of a count of seconds or parts of them, exact where the field is an integer.
base::Result<Instant> from_epoch(const FieldValue& value, double microseconds_per_unit) {
  double number = 0;
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    const auto unit = static_cast<int64_t>(microseconds_per_unit);
    constexpr int64_t microseconds_max = 17'000'000'000'000'000;
    if (*integer > -microseconds_max / unit && *integer < microseconds_max / unit) return Instant{*integer * unit};
    return not_a_time(text_of(value), "seconds, milliseconds or microseconds since 1970");
  }
  if (const auto* real = std::get_if<double>(&value)) {
    number = *real;
  } else {
    const std::string text = text_of(value);
    int64_t integer = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
    if (error == std::errc() && end == text.data() + text.size()) return from_epoch(integer, microseconds_per_unit);
    const auto [end_real, error_real] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error_real != std::errc() || end_real != text.data() + text.size()) {
      return not_a_time(text, "seconds, milliseconds or microseconds since 1970");
    }
  }
  const double scaled = number * microseconds_per_unit;
  if (!(std::abs(scaled) < 1.7e16)) return not_a_time(text_of(value), "a count since 1970");
  return Instant{static_cast<int64_t>(std::llround(scaled))};
}

}  // namespace

struct TimeFormat::Zone {
  absl::TimeZone zone;
};

TimeFormat::TimeFormat() = default;
TimeFormat::~TimeFormat() = default;

base::Result<TimeFormat> TimeFormat::make(std::string_view format, std::string_view zone) {
  TimeFormat made;
  if (format.empty() || format == "rfc3339") return made;
  made.form_ = Form::epoch;
  if (format == "epoch_us") return made;
  if (format == "epoch_ms") made.microseconds_per_unit_ = 1e3;
  if (format == "epoch_s") made.microseconds_per_unit_ = 1e6;
  if (made.microseconds_per_unit_ > 1) return made;

  made.form_ = Form::pattern;
  made.pattern_ = std::string(format);
  bool has_zone = false;
  bool has_directive = false;
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') continue;
    if (++at == format.size() || directives.find(format[at]) == std::string_view::npos) {
      return fail(Code::invalid, fmt::format("the time format '{}' holds something unknown after '%'", format), {},
                  "write rfc3339, epoch_s, epoch_ms, epoch_us, or a pattern of %Y %m %d %j %H %M %S %f %z");
    }
    has_zone = has_zone || format[at] == 'z';
    has_directive = true;
  }
  if (!has_directive) {
    return fail(Code::invalid, fmt::format("the time format '{}' is unknown", format), {},
                "write rfc3339, epoch_s, epoch_ms, epoch_us, or a pattern such as %Y-%m-%d %H:%M");
  }
  auto known = std::make_shared<Zone>();
  int64_t offset_s = 0;
  std::string_view rest = zone;
  if (zone.empty()) {
    if (!has_zone) {
      return fail(Code::invalid, fmt::format("the time format '{}' says no zone", format), {},
                  "add a key zone, such as \"+09:00\" or Asia/Seoul");
    }
  } else if (read_offset(rest, offset_s) && rest.empty()) {
    known->zone = absl::FixedTimeZone(static_cast<int>(offset_s));
  } else if (!absl::LoadTimeZone(std::string(zone), &known->zone)) {
    return fail(Code::invalid, fmt::format("the time zone '{}' is unknown on this machine", zone), {},
                "write an offset such as \"+09:00\", or install the time zone data (tzdata)");
  }
  made.zone_ = std::move(known);
  return made;
}

base::Result<Instant> TimeFormat::parse(const FieldValue& value) const {
  const bool is_plain = !std::holds_alternative<Absent>(value) && !std::holds_alternative<Nothing>(value) &&
                        !std::holds_alternative<bool>(value) && !std::holds_alternative<twin::Json>(value);
  if (!is_plain) return fail(Code::invalid, "the field with the time is absent or no plain value");
  Instant moment;
  if (form_ == Form::epoch) {
    auto read = from_epoch(value, microseconds_per_unit_);
    if (!read) return read.error();
    moment = *read;
  } else if (form_ == Form::rfc3339) {
    const std::string text = text_of(value);
    auto read = Instant::parse(text);
    if (!read) return not_a_time(text, "RFC 3339, such as 2026-11-22T08:05:00Z");
    moment = *read;
  } else {
    const std::string text = text_of(value);
    Civil civil;
    std::optional<Instant> read;
    if (text.size() <= 200 && read_pattern(pattern_, text, civil)) read = moment_of(civil, zone_->zone);
    if (!read) return not_a_time(text, pattern_);
    moment = *read;
  }
  if (moment < earliest || moment > latest) {
    return fail(Code::invalid,
                fmt::format("the time '{}' is not between the years 1800 and 2500", sample_of(text_of(value), 80)));
  }
  return moment;
}

}  // namespace cityloom::link
