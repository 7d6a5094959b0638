// Any bytes as a file of series: read within bounds, or refused; what is read can be forecast.
#include <cmath>
#include <cstdlib>

#include "model/series/evaluate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::model::series;
  const auto all = read_series({reinterpret_cast<const char*>(data), size});
  if (!all.ok()) return 0;
  for (const NamedSeries& one : *all) {
    if (one.values.empty()) std::abort();
    const auto expected = forecast(one.values, {3, 4, 0});
    if (!expected.ok()) continue;  // values that cannot be squared
    for (size_t i = 0; i < 3; ++i) {
      if (!std::isfinite(expected->middle[i])) std::abort();
      if (expected->intervals[2].lower[i] > expected->intervals[2].upper[i]) std::abort();
    }
  }
  return 0;
}
