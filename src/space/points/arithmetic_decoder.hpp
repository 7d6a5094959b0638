// The arithmetic coder that LAZ files are written with: adaptive models of symbols, bits and whole numbers.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace cityloom::space {

/// How likely each of up to 2,048 symbols is; learns with every symbol.
class SymbolModel {
 public:
  explicit SymbolModel(uint32_t symbols);

 private:
  friend class ArithmeticDecoder;
  void update();
  uint32_t symbols_, total_ = 0, cycle_, until_update_ = 0;
  std::vector<uint32_t> distribution_, counts_;
};

/// The same for one bit.
class BitModel {
 private:
  friend class ArithmeticDecoder;
  void update();
  uint32_t cycle_ = 4, until_update_ = 4, zero_probability_ = 1u << 12, zero_count_ = 1, count_ = 2;
};

/// Decodes from bytes. Past their end it reads zeros and says so: check `ended` now and then. One worker.
class ArithmeticDecoder {
 public:
  /// Begins at a position of the bytes, which must outlive it.
  void start(std::string_view bytes, size_t at);
  uint32_t symbol(SymbolModel& model);
  uint32_t bit(BitModel& model);
  uint32_t bits(uint32_t count);  ///< 1 to 32
  uint32_t whole();               ///< 32 bits

  size_t at() const { return at_; }
  bool ended() const { return ended_; }

 private:
  uint32_t byte();
  void renormalise();
  std::string_view bytes_;
  size_t at_ = 0;
  bool ended_ = false;
  uint32_t value_ = 0, length_ = 0;
};

/// Decodes whole numbers near a prediction: by how many bits they differ, then these bits.
class NumberDecoder {
 public:
  /// Numbers of `bits` bits (up to 32), in several contexts.
  NumberDecoder(uint32_t bits, uint32_t contexts);
  int32_t number(ArithmeticDecoder& decoder, int32_t prediction, uint32_t context = 0);
  /// How many bits the last one differed by.
  uint32_t difference_bits() const { return k_; }

 private:
  static constexpr uint32_t bits_high = 8;
  uint32_t bits_, range_, k_ = 0;
  int32_t least_;
  std::vector<SymbolModel> widths_, corrections_;
  BitModel one_;
};

}  // namespace cityloom::space
