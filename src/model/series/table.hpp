// Tables of values over time as text, row by row and fast.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::model::series {

inline constexpr size_t table_columns_max = 500;  ///< of values
inline constexpr size_t table_line_bytes_max = 1u << 20;

/// Seconds since 1970 in UTC, of `2015-09-01 13:45:00`, of ISO 8601 (`T`, fractions of seconds, `Z` or an offset such
/// as +09:00; without one: UTC; also without seconds or without a time of day; slashes for dashes), or of a number of
/// seconds; a number past 1e11 is one of milliseconds. Nothing where it is none of these or no day of the calendar.
std::optional<double> time_of(std::string_view text);

/// Reads rows of a time and values. Cells lie between commas, semicolons or tabs, as the first line shows; quotes about
/// them are taken off (they may hold separators, not line breaks). The first line may be headings: where one of them is
/// called time, timestamp, date, datetime or ds, that column is the time, else the first. A cell that is no number is a
/// missing value; so is one that is not there. Holds the text, not the rows. One worker.
class TimeTable {
 public:
  struct Row {
    size_t line = 0;  ///< in the text, from 1
    double time_s = 0;
    std::string_view time;           ///< as it is written
    std::span<const double> values;  ///< one a column; missing ones are not numbers. Until the next row is read
  };

  /// The text must outlive it. Errors: invalid (no rows, no column of values, times that
  /// mostly go back in the first 200 rows), too_large (past the limits above).
  static base::Result<TimeTable> open(std::string_view text);

  /// Of the columns of values: their headings, or "value 1" and so on.
  const std::vector<std::string>& names() const { return names_; }
  /// Bytes of text read.
  size_t position() const { return static_cast<size_t>(rest_.data() - text_.data()); }

  /// The next row, or nothing at the end. Errors: invalid (a time that cannot be read, more cells than the first line
  /// has), too_large (a line); `where` is the line.
  base::Result<std::optional<Row>> next();

 private:
  explicit TimeTable(std::string_view text) : text_(text), rest_(text) {}
  base::Status split_first();
  base::Result<bool> take_line(std::vector<std::string_view>& cells);
  double number_of(std::string_view cell) const;

  std::string_view text_, rest_;
  char separator_ = ',';
  size_t line_ = 0, time_column_ = 0;
  std::vector<std::string> names_;
  std::vector<std::string_view> cells_;
  std::vector<double> values_;
};

}  // namespace cityloom::model::series
