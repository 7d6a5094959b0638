// Writing and reading the packed forms: varints, fixed numbers, lengths. Reading never passes the end.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace cityloom::twin {

/// Appends packed fields to a string.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& to) : to_(to) {}

  /// 7 bits a byte, low first.
  void varint(uint64_t number) {
    while (number >= 0x80) {
      to_.push_back(static_cast<char>(number | 0x80));
      number >>= 7;
    }
    to_.push_back(static_cast<char>(number));
  }
  /// Small magnitudes of either sign become small varints.
  void zigzag(int64_t number) { varint((static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63)); }
  /// The bytes of a number as they lie in memory (little endian).
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void fixed(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    to_.append(bytes, sizeof(T));
  }
  void byte(uint8_t value) { to_.push_back(static_cast<char>(value)); }
  /// Length, then the bytes.
  void text(std::string_view text) {
    varint(text.size());
    to_.append(text);
  }

 private:
  std::string& to_;
};

/// Reads packed fields. After the first read past the end or of a malformed varint, `ok()` is false and every further
/// read gives zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view from) : from_(from) {}

  bool ok() const { return ok_; }
  bool at_end() const { return from_.empty(); }
  std::string_view rest() const { return from_; }

  uint64_t varint() {  ///< 7 bits a byte, low ones first
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (from_.empty()) break;
      const auto byte = static_cast<uint8_t>(from_.front());
      from_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
    return refuse();
  }
  uint32_t varint32() {
    const uint64_t number = varint();
    return number <= 0xFFFFFFFFu ? static_cast<uint32_t>(number) : static_cast<uint32_t>(refuse());
  }
  int64_t zigzag() {
    const uint64_t number = varint();
    return static_cast<int64_t>(number >> 1) ^ -static_cast<int64_t>(number & 1);
  }
  template <class T>
  requires std::is_trivially_copyable_v<T> T fixed() {
    T value{};
    const std::string_view bytes = take(sizeof(T));
    if (ok_) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  uint8_t byte() { return fixed<uint8_t>(); }
  std::string_view text() { return take(varint()); }
  std::string_view take(uint64_t size) {  ///< the next bytes; fewer: not ok
    if (size > from_.size()) {
      refuse();
      return {};
    }
    const std::string_view bytes = from_.substr(0, size);
    from_.remove_prefix(size);
    return bytes;
  }

 private:
  uint64_t refuse() {
    ok_ = false;
    from_ = {};
    return 0;
  }
  std::string_view from_;
  bool ok_ = true;
};

}  // namespace cityloom::twin
