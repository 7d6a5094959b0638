// The HTTP benchmark.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// Starts the program as a server and loads it with 64 connections. Errors: unavailable (it did not start or answer).
base::Status run_http(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
