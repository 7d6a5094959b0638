// Buildings as triangles in the local frame of their tile.
#pragma once

#include <cstdint>

#include "space/earth.hpp"
#include "space/tiles/building_shape.hpp"
#include "space/tiles/mesh.hpp"
#include "space/tiles/triangulate.hpp"

namespace cityloom::space {

/// Adds the shape's walls, roof and, where it does not stand on the ground, floor. Roofs: flat, skillion, pyramidal
/// (also for dome, onion, cone and round); others are drawn flat. A ring that cannot be triangulated loses its roof,
/// never its walls: then false is returned.
bool append_building(const BuildingShape& shape, uint32_t feature, const LocalFrame& frame, Triangulator& triangulator,
                     Mesh& to);

}  // namespace cityloom::space
