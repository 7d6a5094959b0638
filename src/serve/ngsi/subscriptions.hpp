// The subscriptions of one tenant: kept as facts, matched against the feed of commits, delivered in order, each at its
// own pace. ETSI GS CIM 009 clause 5.8.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/subscription.hpp"
#include "serve/ngsi/deliverer.hpp"
#include "serve/ngsi/services.hpp"
#include "serve/subscription_report.hpp"

namespace cityloom::serve::ngsi_ld {

/// Limits and times.
struct SubscriptionOptions {
  size_t subscriptions_max = 50'000;  ///< in one tenant
  size_t waiting_max = 1'000;  ///< notifications that wait for one endpoint; past it the feed is read again later
  size_t waiting_bytes_max = 8u << 20;   ///< of them
  size_t failing_waiting_max = 16;       ///< the same where the last delivery failed
  size_t total_bytes_max = 128u << 20;   ///< of all that wait in one tenant
  size_t held_entities_max = 1'000;      ///< held back by throttling
  size_t periodic_entities_max = 1'000;  ///< in one notification of a timeInterval
  int64_t retry_first_ms = 1'000;        ///< back-off after a failure, doubled up to `retry_most_ms`
  int64_t retry_most_ms = 60'000;
  int64_t save_interval_ms = 1'000;     ///< offsets
  int64_t status_interval_ms = 60'000;  ///< counters
};

/// What a subscription follows: the present city, or a snapshot.
struct SubscriptionHome {
  std::string snapshot;  ///< its id; empty: none
  thread::BranchId branch = thread::main_branch;
  std::shared_ptr<const Selection> selection;  ///< of a snapshot
};

/// A subscription and how it fares.
struct SubscriptionView {
  ngsi::Subscription subscription;
  ngsi::SubscriptionStatus status;
  SubscriptionLag lag;
  ngsi::ContextPointer context;  ///< that gives its names meaning; nullptr while it cannot be had
};

/// A notification amended to the version of the standard that the subscription names in ngsildConformance.
std::string in_version_of(const ngsi::Subscription& subscription, std::string body);

/// Any worker may call. Owns one worker that follows the feed; a subscription that cannot be delivered falls behind
/// alone and reads the feed again from where it stopped: nothing is lost, nobody waits. Over a crash a notification may
/// be sent again, never left out.
class Subscriptions {
 public:
  Subscriptions(TenantState& tenant, Services& services, Deliverer& deliverer, SubscriptionOptions options = {});
  /// Saves offsets and counters, stops.
  ~Subscriptions();

  /// Reads the stored subscriptions and starts the worker. Errors: corrupt, unavailable.
  base::Status open();

  /// By id, of the present city or of a snapshot.
  std::optional<SubscriptionView> find(std::string_view id, std::string_view snapshot = {}) const;
  /// The tenant they are of; "" is the default one.
  const std::string& tenant() const;
  /// What waits, in all. Cost: looks at each subscription.
  SubscriptionTotals totals() const;
  /// The ones that are furthest behind first; those that are not, by id.
  std::vector<SubscriptionView> furthest_behind(size_t limit) const;
  /// In order of their ids; `count` is of all.
  std::vector<SubscriptionView> list(const thread::Page& page, uint64_t& count, std::string_view snapshot = {}) const;

  /// The change that records a subscription: submit it, then `put` with its outcome's offset.
  /// Errors: busy (too many subscriptions).
  base::Result<thread::Change> change_of(const ngsi::Subscription& subscription, thread::Change::Kind kind,
                                         std::string_view snapshot = {}) const;
  /// The change that ends its record: submit it, then `erase`.
  thread::Change removal_of(std::string_view id, std::string_view snapshot = {}) const;

  /// Takes a recorded subscription, new or changed: it hears of commits after `from`. Errors: invalid.
  base::Status put(ngsi::Subscription subscription, ngsi::ContextPointer context, twin::Offset from,
                   const SubscriptionHome& home = {});
  /// Forgets it: what waits is not told any more.
  void erase(std::string_view id, std::string_view snapshot = {});
  /// Forgets all of a snapshot, and gives the changes that end their records.
  std::vector<thread::Change> erase_all_of(std::string_view snapshot);

  /// What became of a notification that is passed on: whether the subscriber has it, or has refused it for good.
  using Told = std::function<void(bool is_settled)>;
  /// Tells the subscriber, in its turn, of what a source notified. `source_id` says which notification it is: one that
  /// was delivered is not sent again. `told` is called once, on any worker; it hands over and returns. A failure ends
  /// it: it is for the source to try again.
  void pass_on(std::string_view id, const std::string& source_id, std::string body, Told told);

  /// For tests and metrics: whether everything up to the record's head is delivered or given up.
  bool is_idle() const;
  /// Waits until it is; false after that time.
  bool wait_until_idle(int64_t timeout_ms) const;

 private:
  struct Entry;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::serve::ngsi_ld
