// What a snapshot has not is taken off its branch first.
#include "serve/ngsi/snapshot_writes.hpp"

#include <atomic>

#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

using thread::Change;
using thread::ChangeSet;

ChangeSet SnapshotWrites::unveiling(thread::Thread& thread, const ChangeSet& changes) {
  ChangeSet first;
  first.branch = branch_;
  first.author = "ngsi-ld";
  const auto snapshot = thread.snapshot(branch_);
  const std::lock_guard lock(mutex_);
  for (const Change& change : changes.changes) {
    if (is_internal_id(change.entity_id) || going_.contains(change.entity_id)) continue;
    const auto record = snapshot.find(change.entity_id);
    if (!record.ok() || !*record || record->ended() || selection_->shows(*record)) continue;
    Change removal;
    removal.kind = Change::Kind::remove;
    removal.entity_id = change.entity_id;
    going_.insert(change.entity_id);
    first.changes.push_back(std::move(removal));
  }
  return first;
}

void SnapshotWrites::forget(const ChangeSet& unveiled) {
  const std::lock_guard lock(mutex_);
  for (const Change& change : unveiled.changes) going_.erase(change.entity_id);
}

void SnapshotWrites::append(thread::Thread& thread, ChangeSet changes, Reply reply, AnswerOutcomes answer) {
  changes.branch = branch_;
  const std::lock_guard lock(order_);
  ChangeSet first = unveiling(thread, changes);
  if (!first.changes.empty()) {
    // Told at once where the queue is full; else once it is durable and seen, when nothing is left to be remembered.
    auto refused = std::make_shared<std::atomic<bool>>(false);
    auto kept = std::make_shared<const ChangeSet>(first);
    thread.submit(std::move(first), [refused, kept, self = shared_from_this()](base::Result<thread::Outcomes> done) {
      if (!done.ok()) *refused = true;
      self->forget(*kept);
    });
    if (*refused) {
      return reply.send(answer(base::fail(base::Code::busy, "too many changes wait", {}, "try again later")));
    }
  }
  append_and_reply(thread, std::move(changes), std::move(reply), std::move(answer));
}

}  // namespace cityloom::serve::ngsi_ld
