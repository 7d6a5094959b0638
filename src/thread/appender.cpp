#include "thread/appender.hpp"

#include <algorithm>
#include <future>
#include <tuple>

namespace cityloom::thread {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

// How many facts a set makes, if its changes state what they name; of a repeated import most are needless.
size_t facts_of(const ChangeSet& set) {
  size_t facts = 0;
  for (const Change& change : set.changes) {
    if (!change.only_differences) facts += change.attributes.size() + 1;
  }
  return facts;
}

}  // namespace

Appender::Appender(Store& store, Views& views, twin::TermTable& terms, const base::Clock& clock, Options options)
    : store_(store),
      views_(views),
      terms_(terms),
      clock_(clock),
      options_(options),
      next_offset_{views.head().number + 1},
      last_recorded_(views.head_time()),
      terms_stored_(terms.last()),
      decider_([this] { decide_groups(); }),
      writer_([this] { write_groups(); }),
      publisher_([this] { publish_groups(); }) {}

Appender::~Appender() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wakened_.notify_all();
  decider_.join();
  {
    const std::lock_guard lock(mutex_);
    decided_all_ = true;
  }
  handed_over_.notify_all();
  writer_.join();
  {
    const std::lock_guard lock(mutex_);
    wrote_all_ = true;
  }
  written_.notify_all();
  publisher_.join();
  if (poisoned_) return;
  if (const Status written = checkpoint(); !written) poison(written.error());
}

bool Appender::push(Work work) {
  std::optional<base::Error> refused;
  bool waits = false;
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
      enqueue(std::move(work));
      waits = decider_waits_ && (queued_changes_ >= early_changes_min || (!writing_ && !publishing_));
    }
  }
  if (!refused) {
    if (waits) wakened_.notify_one();
    return true;
  }
  if (work.done) work.done(*refused);
  return false;
}

void Appender::enqueue(Work work) {
  // Blocks this small are decided in well under a millisecond: so long the writer may wait for its next group.
  constexpr size_t block_max = 256;
  queued_changes_ += work.changes.changes.size();
  queued_bytes_ += work.bytes;
  if (queue_.empty() || work.job || queue_.back().back().job || queue_.back().size() >= block_max)
    queue_.emplace_back().reserve(work.job ? 1 : block_max);
  queue_.back().push_back(std::move(work));
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

void Appender::decide_groups() {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool is_job = !queue_.empty() && queue_.front().front().job;
    const bool is_idle = !writing_ && !publishing_;
    // Few changes are better decided and written together, one group after another, than each on a sync of its own.
    const bool may_overlap = open_->changes + queued_changes_ >= early_changes_min;
    if (!open_->blocks.empty() && is_idle && !may_overlap) {
      finish_alone(lock);
    } else if (!open_->blocks.empty() && !writing_ && may_overlap) {
      hand_over(lock);
    } else if (is_idle && is_job) {
      run_job(lock);
    } else if (!queue_.empty() && !is_job && open_->changes < options_.batch_changes_max && (is_idle || may_overlap)) {
      Block block = std::move(queue_.front());
      queue_.pop_front();
      for (const Work& work : block) {
        queued_changes_ -= work.changes.changes.size();
        queued_bytes_ -= work.bytes;
      }
      lock.unlock();
      decide_block(std::move(block));
      lock.lock();
    } else if (stopping_ && is_idle && queue_.empty()) {
      return;
    } else {
      decider_waits_ = true;
      wakened_.wait(lock);
      decider_waits_ = false;
    }
  }
}

void Appender::run_job(std::unique_lock<std::mutex>& lock) {
  const Work work = std::move(queue_.front().front());
  queue_.pop_front();
  writing_ = publishing_ = true;
  lock.unlock();
  work.job();
  lock.lock();
  writing_ = publishing_ = false;
}

// Waking two more workers costs more than what they would do of few changes.
void Appender::finish_alone(std::unique_lock<std::mutex>& lock) {
  writing_ = publishing_ = true;
  open_->written = poisoned_ ? Status(*poisoned_) : Status();
  lock.unlock();
  complete_batch(*open_);
  write_or_poison(*open_);
  publish(*open_);
  open_->stage.clear();
  checkpoint_if_due();
  lock.lock();
  writing_ = publishing_ = false;
}

// The writer has nothing to do: what it wrote last is at most being published, and still needed on the stage; what it
// wrote before that is published, and no longer needed. Only this worker follows `before`.
void Appender::hand_over(std::unique_lock<std::mutex>& lock) {
  writing_ = true;
  lock.unlock();
  complete_batch(*open_);
  free_->stage.clear();
  closed_->stage.before = nullptr;
  std::tie(open_, closed_, free_) = std::tuple(free_, open_, closed_);
  open_->stage.before = &closed_->stage;
  lock.lock();
  handed_ = closed_;
  handed_over_.notify_one();
}

std::shared_ptr<Commit> Appender::next_commit(BranchId branch, std::string author) {
  auto commit = std::make_shared<Commit>();
  commit->offset = next_offset_;
  commit->branch = branch;
  commit->author = std::move(author);
  commit->recorded_at = last_recorded_;
  return commit;
}

Result<Outcome> Appender::decide_one(BranchId branch, Change& change, Commit& commit) {
  auto standing = views_.standing(open_->stage, branch, change.entity_id);
  if (!standing) return standing.error();
  if (change.is_of_past() && change.types.empty() && !standing->record.exists() &&
      !views_.number_of(branch, change.entity_id)) {
    return fail(Code::not_found, "there never was such an entity", change.entity_id);
  }
  if (!standing->exists()) {
    part_ = twin::Entity();
  } else if (reads(change, keys_)) {
    standing->record.unpack_part(keys_, part_);
  } else {
    part_ = standing->record.unpack();
  }
  const bool near_limits = may_pass_limits(standing->record, change);
  const bool is_past = change.is_of_past(), says_all = change.says_all();
  const size_t first = commit.facts.size();
  auto outcome = decide(std::move(change), part_, commit.facts);
  Status possible = outcome ? Status() : Status(outcome.error());
  const std::span<const twin::Fact> facts = std::span(commit.facts).subspan(first);
  if (possible && near_limits) {
    twin::Entity after = standing->exists() ? standing->record.unpack() : twin::Entity();
    for (const twin::Fact& fact : facts) {
      if (possible) possible = twin::apply(fact, commit.offset, commit.recorded_at, after);
    }
    if (possible) possible = check_limits(after);
  }
  if (possible && asked_ && !facts.empty()) {
    auto warnings =
        asked_->check({commit.author, part_, standing->record, facts, says_all || (outcome->created && !is_past)});
    possible = warnings ? Status() : Status(warnings.error());
    if (warnings) outcome->warnings = std::move(warnings).value();
  }
  if (possible) possible = views_.fold(open_->stage, *standing, commit, facts, part_);
  if (!possible) {
    commit.facts.resize(first);
    return possible.error();
  }
  outcome->offset = outcome->recorded ? commit.offset : Offset{commit.offset.number - 1};
  return outcome;
}

// Decides all of a set on copies: whether every change of it can be done.
Status Appender::rehearse(const ChangeSet& set) {
  std::map<std::string, twin::Entity> entities;
  for (const Change& change : set.changes) {
    auto found = entities.find(change.entity_id);
    if (found == entities.end()) {
      const auto now = views_.standing(open_->stage, set.branch, change.entity_id);
      if (!now) return now.error();
      found = entities.emplace(change.entity_id, now->exists() ? now->record.unpack() : twin::Entity()).first;
    }
    std::vector<twin::Fact> facts;
    const auto outcome = decide(change, found->second, facts);
    if (!outcome) return outcome.error();
    if (asked_ && !facts.empty()) {
      const twin::Entity& before = found->second;
      const auto standing = before.id.empty() ? twin::EntityRecord() : twin::EntityRecord::pack(before, {});
      const auto warnings = asked_->check(
          {set.author, before, standing, facts, change.says_all() || (outcome->created && !change.is_of_past()), true});
      if (!warnings) return warnings.error();
    }
    for (const twin::Fact& fact : facts) {
      if (const Status applied = twin::apply(fact, next_offset_, last_recorded_, found->second); !applied)
        return applied;
    }
    if (const Status within = check_limits(found->second); !within) return within;
  }
  return {};
}

void Appender::decide_set(Work& work) {
  ChangeSet& set = work.changes;
  if (set.branch != main_branch && views_.branch(set.branch) == nullptr) {
    work.outcomes =
        fail(Code::not_found, "there is no such branch", std::to_string(set.branch.number), "list the branches");
    return;
  }
  if (set.all_or_nothing && set.changes.size() > 1) {
    if (const Status possible = rehearse(set); !possible) {
      work.outcomes = possible.error();
      return;
    }
  }
  auto commit = next_commit(set.branch, std::move(set.author));
  // A fact is large: growing step by step would move and touch it all again and again.
  if (set.changes.size() > 1) commit->facts.reserve(facts_of(set));
  Outcomes outcomes;
  outcomes.reserve(set.changes.size());
  for (Change& change : set.changes) {
    outcomes.push_back(decide_one(set.branch, change, *commit));
  }
  if (set.all_or_nothing && outcomes.size() == 1 && !outcomes.front().ok()) {
    work.outcomes = outcomes.front().error();
    return;
  }
  work.outcomes = std::move(outcomes);
  if (!commit->facts.empty()) add(std::move(commit));
}

void Appender::decide_block(Block block) {
  // The clock may step back; the thread does not.
  last_recorded_ = std::max(last_recorded_, clock_.now());
  {
    const std::lock_guard lock(guard_mutex_);
    asked_ = guard_;
  }
  for (Work& work : block) {
    open_->changes += std::max<size_t>(work.changes.changes.size(), 1);
    decide_set(work);
  }
  open_->blocks.push_back(std::move(block));
}

void Appender::add(std::shared_ptr<const Commit> commit) {
  if (!page_.takes(*commit)) close_page(open_->batch);
  open_->stage.bytes.push_back(held_bytes(*commit, page_.add(*commit)));
  open_->facts += commit->facts.size();
  open_->stage.commits.push_back(std::move(commit));
  ++next_offset_.number;
}

void Appender::close_page(Batch& batch) {
  if (page_.empty()) return;
  batch.put(Family::commits, offset_key(page_.last()), page_.seal());
  page_.clear();
}

void Appender::complete_batch(Group& group) {
  if (group.stage.commits.empty()) return;
  close_page(group.batch);
  for (const uint32_t last = terms_.last(); terms_stored_ < last;) {
    const twin::Term term{++terms_stored_};
    group.batch.put(Family::terms, term_key(term), terms_.text(term));
  }
  add_followers(group.batch);
}

void Appender::write_groups() {
  std::unique_lock lock(mutex_);
  while (true) {
    handed_over_.wait(lock, [&] { return handed_ != nullptr || decided_all_; });
    if (handed_ == nullptr) return;
    Group* group = std::exchange(handed_, nullptr);
    group->written = poisoned_ ? Status(*poisoned_) : Status();
    lock.unlock();
    write_or_poison(*group);
    lock.lock();
    published_.wait(lock, [&] { return !publishing_; });
    publishing_ = true;
    to_publish_ = group;
    writing_ = false;
    written_.notify_one();
    wakened_.notify_one();
  }
}

void Appender::publish_groups() {
  const auto interval = std::chrono::milliseconds(options_.checkpoint_interval_ms);
  std::unique_lock lock(mutex_);
  while (true) {
    written_.wait_for(lock, interval, [&] { return to_publish_ != nullptr || wrote_all_; });
    if (to_publish_ == nullptr && wrote_all_) return;
    if (to_publish_ == nullptr && (publishing_ || poisoned_)) continue;
    Group* group = std::exchange(to_publish_, nullptr);
    publishing_ = true;
    lock.unlock();
    if (group != nullptr)
      publish(*group);
    else
      views_.limit_memory();
    checkpoint_if_due();
    lock.lock();
    publishing_ = false;
    published_.notify_one();
    wakened_.notify_one();
  }
}

void Appender::write_or_poison(Group& group) {
  if (group.written) group.written = write(group);
  if (!group.written) poison(group.written.error());
}

Status Appender::write(Group& group) {
  if (group.stage.commits.empty()) return {};
  if (const Status written = store_.write(group.batch, Durability::synced); !written) return written;
  commits_appended_ += group.stage.commits.size();
  facts_appended_ += group.facts;
  ++syncs_;
  return {};
}

void Appender::publish(Group& group) {
  if (group.written && views_hold_ && !group.stage.commits.empty()) {
    views_hold_ = views_.publish(group.stage);
    if (!views_hold_) poison(views_hold_.error());
  }
  const Status published = group.written ? views_hold_ : group.written;
  for (Block& block : group.blocks) {
    for (Work& work : block) work.done(published ? std::move(*work.outcomes) : Result<Outcomes>(published.error()));
  }
  if (published && !group.stage.commits.empty()) tell_head();
  // Of the stage, the deciding worker may still read what was touched.
  group.blocks.clear();
  group.changes = 0;
  group.facts = 0;
  group.batch.clear();
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
  last_recorded_ = std::max(last_recorded_, clock_.now());
  auto commit = next_commit(event.branch, std::move(author));
  commit->branch_event = event;
  Status written = views_.stage(open_->stage, *commit);
  if (written) {
    add(std::move(commit));
    complete_batch(*open_);
    written = write(*open_);
    if (written) written = views_.publish(open_->stage);
  }
  open_->stage.clear();
  open_->batch.clear();
  open_->facts = 0;
  if (!written)
    poison(written.error());
  else
    tell_head();
  return written;
}

void Appender::checkpoint_if_due() {
  const auto age = std::chrono::steady_clock::now() - last_checkpoint_;
  const bool is_old = age >= std::chrono::milliseconds(options_.checkpoint_interval_ms);
  if ((!is_old && views_.dirty_bytes() <= options_.dirty_bytes_max) || !views_hold_) return;
  if (const Status written = checkpoint(); !written) poison(written.error());
}

Status Appender::checkpoint() {
  last_checkpoint_ = std::chrono::steady_clock::now();
  Batch batch;
  batch.reserve(views_.dirty_bytes() + views_.dirty_bytes() / 2);  // with keys
  add_followers(batch);
  if (views_.folded_on_disk() != views_.head()) views_.collect(batch);
  if (batch.empty()) return {};
  if (const Status written = store_.write(batch, Durability::ordered); !written) return written;
  if (views_.folded_on_disk() != views_.head()) views_.settle();
  return {};
}

void Appender::poison(const base::Error& error) {
  std::deque<Block> waiting;
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
  for (Block& block : waiting) {
    for (Work& work : block) work.done(*poisoned_);
  }
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
