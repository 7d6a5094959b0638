// The list of benchmarks: a new one is a file NAME_bench.cpp and a line here.
#include "bench.hpp"

namespace cityloom::bench {

const std::vector<Benchmark>& all_benchmarks() {
  static const std::vector<Benchmark> list = {};
  return list;
}

}  // namespace cityloom::bench
