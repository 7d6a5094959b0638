// Where chance comes from. Like time it is injected: only the program's outermost layer names the system's own.
#pragma once

#include <cstdint>
#include <functional>

namespace cityloom::base {

/// Gives 64 bits that nobody can foresee, each time it is called. Any worker may call it.
using Chance = std::function<uint64_t()>;

/// That of the operating system. Cost: microseconds.
uint64_t system_chance();

}  // namespace cityloom::base
