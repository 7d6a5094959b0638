// Any text: the readers of OpenStreetMap values answer within their ranges or refuse.
#include <cmath>
#include <cstdlib>

#include "space/osm_values.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::space;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto require = [](bool holds) {
    if (!holds) std::abort();
  };
  if (const auto length = parse_length_m(text)) require(std::isfinite(*length));
  if (const auto height = parse_height_m(text)) require(*height > 0 && *height <= building_height_m_max);
  if (const auto levels = parse_levels(text)) require(*levels >= 0 && *levels <= levels_max);
  if (const auto speed = parse_speed_kmh(text); speed && *speed) require(**speed >= 1 && **speed <= 300);
  if (const auto lanes = parse_lane_count(text)) require(*lanes >= 1 && *lanes <= 30);
  if (is_language_tag(text)) require(!text.empty());
  direction_of(text, text, text);
  require(excerpt(text).size() <= 60 + 3);
  return 0;
}
