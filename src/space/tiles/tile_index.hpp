// What a layer draws, kept in step with the record: which entities, where in the tree, and what is part of what.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/tiles/layer.hpp"
#include "space/tiles/text_pool.hpp"
#include "space/tiles/tile_tree.hpp"
#include "thread/snapshot.hpp"
#include "twin/fact.hpp"

namespace cityloom::space {

/// One worker at a time; the trees that it gives are immutable and shared. A copy goes its own way: brought to another
/// moment by `update`, it costs what changed between. Memory: some 200 bytes an entity, 40 of them for each copy.
class TileIndex {
 public:
  /// `texts` holds ids and other texts of the items; it may be shared. All outlive the index and its trees.
  TileIndex(const Layer& layer, TextPool& texts, size_t items_per_tile_max)
      : layer_(layer), texts_(texts), items_max_(items_per_tile_max) {}

  /// Takes what the record knows of names by now. Call before the functions below when commits have come.
  void set_context(const LayerContext& context);
  const LayerContext& context() const { return context_; }

  /// Forgets all, then reads every entity of the layer.
  base::Status read_all(const thread::Snapshot& snapshot);

  /// Whether a fact may change the picture.
  bool concerns(const twin::Fact& fact) const;

  /// Whether a fact may make the picture before it differ from that after it, also of entities that are gone by now.
  bool may_have_concerned(const twin::Fact& fact) const;

  /// Looks again at these entities, and at what depends on them. True when the picture changed. The snapshot must be of
  /// all facts that concerned. Cost: some microseconds an entity and a path of the tree.
  base::Result<bool> update(const std::vector<std::string>& ids, const thread::Snapshot& snapshot);

  const TileNodePointer& tree() const { return tree_; }
  /// Items in the tree.
  uint64_t count() const { return tree_ ? tree_->count : 0; }
  /// Items written into leaves so far: what keeping a former tree may cost.
  uint64_t items_copied() const { return items_copied_; }

 private:
  enum class Kind : uint8_t { none, whole, part };
  // By the number of the id.
  struct State {
    GridPoint centre;
    uint64_t version = 0;
    uint32_t parent = 0;
    Kind kind = Kind::none;
    bool is_placed = false;  // in the tree
  };
  struct Drawn {
    TileItem item;
    std::vector<uint32_t> parts;
  };

  State& state_of(uint32_t number);
  Kind kind_of(const twin::EntityRecord& record) const;
  void set_kind(uint32_t number, Kind kind, uint32_t parent, std::vector<uint32_t>& touched);
  uint32_t parent_of(const twin::EntityRecord& record, Kind kind);
  bool is_within_whole(uint32_t number);
  TileItem item_of(uint32_t number, const Sketch& sketch);
  base::Result<std::optional<Drawn>> compose(uint32_t number, const thread::Snapshot& snapshot);
  base::Status place(std::vector<uint32_t> numbers, const thread::Snapshot& snapshot, bool& is_changed);
  void apply(std::vector<Drawn>& coming, std::vector<TileChange>& changes);

  const Layer& layer_;
  TextPool& texts_;
  size_t items_max_;
  LayerContext context_;
  std::vector<twin::Term> types_, part_types_;
  std::vector<State> states_;
  // Of each id those that ever said to be its parts: which still are, their records tell.
  absl::flat_hash_map<uint32_t, std::vector<uint32_t>> parts_of_;
  TileNodePointer tree_;
  uint64_t items_copied_ = 0;
};

}  // namespace cityloom::space
