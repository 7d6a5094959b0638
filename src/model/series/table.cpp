#include "model/series/table.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

namespace cityloom::model::series {
namespace {

using base::Code;
using base::fail;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view cell) {
  const auto is_around = [](char c) { return c == ' ' || c == '\r' || c == '\t'; };
  while (!cell.empty() && is_around(cell.front())) cell.remove_prefix(1);
  while (!cell.empty() && is_around(cell.back())) cell.remove_suffix(1);
  return cell;
}

// Takes `count` digits off the front; -1 where they are not there.
int take_digits(std::string_view& text, size_t count) {
  if (text.size() < count) return -1;
  int number = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+09:00", "+0900", "+09" or nothing, in seconds east.
std::optional<int> offset_of(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z" || text == " UTC") return 0;
  const bool is_west = text.front() == '-';
  if (!is_west && text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  const int hours = take_digits(text, 2);
  take(text, ':');
  const int minutes = text.empty() ? 0 : take_digits(text, 2);
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  return (is_west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

// What stands after the day: "T13:45:00.5+09:00".
std::optional<double> time_of_day(std::string_view text) {
  if (text.empty()) return 0;
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const int hour = take_digits(text, 2);
  if (hour < 0 || hour > 24 || !take(text, ':')) return std::nullopt;
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59) return std::nullopt;
  int second = 0;
  double fraction = 0;
  if (take(text, ':')) {
    second = take_digits(text, 2);
    if (second < 0 || second > 60) return std::nullopt;
    if (take(text, '.') || take(text, ',')) {
      if (text.empty() || !is_digit(text.front())) return std::nullopt;
      for (double place = 0.1; !text.empty() && is_digit(text.front()); place /= 10, text.remove_prefix(1))
        fraction += place * (text.front() - '0');
    }
  }
  const auto offset = offset_of(text);
  if (!offset) return std::nullopt;
  return hour * 3600.0 + minute * 60 + second + fraction - *offset;
}

bool is_name_of_time(std::string_view cell) {
  std::string name(cell.substr(0, 20));
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  static constexpr std::array<std::string_view, 5> names{"timestamp", "time", "datetime", "date", "ds"};
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::optional<double> time_of(std::string_view text) {
  text = trimmed(text);
  std::string_view rest = text;
  const int year = take_digits(rest, 4);
  const char separator = rest.empty() ? 0 : rest.front();
  if (year >= 0 && (separator == '-' || separator == '/')) {
    rest.remove_prefix(1);
    const int month = take_digits(rest, 2);
    if (month < 0 || !take(rest, separator)) return std::nullopt;
    const int day = take_digits(rest, 2);
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(std::max(day, 0)))};
    const auto of_day = time_of_day(rest);
    if (day < 0 || !date.ok() || !of_day) return std::nullopt;
    return static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86'400 + *of_day;
  }
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || !(std::abs(number) < 1e15)) return std::nullopt;
  constexpr double seconds_max = 1e11;
  return std::abs(number) > seconds_max ? number / 1000 : number;
}

double TimeTable::number_of(std::string_view cell) const {
  if (!cell.empty() && cell.front() == '+') cell.remove_prefix(1);
  if (cell.empty()) return not_a_number;
  double number = 0;
  auto [end, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (problem == std::errc{} && end == cell.data() + cell.size()) return std::isfinite(number) ? number : not_a_number;
  // Where semicolons separate, commas may be decimal points.
  std::array<char, 40> copy{};
  const size_t comma = cell.find(',');
  if (separator_ != ';' || comma == std::string_view::npos || cell.size() > copy.size()) return not_a_number;
  std::ranges::copy(cell, copy.begin());
  copy[comma] = '.';
  const auto [copy_end, copy_problem] = std::from_chars(copy.data(), copy.data() + cell.size(), number);
  const bool is_number = copy_problem == std::errc{} && copy_end == copy.data() + cell.size() && std::isfinite(number);
  return is_number ? number : not_a_number;
}

// The cells of the next line that has any; false at the end.
base::Result<bool> TimeTable::take_line(std::vector<std::string_view>& cells) {
  while (!rest_.empty()) {
    const void* found = std::memchr(rest_.data(), '\n', rest_.size());
    const size_t end = found ? static_cast<size_t>(static_cast<const char*>(found) - rest_.data()) : rest_.size();
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    if (line.size() > table_line_bytes_max)
      return fail(Code::too_large, "a line of more than a megabyte", "line " + std::to_string(line_));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (trimmed(line).empty()) continue;
    cells.clear();
    for (bool more = true; more;) {
      size_t length = 0;
      size_t start = line.find_first_not_of(' ');
      std::string_view cell;
      if (start != std::string_view::npos && line[start] == '"') {
        const size_t close = std::min(line.find('"', start + 1), line.size());
        cell = line.substr(start + 1, close - start - 1);
        length = std::min(line.find(separator_, close), line.size());
      } else {
        const void* at = line.empty() ? nullptr : std::memchr(line.data(), separator_, line.size());
        length = at ? static_cast<size_t>(static_cast<const char*>(at) - line.data()) : line.size();
        cell = line.substr(0, length);
      }
      cells.push_back(trimmed(cell));
      if (cells.size() > table_columns_max + 1)
        return fail(Code::too_large, "more than 500 columns of values", "line " + std::to_string(line_));
      more = length < line.size();
      line.remove_prefix(std::min(length + 1, line.size()));
    }
    return true;
  }
  return false;
}

base::Status TimeTable::split_first() {
  const std::string_view first = rest_.substr(0, rest_.find('\n'));
  for (const char candidate : {';', '\t'}) {
    if (first.find(candidate) != std::string_view::npos) {
      separator_ = candidate;
      break;
    }
  }
  const std::string_view before = rest_;
  const size_t line_before = line_;
  const auto has_any = take_line(cells_);
  if (!has_any) return has_any.error();
  if (!*has_any) return fail(Code::invalid, "there are no rows", {}, "write a time and values a line, between commas");
  if (cells_.size() < 2)
    return fail(Code::invalid, "there is no column of values", "line " + std::to_string(line_),
                "write a time and values a line, between commas");
  const auto named = std::ranges::find_if(cells_, is_name_of_time);
  time_column_ = named == cells_.end() ? 0 : static_cast<size_t>(named - cells_.begin());
  const bool is_row = named == cells_.end() && time_of(cells_[0]).has_value();
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (i == time_column_) continue;
    const std::string ordinal = "value " + std::to_string(names_.size() + 1);
    names_.push_back(is_row || cells_[i].empty() ? ordinal : std::string(cells_[i].substr(0, 200)));
  }
  if (is_row) {
    rest_ = before;
    line_ = line_before;
  }
  values_.resize(names_.size());
  return {};
}

base::Result<TimeTable> TimeTable::open(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TimeTable table(text);
  if (auto split = table.split_first(); !split) return split.error();
  // A first column of values that only look like seconds would be judged without complaint.
  constexpr size_t looked_at = 200;
  TimeTable ahead = table;
  size_t rows = 0, back = 0;
  double before = -std::numeric_limits<double>::infinity();
  for (; rows < looked_at; ++rows) {
    const auto row = ahead.next();
    if (!row.ok() || !*row) break;
    back += (*row)->time_s < before ? 1 : 0;
    before = (*row)->time_s;
  }
  if (back > 3 && back * 4 > rows)
    return fail(Code::invalid, "times go back in more than a quarter of the first rows", {},
                "let the first column (or one headed 'time') be the time, and sort rows by it");
  return table;
}

base::Result<std::optional<TimeTable::Row>> TimeTable::next() {
  const auto has_any = take_line(cells_);
  if (!has_any) return has_any.error();
  if (!*has_any) return std::optional<Row>();
  const auto where = [&] { return "line " + std::to_string(line_); };
  if (cells_.size() > names_.size() + 1)
    return fail(Code::invalid, "more cells than the first line has", where(), "write each row with the same columns");
  const auto time_s = time_column_ < cells_.size() ? time_of(cells_[time_column_]) : std::nullopt;
  if (!time_s) {
    const std::string_view cell = time_column_ < cells_.size() ? cells_[time_column_] : std::string_view();
    return fail(Code::invalid, "no time: '" + std::string(cell.substr(0, 40)) + "'", where(),
                "write times as 2026-11-28T13:45:00Z, 2026-11-28 13:45:00 or seconds since 1970");
  }
  size_t column = 0;
  for (size_t i = 0; i <= names_.size(); ++i) {
    if (i == time_column_) continue;
    values_[column++] = i < cells_.size() ? number_of(cells_[i]) : not_a_number;
  }
  return std::optional<Row>(Row{line_, *time_s, cells_[time_column_], values_});
}

}  // namespace cityloom::model::series
