// Any bytes as CityGML relief: triangles, warnings, or an error, in bounded memory.
#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  space::testing::MemorySink sink;
  (void)space::import_bytes("fuzz.gml", bytes, sink).ok();
  return 0;
}
