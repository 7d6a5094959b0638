// Nodes lie on a lattice of the whole earth, counted from its north-west; blocks of it come into being where triangles
// are.
#include "space/terrain/tin_raster.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "space/earth.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr double degree_m = earth_semi_major_m * radians_per_degree;
constexpr size_t sample_size = 50'000;
constexpr double finest_step_m = 0.5, coarsest_step_m = 5, side_m_max = 50'000;
constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

double area_m2(const std::array<twin::Position, 3>& corners) {
  const double east_m = degree_m * std::cos(corners[0].latitude_deg * radians_per_degree);
  const auto x = [&](size_t i) { return (corners[i].longitude_deg - corners[0].longitude_deg) * east_m; };
  const auto y = [&](size_t i) { return (corners[i].latitude_deg - corners[0].latitude_deg) * degree_m; };
  return std::abs(x(1) * y(2) - x(2) * y(1)) / 2;
}

bool is_usable(const std::array<twin::Position, 3>& corners) {
  for (const twin::Position& corner : corners) {
    if (!corner.has_height() || std::abs(corner.height_m) > height_m_limit) return false;
    if (std::abs(corner.latitude_deg - corners[0].latitude_deg) * degree_m > side_m_max ||
        std::abs(corner.longitude_deg - corners[0].longitude_deg) * degree_m > side_m_max) {
      return false;
    }
  }
  return area_m2(corners) > 1e-4;
}

}  // namespace

struct TinRaster::Block {
  std::vector<float> heights_m = std::vector<float>(size_t{block_cells} * block_cells, nothing);
};

TinRaster::TinRaster() = default;
TinRaster::~TinRaster() = default;

Status TinRaster::add(const std::array<twin::Position, 3>& corners) {
  if (!is_usable(corners)) {
    ++left_out_;
    return {};
  }
  ++taken_;
  if (step_south_deg_ > 0) return draw(corners);
  waiting_.push_back(corners);
  return waiting_.size() < sample_size ? Status() : settle();
}

Status TinRaster::settle() {
  std::vector<double> areas;
  areas.reserve(waiting_.size());
  for (const auto& corners : waiting_) areas.push_back(area_m2(corners));
  const auto middle = areas.begin() + static_cast<std::ptrdiff_t>(areas.size() / 2);
  std::nth_element(areas.begin(), middle, areas.end());
  const double step_m = std::clamp(std::sqrt(2 * *middle) / 2, finest_step_m, coarsest_step_m);
  const double latitude = waiting_.front()[0].latitude_deg * radians_per_degree;
  step_south_deg_ = step_m / degree_m;
  step_east_deg_ = step_south_deg_ / std::max(0.02, std::cos(latitude));
  for (const auto& corners : waiting_) {
    if (auto status = draw(corners); !status) return status;
  }
  waiting_ = {};
  return {};
}

TinRaster::Block* TinRaster::block_at(int64_t column, int64_t row) {
  const uint64_t key = static_cast<uint64_t>(row / block_cells) << 32 | static_cast<uint64_t>(column / block_cells);
  auto& block = blocks_[key];
  if (!block) {
    if (blocks_.size() > tin_blocks_max) {
      blocks_.erase(key);
      return nullptr;
    }
    block = std::make_unique<Block>();
  }
  return block.get();
}

Status TinRaster::draw(const std::array<twin::Position, 3>& corners) {
  double x[3], y[3];
  for (size_t i = 0; i < 3; ++i) {
    x[i] = (corners[i].longitude_deg + 180) / step_east_deg_;
    y[i] = (90 - corners[i].latitude_deg) / step_south_deg_;
  }
  const double doubled = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]);
  if (doubled == 0) return {};
  constexpr double on_edge = -1e-7;  // a node on the edge of two triangles belongs to both
  const auto [west, east] = std::minmax({x[0], x[1], x[2]});
  const auto [north, south] = std::minmax({y[0], y[1], y[2]});
  for (auto row = static_cast<int64_t>(std::ceil(north - 1e-7)); static_cast<double>(row) <= south + 1e-7; ++row) {
    for (auto column = static_cast<int64_t>(std::ceil(west - 1e-7)); static_cast<double>(column) <= east + 1e-7;
         ++column) {
      const double px = static_cast<double>(column) - x[0], py = static_cast<double>(row) - y[0];
      const double second = (px * (y[2] - y[0]) - py * (x[2] - x[0])) / doubled;
      const double third = (py * (x[1] - x[0]) - px * (y[1] - y[0])) / doubled;
      if (second < on_edge || third < on_edge || second + third > 1 - on_edge) continue;
      Block* const block = block_at(column, row);
      if (block == nullptr) {
        return fail(Code::too_large, "the relief covers too much for one model: cut the file into pieces");
      }
      const double height_m = corners[0].height_m + second * (corners[1].height_m - corners[0].height_m) +
                              third * (corners[2].height_m - corners[0].height_m);
      block->heights_m[static_cast<size_t>(row % block_cells * block_cells + column % block_cells)] =
          static_cast<float>(height_m);
      west_ = std::min(west_, column);
      east_ = std::max(east_, column);
      north_ = std::min(north_, row);
      south_ = std::max(south_, row);
    }
  }
  return {};
}

Status TinRaster::finish(ImportBatch& batch, const TerrainDescription& description) {
  if (step_south_deg_ == 0 && !waiting_.empty()) {
    if (auto status = settle(); !status) return status;
  }
  if (east_ <= west_ || south_ <= north_) return {};
  const GridShape shape{-180 + static_cast<double>(west_) * step_east_deg_,
                        90 - static_cast<double>(north_) * step_south_deg_,
                        step_east_deg_,
                        step_south_deg_,
                        static_cast<uint32_t>(east_ - west_ + 1),
                        static_cast<uint32_t>(south_ - north_ + 1)};
  if (auto status = shape.check(); !status) return status;
  PyramidWriter writer(shape, [&](std::string_view block) { return batch.put_asset(block); });
  std::vector<float> line(shape.columns);
  for (int64_t row = north_; row <= south_; ++row) {
    std::fill(line.begin(), line.end(), nothing);
    for (int64_t first = west_ - west_ % block_cells; first <= east_; first += block_cells) {
      const uint64_t key = static_cast<uint64_t>(row / block_cells) << 32 | static_cast<uint64_t>(first / block_cells);
      const auto found = blocks_.find(key);
      if (found == blocks_.end()) continue;
      const int64_t from = std::max(first, west_), to = std::min(first + block_cells - 1, east_);
      const float* const heights = found->second->heights_m.data() + row % block_cells * block_cells;
      std::copy(heights + (from - first), heights + (to - first + 1), line.begin() + (from - west_));
    }
    if (auto added = writer.add_row(line); !added) return added;
  }
  const auto index = writer.finish();
  if (!index) return index.error();
  return batch.add(terrain_model_change(batch, shape, *index, writer.lowest_m(), writer.highest_m(), description));
}

}  // namespace cityloom::space
