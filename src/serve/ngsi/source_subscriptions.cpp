// Matching of registrations against subscriptions, and the pace of each.
#include "serve/ngsi/source_subscriptions.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <shared_mutex>

#include <simdjson.h>

#include "ngsi/json.hpp"
#include "ngsi/subscription_copy.hpp"
#include "serve/ngsi/document_store.hpp"
#include "serve/ngsi/registrations.hpp"
#include "serve/ngsi/subscription_store.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using ngsi::Registration;
using ngsi::Subscription;
using Steady = std::chrono::steady_clock;

enum class Reason : uint8_t { newly_matching, updated, no_longer_matching };

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::newly_matching:
      return "newlyMatching";
    case Reason::updated:
      return "updated";
    case Reason::no_longer_matching:
      return "noLongerMatching";
  }
  return {};
}

// Only what is asked for of a registration. Types are written as lists: a reader need not look which form it is.
Registration part_of(const ngsi::SubscribedSources& asked, const Registration& registration) {
  Registration part = registration;
  std::erase_if(part.information, [&](const ngsi::RegistrationInfo& info) {
    return std::none_of(asked.any_of.begin(), asked.any_of.end(),
                        [&](const ngsi::SourceQuery& query) { return ngsi::matches(query, info); });
  });
  if (part.information.empty()) part.information = registration.information;
  for (ngsi::RegistrationInfo& info : part.information) {
    for (ngsi::EntityInfo& entity : info.entities) entity.type_is_list = true;
  }
  return part;
}

std::string status_json(const ngsi::SubscriptionStatus& status) {
  std::string json = R"({"timesSent":)" + std::to_string(status.times_sent) + R"(,"timesFailed":)" +
                     std::to_string(status.times_failed);
  const auto add = [&](const char* name, Instant at) {
    if (at.exists()) json += std::string(",\"") + name + "\":\"" + at.text() + '"';
  };
  add("lastNotification", status.last_notification);
  add("lastSuccess", status.last_success);
  add("lastFailure", status.last_failure);
  return json + '}';
}

void read_status(const std::string& text, ngsi::SubscriptionStatus& status) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (text.empty() || parser.parse(text).get(json) != simdjson::SUCCESS) return;
  const auto count = [&](const char* name, uint64_t& to) {
    uint64_t written = 0;
    if (json[name].get(written) == simdjson::SUCCESS) to = written;
  };
  count("timesSent", status.times_sent);
  count("timesFailed", status.times_failed);
  const auto time = [&](const char* name, Instant& to) {
    std::string_view written;
    if (json[name].get(written) != simdjson::SUCCESS) return;
    if (const auto instant = Instant::parse(written); instant.ok()) to = *instant;
  };
  time("lastNotification", status.last_notification);
  time("lastSuccess", status.last_success);
  time("lastFailure", status.last_failure);
}

}  // namespace

struct SourceSubscriptions::Entry {
  Subscription subscription;
  ngsi::SubscriptionStatus status;
  ngsi::ContextPointer context;
  std::optional<ngsi::SubscribedSources> asked;  // nothing while its context cannot be had
  std::deque<std::string> waiting;               // the front one may be under way
  bool under_way = false;
  uint64_t attempt = 0;
  int failures = 0;  // in a row
  Steady::time_point not_before{};
  Steady::time_point next_period{};
  bool status_changed = false;

  bool is_live(Instant now) const {
    return asked && subscription.is_active && (!subscription.expires_at.exists() || subscription.expires_at > now);
  }
};

struct SourceSubscriptions::Parts : std::enable_shared_from_this<Parts> {
  const TenantState& tenant;
  Services& services;
  Deliverer& deliverer;
  const SourceSubscriptionOptions options;
  DocumentStore documents;
  SubscriptionStore contexts;

  // Held while the deliverer is used, so that the end of the server waits for it.
  std::shared_mutex alive;
  bool ended = false;  // guarded by alive

  mutable std::mutex mutex;  // guards what follows
  mutable std::condition_variable changed;
  std::map<std::string, Entry, std::less<>> entries;
  uint64_t notifications = 0;
  uint64_t attempts = 0;

  Parts(const TenantState& of, Services& shared, Deliverer& by, SourceSubscriptionOptions with)
      : tenant(of),
        services(shared),
        deliverer(by),
        options(with),
        documents(of, of.internal.source_subscription_type, "csource-subscription"),
        contexts(of) {}

  void enqueue(Entry& entry, Reason reason, const std::vector<Registration>& registrations);
  void tell_all(Entry& entry);
  void pump(const std::string& id);
  void delivered(const std::string& id, uint64_t attempt, const Delivered& result);
  bool find_context(Entry& entry);
  bool is_idle() const;
  void record_counters();
};

SourceSubscriptions::SourceSubscriptions(const TenantState& tenant, Services& services, Deliverer& deliverer,
                                         SourceSubscriptionOptions options)
    : parts_(std::make_shared<Parts>(tenant, services, deliverer, options)) {}

SourceSubscriptions::~SourceSubscriptions() {
  {
    const std::unique_lock lock(parts_->alive);
    parts_->ended = true;
  }
  const std::lock_guard lock(parts_->mutex);
  parts_->record_counters();
}

base::Status SourceSubscriptions::open() {
  return parts_->documents.each([this](const StoredDocument& stored) -> base::Status {
    auto restored = ngsi::restore_subscription(stored.document, *ngsi::Context::core());
    if (!restored.ok()) return restored.error();
    Entry entry;
    entry.subscription = std::move(restored).value();
    const auto body = ngsi::Body::read(stored.document);
    entry.subscription.context_json = body.ok() ? body->context_json().value_or(std::string()) : std::string();
    read_status(stored.status, entry.status);
    entry.status.created_at = stored.created_at;
    entry.status.modified_at = stored.modified_at;
    std::string id = entry.subscription.id;
    parts_->entries.emplace(std::move(id), std::move(entry));
    return {};
  });
}

std::optional<SourceSubscriptionView> SourceSubscriptions::find(std::string_view id) const {
  const std::lock_guard lock(parts_->mutex);
  const auto found = parts_->entries.find(id);
  if (found == parts_->entries.end()) return {};
  return SourceSubscriptionView{found->second.subscription, found->second.status, found->second.context};
}

std::vector<SourceSubscriptionView> SourceSubscriptions::list(const thread::Page& page, uint64_t& count) const {
  const std::lock_guard lock(parts_->mutex);
  count = parts_->entries.size();
  std::vector<SourceSubscriptionView> found;
  size_t position = 0;
  for (const auto& [id, entry] : parts_->entries) {
    if (position++ < page.offset) continue;
    if (found.size() == page.limit) break;
    found.push_back({entry.subscription, entry.status, entry.context});
  }
  return found;
}

base::Status SourceSubscriptions::check(const Subscription& subscription, const ngsi::Context& context) {
  const auto asked = ngsi::subscribed_sources(subscription, context);
  return asked.ok() ? base::Status() : base::Status(asked.error());
}

base::Result<thread::Change> SourceSubscriptions::change_of(const Subscription& subscription,
                                                            thread::Change::Kind kind) const {
  {
    const std::lock_guard lock(parts_->mutex);
    if (parts_->entries.size() >= parts_->options.subscriptions_max && !parts_->entries.contains(subscription.id))
      return fail(Code::busy, "there are as many subscriptions as are allowed", {}, "delete those that nobody needs");
  }
  std::string json;
  ngsi::append_subscription(subscription, nullptr, {}, false, subscription.context_json, json);
  return parts_->documents.change_of(subscription.id, std::move(json), kind);
}

thread::Change SourceSubscriptions::removal_of(std::string_view id) const {
  return parts_->documents.removal_of(id);
}

base::Status SourceSubscriptions::put(Subscription subscription, ngsi::ContextPointer context) {
  auto asked = ngsi::subscribed_sources(subscription, *context);
  if (!asked.ok()) return asked.error();
  const Instant now = parts_->services.clock.now();
  const std::string id = subscription.id;
  {
    const std::lock_guard lock(parts_->mutex);
    const bool is_new = !parts_->entries.contains(id);
    Entry& entry = parts_->entries[id];
    if (is_new) entry.status.created_at = now;
    entry.status.modified_at = now;
    entry.subscription = std::move(subscription);
    entry.context = std::move(context);
    entry.asked = std::move(asked).value();
    entry.failures = 0;
    entry.not_before = {};
    parts_->tell_all(entry);
  }
  parts_->pump(id);
  return {};
}

void SourceSubscriptions::erase(std::string_view id) {
  const std::lock_guard lock(parts_->mutex);
  if (const auto found = parts_->entries.find(id); found != parts_->entries.end()) parts_->entries.erase(found);
  parts_->changed.notify_all();
}

void SourceSubscriptions::hear(const Registration* before, const Registration* after) {
  std::vector<std::string> concerned;
  {
    const Instant now = parts_->services.clock.now();
    const std::lock_guard lock(parts_->mutex);
    for (auto& [id, entry] : parts_->entries) {
      if (!entry.is_live(now) || entry.subscription.time_interval_s > 0) continue;
      const bool matched = before != nullptr && entry.asked->matches(*before, true);
      const bool matches = after != nullptr && entry.asked->matches(*after, true);
      if (!matched && !matches) continue;
      const Reason reason = !matches ? Reason::no_longer_matching : matched ? Reason::updated : Reason::newly_matching;
      parts_->enqueue(entry, reason, {part_of(*entry.asked, after != nullptr ? *after : *before)});
      concerned.push_back(id);
    }
  }
  for (const std::string& id : concerned) parts_->pump(id);
}

void SourceSubscriptions::tend() {
  std::vector<std::string> concerned;
  {
    const auto now = Steady::now();
    const std::lock_guard lock(parts_->mutex);
    for (auto& [id, entry] : parts_->entries) {
      if (!entry.asked && !parts_->find_context(entry)) continue;
      const bool is_due = entry.subscription.time_interval_s > 0 && now >= entry.next_period;
      if (is_due && entry.waiting.empty() && entry.is_live(parts_->services.clock.now())) parts_->tell_all(entry);
      if (!entry.waiting.empty() && !entry.under_way && now >= entry.not_before) concerned.push_back(id);
    }
  }
  for (const std::string& id : concerned) parts_->pump(id);
}

bool SourceSubscriptions::is_idle() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->is_idle();
}

bool SourceSubscriptions::wait_until_idle(int64_t timeout_ms) const {
  std::unique_lock lock(parts_->mutex);
  return parts_->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), [this] { return parts_->is_idle(); });
}

bool SourceSubscriptions::Parts::is_idle() const {
  return std::all_of(entries.begin(), entries.end(), [](const auto& one) { return one.second.waiting.empty(); });
}

bool SourceSubscriptions::Parts::find_context(Entry& entry) {
  entry.context = contexts.context_of(entry.subscription, services);
  if (!entry.context) return false;
  if (auto asked = ngsi::subscribed_sources(entry.subscription, *entry.context); asked.ok())
    entry.asked = std::move(asked).value();
  return entry.asked.has_value();
}

// Tells of all that match now: at the beginning, after a change, and from time to time where that is asked for.
void SourceSubscriptions::Parts::tell_all(Entry& entry) {
  const double interval_s = entry.subscription.time_interval_s;
  if (interval_s > 0)
    entry.next_period =
        Steady::now() + std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(interval_s));
  if (!entry.is_live(services.clock.now())) return;
  std::map<std::string, SourcePointer> found;
  for (const ngsi::SourceQuery& query : entry.asked->any_of) {
    for (SourcePointer& source : tenant.registrations->matching(query)) {
      if (entry.asked->filter.matches(source->registration(), true))
        found.emplace(source->registration().id, std::move(source));
    }
  }
  std::vector<Registration> some;
  for (const auto& [id, source] : found) {
    some.push_back(part_of(*entry.asked, source->registration()));
    if (some.size() < options.registrations_max) continue;
    enqueue(entry, Reason::newly_matching, some);
    some.clear();
  }
  if (!some.empty()) enqueue(entry, Reason::newly_matching, some);
}

void SourceSubscriptions::Parts::enqueue(Entry& entry, Reason reason, const std::vector<Registration>& registrations) {
  const Instant now = services.clock.now();
  std::string body = R"({"id":"urn:ngsi-ld:ContextSourceNotification:)" + std::to_string(now.microseconds) + '-' +
                     std::to_string(++notifications) + R"(","type":"ContextSourceNotification","subscriptionId":)";
  ngsi::append_quoted(entry.subscription.id, body);
  body += ",\"notifiedAt\":";
  ngsi::append_instant(now, body);
  body += R"(,"triggerReason":")" + std::string(name_of(reason)) + R"(","data":)";
  char separator = '[';
  for (const Registration& registration : registrations) {
    body += separator;
    ngsi::append_registration(registration, nullptr, false, entry.context.get(), {}, body);
    separator = ',';
  }
  body += ']';
  if (entry.subscription.endpoint.accept == "application/ld+json") body += ",\"@context\":" + entry.context->json();
  body += '}';
  // The one under way stays where it is.
  if (entry.waiting.size() >= options.waiting_max) {
    entry.waiting.erase(entry.waiting.begin() + (entry.under_way ? 1 : 0));
    ++entry.status.times_failed;
    entry.status_changed = true;
  }
  entry.waiting.push_back(std::move(body));
}

// Starts the delivery of the oldest that waits, if there is room for it now; else it is tried when tended.
void SourceSubscriptions::Parts::pump(const std::string& id) {
  const std::shared_lock use(alive);
  if (ended) return;
  Notification notification;
  uint64_t attempt = 0;
  {
    const std::lock_guard lock(mutex);
    const auto found = entries.find(id);
    if (found == entries.end()) return;
    Entry& entry = found->second;
    if (entry.waiting.empty() || entry.under_way || !entry.is_live(services.clock.now()) ||
        Steady::now() < entry.not_before) {
      return;
    }
    notification = {entry.subscription.endpoint,
                    entry.waiting.front(),
                    contexts.context_url(entry.subscription, *entry.context, services),
                    tenant.name,
                    {}};
    entry.under_way = true;
    attempt = entry.attempt = ++attempts;
  }
  const Start started = deliverer.start(notification, [weak = weak_from_this(), id, attempt](const Delivered& result) {
    if (const auto parts = weak.lock()) parts->delivered(id, attempt, result);
  });
  if (started == Start::begun) return;
  const std::lock_guard lock(mutex);
  if (const auto found = entries.find(id); found != entries.end() && found->second.attempt == attempt)
    found->second.under_way = false;
}

void SourceSubscriptions::Parts::delivered(const std::string& id, uint64_t attempt, const Delivered& result) {
  {
    const std::lock_guard lock(mutex);
    const auto found = entries.find(id);
    if (found == entries.end() || !found->second.under_way || found->second.attempt != attempt) return;
    Entry& entry = found->second;
    const Instant now = services.clock.now();
    entry.under_way = false;
    entry.status_changed = true;
    entry.status.last_notification = now;
    ++entry.status.times_sent;
    if (result.ok) {
      entry.status.last_success = now;
      entry.status.last_error.clear();
      entry.failures = 0;
    } else {
      entry.status.last_failure = now;
      entry.status.last_error = result.reason;
      ++entry.status.times_failed;
      int64_t wait_ms = entry.subscription.endpoint.cooldown_ms;
      if (wait_ms == 0)
        wait_ms = std::min(options.retry_most_ms, options.retry_first_ms << std::min(entry.failures, 16));
      ++entry.failures;
      entry.not_before = Steady::now() + std::chrono::milliseconds(result.retry ? wait_ms : 0);
    }
    if (result.ok || !result.retry) entry.waiting.pop_front();
    changed.notify_all();
  }
  // After a failure it goes on when tended: a delivery that fails at once would come back here again and again.
  if (result.ok) pump(id);
}

void SourceSubscriptions::Parts::record_counters() {
  for (auto& [id, entry] : entries) {
    if (std::exchange(entry.status_changed, false)) documents.write_status(id, status_json(entry.status));
  }
}

}  // namespace cityloom::serve::ngsi_ld
