// The terrain as of one moment: heights of any place, from several models, the finest first.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "space/terrain/terrain_model.hpp"

namespace cityloom::space {

/// Unpacked blocks, the least used go first. Any worker.
class BlockCache {
 public:
  using Load = std::function<base::Result<std::shared_ptr<const std::string>>(std::string_view asset_name)>;
  BlockCache(Load load, size_t bytes_max) : load_(std::move(load)), bytes_max_(bytes_max) {}

  /// The block of this hash (32 bytes). Cost: 50 ns, or some 2 ms where it must be read. Errors: corrupt, not_found,
  /// unavailable.
  base::Result<std::shared_ptr<const HeightBlock>> find(const std::string& hash);
  base::Result<std::shared_ptr<const std::string>> load(std::string_view asset_name) const { return load_(asset_name); }

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const HeightBlock>>;
  Load load_;
  size_t bytes_max_;
  std::mutex mutex_;
  size_t bytes_ = 0;
  std::list<Entry> order_;
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> places_;
};

/// All models of one moment. Never changes; any worker.
class Relief {
 public:
  /// Reads the indexes. A model whose index cannot be read is left out and named in `problems`. The cache must outlive
  /// it.
  Relief(std::vector<TerrainModel> models, BlockCache& cache);

  bool empty() const { return models_.empty(); }
  /// Equal exactly when all heights are, about: of the models' shapes and indexes.
  uint64_t version() const { return version_; }
  const std::vector<std::string>& problems() const { return problems_; }

  /// Boxes, node distances and grids of the models, the finest first.
  struct Area {
    twin::Box box;
    double step_deg = 0;
    GridShape grid;
  };
  const std::vector<Area>& areas() const { return areas_; }

 private:
  friend class ReliefSampler;
  struct Model {
    TerrainModel described;
    twin::Box box;
    std::vector<PyramidLevel> levels;
  };
  const std::vector<uint32_t>* models_near(double longitude_deg, double latitude_deg) const;

  BlockCache& cache_;
  std::vector<Model> models_;  // the finest first
  std::vector<Area> areas_;    // of each
  absl::flat_hash_map<int32_t, std::vector<uint32_t>> by_degree_;
  uint64_t version_ = 0;
  std::vector<std::string> problems_;
};

/// Asks a Relief for many heights that lie near each other: remembers the last blocks. One worker. Some 50 ns a height.
class ReliefSampler {
 public:
  explicit ReliefSampler(const Relief& relief) : relief_(relief) {}

  /// The measured height above the ellipsoid, bilinear between nodes; nothing outside of all models and in their voids.
  /// Errors: corrupt, not_found, unavailable (a block cannot be read).
  base::Result<std::optional<double>> height_m(double longitude_deg, double latitude_deg);

  /// What is drawn, at about this distance between nodes: voids filled from around them, 0 where no model is.
  /// Errors: as `height_m`.
  base::Result<double> drawn_height_m(double longitude_deg, double latitude_deg, double step_deg);

 private:
  enum class Voids : uint8_t { refuse, ignore };
  // NaN: nothing there.
  double sample(const Relief::Model& model, const PyramidLevel& level, double longitude_deg, double latitude_deg,
                Voids voids);
  const HeightBlock* block_at(const PyramidLevel& level, uint32_t column, uint32_t row);

  struct Held {
    const BlockEntry* entry = nullptr;
    std::shared_ptr<const HeightBlock> block;
  };
  const Relief& relief_;
  std::array<Held, 8> held_;
  size_t next_ = 0;
  std::optional<base::Error> error_;
};

}  // namespace cityloom::space
