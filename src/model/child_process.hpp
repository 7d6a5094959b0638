// A program of its own that does one piece of work, and says how far it is, line by line.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::model {

/// What a child is held to.
struct ChildLimits {
  int64_t seconds_max = 3'600;  ///< on the wall
  int64_t grace_ms = 2'000;     ///< between asking it to end and ending it
};

/// Starts the words as a program in a process group of its own, with its output to us and its complaints to a file, and
/// waits until it has ended. `heard` gets each line of its output (cut at 64 KiB). `wanted` is asked some ten times a
/// second; false ends it. Errors: cancelled (not wanted), timeout, internal (it crashed: by which signal; or its exit
/// code), unavailable (it cannot be started).
base::Status run_child(const std::vector<std::string>& words, const std::string& complaints_path,
                       const ChildLimits& limits, const std::function<void(std::string_view)>& heard,
                       const std::function<bool()>& wanted);

}  // namespace cityloom::model
