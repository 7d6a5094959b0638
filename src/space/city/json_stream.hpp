// Walks a JSON file of any size forward, handing out values as texts of bounded length.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "space/byte_source.hpp"

namespace cityloom::space {

/// Reads forward once. Every function returns false when it cannot go on; `error` then says why. One worker.
class JsonStream {
 public:
  JsonStream(ByteSource source, size_t value_bytes_max)
      : source_(std::move(source)), value_bytes_max_(value_bytes_max) {}

  /// Calls `member(key)` for each member of the object that comes next. It must consume the member's value by one of
  /// the functions below, and return what that returned.
  bool each_member(const std::function<bool(const std::string& key)>& member);
  /// Calls `item()` for each item of the array that comes next, likewise.
  bool each_item(const std::function<bool()>& item);
  /// The text of the value that comes next, as it stands. Too long a one is skipped: then `to` is empty and
  /// `was_too_long` true.
  bool value(std::string& to, bool& was_too_long);
  bool skip();
  /// A number that comes next.
  bool number(double& to);
  /// Whether only white space is left.
  bool is_at_end();

  /// Called after each block that is read, with the bytes taken from the file and all of them.
  std::function<bool(uint64_t done, uint64_t total)> on_block;
  const base::Status& error() const { return error_; }

 private:
  bool fill();
  int peek();  // the next character that is no white space; -1 at the end
  bool expect(char wanted);
  bool string(std::string* to);
  bool walk_value(std::string* to, bool& was_too_long);
  bool fail(std::string what);

  ByteSource source_;
  size_t value_bytes_max_;
  std::string buffer_;
  size_t at_ = 0;
  uint64_t before_ = 0;  // bytes of JSON before the buffer
  base::Status error_;
};

}  // namespace cityloom::space
