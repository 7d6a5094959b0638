// A body as triangles: what the tiles draw of an entity with faces of its own.
#pragma once

#include "space/city/body.hpp"
#include "space/earth.hpp"
#include "space/tiles/mesh.hpp"
#include "space/tiles/triangulate.hpp"

namespace cityloom::space {

/// A surface of a colour of sRGB, each part from 0 to 1, seen from both sides.
Material painted_material(const std::array<double, 3>& colour, double alpha);

/// Adds the body's faces, each with its own normal, texture or colour (where the body states none: by its type, else
/// `plain`), under a feature number. Holes are cut out; a face that is not plane keeps its corners where they are; a
/// face without area is left out. Cost: about a microsecond a corner, more for faces with holes.
void append_body(const Body& body, uint32_t feature, const LocalFrame& frame, Triangulator& triangulator, Mesh& to,
                 const Material& plain);

}  // namespace cityloom::space
