// from_chars knows no leading plus.
#include "app/number_option.hpp"

#include <fmt/format.h>

#include <charconv>

namespace cityloom::app {

base::Result<double> read_number(const std::string& text, const std::string& option, double least, double most) {
  double number = 0;
  const char* const begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(number >= least && number <= most))
    return base::fail(base::Code::invalid,
                      fmt::format("\"{}\" is no number from {} to {}", text.substr(0, 40), least, most), option);
  return number;
}

}  // namespace cityloom::app
