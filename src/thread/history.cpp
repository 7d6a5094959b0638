#include "thread/history.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <mutex>

#include "thread/chunk.hpp"

namespace cityloom::thread {
namespace {

// Under which an open chunk is stored: the first one. Earlier programs began another one after each 16 points.
std::string run_key(const SeriesKey& series, uint64_t chunk, size_t run = 0) {
  std::string key = chunk_key(series, chunk);
  append_big_endian(key, static_cast<uint32_t>(run));
  return key;
}

constexpr size_t run_key_size = chunk_key_size + 4;

base::Error missing_piece() {
  return base::fail(base::Code::corrupt, "a piece of history is missing", {},
                    "run 'cityloom refold' to fold the views again");
}

}  // namespace

base::Result<History::Loaded> History::load_open(const SeriesKey& series) const {
  Loaded loaded;
  Open& open = loaded.open;
  open.key = {series.attribute, series.dataset};
  const std::string prefix = series_key(series);
  const auto last = store_.last_before(Family::series, after_prefix(prefix));
  if (!last) return last.error();
  if (!last->has_value() || !(*last)->first.starts_with(prefix)) return loaded;
  const std::string& key = (*last)->first;
  open.number = big_endian_64(key, series_key_size);
  if (key.size() != run_key_size) {
    ++open.number;
    return loaded;
  }
  auto stored = stored_runs(series, open.number);
  if (!stored) return stored.error();
  open.chunk = OpenChunk(stored->chunk, stored->runs);
  loaded.chunk = std::move(stored->chunk);
  return loaded;
}

base::Result<History::StoredRuns> History::stored_runs(const SeriesKey& series, uint64_t number) const {
  StoredRuns stored;
  base::Status read;
  const std::string chunk_prefix = chunk_key(series, number);
  const base::Status scanned = store_.scan(Family::series, chunk_prefix, after_prefix(chunk_prefix),
                                           [&](std::string_view key, std::string_view value) {
                                             if (key.size() != run_key_size) return false;  // it has closed
                                             read = unpack_run(value, stored.chunk);
                                             ++stored.runs;
                                             return read.ok();
                                           });
  if (!scanned) return scanned.error();
  if (!read) return read.error();
  return stored;
}

// The open chunk with what the store has of it; nothing: the store has less than it should.
base::Result<std::optional<Chunk>> History::whole(const SeriesKey& series, const Open& open) const {
  if (!open.chunk.is_stored()) return open.chunk.with({});
  auto stored = stored_runs(series, open.number);
  if (!stored) return stored.error();
  return open.chunk.with(std::move(stored->chunk));
}

void History::put_in_place(const SeriesKey& key, uint64_t number, const Chunk* chunk, size_t stored_runs) {
  Closed& closed = closed_[{key, number}];
  closed.stored_runs = std::max(closed.stored_runs, stored_runs);
  closed.is_erased = chunk == nullptr;
  closed.bytes = chunk == nullptr ? nullptr : std::make_shared<const std::string>(pack_chunk(*chunk));
  closed.summary = chunk == nullptr ? ChunkSummary() : chunk->summary();
  dirty_bytes_ += chunk_key_size + (chunk == nullptr ? 0 : closed.bytes->size());
}

base::Status History::close(const SeriesKey& series, Open& open) {
  const auto chunk = whole(series, open);
  if (!chunk) return chunk.error();
  if (!chunk->has_value()) return missing_piece();
  put_in_place(series, open.number, &**chunk, open.chunk.stored_runs());
  ++open.number;
  open.chunk = OpenChunk();
  return {};
}

void History::count(Open& open) {
  open_bytes_ -= open.memory_bytes;
  open.memory_bytes = sizeof(Open) + open.chunk.memory_bytes();
  open_bytes_ += open.memory_bytes;
}

const History::Open* History::find_open(const SeriesKey& series) const {
  const auto of_entity = open_.find({series.branch, series.entity});
  if (of_entity == open_.end()) return nullptr;
  const twin::InstanceKey key{series.attribute, series.dataset};
  const auto at = std::ranges::lower_bound(of_entity->second, key, {}, [](const auto& open) { return open->key; });
  return at != of_entity->second.end() && (*at)->key == key ? at->get() : nullptr;
}

void History::start(uint32_t next_number) {
  unknown_.addRange(0, next_number);
}

// Looking into the store for each series of an entity that has none there costs more than all else that is done for it.
base::Result<bool> History::may_be_stored(const SeriesKey& series) {
  const uint32_t number = series.entity.number;
  if (series.branch != main_branch || stored_.contains(number)) return true;
  if (!unknown_.contains(number)) return false;
  const std::string prefix = entity_key(series.branch, series.entity);
  const auto last = store_.last_before(Family::series, after_prefix(prefix));
  if (!last) return last.error();
  unknown_.remove(number);
  const bool is_stored = last->has_value() && (*last)->first.starts_with(prefix);
  if (is_stored) stored_.add(number);
  return is_stored;
}

base::Result<History::Open*> History::open_of(const SeriesKey& series) {
  // Only this worker changes the map: looking needs no lock.
  if (const Open* found = find_open(series)) return const_cast<Open*>(found);
  const auto stored = may_be_stored(series);
  if (!stored) return stored.error();
  Loaded none;
  none.open.key = {series.attribute, series.dataset};
  auto loaded = *stored ? load_open(series) : base::Result<Loaded>(std::move(none));
  if (!loaded) return loaded.error();
  const std::unique_lock lock(mutex_);
  OpenOfEntity& of_entity = open_[{series.branch, series.entity}];
  const auto at = std::ranges::lower_bound(of_entity, loaded->open.key, {}, [](const auto& open) { return open->key; });
  Open& open = **of_entity.insert(at, std::make_unique<Open>(std::move(loaded->open)));
  count(open);
  return &open;
}

base::Status History::push(std::span<Superseded> superseded) {
  // Under one lock as many as keep a reader waiting for some 10 microseconds.
  constexpr size_t group_max = 128;
  std::vector<Open*> opens;
  for (size_t first = 0; first < superseded.size(); first += group_max) {
    const size_t end = std::min(superseded.size(), first + group_max);
    opens.clear();
    for (size_t i = first; i < end; ++i) {
      const auto open = open_of(superseded[i].series);
      if (!open) return open.error();
      opens.push_back(*open);
    }
    const std::unique_lock lock(mutex_);
    for (size_t i = first; i < end; ++i) {
      const Superseded& one = superseded[i];
      Open& open = *opens[i - first];
      const base::Status added = one.numbers.empty() ? add(one.series, open, one.instance)
                                                     : add_numbers(one.series, open, one.instance, one.numbers);
      if (!added) return added;
    }
  }
  return {};
}

base::Status History::add(const SeriesKey& series, Open& open, const PastInstance& instance) {
  if (!open.changed) changed_.push_back({series, &open});
  open.changed = true;
  base::Status closed;
  if (!open.chunk.takes(instance)) closed = close(series, open);
  if (!closed) return closed;
  // What is said of the entity itself is always kept whole.
  dirty_bytes_ += open.chunk.add(instance, series.attribute != twin::terms::lifecycle);
  if (open.chunk.is_full()) closed = close(series, open);
  count(open);
  return closed;
}

base::Status History::add_numbers(const SeriesKey& series, Open& open, const PastInstance& shared,
                                  std::span<const NumberPoint> points) {
  if (!open.changed) changed_.push_back({series, &open});
  open.changed = true;
  dirty_bytes_ += points.size_bytes();
  base::Status closed;
  if (!open.chunk.takes_numbers_of(shared)) closed = close(series, open);
  while (closed.ok() && !points.empty()) {
    points = open.chunk.add(shared, points);
    if (open.chunk.is_full()) closed = close(series, open);
  }
  count(open);
  return closed;
}

void History::collect(Batch& batch) {
  for (const auto& [key, closed] : closed_) {
    const auto& [series, number] = key;
    for (size_t run = 0; run < closed.stored_runs; ++run) batch.erase(Family::series, run_key(series, number, run));
    if (closed.is_erased) {
      batch.erase(Family::series, chunk_key(series, number));
      batch.erase(Family::summaries, chunk_key(series, number));
      continue;
    }
    batch.put(Family::series, chunk_key(series, number), *closed.bytes);
    batch.put(Family::summaries, chunk_key(series, number), closed.summary.pack());
  }
  // In the order of their keys, which the store takes in several times as fast.
  std::ranges::sort(changed_, {}, &Changed::series);
  for (const auto& [series, open] : changed_) {
    open->chunk.collect(run_key(series, open->number), batch);
  }
}

void History::settle() {
  const std::unique_lock lock(mutex_);
  for (const auto& [key, closed] : closed_) {
    if (key.first.branch == main_branch) stored_.add(key.first.entity.number);
  }
  closed_.clear();
  dirty_bytes_ = 0;
  for (const auto& [series, open] : changed_) {
    open->chunk.settle();
    count(*open);
    if (series.branch == main_branch) stored_.add(series.entity.number);
  }
  // What did not change since the last checkpoint goes first.
  if (open_bytes_ > open_bytes_max_) {
    let_go([](const EntityOn&, const OpenOfEntity& all) {
      return std::ranges::none_of(all, [](const auto& open) { return open->changed; });
    });
  }
  for (const auto& [series, open] : changed_) open->changed = false;
  changed_.clear();
  if (open_bytes_ > open_bytes_max_) let_go([](const EntityOn&, const OpenOfEntity&) { return true; });
}

void History::forget(BranchId branch) {
  const std::unique_lock lock(mutex_);
  std::erase_if(changed_, [&](const Changed& one) { return one.series.branch == branch; });
  let_go([&](const EntityOn& on, const OpenOfEntity&) { return on.branch == branch; });
  absl::erase_if(closed_, [&](const auto& entry) { return entry.first.first.branch == branch; });
}

template <class Goes>
void History::let_go(const Goes& goes) {
  absl::erase_if(open_, [&](const auto& entry) {
    if (!goes(entry.first, entry.second)) return false;
    for (const auto& open : entry.second) open_bytes_ -= open->memory_bytes;
    return true;
  });
}

base::Result<std::vector<SeriesKey>> History::series_of(BranchId branch, twin::EntityNumber entity) const {
  std::vector<SeriesKey> all;
  {
    const std::shared_lock lock(mutex_);
    const auto found = open_.find({branch, entity});
    if (found != open_.end()) {
      for (const auto& open : found->second) all.push_back({branch, entity, open->key.name, open->key.dataset});
    }
  }
  const std::string prefix = entity_key(branch, entity);
  const std::string end = after_prefix(prefix);
  std::string from = prefix;
  while (true) {
    std::string next;
    const base::Status scanned = store_.scan(Family::series, from, end, [&](std::string_view key, std::string_view) {
      all.push_back(series_of_key(key));
      next = after_prefix(std::string(key.substr(0, series_key_size)));
      return false;
    });
    if (!scanned) return scanned.error();
    if (next.empty()) break;
    from = std::move(next);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// Whether the store should have what it had of the open chunk: it has not closed since, nor gone with its branch.
bool History::is_still_open(const SeriesKey& series, uint64_t number) const {
  const std::shared_lock lock(mutex_);
  const Open* open = find_open(series);
  return open != nullptr && open->number == number && open->chunk.is_stored();
}

base::Result<History::Series> History::series(const SeriesKey& key) const {
  // Chunks that are rewritten meanwhile must not be met half before and half after it.
  while (true) {
    std::shared_ptr<const Rewritten> since;
    {
      const std::shared_lock lock(mutex_);
      since = rewritten_;
    }
    auto read = series_as_it_lies(key, since);
    if (!is_rewritten_since(since)) return read;
  }
}

base::Result<History::Series> History::series_as_it_lies(const SeriesKey& key,
                                                         std::shared_ptr<const Rewritten> since) const {
  Series result;
  result.history_ = this;
  result.key_ = key;
  result.since_ = std::move(since);
  absl::btree_map<uint64_t, Closed> closed;
  std::optional<Open> open;
  {
    const std::shared_lock lock(mutex_);
    for (auto it = closed_.lower_bound({key, 0}); it != closed_.end() && it->first.first == key; ++it) {
      closed.emplace(it->first.second, it->second);
    }
    if (const Open* found = find_open(key)) open = *found;
  }
  // The open chunk before the summaries: if it closes in between, the summaries have it, and it is not counted twice.
  std::optional<Chunk> rest;
  if (open) {
    auto found = whole(key, *open);
    if (!found) return found.error();
    rest = std::move(*found);
  } else {
    auto loaded = load_open(key);
    if (!loaded) return loaded.error();
    open = std::move(loaded->open);
    rest = std::move(loaded->chunk);
  }
  base::Status read;
  const std::string prefix = series_key(key);
  const base::Status scanned =
      store_.scan(Family::summaries, prefix, after_prefix(prefix), [&](std::string_view chunk, std::string_view value) {
        auto summary = ChunkSummary::unpack(value);
        if (!summary) {
          read = summary.error();
          return false;
        }
        const uint64_t number = big_endian_64(chunk, series_key_size);
        closed.try_emplace(number, Closed{nullptr, *summary, 0, false});
        return true;
      });
  if (!scanned) return scanned.error();
  if (!read) return read.error();
  for (const auto& [number, one] : closed) {
    if (one.is_erased) continue;
    result.numbers_.push_back(number);
    result.summaries_.push_back(one.summary);
    result.held_.push_back(one.bytes);
  }
  const auto closed_meanwhile = closed.find(open->number);
  if (closed_meanwhile != closed.end() && !closed_meanwhile->second.is_erased) return result;
  if (!rest && is_still_open(key, open->number)) return missing_piece();
  if (rest && rest->size() > 0) {
    result.summaries_.push_back(rest->summary());
    result.open_ = std::move(*rest);
  }
  return result;
}

base::Result<std::string> History::Series::bytes(size_t index) const {
  if (held_[index] != nullptr) return *held_[index];
  auto stored = history_->store_.get(Family::series, chunk_key(key_, numbers_[index]));
  if (!stored) return stored.error();
  // What was rewritten is kept before it reaches the store.
  if (const auto before = history_->before(since_, {key_, numbers_[index]}); before != nullptr) return *before;
  if (!stored->has_value()) return missing_piece();
  return std::move(**stored);
}

base::Result<Chunk> History::Series::chunk(size_t index) const {
  if (index == numbers_.size()) return *open_;
  auto stored = bytes(index);
  if (!stored) return stored.error();
  return unpack_chunk(*stored);
}

base::Result<bool> History::Series::columns(size_t index, std::vector<int64_t>& times, std::vector<double>& values,
                                            std::vector<uint64_t>& offsets) const {
  if (index == numbers_.size()) {
    if (!open_->is_numbers() || !open_->thinned.empty()) return false;
    times.clear();
    values.clear();
    offsets.clear();
    for (const NumberPoint& point : open_->numbers) {
      times.push_back(point.observed_at.microseconds);
      values.push_back(point.value);
      offsets.push_back(point.offset.number);
    }
    return true;
  }
  const auto stored = bytes(index);
  if (!stored) return stored.error();
  const auto numbers = numbers_of_packed(*stored);
  if (!numbers) return numbers.error();
  if (numbers->empty()) return false;
  const auto count = unpack_columns(*numbers, &times, &values, &offsets);
  if (!count) return count.error();
  return true;
}

base::Result<std::optional<PastInstance>> History::Series::last_at(Offset upto) const {
  const auto after = std::partition_point(summaries_.begin(), summaries_.end(),
                                          [&](const ChunkSummary& summary) { return summary.first_offset <= upto; });
  if (after == summaries_.begin()) return std::optional<PastInstance>();
  const auto found = chunk(static_cast<size_t>(after - summaries_.begin()) - 1);
  if (!found) return found.error();
  size_t index = found->size();
  while (index > 0 && found->offset_at(index - 1) > upto) --index;
  return std::optional<PastInstance>(found->at(index - 1));
}

base::Result<std::optional<PastInstance>> History::Series::first_after(Offset after) const {
  const auto at = std::partition_point(summaries_.begin(), summaries_.end(),
                                       [&](const ChunkSummary& summary) { return summary.last_offset <= after; });
  if (at == summaries_.end()) return std::optional<PastInstance>();
  const auto found = chunk(static_cast<size_t>(at - summaries_.begin()));
  if (!found) return found.error();
  size_t index = 0;
  while (index < found->size() && found->offset_at(index) <= after) ++index;
  return std::optional<PastInstance>(found->at(index));
}

// One by one: a reader that took long may let go of very many.
History::Rewritten::~Rewritten() {
  while (next != nullptr && next.use_count() == 1) {
    std::atomic_thread_fence(std::memory_order_acquire);  // others have let go of it
    const std::shared_ptr<Rewritten> after = std::move(next->next);
    next = after;
  }
}

bool History::is_rewritten_since(const std::shared_ptr<const Rewritten>& since) const {
  const std::shared_lock lock(mutex_);
  return since != rewritten_;
}

std::shared_ptr<const std::string> History::before(const std::shared_ptr<const Rewritten>& since,
                                                   const ClosedKey& key) const {
  const std::shared_lock lock(mutex_);
  for (const Rewritten* one = since.get(); one != nullptr; one = one->next.get()) {
    if (const auto found = one->before.find(key); found != one->before.end()) return found->second;
  }
  return nullptr;
}

base::Status History::rewrite(const SeriesKey& key, const Series& was, const std::vector<ChunkRun>& runs) {
  const auto opened = open_of(key);
  if (!opened) return opened.error();
  Open& open = **opened;
  absl::btree_map<ClosedKey, std::shared_ptr<const std::string>> before;
  for (const ChunkRun& run : runs) {
    for (size_t index = run.first; index < run.first + run.count && index < was.numbers_.size(); ++index) {
      auto bytes = was.bytes(index);
      if (!bytes) return bytes.error();
      before.emplace(ClosedKey{key, was.numbers_[index]}, std::make_shared<const std::string>(std::move(*bytes)));
    }
  }
  const std::unique_lock lock(mutex_);
  rewritten_->before = std::move(before);
  rewritten_->next = std::make_shared<Rewritten>();
  rewritten_ = rewritten_->next;
  for (const ChunkRun& run : runs) {
    assert(run.chunks.size() <= run.count);
    for (size_t i = 0; i < run.count; ++i) {
      const bool is_open = run.first + i == was.numbers_.size();
      const uint64_t number = is_open ? open.number : was.numbers_[run.first + i];
      put_in_place(key, number, i < run.chunks.size() ? &run.chunks[i] : nullptr,
                   is_open ? open.chunk.stored_runs() : 0);
      if (!is_open) continue;
      ++open.number;
      open.chunk = OpenChunk();
      count(open);
    }
  }
  if (open.chunk.size() > 0) return {};
  // As it would be found in the store: the bytes there must not tell whether it was loaded.
  for (; open.number > 0; --open.number) {
    const uint64_t last = open.number - 1;
    const auto rewritten = closed_.find({key, last});
    const bool is_there =
        rewritten != closed_.end() ? !rewritten->second.is_erased : std::ranges::binary_search(was.numbers_, last);
    if (is_there) break;
  }
  return {};
}

}  // namespace cityloom::thread
