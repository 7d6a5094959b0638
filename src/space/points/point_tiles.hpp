// Points as 3D Tiles with levels of detail: each tile holds a share of the points of its box, its children the rest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "space/earth.hpp"

namespace cityloom::space {

/// A point in a local frame: east, north, up in metres.
struct CloudPoint {
  float x = 0, y = 0, z = 0;
  uint8_t red = 255, green = 255, blue = 255;
  uint8_t classification = 0;
};
static_assert(sizeof(CloudPoint) == 16);

inline constexpr size_t tile_points_max = 20'000;  ///< in one tile, about

/// Makes tiles out of points, which it sorts in place. `keep` takes each content (binary glTF) and returns its name,
/// under which the tileset names it ("NAME.glb"). Returns the tileset's JSON. Same points, same tiles. Errors: those of
/// `keep`.
base::Result<std::string> make_point_tiles(std::vector<CloudPoint>& points, const LocalFrame& frame,
                                           const std::function<base::Result<std::string>(std::string_view)>& keep);

/// One tile's content: glTF 2.0 of points with colours; y is up, as glTF has it.
std::string point_glb(const CloudPoint* points, size_t count);

}  // namespace cityloom::space
