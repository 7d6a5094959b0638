// Finding the model, the level, the block and the four nodes of a place.
#include "space/terrain/relief.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace cityloom::space {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
constexpr double edge_deg = 1e-9;  // positions on the outer nodes are inside, whatever rounding says

int32_t degree_key(double longitude_deg, double latitude_deg) {
  return static_cast<int32_t>(std::floor(latitude_deg) + 90) * 400 + static_cast<int32_t>(std::floor(longitude_deg)) +
         200;
}

bool is_inside(const twin::Box& box, double longitude_deg, double latitude_deg) {
  return longitude_deg >= box.west_deg - edge_deg && longitude_deg <= box.east_deg + edge_deg &&
         latitude_deg >= box.south_deg - edge_deg && latitude_deg <= box.north_deg + edge_deg;
}

}  // namespace

base::Result<std::shared_ptr<const HeightBlock>> BlockCache::find(const std::string& hash) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = places_.find(hash); found != places_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return found->second->second;
    }
  }
  // Two workers may read one block at once; one of the copies goes.
  const auto bytes = load_(hash_text(hash));
  if (!bytes) return bytes.error();
  auto block = unpack_block(**bytes);
  if (!block) return std::move(block).error();
  auto shared = std::make_shared<const HeightBlock>(std::move(*block));
  const std::lock_guard lock(mutex_);
  if (places_.contains(hash)) return shared;
  bytes_ += shared->heights_m.size() * sizeof(float);
  order_.emplace_front(hash, shared);
  places_[hash] = order_.begin();
  while (bytes_ > bytes_max_ && order_.size() > 1) {
    bytes_ -= order_.back().second->heights_m.size() * sizeof(float);
    places_.erase(order_.back().first);
    order_.pop_back();
  }
  return shared;
}

Relief::Relief(std::vector<TerrainModel> models, BlockCache& cache) : cache_(cache) {
  std::sort(models.begin(), models.end(), [](const TerrainModel& a, const TerrainModel& b) {
    const double step_a = a.shape.step_south_deg, step_b = b.shape.step_south_deg;
    return step_a != step_b ? step_a < step_b : a.id < b.id;
  });
  std::string identity;
  for (TerrainModel& model : models) {
    const auto bytes = cache_.load(model.index);
    auto levels = bytes ? unpack_index(**bytes, model.shape) : base::Result<std::vector<PyramidLevel>>(bytes.error());
    if (!levels) {
      problems_.push_back(model.id + ": " + levels.error().text());
      continue;
    }
    identity.append(reinterpret_cast<const char*>(&model.shape), sizeof model.shape).append(model.index);
    const twin::Box box = model.shape.box();
    const auto number = static_cast<uint32_t>(models_.size());
    for (double latitude = std::floor(box.south_deg - edge_deg); latitude <= box.north_deg + edge_deg; ++latitude) {
      for (double longitude = std::floor(box.west_deg - edge_deg); longitude <= box.east_deg + edge_deg; ++longitude) {
        by_degree_[degree_key(longitude, latitude)].push_back(number);
      }
    }
    areas_.push_back({box, model.shape.step_south_deg, model.shape});
    models_.push_back({std::move(model), box, std::move(*levels)});
  }
  version_ = models_.empty() ? 0 : XXH3_64bits(identity.data(), identity.size());
}

const std::vector<uint32_t>* Relief::models_near(double longitude_deg, double latitude_deg) const {
  const auto found = by_degree_.find(degree_key(longitude_deg, latitude_deg));
  return found == by_degree_.end() ? nullptr : &found->second;
}

const HeightBlock* ReliefSampler::block_at(const PyramidLevel& level, uint32_t column, uint32_t row) {
  const size_t number = size_t{row / block_cells} * level.shape.block_columns() + column / block_cells;
  const BlockEntry& entry = level.blocks[number];
  if (entry.hash.empty()) return nullptr;
  for (const Held& held : held_) {
    if (held.entry == &entry) return held.block.get();
  }
  auto block = relief_.cache_.find(entry.hash);
  if (!block) {
    error_ = block.error();
    return nullptr;
  }
  Held& place = held_[next_++ % held_.size()];
  place = {&entry, std::move(*block)};
  return place.block.get();
}

double ReliefSampler::sample(const Relief::Model& model, const PyramidLevel& level, double longitude_deg,
                             double latitude_deg, Voids voids) {
  const GridShape& shape = level.shape;
  const double x = std::clamp((longitude_deg - model.box.west_deg) / shape.step_east_deg, 0.0, shape.columns - 1.0);
  const double y = std::clamp((model.box.north_deg - latitude_deg) / shape.step_south_deg, 0.0, shape.rows - 1.0);
  const uint32_t column = std::min(static_cast<uint32_t>(x), shape.columns - 2);
  const uint32_t row = std::min(static_cast<uint32_t>(y), shape.rows - 2);
  const HeightBlock* const block = block_at(level, column, row);
  if (block == nullptr) return nothing;
  const uint32_t left = column % block_cells, top = row % block_cells;
  if (left + 1 >= block->columns || top + 1 >= block->rows) return nothing;  // a block that is not what the index says
  const double east = x - column, south = y - row;
  const float* const first = block->heights_m.data() + size_t{top} * block->columns + left;
  const double heights[4] = {static_cast<double>(first[0]), static_cast<double>(first[1]),
                             static_cast<double>(first[block->columns]),
                             static_cast<double>(first[block->columns + 1])};
  const double weights[4] = {(1 - east) * (1 - south), east * (1 - south), (1 - east) * south, east * south};
  double sum = 0, weight_sum = 0;
  for (size_t corner = 0; corner < 4; ++corner) {
    if (weights[corner] < 1e-7) continue;
    if (std::isnan(heights[corner])) {
      if (voids == Voids::refuse) return nothing;
      continue;
    }
    sum += weights[corner] * heights[corner];
    weight_sum += weights[corner];
  }
  return weight_sum > 0 ? sum / weight_sum : nothing;
}

base::Result<std::optional<double>> ReliefSampler::height_m(double longitude_deg, double latitude_deg) {
  if (const auto* near = relief_.models_near(longitude_deg, latitude_deg)) {
    for (const uint32_t number : *near) {
      const Relief::Model& model = relief_.models_[number];
      if (!is_inside(model.box, longitude_deg, latitude_deg)) continue;
      const double height_m = sample(model, model.levels.front(), longitude_deg, latitude_deg, Voids::refuse);
      if (error_) return *std::exchange(error_, std::nullopt);
      if (!std::isnan(height_m)) return std::optional(height_m);
    }
  }
  return std::optional<double>();
}

base::Result<double> ReliefSampler::drawn_height_m(double longitude_deg, double latitude_deg, double step_deg) {
  const auto* near = relief_.models_near(longitude_deg, latitude_deg);
  if (near == nullptr) return 0.0;
  const auto level_of = [&](const Relief::Model& model) {
    size_t level = 0;
    while (level + 1 < model.levels.size() && model.levels[level + 1].shape.step_south_deg <= step_deg) ++level;
    return level;
  };
  for (const Voids voids : {Voids::refuse, Voids::ignore}) {
    for (const uint32_t number : *near) {
      const Relief::Model& model = relief_.models_[number];
      if (!is_inside(model.box, longitude_deg, latitude_deg)) continue;
      // A void is filled from the coarser levels, where what lies around it reaches over it.
      const size_t first = level_of(model);
      const size_t end = voids == Voids::refuse ? first + 1 : model.levels.size();
      for (size_t level = first; level < end; ++level) {
        const double height_m = sample(model, model.levels[level], longitude_deg, latitude_deg, voids);
        if (error_) return *std::exchange(error_, std::nullopt);
        if (!std::isnan(height_m)) return height_m;
      }
    }
  }
  return 0.0;
}

}  // namespace cityloom::space
