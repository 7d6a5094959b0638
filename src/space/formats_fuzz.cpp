// Any bytes as a file of every format but OpenStreetMap: entities, warnings or an error, in bounded memory and time.
// The first byte says which.
#include <array>
#include <cstdlib>

#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom;
  if (size == 0) return 0;
  constexpr std::array<const char*, 8> names{"f.geojson", "f.topojson", "f.csv", "f.net.xml",
                                             "f.inp",     "f.zip",      "f.las", "f.laz"};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  space::testing::MemorySink sink;
  space::ImportOptions options;
  if (data[0] >= 128) options.placement = space::Placement{127, 37.5, 20, 30};
  const auto report = space::import_bytes(names[data[0] % names.size()], bytes, sink, options);
  if (!report && report.error().what.empty()) std::abort();
  for (const auto& [id, entity] : sink.entities) {
    for (const twin::Attribute& attribute : entity.attributes) {
      const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
      if (geometry != nullptr && !geometry->check()) std::abort();
    }
  }
  return 0;
}
