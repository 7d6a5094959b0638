// Fuzzes contexts: inline, and as documents that name each other; whatever is accepted must compact so that it expands
// back.
#include <cstdlib>

#include "ngsi/context_source.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const base::ManualClock clock(base::Instant::from_seconds(0));
  ngsi::ContextSource source(
      [&](const std::string& url) -> base::Result<std::string> {
        if (url.size() % 3 == 0) return base::fail(base::Code::unavailable, "gone");
        return "{\"@context\":" + text + '}';
      },
      {}, clock);
  (void)source.check_document(text);
  const auto context = source.from_json(text);
  if (!context) return 0;
  for (const std::string_view name : {"a", "b:c", "name", "type", "https://e.org/a"}) {
    const std::string iri = (*context)->expand(name);
    if (!iri.empty() && (*context)->expand((*context)->compact(iri)) != iri) std::abort();
  }
  return 0;
}
