// One subscription under way, as the worker that follows the feed keeps it.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "serve/ngsi/subscription_index.hpp"
#include "serve/ngsi/subscriptions.hpp"

namespace cityloom::serve::ngsi_ld {

/// Guarded by the mutex of those who keep it.
struct Subscriptions::Entry {
  using Steady = std::chrono::steady_clock;
  using Offset = thread::Offset;

  struct Waiting {
    Offset offset;  // of the commit that it tells of
    std::string body;
  };

  Entry(SubscriptionIndex::Key its_key, std::string its_name) : key(its_key), name(std::move(its_name)) {}

  const SubscriptionIndex::Key key;
  const std::string name;  // as name_of: what it is kept under
  SubscriptionHome home;
  ngsi::Subscription subscription;
  ngsi::SubscriptionStatus status;
  ngsi::ContextPointer context;
  ngsi::NamesPointer names;
  std::optional<ngsi::Matcher> matcher;  // nothing while its context cannot be had
  bool needs_before = false;
  bool is_indexed = false;

  Offset read_through;          // commits up to here are not for it, or have been looked at; and if it is not behind,
                                // those up to the main follower's position
  bool behind = false;          // the main follower passed it: it reads the feed itself, from read_through
  std::deque<Waiting> waiting;  // the front one may be under way
  size_t waiting_bytes = 0;
  bool under_way = false;
  uint64_t attempt = 0;  // of the delivery under way
  int failures = 0;      // in a row
  Steady::time_point not_before{};
  std::map<std::string, ngsi::Notified, std::less<>> held;  // by throttling
  Offset held_since;
  Steady::time_point next_period{};
  Steady::time_point context_at{};  // when to ask for its context again
  bool has_own_offset = false;      // one is stored
  bool status_changed = false;

  // Everything up to here has been told.
  Offset told_through(Offset position) const {
    if (!waiting.empty()) return Offset{waiting.front().offset.number - 1};
    if (!held.empty()) return Offset{held_since.number - 1};
    return behind ? read_through : std::max(read_through, position);
  }
  bool is_live(base::Instant now) const {
    return subscription.is_active && matcher && (!subscription.expires_at.exists() || subscription.expires_at > now);
  }
};

}  // namespace cityloom::serve::ngsi_ld
