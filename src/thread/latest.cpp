#include "thread/latest.hpp"

#include <mutex>

#include "twin/packed.hpp"

namespace cityloom::thread {

using twin::EntityNumber;
using twin::EntityRecord;
using twin::Term;

std::vector<twin::Geometry> locations_of(const EntityRecord& record) {
  std::vector<twin::Geometry> locations;
  twin::PackedAttributes all(record.attributes_bytes());
  for (twin::AttributeView view; all.next(view);) {
    if (view.name != twin::terms::location || view.value_kind != twin::AttributeView::ValueKind::geometry) continue;
    if (auto geometry = twin::unpack_geometry(view.text)) locations.push_back(std::move(*geometry));
  }
  return locations;
}

namespace {

constexpr int leaf_level = 30;

// The packed location, to see without unpacking whether it changed.
std::vector<std::string_view> packed_locations_of(const EntityRecord& record) {
  std::vector<std::string_view> locations;
  if (!record.exists()) return locations;
  twin::PackedAttributes all(record.attributes_bytes());
  twin::AttributeView view;
  for (twin::InstanceKey key; all.next(key);) {
    if (key.name == twin::terms::location && twin::read_attribute(all.last_bytes(), view))
      locations.push_back(view.text);
  }
  return locations;
}

}  // namespace

EntityRecord Latest::find(std::string_view entity_id, size_t hash) const {
  const Shard& shard = shards_[hash >> 58];
  const std::shared_lock lock(shard.mutex);
  const auto found = shard.records.find(Wanted{hash, entity_id});
  return found == shard.records.end() ? EntityRecord() : found->record;
}

EntityRecord Latest::find(EntityNumber number) const {
  const Piece* piece = nullptr;
  {
    const std::shared_lock lock(pieces_mutex_);
    const auto found = pieces_.find(number.number / piece_size);
    if (found == pieces_.end()) return {};
    piece = found->second.get();
  }
  const std::shared_lock lock(piece->mutex);
  return piece->records[number.number % piece_size];
}

EntityRecord Latest::put_by_number(const EntityRecord& record, uint32_t number) {
  Piece* piece = nullptr;
  // Only this worker changes the map: looking needs no lock.
  if (const auto found = pieces_.find(number / piece_size); found != pieces_.end()) {
    piece = found->second.get();
  } else {
    const std::unique_lock lock(pieces_mutex_);
    piece = (pieces_[number / piece_size] = std::make_unique<Piece>()).get();
  }
  EntityRecord before = record;
  {
    const std::unique_lock lock(piece->mutex);
    std::swap(piece->records[number % piece_size], before);
  }
  if (number >= numbers_end_.load(std::memory_order_relaxed)) numbers_end_.store(number + 1, std::memory_order_release);
  return before;
}

void Latest::put(const EntityRecord& record, EntityNumber number, size_t hash, bool plain) {
  const EntityRecord before = put_by_number(record, number.number);
  Shard& shard = shards_[hash >> 58];
  {
    const std::unique_lock lock(shard.mutex);
    const auto found = before ? shard.records.find(Held{hash, before}) : shard.records.end();
    if (found == shard.records.end()) {
      shard.records.insert({hash, record});
    } else {
      const_cast<Held&>(*found).record = record;  // the id, and with it the hash, stays
    }
  }
  record_bytes_.fetch_add(record.memory_bytes() - (before ? before.memory_bytes() : 0), std::memory_order_relaxed);
  values_.change(before, record, number.number);
  if (!plain) index(before, record);
}

void Latest::learn(const twin::Condition& condition, const std::function<bool()>& goes_on) const {
  for (const Term attribute : values_.missing(condition)) {
    if (!values_.start(attribute)) continue;
    std::vector<std::pair<uint32_t, const Piece*>> pieces;
    {
      const std::shared_lock lock(pieces_mutex_);
      for (const auto& [number, piece] : pieces_) pieces.emplace_back(number * piece_size, piece.get());
    }
    bool complete = true;
    for (const auto& [first, piece] : pieces) {
      complete = !goes_on || goes_on();
      if (!complete) break;
      // The writer replaces a record first and tells the change then: what is read here it takes back, or says again.
      const std::shared_lock lock(piece->mutex);
      values_.learn(attribute, first, piece->records);
    }
    values_.finish(attribute, complete);
    if (!complete) break;
  }
}

void Latest::index(const EntityRecord& before, const EntityRecord& after) {
  const bool new_types = !before.exists() || before.types_bytes() != after.types_bytes();
  const bool moved = packed_locations_of(before) != packed_locations_of(after);
  if (!new_types && !moved) return;
  const uint32_t number = after.number().number;
  const std::vector<Term> types_before = before ? before.types() : std::vector<Term>();
  const std::vector<Term> types_after = after.types();
  std::vector<Cell> cells_before;
  std::vector<Cell> cells_after;
  if (moved) {
    for (auto [record, cells] : {std::pair{&before, &cells_before}, std::pair{&after, &cells_after}}) {
      if (!record->exists()) continue;
      for (const twin::Geometry& location : locations_of(*record)) {
        for (const Cell cell : cells_of(location, leaf_level)) cells->push_back(cell);
      }
    }
  }
  const std::unique_lock lock(index_mutex_);
  if (!before) all_.add(number);
  if (new_types) {
    for (const Term type : types_before) by_type_[type.number].remove(number);
    for (const Term type : types_after) by_type_[type.number].add(number);
    const bool lived = !types_before.empty();
    const bool lives = !types_after.empty();
    if (lives && !lived) live_count_.fetch_add(1, std::memory_order_relaxed);
    if (lived && !lives) live_count_.fetch_sub(1, std::memory_order_relaxed);
  }
  for (const Cell cell : cells_before) by_cell_.erase({cell, number});
  for (const Cell cell : cells_after) by_cell_.insert({cell, number});
}

uint64_t Latest::memory_bytes() const {
  const std::shared_lock lock(index_mutex_);
  return record_bytes_.load(std::memory_order_relaxed) + numbers_end() * (sizeof(Held) + sizeof(EntityRecord)) +
         by_cell_.size() * 18 + values_.memory_bytes();
}

Numbers Latest::with_type(Term type) const {
  const std::shared_lock lock(index_mutex_);
  const auto found = by_type_.find(type.number);
  return found == by_type_.end() ? Numbers() : found->second;
}

Numbers Latest::all() const {
  const std::shared_lock lock(index_mutex_);
  return all_;
}

std::vector<std::pair<Term, uint64_t>> Latest::types() const {
  std::vector<std::pair<Term, uint64_t>> counts;
  const std::shared_lock lock(index_mutex_);
  for (const auto& [type, numbers] : by_type_) {
    if (!numbers.isEmpty()) counts.emplace_back(Term{type}, numbers.cardinality());
  }
  return counts;
}

std::optional<Numbers> Latest::meeting(const std::vector<Cell>& cells, size_t most) const {
  Numbers numbers;
  size_t entries = 0;
  const std::vector<std::pair<Cell, Cell>> ranges = ranges_meeting(cells);
  const std::shared_lock lock(index_mutex_);
  for (const auto& [first, last] : ranges) {
    for (auto it = by_cell_.lower_bound({first, 0}); it != by_cell_.end() && it->first <= last; ++it) {
      if (++entries > most) return std::nullopt;
      numbers.add(it->second);
    }
  }
  return numbers;
}

}  // namespace cityloom::thread
