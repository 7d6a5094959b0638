// What CityGML and CityJSON say alike of one object, before its coordinates are understood (room-internal).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "space/coordinates.hpp"
#include "twin/value.hpp"

namespace cityloom::space {

/// What a face of an object is. The names of `name_of` stand in the record.
enum class SurfaceType : uint8_t {
  other,
  ground,
  wall,
  roof,
  closure,
  outer_ceiling,
  outer_floor,
  interior_wall,
  ceiling,
  floor,
  window,
  door,
  water,
  water_ground,
  traffic_area,
  auxiliary_traffic_area,
};
/// "ground", "outerFloor"...
std::string_view name_of(SurfaceType type);
/// From a name in the record, or as CityGML and CityJSON name it ("GroundSurface"); `other` for what is neither.
SurfaceType surface_type_of(std::string_view name);

/// A picture that faces are covered with. `image` is as the file names it, until it has been kept as an asset.
struct CityTexture {
  std::string image;
  std::string media_type;  ///< "image/jpeg"
  std::string wrap;        ///< "", "none", "wrap", "mirror", "clamp", "border"
  std::string asset;       ///< the picture's hash, once it is kept
  bool operator==(const CityTexture&) const = default;
};

/// A colour that faces are painted with; parts from 0 to 1.
struct CityMaterial {
  std::array<double, 3> diffuse{0.8, 0.8, 0.8};
  std::array<double, 3> emissive{0, 0, 0};
  std::array<double, 3> specular{1, 1, 1};
  double shininess = 0.2;
  double transparency = 0;
  bool operator==(const CityMaterial&) const = default;
};

/// One picture of an object at one level of detail: faces, else lines, else points. Rings are open: their first corner
/// is not repeated.
struct CityGeometry {
  std::string lod;        ///< "0", "1", "2.2"
  std::string crs;        ///< as the file names it; "": the file's
  bool is_local = false;  ///< positions are metres east, north, up of `reference`
  RawPosition reference;  ///< of an implicit geometry
  std::vector<RawPosition> positions;
  std::vector<uint32_t> ring_ends;       ///< in positions; of lines, a line's end
  std::vector<uint32_t> face_ends;       ///< in rings; empty if there are only lines or points
  std::vector<SurfaceType> types;        ///< one a face
  std::vector<int32_t> textures;         ///< one a face, -1: none; empty: none at all
  std::vector<int32_t> materials;        ///< likewise
  std::vector<float> texture_positions;  ///< two a position; empty if no face has a texture
  bool has_footprint_only = false;       ///< a footprint or roof edge, no body

  bool has_faces() const { return !face_ends.empty(); }
  /// Ends a face whose rings are there: its type, texture and material.
  void end_face(SurfaceType type, int32_t texture = -1, int32_t material = -1);
  /// Adds the faces of another geometry of the same object behind its own.
  void append(const CityGeometry& more);
  /// Adds texture corners for the positions that have none yet, so that both lists are equally long.
  void pad_texture_positions();
};

/// One object.
struct CityObject {
  std::string type;       ///< as CityJSON names it: "Building", "BuildingPart", "TransportSquare"
  std::string source_id;  ///< "" if the file gives none
  std::string entity_id;  ///< once settled
  std::string parent_id;  ///< the entity that it is a part of
  std::string name;
  std::string description;
  std::string address;    ///< a JSON object, or ""
  std::string roof_type;  ///< the file's code or word
  std::optional<double> measured_height_m;
  std::vector<std::pair<std::string, twin::Value>> fields;   ///< of NGSI-LD names of ours: "storeysAboveGround"
  std::vector<std::pair<std::string, std::string>> generic;  ///< any name, and its value as JSON text
  std::vector<CityGeometry> geometries;
  std::vector<CityTexture> textures;
  std::vector<CityMaterial> materials;
  std::vector<std::string> notes;  ///< what could not be taken of it, for the report
};

/// Gives the object those of a file's textures and materials that its faces use, and its faces their new numbers.
void keep_used_looks(const std::vector<CityTexture>& textures, const std::vector<CityMaterial>& materials,
                     CityObject& object);

inline constexpr size_t object_positions_max = 900'000;  ///< of all geometries of one object together

}  // namespace cityloom::space
