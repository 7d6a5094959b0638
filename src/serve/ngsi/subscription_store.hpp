// Subscriptions as facts: entities of an internal type in the tenant's own record.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ngsi/subscription.hpp"
#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

/// One, read back.
struct StoredSubscription {
  std::string name;  ///< as SubscriptionStore::name_of
  ngsi::Subscription subscription;
  ngsi::SubscriptionStatus status;
  twin::Offset created;  ///< of the commit that made it: it hears what came after
};

/// Any worker. The tenant must outlive it.
class SubscriptionStore {
 public:
  explicit SubscriptionStore(const TenantState& tenant) : tenant_(tenant) {}

  /// All stored ones. Errors: corrupt, unavailable.
  base::Result<std::vector<StoredSubscription>> load() const;

  /// What a subscription is kept under: its id, after that of its snapshot if it is of one.
  static std::string name_of(std::string_view id, std::string_view snapshot) {
    return snapshot.empty() ? std::string(id) : std::string(snapshot) + ' ' + std::string(id);
  }
  /// The snapshot's id in such a name; empty: none. (No URI has a space.)
  static std::string_view snapshot_in(std::string_view name) {
    const size_t at = name.find(' ');
    return at == std::string_view::npos ? std::string_view{} : name.substr(0, at);
  }

  /// Kind create, or append to change a stored one.
  thread::Change change_of(const ngsi::Subscription& subscription, thread::Change::Kind kind,
                           std::string_view name) const;
  /// Kind remove.
  thread::Change removal_of(std::string_view name) const;

  /// Records counters, in passing.
  void write_status(std::string_view name, const ngsi::SubscriptionStatus& status) const;

  /// The name of the follower's own offset.
  std::string follower_of(std::string_view name) const { return "subscription:" + std::string(name); }

  /// The context that gives the subscription's names meaning, if it can be had without waiting; else it is fetched on
  /// the lane for that, to be asked for again.
  ngsi::ContextPointer context_of(const ngsi::Subscription& subscription, Services& services) const;

  /// The URL that notifications name as their context.
  std::string context_url(const ngsi::Subscription& subscription, const ngsi::Context& context,
                          Services& services) const;

  /// The JSON text of the "@context" that a subscription stands under.
  static std::string context_text(const ngsi::Subscription& subscription);

 private:
  const TenantState& tenant_;
};

}  // namespace cityloom::serve::ngsi_ld
