// Small pieces of text: quoting for JSON, cutting for samples.
#pragma once

#include <string>
#include <string_view>

namespace cityloom::link {

/// Appends the text as a JSON string, quoted and escaped. The text must be UTF-8.
void append_quoted(std::string_view text, std::string& to);

/// The head of any bytes as valid UTF-8 of at most `bytes_max` bytes: what is no UTF-8 becomes '?', and "..." says that
/// something was cut.
std::string sample_of(std::string_view bytes, size_t bytes_max);

}  // namespace cityloom::link
