// Whole centimetres, each told as the difference from what its west, north and north-west neighbours lead to expect.
#include "space/terrain/height_block.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr std::string_view magic = "CLHB1";
constexpr size_t header_bytes = magic.size() + 4;
constexpr size_t node_bytes_max = 5;  // of a varint
constexpr float nothing = std::numeric_limits<float>::quiet_NaN();
constexpr auto cm_limit = static_cast<int32_t>(height_m_limit * 100);

// The plane through three neighbours; at the edges the one neighbour there is.
int32_t expected(const std::vector<int32_t>& cm, uint32_t columns, uint32_t column, uint32_t row) {
  const size_t at = size_t{row} * columns + column;
  if (row == 0) return column == 0 ? 0 : cm[at - 1];
  if (column == 0) return cm[at - columns];
  return std::clamp(cm[at - 1] + cm[at - columns] - cm[at - columns - 1], -cm_limit, cm_limit);
}

void put_varint(std::string& to, uint32_t number) {
  for (; number >= 0x80; number >>= 7) to.push_back(static_cast<char>(number | 0x80));
  to.push_back(static_cast<char>(number));
}

bool get_varint(std::string_view& from, uint32_t& number) {
  number = 0;
  for (int shift = 0; shift < 35 && !from.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(from.front());
    from.remove_prefix(1);
    number |= static_cast<uint32_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

std::string inflated(std::string_view packed, size_t bytes_max) {
  std::string plain(bytes_max, '\0');
  uLongf size = plain.size();
  if (uncompress(reinterpret_cast<Bytef*>(plain.data()), &size, reinterpret_cast<const Bytef*>(packed.data()),
                 packed.size()) != Z_OK) {
    return {};
  }
  plain.resize(size);
  return plain;
}

}  // namespace

std::string pack_block(uint32_t columns, uint32_t rows, std::span<const float> heights_m) {
  std::string plain;
  plain.reserve(heights_m.size() * 2);
  std::vector<int32_t> cm(heights_m.size());
  for (size_t at = 0; at < heights_m.size(); ++at) {
    const auto row = static_cast<uint32_t>(at / columns);
    const int32_t guess = expected(cm, columns, static_cast<uint32_t>(at % columns), row);
    const double height_m = static_cast<double>(heights_m[at]);
    if (!(std::abs(height_m) <= height_m_limit)) {  // NaN too
      cm[at] = guess;
      put_varint(plain, 0);
      continue;
    }
    cm[at] = static_cast<int32_t>(std::lround(height_m * 100));
    const int32_t difference = cm[at] - guess;
    put_varint(plain, ((static_cast<uint32_t>(difference) << 1) ^ static_cast<uint32_t>(difference >> 31)) + 1);
  }
  std::string bytes(magic);
  for (const uint32_t side : {columns, rows}) {
    bytes.push_back(static_cast<char>(side & 0xFF));
    bytes.push_back(static_cast<char>(side >> 8));
  }
  uLongf size = compressBound(plain.size());
  bytes.resize(header_bytes + size);
  compress2(reinterpret_cast<Bytef*>(bytes.data() + header_bytes), &size, reinterpret_cast<const Bytef*>(plain.data()),
            plain.size(), Z_DEFAULT_COMPRESSION);
  bytes.resize(header_bytes + size);
  return bytes;
}

base::Result<HeightBlock> unpack_block(std::string_view bytes) {
  const auto damaged = [] { return fail(Code::corrupt, "a block of terrain is damaged", {}, "import its file again"); };
  if (bytes.size() < header_bytes || !bytes.starts_with(magic)) return damaged();
  const auto side = [&](size_t at) {
    return static_cast<uint32_t>(static_cast<uint8_t>(bytes[at]) | static_cast<uint8_t>(bytes[at + 1]) << 8);
  };
  HeightBlock block;
  block.columns = side(magic.size());
  block.rows = side(magic.size() + 2);
  if (block.columns == 0 || block.rows == 0 || block.columns > block_nodes || block.rows > block_nodes) {
    return damaged();
  }
  const size_t count = size_t{block.columns} * block.rows;
  const std::string plain = inflated(bytes.substr(header_bytes), count * node_bytes_max);
  std::string_view from = plain;
  std::vector<int32_t> cm(count);
  block.heights_m.assign(count, nothing);
  for (size_t at = 0; at < count; ++at) {
    const auto row = static_cast<uint32_t>(at / block.columns);
    cm[at] = expected(cm, block.columns, static_cast<uint32_t>(at % block.columns), row);
    uint32_t code = 0;
    if (!get_varint(from, code)) return damaged();
    if (code == 0) continue;
    --code;
    const int64_t value = int64_t{cm[at]} + static_cast<int32_t>((code >> 1) ^ (~(code & 1) + 1));
    if (std::abs(value) > cm_limit) return damaged();
    cm[at] = static_cast<int32_t>(value);
    block.heights_m[at] = static_cast<float>(static_cast<double>(value) / 100);
  }
  if (!from.empty()) return damaged();
  return block;
}

}  // namespace cityloom::space
