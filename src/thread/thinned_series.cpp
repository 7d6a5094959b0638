#include "thread/thinned_series.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

#include "thread/assets.hpp"
#include "thread/chunk.hpp"
#include "thread/past_corrections.hpp"

namespace cityloom::thread {
namespace {

using base::Instant;
using base::Result;

// Runs of chunks that meet the stretch, each with the chunk before it where that has room: what is thinned day by day
// would else leave a small chunk a day.
Result<std::vector<ChunkRun>> runs_meeting(const Views& views, const History::Series& series, const Thinning& stretch) {
  std::vector<ChunkRun> runs;
  for (size_t index = 0; index < series.size(); ++index) {
    const auto times = times_of(views, series, index);
    if (!times) return times.error();
    if (times->last < stretch.from || times->first >= stretch.to) continue;
    if (!runs.empty() && runs.back().first + runs.back().count == index) {
      ++runs.back().count;
    } else {
      runs.push_back({index, 1, {}});
    }
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    ChunkRun& run = runs[i];
    const size_t before_end = i == 0 ? 0 : runs[i - 1].first + runs[i - 1].count;
    if (run.first == before_end) continue;
    const auto before = series.chunk(run.first - 1);
    if (!before) return before.error();
    if (before->size() >= OpenChunk::points_max) continue;
    --run.first;
    ++run.count;
  }
  return runs;
}

// An instance of the chunks that are looked at.
struct Point {
  const Chunk* chunk;
  size_t index;
  size_t run;
  Instant at;         // by which it counts
  bool goes;          // is taken out
  bool grows;         // stands for more than it did
  ChunkSummary over;  // what it stands for

  Offset offset() const { return chunk->offset_at(index); }
  bool is_end() const { return chunk->is_end(index); }
};

int64_t period_of(Instant at, int64_t step_us) {
  const int64_t whole = at.microseconds / step_us;
  return at.microseconds % step_us < 0 ? whole - 1 : whole;
}

class Thinner {
 public:
  Thinner(const Views& views, const SeriesKey& key, const Thinning& stretch)
      : views_(views), key_(key), stretch_(stretch) {
    if (const auto branch = views.branch(key.branch)) fork_ = branch->info.fork_offset;
  }

  Result<ThinnedSeries> thin(const History::Series& series) {
    if (auto status = read(series); !status) return status.error();
    const auto corrections =
        PastCorrections::read(views_, {{key_.branch, Offset{}, Offset{~uint64_t{0}}}}, key_.entity);
    if (!corrections) return corrections.error();
    choose(*corrections);
    choose_ends();
    ThinnedSeries result;
    tell(result);
    if (result.taken_out > 0) rebuild(result);
    return result;
  }

 private:
  base::Status read(const History::Series& series) {
    auto runs = runs_meeting(views_, series, stretch_);
    if (!runs) return runs.error();
    runs_ = std::move(*runs);
    size_t chunks = 0;
    for (const ChunkRun& run : runs_) chunks += run.count;
    chunks_.reserve(chunks);  // points know their chunk by where it lies
    for (size_t r = 0; r < runs_.size(); ++r) {
      for (size_t i = 0; i < runs_[r].count; ++i) {
        auto chunk = series.chunk(runs_[r].first + i);
        if (!chunk) return chunk.error();
        chunks_.push_back(std::move(*chunk));
        if (auto status = add_points(chunks_.back(), r); !status) return status;
      }
    }
    return {};
  }

  base::Status add_points(const Chunk& chunk, size_t run) {
    for (size_t i = 0; i < chunk.size(); ++i) {
      Point point{&chunk, i, run, chunk.observed_at(i), false, false, summary_at(chunk, i)};
      if (!point.at.exists()) {
        const auto recorded = views_.recorded_at(point.offset());
        if (!recorded) return recorded.error();
        point.at = *recorded;
      }
      points_.push_back(std::move(point));
    }
    return {};
  }

  bool is_in_stretch(const Point& point) const { return point.at >= stretch_.from && point.at < stretch_.to; }

  // What a branch superseded first was stated on its parent, and counts there: here it stays, or goes with everything.
  bool counts_at_parent(const Point& point) const { return stretch_.step_us != 0 && point.offset() <= fork_; }

  bool is_corrected(const PastCorrections& corrections, const Point& point) const {
    if (corrections.empty()) return false;
    const twin::Term dataset = without_told(key_.dataset);
    if (point.over.count > 1) return corrections.takes_out(key_.attribute, dataset, point.offset());
    const bool told = is_told(key_.dataset);
    const Instant observed_at = point.chunk->observed_at(point.index);
    return corrections.hides(key_.attribute, dataset, {point.offset(), told ? observed_at : Instant::none(), told});
  }

  // The last of a period in the order of the series stays, for what an entity was is put together in that order. What
  // was corrected or taken out counts in no period: its correction is kept beside.
  void choose(const PastCorrections& corrections) {
    std::map<std::tuple<bool, bool, int64_t>, Point*> periods;
    for (Point& point : points_) {
      if (point.is_end() || !is_in_stretch(point) || counts_at_parent(point)) continue;
      point.goes = stretch_.step_us == 0 || is_corrected(corrections, point);
      if (point.goes) continue;
      const bool is_observed = point.chunk->observed_at(point.index).exists();
      Point*& last = periods[{is_observed, point.over.has_numbers, period_of(point.at, stretch_.step_us)}];
      if (last != nullptr) {
        ChunkSummary over = last->over;
        add(point.over, over);
        point.over = over;
        point.grows = true;
        last->goes = true;
      }
      last = &point;
    }
  }

  // The end of an attribute goes when nothing stands before it that would seem to go on without it.
  void choose_ends() {
    if (stretch_.step_us != 0) return;
    bool stands = false;
    for (size_t i = 0; i < points_.size(); ++i) {
      Point& point = points_[i];
      if (i == 0 || points_[i - 1].run != point.run) stands = runs_[point.run].first > 0;
      if (point.is_end()) point.goes = !stands && is_in_stretch(point);
      if (!point.goes) stands = !point.is_end();
    }
  }

  void tell(ThinnedSeries& result) const {
    std::string gone;
    for (const Point& point : points_) {
      if (!point.goes) continue;
      ++result.taken_out;
      if (!result.first.exists() || point.at < result.first) result.first = point.at;
      result.last = std::max(result.last, point.at);
      if (point.chunk->is_numbers()) {
        const NumberPoint& number = point.chunk->numbers[point.index];
        append_big_endian(gone, number.offset.number);
        append_big_endian(gone, static_cast<uint64_t>(number.observed_at.microseconds));
        append_big_endian(gone, std::bit_cast<uint64_t>(number.value));
      } else {
        gone += pack_run(*point.chunk, point.index, 1);
      }
    }
    result.sha256 = asset_name(gone);
  }

  void rebuild(ThinnedSeries& result) {
    std::vector<bool> changes(runs_.size(), false);
    for (const Point& point : points_) changes[point.run] = changes[point.run] || point.goes || point.grows;
    for (const Chunk& chunk : chunks_) result.bytes_freed += static_cast<int64_t>(pack_chunk(chunk).size());
    for (const Point& point : points_) {
      if (!point.goes && changes[point.run]) put(point, runs_[point.run].chunks);
    }
    size_t chunk = 0;
    for (size_t r = 0; r < runs_.size(); ++r) {
      for (size_t i = 0; i < runs_[r].count; ++i, ++chunk) {
        if (!changes[r]) result.bytes_freed -= static_cast<int64_t>(pack_chunk(chunks_[chunk]).size());
      }
      if (!changes[r]) continue;
      for (Chunk& one : runs_[r].chunks) {
        if (std::ranges::all_of(one.thinned, [](const ChunkSummary& over) { return over.count == 1; }))
          one.thinned.clear();
        result.bytes_freed -= static_cast<int64_t>(pack_chunk(one).size());
      }
      result.runs.push_back(std::move(runs_[r]));
    }
  }

  // Points go on lying as numbers or whole, as they did: so there are never more chunks than before.
  void put(const Point& point, std::vector<Chunk>& to) {
    const Chunk& from = *point.chunk;
    const bool fits = !to.empty() && to.back().prototype == from.prototype &&
                      to.back().size() < OpenChunk::points_max && (from.is_numbers() || bytes_ < OpenChunk::bytes_max);
    if (!fits) {
      to.emplace_back().prototype = from.prototype;
      bytes_ = 0;
    }
    Chunk& chunk = to.back();
    if (from.is_numbers()) {
      chunk.numbers.push_back(from.numbers[point.index]);
    } else {
      chunk.instances.push_back(from.instances[point.index]);
      bytes_ += pack_run(from, point.index, 1).size();
    }
    chunk.thinned.push_back(point.over);
    chunk.thinned.back().first_offset = chunk.thinned.back().last_offset = point.offset();
  }

  const Views& views_;
  const SeriesKey key_;
  const Thinning& stretch_;
  Offset fork_;  // of the branch; 0: main
  std::vector<ChunkRun> runs_;
  std::vector<Chunk> chunks_;  // of all runs, in order
  std::vector<Point> points_;
  size_t bytes_ = 0;  // of the whole instances of the chunk at hand
};

}  // namespace

Result<TimeRange> times_of(const Views& views, const History::Series& series, size_t index) {
  const ChunkSummary& summary = series.summary(index);
  if (summary.first_observed_at.exists()) return TimeRange{summary.first_observed_at, summary.last_observed_at};
  const auto chunk = series.chunk(index);
  if (!chunk) return chunk.error();
  TimeRange range;
  const auto take = [&](Instant at) {
    range.first = range.first.exists() ? std::min(range.first, at) : at;
    range.last = std::max(range.last, at);
  };
  // Of those without an observed time the first and the last were recorded first and last.
  std::optional<Offset> first, last;
  for (size_t i = 0; i < chunk->size(); ++i) {
    if (const Instant at = chunk->observed_at(i); at.exists()) {
      take(at);
    } else {
      last = chunk->offset_at(i);
      if (!first) first = last;
    }
  }
  for (const auto& offset : {first, last}) {
    if (!offset) continue;
    const auto recorded = views.recorded_at(*offset);
    if (!recorded) return recorded.error();
    take(*recorded);
  }
  return range;
}

Result<ThinnedSeries> thin_series(const Views& views, const SeriesKey& key, const History::Series& series,
                                  const Thinning& stretch) {
  const bool is_of_entity = key.attribute == twin::terms::type || key.attribute == twin::terms::scope ||
                            key.attribute == twin::terms::lifecycle;
  if (is_of_entity || stretch.step_us < 0) return ThinnedSeries();
  return Thinner(views, key, stretch).thin(series);
}

}  // namespace cityloom::thread
