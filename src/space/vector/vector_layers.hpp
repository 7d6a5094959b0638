// Which layer of a vector tile an entity belongs to, from which zoom on, and with which attributes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "space/vector/mvt.hpp"
#include "twin/entity.hpp"
#include "twin/term.hpp"

namespace cityloom::space {

/// The layers of a tile, in the order in which they are drawn.
enum class VectorLayer : uint8_t { areas, pipes, lines, roads, buildings, points };
inline constexpr size_t vector_layer_count = 6;
/// "areas", ...
std::string_view name_of(VectorLayer layer);

/// A field of a layer, as TileJSON describes it.
struct VectorField {
  VectorLayer layer;
  std::string_view name;
  std::string_view description;
};
std::span<const VectorField> vector_fields();
/// The first zoom at which anything of a layer may show.
uint32_t zoom_least_of(VectorLayer layer);

inline constexpr uint32_t vector_zoom_max = 16;  ///< past it clients enlarge
/// Above this zoom only what is large or important shows, and is found by a list of its own.
inline constexpr uint32_t overview_zoom_max = 12;

/// An entity as tiles need it.
struct VectorDraft {
  VectorLayer layer = VectorLayer::points;
  uint32_t zoom_least = 0;  ///< by its class and size
  double size = 0;          ///< the larger side of its box, as a part of the world's width
  uint64_t number = 0;      ///< of the entity in its tenant
  twin::Geometry geometry;
  std::vector<std::pair<std::string_view, TileValue>> attributes;
};

/// Reads records. A value; any worker. The table must outlive it.
class VectorReader {
 public:
  explicit VectorReader(const twin::TermTable& terms);

  /// Nothing for entities without a place, of parts of others (BuildingPart), and of things that move (Vehicle, Person:
  /// the change stream tells of them). Cost: a microsecond or two.
  std::optional<VectorDraft> read(const twin::EntityRecord& record) const;

  /// Whether a fact about this attribute can change a tile.
  bool matters(twin::Term attribute) const;
  /// Whether entities of this id never stand in tiles.
  static bool is_moving(std::string_view entity_id);

 private:
  void place(const twin::EntityRecord& record, VectorDraft& draft, std::string_view type,
             std::string_view road_class) const;

  const twin::TermTable* terms_;
  twin::Term building_, building_part_, road_segment_, water_, green_space_;
  twin::Term name_, category_, height_, levels_, road_class_, oneway_, bridge_, tunnel_, kind_, depth_;
};

}  // namespace cityloom::space
