// Writes an object as binary glTF 2.0.
#pragma once

#include <string>

#include "space/objects/object_mesh.hpp"

namespace cityloom::space {

/// A GLB file: one node that stands at the origin, y up and its front along +z as glTF has it. Colours stand at the
/// vertices; there is one primitive for each finish (matt, metal, glass, and lit by KHR_materials_unlit). `extras` of
/// the asset hold `kind` and `parameters`. Same input, same bytes.
std::string object_glb(const ObjectKind& kind, const ObjectValues& values, const ObjectMesh& mesh);

}  // namespace cityloom::space
