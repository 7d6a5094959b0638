// The chunk of a series that still grows (room-internal).
#pragma once

#include "thread/chunk.hpp"

namespace cityloom::thread {

/// Holds what the store lacks of it: numbers as they are, whole instances as their bytes. The store has the rest under
/// one key, to which each checkpoint appends what is new: rewriting it would cost the more the longer it is, and
/// keeping it here 12 KB a series.
class OpenChunk {
 public:
  static constexpr size_t points_max = 512;
  static constexpr size_t bytes_max = 64u << 10;  ///< of whole instances, about

  OpenChunk() = default;
  /// Of what `unpack_run` read from so many stored runs: all of it is in the store.
  OpenChunk(const Chunk& stored, size_t runs);

  size_t size() const { return stored_points_ + fresh_points(); }
  bool is_full() const { return size() >= points_max || stored_bytes_ + packed_.size() >= bytes_max; }
  /// Whether it can take an instance: whatever it is if there are whole ones or none, else a number that fits.
  bool takes(const PastInstance& instance) const;
  /// Adds one that it takes; as a number if `may_be_number` and it is one. Returns the bytes to be stored.
  size_t add(const PastInstance& instance, bool may_be_number);
  /// Whether it can take numbers that share this.
  bool takes_numbers_of(const PastInstance& shared) const;
  /// Adds as many as there is room for, and returns the others.
  std::span<const NumberPoint> add(const PastInstance& shared, std::span<const NumberPoint> points);

  /// All of it, with what the store has, which may be more than what it had when this was copied. Nothing: the store
  /// has less. Cost: of whole instances, unpacking each.
  std::optional<Chunk> with(Chunk stored) const;
  bool is_stored() const { return stored_points_ > 0; }  ///< whether `with` needs something of the store

  /// Adds what the store lacks, under `key`; then, after it was written, `settle`.
  void collect(const std::string& key, Batch& batch) const;
  void settle();
  size_t stored_runs() const { return stored_runs_; }
  size_t fresh_points() const { return prototype_ ? numbers_.size() : instances_; }
  size_t memory_bytes() const { return sizeof(*this) + packed_.capacity() + numbers_.capacity() * sizeof(NumberPoint); }

 private:
  std::optional<twin::Attribute> prototype_;  // of numbers
  std::vector<NumberPoint> numbers_;
  std::string packed_;        // whole instances, as a run has them behind its first byte
  size_t instances_ = 0;      // in `packed_`
  size_t stored_points_ = 0;  // that the store holds
  size_t stored_bytes_ = 0;   // likewise, of whole instances
  size_t stored_runs_ = 0;    // keys under which it does: one, but what earlier programs wrote has several
};

}  // namespace cityloom::thread
