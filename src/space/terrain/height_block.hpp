// A block of heights as bytes: what an asset of terrain holds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

inline constexpr uint32_t block_cells = 256;              ///< along a side; blocks share the nodes of their edges
inline constexpr uint32_t block_nodes = block_cells + 1;  ///< along a side
inline constexpr double height_m_limit = 12'000;          ///< heights past it, up or down, are none of this earth

/// Heights at the nodes of a block, row by row from the north, in metres above the ellipsoid; NaN where there is none.
struct HeightBlock {
  uint32_t columns = 0;
  uint32_t rows = 0;
  std::vector<float> heights_m;
};

/// Packs up to 257 by 257 heights to the centimetre: differences from the neighbours, deflated. Some 10 ms.
std::string pack_block(uint32_t columns, uint32_t rows, std::span<const float> heights_m);

/// Errors: corrupt. At most 257 by 257 heights come of it, whatever the bytes say. Some 2 ms.
base::Result<HeightBlock> unpack_block(std::string_view bytes);

}  // namespace cityloom::space
