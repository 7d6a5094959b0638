// Thinnings: their stored form, and how they are planned.
#include "thread/thinning.hpp"

#include <algorithm>

#include "thread/keys.hpp"
#include "thread/past_corrections.hpp"
#include "thread/snapshot.hpp"
#include "thread/thinned_series.hpp"
#include "twin/bytes.hpp"

namespace cityloom::thread {
namespace {

using base::Instant;
using base::Result;

SeriesKey key_of(BranchId branch, twin::EntityNumber number, const PastSeries& series) {
  return {branch, number, series.name, series.is_told ? told(series.dataset) : series.dataset};
}

// The start of the period in which a time lies.
Instant start_of_period(Instant at, int64_t step_us) {
  if (step_us == 0 || !at.exists()) return at;
  const int64_t into = at.microseconds % step_us;
  return {at.microseconds - into - (into < 0 ? step_us : 0)};
}

// What was thinned of a series already as it is asked for now, by the beginning.
std::vector<Thinning> done_before(std::vector<Thinning> all, const ThinningRequest& request) {
  std::erase_if(all,
                [&](const Thinning& one) { return !(one.series == request.series) || one.step_us != request.step_us; });
  std::ranges::stable_sort(all, {}, &Thinning::from);
  return all;
}

// Up to where what was stated by a commit or before it is thinned from a time on: what came later may lie before it.
Instant done_upto(const std::vector<Thinning>& done, Offset stated, Instant from) {
  for (const Thinning& one : done) {
    if (one.from > from) break;
    if (one.offset >= stated) from = std::max(from, one.to);
  }
  return from;
}

// Adds what was thinned of an entity on a branch itself.
base::Status add_thinnings(const Views& views, BranchId branch, twin::EntityNumber number, std::vector<Thinning>& to) {
  const auto series = views.history().series({branch, number, twin::terms::lifecycle, thinnings_dataset});
  if (!series) return series.error();
  for (size_t i = 0; i < series->size(); ++i) {
    const auto chunk = series->chunk(i);
    if (!chunk) return chunk.error();
    for (const PastInstance& one : chunk->instances) {
      auto thinning = thinning_of(one.attribute);
      if (!thinning) return thinning.error();
      to.push_back(std::move(*thinning));
    }
  }
  return {};
}

// A chunk of which something may be to be thinned.
struct Fresh {
  Instant first;
  size_t index;
};

Result<std::vector<Fresh>> fresh_chunks(const Views& views, const History::Series& series,
                                        const ThinningRequest& request, const std::vector<Thinning>& done) {
  std::vector<Fresh> fresh;
  for (size_t i = 0; i < series.size(); ++i) {
    const auto times = times_of(views, series, i);
    if (!times) return times.error();
    if (times->last < request.from || times->first >= request.to) continue;
    const Instant first = done_upto(done, series.summary(i).last_offset, std::max(times->first, request.from));
    if (first > times->last) continue;
    fresh.push_back({first, i});
  }
  std::ranges::sort(fresh, {}, &Fresh::first);
  return fresh;
}

}  // namespace

twin::Attribute thinning_attribute(const Thinning& thinning) {
  std::string packed;
  twin::ByteWriter writer(packed);
  for (const Instant time : {thinning.from, thinning.to, thinning.first, thinning.last})
    writer.fixed(time.microseconds);
  writer.fixed(thinning.step_us);
  writer.varint(thinning.taken_out);
  writer.text(thinning.rule);
  writer.text(thinning.sha256);
  twin::Attribute attribute;
  attribute.name = thinning.series.name;
  attribute.dataset = thinning.series.is_told ? told(thinning.series.dataset) : thinning.series.dataset;
  attribute.value = std::move(packed);
  return attribute;
}

Result<Thinning> thinning_of(const twin::Attribute& attribute) {
  Thinning thinning;
  thinning.series = {attribute.name, without_told(attribute.dataset), is_told(attribute.dataset)};
  thinning.offset = attribute.offset;
  thinning.recorded_at = attribute.modified_at;
  const auto* packed = std::get_if<std::string>(&attribute.value);
  twin::ByteReader reader(packed != nullptr ? std::string_view(*packed) : std::string_view());
  for (Instant* time : {&thinning.from, &thinning.to, &thinning.first, &thinning.last})
    time->microseconds = reader.fixed<int64_t>();
  thinning.step_us = reader.fixed<int64_t>();
  thinning.taken_out = reader.varint();
  thinning.rule = std::string(reader.text());
  thinning.sha256 = std::string(reader.text());
  if (reader.ok() && reader.at_end()) return thinning;
  return base::fail(base::Code::corrupt, "what was thinned of the past cannot be read", {},
                    "restore the record from a backup");
}

Result<std::vector<Thinning>> Snapshot::thinnings(std::string_view entity_id) const {
  std::vector<Thinning> all;
  const auto number = views_->number_of(branch_, entity_id);
  if (!number) return all;
  for (const Stretch& stretch : stretches_of(*views_, branch_, offset_)) {
    if (auto added = add_thinnings(*views_, stretch.branch, *number, all); !added) return added.error();
  }
  return all;
}

Result<std::vector<PastSeries>> Snapshot::past_series(std::string_view entity_id) const {
  std::vector<PastSeries> all;
  const auto number = views_->number_of(branch_, entity_id);
  if (!number) return all;
  const auto keys = views_->history().series_of(branch_, *number);
  if (!keys) return keys.error();
  for (const SeriesKey& key : *keys) {
    const bool is_of_entity = key.attribute == twin::terms::type || key.attribute == twin::terms::scope ||
                              key.attribute == twin::terms::lifecycle;
    if (!is_of_entity) all.push_back({key.attribute, without_told(key.dataset), is_told(key.dataset)});
  }
  return all;
}

Result<PlannedThinning> Snapshot::plan_thinning(std::string_view entity_id, const ThinningRequest& request) const {
  PlannedThinning plan;
  const auto number = views_->number_of(branch_, entity_id);
  if (!number) return plan;
  const SeriesKey key = key_of(branch_, *number, request.series);
  const auto series = views_->history().series(key);
  if (!series) return series.error();
  // What was thinned on its parents says nothing of what was written here.
  std::vector<Thinning> before;
  if (auto added = add_thinnings(*views_, branch_, *number, before); !added) return added.error();
  const auto fresh = fresh_chunks(*views_, *series, request, done_before(std::move(before), request));
  if (!fresh) return fresh.error();
  if (fresh->empty()) return plan;
  Thinning& thinning = plan.thinning;
  thinning.series = request.series;
  thinning.step_us = request.step_us;
  thinning.rule = request.rule;
  thinning.from = std::max(request.from, start_of_period(fresh->front().first, request.step_us));
  thinning.to = request.to;
  if (fresh->size() > request.chunks_max) {
    thinning.to = start_of_period((*fresh)[request.chunks_max].first, request.step_us);
    // One period alone may have more than that.
    if (thinning.to <= thinning.from)
      thinning.to = {thinning.from.microseconds + std::max<int64_t>(1, request.step_us)};
    thinning.to = std::min(thinning.to, request.to);
    plan.next = thinning.to < request.to ? thinning.to : Instant::none();
  }
  uint64_t dense = 0;
  size_t chunks = 0;
  for (size_t i = 0; i < series->size(); ++i) {
    const auto times = times_of(*views_, *series, i);
    if (!times) return times.error();
    if (times->last < thinning.from || times->first >= thinning.to) continue;
    ++chunks;
    dense += series->summary(i).count;
  }
  if (chunks > 8 * request.chunks_max) {
    plan.too_dense = dense;
    return plan;
  }
  const auto thinned = thin_series(*views_, key, *series, thinning);
  if (!thinned) return thinned.error();
  thinning.taken_out = thinned->taken_out;
  thinning.first = thinned->first;
  thinning.last = thinned->last;
  thinning.sha256 = thinned->sha256;
  plan.bytes_freed = static_cast<uint64_t>(std::max<int64_t>(0, thinned->bytes_freed));
  return plan;
}

}  // namespace cityloom::thread
