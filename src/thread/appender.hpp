// The appender: the one worker that writes a thread (room-internal; the door is thread.hpp).
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "thread/views.hpp"

namespace cityloom::thread {

/// Takes work from a bounded queue, decides, writes and syncs once for all that waits, folds, answers. Between
/// batches it writes checkpoints of the views. After a failed write it is poisoned and does nothing more.
class Appender {
 public:
  Appender(Store& store, Views& views, twin::TermTable& terms, const base::Clock& clock, Options options);
  /// Answers what waits, writes a checkpoint, ends.
  ~Appender();

  /// See Thread::submit.
  void submit(ChangeSet changes, Completion done);
  /// A commit that forks or drops; `event.branch` and a missing fork offset are filled in. Waits.
  base::Result<BranchId> append(BranchEvent event, std::optional<Offset> at, std::string author);
  /// Runs something on the worker between batches, and waits for it. Errors: unavailable (poisoned), or its own.
  base::Status run(std::function<base::Status()> job);
  /// Writes all changed view entries. On the worker only.
  base::Status checkpoint();

  Thread::Token on_head(std::function<void(Offset)> heard);                          ///< as Thread::on_head
  base::Result<std::optional<Offset>> follower_offset(std::string_view name) const;  ///< as Thread's
  void set_follower_offset(std::string_view name, Offset offset);                    ///< as Thread's

  void fill(ThreadStatus& status) const;  ///< adds the appender's numbers

 private:
  struct Work {
    ChangeSet changes;
    Completion done;
    std::function<void()> job;  // instead of changes
    size_t bytes = 0;
    // Filled in by deciding:
    std::optional<base::Result<Outcomes>> outcomes;
    std::shared_ptr<Commit> commit;
  };

  bool push(Work work);
  void work();
  std::vector<Work> take();
  void append(std::vector<Work>& batch);
  void decide_set(Work& work);
  base::Result<Outcome> decide_one(const ChangeSet& set, const Change& change, Commit& commit);
  base::Status rehearse(const ChangeSet& set);
  std::shared_ptr<Commit> next_commit(const ChangeSet& set);
  base::Status write(const std::vector<std::shared_ptr<const Commit>>& commits, std::vector<size_t>& bytes);
  void add_new_terms(Batch& batch);
  void add_followers(Batch& batch);
  base::Status append_event(BranchEvent& event, std::optional<Offset> at, std::string author);
  void poison(const base::Error& error);
  bool checkpoint_due() const;
  void tell_head();

  Store& store_;
  Views& views_;
  twin::TermTable& terms_;
  const base::Clock& clock_;
  const Options options_;

  mutable std::mutex mutex_;  // guards the queue, stopping_ and poisoned_
  std::condition_variable wakened_;
  std::deque<Work> queue_;
  size_t queued_changes_ = 0;
  size_t queued_bytes_ = 0;
  bool stopping_ = false;
  std::optional<base::Error> poisoned_;

  mutable std::mutex followers_mutex_;
  std::map<std::string, Offset, std::less<>> followers_;  // not stored yet

  std::mutex hearers_mutex_;
  std::map<uint64_t, std::function<void(Offset)>> hearers_;
  uint64_t next_hearer_ = 1;

  // Of the worker alone:
  Offset next_offset_;
  base::Instant last_recorded_;
  uint32_t terms_stored_ = 0;
  std::chrono::steady_clock::time_point last_checkpoint_ = std::chrono::steady_clock::now();

  std::atomic<uint64_t> commits_appended_{0};
  std::atomic<uint64_t> facts_appended_{0};
  std::atomic<uint64_t> syncs_{0};
  std::thread worker_;  // last: it uses everything above
};

/// Bytes of a change, about, for limits.
size_t approximate_bytes(const Change& change);

/// Whether an entity with a change added could pass a limit: false for nearly all, at little cost.
bool may_pass_limits(const twin::Entity& now, const Change& change);

/// Refuses an entity that would pass a limit. Errors: too_large.
base::Status check_limits(const twin::Entity& entity);

}  // namespace cityloom::thread
