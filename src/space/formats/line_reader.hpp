// A text file line by line.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "space/byte_source.hpp"

namespace cityloom::space {

inline constexpr size_t line_bytes_max = 1u << 20;

/// Lines ending in LF, CRLF or CR, without their ends. Holds one line. One worker.
class LineReader {
 public:
  explicit LineReader(ByteSource source) : source_(std::move(source)) {}
  /// The next line; false at the end. Errors: too_large (a line over 1 MiB), those of the source.
  base::Result<bool> next(std::string& line);
  uint64_t number() const { return number_; }  ///< of the last line, counted from 1
  uint64_t bytes_done() const { return source_.offset(); }
  uint64_t bytes_total() const { return source_.size(); }

 private:
  ByteSource source_;
  std::vector<char> buffer_ = std::vector<char>(64u << 10);
  size_t begin_ = 0, end_ = 0;
  uint64_t number_ = 0;
  bool skips_feed_ = false;
};

/// Makes a text UTF-8: what is not is read as CP949, and what is neither loses its odd bytes to "?".
void make_utf8(std::string& text);

}  // namespace cityloom::space
