// A raster of heights in the record: its shape, the index of its blocks, and how it is written row by row.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/terrain/height_block.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

/// Nodes in lines of longitude and latitude, the first at the north-west corner, rows going south.
struct GridShape {
  double west_deg = 0;
  double north_deg = 0;
  double step_east_deg = 0;   ///< > 0
  double step_south_deg = 0;  ///< > 0
  uint32_t columns = 0;       ///< at least 2
  uint32_t rows = 0;          ///< at least 2
  bool operator==(const GridShape&) const = default;

  /// Of the outer nodes.
  twin::Box box() const;
  /// Between nodes, in metres; the larger of both directions.
  double resolution_m() const;
  /// Errors: invalid (not on the earth, too few nodes), too_large (past `grid_nodes_max`).
  base::Status check() const;
  /// The next coarser grid: every other node, and one more where the last would be left out.
  GridShape halved() const;
  uint32_t block_columns() const { return (columns - 2) / block_cells + 1; }
  uint32_t block_rows() const { return (rows - 2) / block_cells + 1; }
};

inline constexpr uint64_t grid_nodes_max = 4'000'000'000;  ///< of one raster: 60 km by 60 km at 1 m

/// A block in the index. Without heights its hash is empty.
struct BlockEntry {
  std::string hash;  ///< 32 bytes of SHA-256
  float lowest_m = 0;
  float highest_m = 0;
};

/// One level of a pyramid; level 0 is the finest.
struct PyramidLevel {
  GridShape shape;
  std::vector<BlockEntry> blocks;  ///< row by row
};

/// The levels, finest first, the last of one block.
std::string pack_index(const std::vector<PyramidLevel>& levels);
/// The levels of a raster of this shape. Errors: corrupt.
base::Result<std::vector<PyramidLevel>> unpack_index(std::string_view bytes, const GridShape& finest);

/// Takes the rows of a raster from the north, keeps blocks of it and of its ever coarser copies by `keep` (which
/// answers with the asset's name), and ends with the index. Memory: some 300 rows of each level.
class PyramidWriter {
 public:
  using Keep = std::function<base::Result<std::string>(std::string_view bytes)>;
  PyramidWriter(const GridShape& finest, Keep keep);
  ~PyramidWriter();

  /// `columns` heights above the ellipsoid, NaN where there is none. Errors: those of `keep`.
  base::Status add_row(std::span<const float> heights_m);

  /// After the last row: the name of the index's asset. Errors: those of `keep`, invalid (no height at all).
  base::Result<std::string> finish();

  uint64_t void_nodes() const { return void_nodes_; }  ///< of the finest level
  float lowest_m() const { return lowest_m_; }
  float highest_m() const { return highest_m_; }

 private:
  struct Level;
  base::Status add_row(size_t level, std::span<const float> heights_m);
  base::Status add_halved(size_t level, uint32_t row);
  base::Status write_band(Level& level);

  Keep keep_;
  std::vector<std::unique_ptr<Level>> levels_;
  uint64_t void_nodes_ = 0;
  float lowest_m_;
  float highest_m_;
};

/// The 64 digits of a hash's 32 bytes, and back ("" if they are none).
std::string hash_text(std::string_view hash);
std::string hash_bytes(std::string_view text);

}  // namespace cityloom::space
