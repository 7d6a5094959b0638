// Any bytes as a table.
#include <cstdlib>

#include "base/table_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using cityloom::base::TableReader;
  if (size == 0) return 0;
  std::string_view left(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t piece = data[0] < 128 ? 1'000'000 : 7;
  const char* encodings[] = {"UTF-8", "CP949", "EUC-KR", "ISO-8859-1", ""};
  const char delimiters[] = {',', '\t', 0};
  const auto read = [&](char* to, size_t most) -> cityloom::base::Result<size_t> {
    const size_t count = left.copy(to, std::min(most, piece));
    left.remove_prefix(count);
    return count;
  };
  auto reader = TableReader::open(read, {delimiters[data[0] / 5 % 3], encodings[data[0] % 5]});
  if (!reader.ok()) return 0;
  std::vector<std::string> cells;
  for (size_t rows = 0;; ++rows) {
    if (rows > size) std::abort();
    const auto more = reader->next(cells);
    if (more.ok() && !*more) return 0;
  }
}
