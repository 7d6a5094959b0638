// Any bytes as a table of times and values: read within bounds, or refused; what is read can be judged.
#include <cmath>
#include <cstdlib>

#include "model/series/group.hpp"
#include "model/series/table.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::model::series;
  auto table = TimeTable::open({reinterpret_cast<const char*>(data), size});
  if (!table.ok()) return 0;
  if (table->names().empty() || table->names().size() > table_columns_max) std::abort();
  GroupDetector group(table->names().size());
  for (;;) {
    const auto row = table->next();
    if (!row.ok() || !*row) return 0;
    if (!std::isfinite((*row)->time_s) || (*row)->values.size() != table->names().size()) std::abort();
    const Judgement one = group.next((*row)->time_s, (*row)->values);
    if (!(one.score >= 0 && one.score <= 1)) std::abort();
  }
}
