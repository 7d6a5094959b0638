// Folding: from commits to views. What the special series hold:
//   terms::type       one instance a change of types, at the offset of the change: `object_types` held until then, in
//                     the life that started at `attribute.offset` (one commit can end a life and start another)
//   terms::scope      likewise: the scopes that held until then, one a line in a string
//   terms::lifecycle  one instance an ended life, at the offset of its end: `attribute.offset` and `created_at` are its
//                     start, `object_types` and the string its types and scopes at the end
#include <algorithm>
#include <mutex>

#include "thread/views.hpp"
#include "twin/bytes.hpp"

namespace cityloom::thread {
namespace {

using base::Code;
using base::fail;
using twin::Attribute;
using twin::EntityNumber;
using twin::EntityRecord;
using twin::Fact;
using twin::Term;

constexpr std::string_view state_key = "state";

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

PastInstance past_head(Term series, Offset offset, base::Instant time, const twin::Entity& entity) {
  PastInstance instance;
  instance.offset = offset;
  instance.attribute.name = series;
  instance.attribute.modified_at = time;
  instance.attribute.offset = entity.created_offset;
  if (series != twin::terms::scope) instance.attribute.object_types = entity.types;
  if (series != twin::terms::type) instance.attribute.value = joined(entity.scopes);
  return instance;
}

PastInstance ended_instance(const Attribute& attribute, const Commit& commit) {
  PastInstance end{commit.offset, true, {}};
  end.attribute.name = attribute.name;
  end.attribute.dataset = attribute.dataset;
  end.attribute.modified_at = commit.recorded_at;
  return end;
}

uint64_t dirty_key(BranchId branch, EntityNumber number) {
  return static_cast<uint64_t>(branch.number) << 32 | number.number;
}

// An ended entity: its number and id stay, so that it keeps both if it comes back.
EntityRecord ended_record(const std::string& id, EntityNumber number, Offset offset) {
  twin::Entity entity;
  entity.id = id;
  entity.offset = offset;
  return EntityRecord::pack(entity, number);
}

}  // namespace

void RecentCommits::add(std::shared_ptr<const Commit> commit, size_t bytes) {
  const std::unique_lock lock(mutex_);
  if (!any_) complete_after_ = {commit->offset.number - 1};
  any_ = true;
  entries_.push_back({std::move(commit), bytes});
  bytes_ += bytes;
  while (bytes_ > bytes_max_ && entries_.size() > 1) {
    bytes_ -= entries_.front().bytes;
    complete_after_ = entries_.front().commit->offset;
    entries_.pop_front();
  }
}

std::optional<std::vector<std::shared_ptr<const Commit>>> RecentCommits::after(Offset offset, size_t limit,
                                                                               size_t bytes_max) const {
  const std::shared_lock lock(mutex_);
  if (!any_ || offset < complete_after_) return {};
  std::vector<std::shared_ptr<const Commit>> commits;
  size_t bytes = 0;
  // Offsets follow each other without gaps.
  for (size_t i = entries_.empty() ? 0 : offset.number - (entries_.front().commit->offset.number - 1);
       i < entries_.size() && commits.size() < limit && bytes < bytes_max; ++i) {
    commits.push_back(entries_[i].commit);
    bytes += entries_[i].bytes;
  }
  return commits;
}

std::shared_ptr<Branch> Views::writable_branch(BranchId id) const {
  if (id == main_branch) return main_;
  const std::shared_lock lock(branches_mutex_);
  const auto found = branches_.find(id.number);
  return found == branches_.end() ? nullptr : found->second;
}

base::Result<Views::Staged*> Views::stage_entity(BranchId branch, const std::string& entity_id) {
  const auto found = staged_.find({branch.number, entity_id});
  if (found != staged_.end()) return &found->second;
  Staged staged;
  staged.branch = writable_branch(branch);
  staged.id = entity_id;
  if (staged.branch == nullptr) return fail(Code::not_found, "there is no such branch", std::to_string(branch.number));
  EntityRecord record = staged.branch->latest.find(entity_id);
  const bool inherits = !record && branch != main_branch;
  if (record) {
    staged.number = record.number();
  } else if (inherits) {
    const BranchInfo& info = staged.branch->info;
    auto inherited = find(info.parent, info.fork_offset, entity_id);
    if (!inherited) return inherited.error();
    record = std::move(*inherited);
  }
  if (record && !record.ended()) staged.entity = record.unpack();
  // Inherited as it stood or read back from history: the stored bytes must not tell which.
  if (inherits) sort_by_creation(staged.entity);
  return &staged_.emplace(StageKey{branch.number, entity_id}, std::move(staged)).first->second;
}

// The number that the id has on a parent, staged or published, else a new one: the same however commits are grouped.
EntityNumber Views::number_for(const Staged& staged) {
  for (BranchId id = staged.branch->info.id; id != main_branch;) {
    id = writable_branch(id)->info.parent;
    const auto found = staged_.find({id.number, staged.id});
    if (found != staged_.end() && found->second.number.number != 0) return found->second.number;
    if (const EntityRecord record = writable_branch(id)->latest.find(staged.id)) return record.number();
  }
  return {next_number_++};
}

base::Result<const twin::Entity*> Views::staged(BranchId branch, const std::string& entity_id) {
  const auto found = stage_entity(branch, entity_id);
  if (!found) return found.error();
  return static_cast<const twin::Entity*>(&(*found)->entity);
}

void Views::past(const Staged& staged, Term name, Term dataset, PastInstance instance) {
  superseded_.push_back({{staged.branch->info.id, staged.number, name, dataset}, std::move(instance)});
}

void Views::supersede(const Staged& staged, const Fact& fact, const Commit& commit) {
  const twin::Entity& entity = staged.entity;
  const Attribute& stated = fact.attribute;
  switch (fact.kind) {
    case Fact::Kind::attribute_set:
    case Fact::Kind::attribute_deleted: {
      const Attribute* present = entity.find(stated.name, stated.dataset);
      if (present != nullptr) past(staged, stated.name, stated.dataset, {present->offset, false, *present});
      if (fact.kind == Fact::Kind::attribute_set || present == nullptr) break;
      past(staged, stated.name, stated.dataset, ended_instance(stated, commit));
      break;
    }
    case Fact::Kind::types_set:
      past(staged, twin::terms::type, {}, past_head(twin::terms::type, commit.offset, commit.recorded_at, entity));
      break;
    case Fact::Kind::scopes_set:
      past(staged, twin::terms::scope, {}, past_head(twin::terms::scope, commit.offset, commit.recorded_at, entity));
      break;
    case Fact::Kind::entity_deleted: {
      for (const Attribute& present : entity.attributes) {
        past(staged, present.name, present.dataset, {present.offset, false, present});
        // A life that starts in the same commit must not take it for its own.
        if (present.offset == commit.offset)
          past(staged, present.name, present.dataset, ended_instance(present, commit));
      }
      PastInstance life = past_head(twin::terms::lifecycle, commit.offset, commit.recorded_at, entity);
      life.attribute.created_at = entity.created_at;
      past(staged, twin::terms::lifecycle, {}, std::move(life));
      break;
    }
    case Fact::Kind::entity_created:
      break;
  }
}

void Views::stage_ever(const Staged& staged, const Fact& fact) {
  const uint32_t number = staged.number.number;
  for (const Term type : fact.types) staged_ever_.push_back({'t', type.number, number});
  const auto* location = std::get_if<twin::Geometry>(&fact.attribute.value);
  if (fact.kind != Fact::Kind::attribute_set || fact.attribute.name != twin::terms::location || location == nullptr)
    return;
  for (const Cell cell : cells_of(*location, coarse_level)) staged_ever_.push_back({'c', cell, number});
}

base::Status Views::stage_event(const BranchEvent& event, Offset offset) {
  if (event.kind == BranchEvent::Kind::forked) {
    auto branch = std::make_shared<Branch>();
    branch->info = {event.branch, event.name, event.parent, event.fork_offset, offset};
    branch->head = offset.number;
    staged_branches_.push_back(std::move(branch));
  } else if (event.kind == BranchEvent::Kind::dropped) {
    const auto branch = writable_branch(event.branch);
    if (branch == nullptr)
      return fail(Code::corrupt, "a dropped branch was never forked", std::to_string(event.branch.number));
    auto dropped = std::make_shared<Branch>();
    dropped->info = branch->info;
    dropped->dropped_at = offset;
    staged_branches_.push_back(std::move(dropped));
  }
  return {};
}

base::Status Views::stage(const Commit& commit) {
  if (commit.branch_event.kind != BranchEvent::Kind::none) return stage_event(commit.branch_event, commit.offset);
  for (const Fact& fact : commit.facts) {
    const auto found = stage_entity(commit.branch, fact.entity_id);
    if (!found) return found.error();
    Staged& staged = **found;
    if (staged.number.number == 0) staged.number = number_for(staged);
    staged.touched = true;
    supersede(staged, fact, commit);
    stage_ever(staged, fact);
    if (auto applied = twin::apply(fact, commit.offset, commit.recorded_at, staged.entity); !applied) return applied;
    if (staged.entity.id.empty()) staged.entity.offset = commit.offset;  // of the end
  }
  return {};
}

base::Status Views::publish(std::vector<std::shared_ptr<const Commit>> commits, const std::vector<size_t>& bytes) {
  // History first: whoever finds a record that has moved on can then read back what it was.
  for (Superseded& one : superseded_) {
    if (auto pushed = history_.push(one.series, std::move(one.instance)); !pushed) return pushed;
  }
  // The commits before the records: whoever misses an entity in an index finds it among them.
  for (size_t i = 0; i < commits.size(); ++i) recent_.add(commits[i], bytes[i]);
  {
    const std::unique_lock lock(ever_mutex_);
    ever_dirty_.insert(staged_ever_.begin(), staged_ever_.end());
    dirty_bytes_ += staged_ever_.size() * sizeof(EverKey);
  }
  for (const auto& [key, staged] : staged_) {
    if (!staged.touched) continue;
    EntityRecord record = staged.entity.id.empty() ? ended_record(staged.id, staged.number, staged.entity.offset)
                                                   : EntityRecord::pack(staged.entity, staged.number);
    if (dirty_.insert(dirty_key({key.first}, staged.number)).second) dirty_bytes_ += record.bytes().size() + 16;
    staged.branch->latest.put(std::move(record));
  }
  publish_branches();
  for (const auto& commit : commits) {
    if (const auto branch = writable_branch(commit->branch)) branch->head.store(commit->offset.number);
    head_time_.store(commit->recorded_at.microseconds, std::memory_order_release);
  }
  if (!commits.empty()) head_.store(commits.back()->offset.number, std::memory_order_release);
  unstage();
  return {};
}

void Views::publish_branches() {
  if (staged_branches_.empty()) return;
  const std::unique_lock lock(branches_mutex_);
  for (std::shared_ptr<Branch>& branch : staged_branches_) {
    const BranchId id = branch->info.id;
    if (branch->dropped_at.number != 0) {
      branches_.erase(id.number);
      erased_branches_.push_back(id);
      history_.forget(id);
    } else {
      branches_[id.number] = std::move(branch);
    }
    if (id.number >= next_branch_) next_branch_ = id.number + 1;
  }
}

void Views::unstage() {
  staged_.clear();
  superseded_.clear();
  staged_ever_.clear();
  staged_branches_.clear();
}

void Views::collect(Batch& batch) {
  for (const BranchId branch : erased_branches_) {
    std::string prefix;
    append_big_endian(prefix, branch.number);
    for (const Family family : {Family::latest, Family::series, Family::summaries}) {
      // A read error here shows in the next read too; what stays behind is never read again.
      (void)store_
          .scan(family, prefix, after_prefix(prefix),
                [&](std::string_view key, std::string_view) {
                  batch.erase(family, std::string(key));
                  return true;
                })
          .ok();
    }
  }
  for (const uint64_t key : dirty_) {
    const BranchId branch_id{static_cast<uint32_t>(key >> 32)};
    const EntityNumber number{static_cast<uint32_t>(key)};
    const auto branch = writable_branch(branch_id);
    if (branch != nullptr)
      batch.put(Family::latest, entity_key(branch_id, number), std::string(branch->latest.find(number).bytes()));
  }
  history_.collect(batch);
  for (const EverKey& ever : ever_dirty_) batch.put(Family::ever, ever_key(ever.kind, ever.key, ever.number), {});
  batch.put(Family::views, std::string(state_key), packed_state());
  collected_ = head_.load();
}

std::string Views::packed_state() const {
  std::string state;
  twin::ByteWriter writer(state);
  writer.varint(head_.load());
  writer.fixed(head_time_.load());
  writer.varint(next_number_);
  writer.varint(next_branch_.load());
  const std::shared_lock lock(branches_mutex_);
  writer.varint(branches_.size());
  for (const auto& [id, branch] : branches_) {
    writer.varint(id);
    writer.text(branch->info.name);
    writer.varint(branch->info.parent.number);
    writer.varint(branch->info.fork_offset.number);
    writer.varint(branch->head.load());
  }
  return state;
}

void Views::settle() {
  history_.settle();
  dirty_.clear();
  erased_branches_.clear();
  {
    const std::unique_lock lock(ever_mutex_);
    ever_dirty_.clear();
  }
  dirty_bytes_ = 0;
  folded_on_disk_ = collected_;
}

base::Status Views::load_state() {
  const auto stored = store_.get(Family::views, state_key);
  if (!stored) return stored.error();
  if (!stored->has_value()) return {};
  twin::ByteReader reader(**stored);
  head_ = reader.varint();
  folded_on_disk_ = head_.load();
  head_time_ = reader.fixed<int64_t>();
  next_number_ = reader.varint32();
  next_branch_ = reader.varint32();
  for (uint64_t left = reader.varint(); left > 0 && reader.ok(); --left) {
    auto branch = std::make_shared<Branch>();
    branch->info.id = {reader.varint32()};
    branch->info.name = std::string(reader.text());
    branch->info.parent = {reader.varint32()};
    branch->info.fork_offset = {reader.varint()};
    branch->head = reader.varint();
    branches_[branch->info.id.number] = std::move(branch);
  }
  if (!reader.ok() || !reader.at_end())
    return fail(Code::corrupt, "the stored views cannot be read", "state", "run 'cityloom refold'");
  return {};
}

base::Status Views::load() {
  main_->info.name = "main";
  if (auto loaded = load_state(); !loaded) return loaded;
  base::Status read;
  const base::Status scanned = store_.scan(Family::latest, "", "", [&](std::string_view key, std::string_view value) {
    auto record = EntityRecord::from_bytes(value);
    const auto branch = key.size() == 8 ? writable_branch({big_endian_32(key, 0)}) : nullptr;
    if (!record || branch == nullptr) {
      read = fail(Code::corrupt, "a stored entity cannot be read", {}, "run 'cityloom refold' to fold the views again");
      return false;
    }
    branch->latest.put(std::move(*record));
    return true;
  });
  if (!scanned) return scanned;
  return read;
}

}  // namespace cityloom::thread
