// An object as a mesh of 3D Tiles.
#pragma once

#include "space/objects/object_mesh.hpp"
#include "space/tiles/mesh.hpp"

namespace cityloom::space {

/// The same triangles with materials, east (right), north (front) and up of an object that faces north: what
/// `Instance::heading_deg` turns. Surfaces that shine have their colour only. All vertices have the feature 0.
Mesh tile_mesh_of(const ObjectMesh& mesh);

}  // namespace cityloom::space
