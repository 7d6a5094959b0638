// Sums up from the leaves: each tile merges the blocks of the four below, two by two, and keeps the largest landmarks.
#include "space/tiles/tile_summary.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "space/earth.hpp"

namespace cityloom::space {
namespace {

// From here on a summary is kept with its tile: below, it is made as quickly as found.
constexpr uint32_t kept_count = 4'000;
// Smaller than this share of a square, nothing stands out.
constexpr double landmark_share = 0.5;

double metres_per_degree_east(double latitude_deg) {
  return earth_semi_major_m * radians_per_degree * std::max(0.01, std::cos(latitude_deg * radians_per_degree));
}

constexpr double metres_per_degree_north = earth_semi_major_m * radians_per_degree;

// Blocks by square while they are being merged.
class Squares {
 public:
  Squares() { places_.fill(-1); }
  void add(uint32_t square, const TileBlock& block) {
    int32_t& place = places_[square];
    if (place < 0) {
      place = static_cast<int32_t>(blocks_.size());
      blocks_.emplace_back(static_cast<uint16_t>(square), block);
    } else {
      blocks_[static_cast<size_t>(place)].second.add(block);
    }
  }
  std::vector<std::pair<uint16_t, TileBlock>> take() {
    std::sort(blocks_.begin(), blocks_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return std::move(blocks_);
  }

 private:
  std::array<int32_t, blocks_per_side * blocks_per_side> places_;
  std::vector<std::pair<uint16_t, TileBlock>> blocks_;
};

uint32_t square_of(const TileNode& node, GridPoint point) {
  static_assert(blocks_per_side == 32);
  const uint32_t shift = 32 - node.cell.level - 5;
  return (point.y >> shift & 31) * blocks_per_side + (point.x >> shift & 31);
}

uint32_t square_above(uint32_t square, uint32_t quarter) {
  const uint32_t x = square % blocks_per_side / 2 + (quarter & 1) * blocks_per_side / 2;
  const uint32_t y = square / blocks_per_side / 2 + (quarter >> 1) * blocks_per_side / 2;
  return y * blocks_per_side + x;
}

// Items of leaves in an order that their history has no part in.
bool comes_first(const TileItem* a, const TileItem* b) {
  return a->size_m != b->size_m ? a->size_m > b->size_m : a->version < b->version;
}

}  // namespace

void TileVote::add(const TileVote& other) {
  if (text == other.text) {
    weight += other.weight;
  } else if (weight < other.weight || (weight == other.weight && text == 0)) {
    *this = {other.text, other.weight - weight};
  } else {
    weight -= other.weight;
  }
}

TileBlock TileBlock::of(const TileItem& item) {
  TileBlock block;
  block.count = 1;
  block.id = item.id;
  block.area_m2 = std::max(0.01, static_cast<double>(item.area_m2));
  constexpr double degrees_per_step = 360 / 4294967296.0;
  block.longitude_deg = item.centre.x * degrees_per_step - 180;
  block.latitude_deg = item.centre.y * degrees_per_step - 90;
  const auto length = static_cast<double>(item.length_m), width = static_cast<double>(item.width_m);
  const double cosine = std::cos(static_cast<double>(item.angle_rad)),
               sine = std::sin(static_cast<double>(item.angle_rad));
  const double along = block.area_m2 * length * length / 12, across = block.area_m2 * width * width / 12;
  block.east_m4 = along * cosine * cosine + across * sine * sine;
  block.north_m4 = along * sine * sine + across * cosine * cosine;
  block.east_north_m4 = (along - across) * cosine * sine;
  block.lowest_m = item.extent.lowest_m;
  block.highest_m = item.extent.highest_m;
  block.height_m3 = block.area_m2 * static_cast<double>(item.extent.highest_m - item.extent.lowest_m);
  block.base_m3 = block.area_m2 * static_cast<double>(item.extent.lowest_m);
  if (item.levels >= 0) {
    block.levels_area_m2 = block.area_m2;
    block.levels_m2 = block.area_m2 * static_cast<double>(item.levels);
  }
  block.category = {item.category, block.area_m2};
  block.height_source = {item.height_source, block.area_m2};
  return block;
}

void TileBlock::add(const TileBlock& other) {
  const double east = (other.longitude_deg - longitude_deg) * metres_per_degree_east(latitude_deg);
  const double north = (other.latitude_deg - latitude_deg) * metres_per_degree_north;
  const double share = other.area_m2 / (area_m2 + other.area_m2), between = area_m2 * share;
  east_m4 += other.east_m4 + between * east * east;
  north_m4 += other.north_m4 + between * north * north;
  east_north_m4 += other.east_north_m4 + between * east * north;
  longitude_deg += (other.longitude_deg - longitude_deg) * share;
  latitude_deg += (other.latitude_deg - latitude_deg) * share;
  count += other.count;
  id = 0;
  area_m2 += other.area_m2;
  height_m3 += other.height_m3;
  base_m3 += other.base_m3;
  levels_m2 += other.levels_m2;
  levels_area_m2 += other.levels_area_m2;
  lowest_m = std::min(lowest_m, other.lowest_m);
  highest_m = std::max(highest_m, other.highest_m);
  category.add(other.category);
  height_source.add(other.height_source);
}

TileBlock::Rectangle TileBlock::rectangle() const {
  const double half_sum = (east_m4 + north_m4) / 2, half_difference = (east_m4 - north_m4) / 2;
  const double reach = std::hypot(half_difference, east_north_m4);
  Rectangle rectangle;
  rectangle.angle_rad = reach > 0 ? std::atan2(east_north_m4, half_difference) / 2 : 0;
  rectangle.length_m = std::sqrt(12 * (half_sum + reach) / area_m2);
  rectangle.width_m = std::sqrt(12 * std::max(0.0, half_sum - reach) / area_m2);
  // Spread over more ground than they cover, things are drawn closer together.
  const double spread = rectangle.length_m * rectangle.width_m;
  if (spread > area_m2) {
    rectangle.length_m *= std::sqrt(area_m2 / spread);
    rectangle.width_m *= std::sqrt(area_m2 / spread);
  }
  return rectangle;
}

double summary_error_m(uint32_t level) {
  return 360 / std::exp2(level) * metres_per_degree_north / blocks_per_side;
}

std::shared_ptr<const TileSummary> summary_of(const TileNode& node, size_t landmarks_max) {
  if (auto kept = std::atomic_load(&node.kept_summary)) return kept;
  auto summary = std::make_shared<TileSummary>();
  if (node.is_leaf()) {
    for (const TileItem& item : node.items) summary->landmarks.push_back(&item);
    return summary;
  }
  Squares squares;
  std::vector<const TileItem*>& items = summary->landmarks;
  for (uint32_t quarter = 0; quarter < 4; ++quarter) {
    if (!node.children[quarter]) continue;
    const auto below = summary_of(*node.children[quarter], landmarks_max);
    for (const auto& [square, block] : below->blocks) squares.add(square_above(square, quarter), block);
    items.insert(items.end(), below->landmarks.begin(), below->landmarks.end());
  }
  std::sort(items.begin(), items.end(), comes_first);
  const auto smallest = static_cast<float>(landmark_share * summary_error_m(node.cell.level));
  size_t kept = 0;
  while (kept < items.size() && kept < landmarks_max && items[kept]->size_m >= smallest) ++kept;
  for (size_t i = kept; i < items.size(); ++i) squares.add(square_of(node, items[i]->centre), TileBlock::of(*items[i]));
  items.resize(kept);
  summary->blocks = squares.take();
  std::shared_ptr<const TileSummary> made = std::move(summary);
  if (node.count >= kept_count) std::atomic_store(&node.kept_summary, made);
  return made;
}

}  // namespace cityloom::space
