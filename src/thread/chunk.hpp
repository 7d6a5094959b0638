// Chunks of history and their stored forms (room-internal): which instances are numbers, and runs of points of a chunk
// that is still open.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "thread/commit.hpp"
#include "thread/series_codec.hpp"
#include "thread/store.hpp"
#include "twin/entity.hpp"

namespace cityloom::thread {

/// An instance that held once: from `offset` until the next one of its series. `ended` marks that nothing held from
/// there on (the attribute was deleted); its attribute then has only name, dataset and the time in modified_at.
/// In the series of `terms::type`, `terms::scope` and `terms::lifecycle`, see views.cpp for what the fields mean.
struct PastInstance {
  Offset offset;
  bool ended = false;
  twin::Attribute attribute;
  bool operator==(const PastInstance&) const = default;
};

/// One chunk, read back: numbers that share a prototype (all fields but value, observed_at, modified_at and offset),
/// or whole instances. Order: by offset.
struct Chunk {
  std::optional<twin::Attribute> prototype;  ///< of numbers
  std::vector<NumberPoint> numbers;
  std::vector<PastInstance> instances;
  std::vector<ChunkSummary> thinned;  ///< what each point stands for, itself included; empty: each for itself alone

  bool is_numbers() const { return prototype.has_value(); }
  size_t size() const { return is_numbers() ? numbers.size() : instances.size(); }
  /// The instance at an index. Of numbers, modified_at is none: the commit at `offset` knows it.
  PastInstance at(size_t index) const;
  Offset offset_at(size_t index) const { return is_numbers() ? numbers[index].offset : instances[index].offset; }
  base::Instant observed_at(size_t index) const {
    return is_numbers() ? numbers[index].observed_at : instances[index].attribute.observed_at;
  }
  /// Whether an instance is the end of what held, rather than one that did.
  bool is_end(size_t index) const { return !is_numbers() && instances[index].ended; }
  uint64_t stands_for(size_t index) const { return thinned.empty() ? 1 : thinned[index].count; }
  /// Of what all points stand for; the offsets are those of the points themselves.
  ChunkSummary summary() const;
};

/// The stored form of a chunk, and back. Errors: corrupt.
std::string pack_chunk(const Chunk& chunk);
base::Result<Chunk> unpack_chunk(std::string_view bytes);

/// Whether an instance is a plain number that a chunk of numbers can hold.
bool is_number_instance(const PastInstance& instance);
/// What a chunk of numbers that starts with this instance shares.
twin::Attribute prototype_of(const PastInstance& instance);
/// Whether an instance differs from the prototype only by value and times.
bool fits_prototype(const PastInstance& instance, const twin::Attribute& prototype);
NumberPoint number_point_of(const PastInstance& instance);

/// What the instance at an index stands for: itself alone, or all of a thinned period.
ChunkSummary summary_at(const Chunk& chunk, size_t index);
/// Adds what stands for some to what stands for those before them.
void add(const ChunkSummary& one, ChunkSummary& to);

/// The numbers within a packed chunk, for `unpack_columns`; empty for a chunk of whole instances. Errors: corrupt.
base::Result<std::string_view> numbers_of_packed(std::string_view bytes);

/// Of a run, points of an open chunk as they are stored: its beginning (with what numbers share, where it is the first
/// of its chunk), and what follows. More points can always be appended.
void begin_run(const twin::Attribute* shared, std::string& to);
void append_instance(const PastInstance& instance, std::string& to);
void append_points(std::span<const NumberPoint> points, std::string& to);
/// Adds whole instances, as `append_instance` wrote them, to a chunk. Errors: corrupt.
base::Status unpack_instances(std::string_view bytes, Chunk& chunk);

/// Some points of a chunk as a run; and added back to the chunk, run by run. Errors: corrupt.
std::string pack_run(const Chunk& chunk, size_t first, size_t count);
base::Status unpack_run(std::string_view bytes, Chunk& chunk);

}  // namespace cityloom::thread
