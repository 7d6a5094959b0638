// Tables of separated values, row by row, in UTF-8 or an encoding that iconv knows.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

inline constexpr size_t table_row_bytes_max = 4u << 20;
inline constexpr size_t table_cells_max = 5'000;  ///< in one row

/// Reads rows as RFC 4180 has them (quotes, doubled quotes, line breaks within quotes), lines ending in LF, CRLF or CR.
/// A byte order mark is skipped, blank rows are left out, the delimiter (comma, semicolon, tab, bar) is found from the
/// first row if it is not given. Cells that are not UTF-8 are read as CP949, the other encoding in which Korean tables
/// come, unless an encoding is given. Holds one row. One worker.
class TableReader {
 public:
  /// Fills up to so many bytes; 0 at the end.
  using Read = std::function<base::Result<size_t>(char*, size_t)>;
  struct Options {
    char delimiter = 0;    ///< 0: found
    std::string encoding;  ///< "": found
  };

  /// Errors: invalid (encoding), those of `read`.
  static base::Result<TableReader> open(Read read, const Options& options);
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;
  ~TableReader();

  /// The next row's cells; false at the end. Errors: invalid (letters in no known encoding; the next call goes on),
  /// corrupt (a quote that never closes, a row past the limits), those of `read`.
  base::Result<bool> next(std::vector<std::string>& cells);

  uint64_t line() const;  ///< counted from 1, at which the last row began
  char delimiter() const;

 private:
  struct Parts;
  explicit TableReader(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::space
