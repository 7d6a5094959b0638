// Folding: from commits to views. What the special series hold:
//   terms::type       one instance a change of types, at the offset of the change: `object_types` held until then, in
//                     the life that started at `attribute.offset` (one commit can end a life and start another)
//   terms::scope      likewise: the scopes that held until then, one a line in a string
//   terms::lifecycle  one instance an ended life, at the offset of its end: `attribute.offset` and `created_at` are its
//                     start, `object_types` and the string its types and scopes at the end
//   the same, with corrections_dataset: one instance a correction of the past; `attribute` is what takes the place of
//                     the instance that its offset and created_at name, unless it `ended` that
//   the same, with thinnings_dataset: one instance a thinning that was done
#include <algorithm>
#include <mutex>

#include "thread/thinned_series.hpp"
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

// Named anew when what is stored of the views changes.
constexpr std::string_view state_key = "state/2";
constexpr std::string_view earlier_state_key = "state";

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

void supersede(const Fact& fact, const Commit& commit, EntityNumber number, const twin::Entity& entity,
               std::vector<Superseded>& to) {
  const auto past = [&](Term name, Term dataset, PastInstance instance) {
    to.push_back({{commit.branch, number, name, dataset}, std::move(instance)});
  };
  const Attribute& stated = fact.attribute;
  switch (fact.kind) {
    case Fact::Kind::attribute_set:
    case Fact::Kind::attribute_deleted: {
      const Attribute* present = entity.find(stated.name, stated.dataset);
      if (present != nullptr) past(stated.name, stated.dataset, {present->offset, false, *present});
      if (fact.kind == Fact::Kind::attribute_set || present == nullptr) break;
      past(stated.name, stated.dataset, ended_instance(stated, commit));
      break;
    }
    case Fact::Kind::types_set:
      past(twin::terms::type, {}, past_head(twin::terms::type, commit.offset, commit.recorded_at, entity));
      break;
    case Fact::Kind::scopes_set:
      past(twin::terms::scope, {}, past_head(twin::terms::scope, commit.offset, commit.recorded_at, entity));
      break;
    case Fact::Kind::entity_deleted: {
      for (const Attribute& present : entity.attributes) {
        past(present.name, present.dataset, {present.offset, false, present});
        // A life that starts in the same commit must not take it for its own.
        if (present.offset == commit.offset) past(present.name, present.dataset, ended_instance(present, commit));
      }
      PastInstance life = past_head(twin::terms::lifecycle, commit.offset, commit.recorded_at, entity);
      life.attribute.created_at = entity.created_at;
      past(twin::terms::lifecycle, {}, std::move(life));
      break;
    }
    case Fact::Kind::entity_created:
    default:
      break;
  }
}

// What a fact of the past adds to its series.
base::Status tell(const Fact& fact, const Commit& commit, EntityNumber number, std::vector<Superseded>& to) {
  Superseded one{{commit.branch, number, fact.attribute.name, told(fact.attribute.dataset)},
                 {commit.offset, false, fact.attribute}};
  Attribute& attribute = one.instance.attribute;
  attribute.modified_at = commit.recorded_at;
  one.thins = fact.kind == Fact::Kind::past_thinned;
  if (one.thins) {
    one.series.dataset = fact.attribute.dataset;
    attribute.offset = commit.offset;
  } else if (fact.kind == Fact::Kind::past_stated) {
    attribute.offset = commit.offset;
  } else if (fact.kind == Fact::Kind::past_numbers_stated) {
    const auto* packed = std::get_if<std::string>(&fact.attribute.value);
    auto points = packed != nullptr ? unpack_numbers(*packed) : unpack_numbers({});
    if (!points) return points.error();
    for (NumberPoint& point : *points) point.offset = commit.offset;
    attribute.value = int64_t{0};
    one.numbers = std::move(*points);
  } else {
    one.series = {commit.branch, number, twin::terms::lifecycle, corrections_dataset};
    one.instance.ended = fact.kind == Fact::Kind::past_removed;
  }
  if (one.numbers.empty() && fact.kind == Fact::Kind::past_numbers_stated) return {};
  to.push_back(std::move(one));
  return {};
}

// Where the entity will once have been of a type or in a cell.
void add_ever(const Fact& fact, EntityNumber number, std::vector<Stage::EverKey>& to) {
  for (const Term type : fact.types) to.push_back({'t', type.number, number.number});
  const auto* location = std::get_if<twin::Geometry>(&fact.attribute.value);
  const bool is_stated = fact.kind == Fact::Kind::attribute_set || fact.kind == Fact::Kind::past_stated ||
                         fact.kind == Fact::Kind::past_corrected;
  if (!is_stated || fact.attribute.name != twin::terms::location || location == nullptr) return;
  for (const Cell cell : cells_of(*location, coarse_level)) to.push_back({'c', cell, number.number});
}

}  // namespace

void RecentCommits::add(const std::vector<std::shared_ptr<const Commit>>& commits, const std::vector<size_t>& bytes) {
  if (commits.empty()) return;
  std::vector<std::shared_ptr<const Commit>> gone;  // freed outside the lock
  const std::unique_lock lock(mutex_);
  if (!any_) complete_after_ = {commits.front()->offset.number - 1};
  any_ = true;
  for (size_t i = 0; i < commits.size(); ++i) {
    entries_.push_back({commits[i], bytes[i]});
    bytes_ += bytes[i];
  }
  while (bytes_ > bytes_max_ && entries_.size() > 1) {
    bytes_ -= entries_.front().bytes;
    complete_after_ = entries_.front().commit->offset;
    gone.push_back(std::move(entries_.front().commit));
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

void Stage::clear() {
  before = nullptr;
  commits.clear();
  bytes.clear();
  const size_t as_many = touched.size();
  touched.clear();
  touched.reserve(as_many);
  superseded.clear();
  ever.clear();
  branches.clear();
  next_number = 0;
}

base::Result<Views::Standing> Views::standing(const Stage& stage, BranchId branch, std::string_view entity_id) const {
  Standing standing;
  standing.branch = branch == main_branch ? main_.get() : writable_branch(branch).get();
  if (standing.branch == nullptr)
    return fail(Code::not_found, "there is no such branch", std::to_string(branch.number), "list the branches");
  standing.hash = Latest::hash_of(entity_id);
  for (const Stage* one = &stage; one != nullptr; one = one->before) {
    const auto found = one->touched.find(Stage::EntityOn{standing.branch, standing.hash, entity_id});
    if (found == one->touched.end()) continue;
    standing.record = found->record;
    return standing;
  }
  standing.record = standing.branch->latest.find(entity_id, standing.hash);
  if (!standing.record.exists() && branch != main_branch) {
    const BranchInfo& info = standing.branch->info;
    auto inherited = find(info.parent, info.fork_offset, entity_id);
    if (!inherited) return inherited.error();
    standing.record = std::move(*inherited);
    standing.inherited = true;
  }
  return standing;
}

// The number that the id has on a parent, staged or published, else a new one: the same however commits are grouped.
EntityNumber Views::number_for(Stage& stage, const Standing& standing, std::string_view entity_id) {
  for (BranchId id = standing.branch->info.id; id != main_branch;) {
    id = writable_branch(id)->info.parent;
    const auto parent = writable_branch(id);
    for (const Stage* one = &stage; one != nullptr; one = one->before) {
      const auto found = one->touched.find(Stage::EntityOn{parent.get(), standing.hash, entity_id});
      if (found != one->touched.end()) return found->record.number();
    }
    if (const EntityRecord record = parent->latest.find(entity_id)) return record.number();
  }
  stage.next_number = next_number_ + 1;
  return {next_number_++};
}

base::Status Views::fold(Stage& stage, Standing& standing, const Commit& commit, std::span<const Fact> facts,
                         twin::Entity& part) {
  if (facts.empty()) return {};
  if (std::ranges::all_of(facts, &Fact::is_of_past)) return fold_past(stage, standing, commit, facts);
  const bool only_set =
      std::ranges::all_of(facts, [](const Fact& one) { return one.kind == Fact::Kind::attribute_set; });
  const bool plain = only_set && standing.exists() && !standing.inherited;
  if (const base::Status folded =
          plain ? fold_attributes(stage, standing, commit, facts, part) : fold_any(stage, standing, commit, facts);
      !folded) {
    return folded;
  }
  bool stays = plain;
  for (const Fact& fact : facts) {
    add_ever(fact, standing.record.number(), stage.ever);
    stays = stays && fact.attribute.name != twin::terms::location;
  }
  const auto [at, is_new] =
      stage.touched.insert({standing.branch, standing.hash, standing.record.number(), stays, standing.record});
  if (is_new) return {};
  auto& touched = const_cast<Stage::Touched&>(*at);  // branch and id, and with them the hash, stay
  touched.record = standing.record;
  touched.plain = touched.plain && stays;
  return {};
}

// What nearly every commit does: attributes are set; all the others are copied as they lie.
base::Status Views::fold_attributes(Stage& stage, Standing& standing, const Commit& commit, std::span<const Fact> facts,
                                    twin::Entity& part) {
  const size_t known = part.attributes.size();
  for (const Fact& fact : facts) {
    Attribute* present = part.find(fact.attribute.name, fact.attribute.dataset);
    Attribute next = twin::stamped(fact.attribute, present, commit.offset, commit.recorded_at);
    if (present == nullptr) {
      part.attributes.push_back(std::move(next));
      continue;
    }
    std::swap(*present, next);
    const Offset offset = next.offset;
    stage.superseded.push_back(
        {{commit.branch, standing.record.number(), next.name, next.dataset}, {offset, false, std::move(next)}});
  }
  standing.record = standing.record.with_attributes(part.attributes, known, commit.offset, commit.recorded_at, bytes_);
  return {};
}

base::Status Views::fold_any(Stage& stage, Standing& standing, const Commit& commit, std::span<const Fact> facts) {
  const std::string& id = facts.front().entity_id;
  const bool numbered = standing.record.exists() && !standing.inherited;
  const EntityNumber number = numbered ? standing.record.number() : number_for(stage, standing, id);
  twin::Entity entity = standing.exists() ? standing.record.unpack() : twin::Entity();
  // Inherited as it stood or read back from history: the stored bytes must not tell which.
  if (standing.inherited) sort_by_creation(entity);
  for (const Fact& fact : facts) {
    supersede(fact, commit, number, entity, stage.superseded);
    if (fact.is_of_past()) {
      if (auto told = tell(fact, commit, number, stage.superseded); !told) return told;
    }
    if (auto applied = twin::apply(fact, commit.offset, commit.recorded_at, entity); !applied) return applied;
  }
  standing.record = entity.id.empty() ? ended_record(id, number, commit.offset) : EntityRecord::pack(entity, number);
  standing.inherited = false;
  return {};
}

// What is stays untouched.
base::Status Views::fold_past(Stage& stage, const Standing& standing, const Commit& commit,
                              std::span<const Fact> facts) {
  const bool numbered = standing.record.exists() && !standing.inherited;
  const EntityNumber number =
      numbered ? standing.record.number() : number_for(stage, standing, facts.front().entity_id);
  for (const Fact& fact : facts) {
    if (auto told = tell(fact, commit, number, stage.superseded); !told) return told;
    add_ever(fact, number, stage.ever);
  }
  return {};
}

base::Status Views::stage_event(Stage& stage, const BranchEvent& event, Offset offset) const {
  if (event.kind == BranchEvent::Kind::forked) {
    auto branch = std::make_shared<Branch>();
    branch->info = {event.branch, event.name, event.parent, event.fork_offset, offset};
    branch->head = offset.number;
    stage.branches.push_back(std::move(branch));
  } else if (event.kind == BranchEvent::Kind::dropped) {
    const auto branch = writable_branch(event.branch);
    if (branch == nullptr)
      return fail(Code::corrupt, "a dropped branch was never forked", std::to_string(event.branch.number));
    auto dropped = std::make_shared<Branch>();
    dropped->info = branch->info;
    dropped->dropped_at = offset;
    stage.branches.push_back(std::move(dropped));
  }
  return {};
}

base::Status Views::stage(Stage& stage, const Commit& commit) {
  if (commit.branch_event.kind != BranchEvent::Kind::none)
    return stage_event(stage, commit.branch_event, commit.offset);
  const std::span<const Fact> facts(commit.facts);
  for (size_t first = 0, end = 0; first < facts.size(); first = end) {
    const std::string& id = facts[first].entity_id;
    keys_.clear();
    for (end = first; end < facts.size() && facts[end].entity_id == id; ++end)
      keys_.push_back({facts[end].attribute.name, facts[end].attribute.dataset});
    auto standing = this->standing(stage, commit.branch, id);
    if (!standing) return standing.error();
    if (standing->exists()) standing->record.unpack_part(keys_, part_);
    if (auto folded = fold(stage, *standing, commit, facts.subspan(first, end - first), part_); !folded) return folded;
  }
  return {};
}

// A thinning finds its series as it is after all that was recorded before it.
base::Status Views::push_past(std::span<Superseded> superseded) {
  while (!superseded.empty()) {
    const auto thinning = std::ranges::find_if(superseded, &Superseded::thins);
    const auto before = static_cast<size_t>(thinning - superseded.begin());
    if (auto pushed = history_.push(superseded.first(before)); !pushed) return pushed;
    if (before == superseded.size()) break;
    if (auto done = thin(superseded[before]); !done) return done;
    superseded = superseded.subspan(before + 1);
  }
  return {};
}

// Nothing is taken out but what the fact names: where the series has moved on since it was planned, it stays.
base::Status Views::thin(Superseded& one) {
  const auto wanted = thinning_of(one.instance.attribute);
  if (!wanted) return wanted.error();
  const auto series = history_.series(one.series);
  if (!series) return series.error();
  const auto thinned = thin_series(*this, one.series, *series, *wanted);
  if (!thinned) return thinned.error();
  if (thinned->taken_out == 0 || thinned->taken_out != wanted->taken_out || thinned->sha256 != wanted->sha256)
    return {};
  if (auto rewritten = history_.rewrite(one.series, *series, thinned->runs); !rewritten) return rewritten;
  one.series.attribute = twin::terms::lifecycle;
  one.series.dataset = thinnings_dataset;
  return history_.push(std::span(&one, 1));
}

base::Status Views::publish(Stage& stage) {
  // History first: whoever finds a record that has moved on can then read back what it was.
  if (auto pushed = push_past(stage.superseded); !pushed) return pushed;
  // The commits before the records: whoever misses an entity in an index finds it among them.
  recent_.add(stage.commits, stage.bytes);
  if (!stage.ever.empty()) {
    const std::unique_lock lock(ever_mutex_);
    ever_dirty_.insert(stage.ever.begin(), stage.ever.end());
    dirty_bytes_ += stage.ever.size() * sizeof(EverKey);
  }
  for (const Stage::Touched& one : stage.touched) {
    if (dirty_.insert(dirty_key(one.branch->info.id, one.number)).second)
      dirty_bytes_ += one.record.bytes().size() + 16;
    one.branch->latest.put(kept(one.record), one.number, one.hash, one.plain);
  }
  if (stage.next_number != 0) published_next_number_ = stage.next_number;
  publish_branches(stage);
  for (const auto& commit : stage.commits) {
    if (commit->branch == main_branch)
      main_->head.store(commit->offset.number);
    else if (const auto branch = writable_branch(commit->branch))
      branch->head.store(commit->offset.number);
  }
  if (stage.commits.empty()) return {};
  head_time_.store(stage.commits.back()->recorded_at.microseconds, std::memory_order_release);
  head_.store(stage.commits.back()->offset.number, std::memory_order_release);
  return {};
}

EntityRecord Views::kept(const EntityRecord& record) {
  if (!pages_) return record;
  kept_bytes_ += record.bytes().size();
  if (kept_bytes_ > resident_bytes_max_ / 32) {
    limit_memory();
    kept_bytes_ = 0;
  }
  return record.paged_in(*pages_);
}

void Views::limit_memory() const {
  if (pages_) pages_->limit(resident_bytes_max_);
}

void Views::publish_branches(Stage& stage) {
  if (stage.branches.empty()) return;
  const std::unique_lock lock(branches_mutex_);
  for (std::shared_ptr<Branch>& branch : stage.branches) {
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

void Views::collect(Batch& batch) {
  for (const BranchId branch : erased_branches_) {
    std::string prefix;
    append_big_endian(prefix, branch.number);
    for (const Family family : {Family::latest, Family::series, Family::summaries}) {
      // A read error here shows in the next read too; what stays behind is never read again.
      (void)store_
          .scan(family, prefix, after_prefix(prefix),
                [&](std::string_view key, std::string_view) {
                  batch.erase(family, key);
                  return true;
                })
          .ok();
    }
  }
  // In the order of their keys, which the store takes in several times as fast.
  std::vector<uint64_t> dirty(dirty_.begin(), dirty_.end());
  std::ranges::sort(dirty);
  for (const uint64_t key : dirty) {
    const BranchId branch_id{static_cast<uint32_t>(key >> 32)};
    const EntityNumber number{static_cast<uint32_t>(key)};
    const auto branch = writable_branch(branch_id);
    if (branch != nullptr)
      batch.put(Family::latest, entity_key(branch_id, number), branch->latest.find(number).bytes());
  }
  history_.collect(batch);
  for (const EverKey& ever : ever_dirty_) batch.put(Family::ever, ever_key(ever.kind, ever.key, ever.number), {});
  batch.put(Family::views, state_key, packed_state());
  collected_ = head_.load();
}

std::string Views::packed_state() const {
  std::string state;
  twin::ByteWriter writer(state);
  writer.varint(head_.load());
  writer.fixed(head_time_.load());
  writer.varint(published_next_number_);
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
  if (!stored->has_value()) {
    const auto earlier = store_.get(Family::views, earlier_state_key);
    if (!earlier) return earlier.error();
    if (!earlier->has_value()) return {};
    return fail(Code::corrupt, "the stored views are of an earlier version of this program", "state",
                "run 'cityloom refold' to fold them again");
  }
  twin::ByteReader reader(**stored);
  head_ = reader.varint();
  folded_on_disk_ = head_.load();
  head_time_ = reader.fixed<int64_t>();
  published_next_number_ = next_number_ = reader.varint32();
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
  history_.start(next_number_);
  base::Status read;
  const base::Status scanned = store_.scan(Family::latest, "", "", [&](std::string_view key, std::string_view value) {
    auto record = EntityRecord::from_bytes(value);
    const auto branch = key.size() == 8 ? writable_branch({big_endian_32(key, 0)}) : nullptr;
    if (!record || branch == nullptr) {
      read = fail(Code::corrupt, "a stored entity cannot be read", {}, "run 'cityloom refold' to fold the views again");
      return false;
    }
    branch->latest.put(kept(*record), record->number(), Latest::hash_of(record->id()), false);
    return true;
  });
  if (!scanned) return scanned;
  return read;
}

}  // namespace cityloom::thread
