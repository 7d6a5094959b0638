// GML's geometries to faces, lines and points.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "space/city/city_object.hpp"
#include "space/city/xml_tree.hpp"

namespace cityloom::space {

/// How surfaces look, by the ids that appearances name. Bounded: past `numbers_max` texture coordinates more are left
/// out, and is_full says so.
struct GmlAppearance {
  struct Covered {
    int32_t texture = -1;
    uint32_t start = 0, count = 0;  ///< in texture_positions, in numbers
  };
  std::vector<CityTexture> textures;
  std::vector<CityMaterial> materials;
  std::vector<float> texture_positions;
  absl::flat_hash_map<uint64_t, Covered> rings;     ///< by the hash of a ring's id
  absl::flat_hash_map<uint64_t, int32_t> surfaces;  ///< materials by the hash of a surface's id
  bool is_full = false;
  bool has_unknown_kinds = false;  ///< georeferenced textures, texture coordinates by formula

  static constexpr size_t numbers_max = 40'000'000;
  bool empty() const { return rings.empty() && surfaces.empty(); }
};

/// Reads one Appearance element (or what holds several) into `to`.
void read_gml_appearance(const XmlTree& tree, XmlTree::Node node, GmlAppearance& to);

/// Trees in which an xlink may point, the object's own first.
struct GmlTrees {
  const XmlTree* own = nullptr;
  const XmlTree* library = nullptr;  ///< of what stands in other objects; may be nullptr
};

/// What geometry inherits from the elements around it.
struct GmlContext {
  std::string crs;
  int dimension = 3;
};
/// The context within an element: its srsName and srsDimension, if it has them.
GmlContext context_within(const XmlTree& tree, XmlTree::Node node, const GmlContext& around);

/// Collects geometry into one CityGeometry at a time. Follows xlinks; a face that was collected already under the same
/// id is not collected again. One worker.
class GmlGeometryReader {
 public:
  GmlGeometryReader(GmlTrees trees, const GmlAppearance* appearance) : trees_(trees), appearance_(appearance) {}

  /// Adds everything below `node` to `to`; faces get this type.
  void collect(XmlTree::Node node, SurfaceType type, const GmlContext& context, CityGeometry& to);
  /// Reads an ImplicitGeometry into `to`, faces of this type; the reference point alone where its shape is in a file of
  /// its own. false: it has none that can be read (`notes` says why).
  bool read_implicit(XmlTree::Node node, SurfaceType type, const GmlContext& context, CityGeometry& to);

  /// Forgets which faces were collected: before another level of detail.
  void begin_level() { seen_.clear(); }
  std::vector<std::string> notes;

 private:
  struct Place {
    const XmlTree* tree;
    XmlTree::Node node;
  };
  struct State {
    SurfaceType type = SurfaceType::other;
    GmlContext context;
    bool is_reversed = false;
    int32_t material = -1;
    int depth = 0;
  };
  void walk(Place at, State state, CityGeometry& to);
  void follow(Place at, const State& state, CityGeometry& to);
  Place find(std::string_view href) const;
  void add_polygon(Place at, const State& state, CityGeometry& to);
  bool add_ring(Place at, const State& state, CityGeometry& to, int32_t& texture);
  void add_texture_corners(const XmlTree& tree, XmlTree::Node ring, size_t first, size_t stated, CityGeometry& to,
                           int32_t& texture);
  bool read_positions(Place at, const GmlContext& context, CityGeometry& to);
  bool read_numbers(std::string_view text, int dimension, CityGeometry& to);
  bool read_coordinates(Place at, CityGeometry& to);
  bool read_matrix(XmlTree::Node node, std::array<double, 16>& matrix);
  void note(std::string text);

  GmlTrees trees_;
  const GmlAppearance* appearance_;
  absl::flat_hash_map<uint64_t, bool> seen_;  // faces by their place
  size_t steps_ = 0;
};

}  // namespace cityloom::space
