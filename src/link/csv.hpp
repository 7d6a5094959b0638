// Reading tables of separated values, record by record.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::link {

inline constexpr size_t record_bytes_max = 1u << 20;  ///< of one record of a table
inline constexpr size_t cells_max = 100'000;          ///< in one record

/// Reads records as RFC 4180 has them (quotes, doubled quotes, line breaks inside quotes), lines ending in LF or CRLF,
/// in UTF-8 (a byte order mark is skipped) or in an encoding that iconv knows whose separators are those of ASCII.
/// Blank lines are skipped. Holds one record at a time. One worker.
class CsvReader {
 public:
  /// Errors: not_found (file), invalid (encoding).
  static base::Result<CsvReader> open(const std::string& file, char delimiter, const std::string& encoding);

  /// Reads from a stream; `encoding` as above.
  static base::Result<CsvReader> over(std::unique_ptr<std::istream> stream, char delimiter,
                                      const std::string& encoding);

  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;
  ~CsvReader();

  /// The next record's cells; false at the end. Errors: invalid (an open quote, not text), too_large; `where` is the
  /// line. After an error the next call goes on with the next line.
  base::Result<bool> next(std::vector<std::string>& cells);

  /// The line, counted from 1, at which the last record began.
  uint64_t line() const;

 private:
  struct Parts;
  explicit CsvReader(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::link
