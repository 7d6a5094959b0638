// The NGSI-LD door: everything under /ngsi-ld/v1, with the workers that fetch contexts and deliver notifications.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/chance.hpp"
#include "base/instant.hpp"
#include "serve/model_writes.hpp"
#include "serve/router.hpp"
#include "serve/subscription_report.hpp"
#include "serve/tenants.hpp"
#include "trust/trust.hpp"

namespace cityloom::serve {

/// What the operator may set.
struct NgsiOptions {
  std::string public_url = "http://127.0.0.1:8080";  ///< where others reach us: in links to contexts hosted here
  /// Name of this source (contextSourceAlias), by which circles of brokers are noticed: no two may have the same.
  /// Empty: one that the record keeps.
  std::string source_alias;
  /// Addresses that contexts may be fetched from although they are not public ("127.0.0.1").
  std::vector<std::string> context_addresses;
  int64_t notification_timeout_ms = 5'000;  ///< where an endpoint names none
  int64_t retry_first_ms = 1'000;           ///< back-off after a failed notification
  size_t history_limit = 10'000;            ///< instances of an attribute in one answer; past it 206 and a part of them
  bool allow_private_endpoints = true;      ///< notifications and requests to sources may go to private addresses
  int64_t source_timeout_ms = 5'000;        ///< for a registered source, where its registration names none
  base::Chance chance = base::system_chance;  ///< of the secrets of subscriptions at sources, and of a name of its own
};

/// Made before the server starts, destroyed after it has stopped and before the tenants close.
class NgsiApi {
 public:
  /// Attaches to every tenant, open now or later: reads its subscriptions and follows its feed. The tenants, gate and
  /// clock must outlive it. Errors: corrupt, unavailable (stored subscriptions or contexts cannot be read).
  static base::Result<std::unique_ptr<NgsiApi>> open(Tenants& tenants, const trust::Gate& gate,
                                                     const base::Clock& clock, NgsiOptions options = {});
  /// Stops notifications (what waits goes on after the next start) and fetches.
  ~NgsiApi();

  /// Adds every route. The router must not outlive it.
  void add_routes(Router& router);

  /// Deletes what is past its expiresAt now, rather than within half a second; gives how many there were.
  size_t sweep_expired();

  /// How the subscriptions of every open tenant fare. Cost: looks at each.
  SubscriptionReport subscriptions() const;
  /// Those of one tenant ("" is the default one) that are furthest behind, first; then the others by id.
  std::vector<SubscriptionFare> subscriptions_of(std::string_view tenant, size_t limit) const;

  /// Writes that did not keep to their models, of every open tenant, since the start.
  std::vector<ModelWrites> model_writes() const;

  /// Whether every notification due is delivered or given up: for tests.
  bool is_idle() const;
  /// Waits until it is; false after that time.
  bool wait_until_idle(int64_t timeout_ms) const;

 private:
  struct Parts;
  explicit NgsiApi(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::serve
