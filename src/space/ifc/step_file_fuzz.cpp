// Any bytes as a building model: entities, warnings or an error, in bounded time and memory.
#include <cstdlib>

#include "space/ifc/ifc_solid.hpp"
#include "space/testing/checking_sink.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  space::testing::CheckingSink sink;
  space::ImportOptions options;
  options.placement = space::Placement{127.1, 37.51, 40, 30};
  const auto report = space::import_bytes("fuzz.ifc", bytes, sink, options);
  if (!report && report.error().what.empty()) std::abort();
  return 0;
}
