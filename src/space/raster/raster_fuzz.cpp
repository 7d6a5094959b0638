// Any bytes as an upload, a packed grid or a colour scale: read within bounds, or refused.
#include <cstdlib>

#include "space/raster/colour_scale.hpp"
#include "space/raster/raster_grid.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::space;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto& grid : {read_raw_raster(bytes).ok() ? std::optional(read_raw_raster(bytes)->grid) : std::nullopt,
                           unpack_raster(bytes).ok() ? std::optional(*unpack_raster(bytes)) : std::nullopt}) {
    if (!grid) continue;
    if (grid->values.size() != size_t{grid->columns} * grid->rows) std::abort();
    (void)grid->value_at((grid->box.west_deg + grid->box.east_deg) / 2, grid->box.south_deg);
    (void)grid->range();
  }
  if (const auto scale = ColourScale::parse(bytes, 0, 1)) {
    if (!ColourScale::parse(scale->text(), 0, 1)) std::abort();
  }
  return 0;
}
