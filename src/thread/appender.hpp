// The appender: the three workers that write a thread (room-internal; the door is thread.hpp).
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "thread/guard.hpp"
#include "thread/views.hpp"

namespace cityloom::thread {

/// Takes work from a bounded queue. One worker decides: while a group of commits is being written it decides the next,
/// on top of what is not durable yet. The second writes a group and syncs once for all of it. The third publishes what
/// is durable, answers, and writes checkpoints of the views, while the next group is on its way to the disk. While few
/// changes come, the first does all of this, one group after another. After a failed write all that was decided on top
/// of it fails too, and nothing more is done.
class Appender {
 public:
  Appender(Store& store, Views& views, twin::TermTable& terms, const base::Clock& clock, Options options);
  /// Answers what waits, writes a checkpoint, ends.
  ~Appender();

  /// See Thread::submit.
  void submit(ChangeSet changes, Completion done);
  /// A commit that forks or drops; `event.branch` and a missing fork offset are filled in. Waits.
  base::Result<BranchId> append(BranchEvent event, std::optional<Offset> at, std::string author);
  /// Runs something while nothing is being decided or written, and waits for it. Errors: unavailable (poisoned), or its
  /// own.
  base::Status run(std::function<base::Status()> job);
  /// Writes all changed view entries. Within `run` only.
  base::Status checkpoint();
  /// Takes no more changes from now on, and refuses all that wait. The first reason stays.
  void poison(const base::Error& error);

  void set_guard(std::shared_ptr<const Guard> guard) {  ///< as Thread's
    const std::lock_guard lock(guard_mutex_);
    guard_ = std::move(guard);
  }

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
    std::optional<base::Result<Outcomes>> outcomes;  // filled in by deciding
  };
  using Block = std::vector<Work>;  // changes that are decided in one go, or one job
  struct Group {                    // commits that share one sync
    std::vector<Block> blocks;
    size_t changes = 0;
    uint64_t facts = 0;
    Stage stage;
    Batch batch;
    base::Status written;  // what became of it
  };

  /// Below so many waiting changes a group is not begun before the one under way is answered, and the deciding worker
  /// does all of it.
  static constexpr size_t early_changes_min = 256;

  bool push(Work work);
  void enqueue(Work work);
  // The deciding worker:
  void decide_groups();
  void run_job(std::unique_lock<std::mutex>& lock);
  void hand_over(std::unique_lock<std::mutex>& lock);
  void finish_alone(std::unique_lock<std::mutex>& lock);
  void decide_block(Block block);
  void decide_set(Work& work);
  base::Result<Outcome> decide_one(BranchId branch, Change& change, Commit& commit);
  base::Status rehearse(const ChangeSet& set);
  std::shared_ptr<Commit> next_commit(BranchId branch, std::string author);
  void add(std::shared_ptr<const Commit> commit);
  void close_page(Batch& batch);
  void complete_batch(Group& group);
  base::Status append_event(BranchEvent& event, std::optional<Offset> at, std::string author);
  // The writing worker (and the deciding one, for small groups):
  void write_groups();
  void write_or_poison(Group& group);
  base::Status write(Group& group);
  // The publishing worker (likewise):
  void publish_groups();
  void publish(Group& group);
  void checkpoint_if_due();
  void tell_head();

  void add_followers(Batch& batch);

  Store& store_;
  Views& views_;
  twin::TermTable& terms_;
  const base::Clock& clock_;
  const Options options_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wakened_;
  std::condition_variable handed_over_;
  std::condition_variable written_;
  std::condition_variable published_;
  std::deque<Block> queue_;
  size_t queued_changes_ = 0;
  size_t queued_bytes_ = 0;
  bool stopping_ = false;
  bool decider_waits_ = false;
  bool writing_ = false;         // a group is handed over or being written, or a job runs
  bool publishing_ = false;      // a group is being published, a checkpoint written, or a job runs
  Group* handed_ = nullptr;      // to be written
  Group* to_publish_ = nullptr;  // was written
  bool decided_all_ = false;     // nothing more will be handed over
  bool wrote_all_ = false;       // nothing more will be to publish
  std::optional<base::Error> poisoned_;

  mutable std::mutex followers_mutex_;
  std::map<std::string, Offset, std::less<>> followers_;  // not stored yet

  std::mutex hearers_mutex_;
  std::map<uint64_t, std::function<void(Offset)>> hearers_;
  uint64_t next_hearer_ = 1;

  mutable std::mutex guard_mutex_;
  std::shared_ptr<const Guard> guard_;

  // Of the deciding worker alone:
  std::shared_ptr<const Guard> asked_;  // the guard of the block that is being decided
  std::array<Group, 3> groups_;
  Group* open_ = &groups_[0];    // is being decided
  Group* closed_ = &groups_[1];  // was handed over last
  Group* free_ = &groups_[2];    // was handed over before that: published when the writer has nothing to do
  Offset next_offset_;
  base::Instant last_recorded_;
  uint32_t terms_stored_ = 0;
  CommitPage page_;                      // of the open group, not in its batch yet
  twin::Entity part_;                    // scratch
  std::vector<twin::InstanceKey> keys_;  // likewise

  // Of who set publishing_:
  base::Status views_hold_;  // else what kept a durable group from being published: the views are spoilt
  std::chrono::steady_clock::time_point last_checkpoint_ = std::chrono::steady_clock::now();

  std::atomic<uint64_t> commits_appended_{0};
  std::atomic<uint64_t> facts_appended_{0};
  std::atomic<uint64_t> syncs_{0};
  std::thread decider_;  // last, with the other two: they use everything above
  std::thread writer_;
  std::thread publisher_;
};

/// Bytes of a change, about, for limits.
size_t approximate_bytes(const Change& change);

/// Whether an entity (empty: none yet) with a change added could pass a limit: false for nearly all, at little cost.
bool may_pass_limits(const twin::EntityRecord& now, const Change& change);

/// Refuses an entity that would pass a limit. Errors: too_large.
base::Status check_limits(const twin::Entity& entity);

}  // namespace cityloom::thread
