// Any pattern, path and template, and any topic against them.
#include <cstdlib>

#include "link/topic.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::link;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(input.find('\n'), input.size());
  const std::string_view first = input.substr(0, cut);
  const std::string_view second = cut < input.size() ? input.substr(cut + 1) : std::string_view();
  if (const auto pattern = TopicPattern::parse(first); pattern.ok()) {
    Captures captures;
    if (pattern->match(second, captures) && captures.size() != pattern->names().size()) std::abort();
  }
  (void)FieldPath::parse(first);
  const auto made = Template::parse(first, false);
  if (!made.ok()) return 0;
  JsonReader reader;
  const auto fields = reader.parse(second);
  if (fields.ok()) (void)made->fill({{"id", "1"}}, **fields, Template::Escape::uri);
  return 0;
}
