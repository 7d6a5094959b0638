// What the worker of a tenant's subscriptions holds. For subscriptions.cpp and subscription_pace.cpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "serve/ngsi/agenda.hpp"
#include "serve/ngsi/commit_changes.hpp"
#include "serve/ngsi/inbox.hpp"
#include "serve/ngsi/subscription_index.hpp"
#include "serve/ngsi/subscription_store.hpp"
#include "serve/ngsi/subscriptions.hpp"

namespace cityloom::serve::ngsi_ld {

// One subscription under way. Guarded by Parts::mutex.
struct Subscriptions::Entry {
  struct Waiting {
    twin::Offset offset;  // of the commit that it tells of; 0: it is passed on for a source
    base::Instant since;  // when that was recorded
    std::string body;
    std::string source_id{};     // of what is passed on
    Subscriptions::Told told{};  // who waits to hear that it was; empty: it is of the own record
  };

  Entry(SubscriptionIndex::Key its_key, std::string its_name) : key(its_key), name(std::move(its_name)) {}

  const SubscriptionIndex::Key key;
  const std::string name;  // as SubscriptionStore::name_of: what it is kept under
  SubscriptionHome home;
  ngsi::Subscription subscription;
  ngsi::SubscriptionStatus status;
  ngsi::ContextPointer context;
  ngsi::NamesPointer names;
  std::optional<ngsi::Matcher> matcher;  // nothing while its context cannot be had
  bool needs_before = false;
  bool is_indexed = false;

  twin::Offset read_through;    // commits up to here are not for it, or have been looked at; and if it is not behind,
                                // those up to the main follower's position
  bool behind = false;          // the main follower passed it: it reads the feed itself, from read_through
  base::Instant behind_since;   // when what it has still to read was recorded
  std::deque<Waiting> waiting;  // the front one may be under way
  size_t waiting_bytes = 0;
  bool under_way = false;
  uint64_t attempt = 0;  // of the delivery under way
  int failures = 0;      // in a row
  std::chrono::steady_clock::time_point not_before{};
  std::map<std::string, ngsi::Notified, std::less<>> held;  // by throttling
  twin::Offset held_since;
  base::Instant held_at;  // when that was recorded
  std::chrono::steady_clock::time_point next_period{};
  std::chrono::steady_clock::time_point context_at{};  // when to ask for its context again
  std::deque<std::string> passed_on;                   // source_id of the latest that were delivered
  bool has_own_offset = false;                         // one is stored
  bool status_changed = false;

  // Everything up to here has been told.
  twin::Offset told_through(twin::Offset position) const {
    for (const Waiting& one : waiting) {
      if (!one.told) return twin::Offset{one.offset.number - 1};
    }
    if (!held.empty()) return twin::Offset{held_since.number - 1};
    return behind ? read_through : std::max(read_through, position);
  }
  // The oldest change that it has still to be told of; none: it is up to date.
  base::Instant oldest() const {
    if (!waiting.empty()) return waiting.front().since;
    if (!held.empty()) return held_at;
    return behind ? behind_since : base::Instant::none();
  }
  SubscriptionLag lag(base::Instant now) const {
    const base::Instant since = oldest();
    const bool is_late = since.exists() && subscription.is_active && since < now;
    return {is_late ? (now.microseconds - since.microseconds) / 1'000 : 0, waiting.size(), waiting_bytes, behind,
            failures};
  }
  bool is_live(base::Instant now) const {
    return subscription.is_active && matcher && (!subscription.expires_at.exists() || subscription.expires_at > now);
  }
};

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
  twin::Offset position;  // of the main follower
  twin::Offset saved;
  uint64_t notifications = 0;
  uint64_t attempts = 0;
  size_t waiting_bytes = 0;  // of all
  uint64_t sent = 0, failed = 0;
  std::chrono::steady_clock::time_point save_at{}, status_at{};
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
  std::chrono::steady_clock::time_point tend_those_due(std::chrono::steady_clock::time_point now);
  SubscriptionView view_of(const Entry& entry) const;
  bool has_room(const Entry& entry, bool for_more) const;
  void find_context(Entry& entry, std::chrono::steady_clock::time_point now);
  void hear(Entry& entry, const thread::Commit& commit, const std::vector<EntityChange*>& changes);
  void catch_up(Entry& entry);
  void enqueue(Entry& entry, twin::Offset offset, base::Instant since, const std::vector<ngsi::Notified>& notified);
  void hold(Entry& entry, const thread::Commit& commit, std::vector<ngsi::Notified> notified);
  std::chrono::steady_clock::time_point tend(Entry& entry, std::chrono::steady_clock::time_point now);
  void notify_periodically(Entry& entry, std::chrono::steady_clock::time_point now);
  Start deliver(Entry& entry);
  void delivered(Entry& entry, const Delivered& result);
  void finish_front(Entry& entry, bool is_settled);
  void save(bool with_status);
  bool may_hear(const EntityChange& change, const twin::EntityRecord& record) const;
};

}  // namespace cityloom::serve::ngsi_ld
