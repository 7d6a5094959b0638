// What a thinning makes of a series (room-internal): the same for who plans it and who folds it.
#pragma once

#include <string>
#include <vector>

#include "thread/history.hpp"
#include "thread/thinning.hpp"

namespace cityloom::thread {

class Views;

/// What takes the place of chunks of a series, and what is gone with them.
struct ThinnedSeries {
  std::vector<ChunkRun> runs;  ///< only those that change
  uint64_t taken_out = 0;
  base::Instant first, last;  ///< times of what is gone
  std::string sha256;         ///< as in Thinning
  int64_t bytes_freed = 0;    ///< packed
};

/// The times by which the instances of a chunk count. Cost: of a chunk with an instance without an observed time it is
/// read, else none.
struct TimeRange {
  base::Instant first, last;
};
base::Result<TimeRange> times_of(const Views& views, const History::Series& series, size_t index);

/// Thins `stretch` (its series, from, to and step) of a series as all that was published so far has left it. Pure but
/// for reading. Cost: about a microsecond an instance of the chunks that meet the stretch. Errors: corrupt,
/// unavailable.
base::Result<ThinnedSeries> thin_series(const Views& views, const SeriesKey& key, const History::Series& series,
                                        const Thinning& stretch);

}  // namespace cityloom::thread
