// Fuzzes past observations in bulk, lines and tables: what is read is in order, once a time, and counted.
#include <cstdlib>

#include "ngsi/observations.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto format = data[0] % 2 == 0 ? ngsi::ObservationFormat::table : ngsi::ObservationFormat::json_lines;
  const auto context = ngsi::Context::core();
  twin::TermTable terms;
  const auto found = ngsi::read_observations(text, format, *context, terms);
  if (!found) return 0;
  uint64_t count = 0;
  for (const ngsi::ObservedSeries& series : found->series) {
    count += series.numbers.size() + series.others.size();
    if (series.entity_id.empty() || !series.shared.name.exists()) std::abort();
    for (size_t i = 1; i < series.numbers.size(); ++i) {
      if (series.numbers[i - 1].first >= series.numbers[i].first) std::abort();
    }
  }
  if (count != found->count) std::abort();
  return 0;
}
