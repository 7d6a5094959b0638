// Cutting and joining solids: what openings, clippings and boolean results ask for.
#pragma once

#include <cstdint>

#include "space/ifc/ifc_geometry.hpp"
#include "space/tiles/triangulate.hpp"

namespace cityloom::space {

enum class SolidOperation : uint8_t { difference, intersection, join };

/// The solid that an operation on two closed solids gives. Faces that lie in one plane are made one again. Exact up to
/// a hundredth of a millimetre, also where faces of both lie in one plane. Cost: some milliseconds for a wall and its
/// windows, grows with the product of faces where they interlock. Errors: too_complex (past `faces_max` of one operand
/// or eight times that on the way).
base::Result<IfcShape> combine(const IfcShape& first, const IfcShape& second, SolidOperation operation,
                               size_t faces_max, Triangulator& triangulator);

/// Makes neighbouring faces of one plane and style one.
void merge_faces(IfcShape& shape);

}  // namespace cityloom::space
