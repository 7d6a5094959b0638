// What a picture of a building needs, read from its record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "space/city/body.hpp"
#include "space/tiles/ground.hpp"
#include "space/vocabulary.hpp"
#include "twin/entity.hpp"

namespace cityloom::space {

/// A building or a part of one. Heights in metres above its ground; the ground in metres above the ellipsoid.
struct BuildingShape {
  std::string id;
  bool is_part = false;
  std::string parent_id;  ///< of a part; "" if it has none
  std::string name;       ///< without language tag, else Korean, else English, else any
  std::string category;
  std::string height_source;
  std::optional<double> levels;
  std::optional<double> stated_height_m;
  double height_m = 0;  ///< above min_height_m, at most 2000 m more
  double min_height_m = 0;
  double ground_m = 0;  ///< of the lowest corner, else of the lowest ground below; 0 where neither is known
  std::string roof_shape;
  std::optional<double> roof_height_m;
  std::optional<double> roof_direction_deg;
  twin::Geometry outline;  ///< Polygon or MultiPolygon; empty if the record has none
  std::optional<Body> body;  ///< its faces, drawn instead of walls over the outline

  /// Around all that is drawn: roofs may reach over the outline. Must be drawable.
  twin::Box box() const;
  bool can_be_drawn() const { return !outline.positions.empty(); }
  /// Equal shapes have equal hashes; id included.
  uint64_t hash() const;
};

/// Reads a record of type Building or BuildingPart; what is missing or of another kind counts as not stated. An outline
/// without heights stands on the ground, if one is given: its walls begin at the lowest place below it, and on a slope
/// it rises above the highest. Cost: some microseconds.
BuildingShape shape_of(const twin::EntityRecord& record, const Vocabulary& vocabulary, const Ground* ground = nullptr);

/// Whether a change of this attribute changes the picture.
bool is_drawn(twin::Term attribute, const Vocabulary& vocabulary);

}  // namespace cityloom::space
