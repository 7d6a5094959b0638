// Any bytes as a tile of SRTM, plain and zipped: heights, or an error, in bounded memory.
#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  space::testing::MemorySink sink;
  for (const char* name : {"N43E007.hgt", "N43E007.hgt.zip"}) (void)space::import_bytes(name, bytes, sink).ok();
  return 0;
}
