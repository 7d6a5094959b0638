// The worker that follows the feed, and the pace of each subscription.
#include "serve/ngsi/subscriptions.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <thread>

#include "ngsi/parse.hpp"
#include "serve/ngsi/agenda.hpp"
#include "serve/ngsi/commit_changes.hpp"
#include "serve/ngsi/inbox.hpp"
#include "serve/ngsi/snapshots.hpp"
#include "serve/ngsi/subscription_entry.hpp"
#include "serve/ngsi/subscription_index.hpp"
#include "serve/ngsi/subscription_store.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using ngsi::Notified;
using thread::Offset;
using Steady = std::chrono::steady_clock;

constexpr std::string_view main_follower = "subscriptions";
// Stands for "not behind": no offset of a subscription's own is kept.
constexpr Offset no_own_offset{std::numeric_limits<uint64_t>::max()};
constexpr size_t commits_at_once = 64;
constexpr auto blocked_wait = std::chrono::milliseconds(20);
constexpr auto idle_wait = std::chrono::milliseconds(1'000);

Steady::duration seconds(double s) {
  return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(s));
}

}  // namespace

struct Subscriptions::Parts {
  TenantState& tenant;
  Services& services;
  Deliverer& deliverer;
  SubscriptionOptions options;
  SubscriptionStore store;

  mutable std::mutex mutex;
  mutable std::condition_variable went_round;  // the worker has looked at everything once more
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries;
  std::map<SubscriptionIndex::Key, Entry*> by_key;
  SubscriptionIndex index;                   // those that are active and ready
  Agenda agenda;                             // who is to be tended when
  std::map<thread::BranchId, size_t> homes;  // branches that any of them follows
  SubscriptionIndex::Key next_key = 1;
  Offset position;  // of the main follower
  Offset saved;
  uint64_t notifications = 0;
  uint64_t attempts = 0;
  Steady::time_point save_at{}, status_at{};
  thread::Thread::Token token;
  std::thread worker;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();

  Parts(TenantState& of, Services& shared, Deliverer& by, SubscriptionOptions with)
      : tenant(of), services(shared), deliverer(by), options(with), store(of) {}

  thread::Thread& thread() const { return *tenant.thread; }

  bool is_idle() const;
  void run();
  bool follow();
  void look_at(const thread::Commit& commit);
  std::shared_ptr<Entry>& entry_of(const std::string& name, const SubscriptionHome& home);
  std::optional<SubscriptionHome> home_of(const std::string& name) const;
  void forget(Entry& entry);
  void put_in_index(Entry& entry);
  void take_from_index(Entry& entry);
  Steady::time_point tend_those_due(Steady::time_point now);
  void find_context(Entry& entry, Steady::time_point now);
  void hear(Entry& entry, const thread::Commit& commit, const std::vector<EntityChange*>& changes);
  void catch_up(Entry& entry);
  void enqueue(Entry& entry, Offset offset, const std::vector<Notified>& notified);
  void hold(Entry& entry, Offset offset, std::vector<Notified> notified);
  Steady::time_point tend(Entry& entry, Steady::time_point now);
  void notify_periodically(Entry& entry, Steady::time_point now);
  bool deliver(Entry& entry);
  void delivered(Entry& entry, const Delivered& result);
  void save(bool with_status);
  bool may_hear(const EntityChange& change, const twin::EntityRecord& record) const;
};

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
    if (*own && **own < parts_->position) {
      entry->behind = entry->has_own_offset = true;
      entry->read_through = std::max(**own, one.created);
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
  return SubscriptionView{found->second->subscription, found->second->status, found->second->context};
}

std::vector<SubscriptionView> Subscriptions::list(const thread::Page& page, uint64_t& count,
                                                  std::string_view snapshot) const {
  const std::lock_guard lock(parts_->mutex);
  count = 0;
  std::vector<SubscriptionView> found;
  for (const auto& [name, entry] : parts_->entries) {
    if (entry->home.snapshot != snapshot || count++ < page.offset || found.size() == page.limit) continue;
    found.push_back({entry->subscription, entry->status, entry->context});
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

// Tends each that is due once; tells when the next one is.
Steady::time_point Subscriptions::Parts::tend_those_due(Steady::time_point now) {
  for (const auto key : agenda.take(now)) agenda.add(key, tend(*by_key.at(key), now));
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

void Subscriptions::Parts::find_context(Entry& entry, Steady::time_point now) {
  if (now < entry.context_at) return;
  entry.context_at = now + std::chrono::seconds(1);
  entry.context = store.context_of(entry.subscription, services);
  if (!entry.context) return;
  entry.names = tenant.names->of(entry.context);
  auto matcher = ngsi::make_matcher(entry.subscription, entry.context, thread().terms());
  if (matcher.ok()) entry.matcher = std::move(matcher).value();
  entry.needs_before = entry.subscription.show_changes;
  entry.next_period = now + seconds(entry.subscription.time_interval_s);
  put_in_index(entry);
}

bool Subscriptions::Parts::may_hear(const EntityChange& change, const twin::EntityRecord& record) const {
  const auto types = record.types();
  const std::string_view type = types.empty() ? std::string_view{} : thread().terms().text(types.front());
  const trust::Resource resource{tenant.name, {}, change.id, type, {}, "subscription"};
  return services.gate.decide({}, trust::Action::subscribe, resource).allow;
}

// What of a commit a subscription hears. Marks it as behind where it has no room.
void Subscriptions::Parts::hear(Entry& entry, const thread::Commit& commit, const std::vector<EntityChange*>& changes) {
  if (entry.subscription.time_interval_s > 0) return;
  const ngsi::Matcher& matcher = *entry.matcher;
  std::vector<Notified> notified;
  for (EntityChange* one_change : changes) {
    EntityChange& change = *one_change;
    // A cheap look first: new and changed attributes are told apart only where that matters.
    const auto loaded = change.load(thread(), commit, entry.needs_before || change.deleted);
    if (!loaded.ok() || !sets_off(change, matcher.triggers, matcher.watched)) continue;
    const twin::EntityRecord& record = change.deleted ? change.before : change.after;
    if (!record || !ngsi::matches(matcher, record) || !may_hear(change, record)) continue;
    if (entry.home.selection && !entry.home.selection->shows(record)) continue;
    Notified one;
    one.record = record;
    if (entry.needs_before) one.previous = change.before;
    one.deleted = change.deleted;
    if (change.deleted) one.deleted_at = commit.recorded_at;
    for (const AttributeChange& attribute : change.attributes) {
      if (attribute.deleted && !change.deleted) one.deleted_attributes.push_back(attribute.name);
    }
    notified.push_back(std::move(one));
  }
  if (notified.empty()) return;
  if (entry.waiting.size() >= options.waiting_max || entry.waiting_bytes >= options.waiting_bytes_max ||
      entry.held.size() >= options.held_entities_max) {
    entry.behind = true;
    entry.read_through = Offset{commit.offset.number - 1};
    return;
  }
  if (entry.subscription.throttling_s > 0) return hold(entry, commit.offset, std::move(notified));
  enqueue(entry, commit.offset, notified);
}

// Reads the feed again for one that fell behind, while it has room.
void Subscriptions::Parts::catch_up(Entry& entry) {
  if (!entry.matcher || entry.waiting.size() > options.waiting_max / 2 ||
      entry.waiting_bytes > options.waiting_bytes_max / 2)
    return;
  const auto commits = thread().feed(entry.read_through, commits_at_once);
  if (!commits.ok()) return;
  entry.behind = false;
  for (const auto& commit : *commits) {
    if (commit->branch == entry.home.branch && entry.is_live(commit->recorded_at)) {
      auto changes = changes_of(*commit);
      std::vector<EntityChange*> all;
      for (EntityChange& change : changes) all.push_back(&change);
      hear(entry, *commit, all);
      if (entry.behind) return;
    }
    entry.read_through = commit->offset;
  }
  entry.behind = entry.read_through < position;
}

void Subscriptions::Parts::enqueue(Entry& entry, Offset offset, const std::vector<Notified>& notified) {
  const Instant now = services.clock.now();
  const std::string id = "urn:ngsi-ld:Notification:" + std::to_string(offset.number) + "-" +
                         std::to_string(now.microseconds) + "-" + std::to_string(++notifications);
  std::string body = ngsi::notification_json(entry.subscription, *entry.matcher, id, now, notified, *entry.names,
                                             find_visible(thread().snapshot(entry.home.branch), entry.home.selection));
  entry.waiting_bytes += body.size();
  entry.waiting.push_back({offset, std::move(body)});
}

void Subscriptions::Parts::hold(Entry& entry, Offset offset, std::vector<Notified> notified) {
  if (entry.held.empty()) entry.held_since = offset;
  for (Notified& one : notified) {
    auto& kept = entry.held[std::string(one.record.id())];
    if (kept.record && kept.previous) one.previous = kept.previous;
    kept = std::move(one);
  }
}

// Sends what is due; tells when it wants to be looked at again.
Steady::time_point Subscriptions::Parts::tend(Entry& entry, Steady::time_point now) {
  auto next = Agenda::never;
  if (!entry.matcher && entry.subscription.is_active) {
    find_context(entry, now);
    if (!entry.matcher) return entry.context_at;
  }
  if (!entry.is_live(services.clock.now())) return next;
  if (entry.behind) {
    catch_up(entry);
    if (entry.behind) next = entry.waiting.size() <= options.waiting_max / 2 ? now : now + idle_wait;
  }
  if (entry.subscription.time_interval_s > 0) {
    if (now >= entry.next_period) notify_periodically(entry, now);
    next = std::min(next, entry.next_period);
  }
  if (!entry.held.empty() && entry.waiting.empty()) {
    if (now >= entry.not_before) {
      std::vector<Notified> all;
      for (auto& [id, one] : entry.held) all.push_back(std::move(one));
      const Offset since = entry.held_since;
      entry.held.clear();
      enqueue(entry, since, all);
    } else {
      next = std::min(next, entry.not_before);
    }
  }
  if (entry.waiting.empty() || entry.under_way) return next;
  if (now < entry.not_before) return std::min(next, entry.not_before);
  return deliver(entry) ? next : now + blocked_wait;
}

void Subscriptions::Parts::notify_periodically(Entry& entry, Steady::time_point now) {
  entry.next_period = now + seconds(entry.subscription.time_interval_s);
  if (!entry.waiting.empty()) return;
  std::vector<Notified> all;
  const auto snapshot = thread().snapshot(entry.home.branch);
  const Selection* const selection = entry.home.selection.get();
  for (const twin::Query& query : entry.matcher->any_of) {
    const auto status = snapshot.each(query, [&](const twin::EntityRecord& record) {
      if (!is_visible(record) || (selection != nullptr && !selection->shows(record))) return true;
      all.push_back({record, {}, false, {}, {}});
      return all.size() < options.periodic_entities_max;
    });
    if (!status.ok()) return;
  }
  if (!all.empty()) enqueue(entry, Offset{position.number + 1}, all);
}

// Starts the delivery of the oldest; false: no room at the endpoint now.
bool Subscriptions::Parts::deliver(Entry& entry) {
  Notification notification;
  notification.endpoint = entry.subscription.endpoint;
  notification.body = entry.waiting.front().body;
  notification.tenant = tenant.name;
  notification.snapshot = entry.home.snapshot;
  notification.context_url = store.context_url(entry.subscription, *entry.context, services);
  entry.attempt = ++attempts;
  const bool started =
      deliverer.start(notification, [inbox_of = inbox, id = entry.name, attempt = entry.attempt](Delivered result) {
        {
          const std::lock_guard lock(inbox_of->mutex);
          inbox_of->answers.push_back({id, attempt, std::move(result)});
        }
        inbox_of->tell();
      });
  entry.under_way = started;
  return started;
}

void Subscriptions::Parts::delivered(Entry& entry, const Delivered& result) {
  const Instant now = services.clock.now();
  const auto steady_now = Steady::now();
  ngsi::SubscriptionStatus& status = entry.status;
  entry.under_way = false;
  entry.status_changed = true;
  status.last_notification = now;
  ++status.times_sent;
  if (result.ok) {
    status.last_success = now;
    status.last_error.clear();
    entry.failures = 0;
    if (entry.subscription.throttling_s > 0) entry.not_before = steady_now + seconds(entry.subscription.throttling_s);
  } else {
    status.last_failure = now;
    status.last_error = result.reason;
    ++status.times_failed;
    ++entry.failures;
    int64_t wait_ms = entry.subscription.endpoint.cooldown_ms;
    if (wait_ms == 0)
      wait_ms = std::min(options.retry_most_ms, options.retry_first_ms << std::min(entry.failures - 1, 16));
    if (!result.retry && entry.subscription.endpoint.cooldown_ms == 0) wait_ms = 0;
    entry.not_before = steady_now + std::chrono::milliseconds(wait_ms);
    if (result.retry) return;
  }
  // Told, or refused for good by the endpoint, which says so in the subscription's status.
  entry.waiting_bytes -= entry.waiting.front().body.size();
  entry.waiting.pop_front();
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
