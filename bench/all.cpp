// The list of benchmarks: a new one is a file NAME_bench.cpp and a line here.
#include "bench/bench.hpp"
#include "bench/http_bench.hpp"

namespace cityloom::bench {

const std::vector<Benchmark>& all_benchmarks() {
  static const std::vector<Benchmark> list = {
      {"http", "an entity read and an attribute changed durably, against a fixed body", run_http},
  };
  return list;
}

}  // namespace cityloom::bench
