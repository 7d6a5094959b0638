// What operators and functions make of values.
#include <geos_c.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "ngsi/query.hpp"
#include "serve/sta/evaluate.hpp"

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using base::Result;
using twin::Geometry;

base::Error wrong_kind(std::string_view what) {
  return fail(Code::invalid, "an operand of " + std::string(what) + " is of the wrong kind", "$filter");
}

// -1, 0, 1; nothing where they cannot be compared.
std::optional<int> compared(const Value& left, const Value& right) {
  const auto sign = [](const auto& a, const auto& b) { return a < b ? -1 : b < a ? 1 : 0; };
  if (left.index() == right.index()) {
    if (const auto* number = std::get_if<double>(&left)) return sign(*number, std::get<double>(right));
    if (const auto* text = std::get_if<std::string>(&left)) return sign(*text, std::get<std::string>(right));
    if (const auto* at = std::get_if<Instant>(&left)) return sign(*at, std::get<Instant>(right));
    if (const auto* flag = std::get_if<bool>(&left)) return sign(*flag, std::get<bool>(right));
    if (const auto* length = std::get_if<Duration>(&left))
      return sign(length->seconds, std::get<Duration>(right).seconds);
    return {};
  }
  // A text that is a time compares with times.
  if (std::holds_alternative<Instant>(left) && std::holds_alternative<std::string>(right)) {
    const auto read = Instant::parse(std::get<std::string>(right));
    return read.ok() ? std::optional(sign(std::get<Instant>(left), *read)) : std::nullopt;
  }
  if (std::holds_alternative<std::string>(left) && std::holds_alternative<Instant>(right)) {
    const auto turned = compared(right, left);
    return turned ? std::optional(-*turned) : std::nullopt;
  }
  return {};
}

std::optional<Interval> as_interval(const Value& value) {
  if (const auto* interval = std::get_if<Interval>(&value)) return *interval;
  if (const auto* at = std::get_if<Instant>(&value)) return Interval{*at, *at};
  return {};
}

// Of intervals, one is before another if it ends before that begins.
bool compare_times(Operation operation, const Interval& left, const Interval& right) {
  switch (operation) {
    case Operation::equal:
      return left == right;
    case Operation::not_equal:
      return !(left == right);
    case Operation::less:
      return left.to < right.from;
    case Operation::less_or_equal:
      return left.to <= right.from;
    case Operation::greater:
      return left.from > right.to;
    default:
      return left.from >= right.to;
  }
}

Value compare(Operation operation, const Value& left, const Value& right) {
  if (is_nothing(left) || is_nothing(right)) {
    const bool same = is_nothing(left) && is_nothing(right);
    if (operation == Operation::equal) return same;
    return operation == Operation::not_equal ? !same : false;
  }
  if (std::holds_alternative<Interval>(left) || std::holds_alternative<Interval>(right)) {
    const auto a = as_interval(left), b = as_interval(right);
    return a && b ? compare_times(operation, *a, *b) : operation == Operation::not_equal;
  }
  const auto order = compared(left, right);
  const bool is_equal = order ? *order == 0 : left == right;
  switch (operation) {
    case Operation::equal:
      return is_equal;
    case Operation::not_equal:
      return !is_equal;
    case Operation::less:
      return order && *order < 0;
    case Operation::less_or_equal:
      return order && *order <= 0;
    case Operation::greater:
      return order && *order > 0;
    default:
      return order && *order >= 0;
  }
}

Result<Value> calculate(Operation operation, const Value& left, const Value& right) {
  if (is_nothing(left) || is_nothing(right)) return Value(Nothing{});
  const auto* at = std::get_if<Instant>(&left);
  if (const auto* length = std::get_if<Duration>(&right); length != nullptr && at != nullptr) {
    const double us = (operation == Operation::subtract ? -1 : 1) * length->seconds * 1e6;
    if (std::fabs(us) < 9e17) return Value(Instant{at->microseconds + static_cast<int64_t>(us)});
  }
  if (const auto* other = std::get_if<Instant>(&right);
      other != nullptr && at != nullptr && operation == Operation::subtract) {
    return Value(Duration{static_cast<double>(at->microseconds - other->microseconds) / 1e6});
  }
  const auto* a = std::get_if<double>(&left);
  const auto* b = std::get_if<double>(&right);
  if (a == nullptr || b == nullptr) return Value(Nothing{});
  double made = 0;
  switch (operation) {
    case Operation::add:
      made = *a + *b;
      break;
    case Operation::subtract:
      made = *a - *b;
      break;
    case Operation::multiply:
      made = *a * *b;
      break;
    case Operation::divide:
      made = *a / *b;
      break;
    default:
      made = std::fmod(*a, *b);
  }
  return std::isfinite(made) ? Value(made) : Value(Nothing{});
}

// Letters of UTF-8 text, counted.
size_t letters_of(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}
size_t byte_of_letter(std::string_view text, size_t letter) {
  size_t at = 0;
  while (at < text.size() && letter > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    --letter;
  }
  return at;
}

std::string with_case(std::string text, bool upper) {
  for (char& c : text) {
    const bool changes = upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
    if (changes) c = static_cast<char>(c ^ 0x20);
  }
  return text;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string::npos ? std::string() : text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<Value> substring_of(const std::string& text, const std::vector<Value>& arguments) {
  const auto* from = std::get_if<double>(&arguments[1]);
  const auto* count = arguments.size() > 2 ? std::get_if<double>(&arguments[2]) : nullptr;
  if (from == nullptr || *from < 0 || *from > 1e6 || (arguments.size() > 2 && (count == nullptr || !(*count >= 0)))) {
    return wrong_kind("substring");
  }
  const size_t start = byte_of_letter(text, static_cast<size_t>(*from));
  const std::string rest = text.substr(start);
  return Value(count == nullptr ? rest
                                : rest.substr(0, byte_of_letter(rest, static_cast<size_t>(std::min(*count, 1e6)))));
}

Result<Value> of_text(Operation operation, const std::vector<Value>& arguments) {
  const auto* text = std::get_if<std::string>(&arguments[0]);
  if (text == nullptr) return Value(Nothing{});
  const auto* other = arguments.size() > 1 ? std::get_if<std::string>(&arguments[1]) : nullptr;
  switch (operation) {
    case Operation::length:
      return Value(static_cast<double>(letters_of(*text)));
    case Operation::to_lower:
      return Value(with_case(*text, false));
    case Operation::to_upper:
      return Value(with_case(*text, true));
    case Operation::trim:
      return Value(trimmed(*text));
    case Operation::substring:
      return substring_of(*text, arguments);
    default:
      break;
  }
  if (other == nullptr) return Value(Nothing{});
  switch (operation) {
    case Operation::contains:
      return Value(text->find(*other) != std::string::npos);
    case Operation::substring_of:
      return Value(other->find(*text) != std::string::npos);
    case Operation::ends_with:
      return Value(text->ends_with(*other));
    case Operation::starts_with:
      return Value(text->starts_with(*other));
    case Operation::index_of: {
      const size_t at = text->find(*other);
      return Value(at == std::string::npos ? -1.0 : static_cast<double>(letters_of(text->substr(0, at))));
    }
    default:
      return Value(*text + *other);
  }
}

Result<Value> of_time(Operation operation, const Value& given) {
  Value value = given;
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto read = Instant::parse(*text);
    value = read.ok() ? Value(*read) : Value(Nothing{});
  }
  const auto interval = as_interval(value);
  if (!interval) return Value(Nothing{});
  const Instant at = interval->from;
  const auto point = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(at.microseconds));
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(point - day);
  const auto number = [](auto count) { return Result<Value>(Value(static_cast<double>(count))); };
  switch (operation) {
    case Operation::year:
      return number(static_cast<int>(date.year()));
    case Operation::month:
      return number(static_cast<unsigned>(date.month()));
    case Operation::day:
      return number(static_cast<unsigned>(date.day()));
    case Operation::hour:
      return number(clock.hours().count());
    case Operation::minute:
      return number(clock.minutes().count());
    case Operation::second:
      return number(clock.seconds().count());
    case Operation::fractional_seconds:
      return number(static_cast<double>(clock.subseconds().count()) / 1e6);
    case Operation::total_offset_minutes:
      return number(0);
    default:
      break;
  }
  char text[32];
  if (operation == Operation::date) {
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  } else {
    std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  }
  return Value(std::string(text));
}

Result<Value> of_number(Operation operation, const Value& value) {
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return Value(Nothing{});
  if (operation == Operation::negate) return Value(-*number);
  if (operation == Operation::floor) return Value(std::floor(*number));
  return Value(operation == Operation::ceiling ? std::ceil(*number) : std::round(*number));
}

Result<Value> of_intervals(Operation operation, const Value& left, const Value& right) {
  const auto a = as_interval(left), b = as_interval(right);
  if (!a || !b) return Value(Nothing{});
  switch (operation) {
    case Operation::time_before:
      return Value(a->to < b->from);
    case Operation::time_after:
      return Value(a->from > b->to);
    case Operation::time_meets:
      return Value(a->to == b->from || a->from == b->to);
    case Operation::time_during:
      return Value(a->from >= b->from && a->to <= b->to);
    case Operation::time_overlaps:
      return Value(a->from <= b->to && b->from <= a->to);
    case Operation::time_starts:
      return Value(a->from == b->from);
    default:
      return Value(a->to == b->to);
  }
}

// One worker's GEOS.
class Geos {
 public:
  Geos() : context_(GEOS_init_r()), reader_(GEOSWKTReader_create_r(context_)) {}
  ~Geos() {
    GEOSWKTReader_destroy_r(context_, reader_);
    GEOS_finish_r(context_);
  }
  Geos(const Geos&) = delete;
  Geos& operator=(const Geos&) = delete;

  using Shape = std::unique_ptr<GEOSGeometry, std::function<void(GEOSGeometry*)>>;
  Shape shape(const Geometry& geometry) {
    return {GEOSWKTReader_read_r(context_, reader_, wkt_of(geometry).c_str()),
            [context = context_](GEOSGeometry* one) { GEOSGeom_destroy_r(context, one); }};
  }
  GEOSContextHandle_t context() const { return context_; }

 private:
  GEOSContextHandle_t context_;
  GEOSWKTReader* reader_;
};

std::optional<Geometry> geometry_of(const Value& value) {
  if (const auto* geometry = std::get_if<Geometry>(&value)) return *geometry;
  const auto* json = std::get_if<twin::Json>(&value);
  if (json == nullptr) return {};
  const auto read = ngsi::parse_geometry(json->text);
  return read.ok() ? std::optional(*read) : std::nullopt;
}

using Predicate = char (*)(GEOSContextHandle_t, const GEOSGeometry*, const GEOSGeometry*);
Predicate predicate_of(Operation operation) {
  switch (operation) {
    case Operation::st_equals:
      return GEOSEquals_r;
    case Operation::st_disjoint:
      return GEOSDisjoint_r;
    case Operation::st_touches:
      return GEOSTouches_r;
    case Operation::st_within:
      return GEOSWithin_r;
    case Operation::st_overlaps:
      return GEOSOverlaps_r;
    case Operation::st_crosses:
      return GEOSCrosses_r;
    case Operation::st_contains:
      return GEOSContains_r;
    default:
      return GEOSIntersects_r;
  }
}

Result<Value> of_geometry(Operation operation, const std::vector<Value>& arguments) {
  thread_local Geos geos;
  const auto left = geometry_of(arguments[0]);
  if (!left) return Value(Nothing{});
  const auto a = geos.shape(*left);
  if (operation == Operation::geo_length) {
    double length = 0;
    if (!a || GEOSLength_r(geos.context(), a.get(), &length) != 1) return Value(Nothing{});
    return Value(length);
  }
  const auto right = geometry_of(arguments[1]);
  if (!right) return Value(Nothing{});
  const auto b = geos.shape(*right);
  if (!a || !b) return Value(Nothing{});
  if (operation == Operation::geo_distance) {
    double distance = 0;
    if (GEOSDistance_r(geos.context(), a.get(), b.get(), &distance) != 1) return Value(Nothing{});
    return Value(distance);
  }
  if (operation == Operation::st_relate) {
    const auto* pattern = std::get_if<std::string>(&arguments[2]);
    if (pattern == nullptr || pattern->size() != 9 || pattern->find_first_not_of("TF*012") != std::string::npos) {
      return wrong_kind("st_relate");
    }
    return Value(GEOSRelatePattern_r(geos.context(), a.get(), b.get(), pattern->c_str()) == 1);
  }
  return Value(predicate_of(operation)(geos.context(), a.get(), b.get()) == 1);
}

}  // namespace

bool stands_before(const Value& left, const Value& right) {
  if (left.index() != right.index()) return left.index() < right.index();
  if (const auto* interval = std::get_if<Interval>(&left)) return interval->from < std::get<Interval>(right).from;
  const auto order = compared(left, right);
  return order && *order < 0;
}

Result<Value> apply(Operation operation, const std::vector<Value>& arguments, Instant now) {
  if (operation >= Operation::equal && operation <= Operation::less_or_equal) {
    return compare(operation, arguments[0], arguments[1]);
  }
  if (operation >= Operation::add && operation <= Operation::modulo) {
    return calculate(operation, arguments[0], arguments[1]);
  }
  if (operation >= Operation::contains && operation <= Operation::concat) return of_text(operation, arguments);
  if (operation >= Operation::year && operation <= Operation::total_offset_minutes) {
    return of_time(operation, arguments[0]);
  }
  if (operation == Operation::now) return Value(now);
  if (operation == Operation::min_date_time) return Value(*Instant::parse("0001-01-01T00:00:00Z"));
  if (operation == Operation::max_date_time) return Value(*Instant::parse("9999-12-31T23:59:59Z"));
  if (operation >= Operation::geo_distance) return of_geometry(operation, arguments);
  if (operation >= Operation::time_before) return of_intervals(operation, arguments[0], arguments[1]);
  return of_number(operation, arguments[0]);
}

}  // namespace cityloom::serve::sta
