// The 3D geometry of an entity, as the attribute `body` of the record holds it (docs/api.md, "Bodies").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/city/city_object.hpp"
#include "space/vocabulary.hpp"
#include "twin/attribute.hpp"

namespace cityloom::space {

/// Faces in WGS 84 with what they are and how they look. One polygon of `faces` is one face; outside rings run
/// counter-clockwise seen from outside. A value.
struct Body {
  std::string lod;                 ///< "1", "2", "2.2"
  twin::Geometry faces;            ///< multi_polygon with heights above the ellipsoid
  std::vector<SurfaceType> types;  ///< one a face
  std::vector<int32_t> textures;   ///< one a face, -1: none; empty: none at all
  std::vector<int32_t> materials;  ///< likewise
  std::vector<CityTexture> texture_list;
  std::vector<CityMaterial> material_list;
  std::vector<float> texture_positions;  ///< two a position of `faces`, the closing one of a ring too; or empty

  /// Of its lowest and highest corner, above the ellipsoid. The body must have a position.
  struct Heights {
    double lowest_m = 0, highest_m = 0;
  };
  Heights heights() const;
  /// How it looks by itself: "textures" where some face has a picture, else "colours" where some is painted, else "".
  std::string_view appearance() const;
  /// Equal bodies have equal hashes.
  uint64_t hash() const;
};

/// The attribute that states a body, without dataset. Cost: a copy of the geometry.
twin::Attribute attribute_of(Body body, const Vocabulary& terms);

/// The body that an attribute states. Lenient, since anybody may write one: what does not fit its faces is left out.
/// nullopt: it is no MultiPolygon (or Polygon) with heights. Cost: a microsecond a kilobyte.
std::optional<Body> body_of(const twin::Attribute& attribute, const Vocabulary& terms);

/// Runs of equal types, as `surfaceTypes` has them: [["ground",1],["wall",8]].
std::string surface_types_json(const std::vector<SurfaceType>& types);

/// The texture positions of textured faces at 16 bits each, base64; "" if no face has a texture.
std::string packed_texture_positions(const Body& body, std::array<float, 4>& range);

}  // namespace cityloom::space
