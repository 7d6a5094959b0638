// Any bytes as a table.
#include <cstdlib>
#include <sstream>

#include "link/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::link;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const char* encodings[] = {"UTF-8", "CP949", "EUC-KR", "ISO-8859-1"};
  auto reader = CsvReader::over(std::make_unique<std::istringstream>(text), data[0] % 2 == 0 ? ',' : '\t',
                                encodings[data[0] / 2 % 4]);
  if (!reader.ok()) return 0;
  std::vector<std::string> cells;
  for (size_t records = 0;; ++records) {
    if (records > size) std::abort();
    const auto read = reader->next(cells);
    if (read.ok() && !*read) return 0;
  }
}
