// The truth behind a rehearsal, line by line.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cityloom::rehearsal {

/// Writes what was truly so as NDJSON, one JSON object a line; docs/rehearsal.md names the kinds of lines. One worker.
class Truth {
 public:
  /// Opens a file, empty. Errors: unavailable.
  static base::Result<std::unique_ptr<Truth>> open(const std::string& path);
  ~Truth();
  Truth(const Truth&) = delete;
  Truth& operator=(const Truth&) = delete;

  /// One line: a JSON object without a line break.
  void line(std::string_view json);
  uint64_t lines() const { return lines_; }
  /// Writes what waits. Errors: unavailable (disk full), with the file.
  base::Status finish();

 private:
  Truth(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}
  std::FILE* file_;
  std::string path_;
  uint64_t lines_ = 0;
  bool has_failed_ = false;
};

}  // namespace cityloom::rehearsal
