// Thinning: of a stretch of a series' past one instance a period is kept, with what all of them came to; or nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "twin/attribute.hpp"

namespace cityloom::thread {

/// A series of an entity's past: what was superseded, or (`is_told`) what was stated of the past.
struct PastSeries {
  twin::Term name;
  twin::Term dataset;
  bool is_told = false;
  bool operator==(const PastSeries&) const = default;
};

/// One stretch of one series as it was thinned, or as it is to be. An instance counts by its observed time, one
/// without by when it was recorded. A value.
struct Thinning {
  PastSeries series;
  base::Instant from;   ///< of the stretch, inclusive; none: from the beginning
  base::Instant to;     ///< exclusive
  int64_t step_us = 0;  ///< length of the periods of which one instance is kept, counted from 1970; 0: none is kept
  std::string rule;     ///< whose it is

  uint64_t taken_out = 0;     ///< instances that are gone
  base::Instant first, last;  ///< times of the earliest and the latest of these
  /// Over these in the order of the series: of a number its commit's offset, its observed time in microseconds since
  /// 1970 (none: the least number) and its value as IEEE 754, each 8 bytes, the high one first; of anything else its
  /// stored form. 64 hexadecimal digits.
  std::string sha256;

  twin::Offset offset;        ///< of the commit that did it; 0: not done
  base::Instant recorded_at;  ///< of that commit; none: not done
  bool operator==(const Thinning&) const = default;
};

/// What asks for a thinning.
struct ThinningRequest {
  PastSeries series;
  base::Instant from;  ///< none: from the beginning
  base::Instant to;
  int64_t step_us = 0;
  std::string rule;
  size_t chunks_max = 32;  ///< of the series that are read and written again in one go
};

/// The first part of what was asked for.
struct PlannedThinning {
  Thinning thinning;         ///< `taken_out` 0: nothing is to be done in it
  base::Instant next;        ///< from where to ask on; none: that was all
  uint64_t bytes_freed = 0;  ///< of the stored series, about; 0 where many were small already
  uint64_t too_dense = 0;    ///< instances left as they are: one period has more than can be thinned in one go
};

/// A thinning as an attribute for `Change::Kind::thin_past`, and back. Errors: corrupt.
twin::Attribute thinning_attribute(const Thinning& thinning);
base::Result<Thinning> thinning_of(const twin::Attribute& attribute);

}  // namespace cityloom::thread
