// From the JSON of one CityJSON object to a CityObject. Knows nothing of files.
#pragma once

#include <simdjson.h>

#include <array>
#include <string>
#include <vector>

#include "space/city/city_object.hpp"

namespace cityloom::space {

/// What the objects of a CityJSON file share: vertices as they are in space, textures, materials, templates.
struct CityJsonShared {
  std::array<double, 3> scale{1, 1, 1};
  std::array<double, 3> translate{0, 0, 0};
  std::vector<int32_t> whole_vertices;  ///< three a vertex, before the transform
  std::vector<double> vertices;         ///< instead, where they are no small whole numbers
  std::vector<float> texture_vertices;  ///< two a vertex
  std::vector<CityTexture> textures;
  std::vector<CityMaterial> materials;
  std::vector<std::vector<CityGeometry>> templates;  ///< of each template; positions local
  std::string crs;

  size_t vertex_count() const { return std::max(whole_vertices.size(), vertices.size()) / 3; }
  RawPosition vertex(size_t number) const;
  void add_vertex(double x, double y, double z);
};

/// Reads "appearance" into textures, materials and texture vertices. What is malformed is left out.
void read_cityjson_appearance(const simdjson::dom::element& appearance, CityJsonShared& shared);
/// Reads "transform". false: it is malformed.
bool read_cityjson_transform(const simdjson::dom::element& transform, CityJsonShared& shared);
/// Reads "geometry-templates".
void read_cityjson_templates(const simdjson::dom::element& templates, CityJsonShared& shared);
/// "referenceSystem" of "metadata", or "".
std::string read_cityjson_crs(const simdjson::dom::element& metadata);

/// Reads one object: type, attributes, address, geometries. Ids and parents are the caller's. `notes` of the object
/// tell what was left out: vertices that do not exist, geometries of unknown kinds. Bounded by the size of its JSON
/// (instances by `object_positions_max`).
CityObject read_cityjson_object(const simdjson::dom::element& json, const CityJsonShared& shared);

}  // namespace cityloom::space
