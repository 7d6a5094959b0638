// Raster layers over time: grids in the record, shown as pictures, asked for values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "space/raster/colour_scale.hpp"
#include "space/raster/raster_grid.hpp"
#include "space/vector/tile_grid.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {

/// One time step, as it stands in the record.
struct RasterStep {
  base::Instant time;
  std::string asset;  ///< hash of the packed grid
  uint32_t columns = 0, rows = 0;
  twin::Box box;
  double least = 0, greatest = 0;
};

/// A layer: an entity of the type RasterLayer. Its steps are instances of the attribute `raster` (JsonProperty), one
/// for each time (datasetId urn:ngsi-ld:Dataset:TIME, observedAt the time).
struct RasterLayer {
  std::string id;
  std::string name;                ///< as JSON: a text or a map by language; "" for none
  std::string unit;                ///< UN/CEFACT code; may be empty
  std::string scale = "\"heat\"";  ///< JSON, as ColourScale::parse reads it
  std::vector<RasterStep> steps;   ///< by time

  /// Over all steps.
  double least() const;
  double greatest() const;
  /// The scale over all of them, so that one colour is one value at all times.
  base::Result<ColourScale> colours() const;
  /// The last step at or before a time; the first one before all; nullptr without steps.
  const RasterStep* step_at(base::Instant time) const;
};

/// What a client sends with a grid.
struct RasterPut {
  std::string id;  ///< urn:ngsi-ld:RasterLayer:...
  base::Instant time;
  std::string name;         ///< a text, or JSON of a map by language
  std::string unit, scale;  ///< as above; "": as they are
};

/// Reads and writes layers. Any worker may call anything.
class RasterLayers {
 public:
  /// Keeps some unpacked grids (about 64 MiB).
  RasterLayers();
  ~RasterLayers();

  /// Puts a step: the grid is durable before the record names it. A step of the same time is replaced. Errors: invalid
  /// (no value in it, the scale), those of the thread.
  base::Result<RasterStep> put(thread::Thread& thread, thread::BranchId branch, const RasterPut& what,
                               const RasterGrid& grid);

  /// All layers as of a snapshot, by id.
  base::Result<std::vector<RasterLayer>> list(const thread::Thread& thread, const thread::Snapshot& snapshot) const;
  /// One of them. Errors: not_found.
  base::Result<RasterLayer> find(const thread::Thread& thread, const thread::Snapshot& snapshot,
                                 std::string_view id) const;

  /// The grid of a step. Errors: those of the asset, corrupt.
  base::Result<std::shared_ptr<const RasterGrid>> grid(const thread::Thread& thread, const RasterStep& step) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// A PNG of 256 x 256 pixels of a tile; transparent where there is no value. Cost: some milliseconds.
std::string raster_tile(const RasterGrid& grid, const ColourScale& scale, const TileAddress& tile);

}  // namespace cityloom::space
