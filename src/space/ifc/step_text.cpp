// The escapes of STEP texts.
#include <cstdint>
#include <string>

#include "space/ifc/step_file.hpp"

namespace cityloom::space {
namespace {

void append_utf8(uint32_t code, std::string& to) {
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) || code == 0) code = 0xFFFD;
  if (code < 0x80) {
    to.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    to.push_back(static_cast<char>(0xC0 | (code >> 6)));
    to.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    to.push_back(static_cast<char>(0xE0 | (code >> 12)));
    to.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    to.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    to.push_back(static_cast<char>(0xF0 | (code >> 18)));
    to.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    to.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    to.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// `digits` hexadecimal digits at the start, or -1.
int64_t hex_number(std::string_view text, size_t digits) {
  if (text.size() < digits) return -1;
  int64_t number = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    number = number * 16 + digit;
  }
  return number;
}

// The units of \X2\ or \X4\ up to \X0\; moves `text` past them.
void append_wide(std::string_view& text, size_t digits, std::string& to) {
  while (!text.empty() && text.front() != '\\') {
    int64_t code = hex_number(text, digits);
    if (code < 0) {
      append_utf8(0xFFFD, to);
      text.remove_prefix(std::min<size_t>(1, text.size()));
      continue;
    }
    text.remove_prefix(digits);
    // Writers put UTF-16 into \X2\: a pair of halves is one letter.
    if (digits == 4 && code >= 0xD800 && code < 0xDC00) {
      const int64_t low = hex_number(text, 4);
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        text.remove_prefix(4);
      }
    }
    append_utf8(static_cast<uint32_t>(code), to);
  }
  if (text.starts_with("\\X0\\")) text.remove_prefix(4);
}

// Length of the well-formed UTF-8 letter at the start; 0 if there is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
  if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
  return length;
}

// One escape at the start of `text`, which begins with a backslash; moves past it. False: none.
bool append_escape(std::string_view& text, std::string& to) {
  if (text.starts_with("\\X2\\")) {
    text.remove_prefix(4);
    append_wide(text, 4, to);
  } else if (text.starts_with("\\X4\\")) {
    text.remove_prefix(4);
    append_wide(text, 8, to);
  } else if (text.starts_with("\\X\\") && hex_number(text.substr(3), 2) >= 0) {
    append_utf8(static_cast<uint32_t>(hex_number(text.substr(3), 2)), to);
    text.remove_prefix(5);
  } else if (text.starts_with("\\S\\") && text.size() > 3) {
    append_utf8((static_cast<unsigned char>(text[3]) & 0x7Fu) + 128u, to);
    text.remove_prefix(4);
  } else if (text.size() > 3 && text[1] == 'P' && text[3] == '\\') {
    text.remove_prefix(4);
  } else if (text.starts_with("\\\\")) {
    to.push_back('\\');
    text.remove_prefix(2);
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string step_text(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  while (!raw.empty()) {
    const char c = raw.front();
    if (c == '\\' && append_escape(raw, text)) continue;
    if (c == '\'' && raw.size() > 1 && raw[1] == '\'') raw.remove_prefix(1);
    if (static_cast<unsigned char>(c) < 0x20) {
      text.push_back(' ');
      raw.remove_prefix(1);
      continue;
    }
    const size_t length = utf8_length(raw);
    if (length == 0) {
      append_utf8(0xFFFD, text);
      raw.remove_prefix(1);
    } else {
      text.append(raw.substr(0, length));
      raw.remove_prefix(length);
    }
  }
  return text;
}

}  // namespace cityloom::space
