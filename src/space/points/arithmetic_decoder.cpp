// Integer arithmetic only; every constant is part of the format.
#include "space/points/arithmetic_decoder.hpp"

#include <algorithm>
#include <limits>

namespace cityloom::space {
namespace {

constexpr uint32_t length_least = 0x01000000, length_most = 0xFFFFFFFF;
constexpr uint32_t bit_shift = 13, symbol_shift = 15;

}  // namespace

SymbolModel::SymbolModel(uint32_t symbols)
    : symbols_(symbols), cycle_(symbols), distribution_(symbols), counts_(symbols, 1) {
  update();
  until_update_ = cycle_ = (symbols_ + 6) >> 1;
}

void SymbolModel::update() {
  total_ += cycle_;
  if (total_ > (1u << symbol_shift)) {
    total_ = 0;
    for (uint32_t& count : counts_) {
      count = (count + 1) >> 1;
      total_ += count;
    }
  }
  const uint32_t scale = 0x80000000u / total_;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < symbols_; ++i) {
    distribution_[i] = (scale * sum) >> (31 - symbol_shift);
    sum += counts_[i];
  }
  cycle_ = std::min((5 * cycle_) >> 2, (symbols_ + 6) << 3);
  until_update_ = cycle_;
}

void BitModel::update() {
  count_ += cycle_;
  if (count_ > (1u << bit_shift)) {
    count_ = (count_ + 1) >> 1;
    zero_count_ = (zero_count_ + 1) >> 1;
    if (zero_count_ == count_) ++count_;
  }
  const uint32_t scale = 0x80000000u / count_;
  zero_probability_ = (zero_count_ * scale) >> (31 - bit_shift);
  cycle_ = std::min((5 * cycle_) >> 2, 64u);
  until_update_ = cycle_;
}

void ArithmeticDecoder::start(std::string_view bytes, size_t at) {
  bytes_ = bytes;
  at_ = at;
  ended_ = false;
  length_ = length_most;
  value_ = 0;
  for (int i = 0; i < 4; ++i) value_ = value_ << 8 | byte();
}

uint32_t ArithmeticDecoder::byte() {
  if (at_ < bytes_.size()) return static_cast<unsigned char>(bytes_[at_++]);
  ended_ = true;
  return 0;
}

void ArithmeticDecoder::renormalise() {
  while (length_ < length_least) {
    value_ = value_ << 8 | byte();
    length_ <<= 8;
    // Only damaged data comes here with nothing left.
    if (length_ == 0) {
      ended_ = true;
      length_ = length_most;
    }
  }
}

uint32_t ArithmeticDecoder::symbol(SymbolModel& model) {
  uint32_t low = 0, symbol = 0, high = length_, end = model.symbols_;
  length_ >>= symbol_shift;
  for (uint32_t middle = end >> 1; middle != symbol; middle = (symbol + end) >> 1) {
    const uint32_t bound = length_ * model.distribution_[middle];
    if (bound > value_) {
      end = middle;
      high = bound;
    } else {
      symbol = middle;
      low = bound;
    }
  }
  value_ -= low;
  length_ = high - low;
  renormalise();
  ++model.counts_[symbol];
  if (--model.until_update_ == 0) model.update();
  return symbol;
}

uint32_t ArithmeticDecoder::bit(BitModel& model) {
  const uint32_t bound = model.zero_probability_ * (length_ >> bit_shift);
  const uint32_t bit = value_ >= bound ? 1 : 0;
  if (bit == 0) {
    length_ = bound;
    ++model.zero_count_;
  } else {
    value_ -= bound;
    length_ -= bound;
  }
  renormalise();
  if (--model.until_update_ == 0) model.update();
  return bit;
}

uint32_t ArithmeticDecoder::bits(uint32_t count) {
  if (count > 19) {
    const uint32_t low = bits(16);
    return bits(count - 16) << 16 | low;
  }
  length_ >>= count;
  const uint32_t read = value_ / length_;
  value_ -= length_ * read;
  renormalise();
  return read & ((1u << count) - 1);
}

uint32_t ArithmeticDecoder::whole() {
  const uint32_t low = bits(16);
  return bits(16) << 16 | low;
}

NumberDecoder::NumberDecoder(uint32_t bits, uint32_t contexts)
    : bits_(bits),
      range_(bits < 32 ? 1u << bits : 0),
      least_(bits < 32 ? -static_cast<int32_t>(range_ / 2) : std::numeric_limits<int32_t>::min()) {
  for (uint32_t i = 0; i < contexts; ++i) widths_.emplace_back(bits_ + 1);
  for (uint32_t i = 1; i <= bits_; ++i) corrections_.emplace_back(1u << std::min(i, bits_high));
}

int32_t NumberDecoder::number(ArithmeticDecoder& decoder, int32_t prediction, uint32_t context) {
  k_ = decoder.symbol(widths_[context]);
  int64_t correction = 0;
  if (k_ == 0) {
    correction = decoder.bit(one_);
  } else if (k_ < 32) {
    SymbolModel& model = corrections_[k_ - 1];
    uint32_t read = decoder.symbol(model);
    if (k_ > bits_high) read = read << (k_ - bits_high) | decoder.bits(k_ - bits_high);
    correction = read >= (1u << (k_ - 1)) ? int64_t{read} + 1 : int64_t{read} - ((int64_t{1} << k_) - 1);
  } else {
    correction = least_;
  }
  const auto real = static_cast<int32_t>(static_cast<uint32_t>(prediction) + static_cast<uint32_t>(correction));
  if (range_ == 0) return real;
  if (real < 0) return static_cast<int32_t>(static_cast<uint32_t>(real) + range_);
  return static_cast<uint32_t>(real) >= range_ ? static_cast<int32_t>(static_cast<uint32_t>(real) - range_) : real;
}

}  // namespace cityloom::space
