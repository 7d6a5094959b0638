// Any format, zone and text: what is read lies in range.
#include <cstdlib>

#include "link/time_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t cut = std::min(input.find('\n'), input.size());
  const std::string_view first = input.substr(0, cut);
  const std::string text(cut < input.size() ? input.substr(cut + 1) : std::string_view());
  for (const std::string_view format : {first, std::string_view("rfc3339"), std::string_view("epoch_s"),
                                        std::string_view("%Y-%m-%d %H:%M"), std::string_view("%Y%j%H%M%S%f%z")}) {
    const auto made = link::TimeFormat::make(format, "+09:00");
    if (!made.ok()) continue;
    const auto instant = made->parse(link::FieldValue{text});
    if (instant.ok() && instant->text().size() < 20) std::abort();
  }
  return 0;
}
