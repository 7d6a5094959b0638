// Tables of separated values, row by row, in UTF-8 or an encoding that iconv knows.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::base {

inline constexpr size_t table_row_bytes_max = 4u << 20;
inline constexpr size_t table_cells_max = 100'000;  ///< in one row

/// Reads rows as RFC 4180 has them (quotes, doubled quotes, line breaks within quotes), lines ending in LF, CRLF or CR.
/// A byte order mark is skipped, blank rows are left out. Holds one row. One worker.
class TableReader {
 public:
  /// Fills up to so many bytes; 0 at the end.
  using Read = std::function<Result<size_t>(char*, size_t)>;
  struct Options {
    char delimiter = 0;  ///< 0: comma, semicolon, tab or bar, as the first row shows
    /// As iconv names it. "": a cell that is not UTF-8 is read as CP949, the other encoding in which Korean tables
    /// come.
    std::string encoding;
  };

  /// Errors: invalid (encoding), those of `read`.
  static Result<TableReader> open(Read read, const Options& options);
  /// Of a file. Errors: also not_found.
  static Result<TableReader> open_file(const std::string& path, const Options& options);
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;
  ~TableReader();

  /// The next row's cells; false at the end. Errors: invalid (letters in no known encoding), too_large (a row past the
  /// limits), corrupt (a quote that never closes), those of `read`; `where` is the line. The next call goes on with the
  /// next line.
  Result<bool> next(std::vector<std::string>& cells);

  uint64_t line() const;  ///< counted from 1, at which the last row began
  char delimiter() const;

 private:
  struct Parts;
  explicit TableReader(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::base
