// History: every attribute instance that a later fact has superseded. What holds now lies in the latest records.
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "base/result.hpp"
#include "roaring/roaring.hh"
#include "thread/keys.hpp"
#include "thread/open_chunk.hpp"
#include "twin/entity.hpp"

namespace cityloom::thread {

/// An instance on its way into its series.
struct Superseded {
  SeriesKey series;
  PastInstance instance;
  std::vector<NumberPoint> numbers = {};  ///< if there are any: they, and `instance` is what they share
  bool thins = false;                     ///< not to be added: `instance` says how its series is thinned
};

/// Chunks that follow one another in a series, and what takes their place: not more.
struct ChunkRun {
  size_t first = 0;
  size_t count = 0;
  std::vector<Chunk> chunks;
};

/// The history of all series of one thread. Written by the appender's worker, read by any. Chunks close at fixed
/// numbers of points, and an open chunk is stored as its points one after another: the stored bytes depend on the facts
/// alone.
class History {
 public:
  /// After a checkpoint about `open_bytes_max` of what is known of open chunks stays in memory: of those that changed
  /// last.
  History(const Store& store, size_t open_bytes_max) : store_(store), open_bytes_max_(open_bytes_max) {}

  /// Before anything is pushed: of main, only entities below this number have series in the store.
  void start(uint32_t next_number);

  /// Adds superseded instances to their series and uses them up; offsets never decrease. Writer only. Errors: corrupt,
  /// unavailable.
  base::Status push(std::span<Superseded> superseded);

  class Series;
  /// Puts other chunks in the place of some. `was` is the series as it is. Readers that began before read on what it
  /// was: it is kept for them in memory. Writer only. Errors: corrupt, unavailable.
  base::Status rewrite(const SeriesKey& key, const Series& was, const std::vector<ChunkRun>& runs);

  /// Adds all that the store does not hold yet. Writer only.
  void collect(Batch& batch);
  /// After the collected batch was written: lets go of what the store holds now. Writer only.
  void settle();
  /// Lets go of everything of a dropped branch that is not stored yet. Writer only.
  void forget(BranchId branch);
  /// Bytes that `collect` would add, about.
  size_t dirty_bytes() const { return dirty_bytes_; }

  /// The series of an entity on a branch, in order of attribute and dataset.
  base::Result<std::vector<SeriesKey>> series_of(BranchId branch, twin::EntityNumber entity) const;

  using ClosedKey = std::pair<SeriesKey, uint64_t>;
  /// What chunks held before a series was rewritten, and what was rewritten after that: for readers who began before.
  struct Rewritten {
    absl::btree_map<ClosedKey, std::shared_ptr<const std::string>> before;
    std::shared_ptr<Rewritten> next;
    ~Rewritten();
  };

  /// A reader's view of one series: its chunks, told by their summaries, decoded one at a time.
  class Series {
   public:
    size_t size() const { return summaries_.size(); }
    const ChunkSummary& summary(size_t index) const { return summaries_[index]; }
    /// Errors: corrupt, unavailable.
    base::Result<Chunk> chunk(size_t index) const;

    /// Only the values and times of a chunk of numbers, for aggregates; false for a chunk of whole instances.
    base::Result<bool> columns(size_t index, std::vector<int64_t>& times, std::vector<double>& values,
                               std::vector<uint64_t>& offsets) const;

    /// The last instance with offset <= upto, or nothing.
    base::Result<std::optional<PastInstance>> last_at(Offset upto) const;
    /// The first instance with offset > after, or nothing.
    base::Result<std::optional<PastInstance>> first_after(Offset after) const;

   private:
    friend class History;
    base::Result<std::string> bytes(size_t index) const;
    const History* history_ = nullptr;
    SeriesKey key_;
    std::shared_ptr<const Rewritten> since_;  // what was rewritten since this was read
    std::vector<ChunkSummary> summaries_;
    std::vector<uint64_t> numbers_;                         // of the closed chunks
    std::vector<std::shared_ptr<const std::string>> held_;  // bytes of chunks that were still in memory, else nullptr
    std::optional<Chunk> open_;                             // stands for the last summary
  };
  base::Result<Series> series(const SeriesKey& key) const;

 private:
  struct Open {
    twin::InstanceKey key;
    uint64_t number = 0;  // of the chunk
    OpenChunk chunk;
    bool changed = false;     // listed in changed_
    size_t memory_bytes = 0;  // counted in open_bytes_
  };
  struct Closed {
    std::shared_ptr<const std::string> bytes;
    ChunkSummary summary;
    size_t stored_runs = 0;  // of it as an open chunk, now to be erased
    bool is_erased = false;  // there is none with this number any more
  };

  // The open chunks of one entity on a branch, in order of attribute and dataset.
  using OpenOfEntity = std::vector<std::unique_ptr<Open>>;
  struct EntityOn {
    BranchId branch;
    twin::EntityNumber entity;
    bool operator==(const EntityOn&) const = default;
    template <class Hasher>
    friend Hasher AbslHashValue(Hasher hasher, const EntityOn& one) {
      return Hasher::combine(std::move(hasher), one.branch.number, one.entity.number);
    }
  };

  base::Result<Open*> open_of(const SeriesKey& series);
  base::Result<bool> may_be_stored(const SeriesKey& series);
  const Open* find_open(const SeriesKey& series) const;
  struct Changed {
    SeriesKey series;
    Open* open;
  };

  struct Loaded {
    Open open;
    Chunk chunk;  // all of it
  };
  base::Result<Loaded> load_open(const SeriesKey& series) const;
  base::Result<Series> series_as_it_lies(const SeriesKey& key, std::shared_ptr<const Rewritten> since) const;
  bool is_rewritten_since(const std::shared_ptr<const Rewritten>& since) const;
  std::shared_ptr<const std::string> before(const std::shared_ptr<const Rewritten>& since, const ClosedKey& key) const;
  void put_in_place(const SeriesKey& key, uint64_t number, const Chunk* chunk, size_t stored_runs);
  base::Status add(const SeriesKey& series, Open& open, const PastInstance& instance);
  base::Status add_numbers(const SeriesKey& series, Open& open, const PastInstance& shared,
                           std::span<const NumberPoint> points);
  base::Status close(const SeriesKey& series, Open& open);
  struct StoredRuns {
    Chunk chunk;
    size_t runs = 0;
  };
  base::Result<StoredRuns> stored_runs(const SeriesKey& series, uint64_t number) const;
  base::Result<std::optional<Chunk>> whole(const SeriesKey& series, const Open& open) const;
  bool is_still_open(const SeriesKey& series, uint64_t number) const;
  void count(Open& open);
  template <class Goes>
  void let_go(const Goes& goes);

  const Store& store_;
  const size_t open_bytes_max_;
  mutable std::shared_mutex mutex_;  // guards open_, closed_ and rewritten_
  absl::flat_hash_map<EntityOn, OpenOfEntity> open_;
  absl::btree_map<ClosedKey, Closed> closed_;
  std::shared_ptr<Rewritten> rewritten_ = std::make_shared<Rewritten>();  // the next one
  std::vector<Changed> changed_;  // open chunks with points that the store does not hold; of the writer alone
  size_t dirty_bytes_ = 0;
  size_t open_bytes_ = 0;  // of open chunks in memory; of the writer alone

  // Of the writer alone: entities of main of which the store has series, and those of which only it knows.
  Roaring stored_, unknown_;
};

}  // namespace cityloom::thread
