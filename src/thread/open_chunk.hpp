// The chunk of a series that still grows (room-internal).
#pragma once

#include "thread/chunk.hpp"

namespace cityloom::thread {

/// Numbers as they are; whole instances as their stored bytes, which are small and packed once.
/// The store has it under one key, to which each checkpoint appends what is new: rewriting it would cost the more the
/// longer it is.
class OpenChunk {
 public:
  static constexpr size_t points_max = 512;
  static constexpr size_t bytes_max = 64u << 10;  ///< of whole instances, about

  OpenChunk() = default;
  /// What `unpack_run` read from so many stored runs.
  OpenChunk(Chunk chunk, size_t runs);

  size_t size() const { return prototype_ ? numbers_.size() : instances_; }
  bool is_full() const { return size() >= points_max || packed_.size() >= bytes_max; }
  /// Whether it can take an instance: whatever it is if there are whole ones or none, else a number that fits.
  bool takes(const PastInstance& instance) const;
  /// Adds one that it takes; as a number if `may_be_number` and it is one. Returns the bytes to be stored.
  size_t add(const PastInstance& instance, bool may_be_number);
  /// Whether it can take numbers that share this.
  bool takes_numbers_of(const PastInstance& shared) const;
  /// Adds as many as there is room for, and returns the others.
  std::span<const NumberPoint> add(const PastInstance& shared, std::span<const NumberPoint> points);

  /// A copy that can be read. Cost: of whole instances, unpacking each.
  Chunk chunk() const;

  /// Adds what the store lacks, under `key`; or takes out all that it has. `settle` when that is done.
  void collect(const std::string& key, Batch& batch) const;
  void settle();
  size_t stored_runs() const { return stored_runs_; }
  size_t memory_bytes() const { return sizeof(*this) + packed_.capacity() + numbers_.capacity() * sizeof(NumberPoint); }

 private:
  std::optional<twin::Attribute> prototype_;  // of numbers
  std::vector<NumberPoint> numbers_;
  std::string packed_;  // whole instances, as a run has them behind its first byte
  size_t instances_ = 0;
  size_t stored_ = 0;       // numbers that the store holds, or bytes of whole instances
  size_t stored_runs_ = 0;  // keys under which it does: one, but what earlier programs wrote has several
};

}  // namespace cityloom::thread
