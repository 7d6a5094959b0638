// Any bytes as a block of heights: heights, or an error, never more than a block has.
#include <cstdlib>

#include "space/terrain/height_block.hpp"

using namespace cityloom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto block = space::unpack_block(bytes);
  if (!block) return 0;
  // What can be read can be written, and read again alike.
  const auto again = space::unpack_block(space::pack_block(block->columns, block->rows, block->heights_m));
  if (!again || again->heights_m.size() != block->heights_m.size()) std::abort();
  return 0;
}
