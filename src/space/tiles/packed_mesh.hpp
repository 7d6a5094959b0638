// A mesh made ready for sending: equal corners once, triangles by material, positions on a grid.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "space/tiles/mesh.hpp"

namespace cityloom::space {

/// Streams of vertices as glTF takes them, and triangles in groups.
struct PackedMesh {
  struct Group {  ///< triangles of one material
    uint32_t material = 0;
    std::vector<uint32_t> indices;
  };
  size_t vertex_count = 0;
  std::string positions;            ///< quantised: three uint16 and two bytes of padding; else three floats
  std::string normals;              ///< quantised: three int8 and a byte of padding; else three floats
  std::string features;             ///< uint16 and two bytes of padding, or uint32 as float past 65,535
  std::string texture_coordinates;  ///< two uint16 when quantised and within the texture, else two floats; or empty
  bool is_quantised = false;
  bool features_are_small = true;
  bool texture_is_quantised = false;
  std::array<double, 3> offset{};  ///< of the grid: position = offset + step * number
  double step_m = 1;
  std::array<double, 3> minimum{}, maximum{};  ///< of positions as they are stored
  std::vector<Group> groups;                   ///< none empty
};

/// Packs; triangles that lose their area on the grid are left out. Same input, same result.
PackedMesh pack(const Mesh& mesh, bool is_quantised);

}  // namespace cityloom::space
