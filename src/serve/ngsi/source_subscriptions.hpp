// Subscriptions to registrations of context sources: kept as facts, told of sources that begin to match, change, or
// match no more. ETSI GS CIM 009 clauses 5.3.2, 5.11.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/registration.hpp"
#include "ngsi/subscription.hpp"
#include "serve/ngsi/deliverer.hpp"
#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

/// Limits and times.
struct SourceSubscriptionOptions {
  size_t subscriptions_max = 10'000;  ///< in one tenant
  size_t waiting_max = 1'000;         ///< notifications that wait for one endpoint; past it the oldest is given up
  size_t registrations_max = 1'000;   ///< in one notification; more go into further ones
  int64_t retry_first_ms = 10'000;    ///< back-off after a failure, doubled up to `retry_most_ms`
  int64_t retry_most_ms = 600'000;
};

/// A subscription and how it fares.
struct SourceSubscriptionView {
  ngsi::Subscription subscription;
  ngsi::SubscriptionStatus status;
  ngsi::ContextPointer context;  ///< nullptr while it cannot be had
};

/// Any worker may call. Notifications of one subscription go out one after another, each tried until it is taken or
/// refused for good. What waits does not outlive the server: after a restart a subscriber hears of changes from then
/// on.
class SourceSubscriptions {
 public:
  SourceSubscriptions(const TenantState& tenant, Services& services, Deliverer& deliverer,
                      SourceSubscriptionOptions options = {});
  /// Records counters, stops.
  ~SourceSubscriptions();

  /// Reads the stored ones. Errors: corrupt, unavailable.
  base::Status open();

  /// By id.
  std::optional<SourceSubscriptionView> find(std::string_view id) const;
  /// In order of their ids; `count` is of all.
  std::vector<SourceSubscriptionView> list(const thread::Page& page, uint64_t& count) const;

  /// Whether what it asks of sources can be read. Errors: invalid.
  static base::Status check(const ngsi::Subscription& subscription, const ngsi::Context& context);
  /// The change that records a subscription: submit it, then `put`. Errors: busy (too many subscriptions).
  base::Result<thread::Change> change_of(const ngsi::Subscription& subscription, thread::Change::Kind kind) const;
  /// The change that ends its record: submit it, then `erase`.
  thread::Change removal_of(std::string_view id) const;

  /// Takes a recorded subscription, new or changed, and tells it of all that match now. Errors: invalid.
  base::Status put(ngsi::Subscription subscription, ngsi::ContextPointer context);
  /// Forgets it: what waits is not told any more.
  void erase(std::string_view id);

  /// Tells those concerned of a registration that was made (no `before`), changed or ended (no `after`).
  void hear(const ngsi::Registration* before, const ngsi::Registration* after);

  /// Sends what is due. Call a few times a second.
  void tend();

  /// Whether nothing waits.
  bool is_idle() const;
  /// Waits until nothing does; false after that time.
  bool wait_until_idle(int64_t timeout_ms) const;

 private:
  struct Entry;
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

}  // namespace cityloom::serve::ngsi_ld
