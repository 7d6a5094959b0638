// Entities as CityJSON 2.0, one at a time, their vertices at the end.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <string>
#include <vector>

#include "space/city/body.hpp"
#include "space/vocabulary.hpp"
#include "twin/entity.hpp"

namespace cityloom::space {

/// Gathers what all objects share. One worker.
class CityJsonWriter {
 public:
  explicit CityJsonWriter(const twin::TermTable& terms) : terms_(terms), vocabulary_(Vocabulary::find(terms)) {}

  /// The head of the file, up to the first object.
  std::string begin() const;
  /// The member of CityObjects for an entity; "" if CityJSON has no type for it. `children`: the ids of its parts.
  std::string object(const twin::Entity& entity, const std::vector<std::string>& children = {});
  /// What follows the objects: appearance, transform, vertices.
  std::string end() const;
  bool is_full() const;

 private:
  std::string attributes(const twin::Entity& entity) const;
  std::string geometry(const Body& body);
  std::string outline(const twin::Geometry& geometry);
  size_t vertex(const twin::Position& position);
  size_t texture(const CityTexture& texture);
  size_t material(const CityMaterial& material);
  std::string ring(const twin::Geometry& faces, uint32_t ring);

  const twin::TermTable& terms_;
  Vocabulary vocabulary_;
  std::vector<int64_t> vertices_;  // latitude and longitude in 1e-9 degrees, height in millimetres
  absl::flat_hash_map<uint64_t, size_t> vertex_places_;  // of the object at hand
  std::vector<CityTexture> textures_;
  std::vector<CityMaterial> materials_;
  std::vector<float> texture_vertices_;
};

}  // namespace cityloom::space
