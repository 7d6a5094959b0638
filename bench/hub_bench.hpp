// The hub over HTTP: durable creates and batches, queries of a million entities, notifications, overload.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// An entity of 1 KB created durably, read in each format, and upserted in batches of 1,000. About 40 s.
base::Status run_hub(const Setup& setup, const Report& report);

/// A million entities, 10,000 subscriptions and registrations: queries, near, count; memory and start of an idle server. About 120 s.
base::Status run_hub_million(const Setup& setup, const Report& report);

/// A query over 3 of 10,000 registered sources, each a server of its own. About 40 s.
base::Status run_sources(const Setup& setup, const Report& report);

/// Half an hour of changes, reads and notifications: resident memory. 31 minutes.
base::Status run_soak(const Setup& setup, const Report& report);

/// 10,000 subscriptions at 100 endpoints, one of them dead, 5,000 updates a second. About 40 s.
base::Status run_notify(const Setup& setup, const Report& report);

/// A server that may take 512 MB, asked for many times what it can carry. About 40 s.
base::Status run_overload(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
