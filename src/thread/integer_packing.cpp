// Frame of reference with patches, on plain values, first or second differences.
#include "thread/integer_packing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <numeric>
#include <vector>

namespace cityloom::thread {
namespace {

static_assert(std::endian::native == std::endian::little, "the stored form is little-endian");

constexpr size_t block_size = 128;
constexpr size_t patches_max = 8;
constexpr size_t orders = 3;  // values, differences, differences of differences
constexpr uint8_t patched = 0x80;

uint64_t zigzag(uint64_t number) {
  return (number << 1) ^ (0 - (number >> 63));
}
uint64_t unzigzag(uint64_t number) {
  return (number >> 1) ^ (0 - (number & 1));
}

size_t varint_bytes(uint64_t number) {
  return (static_cast<size_t>(std::bit_width(number | 1)) + 6) / 7;
}
size_t packed_bytes(size_t count, unsigned width) {
  return (count * width + 7) / 8;
}
uint64_t low_bits(unsigned width) {
  return width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}

struct BlockPlan {
  uint64_t base = 0;
  unsigned width = 64;
  size_t bytes = SIZE_MAX;
};

/// The bytes of a block of these (sorted) numbers, when `low` of the smallest and `high` of the largest are patched.
BlockPlan plan_with(std::span<const int64_t> sorted, size_t low, size_t high) {
  const size_t count = sorted.size();
  BlockPlan plan;
  plan.base = static_cast<uint64_t>(sorted[low]);
  plan.width = static_cast<unsigned>(std::bit_width(static_cast<uint64_t>(sorted[count - 1 - high]) - plan.base));
  plan.bytes = 1 + varint_bytes(zigzag(plan.base)) + packed_bytes(count, plan.width);
  if (plan.width == 64) return plan;
  if (low + high > 0) ++plan.bytes;
  for (size_t i = 0; i < low; ++i) {
    plan.bytes += 1 + varint_bytes((static_cast<uint64_t>(sorted[i]) - plan.base) >> plan.width);
  }
  for (size_t i = 0; i < high; ++i) {
    plan.bytes += 1 + varint_bytes((static_cast<uint64_t>(sorted[count - 1 - i]) - plan.base) >> plan.width);
  }
  return plan;
}

BlockPlan plan_block(std::span<const uint64_t> numbers) {
  std::array<int64_t, block_size> sorted;
  std::copy(numbers.begin(), numbers.end(), sorted.begin());
  const auto [smallest, largest] = std::minmax_element(sorted.begin(), sorted.begin() + numbers.size());
  if (*smallest == *largest) return plan_with(std::span(sorted).first(numbers.size()), 0, 0);
  std::sort(sorted.begin(), sorted.begin() + numbers.size());
  BlockPlan best;
  const size_t limit = std::min(patches_max, numbers.size() / 4);
  for (size_t patches = 0; patches <= limit; ++patches) {
    for (size_t low = 0; low <= patches; ++low) {
      const BlockPlan plan = plan_with(std::span(sorted).first(numbers.size()), low, patches - low);
      if (plan.bytes < best.bytes) best = plan;
    }
  }
  return best;
}

void put_bits(std::span<const uint64_t> numbers, uint64_t base, unsigned width, std::string& to) {
  const uint64_t mask = low_bits(width);
  uint64_t gathered = 0;
  unsigned filled = 0;
  const auto put_word = [&to](uint64_t word, size_t bytes) {
    std::array<char, 8> text;
    std::memcpy(text.data(), &word, sizeof word);
    to.append(text.data(), bytes);
  };
  for (const uint64_t number : numbers) {
    const uint64_t bits = (number - base) & mask;
    gathered |= bits << filled;
    if (filled + width >= 64) {
      put_word(gathered, 8);
      gathered = filled == 0 ? 0 : bits >> (64 - filled);
      filled = filled + width - 64;
    } else {
      filled += width;
    }
  }
  put_word(gathered, (filled + 7) / 8);
}

void put_block(std::span<const uint64_t> numbers, std::string& to) {
  const BlockPlan plan = plan_block(numbers);
  std::string patches;
  size_t patch_count = 0;
  for (size_t i = 0; plan.width < 64 && i < numbers.size(); ++i) {
    const uint64_t high = (numbers[i] - plan.base) >> plan.width;
    if (high == 0) continue;
    ++patch_count;
    patches.push_back(static_cast<char>(i));
    put_varint(high, patches);
  }
  to.push_back(static_cast<char>(plan.width | (patch_count > 0 ? patched : 0)));
  if (patch_count > 0) to.push_back(static_cast<char>(patch_count));
  put_varint(zigzag(plan.base), to);
  put_bits(numbers, plan.base, plan.width, to);
  to += patches;
}

/// Reads `numbers.size()` numbers of `width` bits. `bytes` must be readable to 16 bytes past the last bit.
void take_bits(const char* bytes, unsigned width, uint64_t base, std::span<uint64_t> numbers) {
  const uint64_t mask = low_bits(width);
  size_t position = 0;
  if (width <= 57) {
    for (uint64_t& number : numbers) {
      uint64_t word;
      std::memcpy(&word, bytes + (position >> 3), sizeof word);
      number = base + ((word >> (position & 7)) & mask);
      position += width;
    }
    return;
  }
  for (uint64_t& number : numbers) {
    uint64_t low, high;
    std::memcpy(&low, bytes + (position >> 3), sizeof low);
    std::memcpy(&high, bytes + (position >> 3) + 8, sizeof high);
    const unsigned shift = position & 7;
    number = base + (((low >> shift) | ((high << 1) << (63 - shift))) & mask);
    position += width;
  }
}

bool take_block(std::string_view& from, std::span<uint64_t> numbers) {
  if (from.empty()) return false;
  const uint8_t head = static_cast<uint8_t>(from[0]);
  from.remove_prefix(1);
  const unsigned width = head & 0x7F;
  if (width > 64) return false;
  size_t patch_count = 0;
  if (head & patched) {
    if (from.empty() || width == 64) return false;
    patch_count = static_cast<uint8_t>(from[0]);
    from.remove_prefix(1);
    if (patch_count > numbers.size()) return false;
  }
  uint64_t base;
  if (!take_varint(from, base)) return false;
  base = unzigzag(base);
  const size_t bytes = packed_bytes(numbers.size(), width);
  if (from.size() < bytes) return false;
  if (width == 0) {
    std::fill(numbers.begin(), numbers.end(), base);
  } else if (from.size() >= bytes + 16) {
    take_bits(from.data(), width, base, numbers);
  } else {
    std::array<char, block_size * 8 + 16> padded;
    std::memcpy(padded.data(), from.data(), bytes);
    std::memset(padded.data() + bytes, 0, 16);
    take_bits(padded.data(), width, base, numbers);
  }
  from.remove_prefix(bytes);
  for (size_t i = 0; i < patch_count; ++i) {
    if (from.empty()) return false;
    const size_t at = static_cast<uint8_t>(from[0]);
    from.remove_prefix(1);
    uint64_t high;
    if (at >= numbers.size() || !take_varint(from, high)) return false;
    numbers[at] += high << width;
  }
  return true;
}

/// Writes integers after the first as blocks of differences of an order: 0 from the first, 1 from the one before.
void put_order(std::span<const uint64_t> scaled, size_t order, std::vector<uint64_t>& differences, std::string& to) {
  const size_t count = scaled.size();
  size_t start = 1;
  if (order == 2 && count > 1) {
    put_varint(zigzag(scaled[1]), to);
    start = 2;
  }
  differences.resize(count);
  for (size_t i = start; i < count; ++i) {
    differences[i] = order == 0   ? scaled[i]
                     : order == 1 ? scaled[i] - scaled[i - 1]
                                  : scaled[i] - scaled[i - 1] - (scaled[i - 1] - scaled[i - 2]);
  }
  for (size_t i = start; i < count; i += block_size) {
    put_block(std::span(differences).subspan(i, std::min(block_size, count - i)), to);
  }
}

void restore(std::span<uint64_t> numbers, size_t order, uint64_t first, uint64_t divisor) {
  if (order >= 1) {
    uint64_t sum = 0, step = order == 2 && numbers.size() > 1 ? numbers[1] : 0;
    if (order == 1) {
      for (uint64_t& number : numbers) number = sum += number;
    } else {
      for (size_t i = 1; i < numbers.size(); ++i) {
        if (i > 1) step += numbers[i];
        numbers[i] = sum += step;
      }
    }
  }
  for (uint64_t& number : numbers) number = first + number * divisor;
}

}  // namespace

void put_varint(uint64_t number, std::string& to) {
  while (number >= 0x80) {
    to.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  to.push_back(static_cast<char>(number));
}

bool take_varint(std::string_view& from, uint64_t& number) {
  number = 0;
  for (unsigned i = 0; i < 10; ++i) {
    if (i >= from.size()) return false;
    const uint64_t byte = static_cast<uint8_t>(from[i]);
    if (i == 9 && byte > 1) return false;
    number |= (byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      from.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

void pack_integers(std::span<const int64_t> integers, std::string& to) {
  if (integers.empty()) return;
  const uint64_t first = static_cast<uint64_t>(integers[0]);
  std::vector<uint64_t> scaled(integers.size());
  uint64_t divisor = 0;
  for (size_t i = 0; i < integers.size(); ++i) {
    scaled[i] = static_cast<uint64_t>(integers[i]) - first;
    if (divisor != 1) divisor = std::gcd(divisor, scaled[i] >> 63 ? 0 - scaled[i] : scaled[i]);
  }
  if (divisor > 1) {
    // Signed division on purpose: the difference may be negative. One divisor would overflow: 2^63 itself.
    if (divisor >> 63) divisor = 1;
    for (uint64_t& number : scaled)
      number = static_cast<uint64_t>(static_cast<int64_t>(number) / static_cast<int64_t>(divisor));
  }
  std::array<std::string, orders> forms;
  std::vector<uint64_t> differences;
  size_t best = 0;
  for (size_t order = 0; order < orders; ++order) {
    put_order(scaled, order, differences, forms[order]);
    if (forms[order].size() < forms[best].size()) best = order;
  }
  to.push_back(static_cast<char>(best));
  put_varint(zigzag(first), to);
  put_varint(std::max<uint64_t>(divisor, 1), to);
  to += forms[best];
}

bool unpack_integers(std::string_view& from, std::span<int64_t> integers) {
  if (integers.empty()) return true;
  if (from.empty()) return false;
  const size_t order = static_cast<uint8_t>(from[0]);
  from.remove_prefix(1);
  uint64_t first, divisor;
  if (order >= orders || !take_varint(from, first) || !take_varint(from, divisor)) return false;
  // Signed and unsigned variants of one type may alias.
  const std::span<uint64_t> numbers(reinterpret_cast<uint64_t*>(integers.data()), integers.size());
  numbers[0] = 0;
  size_t start = 1;
  if (order == 2 && numbers.size() > 1) {
    if (!take_varint(from, numbers[1])) return false;
    numbers[1] = unzigzag(numbers[1]);
    start = 2;
  }
  for (size_t i = start; i < numbers.size(); i += block_size) {
    if (!take_block(from, numbers.subspan(i, std::min(block_size, numbers.size() - i)))) return false;
  }
  restore(numbers, order, unzigzag(first), divisor);
  return true;
}

}  // namespace cityloom::thread
