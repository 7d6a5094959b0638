// Entities and attributes that end by themselves: expiresAt (ETSI GS CIM 009, transient entities and attributes).
#pragma once

#include <atomic>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/instant.hpp"
#include "thread/thread.hpp"
#include "twin/query.hpp"

namespace cityloom::serve::ngsi_ld {

/// Follows one tenant's main branch, and deletes in the record what is past its expiresAt. Any worker.
class Expiry {
 public:
  /// `expires_at`: the name under which an entity's own time is kept. The thread must outlive it.
  Expiry(thread::Thread& thread, twin::Term expires_at) : thread_(thread), expires_at_(expires_at) {}

  /// Deletes what is due by `now`. The first call looks at every entity once. Blocks until the deletions are durable;
  /// gives how many there were. Errors: as of append; what was not deleted is due again.
  base::Result<size_t> sweep(base::Instant now);

  /// Whether something may be past its time and not be deleted yet. Costs a load.
  bool may_be_due(base::Instant now) const { return earliest_us_.load(std::memory_order_relaxed) <= now.microseconds; }

  /// Whether an entity is past its time.
  bool is_over(const twin::EntityRecord& record, base::Instant now) const;

 private:
  // Of an entity (its name is expires_at_), or of one instance of an attribute.
  using Item = std::tuple<std::string, twin::Term, twin::Term>;

  void look_at(const std::string& entity_id, const twin::Attribute& attribute);
  base::Status scan();
  base::Status follow();
  bool change_for(const Item& item, base::Instant now, thread::Change& change) const;
  std::vector<std::pair<base::Instant, Item>> take_due(base::Instant now, std::vector<thread::Change>& changes);

  thread::Thread& thread_;
  const twin::Term expires_at_;
  std::mutex mutex_;  // guards what follows
  bool scanned_ = false;
  thread::Offset position_;
  std::map<Item, base::Instant> times_;
  std::set<std::pair<base::Instant, Item>> ordered_;
  std::atomic<int64_t> earliest_us_{std::numeric_limits<int64_t>::min()};  // until it is known
};

}  // namespace cityloom::serve::ngsi_ld
