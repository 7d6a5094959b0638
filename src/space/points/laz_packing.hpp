// How the points of a LAZ file are packed, as its record says (room-internal; the door is las_file.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

/// Parts of a point that are packed each in its way; the numbers are the format's.
enum class LazPart : uint16_t {
  bytes = 0,
  place = 6,
  time = 7,
  colour = 8,
  layered_place = 10,
  layered_colour = 11,
  layered_colour_infrared = 12,
  layered_wave = 13,
  layered_bytes = 14,
};

/// One part: how many bytes of a point it is, and which version of its packing.
struct LazItem {
  LazPart part = LazPart::bytes;
  uint16_t bytes = 0;
  uint16_t version = 0;
};

/// The record of the packing.
struct LazPacking {
  bool is_layered = false;
  uint32_t chunk_points = 0;  ///< 0: chunks differ in their number of points
  std::vector<LazItem> items;
};

/// Reads the record; its items must make up the point. Errors: corrupt, unsupported.
base::Result<LazPacking> read_laz_packing(std::string_view record, uint16_t point_bytes);

/// How many points each chunk has, from the table of a file whose points begin at `points_at`. Errors: corrupt.
base::Result<std::vector<uint32_t>> read_chunk_points(std::string_view bytes, uint64_t points_at);

/// Unpacks points, chunk after chunk. One worker.
class LazUnpacker {
 public:
  virtual ~LazUnpacker() = default;
  /// Begins a chunk, whose first point lies there unpacked: `point` becomes it. Nothing: the bytes end before; else how
  /// many points the chunk itself says it has, 0 where it does not say.
  virtual std::optional<uint32_t> start_chunk(std::string_view bytes, size_t at, std::vector<uint8_t>& point) = 0;
  /// The next point, where `point` is the one before. False: the bytes ended.
  virtual bool next(std::vector<uint8_t>& point) = 0;
  /// Where the chunk's bytes end, after its last point.
  virtual size_t at() const = 0;
};

/// An unpacker for this packing.
std::unique_ptr<LazUnpacker> make_unpacker(const LazPacking& packing);

}  // namespace cityloom::space
