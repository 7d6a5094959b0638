// Only strings and brackets matter here; what is between them is checked by who parses the value.
#include "space/city/json_stream.hpp"

#include <charconv>
#include <cmath>

namespace cityloom::space {
namespace {

constexpr size_t block_bytes = 256u << 10;
constexpr size_t key_bytes_max = 4'096;
constexpr int depth_max = 64;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

bool JsonStream::fail(std::string what) {
  if (error_) {
    error_ = base::fail(base::Code::corrupt, std::move(what), "byte " + std::to_string(before_ + at_));
  }
  return false;
}

bool JsonStream::fill() {
  if (!error_) return false;
  before_ += buffer_.size();
  at_ = 0;
  buffer_.resize(block_bytes);
  const auto count = source_.read(buffer_.data(), buffer_.size());
  if (!count) {
    buffer_.clear();
    error_ = count.error();
    return false;
  }
  buffer_.resize(*count);
  if (on_block && !on_block(source_.offset(), source_.size())) {
    error_ = base::fail(base::Code::cancelled, "The import was stopped");
    return false;
  }
  if (before_ == 0 && buffer_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  return at_ < buffer_.size();
}

int JsonStream::peek() {
  while (true) {
    while (at_ < buffer_.size() && is_space(buffer_[at_])) ++at_;
    if (at_ < buffer_.size()) return static_cast<unsigned char>(buffer_[at_]);
    if (!fill()) return -1;
  }
}

bool JsonStream::is_at_end() {
  return peek() < 0 && error_.ok();
}

bool JsonStream::expect(char wanted) {
  const int next = peek();
  if (next == static_cast<unsigned char>(wanted)) {
    ++at_;
    return true;
  }
  if (next < 0) return fail("the file ends in the middle of a value");
  return fail(std::string("\"") + wanted + "\" was expected, not \"" + static_cast<char>(next) + "\"");
}

// A string with its quotes; escapes stay as they are.
bool JsonStream::string(std::string* to) {
  if (!expect('"')) return false;
  if (to != nullptr) to->push_back('"');
  bool is_escaped = false;
  while (true) {
    if (at_ == buffer_.size() && !fill()) return fail("the file ends within a text");
    const size_t start = at_;
    while (at_ < buffer_.size()) {
      const char c = buffer_[at_++];
      if (is_escaped) {
        is_escaped = false;
      } else if (c == '\\') {
        is_escaped = true;
      } else if (c == '"') {
        if (to != nullptr) to->append(buffer_, start, at_ - start);
        return true;
      }
    }
    if (to != nullptr && to->size() <= value_bytes_max_) to->append(buffer_, start, at_ - start);
  }
}

bool JsonStream::walk_value(std::string* to, bool& was_too_long) {
  int depth = 0;
  do {
    const int next = peek();
    if (next < 0) return fail("the file ends in the middle of a value");
    if (to != nullptr && to->size() > value_bytes_max_) {
      was_too_long = true;
      to->clear();
      to = nullptr;
    }
    if (next == '"') {
      if (!string(to)) return false;
      continue;
    }
    if (next == '{' || next == '[') {
      if (++depth > depth_max) return fail("it is nested more than " + std::to_string(depth_max) + " deep");
    } else if (next == '}' || next == ']') {
      if (--depth < 0) return fail("a bracket closes that was not opened");
    }
    // A run of what is no text and no bracket, as it lies.
    const size_t start = at_++;
    if (next != '{' && next != '[' && next != '}' && next != ']') {
      while (at_ < buffer_.size()) {
        const char c = buffer_[at_];
        if (c == '"' || c == '{' || c == '[' || c == '}' || c == ']') break;
        if (depth == 0 && (c == ',' || is_space(c))) break;
        ++at_;
      }
    }
    if (to != nullptr) to->append(buffer_, start, at_ - start);
    if (depth == 0 && at_ == buffer_.size() && next != '}' && next != ']') {
      // A number or word may go on in the next block.
      const std::string word = buffer_.substr(start, at_ - start);
      if (!fill()) return error_.ok();
      size_t end = at_;
      while (end < buffer_.size() && !is_space(buffer_[end]) &&
             std::string_view(",]}").find(buffer_[end]) == std::string_view::npos) {
        ++end;
      }
      if (to != nullptr) to->append(buffer_, at_, end - at_);
      at_ = end;
    }
  } while (depth > 0);
  return true;
}

bool JsonStream::value(std::string& to, bool& was_too_long) {
  to.clear();
  was_too_long = false;
  if (!walk_value(&to, was_too_long)) return false;
  if (to.size() > value_bytes_max_) {
    was_too_long = true;
    to.clear();
  }
  return true;
}

bool JsonStream::skip() {
  bool ignored = false;
  return walk_value(nullptr, ignored);
}

bool JsonStream::number(double& to) {
  std::string text;
  bool was_too_long = false;
  const int next = peek();
  if (next != '-' && (next < '0' || next > '9')) return fail("a number was expected");
  // Within one block, which is nearly always: without a copy.
  size_t end = at_;
  while (end < buffer_.size() && std::string_view("0123456789+-.eE").find(buffer_[end]) != std::string_view::npos)
    ++end;
  const char *first = buffer_.data() + at_, *last = buffer_.data() + end;
  if (end == buffer_.size()) {
    text.assign(buffer_, at_, end - at_);
    at_ = end;
    while (true) {
      if (at_ == buffer_.size() && !fill()) break;
      if (std::string_view("0123456789+-.eE").find(buffer_[at_]) == std::string_view::npos || text.size() > 64) break;
      text.push_back(buffer_[at_++]);
    }
    first = text.data();
    last = text.data() + text.size();
  } else {
    at_ = end;
  }
  (void)was_too_long;
  const auto [stop, error] = std::from_chars(first, last, to);
  if (error == std::errc::result_out_of_range) to = std::numeric_limits<double>::infinity();
  if ((error != std::errc() && error != std::errc::result_out_of_range) || stop != last) {
    return fail("a number cannot be read");
  }
  return true;
}

bool JsonStream::each_member(const std::function<bool(const std::string&)>& member) {
  if (!expect('{')) return false;
  if (peek() == '}') {
    ++at_;
    return true;
  }
  std::string key;
  while (true) {
    key.clear();
    peek();
    if (!string(&key)) return false;
    if (key.size() > key_bytes_max) return fail("a name is longer than " + std::to_string(key_bytes_max) + " bytes");
    if (!expect(':')) return false;
    if (!member(key)) return error_.ok() ? fail("a value cannot be read") : false;
    const int next = peek();
    if (next == '}') {
      ++at_;
      return true;
    }
    if (!expect(',')) return false;
  }
}

bool JsonStream::each_item(const std::function<bool()>& item) {
  if (!expect('[')) return false;
  if (peek() == ']') {
    ++at_;
    return true;
  }
  while (true) {
    if (!item()) return error_.ok() ? fail("a value cannot be read") : false;
    const int next = peek();
    if (next == ']') {
      ++at_;
      return true;
    }
    if (!expect(',')) return false;
  }
}

}  // namespace cityloom::space
