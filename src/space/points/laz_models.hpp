// What both packings of LAZ predict with (room-internal).
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "space/points/arithmetic_decoder.hpp"

namespace cityloom::space {

/// Numbers in records of points: little-endian, anywhere.
template <class Number>
Number load_number(const uint8_t* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  return number;
}
/// Writes one.
template <class Number>
void store_number(uint8_t* to, Number number) {
  std::memcpy(to, &number, sizeof number);
}
/// Reads one out of a file; 0 where the file ends before.
template <class Number>
Number load_number(std::string_view bytes, uint64_t at) {
  Number number{};
  if (at <= bytes.size() && sizeof number <= bytes.size() - at) std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// A running median of five.
class RunningMedian {
 public:
  int32_t get() const { return values_[2]; }
  void add(int32_t value);

 private:
  std::array<int32_t, 5> values_{};
  bool is_high_ = true;
};

/// A model for each value of something else, made when first used.
class SymbolModels {
 public:
  SymbolModels(size_t values, uint32_t symbols) : symbols_(symbols), models_(values) {}
  SymbolModel& of(size_t value) {
    auto& model = models_[value];
    if (!model) model = std::make_unique<SymbolModel>(symbols_);
    return *model;
  }

 private:
  uint32_t symbols_;
  std::vector<std::unique_ptr<SymbolModel>> models_;
};

/// Red, green and blue of 16 bits each: which of their bytes change, then these bytes, from green on near the others.
class ColourModels {
 public:
  using Colour = std::array<uint16_t, 3>;
  Colour next(ArithmeticDecoder& decoder, const Colour& last);

 private:
  SymbolModel used_{128};
  SymbolModels bytes_{6, 256};
};

}  // namespace cityloom::space
