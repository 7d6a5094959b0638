// Blocks to lines.
#include "space/formats/line_reader.hpp"

#include <iconv.h>
#include <simdjson.h>

namespace cityloom::space {

base::Result<bool> LineReader::next(std::string& line) {
  line.clear();
  for (;;) {
    if (begin_ == end_) {
      const auto count = source_.read(buffer_.data(), buffer_.size());
      if (!count) return count.error();
      begin_ = 0;
      end_ = *count;
      if (end_ == 0) {
        if (line.empty()) return false;
        ++number_;
        return true;
      }
    }
    const char letter = buffer_[begin_++];
    if (letter == '\n' && skips_feed_) {
      skips_feed_ = false;
      continue;
    }
    skips_feed_ = letter == '\r';
    if (letter == '\n' || letter == '\r') {
      ++number_;
      return true;
    }
    if (line.size() == line_bytes_max) {
      return base::fail(base::Code::too_large, "A line has more than 1 MiB", "line " + std::to_string(number_ + 1));
    }
    line += letter;
  }
}

void make_utf8(std::string& text) {
  if (simdjson::validate_utf8(text.data(), text.size())) return;
  const iconv_t handle = iconv_open("UTF-8", "CP949");
  if (handle != iconv_t(-1)) {  // NOLINT: the library's way to say so
    std::string made(text.size() * 4 + 4, '\0');
    char* from = text.data();
    char* to = made.data();
    size_t from_left = text.size(), to_left = made.size();
    const bool is_done = iconv(handle, &from, &from_left, &to, &to_left) != static_cast<size_t>(-1);
    iconv_close(handle);
    if (is_done) {
      made.resize(made.size() - to_left);
      text = std::move(made);
      return;
    }
  }
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) >= 0x80) letter = '?';
  }
}

}  // namespace cityloom::space
