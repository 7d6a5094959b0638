// What OpenStreetMap says of things under the ground: pipelines, cables, tunnels, levels below buildings.
#pragma once

#include "space/import_batch.hpp"
#include "space/osm_features.hpp"

namespace cityloom::space {

/// Whether a way with these tags is a pipe, cable or tunnel under the ground. Roads in tunnels are roads.
bool is_underground_line(const OsmTags& tags);

/// States such a way as Pipe, Cable or Tunnel. Errors: those of ImportBatch::add.
base::Status add_underground_line(ImportBatch& batch, const OsmObject& way, const OsmTags& tags,
                                  twin::Geometry geometry);

/// States the levels of a building below the ground as Basement, if its tags say that it has any. Errors likewise.
base::Status add_basement(ImportBatch& batch, const OsmObject& object, const OsmTags& tags,
                          const twin::Geometry& outline, std::string_view building_id);

}  // namespace cityloom::space
