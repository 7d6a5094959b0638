// Any bytes: a chunk or corrupt, never more. And any points: what is packed comes back.
#include <bit>
#include <cstdlib>
#include <cstring>

#include "thread/series_codec.hpp"

namespace {

using cityloom::thread::NumberPoint;

void round_trip(const uint8_t* data, size_t size) {
  std::vector<NumberPoint> points(size / sizeof(NumberPoint));
  if (!points.empty()) std::memcpy(static_cast<void*>(points.data()), data, points.size() * sizeof(NumberPoint));
  const auto back = cityloom::thread::unpack_numbers(cityloom::thread::pack_numbers(points));
  if (!back.ok() || back->size() != points.size()) std::abort();
  if (!points.empty() && std::memcmp(back->data(), points.data(), points.size() * sizeof(NumberPoint)) != 0)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)cityloom::thread::unpack_numbers(bytes);
  (void)cityloom::thread::ChunkSummary::unpack(bytes);
  round_trip(data, size);
  return 0;
}
