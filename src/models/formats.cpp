// The formats of texts that are checked (JSON Schema Validation, section 7.3).
#include <algorithm>

#include "base/instant.hpp"
#include "models/schema.hpp"

namespace cityloom::models {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// RFC 3986: a scheme, then anything without blanks and what a URI may not hold.
bool is_uri(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text.front())) return false;
  const std::string_view scheme = text.substr(0, colon);
  const bool named = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
  return named && text.substr(colon).find_first_of(" \t\n\r<>\"{}|\\^`") == std::string_view::npos;
}

bool is_email(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
  const std::string_view host = text.substr(at + 1);
  return text.find_first_of(" \t\n\r") == std::string_view::npos && text.find('@') == at && !host.starts_with('.') &&
         !host.ends_with('.') && !host.starts_with('-');
}

}  // namespace

bool is_of_format(SchemaNode::Format format, std::string_view text) {
  using Format = SchemaNode::Format;
  switch (format) {
    case Format::none:
      return true;
    case Format::date_time:
      return base::Instant::parse(text).ok();
    case Format::date:
      return text.size() == 10 && base::Instant::parse(std::string(text) + "T00:00:00Z").ok();
    case Format::time:
      return base::Instant::parse("2000-01-01T" + std::string(text)).ok();
    case Format::uri:
      return is_uri(text);
    case Format::email:
      return is_email(text);
  }
  return true;
}

}  // namespace cityloom::models
