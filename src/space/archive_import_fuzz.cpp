// Any files in an archive: a model with its pictures, heights, and what lies beside them. A second import of the same
// archive changes nothing. An input is 'z' and the archive's bytes, or 's' (stored) or 'd' (deflated) and the files,
// each after a line "=== NAME": packed here, so that mutations reach the readers past the archive's sums.
#include <cstdlib>

#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/zip_writer.hpp"

namespace {

using namespace cityloom;

std::map<std::string, std::string> files_in(std::string_view text) {
  constexpr std::string_view mark = "\n=== ";
  std::map<std::string, std::string> files;
  size_t at = text.find(mark);
  while (at != std::string_view::npos) {
    const size_t next = text.find(mark, at + mark.size());
    const std::string_view file = text.substr(at + mark.size(), next - at - mark.size());
    const size_t line_end = std::min(file.find('\n'), file.size());
    files[std::string(file.substr(0, line_end))] = file.substr(std::min(line_end + 1, file.size()));
    at = next;
  }
  return files;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty() || (input[0] != 'z' && input[0] != 's' && input[0] != 'd')) return -1;
  const std::string archive =
      input[0] == 'z' ? std::string(input.substr(1)) : space::testing::zip_of(files_in(input), input[0] == 'd');
  space::testing::MemorySink sink;
  space::ImportOptions options;
  options.warnings_max = 10;
  options.nodes_max = 10'000;
  const auto report = space::import_bytes("city.zip", archive, sink, options);
  require(report.ok() || !report.error().what.empty());
  for (const auto& [id, entity] : sink.entities) {
    for (const twin::Attribute& attribute : entity.attributes) {
      const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
      require(geometry == nullptr || geometry->check().ok());
    }
  }
  if (!report) return 0;
  const auto again = space::import_bytes("city.zip", archive, sink, options);
  require(again.ok() && again->imported == 0 && again->removed == 0);
  return 0;
}
