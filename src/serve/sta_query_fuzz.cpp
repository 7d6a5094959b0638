// Paths, expressions and options of SensorThings from outside: any bytes give a value or an error, never a fall.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "serve/sta/options.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::serve::sta;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_path(text);
  if (const auto expression = parse_expression(text); expression.ok() && expression->is_literal()) {
    std::string written;
    append_json(expression->literal, written);
  }
  for (const char* name : {"$expand", "$orderby", "$select", "$top"}) {
    Options options;
    (void)set_option(name, text, options);
  }
  if (const auto geometry = read_wkt(text); geometry.ok() && !read_wkt(wkt_of(*geometry)).ok()) __builtin_trap();
  return 0;
}
