#include "thread/appender.hpp"

#include <algorithm>
#include <future>

namespace cityloom::thread {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

Appender::Appender(Store& store, Views& views, twin::TermTable& terms, const base::Clock& clock, Options options)
    : store_(store),
      views_(views),
      terms_(terms),
      clock_(clock),
      options_(options),
      next_offset_{views.head().number + 1},
      last_recorded_(views.head_time()),
      terms_stored_(terms.last()),
      worker_([this] { work(); }) {}

Appender::~Appender() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakened_.notify_all();
  worker_.join();
}

bool Appender::push(Work work) {
  std::optional<base::Error> refused;
  {
    const std::lock_guard lock(mutex_);
    const size_t changes = work.changes.changes.size();
    if (poisoned_) {
      refused = poisoned_;
    } else if (stopping_) {
      refused = fail(Code::unavailable, "the record is being closed");
    } else if (!work.job && !queue_.empty() &&
               (queued_changes_ + changes > options_.queue_changes_max ||
                queued_bytes_ + work.bytes > options_.queue_bytes_max)) {
      refused =
          fail(Code::busy, "too many changes wait to be written", {}, "send again in a second, or send less at once");
    } else {
      queued_changes_ += changes;
      queued_bytes_ += work.bytes;
      queue_.push_back(std::move(work));
    }
  }
  if (!refused) {
    wakened_.notify_one();
    return true;
  }
  if (work.done) work.done(*refused);
  return false;
}

void Appender::submit(ChangeSet changes, Completion done) {
  Work work;
  for (const Change& change : changes.changes) work.bytes += approximate_bytes(change);
  work.changes = std::move(changes);
  work.done = std::move(done);
  push(std::move(work));
}

Status Appender::run(std::function<Status()> job) {
  std::promise<Status> promise;
  auto done = promise.get_future();
  Work work;
  work.job = [&] { promise.set_value(job()); };
  // What was never queued, or is refused when poisoned, answers here.
  work.done = [&](Result<Outcomes> refused) { promise.set_value(refused.error()); };
  push(std::move(work));
  return done.get();
}

void Appender::work() {
  while (true) {
    std::vector<Work> batch = take();
    if (batch.empty()) break;
    if (batch.front().job) {
      batch.front().job();
    } else if (!batch.front().done) {
      // Nothing but the time passed.
    } else {
      append(batch);
    }
    if (checkpoint_due()) {
      if (const Status written = checkpoint(); !written) poison(written.error());
    }
  }
  if (!poisoned_) {
    if (const Status written = checkpoint(); !written) poison(written.error());
  }
}

// Work to do together: changes, or one job. One empty piece of work when only time has passed; none at the end.
std::vector<Appender::Work> Appender::take() {
  std::unique_lock lock(mutex_);
  const auto interval = std::chrono::milliseconds(options_.checkpoint_interval_ms);
  wakened_.wait_for(lock, interval, [&] { return stopping_ || !queue_.empty(); });
  std::vector<Work> batch;
  if (queue_.empty()) {
    if (!stopping_) batch.emplace_back();
    return batch;
  }
  size_t changes = 0;
  while (!queue_.empty() && changes < options_.batch_changes_max && (batch.empty() || !queue_.front().job)) {
    Work& next = queue_.front();
    const bool is_job = static_cast<bool>(next.job);
    changes += std::max<size_t>(next.changes.changes.size(), 1);
    queued_changes_ -= next.changes.changes.size();
    queued_bytes_ -= next.bytes;
    batch.push_back(std::move(next));
    queue_.pop_front();
    if (is_job) break;
  }
  return batch;
}

std::shared_ptr<Commit> Appender::next_commit(const ChangeSet& set) {
  auto commit = std::make_shared<Commit>();
  commit->offset = next_offset_;
  commit->branch = set.branch;
  commit->author = set.author;
  // The clock may step back; the thread does not.
  last_recorded_ = std::max(last_recorded_, clock_.now());
  commit->recorded_at = last_recorded_;
  return commit;
}

Result<Outcome> Appender::decide_one(const ChangeSet& set, const Change& change, Commit& commit) {
  const auto now = views_.staged(set.branch, change.entity_id);
  if (!now) return now.error();
  Commit part;
  part.offset = commit.offset;
  part.branch = commit.branch;
  part.recorded_at = commit.recorded_at;
  auto outcome = decide(change, **now, part.facts);
  if (!outcome) return outcome;
  if (may_pass_limits(**now, change)) {
    twin::Entity after = **now;
    for (const twin::Fact& fact : part.facts) {
      if (const Status applied = twin::apply(fact, part.offset, part.recorded_at, after); !applied)
        return applied.error();
    }
    if (const Status within = check_limits(after); !within) return within.error();
  }
  if (const Status staged = views_.stage(part); !staged) return staged.error();
  outcome->offset = outcome->recorded ? commit.offset : Offset{commit.offset.number - 1};
  std::move(part.facts.begin(), part.facts.end(), std::back_inserter(commit.facts));
  return outcome;
}

// Decides all of a set on copies: whether every change of it can be done.
Status Appender::rehearse(const ChangeSet& set) {
  std::map<std::string, twin::Entity> entities;
  for (const Change& change : set.changes) {
    auto found = entities.find(change.entity_id);
    if (found == entities.end()) {
      const auto now = views_.staged(set.branch, change.entity_id);
      if (!now) return now.error();
      found = entities.emplace(change.entity_id, **now).first;
    }
    std::vector<twin::Fact> facts;
    const auto outcome = decide(change, found->second, facts);
    if (!outcome) return outcome.error();
    for (const twin::Fact& fact : facts) {
      if (const Status applied = twin::apply(fact, next_offset_, last_recorded_, found->second); !applied)
        return applied;
    }
    if (const Status within = check_limits(found->second); !within) return within;
  }
  return {};
}

void Appender::decide_set(Work& work) {
  const ChangeSet& set = work.changes;
  if (views_.branch(set.branch) == nullptr) {
    work.outcomes =
        fail(Code::not_found, "there is no such branch", std::to_string(set.branch.number), "list the branches");
    return;
  }
  if (set.all_or_nothing) {
    if (const Status possible = rehearse(set); !possible) {
      work.outcomes = possible.error();
      return;
    }
  }
  auto commit = next_commit(set);
  Outcomes outcomes;
  outcomes.reserve(set.changes.size());
  for (const Change& change : set.changes) outcomes.push_back(decide_one(set, change, *commit));
  work.outcomes = std::move(outcomes);
  if (commit->facts.empty()) return;
  ++next_offset_.number;
  work.commit = std::move(commit);
}

void Appender::add_new_terms(Batch& batch) {
  for (const uint32_t last = terms_.last(); terms_stored_ < last;) {
    const twin::Term term{++terms_stored_};
    batch.put(Family::terms, term_key(term), std::string(terms_.text(term)));
  }
}

Status Appender::write(const std::vector<std::shared_ptr<const Commit>>& commits, std::vector<size_t>& bytes) {
  if (commits.empty()) return {};
  Batch batch;
  add_new_terms(batch);
  add_followers(batch);
  uint64_t facts = 0;
  for (const auto& commit : commits) {
    std::string packed = pack_commit(*commit);
    bytes.push_back(held_bytes(*commit, packed.size()));
    facts += commit->facts.size();
    batch.put(Family::commits, offset_key(commit->offset), std::move(packed));
  }
  if (const Status written = store_.write(batch, Durability::synced); !written) return written;
  commits_appended_ += commits.size();
  facts_appended_ += facts;
  ++syncs_;
  return views_.publish(commits, bytes);
}

void Appender::append(std::vector<Work>& batch) {
  std::vector<std::shared_ptr<const Commit>> commits;
  for (Work& work : batch) {
    decide_set(work);
    if (work.commit) commits.push_back(work.commit);
  }
  std::vector<size_t> bytes;
  const Status written = write(commits, bytes);
  if (!written) {
    poison(written.error());
    for (Work& work : batch) work.done(written.error());
    return;
  }
  views_.unstage();
  for (Work& work : batch) work.done(std::move(*work.outcomes));
  if (!commits.empty()) tell_head();
}

Result<BranchId> Appender::append(BranchEvent event, std::optional<Offset> at, std::string author) {
  const Status done = run([&] { return append_event(event, at, std::move(author)); });
  if (!done) return done.error();
  return event.branch;
}

Status Appender::append_event(BranchEvent& event, std::optional<Offset> at, std::string author) {
  if (event.kind == BranchEvent::Kind::forked) {
    if (views_.find_branch(event.name)) return fail(Code::already_exists, "there is a branch of this name", event.name);
    if (views_.branch(event.parent) == nullptr) return fail(Code::not_found, "there is no such branch to fork");
    event.branch = views_.next_branch();
    event.fork_offset = std::min(at.value_or(views_.head()), views_.head());
  } else {
    if (views_.branch(event.branch) == nullptr) return fail(Code::not_found, "there is no such branch");
    for (const BranchInfo& info : views_.branches()) {
      if (info.id != main_branch && info.parent == event.branch) {
        return fail(Code::conflict, "the branch has branches of its own", info.name, "drop those first");
      }
    }
  }
  ChangeSet set;
  set.branch = event.branch;
  set.author = std::move(author);
  auto commit = next_commit(set);
  commit->branch_event = event;
  ++next_offset_.number;
  Status staged = views_.stage(*commit);
  std::vector<size_t> bytes;
  if (staged) staged = write({std::move(commit)}, bytes);
  if (!staged)
    poison(staged.error());
  else
    tell_head();
  return staged;
}

bool Appender::checkpoint_due() const {
  if (views_.dirty_bytes() > options_.dirty_bytes_max) return true;
  const auto age = std::chrono::steady_clock::now() - last_checkpoint_;
  return age >= std::chrono::milliseconds(options_.checkpoint_interval_ms) && !poisoned_;
}

Status Appender::checkpoint() {
  last_checkpoint_ = std::chrono::steady_clock::now();
  Batch batch;
  add_followers(batch);
  if (views_.folded_on_disk() != views_.head()) views_.collect(batch);
  if (batch.empty()) return {};
  if (const Status written = store_.write(batch, Durability::ordered); !written) return written;
  if (views_.folded_on_disk() != views_.head()) views_.settle();
  return {};
}

void Appender::poison(const base::Error& error) {
  std::deque<Work> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (!poisoned_) {
      poisoned_ = fail(Code::unavailable, "the record takes no more changes: " + error.what, error.where,
                       "see to the disk, then start the program again; everything acknowledged is kept");
    }
    waiting.swap(queue_);
    queued_changes_ = 0;
    queued_bytes_ = 0;
  }
  views_.unstage();
  for (Work& work : waiting) work.done(*poisoned_);
}

Thread::Token Appender::on_head(std::function<void(Offset)> heard) {
  const std::lock_guard lock(hearers_mutex_);
  const uint64_t id = next_hearer_++;
  hearers_[id] = std::move(heard);
  return Thread::Token(nullptr, [this, id](void*) {
    const std::lock_guard inner(hearers_mutex_);
    hearers_.erase(id);
  });
}

void Appender::tell_head() {
  const std::lock_guard lock(hearers_mutex_);
  for (const auto& [id, heard] : hearers_) heard(views_.head());
}

namespace {
std::string follower_key(std::string_view name) {
  return "follower/" + std::string(name);
}
}  // namespace

Result<std::optional<Offset>> Appender::follower_offset(std::string_view name) const {
  {
    const std::lock_guard lock(followers_mutex_);
    if (const auto found = followers_.find(name); found != followers_.end()) return std::optional(found->second);
  }
  const auto stored = store_.get(Family::settings, follower_key(name));
  if (!stored) return stored.error();
  if (!stored->has_value() || (*stored)->size() != sizeof(uint64_t)) return std::optional<Offset>();
  return std::optional(Offset{big_endian_64(**stored, 0)});
}

void Appender::set_follower_offset(std::string_view name, Offset offset) {
  const std::lock_guard lock(followers_mutex_);
  followers_[std::string(name)] = offset;
}

void Appender::add_followers(Batch& batch) {
  const std::lock_guard lock(followers_mutex_);
  for (const auto& [name, offset] : followers_) batch.put(Family::settings, follower_key(name), offset_key(offset));
  // Kept until they changed again would be simpler to read, but a lost write poisons anyway.
  followers_.clear();
}

void Appender::fill(ThreadStatus& status) const {
  {
    const std::lock_guard lock(mutex_);
    status.waiting_changes = queued_changes_;
    status.poisoned = poisoned_;
  }
  status.commits_appended = commits_appended_;
  status.facts_appended = facts_appended_;
  status.syncs = syncs_;
}

}  // namespace cityloom::thread
