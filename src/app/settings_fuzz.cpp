// Any text as the configuration file: settings within their bounds, or an error that names file and line.
#include <cstdlib>

#include "app/settings.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::app;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Settings settings;
  const auto status = read_settings_text(settings, text, "city.yaml");
  if (!status && (status.error().what.empty() || !status.error().where.starts_with("city.yaml"))) std::abort();
  // What was read is written as it is read.
  for (const Setting& setting : setting_table()) {
    Settings again;
    if (status && !setting.set(again, setting.get(settings))) std::abort();
  }
  return 0;
}
