// Writes a mesh with a table of its features as binary glTF (EXT_mesh_features, EXT_structural_metadata).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "space/tiles/building_mesh.hpp"

namespace cityloom::space {

/// A row of the feature table: what a click on the feature shows at once. Its place in the list is the feature's
/// number.
struct FeatureRow {
  std::string id;  ///< of the entity
  std::string name;
  std::string category;
  std::string height_source;
  std::optional<double> height_m;
  std::optional<double> levels;
};

/// A GLB file: one mesh, its node placed at the frame's origin on the earth (with glTF's y axis up, as 3D Tiles
/// expects). Absent texts are "", absent numbers -9999: the schema says so as `noData`. Same input, same bytes. A mesh
/// without triangles gives an empty scene.
std::string make_glb(const BuildingMesh& mesh, const LocalFrame& frame, const std::vector<FeatureRow>& features);

}  // namespace cityloom::space
