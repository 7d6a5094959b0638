// Any bytes as a file: the XML reader and the import answer with entities, warnings or an error, in bounded memory.
#include <cstdlib>

#include "space/testing/checking_sink.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  space::testing::CheckingSink sink;
  space::ImportOptions options;
  options.nodes_max = 10'000;
  for (const char* name : {"fuzz.osm", "fuzz.osm.gz"}) {
    const auto report = space::import_bytes(name, bytes, sink, options);
    if (!report && report.error().what.empty()) std::abort();
  }
  return 0;
}
