// The door of the benchmarks: each measures something against a bar, and `cityloom bench` runs them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cityloom::bench {

/// One number measured.
struct Line {
  std::string name;  ///< "append_share_of_rocksdb"
  double value = 0;
  std::string unit;  ///< "%", "points/s", "bytes/point", "ms"
  std::optional<double> bar;
  bool at_least = true;  ///< whether the value shall be at least the bar; else at most

  bool holds() const { return !bar || (at_least ? value >= *bar : value <= *bar); }
};

/// What a benchmark may use.
struct Setup {
  std::string folder;         ///< empty, on the disk that is measured; removed afterwards
  std::string program;        ///< the cityloom program itself, to start a server
  std::string source_folder;  ///< holds bench/, packs/
  std::string shared_folder;  ///< real data; empty where there is none
};

using Report = std::function<void(const Line&)>;

/// A benchmark: `cityloom bench NAME`.
struct Benchmark {
  std::string name;
  std::string summary;
  /// Measures and reports each number once. Errors: what kept it from measuring.
  base::Status (*run)(const Setup& setup, const Report& report);
};

/// All benchmarks, in the order in which they run.
const std::vector<Benchmark>& all_benchmarks();

}  // namespace cityloom::bench
