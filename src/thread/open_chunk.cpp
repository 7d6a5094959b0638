#include "thread/open_chunk.hpp"

#include <algorithm>
#include <cassert>

namespace cityloom::thread {

OpenChunk::OpenChunk(Chunk chunk, size_t runs)
    : prototype_(std::move(chunk.prototype)), numbers_(std::move(chunk.numbers)), stored_runs_(runs) {
  for (const PastInstance& instance : chunk.instances) append_instance(instance, packed_);
  instances_ = chunk.instances.size();
  stored_ = prototype_ ? numbers_.size() : packed_.size();
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
  const auto taken = points.first(std::min(points.size(), points_max - numbers_.size()));
  numbers_.insert(numbers_.end(), taken.begin(), taken.end());
  return points.subspan(taken.size());
}

Chunk OpenChunk::chunk() const {
  Chunk chunk;
  chunk.prototype = prototype_;
  chunk.numbers = numbers_;
  [[maybe_unused]] const base::Status read = unpack_instances(packed_, chunk);
  assert(read.ok());  // they were packed here
  return chunk;
}

void OpenChunk::collect(const std::string& key, Batch& batch) const {
  const auto points = [this](std::string& to) {
    if (prototype_)
      append_points(std::span(numbers_).subspan(stored_), to);
    else
      to.append(packed_, stored_);
  };
  if (stored_runs_ > 0) {
    std::string fresh;
    points(fresh);
    batch.append(Family::series, key, fresh);
    return;
  }
  batch.put_made(Family::series, key, [&](std::string& to) {
    begin_run(prototype_ ? &*prototype_ : nullptr, to);
    points(to);
  });
}

void OpenChunk::settle() {
  stored_ = prototype_ ? numbers_.size() : packed_.size();
  stored_runs_ = std::max<size_t>(stored_runs_, 1);
}

}  // namespace cityloom::thread
