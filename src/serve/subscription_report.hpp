// How subscriptions fare, for those who keep the server: told under /api and /metrics, not by NGSI-LD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/instant.hpp"

namespace cityloom::serve {

/// How far a subscription is behind what was recorded.
struct SubscriptionLag {
  int64_t lag_ms = 0;        ///< since the oldest change was recorded that it has still to be told of; 0: none
  size_t waiting = 0;        ///< notifications made and not delivered yet
  size_t waiting_bytes = 0;  ///< of them
  bool reads_again = false;  ///< more lies in the record than is held for it
  int failures = 0;          ///< in a row
};

/// One subscription.
struct SubscriptionFare {
  std::string id;
  std::string name;
  std::string endpoint;  ///< scheme, host and port only: the rest may be secret
  bool is_active = true;
  SubscriptionLag lag;
  uint64_t times_sent = 0, times_failed = 0;
  base::Instant last_success, last_failure;
  std::string last_error;
};

/// What all subscriptions of a tenant have waiting.
struct SubscriptionTotals {
  std::string tenant;
  size_t subscriptions = 0;
  size_t behind = 0;  ///< that have had something to be told of for more than a second
  size_t waiting = 0;
  size_t waiting_bytes = 0;
  int64_t lag_ms_max = 0;
  uint64_t sent = 0, failed = 0;  ///< deliveries since the start
};

/// Of every open tenant.
struct SubscriptionReport {
  std::vector<SubscriptionTotals> totals;
  size_t failing_endpoints = 0;  ///< whose last delivery failed
};

}  // namespace cityloom::serve
