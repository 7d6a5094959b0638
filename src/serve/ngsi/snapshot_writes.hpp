// Writes to the branch of an NGSI-LD snapshot. ETSI GS CIM 009 V1.9.1 clause 5.5.15.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "serve/append.hpp"
#include "serve/selection.hpp"

namespace cityloom::serve::ngsi_ld {

/// A snapshot's branch has all that its parent had; the snapshot has only what was selected. What it has not is taken
/// off the branch before the first write to it, so that the write finds that it is not there. Any worker.
class SnapshotWrites : public std::enable_shared_from_this<SnapshotWrites> {
 public:
  SnapshotWrites(thread::BranchId branch, std::shared_ptr<const Selection> selection)
      : branch_(branch), selection_(std::move(selection)) {}

  /// As append_and_reply; the branch of `changes` is this one.
  void append(thread::Thread& thread, thread::ChangeSet changes, Reply reply, AnswerOutcomes answer);

  const std::shared_ptr<const Selection>& selection() const { return selection_; }

 private:
  thread::ChangeSet unveiling(thread::Thread& thread, const thread::ChangeSet& changes);
  void forget(const thread::ChangeSet& unveiled);

  const thread::BranchId branch_;
  const std::shared_ptr<const Selection> selection_;
  // Held while changes are handed over: what is taken off goes before every other write to it.
  std::mutex order_;
  std::mutex mutex_;             // guards what follows
  std::set<std::string> going_;  // ids that are being taken off
};

}  // namespace cityloom::serve::ngsi_ld
