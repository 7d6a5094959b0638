// What one subscription hears, and its pace: held back, caught up, delivered, tried again.
#include <algorithm>
#include <optional>

#include "ngsi/older_version.hpp"
#include "serve/ngsi/snapshots.hpp"
#include "serve/ngsi/subscription_parts.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Instant;
using ngsi::Notified;
using thread::Offset;
using Steady = std::chrono::steady_clock;

constexpr size_t commits_at_once = 64;
constexpr size_t linked_max = 10'000;  // looked up for a q over links, at one change or time: past it nothing matches
constexpr size_t passed_on_max = 64;   // notifications of sources that are known to be delivered
constexpr auto blocked_wait = std::chrono::milliseconds(5);
constexpr auto failing_wait = std::chrono::milliseconds(500);
constexpr auto idle_wait = std::chrono::milliseconds(1'000);

Steady::duration seconds(double s) {
  return std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(s));
}

// Whether a change can concern a subscription, by what the commit itself says.
bool may_concern(const ngsi::Matcher& matcher, const EntityChange& change) {
  const bool is_named = std::any_of(matcher.any_of.begin(), matcher.any_of.end(), [&](const twin::Query& query) {
    return query.ids.empty() || std::find(query.ids.begin(), query.ids.end(), change.id) != query.ids.end();
  });
  if (!is_named) return false;
  if (change.created || change.deleted || matcher.watched.empty()) return true;
  return std::any_of(change.attributes.begin(), change.attributes.end(), [&](const AttributeChange& attribute) {
    return std::find(matcher.watched.begin(), matcher.watched.end(), attribute.name) != matcher.watched.end();
  });
}

// Lets a q of linked entities find them, as they are now. They are looked up anew for each change that is matched.
void find_linked(const ngsi::Matcher& matcher, const thread::Thread& thread, const SubscriptionHome& home) {
  for (const twin::Query& query : matcher.any_of) {
    if (!query.linked) continue;
    query.linked->find = find_visible(thread.snapshot(home.branch), home.selection);
    query.linked->left = linked_max;
    query.linked->status = {};
  }
}

// The version of the standard that notifications are to keep to (clause 5.2.12); nothing: this one.
std::optional<ngsi::Version> conformance_of(const ngsi::Subscription& subscription) {
  for (const ngsi::KeyValue& member : subscription.further) {
    if (member.key != "ngsildConformance" || member.value.size() < 2) continue;
    return ngsi::parse_version(std::string_view(member.value).substr(1, member.value.size() - 2));  // without quotes
  }
  return {};
}

}  // namespace

std::string in_version_of(const ngsi::Subscription& subscription, std::string body) {
  const auto version = conformance_of(subscription);
  if (!version) return body;
  const bool is_simplified = subscription.format == ngsi::Format::simplified;
  auto older = ngsi::amended(body, *version, is_simplified ? ngsi::EntityForm::simplified : ngsi::EntityForm::reified);
  return older ? std::move(*older) : std::move(body);
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
    // A cheap look first: what was before is read only where it can matter.
    if (!change.load(thread(), commit, change.deleted).ok()) continue;
    if (!sets_off(change, matcher.triggers, matcher.watched)) continue;
    if ((entry.needs_before || change.needs_before()) &&
        (!change.load(thread(), commit, true).ok() || !sets_off(change, matcher.triggers, matcher.watched)))
      continue;
    const twin::EntityRecord& record = change.deleted ? change.before : change.after;
    find_linked(matcher, thread(), entry.home);
    if (!record || !ngsi::matches(matcher, record) || !may_hear(change, record)) continue;
    if (entry.home.selection && !entry.home.selection->shows(record)) continue;
    Notified one;
    one.record = record;
    one.previous = change.before;
    one.deleted = change.deleted;
    one.deleted_at = commit.recorded_at;
    for (const AttributeChange& attribute : change.attributes) {
      if (attribute.deleted && !change.deleted) one.deleted_attributes.push_back({attribute.name, attribute.dataset});
    }
    notified.push_back(std::move(one));
  }
  if (notified.empty()) return;
  if (!has_room(entry, false) || entry.held.size() >= options.held_entities_max) {
    entry.behind = true;
    entry.behind_since = commit.recorded_at;
    entry.read_through = Offset{commit.offset.number - 1};
    return;
  }
  if (entry.subscription.throttling_s > 0) return hold(entry, commit, std::move(notified));
  enqueue(entry, commit.offset, commit.recorded_at, notified);
}

// Whether more may wait for it; `for_more`: enough for reading on. One whose endpoint fails holds little, so that the
// dead leave the room to the living.
bool Subscriptions::Parts::has_room(const Entry& entry, bool for_more) const {
  const size_t part = for_more ? 2 : 1;
  const size_t waiting_max = entry.failures > 0 ? options.failing_waiting_max : options.waiting_max;
  if (entry.waiting.empty()) return true;
  return entry.waiting.size() < waiting_max / part && entry.waiting_bytes < options.waiting_bytes_max / part &&
         waiting_bytes < options.total_bytes_max;
}

// Reads the feed again for one that fell behind, while it has room.
void Subscriptions::Parts::catch_up(Entry& entry) {
  if (!entry.matcher || !has_room(entry, true)) return;
  const auto commits = thread().feed(entry.read_through, commits_at_once);
  if (!commits.ok()) return;
  entry.behind = false;
  for (const auto& commit : *commits) {
    if (commit->branch == entry.home.branch && entry.is_live(commit->recorded_at)) {
      auto changes = changes_of(*commit);
      std::vector<EntityChange*> all;
      for (EntityChange& change : changes) {
        if (may_concern(*entry.matcher, change)) all.push_back(&change);
      }
      if (!all.empty()) hear(entry, *commit, all);
      if (entry.behind) return;
    }
    entry.read_through = commit->offset;
    entry.behind_since = commit->recorded_at;
  }
  entry.behind = entry.read_through < position;
}

void Subscriptions::Parts::enqueue(Entry& entry, Offset offset, Instant since, const std::vector<Notified>& notified) {
  const Instant now = services.clock.now();
  const std::string id = "urn:ngsi-ld:Notification:" + std::to_string(offset.number) + "-" +
                         std::to_string(now.microseconds) + "-" + std::to_string(++notifications);
  std::string body = ngsi::notification_json(entry.subscription, *entry.matcher, id, now, notified, *entry.names,
                                             find_visible(thread().snapshot(entry.home.branch), entry.home.selection));
  body = in_version_of(entry.subscription, std::move(body));
  entry.waiting_bytes += body.size();
  waiting_bytes += body.size();
  entry.waiting.push_back({offset, since, std::move(body)});
}

void Subscriptions::pass_on(std::string_view id, const std::string& source_id, std::string body, Told told) {
  {
    const std::lock_guard lock(parts_->mutex);
    const auto found = parts_->entries.find(id);
    Entry* const entry = found == parts_->entries.end() ? nullptr : found->second.get();
    const bool is_known = entry != nullptr && std::find(entry->passed_on.begin(), entry->passed_on.end(), source_id) !=
                                                  entry->passed_on.end();
    if (is_known) return told(true);
    if (entry == nullptr || !entry->is_live(parts_->services.clock.now())) return told(false);
    // Its source has lost patience and asks again: whoever asked first hears nothing any more.
    for (Entry::Waiting& one : entry->waiting) {
      if (!one.told || one.source_id != source_id) continue;
      std::exchange(one.told, std::move(told))(false);
      return;
    }
    if (!parts_->has_room(*entry, false)) return told(false);
    entry->waiting_bytes += body.size();
    parts_->waiting_bytes += body.size();
    entry->waiting.push_back({Offset{}, parts_->services.clock.now(), std::move(body), source_id, std::move(told)});
    parts_->agenda.add(entry->key, Steady::now());
  }
  parts_->inbox->tell();
}

// The oldest waits no more.
void Subscriptions::Parts::finish_front(Entry& entry, bool is_settled) {
  Entry::Waiting& front = entry.waiting.front();
  entry.waiting_bytes -= front.body.size();
  waiting_bytes -= front.body.size();
  if (front.told) {
    if (is_settled) entry.passed_on.push_back(std::move(front.source_id));
    if (entry.passed_on.size() > passed_on_max) entry.passed_on.pop_front();
    front.told(is_settled);
  }
  entry.waiting.pop_front();
}

// Keeps the latest of each entity, with what it was before the first change that is held and all that ended since.
void Subscriptions::Parts::hold(Entry& entry, const thread::Commit& commit, std::vector<Notified> notified) {
  if (entry.held.empty()) {
    entry.held_since = commit.offset;
    entry.held_at = commit.recorded_at;
  }
  for (Notified& one : notified) {
    auto& kept = entry.held[std::string(one.record.id())];
    if (kept.record && kept.previous) one.previous = kept.previous;
    one.deleted_attributes.insert(one.deleted_attributes.begin(), kept.deleted_attributes.begin(),
                                  kept.deleted_attributes.end());
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
    if (entry.behind) next = has_room(entry, true) ? now : now + idle_wait;
  }
  if (entry.subscription.time_interval_s > 0) {
    if (now >= entry.next_period) notify_periodically(entry, now);
    next = std::min(next, entry.next_period);
  }
  if (!entry.held.empty() && entry.waiting.empty()) {
    if (now >= entry.not_before) {
      std::vector<Notified> all;
      for (auto& [id, one] : entry.held) all.push_back(std::move(one));
      entry.held.clear();
      enqueue(entry, entry.held_since, entry.held_at, all);
    } else {
      next = std::min(next, entry.not_before);
    }
  }
  if (entry.waiting.empty() || entry.under_way) return next;
  if (now < entry.not_before) return std::min(next, entry.not_before);
  switch (deliver(entry)) {
    case Start::begun:
      return next;
    case Start::no_room:
      return now + blocked_wait;
    case Start::failing:
      return now + failing_wait;
  }
  return next;
}

void Subscriptions::Parts::notify_periodically(Entry& entry, Steady::time_point now) {
  entry.next_period = now + seconds(entry.subscription.time_interval_s);
  if (!entry.waiting.empty()) return;
  std::vector<Notified> all;
  const auto snapshot = thread().snapshot(entry.home.branch);
  const Selection* const selection = entry.home.selection.get();
  find_linked(*entry.matcher, thread(), entry.home);
  for (const twin::Query& query : entry.matcher->any_of) {
    const auto status = snapshot.each(query, [&](const twin::EntityRecord& record) {
      if (!is_visible(record) || (selection != nullptr && !selection->shows(record))) return true;
      all.push_back({record, {}, false, {}, {}});
      return all.size() < options.periodic_entities_max;
    });
    if (!status.ok()) return;
  }
  if (!all.empty()) enqueue(entry, Offset{position.number + 1}, services.clock.now(), all);
}

// Starts the delivery of the oldest.
Start Subscriptions::Parts::deliver(Entry& entry) {
  Notification notification;
  notification.endpoint = entry.subscription.endpoint;
  notification.body = entry.waiting.front().body;
  notification.tenant = tenant.name;
  notification.snapshot = entry.home.snapshot;
  notification.context_url = store.context_url(entry.subscription, *entry.context, services);
  entry.attempt = ++attempts;
  const Start started =
      deliverer.start(notification, [inbox_of = inbox, id = entry.name, attempt = entry.attempt](Delivered result) {
        {
          const std::lock_guard lock(inbox_of->mutex);
          inbox_of->answers.push_back({id, attempt, std::move(result)});
        }
        inbox_of->tell();
      });
  entry.under_way = started == Start::begun;
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
  ++sent;
  if (result.ok) {
    status.last_success = now;
    status.last_error.clear();
    entry.failures = 0;
    if (entry.subscription.throttling_s > 0) entry.not_before = steady_now + seconds(entry.subscription.throttling_s);
  } else {
    status.last_failure = now;
    status.last_error = result.reason;
    ++status.times_failed;
    ++failed;
    ++entry.failures;
    int64_t wait_ms = entry.subscription.endpoint.cooldown_ms;
    if (wait_ms == 0)
      wait_ms = std::min(options.retry_most_ms, options.retry_first_ms << std::min(entry.failures - 1, 16));
    if (!result.retry && entry.subscription.endpoint.cooldown_ms == 0) wait_ms = 0;
    entry.not_before = steady_now + std::chrono::milliseconds(wait_ms);
    if (result.retry && !entry.waiting.front().told) return;
  }
  // Told, or refused for good by the endpoint, which says so in the subscription's status; or another's to try again.
  finish_front(entry, result.ok || !result.retry);
}

}  // namespace cityloom::serve::ngsi_ld
