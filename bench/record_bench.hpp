// The record without the network: appending, history, a million entities, branches.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// Facts of many writers against RocksDB alone with the same bytes in the same synced batches. About 10 s.
base::Status run_append(const Setup& setup, const Report& report);

/// Bytes a point of regular series on disk; points read and averaged a second and core. About 20 s.
base::Status run_history(const Setup& setup, const Report& report);

/// A year of minutes of one sensor put into days: how long it takes. About 10 s.
base::Status run_aggregation(const Setup& setup, const Report& report);

/// Past observations loaded in bulk through the server, as lines of JSON and as a table. About 20 s.
base::Status run_observations(const Setup& setup, const Report& report);

/// A year of minutes in each of many series thinned to hours: how many instances a second. About 60 s.
base::Status run_retention(const Setup& setup, const Report& report);

/// A million entities of 1 KB JSON: resident memory, a branch of them written to, and opening again. About 60 s.
base::Status run_million(const Setup& setup, const Report& report);

/// Finding who hears of a change among 10,000 subscriptions, by the index and by looking at each. About 1 s.
base::Status run_subscriptions(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
