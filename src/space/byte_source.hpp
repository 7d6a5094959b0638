// The bytes of a file or of memory in order, unpacked if they are gzip.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cityloom::space {

/// Reads forward once. Errors of reading are those of where the bytes come from. One worker.
class ByteSource {
 public:
  /// From a file, or, where `path` is empty, from `bytes`, which must outlive this. Errors: not_found, unavailable.
  static base::Result<ByteSource> open(const std::string& path, std::string_view bytes);
  /// Fills up to so many bytes and says how many; 0 at the end.
  using Fill = std::function<base::Result<size_t>(char* to, size_t size)>;
  /// From a function that gives `size` bytes altogether.
  static ByteSource of(Fill fill, uint64_t size);
  ByteSource(ByteSource&&) = default;
  ByteSource& operator=(ByteSource&&) = default;

  /// Fills up to `size` bytes; 0 at the end. gzip is known by its first two bytes. Errors: unavailable (the disk),
  /// corrupt (gzip that is damaged or cut off).
  base::Result<size_t> read(char* to, size_t size);

  /// Bytes taken from the file or memory so far (packed, if it is gzip), and all there are.
  uint64_t offset() const { return offset_; }
  uint64_t size() const { return size_; }

 private:
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct EndInflate {
    void operator()(z_stream* stream) const {
      inflateEnd(stream);
      delete stream;
    }
  };
  ByteSource() = default;
  base::Result<size_t> read_packed(char* to, size_t size);
  base::Result<size_t> inflate_into(char* to, size_t size);

  std::unique_ptr<std::FILE, CloseFile> file_;
  std::string_view bytes_;
  Fill fill_;
  uint64_t offset_ = 0;
  uint64_t size_ = 0;
  std::unique_ptr<z_stream, EndInflate> inflate_;
  std::string packed_;
};

}  // namespace cityloom::space
