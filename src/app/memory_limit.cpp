// Limits from the control group, version 2 and 1.
#include "app/memory_limit.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

namespace cityloom::app {
namespace {

// Without a limit the kernel says a number that no machine has.
constexpr uint64_t no_limit = uint64_t{1} << 60;

// The process's own group below /sys/fs/cgroup, e.g. "/system.slice/cityloom.service"; of version 2.
std::string group_path() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return {};
}

}  // namespace

uint64_t limit_in(const char* path) {
  std::ifstream file(path);
  std::string text;
  uint64_t bytes = 0;
  if (!(file >> text) || std::from_chars(text.data(), text.data() + text.size(), bytes).ec != std::errc{}) return 0;
  return bytes < no_limit ? bytes : 0;
}

uint64_t memory_bytes_max(const Settings& settings) {
  if (settings.memory_bytes != 0) return settings.memory_bytes;
  const std::string own = "/sys/fs/cgroup" + group_path() + "/memory.max";
  for (const char* path : {own.c_str(), "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (const uint64_t bytes = limit_in(path); bytes != 0) return bytes;
  }
  return 0;
}

void fit_into_memory(uint64_t bytes_max, Settings& settings) {
  if (bytes_max == 0) return;
  settings.body_bytes_max = std::max<uint64_t>(std::min(settings.body_bytes_max, bytes_max / 32), 1u << 20);
  settings.queue_bytes_max = std::max<uint64_t>(std::min(settings.queue_bytes_max, bytes_max / 32), 1u << 20);
}

void fit_into_memory(uint64_t bytes_max, thread::Options& options) {
  if (bytes_max == 0) return;
  // Counted as packed in the log; as facts they take some ten times as much.
  options.feed_bytes_in_memory = std::min<size_t>(options.feed_bytes_in_memory, bytes_max / 256);
  options.dirty_bytes_max = std::min<size_t>(options.dirty_bytes_max, bytes_max / 32);
  options.resident_bytes_max = std::min<size_t>(options.resident_bytes_max, bytes_max / 8);
  options.history_bytes_max = std::min<size_t>(options.history_bytes_max, bytes_max / 16);
}

void fit_into_memory(uint64_t bytes_max, serve::ServerOptions& options) {
  if (bytes_max == 0) return;
  options.memory_bytes_max = bytes_max;
  options.bulk_waiting_max = std::clamp<size_t>(bytes_max / (16u << 20), 4, options.bulk_waiting_max);
  // What is under way of a body takes some ten times its size: read, as changes, as facts.
  options.bodies_bytes_max = std::max<size_t>(std::min<size_t>(options.bodies_bytes_max, bytes_max / 32), 4u << 20);
}

}  // namespace cityloom::app
