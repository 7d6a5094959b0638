// Any bytes as CityGML: must end in time and memory, with an error or a report, and give only whole changes.
#include <cstdlib>

#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  space::testing::MemorySink sink;
  space::ImportOptions options;
  options.warnings_max = 10;
  const auto report = space::import_bytes("fuzz.gml", bytes, sink, options);
  if (!report && report.error().what.empty()) std::abort();
  for (const auto& [id, entity] : sink.entities) {
    for (const twin::Attribute& attribute : entity.attributes) {
      const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
      if (geometry != nullptr && !geometry->check()) std::abort();
    }
  }
  return 0;
}
