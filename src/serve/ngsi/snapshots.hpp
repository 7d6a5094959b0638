// The NGSI-LD snapshots of one tenant: each is a branch of the record and the entities that it has of it, kept as a
// fact. ETSI GS CIM 009 V1.9.1 clauses 4.3.7, 5.2.41, 5.5.15, 5.16.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "ngsi/aggregation.hpp"
#include "ngsi/subscription.hpp"
#include "serve/ngsi/snapshot_writes.hpp"
#include "serve/selection.hpp"
#include "thread/thread.hpp"

namespace cityloom::serve::ngsi_ld {

class Deliverer;
struct Services;
struct TenantState;

enum class SnapshotResult : uint8_t { success, empty, failure };  ///< of one of its queries

/// What a client states of a snapshot. What is absent is empty.
struct SnapshotForm {
  std::string id;
  int priority = 5;                           ///< 1 to 10
  std::string lifetime;                       ///< an ISO 8601 duration as given
  std::string endpoint;                       ///< where its status is told
  std::vector<ngsi::KeyValue> receiver_info;  ///< headers of what is told
  std::string queries, temporal_queries;      ///< JSON arrays as given
};

/// A snapshot as it is now. Immutable: a changed one takes its place.
struct NgsiSnapshot {
  SnapshotForm form;
  std::string branch_name;
  thread::BranchId branch;
  twin::Offset forked_at;  ///< of the commit that forked: while it is the branch's last one nothing was written
  std::string asset;       ///< of the selection
  std::shared_ptr<const Selection> selection;
  std::shared_ptr<SnapshotWrites> writes;
  std::vector<SnapshotResult> results, temporal_results;  ///< of the queries, in their order
  base::Instant created_at, modified_at, expires_at, last_used_at;
};
using SnapshotPointer = std::shared_ptr<const NgsiSnapshot>;

/// "success" where every query found something, "partial", "empty" or "failure".
std::string_view status_of(const NgsiSnapshot& snapshot);

/// Appends the data type Snapshot; `context_json`: its "@context", if it is to carry one.
void append_snapshot(const NgsiSnapshot& snapshot, std::string_view context_json, std::string& to);

/// Limits.
struct SnapshotOptions {
  size_t snapshots_max = 64;        ///< in one tenant
  size_t clones_of_clones_max = 8;  ///< each of a snapshot that was written to; every one makes reads slower
  int64_t lifetime_s = 24 * 3'600;  ///< where the client names none
  int64_t lifetime_max_s = 366 * 86'400;
};

/// Any worker. What changes a snapshot blocks until it is durable: on a worker for long work only.
class Snapshots {
 public:
  /// What fills a new snapshot: looks up entities as of the fork and tells what became of each query.
  using Fill = std::function<base::Status(const thread::Snapshot& at_fork, Selection& selection, NgsiSnapshot& to)>;

  Snapshots(TenantState& tenant, Services& services, Deliverer& deliverer, SnapshotOptions options = {});
  ~Snapshots();

  /// Reads the stored ones. Errors: corrupt, unavailable.
  base::Status open();

  /// By id, unless it is past its time or its branch is gone.
  SnapshotPointer find(std::string_view id) const;
  /// The same, noting that it was used.
  SnapshotPointer use(std::string_view id);
  /// All, in order of their ids.
  std::vector<SnapshotPointer> list() const;

  /// Forks and fills a new one, and gives its id. Errors: already_exists, busy (too many), those of `fill`.
  base::Result<std::string> make(SnapshotForm form, const Fill& fill);
  /// A copy as it is now, with what was written to it. Errors: not_found, already_exists, busy, too_complex.
  base::Result<std::string> clone(std::string_view id, SnapshotForm form);
  /// Puts priority, lifetime, endpoint and receiver_info in place; `lifetime_given`: its time begins anew.
  base::Result<SnapshotPointer> update(std::string_view id, const SnapshotForm& form, bool lifetime_given);
  /// Ends it with its subscriptions. Its branch ends as soon as no clone stands on it. Errors: not_found, unavailable.
  base::Status remove(std::string_view id);

  /// Ends those past their time, and branches that no clone needs any more; tells what is to be told. Gives how many
  /// ended. Call a few times a second.
  size_t sweep(base::Instant now);

 private:
  struct Told;
  base::Status store(const NgsiSnapshot& snapshot, bool is_new);
  base::Result<std::shared_ptr<NgsiSnapshot>> restore(std::string_view json) const;
  base::Result<std::string> reserve(std::string id);
  void release(const std::string& id);
  base::Result<std::shared_ptr<NgsiSnapshot>> fork(SnapshotForm form, thread::BranchId parent,
                                                   std::optional<twin::Offset> at);
  base::Status keep(const std::shared_ptr<NgsiSnapshot>& snapshot);
  base::Result<std::pair<thread::BranchId, std::optional<twin::Offset>>> base_of(const NgsiSnapshot& original) const;
  void drop_branches();
  void tell(const NgsiSnapshot& snapshot, base::Instant now);
  void send_told();
  void save_uses(base::Instant now);
  base::Instant end_of(const SnapshotForm& form, base::Instant from) const;

  TenantState& tenant_;
  Services& services_;
  Deliverer& deliverer_;
  const SnapshotOptions options_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, SnapshotPointer, std::less<>> snapshots_;
  std::map<std::string, base::Instant, std::less<>> uses_;  // since they were stored
  std::set<std::string, std::less<>> making_;               // ids that are taken but not there yet
  std::vector<std::string> unneeded_;                       // names of branches to be dropped
  std::deque<std::shared_ptr<Told>> told_;
  base::Instant uses_saved_;
  uint64_t made_ = 0;
};

/// Names of branches that begin with this are those of snapshots.
inline constexpr std::string_view snapshot_branch_prefix = "ngsi-ld.snapshot.";

}  // namespace cityloom::serve::ngsi_ld
