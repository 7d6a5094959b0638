// The glTF of one tile: of a leaf each thing as it is, of an inner tile its landmarks and blocks.
#pragma once

#include <string>

#include "base/result.hpp"
#include "space/tiles/layer.hpp"
#include "space/tiles/text_pool.hpp"
#include "space/tiles/tile_tree.hpp"
#include "thread/snapshot.hpp"

namespace cityloom::space {

/// Draws a tile from the records as of a snapshot, which must be of the same moment as the tile. Same records, same
/// bytes. Cost: some 30 microseconds a thing drawn. Any worker. Errors: those of reading records.
base::Result<std::string> make_tile(const TileNode& node, const Layer& layer, const LayerContext& context,
                                    const TextPool& texts, const thread::Snapshot& snapshot, size_t landmarks_max,
                                    const GlbOptions& options);

}  // namespace cityloom::space
