// Any text as a formula: parsed or refused; a parsed one has a value for any numbers.
#include <array>
#include <string>
#include <vector>

#include "space/objects/expression.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::space;
  static const std::vector<std::string> names{"a", "b", "height"};
  const auto expression = Expression::parse({reinterpret_cast<const char*>(data), size}, names);
  if (!expression) return 0;
  for (const std::array<double, 3>& values : {std::array<double, 3>{0, 0, 0}, {1, -2, 1e300}})
    (void)expression->value(values);
  return 0;
}
