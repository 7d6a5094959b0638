// A model of the terrain as an entity: what importers write and the terrain reads.
#pragma once

#include <optional>
#include <string>

#include "space/import_batch.hpp"
#include "space/terrain/height_pyramid.hpp"
#include "twin/entity.hpp"

namespace cityloom::space {

/// The terms of TerrainModel entities (docs/api.md). A value.
struct TerrainTerms {
  twin::Term terrain_model, grid, resolution, vertical_datum, height_correction, vertical_accuracy, lowest, highest;

  static TerrainTerms intern(ImportBatch& batch);          ///< for writers; a failure shows at the batch's next add
  static TerrainTerms find(const twin::TermTable& table);  ///< for readers
};

/// What of a TerrainModel is needed to ask it for heights.
struct TerrainModel {
  std::string id;
  GridShape shape;
  std::string index;  ///< the asset with the blocks' names
};

/// Reads a record of that type; nothing if it does not say a grid that can be. Anybody may write one.
std::optional<TerrainModel> terrain_model_of(const twin::EntityRecord& record, const TerrainTerms& terms);

/// What is known of a raster beside its heights.
struct TerrainDescription {
  std::string name;               ///< the end of its id: "N43E007"
  std::string object;             ///< in its file, for `providedBy`
  std::string vertical_datum;     ///< of the file, for a person: "EGM96 geoid"
  std::string height_correction;  ///< how its heights became ellipsoidal: "egm96_15.gtx", "none needed"
  std::optional<double> vertical_accuracy_m;
};

/// The entity of a raster whose blocks and index are assets already, for the batch to add.
thread::Change terrain_model_change(ImportBatch& batch, const GridShape& shape, const std::string& index,
                                    float lowest_m, float highest_m, const TerrainDescription& description);

}  // namespace cityloom::space
