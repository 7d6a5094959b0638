// Latest: what every entity of a branch is now, with the indexes by type and place.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "roaring/roaring.hh"
#include "thread/value_index.hpp"
#include "twin/entity.hpp"

namespace cityloom::thread {

/// S2 cells as numbers, coarse to fine.
using Cell = uint64_t;

/// The cells that cover a geometry: at most 4, none finer than `level_max` (0..30). A point gives one cell.
std::vector<Cell> cells_of(const twin::Geometry& geometry, int level_max);
/// The cells that cover what lies within `distance_m` of a geometry's bounds: at most 16.
std::vector<Cell> cells_around(const twin::Geometry& geometry, double distance_m);
/// The ranges of cell numbers in which the cells lie that meet one of these: inside them, or containing them.
std::vector<std::pair<Cell, Cell>> ranges_meeting(const std::vector<Cell>& cells);

/// The geometries of an entity's `location` attribute.
std::vector<twin::Geometry> locations_of(const twin::EntityRecord& record);

/// The level of cells, about 1 km wide, in which the place of the past is indexed; the present is indexed exactly.
inline constexpr int coarse_level = 13;

/// The latest record of every entity of a branch that the branch itself has touched; ended ones stay as records
/// without types. One worker writes, any reads: a lookup takes two short shared locks.
class Latest {
 public:
  Latest() = default;
  Latest(const Latest&) = delete;
  Latest& operator=(const Latest&) = delete;

  static size_t hash_of(std::string_view entity_id) { return absl::Hash<std::string_view>()(entity_id); }

  twin::EntityRecord find(std::string_view entity_id) const {  ///< empty if it does not exist
    return find(entity_id, hash_of(entity_id));
  }
  twin::EntityRecord find(std::string_view entity_id, size_t hash) const;  ///< likewise, with the id's hash
  twin::EntityRecord find(twin::EntityNumber number) const;                ///< likewise

  /// Puts a record in the place of the one with its number; `hash` is of its id. `plain`: there is one, and types and
  /// place are as in that. Writer only.
  void put(const twin::EntityRecord& record, twin::EntityNumber number, size_t hash, bool plain);

  /// One past the greatest entity number held.
  uint32_t numbers_end() const { return numbers_end_.load(std::memory_order_acquire); }
  uint64_t live_count() const { return live_count_.load(std::memory_order_relaxed); }
  /// Of records and indexes, about.
  uint64_t memory_bytes() const;

  /// Live entities with this type.
  Numbers with_type(twin::Term type) const;
  /// All entities, ended ones too.
  Numbers all() const;
  /// Live entities per type.
  std::vector<std::pair<twin::Term, uint64_t>> types() const;
  /// Entities one of whose location's cells meets one of these; nothing if the index has more than `most` entries
  /// there.
  std::optional<Numbers> meeting(const std::vector<Cell>& cells, size_t most) const;
  /// Entities that may satisfy a condition, as far as the values of its attributes have been learnt.
  std::optional<Narrowed> narrow(const twin::Condition& condition) const { return values_.narrow(condition); }
  /// Learns the values that narrow a condition, unless it knows them, until `goes_on` says no. Cost: 1 us an entity.
  void learn(const twin::Condition& condition, const std::function<bool()>& goes_on) const;

 private:
  // With the hash of the id beside it: nothing reads records, which may be on the disk, to look for another.
  struct Held {
    size_t hash = 0;
    twin::EntityRecord record;
  };
  struct Wanted {
    size_t hash = 0;
    std::string_view id;
  };
  struct HeldHash {
    using is_transparent = void;
    template <class One>
    size_t operator()(const One& one) const {
      return one.hash;
    }
  };
  struct HeldEqual {
    using is_transparent = void;
    bool operator()(const Held& left, const Wanted& right) const {
      return left.hash == right.hash && left.record.id() == right.id;
    }
    bool operator()(const Held& left, const Held& right) const {
      return left.hash == right.hash && (left.record.is(right.record) || left.record.id() == right.record.id());
    }
  };
  struct Shard {
    mutable std::shared_mutex mutex;
    absl::flat_hash_set<Held, HeldHash, HeldEqual> records;
  };
  // Records by number, in pieces that never move.
  static constexpr uint32_t piece_size = 4'096;
  struct Piece {
    mutable std::shared_mutex mutex;
    std::array<twin::EntityRecord, piece_size> records;
  };

  twin::EntityRecord put_by_number(const twin::EntityRecord& record, uint32_t number);
  void index(const twin::EntityRecord& before, const twin::EntityRecord& after);

  std::array<Shard, 64> shards_;  // by the upper bits of the id's hash
  mutable std::shared_mutex pieces_mutex_;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Piece>> pieces_;
  mutable std::shared_mutex index_mutex_;
  absl::flat_hash_map<uint32_t, Numbers> by_type_;
  absl::btree_set<std::pair<Cell, uint32_t>> by_cell_;
  Numbers all_;
  mutable ValueIndexes values_;
  std::atomic<uint32_t> numbers_end_{0};
  std::atomic<uint64_t> live_count_{0};
  std::atomic<uint64_t> record_bytes_{0};
};

}  // namespace cityloom::thread
