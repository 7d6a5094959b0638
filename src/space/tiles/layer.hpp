// The layers of the tile door: which entities each draws, and how. A new one is a line in layers.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/tiles/glb.hpp"
#include "space/tiles/ground.hpp"
#include "space/tiles/triangulate.hpp"
#include "space/vocabulary.hpp"
#include "twin/entity.hpp"

namespace cityloom::space {

/// What a layer is given beside a record.
struct LayerContext {
  Vocabulary vocabulary;
  const twin::TermTable* terms = nullptr;
  const Ground* ground = nullptr;  ///< or none
};

/// What the tiles need to know of an entity before they draw it.
struct Sketch {
  twin::Box box;
  double lowest_m = 0, highest_m = 0;               ///< above the ellipsoid
  double longitude_deg = 0, latitude_deg = 0;       ///< the middle of the ground it covers
  double area_m2 = 0;                               ///< of that ground
  double length_m = 0, width_m = 0, angle_rad = 0;  ///< the rectangle like it; counter-clockwise from east
  double size_m = 0;                                ///< how far away it still matters
  uint64_t version = 0;  ///< a hash of the id and of everything that is drawn or stands in the table
  std::string category, height_source;
  std::optional<double> levels;
};

/// Where a layer draws.
struct Canvas {
  GlbScene& scene;
  Triangulator& triangulator;
};

/// One layer: /tiles/NAME/. All functions are pure and called by any worker.
struct Layer {
  std::string name;
  std::vector<std::string> types;       ///< of what is drawn, without the default vocabulary's prefix
  std::vector<std::string> part_types;  ///< of what is drawn instead of the outline of the entity named by `partOf`
  bool has_blocks = true;               ///< whether far away many are drawn as one box; else the largest only
  Material block_material;              ///< of those boxes

  /// An empty table; "id" is its first column.
  FeatureTable (*make_table)() = nullptr;
  /// Whether a change of this attribute may change the picture.
  bool (*shows)(twin::Term attribute, const LayerContext& context) = nullptr;
  /// None where there is nothing to draw. Cost: some microseconds.
  std::optional<Sketch> (*sketch)(const twin::EntityRecord& record, const LayerContext& context) = nullptr;
  /// Fills the last row of the table.
  void (*describe)(const twin::EntityRecord& record, const LayerContext& context, FeatureTable& table) = nullptr;
  /// Adds the entity's triangles (or instances) under a feature number, within the box and heights of its sketch.
  void (*draw)(const twin::EntityRecord& record, uint32_t feature, const LayerContext& context,
               Canvas& canvas) = nullptr;
};

/// All layers. The first is that of buildings.
const std::vector<Layer>& all_layers();

}  // namespace cityloom::space
