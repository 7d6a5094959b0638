// The worker that follows the feed.
#include "serve/ngsi/subscriptions.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "ngsi/parse.hpp"
#include "serve/ngsi/snapshots.hpp"
#include "serve/ngsi/subscription_parts.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using thread::Offset;
using Steady = std::chrono::steady_clock;

constexpr std::string_view main_follower = "subscriptions";
// Stands for "not behind": no offset of a subscription's own is kept.
constexpr Offset no_own_offset{std::numeric_limits<uint64_t>::max()};
constexpr size_t commits_at_once = 64;
constexpr auto tending_time = std::chrono::milliseconds(10);
constexpr auto idle_wait = std::chrono::milliseconds(1'000);

Steady::duration seconds(double s) {
  return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(s));
}

}  // namespace

Subscriptions::Subscriptions(TenantState& tenant, Services& services, Deliverer& deliverer, SubscriptionOptions options)
    : parts_(std::make_unique<Parts>(tenant, services, deliverer, options)) {}

Subscriptions::~Subscriptions() {
  parts_->token.reset();
  {
    const std::lock_guard lock(parts_->inbox->mutex);
    parts_->inbox->stopping = true;
  }
  parts_->inbox->wake.notify_one();
  if (!parts_->worker.joinable()) return;
  parts_->worker.join();
  const std::lock_guard lock(parts_->mutex);
  parts_->save(true);
}

base::Status Subscriptions::open() {
  auto stored = parts_->store.load();
  if (!stored.ok()) return stored.error();
  const auto main = parts_->thread().follower_offset(main_follower);
  if (!main.ok()) return main.error();
  parts_->position = parts_->saved = main->value_or(parts_->thread().head());
  // Stored at once: a crash before the first save must not look like a first start.
  if (!*main) {
    const auto status = parts_->thread().set_follower_offset(main_follower, parts_->position);
    if (!status.ok()) return status.error();
  }
  for (StoredSubscription& one : *stored) {
    const auto home = parts_->home_of(one.name);
    if (!home) continue;  // its snapshot is gone
    const auto& entry = parts_->entry_of(one.name, *home);
    entry->subscription = std::move(one.subscription);
    entry->status = one.status;
    entry->read_through = std::max(parts_->position, one.created);
    const auto own = parts_->thread().follower_offset(parts_->store.follower_of(entry->name));
    if (!own.ok()) return own.error();
    entry->behind_since = parts_->services.clock.now();
    if (*own && **own < parts_->position) {
      entry->behind = entry->has_own_offset = true;
      entry->read_through = std::max(**own, one.created);
      const auto since = parts_->thread().recorded_at(Offset{entry->read_through.number + 1});
      if (since.ok()) entry->behind_since = *since;
    }
    if (entry->subscription.is_active) entry->behind = true;  // until its context can be had
    parts_->agenda.add(entry->key, Steady::now());
  }
  parts_->token = parts_->thread().on_head([inbox = parts_->inbox](Offset) { inbox->tell(); });
  parts_->worker = std::thread([parts = parts_.get()] { parts->run(); });
  return {};
}

std::optional<SubscriptionView> Subscriptions::find(std::string_view id, std::string_view snapshot) const {
  const std::lock_guard lock(parts_->mutex);
  const auto found = parts_->entries.find(SubscriptionStore::name_of(id, snapshot));
  if (found == parts_->entries.end()) return {};
  return parts_->view_of(*found->second);
}

SubscriptionView Subscriptions::Parts::view_of(const Entry& entry) const {
  return {entry.subscription, entry.status, entry.lag(services.clock.now()), entry.context};
}

const std::string& Subscriptions::tenant() const {
  return parts_->tenant.name;
}

SubscriptionTotals Subscriptions::totals() const {
  const std::lock_guard lock(parts_->mutex);
  SubscriptionTotals totals;
  totals.subscriptions = parts_->entries.size();
  totals.waiting_bytes = parts_->waiting_bytes;
  totals.sent = parts_->sent;
  totals.failed = parts_->failed;
  totals.tenant = parts_->tenant.name;
  const Instant now = parts_->services.clock.now();
  for (const auto& [id, entry] : parts_->entries) {
    const SubscriptionLag lag = entry->lag(now);
    totals.waiting += lag.waiting;
    if (lag.lag_ms > 1'000) ++totals.behind;
    totals.lag_ms_max = std::max(totals.lag_ms_max, lag.lag_ms);
  }
  return totals;
}

std::vector<SubscriptionView> Subscriptions::furthest_behind(size_t limit) const {
  const std::lock_guard lock(parts_->mutex);
  const Instant now = parts_->services.clock.now();
  std::vector<std::pair<int64_t, const Entry*>> all;
  for (const auto& [id, entry] : parts_->entries) all.emplace_back(entry->lag(now).lag_ms, entry.get());
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& left, const auto& right) { return left.first > right.first; });
  std::vector<SubscriptionView> views;
  for (size_t i = 0; i < std::min(limit, all.size()); ++i) views.push_back(parts_->view_of(*all[i].second));
  return views;
}

std::vector<SubscriptionView> Subscriptions::list(const thread::Page& page, uint64_t& count,
                                                  std::string_view snapshot) const {
  const std::lock_guard lock(parts_->mutex);
  count = 0;
  std::vector<SubscriptionView> found;
  for (const auto& [name, entry] : parts_->entries) {
    if (entry->home.snapshot != snapshot || count++ < page.offset || found.size() == page.limit) continue;
    found.push_back(parts_->view_of(*entry));
  }
  return found;
}

base::Result<thread::Change> Subscriptions::change_of(const ngsi::Subscription& subscription, thread::Change::Kind kind,
                                                      std::string_view snapshot) const {
  const std::string name = SubscriptionStore::name_of(subscription.id, snapshot);
  const std::lock_guard lock(parts_->mutex);
  if (parts_->entries.size() >= parts_->options.subscriptions_max && !parts_->entries.contains(name)) {
    return fail(Code::busy, "there are as many subscriptions as are allowed", {}, "delete those that nobody needs");
  }
  return parts_->store.change_of(subscription, kind, name);
}

thread::Change Subscriptions::removal_of(std::string_view id, std::string_view snapshot) const {
  return parts_->store.removal_of(SubscriptionStore::name_of(id, snapshot));
}

base::Status Subscriptions::put(ngsi::Subscription subscription, ngsi::ContextPointer context, Offset from,
                                const SubscriptionHome& home) {
  auto matcher = ngsi::make_matcher(subscription, context, parts_->thread().terms());
  if (!matcher.ok()) return matcher.error();
  const Instant now = parts_->services.clock.now();
  {
    const std::lock_guard lock(parts_->mutex);
    const std::string name = SubscriptionStore::name_of(subscription.id, home.snapshot);
    const bool is_new = !parts_->entries.contains(name);
    const auto& entry = parts_->entry_of(name, home);
    if (is_new) entry->status.created_at = now;
    parts_->take_from_index(*entry);
    // A new one hears what came after it; one that was paused, what comes from now on.
    if (is_new || !entry->subscription.is_active) {
      entry->read_through = is_new ? from : parts_->position;
      entry->behind = entry->read_through < parts_->position;
      entry->behind_since = now;
    }
    entry->status.modified_at = now;
    entry->names = parts_->tenant.names->of(context);
    entry->context = std::move(context);
    entry->matcher = std::move(matcher).value();
    entry->needs_before = subscription.show_changes;
    entry->next_period = Steady::now() + seconds(subscription.time_interval_s);
    entry->not_before = {};
    entry->failures = 0;
    entry->subscription = std::move(subscription);
    parts_->put_in_index(*entry);
    parts_->agenda.add(entry->key, Steady::now());
  }
  parts_->inbox->tell();
  return {};
}

void Subscriptions::erase(std::string_view id, std::string_view snapshot) {
  const std::lock_guard lock(parts_->mutex);
  const auto found = parts_->entries.find(SubscriptionStore::name_of(id, snapshot));
  if (found != parts_->entries.end()) {
    parts_->forget(*found->second);
    parts_->entries.erase(found);
  }
}

std::vector<thread::Change> Subscriptions::erase_all_of(std::string_view snapshot) {
  std::vector<thread::Change> removals;
  const std::lock_guard lock(parts_->mutex);
  for (auto at = parts_->entries.begin(); at != parts_->entries.end();) {
    if (at->second->home.snapshot != snapshot) {
      ++at;
      continue;
    }
    removals.push_back(parts_->store.removal_of(at->first));
    parts_->forget(*at->second);
    at = parts_->entries.erase(at);
  }
  return removals;
}

bool Subscriptions::is_idle() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->is_idle();
}

bool Subscriptions::wait_until_idle(int64_t timeout_ms) const {
  std::unique_lock lock(parts_->mutex);
  return parts_->went_round.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return parts_->is_idle(); });
}

bool Subscriptions::Parts::is_idle() const {
  if (position < thread().head()) return false;
  return std::all_of(entries.begin(), entries.end(), [](const auto& one) {
    return one.second->waiting.empty() && one.second->held.empty() && !one.second->behind;
  });
}

std::shared_ptr<Subscriptions::Entry>& Subscriptions::Parts::entry_of(const std::string& name,
                                                                      const SubscriptionHome& home) {
  auto& entry = entries[name];
  if (!entry) {
    entry = std::make_shared<Entry>(next_key++, name);
    entry->home = home;
    ++homes[home.branch];
    by_key.emplace(entry->key, entry.get());
  }
  return entry;
}

// Where a stored one belongs; nothing if that is gone.
std::optional<SubscriptionHome> Subscriptions::Parts::home_of(const std::string& name) const {
  const std::string_view snapshot_id = SubscriptionStore::snapshot_in(name);
  if (snapshot_id.empty()) return SubscriptionHome{};
  const auto snapshot = tenant.snapshots->find(snapshot_id);
  if (!snapshot) return {};
  return SubscriptionHome{std::string(snapshot_id), snapshot->branch, snapshot->selection};
}

void Subscriptions::Parts::forget(Entry& entry) {
  take_from_index(entry);
  for (Entry::Waiting& one : entry.waiting) {
    if (one.told) one.told(false);
  }
  waiting_bytes -= entry.waiting_bytes;
  agenda.remove(entry.key);
  by_key.erase(entry.key);
  if (--homes[entry.home.branch] == 0) homes.erase(entry.home.branch);
}

void Subscriptions::Parts::put_in_index(Entry& entry) {
  // What is told from time to time hears of no commit.
  if (!entry.matcher || !entry.subscription.is_active || entry.subscription.time_interval_s > 0) return;
  index.add(entry.key, *entry.matcher);
  entry.is_indexed = true;
}

void Subscriptions::Parts::take_from_index(Entry& entry) {
  if (std::exchange(entry.is_indexed, false)) index.remove(entry.key, *entry.matcher);
}

// Tends each that is due once, the longest due first, for a while: those that read the feed again must not keep the
// follower from it. Tells when the next one is due.
Steady::time_point Subscriptions::Parts::tend_those_due(Steady::time_point now) {
  const auto until = now + tending_time;
  const auto due = agenda.take(now);
  for (size_t i = 0; i < due.size(); ++i) {
    if (i > 0 && Steady::now() > until) {
      for (; i < due.size(); ++i) agenda.add(due[i], now);
      return now;
    }
    agenda.add(due[i], tend(*by_key.at(due[i]), now));
  }
  return agenda.next();
}

void Subscriptions::Parts::run() {
  save_at = status_at = Steady::now();
  for (;;) {
    std::vector<Inbox::Answer> answers;
    auto next = Steady::now() + idle_wait;
    bool more = false;
    {
      const std::lock_guard lock(inbox->mutex);
      if (inbox->stopping) return;
      inbox->news = false;
      answers.swap(inbox->answers);
    }
    {
      const std::lock_guard lock(mutex);
      for (const Inbox::Answer& answer : answers) {
        const auto entry = entries.find(answer.id);
        if (entry != entries.end() && entry->second->under_way && entry->second->attempt == answer.attempt) {
          delivered(*entry->second, answer.result);
          agenda.add(entry->second->key, Steady::now());
        }
      }
      more = follow();
      const auto now = Steady::now();
      next = std::min(next, tend_those_due(now));
      if (now >= save_at) {
        const bool with_status = now >= status_at;
        save(with_status);
        save_at = now + std::chrono::milliseconds(options.save_interval_ms);
        if (with_status) status_at = now + std::chrono::milliseconds(options.status_interval_ms);
      }
    }
    went_round.notify_all();
    deliverer.sweep();
    std::unique_lock lock(inbox->mutex);
    if (!more) inbox->wake.wait_until(lock, next, [this] { return inbox->news || inbox->stopping; });
  }
}

// Looks at the next commits for those who are not behind. True: there may be more.
bool Subscriptions::Parts::follow() {
  const auto commits = thread().feed(position, commits_at_once);
  if (!commits.ok() || commits->empty()) return false;
  for (const auto& commit : *commits) {
    look_at(*commit);
    position = commit->offset;
  }
  return true;
}

void Subscriptions::Parts::look_at(const thread::Commit& commit) {
  if (index.empty() || !homes.contains(commit.branch)) return;
  auto changes = changes_of(commit);
  std::map<SubscriptionIndex::Key, std::vector<EntityChange*>> concerned;
  for (EntityChange& change : changes) {
    if (change.deleted && !index.hears_ends()) continue;
    // A record that cannot be read is told by health and metrics; nobody hears of it here.
    if (!change.load(thread(), commit, change.deleted).ok()) continue;
    for (const auto key : index.find(change)) concerned[key].push_back(&change);
  }
  const auto now = Steady::now();
  for (const auto& [key, changes_for_it] : concerned) {
    Entry& entry = *by_key.at(key);
    if (entry.home.branch != commit.branch || entry.behind || entry.read_through >= commit.offset ||
        !entry.is_live(commit.recorded_at))
      continue;
    hear(entry, commit, changes_for_it);
    agenda.add(key, now);
  }
}

void Subscriptions::Parts::save(bool with_status) {
  for (const auto& [name, entry] : entries) {
    const Offset told = entry->told_through(position);
    if (told < position) {
      entry->has_own_offset = thread().set_follower_offset(store.follower_of(name), told).ok();
    } else if (entry->has_own_offset) {
      entry->has_own_offset = !thread().set_follower_offset(store.follower_of(name), no_own_offset).ok();
    }
    if (with_status && entry->status_changed) {
      entry->status_changed = false;
      store.write_status(name, entry->status);
    }
  }
  if (position != saved && thread().set_follower_offset(main_follower, position).ok()) saved = position;
}

}  // namespace cityloom::serve::ngsi_ld
