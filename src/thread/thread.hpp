// The door of the record: one tenant's thread. Append changes, read snapshots, follow the feed, fork branches.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "thread/assets.hpp"
#include "thread/change.hpp"
#include "thread/commit.hpp"
#include "thread/guard.hpp"
#include "thread/snapshot.hpp"
#include "thread/store.hpp"
#include "twin/term.hpp"

namespace cityloom::thread {

/// Changes that become one commit. With `all_or_nothing`, one failed change fails all; else those that can be done are.
struct ChangeSet {
  BranchId branch;
  std::string author;
  std::vector<Change> changes;
  bool all_or_nothing = false;
};

/// What became of a ChangeSet: one Result per change, in their order; or one Error for the whole (busy, unavailable,
/// not_found for the branch).
using Outcomes = std::vector<base::Result<Outcome>>;
using Completion = std::function<void(base::Result<Outcomes>)>;

struct BranchInfo {  ///< a branch as it is now
  BranchId id;
  std::string name;
  BranchId parent;
  Offset fork_offset;
  Offset head;  ///< of its last commit
};

struct Options {                       ///< limits of one thread
  size_t queue_changes_max = 100'000;  ///< changes waiting for the appender; past it: Code::busy
  size_t queue_bytes_max = 256u << 20;
  size_t batch_changes_max = 4'096;         ///< changes that share one sync
  size_t feed_bytes_in_memory = 32u << 20;  ///< recent commits held for followers near the head
  size_t dirty_bytes_max = 32u << 20;       ///< of views not yet written before a checkpoint is made
  size_t resident_bytes_max = 128u << 20;   ///< of the program and of large records, about, in memory at a time
  size_t history_bytes_max = 256u << 20;    ///< of open chunks of history, about, kept after a checkpoint
  int64_t checkpoint_interval_ms = 5'000;
};

/// Numbers for metrics and health.
struct ThreadStatus {
  Offset head;
  Offset folded_on_disk;
  uint64_t entities = 0;
  uint64_t terms = 0;
  uint64_t memory_bytes = 0;  ///< of records and indexes, about
  uint64_t waiting_changes = 0;
  uint64_t commits_appended = 0;  ///< since the start
  uint64_t facts_appended = 0;
  uint64_t syncs = 0;
  std::optional<base::Error> poisoned;  ///< why it takes no more changes
};

/// One tenant's ordered record of commits with its views. Owns one appender worker. Any worker may call anything.
class Thread {
 public:
  /// Opens the record in a store, folds the views up to the head (from the last checkpoint; all of it if there is
  /// none), then takes changes. `progress` hears the offset reached and the head while folding. The clock must outlive
  /// it. Errors: corrupt (with what to do), unavailable.
  static base::Result<std::unique_ptr<Thread>> open(std::unique_ptr<Store> store, const base::Clock& clock,
                                                    Options options = {},
                                                    const std::function<void(Offset, Offset)>& progress = {});
  /// Answers what waits, writes a checkpoint, stops the worker.
  ~Thread();

  /// Hands changes to the appender. `done` is called exactly once, on the appender's worker (so: hand over and return),
  /// when the commit is durable and visible, or when it failed; at once, on the caller's worker, with `busy` or
  /// `unavailable` when the queue is full or the record poisoned.
  void submit(ChangeSet changes, Completion done);

  /// The same, waiting. Not from the appender's worker.
  base::Result<Outcomes> append(ChangeSet changes);

  /// Sets who is asked about every change that is decided from now on (nullptr: nobody, at no cost). Changes that were
  /// submitted before may still be decided without it. Any worker.
  void set_guard(std::shared_ptr<const Guard> guard);

  /// The terms of this tenant.
  twin::TermTable& terms();
  const twin::TermTable& terms() const;

  Snapshot snapshot(BranchId branch = main_branch) const;  ///< the latest
  /// As of an offset past the head: the head. Errors: not_found (branch), invalid (before a branch's fork is fine: it
  /// reads the parent).
  base::Result<Snapshot> snapshot_at(Offset offset, BranchId branch = main_branch) const;
  /// As recorded at that time: the last commit with recorded_at <= time.
  base::Result<Snapshot> snapshot_at(base::Instant time, BranchId branch = main_branch) const;

  /// Forks at an offset (default: the head) of the parent. Errors: already_exists (name), not_found (parent), invalid
  /// (name).
  base::Result<BranchId> fork(std::string name, BranchId parent = main_branch, std::optional<Offset> at = {},
                              std::string author = {});
  /// Its commits stay in the thread; it can no longer be read or written. Errors: not_found, conflict (it has
  /// branches of its own), invalid (main).
  base::Status drop(BranchId branch, std::string author = {});
  std::vector<BranchInfo> branches() const;
  std::optional<BranchId> find_branch(std::string_view name) const;

  Offset head() const;                                           ///< of the last commit
  base::Result<base::Instant> recorded_at(Offset offset) const;  ///< errors: not_found

  /// Commits after `after`, oldest first, at most `limit` of them and about `bytes_max` bytes; empty at the head.
  /// From memory near the head, else from disk. Errors: corrupt, unavailable.
  base::Result<std::vector<std::shared_ptr<const Commit>>> feed(Offset after, size_t limit = 1'000,
                                                                size_t bytes_max = 8u << 20) const;

  /// Calls `heard` with the new head after each batch of commits is visible, on the appender's worker: hand over and
  /// return. The returned token ends it when destroyed; no call is under way afterwards.
  using Token = std::shared_ptr<void>;
  [[nodiscard]] Token on_head(std::function<void(Offset)> heard);

  /// A follower's durable offset: where it goes on after a restart. Written in order with commits, not synced:
  /// after power loss a follower may hear commits again, never miss one.
  base::Result<std::optional<Offset>> follower_offset(std::string_view name) const;
  base::Status set_follower_offset(std::string_view name, Offset offset);

  /// Keeps bytes that are too large for a fact (a block of terrain, a texture, a point cloud) and returns their name:
  /// the SHA-256 in 64 small hexadecimal digits. Durable when it returns, so that a fact may name them; equal bytes are
  /// kept once; nothing is ever removed, as commits are not. Changes go on between its pieces of a megabyte. Not from
  /// the appender's worker. Errors: too_large (past `asset_bytes_max`), unavailable.
  base::Result<std::string> put_asset(std::string_view bytes);

  /// The bytes of that name, checked against it. Any worker; reads from disk each time: cache what you use often.
  /// Errors: not_found, invalid (no such name can be), corrupt, unavailable.
  base::Result<std::shared_ptr<const std::string>> asset(std::string_view sha256) const;

  /// Writes a checkpoint of the views now and moves everything to its final place on disk.
  base::Status checkpoint();

  /// A consistent copy of the record while writes go on. Errors: already_exists, unavailable.
  base::Status backup(const std::string& folder);

  ThreadStatus status() const;               ///< cheap; any worker
  uint64_t size_bytes(Family family) const;  ///< on disk, about

  /// A hash over all stored view families, after a checkpoint: equal threads give equal digests.
  base::Result<uint64_t> views_digest();

 private:
  struct Parts;
  explicit Thread(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Deletes the stored views of a closed record, so that the next open folds from the first commit.
base::Status clear_views(Store& store);

}  // namespace cityloom::thread
