// Each level hands every other row, smoothed, to the next; a band of 257 rows becomes blocks.
#include "space/terrain/height_pyramid.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "space/earth.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr std::string_view index_magic = "CLHI1";
constexpr size_t hash_size = 32;
constexpr size_t entry_bytes = hash_size + 2 * sizeof(float);
constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

bool is_height(float height_m) {
  return std::abs(height_m) <= static_cast<float>(height_m_limit);
}

// What the node at `column` of the coarser grid says: the nodes around it, the nearer the heavier; voids have no say.
float smoothed(const std::vector<const float*>& three_rows, int64_t column, int64_t columns) {
  constexpr float weights[3] = {1, 2, 1};
  float sum = 0, weight_sum = 0;
  for (int row = 0; row < 3; ++row) {
    for (int64_t offset = -1; offset <= 1; ++offset) {
      const float height_m = three_rows[static_cast<size_t>(row)][std::clamp<int64_t>(column + offset, 0, columns - 1)];
      if (!is_height(height_m)) continue;
      const float weight = weights[row] * weights[offset + 1];
      sum += weight * height_m;
      weight_sum += weight;
    }
  }
  return weight_sum > 0 ? sum / weight_sum : nothing;
}

}  // namespace

twin::Box GridShape::box() const {
  return {west_deg, north_deg - step_south_deg * (rows - 1), west_deg + step_east_deg * (columns - 1), north_deg};
}

double GridShape::resolution_m() const {
  const twin::Box around = box();
  const double latitude = (around.south_deg + around.north_deg) / 2 * radians_per_degree;
  const double degree_m = earth_semi_major_m * radians_per_degree;
  return std::max(step_east_deg * std::cos(latitude), step_south_deg) * degree_m;
}

Status GridShape::check() const {
  for (const double number : {west_deg, north_deg, step_east_deg, step_south_deg}) {
    if (!std::isfinite(number)) return fail(Code::invalid, "a number of the raster's place is none");
  }
  if (columns < 2 || rows < 2) return fail(Code::invalid, "a raster of heights has at least 2 by 2 nodes");
  if (uint64_t{columns} * rows > grid_nodes_max) {
    return fail(Code::too_large, "a raster of " + std::to_string(columns) + " by " + std::to_string(rows) +
                                     " nodes is too large: cut it into pieces");
  }
  const twin::Box around = box();
  // A whole turn has its last node beside the first, or on it; half a cell over a pole is a common way to say it.
  const bool is_on_earth = step_east_deg > 1e-9 && step_south_deg > 1e-9 && around.west_deg >= -181 &&
                           around.east_deg <= 181 && around.south_deg >= -90.5 && around.north_deg <= 90.5;
  return is_on_earth ? Status() : fail(Code::invalid, "the raster does not lie on the earth");
}

GridShape GridShape::halved() const {
  GridShape half = *this;
  half.step_east_deg *= 2;
  half.step_south_deg *= 2;
  half.columns = columns / 2 + 1;
  half.rows = rows / 2 + 1;
  return half;
}

std::string pack_index(const std::vector<PyramidLevel>& levels) {
  std::string bytes(index_magic);
  for (const PyramidLevel& level : levels) {
    for (const BlockEntry& block : level.blocks) {
      std::string hash = block.hash;
      hash.resize(hash_size);
      bytes += hash;
      for (const float height_m : {block.lowest_m, block.highest_m}) {
        bytes.append(reinterpret_cast<const char*>(&height_m), sizeof height_m);
      }
    }
  }
  return bytes;
}

base::Result<std::vector<PyramidLevel>> unpack_index(std::string_view bytes, const GridShape& finest) {
  std::vector<PyramidLevel> levels;
  size_t blocks = 0;
  for (GridShape shape = finest;; shape = shape.halved()) {
    const size_t count = size_t{shape.block_columns()} * shape.block_rows();
    blocks += count;
    levels.push_back({shape, {}});
    if (count == 1) break;
  }
  if (!bytes.starts_with(index_magic) || bytes.size() != index_magic.size() + blocks * entry_bytes) {
    return fail(Code::corrupt, "the index of a terrain does not fit its shape", {}, "import its file again");
  }
  bytes.remove_prefix(index_magic.size());
  for (PyramidLevel& level : levels) {
    level.blocks.resize(size_t{level.shape.block_columns()} * level.shape.block_rows());
    for (BlockEntry& block : level.blocks) {
      if (bytes.substr(0, hash_size) != std::string_view(std::string(hash_size, '\0'))) {
        block.hash = bytes.substr(0, hash_size);
      }
      std::memcpy(&block.lowest_m, bytes.data() + hash_size, sizeof(float));
      std::memcpy(&block.highest_m, bytes.data() + hash_size + sizeof(float), sizeof(float));
      if (!is_height(block.lowest_m) || !is_height(block.highest_m)) block = {};
      bytes.remove_prefix(entry_bytes);
    }
  }
  return levels;
}

struct PyramidWriter::Level {
  GridShape shape;
  std::vector<BlockEntry> blocks;
  uint32_t rows_taken = 0;
  std::vector<float> band;  // rows since `band_start`
  uint32_t band_start = 0;
  std::vector<std::vector<float>> last;  // the last three rows
};

PyramidWriter::PyramidWriter(const GridShape& finest, Keep keep)
    : keep_(std::move(keep)),
      lowest_m_(std::numeric_limits<float>::infinity()),
      highest_m_(-std::numeric_limits<float>::infinity()) {
  for (GridShape shape = finest;; shape = shape.halved()) {
    auto level = std::make_unique<Level>();
    level->shape = shape;
    levels_.push_back(std::move(level));
    if (shape.block_columns() == 1 && shape.block_rows() == 1) break;
  }
}

PyramidWriter::~PyramidWriter() = default;

Status PyramidWriter::write_band(Level& level) {
  const uint32_t columns = level.shape.columns;
  const auto rows = static_cast<uint32_t>(level.band.size() / columns);
  std::vector<float> piece;
  for (uint32_t first = 0; first + 1 < columns; first += block_cells) {
    const uint32_t width = std::min(columns - first, block_nodes);
    piece.clear();
    BlockEntry entry{{}, std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
    for (uint32_t row = 0; row < rows; ++row) {
      const float* const from = level.band.data() + size_t{row} * columns + first;
      piece.insert(piece.end(), from, from + width);
    }
    for (const float height_m : piece) {
      if (!is_height(height_m)) continue;
      entry.lowest_m = std::min(entry.lowest_m, height_m);
      entry.highest_m = std::max(entry.highest_m, height_m);
    }
    if (entry.lowest_m <= entry.highest_m) {
      auto name = keep_(pack_block(width, rows, piece));
      if (!name) return std::move(name).error();
      entry.hash = hash_bytes(*name);
    } else {
      entry = {};
    }
    level.blocks.push_back(std::move(entry));
  }
  return {};
}

Status PyramidWriter::add_halved(size_t number, uint32_t row) {
  // Rows row - 1, row, row + 1 of this level make one of the next; past the edges the edge stands in.
  Level& level = *levels_[number];
  const auto kept = [&](int64_t wanted) {
    wanted = std::clamp<int64_t>(wanted, 0, level.rows_taken - 1);
    return level.last[level.last.size() - (level.rows_taken - static_cast<size_t>(wanted))].data();
  };
  const std::vector<const float*> three = {kept(int64_t{row} - 1), kept(row), kept(int64_t{row} + 1)};
  const int64_t columns = level.shape.columns;
  std::vector<float> half(levels_[number + 1]->shape.columns);
  for (size_t column = 0; column < half.size(); ++column) {
    half[column] = smoothed(three, std::min<int64_t>(2 * static_cast<int64_t>(column), columns - 1), columns);
  }
  return add_row(number + 1, half);
}

Status PyramidWriter::add_row(size_t number, std::span<const float> heights_m) {
  Level& level = *levels_[number];
  const uint32_t row = level.rows_taken++;
  level.band.insert(level.band.end(), heights_m.begin(), heights_m.end());
  const auto band_rows = level.rows_taken - level.band_start;
  const bool is_last = level.rows_taken == level.shape.rows;
  if (band_rows == block_nodes || (is_last && band_rows > 1)) {
    if (Status written = write_band(level); !written) return written;
    level.band.erase(level.band.begin(), level.band.end() - level.shape.columns);
    level.band_start = row;
  }
  if (number + 1 == levels_.size()) return {};
  level.last.emplace_back(heights_m.begin(), heights_m.end());
  if (level.last.size() > 3) level.last.erase(level.last.begin());
  if (row % 2 == 1) {
    if (Status added = add_halved(number, row - 1); !added) return added;
  }
  if (!is_last) return {};
  // The last node of the coarser grid lies on the last row, or one past it.
  return add_halved(number, row % 2 == 0 ? row : row + 1);
}

Status PyramidWriter::add_row(std::span<const float> heights_m) {
  for (const float height_m : heights_m) {
    if (!is_height(height_m)) {
      ++void_nodes_;
      continue;
    }
    lowest_m_ = std::min(lowest_m_, height_m);
    highest_m_ = std::max(highest_m_, height_m);
  }
  return add_row(0, heights_m);
}

base::Result<std::string> PyramidWriter::finish() {
  if (!(lowest_m_ <= highest_m_)) return fail(Code::invalid, "the raster holds no height");
  std::vector<PyramidLevel> levels;
  for (auto& level : levels_) levels.push_back({level->shape, std::move(level->blocks)});
  return keep_(pack_index(levels));
}

std::string hash_text(std::string_view hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : hash) {
    text.push_back(digits[static_cast<uint8_t>(byte) >> 4]);
    text.push_back(digits[static_cast<uint8_t>(byte) & 15]);
  }
  return text;
}

std::string hash_bytes(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hash;
  if (text.size() != 2 * hash_size) return hash;
  for (size_t i = 0; i < text.size(); i += 2) {
    const size_t high = digits.find(text[i]), low = digits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return {};
    hash.push_back(static_cast<char>(high << 4 | low));
  }
  return hash;
}

}  // namespace cityloom::space
