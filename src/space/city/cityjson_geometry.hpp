// Boundaries, semantics, textures and materials of CityJSON run in parallel nested lists: here they are walked
// together.
#pragma once

#include <simdjson.h>

#include <string>
#include <vector>

#include "space/city/cityjson_object.hpp"

namespace cityloom::space {

/// Reads one geometry with `shared`'s vertices (or `local_vertices`, three numbers a vertex, of a template). Instances
/// become positions around their reference. Several come of an instance whose template has several. What is wrong is
/// added to `notes`, and the face or geometry left out.
std::vector<CityGeometry> read_cityjson_geometry(const simdjson::dom::element& json, const CityJsonShared& shared,
                                                 const std::vector<double>* local_vertices,
                                                 std::vector<std::string>& notes);

}  // namespace cityloom::space
