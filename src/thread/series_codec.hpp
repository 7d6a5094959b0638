// Chunks of numeric history: points packed in columns, and the summary that answers for a whole chunk.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "twin/attribute.hpp"

namespace cityloom::thread {

/// One numeric instance of an attribute in its series.
struct NumberPoint {
  base::Instant observed_at;  ///< may be none
  double value = 0;
  twin::Offset offset;
};

inline constexpr size_t chunk_points_max = 65'536;

/// Packs points, in the order given (the thread's: by offset). Every field comes back bit by bit, whatever it is; what
/// is regular gets small: times and offsets at a steady step cost next to nothing, decimal readings and averages of
/// a few of them about as many bits as their range has steps. Equal points give equal bytes. At most
/// `chunk_points_max` points. Cost: about half a microsecond a point.
std::string pack_numbers(std::span<const NumberPoint> points);

/// Reads back a chunk. Errors: corrupt. Memory: 24 bytes a point, at most `chunk_points_max` of them.
base::Result<std::vector<NumberPoint>> unpack_numbers(std::string_view bytes);

/// Reads only the columns asked for (nullptr: skipped, at no cost): observed times in microseconds (none as Instant
/// has it), values, offsets. Vectors are overwritten; their memory is used again. Returns the number of points.
/// Errors: corrupt. Cost: about 2 ns a point and column.
base::Result<size_t> unpack_columns(std::string_view bytes, std::vector<int64_t>* times, std::vector<double>* values,
                                    std::vector<uint64_t>* offsets);

/// What stands for a chunk when a question covers all of it.
struct ChunkSummary {
  uint64_t count = 0;
  twin::Offset first_offset;        ///< the least
  twin::Offset last_offset;         ///< the greatest
  base::Instant first_observed_at;  ///< the earliest; none if any point has none
  base::Instant last_observed_at;
  double sum = 0;  ///< added up in the order of the points
  double sum_of_squares = 0;
  double minimum = 0;
  double maximum = 0;
  bool has_numbers = false;  ///< false: a chunk of other values, the five fields before are 0

  static constexpr size_t packed_bytes = 9 * 8 + 1;
  /// The stored form: `packed_bytes` bytes.
  std::string pack() const;
  /// Errors: corrupt.
  static base::Result<ChunkSummary> unpack(std::string_view bytes);

  bool operator==(const ChunkSummary&) const = default;
};

/// The summary of a chunk of numbers. Of no points: all fields as they are by default.
ChunkSummary summarise(std::span<const NumberPoint> points);

}  // namespace cityloom::thread
