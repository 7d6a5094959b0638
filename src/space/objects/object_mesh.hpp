// Builds a kind of object with its parameters: solids to triangles. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "space/earth.hpp"
#include "space/objects/object_kind.hpp"

namespace cityloom::space {

/// One value for each parameter of a kind, in their order: numbers (of a choice its place, of a flag 0 or 1) and
/// colours.
struct ObjectValues {
  std::vector<double> numbers;
  std::vector<ObjectColour> colours;
  bool operator==(const ObjectValues&) const = default;
};

/// The defaults of a kind.
ObjectValues default_values(const ObjectKind& kind);

/// Defaults, with `given` in their place: numbers as text, choices by their id, flags as true or false, colours as
/// "#rrggbb". Errors: invalid (no such parameter, not of its kind, out of range; `where` names it).
base::Result<ObjectValues> values_of(const ObjectKind& kind, const std::map<std::string, std::string>& given);

/// A value as `values_of` reads it.
std::string value_text(const ObjectParameter& parameter, double number, const ObjectColour& colour);

/// Width, depth and height in metres as the declaration says. Errors: invalid (not finite, or not above 0).
base::Result<Vector> size_of(const ObjectKind& kind, const ObjectValues& values);

/// How a run of triangles looks.
struct ObjectSurface {
  ObjectColour colour;
  ObjectFinish finish = ObjectFinish::matt;
  bool operator==(const ObjectSurface&) const = default;
};

/// Triangles of an object in its own frame: metres, x right, y where the front looks, z up, origin on the ground.
/// Each solid is closed for itself, its triangles counter-clockwise seen from outside.
struct ObjectMesh {
  struct Solid {  ///< a run of indices
    uint32_t surface = 0;
    uint32_t first_index = 0;
    uint32_t index_count = 0;
    std::string where;  ///< line of its declaration
  };
  std::vector<float> positions;  ///< three a vertex
  std::vector<float> normals;    ///< three a vertex, length 1
  std::vector<uint32_t> indices;
  std::vector<Solid> solids;
  std::vector<ObjectSurface> surfaces;

  size_t vertex_count() const { return positions.size() / 3; }
  size_t triangle_count() const { return indices.size() / 3; }
};

inline constexpr size_t object_triangles_max = 20'000;

/// Builds. Level of detail 0 is for the street, 1 for the distance: without details, and what is round has half the
/// sides. Same input, same output. Errors: invalid (a side not above 0, an outline that crosses itself; with the line
/// of the declaration), too_complex (past `object_triangles_max`). Cost: some microseconds a hundred triangles.
base::Result<ObjectMesh> build_object(const ObjectKind& kind, const std::vector<ObjectMaterial>& materials,
                                      const ObjectValues& values, int level_of_detail = 0);

/// The smallest box around the mesh, which must not be empty.
struct ObjectBounds {
  Vector least, greatest;
};
ObjectBounds bounds_of(const ObjectMesh& mesh);

}  // namespace cityloom::space
