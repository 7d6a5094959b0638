// Progress lines.
#include "app/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace cityloom::app {
namespace {

constexpr int64_t terminal_interval_us = 100'000;
constexpr int64_t plain_interval_us = 2'000'000;

}  // namespace

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string duration_text(int64_t microseconds) {
  const double seconds = static_cast<double>(microseconds) / 1e6;
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(seconds);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

Progress::Progress(std::string what, const base::Clock& clock, std::FILE* output)
    : what_(std::move(what)),
      clock_(clock),
      output_(output),
      terminal_(isatty(fileno(output)) == 1),
      started_(clock.now()) {}

void Progress::report(uint64_t done, uint64_t total, const std::string& unit) {
  const std::lock_guard lock(mutex_);
  const base::Instant now = clock_.now();
  const int64_t interval_us = terminal_ ? terminal_interval_us : plain_interval_us;
  // The first line waits too: quick work needs no progress, only its end.
  const base::Instant since = shown_.exists() ? shown_ : started_;
  if (now.microseconds - since.microseconds < interval_us) return;
  shown_ = now;
  const std::string of = total == 0 ? "" : fmt::format(" of {} ({} %)", grouped(total), done * 100 / total);
  show(fmt::format("{}: {}{}{}", what_, grouped(done), of, unit.empty() ? "" : " " + unit), false);
}

void Progress::finish(const std::string& result) {
  const std::lock_guard lock(mutex_);
  show(fmt::format("{}: {} in {}", what_, result, duration_text(clock_.now().microseconds - started_.microseconds)),
       true);
}

void Progress::show(const std::string& text, bool last) {
  if (terminal_) {
    // Carriage return, erase the line: the next text takes this one's place.
    fmt::print(output_, "\r\x1b[K{}{}", text, last ? "\n" : "");
  } else {
    fmt::print(output_, "{}\n", text);
  }
  std::fflush(output_);
}

}  // namespace cityloom::app
