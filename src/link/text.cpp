#include "link/text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <iterator>

namespace cityloom::link {
namespace {

/// The length of the character that starts here, by its first byte; 1 for what starts none.
size_t character_length(unsigned char first) {
  if (first >= 0xF0) return 4;
  if (first >= 0xE0) return 3;
  return first >= 0xC0 ? 2 : 1;
}

}  // namespace

void append_quoted(std::string_view text, std::string& to) {
  to += '"';
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      to += '\\';
      to += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned>(letter));
    } else {
      to += letter;
    }
  }
  to += '"';
}

std::string sample_of(std::string_view bytes, size_t bytes_max) {
  constexpr std::string_view cut_mark = "...";
  const bool is_cut = bytes.size() > bytes_max;
  const size_t room = is_cut ? bytes_max - std::min(bytes_max, cut_mark.size()) : bytes_max;
  std::string sample;
  for (size_t at = 0; at < bytes.size();) {
    const size_t length = std::min(character_length(static_cast<unsigned char>(bytes[at])), bytes.size() - at);
    const bool is_good = simdjson::validate_utf8(bytes.data() + at, length) && bytes[at] != '\0';
    if (sample.size() + (is_good ? length : 1) > room) break;
    if (is_good) {
      sample.append(bytes.substr(at, length));
    } else {
      sample += '?';
    }
    at += is_good ? length : 1;
  }
  if (is_cut) sample += cut_mark;
  return sample;
}

}  // namespace cityloom::link
