#include "ngsi/syntax.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace cityloom::ngsi {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_term(std::string_view text) {
  if (text.empty()) return false;
  const bool is_ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) {
    return is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
  }
  // Combining marks are no letters by category, yet names of many scripts need them.
  static const re2::RE2 pattern(R"(\p{L}[\p{L}\p{N}\p{M}_]*)");
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

// Letters that show nothing, move what stands beside them or are none at all: an id with one reads as another id, or
// cannot be read back. RFC 3987 has some of them in an IRI; none of them belongs in an id that people compare.
bool has_hidden_character(std::string_view text) {
  const bool is_ascii =
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) return false;
  static const re2::RE2 hidden(
      R"([\p{Z}\p{C}\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}\x{115F}\x{1160}\x{3164}\x{FFA0}\x{2800}\x{034F}\x{180B}-\x{180F}]|)"
      R"([\x{FDD0}-\x{FDEF}\x{FFFE}\x{FFFF}])");
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), hidden);
}

}  // namespace

bool is_uri(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || !is_letter(text.front()))
    return false;
  const auto is_scheme = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), is_scheme)) return false;
  const bool is_clean = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F ||
           std::string_view("<>\"{}|\\^`").find(c) != std::string_view::npos;
  });
  return is_clean && !has_hidden_character(text);
}

bool is_name(std::string_view text) {
  return is_term(text) || is_uri(text);
}

bool is_scope(std::string_view text) {
  if (text.starts_with('/')) text.remove_prefix(1);
  while (true) {
    const size_t slash = text.find('/');
    if (!is_term(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_language(std::string_view text) {
  if (text == "@none") return true;
  if (text.empty() || text.size() > 100 || !is_letter(text.front())) return false;
  size_t length = 0;
  for (const char c : text) {
    if (c == '-') {
      if (length == 0) return false;
      length = 0;
    } else if (!is_letter(c) && !is_digit(c)) {
      return false;
    } else if (++length > 8) {
      return false;
    }
  }
  return length != 0;
}

base::Result<base::Instant> parse_time(std::string_view text) {
  // Clause 4.6.3: a time is of UTC and says so; differences between it and a local time are none of it.
  if (!text.ends_with('Z')) {
    return base::fail(base::Code::invalid, "a time is of UTC and ends in Z", std::string(text.substr(0, 60)),
                      "write for example 2026-11-22T08:05:00Z");
  }
  if (text.size() > 20 && text[19] == ',') {
    std::string with_point(text);
    with_point[19] = '.';
    return base::Instant::parse(with_point);
  }
  return base::Instant::parse(text);
}

}  // namespace cityloom::ngsi
