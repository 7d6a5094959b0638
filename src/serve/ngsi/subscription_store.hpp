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

  /// Kind create, or append to change a stored one.
  thread::Change change_of(const ngsi::Subscription& subscription, thread::Change::Kind kind) const;
  /// Kind remove.
  thread::Change removal_of(std::string_view id) const;

  /// Records counters, in passing.
  void write_status(const ngsi::Subscription& subscription, const ngsi::SubscriptionStatus& status) const;

  /// The name of the follower's own offset.
  std::string follower_of(std::string_view id) const { return "subscription:" + std::string(id); }

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
