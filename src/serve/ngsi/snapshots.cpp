// Snapshots made, cloned, changed and ended: the branch first, then the fact that tells of it.
#include "serve/ngsi/snapshots.hpp"

#include <algorithm>
#include <chrono>

#include "serve/ngsi/deliverer.hpp"
#include "serve/ngsi/services.hpp"
#include "serve/ngsi/snapshot_document.hpp"
#include "serve/ngsi/subscriptions.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using base::Result;
using base::Status;
using thread::Change;
using Steady = std::chrono::steady_clock;

constexpr std::string_view entity_prefix = "urn:cityloom:internal:snapshot:";
constexpr int64_t second_us = 1'000'000;
constexpr int64_t save_uses_us = 60 * second_us;
constexpr int tries_max = 5;  // to tell of a status

std::optional<thread::BranchInfo> info_of(const thread::Thread& thread, thread::BranchId id) {
  for (thread::BranchInfo& info : thread.branches()) {
    if (info.id == id) return std::move(info);
  }
  return {};
}

base::Error unknown_snapshot(std::string_view id) {
  return {Code::not_found, "there is no snapshot with this id", std::string(id), {}};
}

}  // namespace

// A status on its way to the snapshot's endpoint. Outlives the snapshots, for answers that come late.
struct Snapshots::Told {
  Notification notification;
  std::mutex mutex;
  bool under_way = false;
  bool over = false;
  int tries = 0;
  Steady::time_point not_before{};
};

Snapshots::Snapshots(TenantState& tenant, Services& services, Deliverer& deliverer, SnapshotOptions options)
    : tenant_(tenant),
      services_(services),
      deliverer_(deliverer),
      options_(options),
      uses_saved_(services.clock.now()) {}

Snapshots::~Snapshots() {
  save_uses(Instant{std::numeric_limits<int64_t>::max()});
}

Status Snapshots::open() {
  const auto snapshot = tenant_.thread->snapshot();
  twin::Query query;
  query.types.any_of = {{tenant_.internal.snapshot_type}};
  std::vector<std::string> texts;
  const auto read = snapshot.each(query, [&](const twin::EntityRecord& record) {
    record.each_attribute(tenant_.internal.document, [&](const twin::Attribute& attribute) {
      if (const auto* json = std::get_if<twin::Json>(&attribute.value)) texts.push_back(json->text);
      return false;
    });
    return true;
  });
  if (!read.ok()) return read;
  std::set<std::string> needed;
  const std::lock_guard lock(mutex_);
  for (const std::string& text : texts) {
    auto restored = restore(text);
    if (!restored.ok()) return restored.error();
    if (!*restored) continue;  // its branch is gone
    needed.insert((*restored)->branch_name);
    const std::string id = (*restored)->form.id;
    snapshots_.emplace(id, std::move(*restored));
  }
  for (const thread::BranchInfo& info : tenant_.thread->branches()) {
    if (info.name.starts_with(snapshot_branch_prefix) && !needed.contains(info.name)) unneeded_.push_back(info.name);
  }
  return {};
}

Result<std::shared_ptr<NgsiSnapshot>> Snapshots::restore(std::string_view json) const {
  twin::Offset since;
  auto restored = restored_snapshot(json, since);
  if (!restored.ok()) return restored.error();
  NgsiSnapshot& snapshot = **restored;
  const auto branch = tenant_.thread->find_branch(snapshot.branch_name);
  if (!branch) return std::shared_ptr<NgsiSnapshot>();
  snapshot.branch = *branch;
  std::string bytes;
  if (!snapshot.asset.empty()) {
    const auto asset = tenant_.thread->asset(snapshot.asset);
    if (!asset.ok()) return asset.error();
    bytes = **asset;
  }
  auto selection = Selection::from_bytes(since, bytes);
  if (!selection.ok()) return selection.error();
  snapshot.selection = std::make_shared<const Selection>(std::move(*selection));
  snapshot.writes = std::make_shared<SnapshotWrites>(snapshot.branch, snapshot.selection);
  return restored;
}

SnapshotPointer Snapshots::find(std::string_view id) const {
  const Instant now = services_.clock.now();
  const std::lock_guard lock(mutex_);
  const auto found = snapshots_.find(id);
  if (found == snapshots_.end() || found->second->expires_at <= now) return nullptr;
  const auto used = uses_.find(id);
  if (used == uses_.end()) return found->second;
  auto shown = std::make_shared<NgsiSnapshot>(*found->second);
  shown->last_used_at = used->second;
  return shown;
}

SnapshotPointer Snapshots::use(std::string_view id) {
  const Instant now = services_.clock.now();
  const std::lock_guard lock(mutex_);
  const auto found = snapshots_.find(id);
  if (found == snapshots_.end() || found->second->expires_at <= now) return nullptr;
  uses_[found->first] = now;
  return found->second;
}

std::vector<SnapshotPointer> Snapshots::list() const {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, snapshot] : snapshots_) ids.push_back(id);
  }
  std::vector<SnapshotPointer> all;
  for (const std::string& id : ids) {
    if (auto snapshot = find(id)) all.push_back(std::move(snapshot));
  }
  return all;
}

Instant Snapshots::end_of(const SnapshotForm& form, Instant from) const {
  const Instant last{from.microseconds + options_.lifetime_max_s * second_us};
  if (form.lifetime.empty()) return Instant{from.microseconds + options_.lifetime_s * second_us};
  const auto period = ngsi::parse_period(form.lifetime);
  return period.ok() ? std::min(period->start(from, 1), last) : last;
}

// Takes an id, so that nobody else makes a snapshot of it meanwhile.
Result<std::string> Snapshots::reserve(std::string id) {
  const Instant now = services_.clock.now();
  const std::lock_guard lock(mutex_);
  if (id.empty()) {
    id = "urn:ngsi-ld:Snapshot:" + std::to_string(now.microseconds) + "-" + std::to_string(++made_);
  }
  if (snapshots_.contains(id) || making_.contains(id)) {
    return fail(Code::already_exists, "there is a snapshot with this id already", id);
  }
  if (snapshots_.size() + making_.size() >= options_.snapshots_max) {
    return fail(Code::busy, "there are as many snapshots as are allowed", {}, "delete those that nobody needs");
  }
  making_.insert(id);
  return id;
}

void Snapshots::release(const std::string& id) {
  const std::lock_guard lock(mutex_);
  making_.erase(id);
}

Result<std::shared_ptr<NgsiSnapshot>> Snapshots::fork(SnapshotForm form, thread::BranchId parent,
                                                      std::optional<twin::Offset> at) {
  auto snapshot = std::make_shared<NgsiSnapshot>();
  const Instant now = services_.clock.now();
  snapshot->created_at = snapshot->modified_at = snapshot->last_used_at = now;
  snapshot->expires_at = end_of(form, now);
  snapshot->form = std::move(form);
  {
    const std::lock_guard lock(mutex_);
    snapshot->branch_name =
        std::string(snapshot_branch_prefix) + std::to_string(now.microseconds) + "-" + std::to_string(++made_);
  }
  const auto branch = tenant_.thread->fork(snapshot->branch_name, parent, at, "ngsi-ld");
  if (!branch.ok()) return branch.error();
  snapshot->branch = *branch;
  const auto info = info_of(*tenant_.thread, *branch);
  if (!info) return fail(Code::unavailable, "the branch of the snapshot is gone", snapshot->branch_name);
  snapshot->forked_at = info->head;
  snapshot->selection = std::make_shared<const Selection>(info->fork_offset);
  return snapshot;
}

// Makes it durable and lets others find it; else its branch ends.
Status Snapshots::keep(const std::shared_ptr<NgsiSnapshot>& snapshot) {
  snapshot->writes = std::make_shared<SnapshotWrites>(snapshot->branch, snapshot->selection);
  const auto stored = store(*snapshot, true);
  const std::lock_guard lock(mutex_);
  if (!stored.ok()) {
    unneeded_.push_back(snapshot->branch_name);
    return stored;
  }
  snapshots_[snapshot->form.id] = snapshot;
  tell(*snapshot, services_.clock.now());
  return {};
}

Status Snapshots::store(const NgsiSnapshot& snapshot, bool is_new) {
  Change change;
  change.kind = is_new ? Change::Kind::create_or_replace : Change::Kind::append;
  change.entity_id = std::string(entity_prefix) + snapshot.form.id;
  if (is_new) change.types = {tenant_.internal.snapshot_type};
  twin::Attribute attribute;
  attribute.name = tenant_.internal.document;
  attribute.kind = twin::AttributeKind::json_property;
  attribute.value = twin::Json{stored_text(snapshot)};
  change.attributes.push_back(std::move(attribute));
  thread::ChangeSet set;
  set.author = "ngsi-ld";
  set.changes.push_back(std::move(change));
  const auto outcomes = tenant_.thread->append(std::move(set));
  if (!outcomes.ok()) return outcomes.error();
  return outcomes->front().ok() ? Status() : Status(outcomes->front().error());
}

Result<std::string> Snapshots::make(SnapshotForm form, const Fill& fill) {
  auto id = reserve(form.id);
  if (!id.ok()) return id;
  form.id = *id;
  const auto made = [&]() -> Status {
    auto forked = fork(std::move(form), thread::main_branch, {});
    if (!forked.ok()) return forked.error();
    NgsiSnapshot& snapshot = **forked;
    auto selection = std::make_shared<Selection>(snapshot.selection->since());
    Status filled = fill(tenant_.thread->snapshot(snapshot.branch), *selection, snapshot);
    if (filled.ok() && selection->count() > 0) {
      auto asset = tenant_.thread->put_asset(selection->bytes());
      if (!asset.ok()) filled = asset.error();
      if (asset.ok()) snapshot.asset = std::move(*asset);
    }
    if (!filled.ok()) {
      const std::lock_guard lock(mutex_);
      unneeded_.push_back(snapshot.branch_name);
      return filled;
    }
    snapshot.selection = std::move(selection);
    return keep(*forked);
  }();
  release(*id);
  if (!made.ok()) return made.error();
  return id;
}

// What a clone is forked off: the very place of the original where nothing was written to it, so that they do not
// stand on each other without need.
Result<std::pair<thread::BranchId, std::optional<twin::Offset>>> Snapshots::base_of(
    const NgsiSnapshot& original) const {
  const auto all = tenant_.thread->branches();
  const auto find_info = [&all](thread::BranchId id) {
    return std::find_if(all.begin(), all.end(), [id](const auto& one) { return one.id == id; });
  };
  const auto info = find_info(original.branch);
  if (info == all.end()) return unknown_snapshot(original.form.id);
  if (info->head == original.forked_at) return std::pair(info->parent, std::optional(info->fork_offset));
  size_t depth = 0;
  for (auto at = info; at != all.end() && at->id != thread::main_branch; at = find_info(at->parent)) ++depth;
  if (depth > options_.clones_of_clones_max) {
    return fail(Code::too_complex, "too many clones of clones stand on each other", original.form.id,
                "clone an earlier one, or make a new snapshot");
  }
  return std::pair(original.branch, std::optional<twin::Offset>());
}

Result<std::string> Snapshots::clone(std::string_view id, SnapshotForm form) {
  const SnapshotPointer original = find(id);
  if (!original) return unknown_snapshot(id);
  auto new_id = reserve(form.id);
  if (!new_id.ok()) return new_id;
  form.id = *new_id;
  form.queries = original->form.queries;
  form.temporal_queries = original->form.temporal_queries;
  const auto made = [&]() -> Status {
    const auto base = base_of(*original);
    if (!base.ok()) return base.error();
    auto forked = fork(std::move(form), base->first, base->second);
    if (!forked.ok()) return forked.error();
    NgsiSnapshot& snapshot = **forked;
    snapshot.selection = original->selection;
    snapshot.asset = original->asset;
    snapshot.results = original->results;
    snapshot.temporal_results = original->temporal_results;
    return keep(*forked);
  }();
  release(*new_id);
  if (!made.ok()) return made.error();
  return new_id;
}

Result<SnapshotPointer> Snapshots::update(std::string_view id, const SnapshotForm& form, bool lifetime_given) {
  const SnapshotPointer now_is = find(id);
  if (!now_is) return unknown_snapshot(id);
  const Instant now = services_.clock.now();
  auto changed = std::make_shared<NgsiSnapshot>(*now_is);
  changed->form.priority = form.priority;
  changed->form.lifetime = form.lifetime;
  changed->form.endpoint = form.endpoint;
  changed->form.receiver_info = form.receiver_info;
  changed->modified_at = now;
  if (lifetime_given) changed->expires_at = end_of(form, now);
  if (const auto stored = store(*changed, false); !stored.ok()) {
    return stored.error().code == Code::not_found ? unknown_snapshot(id) : stored.error();
  }
  const std::lock_guard lock(mutex_);
  const auto place = snapshots_.find(id);
  if (place == snapshots_.end()) return unknown_snapshot(id);
  place->second = changed;
  tell(*changed, now);
  return SnapshotPointer(std::move(changed));
}

Status Snapshots::remove(std::string_view id) {
  SnapshotPointer ended;
  {
    const std::lock_guard lock(mutex_);
    const auto found = snapshots_.find(id);
    if (found == snapshots_.end()) return unknown_snapshot(id);
    ended = std::move(found->second);
    snapshots_.erase(found);
    if (const auto used = uses_.find(id); used != uses_.end()) uses_.erase(used);
  }
  thread::ChangeSet set;
  set.author = "ngsi-ld";
  set.changes = tenant_.subscriptions->erase_all_of(id);
  Change change;
  change.kind = Change::Kind::remove;
  change.entity_id = std::string(entity_prefix) + std::string(id);
  set.changes.push_back(std::move(change));
  const auto outcomes = tenant_.thread->append(std::move(set));
  const bool gone = outcomes.ok() && (outcomes->back().ok() || outcomes->back().error().code == Code::not_found);
  {
    const std::lock_guard lock(mutex_);
    if (!gone) {
      snapshots_.emplace(id, std::move(ended));
      return outcomes.ok() ? outcomes->back().error() : outcomes.error();
    }
    unneeded_.push_back(ended->branch_name);
  }
  drop_branches();
  return {};
}

// Those on which a clone stands stay until it has gone.
void Snapshots::drop_branches() {
  std::vector<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    names.swap(unneeded_);
  }
  if (names.empty()) return;
  // A clone goes before what it stands on.
  std::reverse(names.begin(), names.end());
  std::vector<std::string> left;
  for (const std::string& name : names) {
    const auto branch = tenant_.thread->find_branch(name);
    if (!branch) continue;
    const auto all = tenant_.thread->branches();
    const bool stood_on = std::any_of(all.begin(), all.end(),
                                      [&](const auto& one) { return one.id != *branch && one.parent == *branch; });
    if (stood_on || !tenant_.thread->drop(*branch, "ngsi-ld").ok()) left.push_back(name);
  }
  std::reverse(left.begin(), left.end());
  const std::lock_guard lock(mutex_);
  unneeded_.insert(unneeded_.begin(), left.begin(), left.end());
}

size_t Snapshots::sweep(Instant now) {
  std::vector<std::string> over;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, snapshot] : snapshots_) {
      if (snapshot->expires_at <= now) over.push_back(id);
    }
  }
  size_t ended = 0;
  for (const std::string& id : over) ended += remove(id).ok() ? 1 : 0;
  drop_branches();
  send_told();
  if (now.microseconds - uses_saved_.microseconds > save_uses_us) save_uses(now);
  return ended;
}

// Under the lock.
void Snapshots::tell(const NgsiSnapshot& snapshot, Instant now) {
  if (snapshot.form.endpoint.empty()) return;
  auto told = std::make_shared<Told>();
  told->notification.endpoint.uri = snapshot.form.endpoint;
  told->notification.endpoint.receiver_info = snapshot.form.receiver_info;
  told->notification.tenant = tenant_.name;
  told->notification.context_url = std::string(ngsi::core_context_url);
  told->notification.body = snapshot_notification(
      snapshot, "urn:ngsi-ld:SnapshotNotification:" + std::to_string(now.microseconds) + "-" + std::to_string(++made_),
      now);
  told_.push_back(std::move(told));
  if (told_.size() > 2 * options_.snapshots_max) told_.pop_front();
}

void Snapshots::send_told() {
  std::deque<std::shared_ptr<Told>> all;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(told_, [](const auto& told) {
      const std::lock_guard of_told(told->mutex);
      return told->over;
    });
    all = told_;
  }
  const auto now = Steady::now();
  for (const auto& told : all) {
    {
      const std::lock_guard lock(told->mutex);
      if (told->under_way || told->over || now < told->not_before) continue;
      told->under_way = true;
      ++told->tries;
    }
    const Start started = deliverer_.start(told->notification, [told](const Delivered& result) {
      const std::lock_guard lock(told->mutex);
      told->under_way = false;
      told->over = result.ok || !result.retry || told->tries >= tries_max;
      told->not_before = Steady::now() + std::chrono::seconds(1 << told->tries);
    });
    if (started == Start::begun) continue;
    const std::lock_guard lock(told->mutex);
    told->under_way = false;
    --told->tries;
  }
}

// When they were used last, written down in passing.
void Snapshots::save_uses(Instant now) {
  std::vector<std::shared_ptr<NgsiSnapshot>> used;
  {
    const std::lock_guard lock(mutex_);
    uses_saved_ = now;
    for (const auto& [id, at] : uses_) {
      const auto found = snapshots_.find(id);
      if (found == snapshots_.end()) continue;
      auto changed = std::make_shared<NgsiSnapshot>(*found->second);
      changed->last_used_at = at;
      found->second = changed;
      used.push_back(std::move(changed));
    }
    uses_.clear();
  }
  for (const auto& snapshot : used) (void)store(*snapshot, false);
}

}  // namespace cityloom::serve::ngsi_ld
