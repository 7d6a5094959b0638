// Progress of long work on the error output: one line that changes on a terminal, a line now and then elsewhere.
#pragma once

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>

#include "base/instant.hpp"

namespace cityloom::app {

/// Shows how far a piece of work is. Any worker may report. On a terminal at most ten times a second, elsewhere at
/// most every two seconds and at the end.
class Progress {
 public:
  /// `what` stands before the numbers: "importing seoul-jamsil.osm". The clock must outlive it.
  Progress(std::string what, const base::Clock& clock, std::FILE* output = stderr);

  /// `done` of `total`, in `unit` ("features", "bytes"); total 0: not known.
  void report(uint64_t done, uint64_t total, const std::string& unit = {});

  /// Ends with a line that stays: "importing seoul-jamsil.osm: 1,355 buildings in 2.1 s".
  void finish(const std::string& result);

 private:
  void show(const std::string& text, bool last);

  std::mutex mutex_;
  std::string what_;
  const base::Clock& clock_;
  std::FILE* output_;
  bool terminal_;
  base::Instant started_;
  base::Instant shown_ = base::Instant::none();
};

/// 1355 as "1,355".
std::string grouped(uint64_t number);

/// A duration for a person: "0.4 s", "2 min 5 s".
std::string duration_text(int64_t microseconds);

}  // namespace cityloom::app
