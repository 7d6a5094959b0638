// How much memory this process may take, and limits that fit into it.
#pragma once

#include <cstdint>

#include "app/settings.hpp"
#include "serve/server.hpp"
#include "thread/thread.hpp"

namespace cityloom::app {

/// What the settings say, or else the control group that the process is in; 0: no limit is known.
uint64_t memory_bytes_max(const Settings& settings);

/// Lowers what would not fit into that much memory: bodies, queues. Greater memory changes nothing.
void fit_into_memory(uint64_t bytes_max, Settings& settings);

/// The same of what a record holds.
void fit_into_memory(uint64_t bytes_max, thread::Options& options);

/// The same of what the engine holds of bodies at once.
void fit_into_memory(uint64_t bytes_max, serve::ServerOptions& options);

/// Reads a limit as the kernel writes it: a number of bytes, or "max". Nothing readable: 0.
uint64_t limit_in(const char* path);

}  // namespace cityloom::app
