// Histories: what a snapshot's reader hears of an entity's past.
#include <algorithm>
#include <map>

#include "thread/snapshot.hpp"
#include "thread/views.hpp"

namespace cityloom::thread {
namespace {

using base::Instant;
using base::Result;
using base::Status;
using twin::Attribute;
using twin::Term;

// One branch's part of the past of a snapshot: commits with after < offset <= upto.
struct Stretch {
  BranchId branch;
  Offset after;
  Offset upto;
};

// From main to the snapshot's branch.
std::vector<Stretch> stretches_of(const Views& views, BranchId branch, Offset upto) {
  std::vector<Stretch> stretches;
  for (auto on = views.branch(branch); on != nullptr; on = views.branch(on->info.parent)) {
    const bool is_main = on->info.id == main_branch;
    const Offset after = is_main ? Offset{} : on->info.fork_offset;
    if (after < upto || is_main) stretches.push_back({on->info.id, after, upto});
    if (is_main) break;
    upto = std::min(upto, after);
  }
  std::reverse(stretches.begin(), stretches.end());
  return stretches;
}

// A window, told in offsets where its property is a recorded time.
struct Window {
  bool by_offset = false;
  Instant from, to;    // of observed_at; none: open
  Offset first, last;  // first <= offset <= last

  bool holds(Instant observed_at, Offset offset) const {
    if (offset < first || offset > last) return false;
    if (by_offset || (!from.exists() && !to.exists())) return true;
    return observed_at.exists() && (!from.exists() || observed_at >= from) && (!to.exists() || observed_at < to);
  }
  bool may_hold(const ChunkSummary& chunk) const {
    if (chunk.last_offset < first || chunk.first_offset > last) return false;
    if (by_offset || !chunk.first_observed_at.exists()) return true;
    return (!to.exists() || chunk.first_observed_at < to) && (!from.exists() || chunk.last_observed_at >= from);
  }
  bool holds_all(const ChunkSummary& chunk) const {
    if (chunk.first_offset < first || chunk.last_offset > last) return false;
    if (by_offset || (!from.exists() && !to.exists())) return true;
    return chunk.first_observed_at.exists() && (!from.exists() || chunk.first_observed_at >= from) &&
           (!to.exists() || chunk.last_observed_at < to);
  }
};

Result<Window> window_of(const Views& views, const TimeWindow& asked, const Stretch& stretch) {
  Window window;
  window.first = {stretch.after.number + 1};
  window.last = stretch.upto;
  window.by_offset = asked.property != TimeProperty::observed_at;
  window.from = asked.from;
  window.to = asked.to;
  if (!window.by_offset) return window;
  for (const auto& [time, is_from] : {std::pair{asked.from, true}, std::pair{asked.to, false}}) {
    if (!time.exists()) continue;
    const auto before = views.offset_at({time.microseconds - 1});
    if (!before) return before.error();
    if (is_from)
      window.first = std::max(window.first, Offset{before->number + 1});
    else
      window.last = std::min(window.last, *before);
  }
  return window;
}

void stamp(Attribute& attribute, Instant time) {
  attribute.modified_at = time;
  for (Attribute& member : attribute.members) stamp(member, time);
}

// Gathers the instances of one attribute that a query asks for, keeping the best `need` of them.
class Gatherer {
 public:
  Gatherer(const HistoryQuery& query) : query_(query), latest_first_(query.last_n > 0) {
    need_ = latest_first_ ? std::min(query.last_n, query.limit) : query.limit;
  }

  void add(PastInstance instance) { found_.push_back(std::move(instance)); }

  // Whether a chunk can still hold something better than what is found.
  bool wants(const ChunkSummary& chunk) {
    if (found_.size() <= need_ + 1) return true;
    trim();
    const PastInstance& worst = found_.back();
    if (query_.window.property != TimeProperty::observed_at) {
      return latest_first_ ? chunk.last_offset > worst.offset : chunk.first_offset < worst.offset;
    }
    if (!chunk.first_observed_at.exists() || !worst.attribute.observed_at.exists()) return true;
    return latest_first_ ? chunk.last_observed_at >= worst.attribute.observed_at
                         : chunk.first_observed_at <= worst.attribute.observed_at;
  }

  AttributeHistory take(Term name, Term dataset) {
    sort();
    const auto twice = [](const PastInstance& left, const PastInstance& right) {
      return left.offset == right.offset && twin::same_statement(left.attribute, right.attribute);
    };
    found_.erase(std::unique(found_.begin(), found_.end(), twice), found_.end());
    AttributeHistory history{name, dataset, {}, found_.size() > need_};
    if (found_.size() > need_) found_.resize(need_);
    for (PastInstance& instance : found_) history.instances.push_back(std::move(instance.attribute));
    return history;
  }

 private:
  bool before(const PastInstance& left, const PastInstance& right) const {
    const bool observed = query_.window.property == TimeProperty::observed_at;
    const auto key = [&](const PastInstance& one) {
      return std::pair{observed ? one.attribute.observed_at : Instant{}, one.offset};
    };
    return latest_first_ ? key(right) < key(left) : key(left) < key(right);
  }
  void sort() {
    std::stable_sort(found_.begin(), found_.end(),
                     [&](const auto& left, const auto& right) { return before(left, right); });
  }
  // Two more than needed stay: one may be found twice, one tells that there is more.
  void trim() {
    sort();
    if (found_.size() > need_ + 2) found_.resize(need_ + 2);
  }

  const HistoryQuery& query_;
  const bool latest_first_;
  size_t need_ = 0;
  std::vector<PastInstance> found_;
};

// The end of an instance, as an instance of the kind that ended.
Result<PastInstance> end_at(const History::Series& series, PastInstance end) {
  const auto before = series.last_at({end.offset.number - 1});
  if (!before) return before.error();
  if (before->has_value()) end.attribute.kind = (*before)->attribute.kind;
  end.attribute.offset = end.offset;
  return end;
}

Status gather(const Views& views, const SeriesKey& key, const Window& window, bool latest_first, bool ends,
              Gatherer& gatherer) {
  const auto series = views.history().series(key);
  if (!series) return series.error();
  std::vector<size_t> order;
  for (size_t i = 0; i < series->size(); ++i) {
    if (window.may_hold(series->summary(i))) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    const ChunkSummary& one = series->summary(left);
    const ChunkSummary& other = series->summary(right);
    if (latest_first)
      return std::pair{one.last_observed_at, one.last_offset} > std::pair{other.last_observed_at, other.last_offset};
    return std::pair{one.first_observed_at, one.first_offset} < std::pair{other.first_observed_at, other.first_offset};
  });
  for (const size_t index : order) {
    if (!gatherer.wants(series->summary(index))) continue;
    const auto chunk = series->chunk(index);
    if (!chunk) return chunk.error();
    for (size_t i = 0; i < chunk->size(); ++i) {
      const Instant observed_at =
          chunk->is_numbers() ? chunk->numbers[i].observed_at : chunk->instances[i].attribute.observed_at;
      if (!window.holds(observed_at, chunk->offset_at(i))) continue;
      const bool is_end = !chunk->is_numbers() && chunk->instances[i].ended;
      if (is_end != ends) continue;
      if (!is_end) {
        gatherer.add(chunk->at(i));
        continue;
      }
      auto end = end_at(*series, chunk->at(i));
      if (!end) return end.error();
      gatherer.add(std::move(*end));
    }
  }
  return {};
}

// A stretch of an entity's existence that has ended: [start, end).
struct Life {
  Offset start;
  Offset end;
};

Result<std::vector<Life>> ended_lives(const Views& views, BranchId branch, twin::EntityNumber number) {
  const auto series = views.history().series({branch, number, twin::terms::lifecycle, {}});
  if (!series) return series.error();
  std::vector<Life> lives;
  for (size_t index = 0; index < series->size(); ++index) {
    const auto chunk = series->chunk(index);
    if (!chunk) return chunk.error();
    for (const PastInstance& life : chunk->instances) lives.push_back({life.attribute.offset, life.offset});
  }
  return lives;
}

// What ended because its entity did: no end of its own is kept for it.
Status gather_ends_with(const Views& views, const SeriesKey& key, const std::vector<Life>& lives, const Window& window,
                        Gatherer& gatherer) {
  const auto series = views.history().series(key);
  if (!series) return series.error();
  for (const Life& life : lives) {
    if (!window.holds({}, life.end)) continue;
    const auto last = series->last_at(life.end);
    if (!last) return last.error();
    if (!last->has_value() || (*last)->ended || (*last)->offset < life.start) continue;
    PastInstance end{life.end, true, {}};
    end.attribute.name = key.attribute;
    end.attribute.dataset = key.dataset;
    end.attribute.kind = (*last)->attribute.kind;
    end.attribute.offset = life.end;
    gatherer.add(std::move(end));
  }
  return {};
}

struct Columns {
  std::vector<int64_t> times;
  std::vector<double> values;
  std::vector<uint64_t> offsets;
};

bool is_of_attributes(const HistoryQuery& query, Term name) {
  const bool head = name == twin::terms::type || name == twin::terms::scope || name == twin::terms::lifecycle;
  return !head && (query.attributes.empty() ||
                   std::find(query.attributes.begin(), query.attributes.end(), name) != query.attributes.end());
}

// Tells a visitor one branch's part of an entity's past.
class Telling {
 public:
  Telling(const Views& views, const HistoryQuery& query, const Window& window, PastVisitor& visitor)
      : views_(views), query_(query), window_(window), visitor_(visitor) {}

  // What holds now goes first: when it is superseded meanwhile, it is left out of its series.
  Status present(const twin::EntityRecord& record) {
    Status failed;
    record.each_attribute({}, [&](const Attribute& attribute) {
      if (!is_of_attributes(query_, attribute.name) || !window_.holds(attribute.observed_at, attribute.offset)) {
        return true;
      }
      told_[{attribute.name, attribute.dataset}] = attribute;
      const auto at = time_of(attribute.observed_at, attribute.offset);
      if (at) {
        visitor_.instance(attribute, *at);
      } else {
        failed = at.error();
      }
      return failed.ok();
    });
    return failed;
  }

  Status series(const SeriesKey& key) {
    const auto series = views_.history().series(key);
    if (!series) return series.error();
    const auto told = told_.find({key.attribute, key.dataset});
    const Attribute* const present = told == told_.end() ? nullptr : &told->second;
    for (size_t i = 0; i < series->size() && visitor_.goes_on(); ++i) {
      if (!window_.may_hold(series->summary(i))) continue;
      if (auto status = chunk(key, *series, i, present); !status) return status;
    }
    return {};
  }

 private:
  Result<Instant> time_of(Instant observed_at, Offset offset) const {
    if (!window_.by_offset) return observed_at;
    return views_.recorded_at(offset);
  }

  Status chunk(const SeriesKey& key, const History::Series& series, size_t index, const Attribute* present) {
    const ChunkSummary& summary = series.summary(index);
    const bool is_whole = summary.has_numbers && !window_.by_offset && window_.holds_all(summary) &&
                          summary.first_observed_at.exists() &&
                          (present == nullptr || summary.last_offset != present->offset);
    if (is_whole && visitor_.numbers(key.attribute, key.dataset, summary)) return {};
    const auto numbers = series.columns(index, columns_.times, columns_.values, columns_.offsets);
    if (!numbers) return numbers.error();
    if (!*numbers) return instances(series, index, present);
    for (size_t i = 0; i < columns_.values.size(); ++i) {
      const Offset offset{columns_.offsets[i]};
      const Instant observed_at{columns_.times[i]};
      const bool is_told = present != nullptr && offset == present->offset && observed_at == present->observed_at &&
                           columns_.values[i] == twin::as_number(present->value);
      if (is_told || !window_.holds(observed_at, offset)) continue;
      const auto at = time_of(observed_at, offset);
      if (!at) return at.error();
      visitor_.number(key.attribute, key.dataset, *at, columns_.values[i]);
    }
    return {};
  }

  Status instances(const History::Series& series, size_t index, const Attribute* present) {
    const auto chunk = series.chunk(index);
    if (!chunk) return chunk.error();
    for (const PastInstance& one : chunk->instances) {
      const bool is_told =
          present != nullptr && one.offset == present->offset && twin::same_statement(one.attribute, *present);
      if (one.ended || is_told || !window_.holds(one.attribute.observed_at, one.offset)) continue;
      const auto at = time_of(one.attribute.observed_at, one.offset);
      if (!at) return at.error();
      visitor_.instance(one.attribute, *at);
    }
    return {};
  }

  const Views& views_;
  const HistoryQuery& query_;
  const Window& window_;
  PastVisitor& visitor_;
  std::map<std::pair<Term, Term>, Attribute> told_;
  Columns columns_;
};

}  // namespace

Status Snapshot::visit_past(std::string_view entity_id, const HistoryQuery& query, PastVisitor& visitor) const {
  if (query.window.property == TimeProperty::deleted_at) {
    return base::fail(base::Code::invalid, "ends of attributes have no values", "timeproperty");
  }
  for (const Stretch& stretch : stretches_of(*views_, branch_, offset_)) {
    const auto on = views_->branch(stretch.branch);
    const twin::EntityRecord record = on ? on->latest.find(entity_id) : twin::EntityRecord();
    if (!record) continue;
    const auto window = window_of(*views_, query.window, stretch);
    if (!window) return window.error();
    Telling telling(*views_, query, *window, visitor);
    if (auto status = telling.present(record); !status) return status;
    const auto keys = views_->history().series_of(stretch.branch, record.number());
    if (!keys) return keys.error();
    for (const SeriesKey& key : *keys) {
      if (!is_of_attributes(query, key.attribute)) continue;
      if (auto status = telling.series(key); !status) return status;
    }
  }
  return {};
}

Result<std::vector<AttributeHistory>> Snapshot::history(std::string_view entity_id, const HistoryQuery& query) const {
  std::map<std::pair<Term, Term>, Gatherer> gatherers;
  const auto gatherer_of = [&](Term name, Term dataset) -> Gatherer& {
    return gatherers.try_emplace({name, dataset}, query).first->second;
  };
  const auto wanted = [&](Term name) { return is_of_attributes(query, name); };
  const bool ends = query.window.property == TimeProperty::deleted_at;
  for (const Stretch& stretch : stretches_of(*views_, branch_, offset_)) {
    const auto on = views_->branch(stretch.branch);
    const twin::EntityRecord record = on ? on->latest.find(entity_id) : twin::EntityRecord();
    if (!record) continue;
    const auto window = window_of(*views_, query.window, stretch);
    if (!window) return window.error();
    // What holds now before what held: an instance superseded in between is then found twice rather than never.
    record.each_attribute({}, [&](const Attribute& attribute) {
      if (!ends && wanted(attribute.name) && window->holds(attribute.observed_at, attribute.offset)) {
        gatherer_of(attribute.name, attribute.dataset).add({attribute.offset, false, attribute});
      }
      return true;
    });
    const auto keys = views_->history().series_of(stretch.branch, record.number());
    if (!keys) return keys.error();
    const auto lives = ends ? ended_lives(*views_, stretch.branch, record.number()) : Result(std::vector<Life>());
    if (!lives) return lives.error();
    for (const SeriesKey& key : *keys) {
      if (!wanted(key.attribute)) continue;
      if (auto ended = gather_ends_with(*views_, key, *lives, *window, gatherer_of(key.attribute, key.dataset)); !ended)
        return ended.error();
      const Status gathered =
          gather(*views_, key, *window, query.last_n > 0, ends, gatherer_of(key.attribute, key.dataset));
      if (!gathered) return gathered.error();
    }
  }
  std::vector<AttributeHistory> histories;
  for (auto& [key, gatherer] : gatherers) {
    AttributeHistory history = gatherer.take(key.first, key.second);
    if (history.instances.empty()) continue;
    for (Attribute& attribute : history.instances) {
      if (!query.with_recorded_times || attribute.modified_at.exists()) continue;
      const auto time = views_->recorded_at(attribute.offset);
      if (!time) return time.error();
      stamp(attribute, *time);
    }
    histories.push_back(std::move(history));
  }
  return histories;
}

}  // namespace cityloom::thread
