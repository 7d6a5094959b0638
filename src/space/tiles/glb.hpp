// Writes meshes with a table of their features as binary glTF, quantised and compressed, or plain.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/earth.hpp"
#include "space/tiles/feature_table.hpp"
#include "space/tiles/mesh.hpp"

namespace cityloom::space {

/// One copy of a repeated object.
struct Instance {
  Vector position;         ///< east, north, up of the frame, metres: where the object's origin stands
  double heading_deg = 0;  ///< clockwise from north, of the object's own y (north) axis
  Vector scale{1, 1, 1};   ///< east, north, up of the object
  uint32_t feature = 0;    ///< a row of the feature table
};

/// An object and where it stands. The feature numbers in its mesh are not used.
struct InstancedMesh {
  Mesh mesh;
  std::vector<Instance> instances;
  std::string key;  ///< by which `GlbScene::repeated` finds it
};

/// What one tile draws.
struct GlbScene {
  LocalFrame frame;
  Mesh mesh;
  std::vector<InstancedMesh> instanced;  ///< trees, lamps: each mesh is sent once
  FeatureTable features;

  /// The object of this key; made by `make` when it is the first of its kind here. Cost: a look at each kind.
  InstancedMesh& repeated(std::string_view key, const std::function<Mesh()>& make);
};

/// Gives the bytes of an asset by its hash. Errors: not_found, unavailable.
using AssetSource = std::function<base::Result<std::shared_ptr<const std::string>>(std::string_view hash)>;

struct GlbOptions {
  /// Quantised (KHR_mesh_quantization) and compressed (EXT_meshopt_compression); else plain floats, which every client
  /// reads.
  bool is_compressed = true;
  AssetSource assets;  ///< for textures; a texture that cannot be had is left out, its colour stays
};

/// A GLB file: nodes placed at the frame's origin on the earth (with glTF's y axis up, as 3D Tiles expects); features
/// by EXT_mesh_features, EXT_instance_features and EXT_structural_metadata. Absent texts are "", absent numbers -9999:
/// the schema says so as `noData`. Positions are off by at most half of `quantisation_step_m`. Same input, same bytes.
/// A scene without triangles gives an empty scene.
std::string make_glb(const GlbScene& scene, const GlbOptions& options = {});

/// The step of the grid on which positions of a mesh of this extent lie when compressed.
double quantisation_step_m(double extent_m);

}  // namespace cityloom::space
