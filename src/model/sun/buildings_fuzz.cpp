// Any bytes as a file of buildings: read within bounds, or refused; what is read stands on a terrain.
#include <cmath>
#include <cstdlib>

#include "model/sun/buildings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::model;
  const auto read = sun::read_buildings({reinterpret_cast<const char*>(data), size});
  if (!read.ok()) return 0;
  GridFile terrain;
  terrain.columns = terrain.rows = 20;
  terrain.values.assign(400, 5);
  const auto standing = sun::raise(terrain, read->all);
  if (standing.ok() && *standing > read->all.size()) std::abort();
  for (const double height : terrain.values) {
    if (!(height >= 5 && height <= 5 + sun::building_height_m_max)) std::abort();
  }
  return 0;
}
