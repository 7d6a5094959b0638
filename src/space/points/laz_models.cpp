// A median that is right on average, and colours.
#include "space/points/laz_models.hpp"

#include <algorithm>

namespace cityloom::space {
namespace {

int clamped(int value) {
  return std::clamp(value, 0, 255);
}

}  // namespace

void RunningMedian::add(int32_t value) {
  auto& v = values_;
  if (is_high_) {
    if (value < v[2]) {
      v[4] = v[3];
      v[3] = v[2];
      if (value < v[0]) {
        v[2] = v[1];
        v[1] = v[0];
        v[0] = value;
      } else if (value < v[1]) {
        v[2] = v[1];
        v[1] = value;
      } else {
        v[2] = value;
      }
      return;
    }
    if (value < v[3]) {
      v[4] = v[3];
      v[3] = value;
    } else {
      v[4] = value;
    }
    is_high_ = false;
    return;
  }
  if (v[2] < value) {
    v[0] = v[1];
    v[1] = v[2];
    if (v[4] < value) {
      v[2] = v[3];
      v[3] = v[4];
      v[4] = value;
    } else if (v[3] < value) {
      v[2] = v[3];
      v[3] = value;
    } else {
      v[2] = value;
    }
    return;
  }
  if (v[1] < value) {
    v[0] = v[1];
    v[1] = value;
  } else {
    v[0] = value;
  }
  is_high_ = true;
}

ColourModels::Colour ColourModels::next(ArithmeticDecoder& decoder, const Colour& last) {
  const uint32_t used = decoder.symbol(used_);
  const auto read = [&](size_t model, int prediction) {
    return static_cast<uint8_t>(decoder.symbol(bytes_.of(model)) + static_cast<uint32_t>(prediction));
  };
  const auto low = [](uint16_t value) { return value & 0xFF; };
  const auto high = [](uint16_t value) { return value >> 8; };
  const auto whole = [](int high_byte, int low_byte) { return static_cast<uint16_t>(high_byte << 8 | low_byte); };
  const int red_low = (used & 1) != 0 ? read(0, low(last[0])) : low(last[0]);
  const int red_high = (used & 2) != 0 ? read(1, high(last[0])) : high(last[0]);
  const uint16_t red = whole(red_high, red_low);
  if ((used & 64) == 0) return {red, red, red};
  int difference = red_low - low(last[0]);
  const int green_low = (used & 4) != 0 ? read(2, clamped(difference + low(last[1]))) : low(last[1]);
  difference = (difference + green_low - low(last[1])) / 2;
  const int blue_low = (used & 16) != 0 ? read(4, clamped(difference + low(last[2]))) : low(last[2]);
  difference = red_high - high(last[0]);
  const int green_high = (used & 8) != 0 ? read(3, clamped(difference + high(last[1]))) : high(last[1]);
  difference = (difference + green_high - high(last[1])) / 2;
  const int blue_high = (used & 32) != 0 ? read(5, clamped(difference + high(last[2]))) : high(last[2]);
  return {red, whole(green_high, green_low), whole(blue_high, blue_low)};
}

}  // namespace cityloom::space
