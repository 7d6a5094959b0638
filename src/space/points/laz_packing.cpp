// The record "laszip encoded", the table of chunks, and which unpacker fits.
#include "space/points/laz_packing.hpp"

#include <algorithm>
#include <string>

#include "space/points/arithmetic_decoder.hpp"
#include "space/points/laz_layers.hpp"
#include "space/points/laz_models.hpp"
#include "space/points/laz_points.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr uint16_t chunked = 2, layered_and_chunked = 3;
constexpr uint32_t chunks_differ = 0xFFFFFFFF;

struct Readable {
  LazPart part;
  bool is_layered;
  uint16_t bytes;  // 0: any number
  uint16_t version_least, version_most;
};
constexpr Readable readable[] = {
    {LazPart::place, false, 20, 2, 2},        {LazPart::time, false, 8, 2, 2},
    {LazPart::colour, false, 6, 2, 2},        {LazPart::bytes, false, 0, 2, 2},
    {LazPart::layered_place, true, 30, 3, 4}, {LazPart::layered_colour, true, 6, 3, 4},
    {LazPart::layered_wave, true, 29, 3, 4},  {LazPart::layered_colour_infrared, true, 8, 3, 4},
    {LazPart::layered_bytes, true, 0, 3, 4},
};

bool is_readable(const LazItem& item, bool is_layered) {
  return std::ranges::any_of(readable, [&](const Readable& known) {
    return known.part == item.part && known.is_layered == is_layered &&
           (known.bytes == 0 || known.bytes == item.bytes) && item.version >= known.version_least &&
           item.version <= known.version_most;
  });
}

base::Error unreadable(const std::string& what) {
  return {Code::unsupported, "LAZ with " + what + " cannot be read here", {}, "Save it as LAS, which can be read"};
}

}  // namespace

base::Result<LazPacking> read_laz_packing(std::string_view record, uint16_t point_bytes) {
  constexpr size_t head_bytes = 34, item_bytes = 6;
  if (record.size() < head_bytes) return fail(Code::corrupt, "The point cloud does not say how it is packed");
  const auto compressor = load_number<uint16_t>(record, 0);
  if (compressor != chunked && compressor != layered_and_chunked) {
    return unreadable("compressor " + std::to_string(compressor));
  }
  LazPacking packing;
  packing.is_layered = compressor == layered_and_chunked;
  packing.chunk_points = load_number<uint32_t>(record, 12);
  if (packing.chunk_points == 0) return fail(Code::corrupt, "The point cloud's chunks have no points");
  if (packing.chunk_points == chunks_differ) packing.chunk_points = 0;
  const auto count = load_number<uint16_t>(record, 32);
  if ((record.size() - head_bytes) / item_bytes < count) {
    return fail(Code::corrupt, "The point cloud's packing names more parts than its record has");
  }
  uint32_t sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = head_bytes + item_bytes * i;
    const LazItem item{static_cast<LazPart>(load_number<uint16_t>(record, at)), load_number<uint16_t>(record, at + 2),
                       load_number<uint16_t>(record, at + 4)};
    if (!is_readable(item, packing.is_layered)) {
      return unreadable("parts of type " + std::to_string(static_cast<uint16_t>(item.part)) + " in version " +
                        std::to_string(item.version));
    }
    sum += item.bytes;
    packing.items.push_back(item);
  }
  const LazPart first = packing.is_layered ? LazPart::layered_place : LazPart::place;
  const auto is_first = [first](const LazItem& item) { return item.part == first; };
  if (sum != point_bytes || std::ranges::count_if(packing.items, is_first) != 1 || !is_first(packing.items.front())) {
    return fail(Code::corrupt, "The parts of the point cloud's packing do not make up its points");
  }
  return packing;
}

base::Result<std::vector<uint32_t>> read_chunk_points(std::string_view bytes, uint64_t points_at) {
  auto at = load_number<uint64_t>(bytes, points_at);
  // A writer that could not go back has left the place of the table at the end.
  if (at == ~uint64_t{0} && bytes.size() > 8) at = load_number<uint64_t>(bytes, bytes.size() - 8);
  constexpr size_t head_bytes = 8;
  if (at <= points_at || at > bytes.size() || bytes.size() - at < head_bytes) {
    return fail(Code::corrupt, "The point cloud's table of chunks lies outside of it");
  }
  const auto count = load_number<uint32_t>(bytes, at + 4);
  // Each chunk begins with an unpacked point.
  if (count > bytes.size() / 20) return fail(Code::corrupt, "The point cloud names more chunks than it can have");
  ArithmeticDecoder decoder;
  decoder.start(bytes, at + head_bytes);
  NumberDecoder number(32, 2);
  std::vector<uint32_t> counts;
  int32_t points = 0, size = 0;
  for (uint32_t i = 0; i < count && !decoder.ended(); ++i) {
    points = number.number(decoder, points, 0);
    size = number.number(decoder, size, 1);
    counts.push_back(static_cast<uint32_t>(points));
  }
  if (decoder.ended()) return fail(Code::corrupt, "The point cloud ends within its table of chunks");
  return counts;
}

std::unique_ptr<LazUnpacker> make_unpacker(const LazPacking& packing) {
  if (packing.is_layered) return std::make_unique<LazLayers>(packing.items);
  return std::make_unique<LazPoints>(packing.items);
}

}  // namespace cityloom::space
