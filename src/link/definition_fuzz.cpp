// Any text as a declaration of links: a mistake is said, nothing breaks.
#include "link/definition.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 20'000) return 0;
  (void)cityloom::link::parse_links({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  return 0;
}
