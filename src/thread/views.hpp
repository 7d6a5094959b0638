// Views: all that is folded from the commits of one thread, and the reading of it as of any offset (room-internal;
// the door is thread.hpp).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "thread/history.hpp"
#include "thread/latest.hpp"
#include "thread/thread.hpp"

namespace cityloom::thread {

/// A branch: where it forked, and what is latest on it.
struct Branch {
  BranchInfo info;                // its head is not kept here
  std::atomic<uint64_t> head{0};  // offset of its last commit
  Offset dropped_at;              ///< 0: not dropped
  Latest latest;
};

/// The memory that a commit takes while it is held, about; `packed_bytes` are those of its stored form. Facts are
/// several times as large unpacked.
inline size_t held_bytes(const Commit& commit, size_t packed_bytes) {
  return sizeof(Commit) + commit.facts.size() * sizeof(twin::Fact) + packed_bytes;
}

/// The latest commits, for followers near the head and for reads that must see what moved just now.
class RecentCommits {
 public:
  explicit RecentCommits(size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Adds commits with their sizes; keeps the newest ones.
  void add(const std::vector<std::shared_ptr<const Commit>>& commits, const std::vector<size_t>& bytes);
  /// The commits after an offset, oldest first; nothing if some of them are no longer held.
  std::optional<std::vector<std::shared_ptr<const Commit>>> after(Offset offset, size_t limit, size_t bytes_max) const;

 private:
  struct Entry {
    std::shared_ptr<const Commit> commit;
    size_t bytes = 0;
  };
  const size_t bytes_max_;
  mutable std::shared_mutex mutex_;
  std::deque<Entry> entries_;
  Offset complete_after_;  // every later commit is held
  bool any_ = false;
  size_t bytes_ = 0;
};

/// What a group of commits changes in the views: staged while the group is decided, published once it is durable. What
/// the group before it staged shows through until that is published.
struct Stage {
  /// An entity as the group leaves it. `record` says which: it is never empty, but may have ended.
  struct Touched {
    Branch* branch = nullptr;  // no branch is dropped while a group is on its way
    size_t hash = 0;           // of the id: kept, so that nothing reads the record only to hash it
    twin::EntityNumber number;
    bool plain = true;  // neither types nor place have changed
    twin::EntityRecord record;
  };
  struct EverKey {
    char kind = 't';  // 't': key is a type's number; 'c': a cell
    uint64_t key = 0;
    uint32_t number = 0;
    auto operator<=>(const EverKey&) const = default;
  };
  struct EntityOn {  // how `touched` is looked into
    const Branch* branch;
    size_t hash;
    std::string_view id;
  };
  struct Hash {
    using is_transparent = void;
    template <class One>
    size_t operator()(const One& one) const {
      return one.hash;
    }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view id_of(const Touched& one) { return one.record.id(); }
    static std::string_view id_of(const EntityOn& one) { return one.id; }
    template <class Left, class Right>
    bool operator()(const Left& left, const Right& right) const {
      return left.branch == right.branch && left.hash == right.hash && id_of(left) == id_of(right);
    }
  };

  const Stage* before = nullptr;  ///< of the group not yet published, if there is one
  std::vector<std::shared_ptr<const Commit>> commits;
  std::vector<size_t> bytes;  ///< that each commit takes in memory
  absl::flat_hash_set<Touched, Hash, Equal> touched;
  std::vector<Superseded> superseded;
  std::vector<EverKey> ever;
  std::vector<std::shared_ptr<Branch>> branches;
  uint32_t next_number = 0;  ///< of entities, after the group; 0: as before it

  /// Forgets everything, and keeps the memory.
  void clear();
};

/// All views of a thread. One worker stages, one (maybe another) publishes and collects, any worker reads.
class Views {
 public:
  /// Of what is in the pages of large records, about `resident_bytes_max` are in memory.
  Views(const Store& store, const Options& options)
      : store_(store),
        history_(store, options.history_bytes_max),
        recent_(options.feed_bytes_in_memory),
        resident_bytes_max_(options.resident_bytes_max),
        pages_(base::PagedMemory::open(store.scratch_folder())) {}
  Views(const Views&) = delete;
  Views& operator=(const Views&) = delete;

  /// Reads the stored views. Errors: corrupt, unavailable.
  base::Status load();

  // --- Staging (the deciding worker only) -------------------------------------------------------------------------

  /// An entity as it is with all that is staged, ready to be decided on and folded into.
  struct Standing {
    Branch* branch = nullptr;
    size_t hash = 0;            ///< of the id
    twin::EntityRecord record;  ///< empty if it never existed; may have ended
    bool inherited = false;     ///< the branch has not touched it: the record is its parent's
    bool exists() const { return record.exists() && !record.ended(); }
  };
  /// Errors: corrupt, unavailable, not_found (the branch).
  base::Result<Standing> standing(const Stage& stage, BranchId branch, std::string_view entity_id) const;
  /// Folds facts of one entity and one commit into the stage: not visible yet. `part` is the entity with at least the
  /// attribute instances that the facts name, and is used up. Errors: corrupt (they do not fit; the stage is spoilt).
  base::Status fold(Stage& stage, Standing& standing, const Commit& commit, std::span<const twin::Fact> facts,
                    twin::Entity& part);
  /// Adds a commit's effects to the stage; not the commit itself. Errors: as fold and standing.
  base::Status stage(Stage& stage, const Commit& commit);

  // --- Publishing (the writing worker only, or who keeps it from working) -----------------------------------------

  /// Makes what is staged visible; uses up all of it but `touched`. Errors: corrupt, unavailable: history cannot be
  /// read back, and the views are of no use until opened again.
  base::Status publish(Stage& stage);
  /// Adds all changed view entries to a batch; then, after it was written, `settle`.
  void collect(Batch& batch);
  void settle();
  size_t dirty_bytes() const { return dirty_bytes_ + history_.dirty_bytes(); }
  /// Leaves large records to the system where too much of them is in memory. Any worker.
  void limit_memory() const;
  size_t paged_bytes() const { return pages_ ? pages_->bytes() : 0; }  ///< of the file with large records

  // --- Reading (any worker) ---------------------------------------------------------------------------------------

  Offset head() const { return {head_.load(std::memory_order_acquire)}; }
  base::Instant head_time() const { return {head_time_.load(std::memory_order_acquire)}; }
  Offset folded_on_disk() const { return {folded_on_disk_.load(std::memory_order_relaxed)}; }
  /// nullptr: no such branch, or dropped.
  std::shared_ptr<const Branch> branch(BranchId id) const;
  std::vector<BranchInfo> branches() const;
  std::optional<BranchId> find_branch(std::string_view name) const;
  BranchId next_branch() const { return {next_branch_.load()}; }
  const Latest& main() const { return main_->latest; }
  const History& history() const { return history_; }
  const RecentCommits& recent() const { return recent_; }
  const Store& store() const { return store_; }

  /// The entity as of an offset, or empty. Errors: corrupt, unavailable, not_found (the branch).
  base::Result<twin::EntityRecord> find(BranchId branch, Offset at, std::string_view entity_id) const;
  base::Result<twin::EntityRecord> find(BranchId branch, Offset at, twin::EntityNumber number) const;
  /// The number that an id has on a branch or its parents, also of an ended entity.
  std::optional<twin::EntityNumber> number_of(BranchId branch, std::string_view entity_id) const;

  struct Candidates {  ///< numbers that may match
    Numbers numbers;
    bool exact = false;  // all of them match
  };
  enum class By : uint8_t { type_and_place, value_too };  ///< which indexes are asked
  /// Entity numbers among which all matches of a query as of an offset are. Errors: unavailable, cancelled (the place
  /// index names more than `most`).
  base::Result<Candidates> candidates(BranchId branch, Offset at, const twin::Query& query, By by,
                                      size_t most = SIZE_MAX) const;
  /// Entities that ever had one of the query's types.
  base::Result<Numbers> ever(const twin::Query& query) const;

  base::Result<base::Instant> recorded_at(Offset offset) const;  ///< errors: not_found
  /// The last commit with recorded_at <= time; 0 if there is none.
  base::Result<Offset> offset_at(base::Instant time) const;

 private:
  using EverKey = Stage::EverKey;

  twin::EntityNumber number_for(Stage& stage, const Standing& standing, std::string_view entity_id);
  base::Status stage_event(Stage& stage, const BranchEvent& event, Offset offset) const;
  base::Status fold_attributes(Stage& stage, Standing& standing, const Commit& commit,
                               std::span<const twin::Fact> facts, twin::Entity& part);
  base::Status fold_past(Stage& stage, const Standing& standing, const Commit& commit,
                         std::span<const twin::Fact> facts);
  base::Status fold_any(Stage& stage, Standing& standing, const Commit& commit, std::span<const twin::Fact> facts);
  base::Status push_past(std::span<Superseded> superseded);
  base::Status thin(Superseded& one);
  std::shared_ptr<Branch> writable_branch(BranchId id) const;
  void publish_branches(Stage& stage);
  twin::EntityRecord kept(const twin::EntityRecord& record);
  std::string packed_state() const;
  base::Status load_state();

  base::Result<twin::EntityRecord> as_of(const Branch& branch, const twin::EntityRecord& now, Offset at) const;
  struct Life {  // of an entity: [start, end)
    Offset start;
    Offset end{~uint64_t{0}};
  };
  base::Status restore(BranchId on, twin::EntityNumber number, Offset at, const Life& life, twin::Entity& entity) const;
  base::Result<Numbers> past_candidates(const twin::Query& query) const;
  base::Status scan_ever(char kind, uint64_t first, uint64_t last, Numbers& numbers) const;

  const Store& store_;
  History history_;
  RecentCommits recent_;
  const size_t resident_bytes_max_;
  const base::PagedMemory::Handle pages_;  // of large records; nullptr: the heap has them
  std::shared_ptr<Branch> main_ = std::make_shared<Branch>();
  mutable std::shared_mutex branches_mutex_;
  std::map<uint32_t, std::shared_ptr<Branch>> branches_;  // without main
  std::atomic<uint32_t> next_branch_{1};
  std::atomic<uint64_t> head_{0};
  std::atomic<int64_t> head_time_{base::Instant::none().microseconds};
  std::atomic<uint64_t> folded_on_disk_{0};

  // Of the deciding worker alone:
  uint32_t next_number_ = 1;
  twin::Entity part_;                    // scratch
  std::vector<twin::InstanceKey> keys_;  // likewise
  std::string bytes_;                    // likewise

  // Of the publishing worker alone:
  uint32_t published_next_number_ = 1;
  absl::flat_hash_set<uint64_t> dirty_;    // branch and number of records to store
  std::vector<BranchId> erased_branches_;  // whose stored entries are to go
  size_t dirty_bytes_ = 0;
  size_t kept_bytes_ = 0;  // since the memory was last limited
  uint64_t collected_ = 0;

  mutable std::shared_mutex ever_mutex_;
  absl::btree_set<EverKey> ever_dirty_;  // not stored yet; read by as-of queries
};

/// The lines of a string: the scopes in what is kept of an entity's past.
std::vector<std::string> lines_of(const twin::Value& value);

/// Puts the attributes in order of their creation, then of name and dataset: what is left of the order in which they
/// were first set when an entity is read back from history.
void sort_by_creation(twin::Entity& entity);

}  // namespace cityloom::thread
