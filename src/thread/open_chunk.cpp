#include "thread/open_chunk.hpp"

#include <algorithm>
#include <cassert>

namespace cityloom::thread {

OpenChunk::OpenChunk(const Chunk& stored, size_t runs)
    : prototype_(stored.prototype), stored_points_(stored.size()), stored_runs_(runs) {
  std::string packed;
  for (const PastInstance& instance : stored.instances) append_instance(instance, packed);
  stored_bytes_ = packed.size();
}

bool OpenChunk::takes(const PastInstance& instance) const {
  return !prototype_ || fits_prototype(instance, *prototype_);
}

size_t OpenChunk::add(const PastInstance& instance, bool may_be_number) {
  if (size() == 0 && may_be_number && is_number_instance(instance)) prototype_ = prototype_of(instance);
  if (prototype_) {
    numbers_.push_back(number_point_of(instance));
    return sizeof(NumberPoint);
  }
  const size_t before = packed_.size();
  append_instance(instance, packed_);
  ++instances_;
  return packed_.size() - before;
}

bool OpenChunk::takes_numbers_of(const PastInstance& shared) const {
  return size() == 0 || (prototype_ && fits_prototype(shared, *prototype_));
}

std::span<const NumberPoint> OpenChunk::add(const PastInstance& shared, std::span<const NumberPoint> points) {
  if (size() == 0) prototype_ = prototype_of(shared);
  const auto taken = points.first(std::min(points.size(), points_max - size()));
  numbers_.insert(numbers_.end(), taken.begin(), taken.end());
  return points.subspan(taken.size());
}

std::optional<Chunk> OpenChunk::with(Chunk stored) const {
  if (stored.size() < stored_points_ || (is_stored() && stored.is_numbers() != prototype_.has_value())) return {};
  if (prototype_) {
    stored.prototype = prototype_;
    stored.numbers.resize(stored_points_);
    stored.numbers.insert(stored.numbers.end(), numbers_.begin(), numbers_.end());
    return stored;
  }
  stored.instances.resize(stored_points_);
  [[maybe_unused]] const base::Status read = unpack_instances(packed_, stored);
  assert(read.ok());  // they were packed here
  return stored;
}

void OpenChunk::collect(const std::string& key, Batch& batch) const {
  if (fresh_points() == 0) return;
  std::string fresh;
  if (stored_runs_ == 0) begin_run(prototype_ ? &*prototype_ : nullptr, fresh);
  if (prototype_)
    append_points(numbers_, fresh);
  else
    fresh += packed_;
  if (stored_runs_ == 0)
    batch.put(Family::series, key, fresh);
  else
    batch.append(Family::series, key, fresh);
}

void OpenChunk::settle() {
  if (fresh_points() == 0) return;
  stored_points_ += fresh_points();
  stored_bytes_ += packed_.size();
  stored_runs_ = std::max<size_t>(stored_runs_, 1);
  numbers_ = {};
  packed_ = {};
  instances_ = 0;
}

}  // namespace cityloom::thread
