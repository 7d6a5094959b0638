// Histories: what a snapshot's reader hears of an entity's past.
#include <algorithm>
#include <map>

#include "thread/past_corrections.hpp"
#include "thread/scope_history.hpp"
#include "thread/snapshot.hpp"
#include "thread/views.hpp"

namespace cityloom::thread {
namespace {

using base::Instant;
using base::Result;
using base::Status;
using twin::Attribute;
using twin::Term;

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

  // One that lies in the window; `key` says which it is.
  void add(Offset offset, Attribute attribute, const PastKey& key, uint64_t stands_for = 1) {
    found_.push_back({offset, {std::move(attribute), key, stands_for}});
  }

  // Whether a chunk can still hold something better than what is found.
  bool wants(const ChunkSummary& chunk) {
    if (found_.size() <= need_ + 1) return true;
    trim();
    const Found& worst = found_.back();
    if (query_.window.property != TimeProperty::observed_at) {
      return latest_first_ ? chunk.last_offset > worst.offset : chunk.first_offset < worst.offset;
    }
    if (!chunk.first_observed_at.exists() || !worst.instance.observed_at.exists()) return true;
    return latest_first_ ? chunk.last_observed_at >= worst.instance.observed_at
                         : chunk.first_observed_at <= worst.instance.observed_at;
  }

  AttributeHistory take(Term name, Term dataset) {
    sort();
    const auto twice = [](const Found& left, const Found& right) {
      return left.offset == right.offset && twin::same_statement(left.instance, right.instance);
    };
    found_.erase(std::unique(found_.begin(), found_.end(), twice), found_.end());
    AttributeHistory history{name, dataset, {}, found_.size() > need_};
    if (found_.size() > need_) found_.resize(need_);
    for (Found& one : found_) history.instances.push_back(std::move(one.instance));
    return history;
  }

 private:
  struct Found {
    Offset offset;  // of the window: that of the commit, or of the correction
    PastAttribute instance;
  };

  bool before(const Found& left, const Found& right) const {
    const bool observed = query_.window.property == TimeProperty::observed_at;
    const auto key = [&](const Found& one) {
      return std::pair{observed ? one.instance.observed_at : Instant{}, one.offset};
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
  std::vector<Found> found_;
};

// Of an instance in a series.
PastKey key_in(const SeriesKey& series, Offset offset, Instant observed_at) {
  const bool told = is_told(series.dataset);
  return {offset, told ? observed_at : Instant::none(), told};
}

// Whether an instance is not to be told. What stands for a thinned period is no longer one that can be corrected.
bool is_hidden(const PastCorrections& corrections, const SeriesKey& key, const Chunk& chunk, size_t index) {
  if (corrections.empty()) return false;
  const Term dataset = without_told(key.dataset);
  const Offset offset = chunk.offset_at(index);
  if (chunk.stands_for(index) > 1) return corrections.takes_out(key.attribute, dataset, offset);
  return corrections.hides(key.attribute, dataset, key_in(key, offset, chunk.observed_at(index)));
}

// The end of an instance, as an instance of the kind that ended.
Result<PastInstance> end_at(const History::Series& series, PastInstance end) {
  const auto before = series.last_at({end.offset.number - 1});
  if (!before) return before.error();
  if (before->has_value()) end.attribute.kind = (*before)->attribute.kind;
  end.attribute.offset = end.offset;
  return end;
}

// The chunks that may hold what lies in the window, the best first.
std::vector<size_t> chunks_in(const History::Series& series, const Window& window, bool latest_first) {
  std::vector<size_t> order;
  for (size_t i = 0; i < series.size(); ++i) {
    if (window.may_hold(series.summary(i))) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    const ChunkSummary& one = series.summary(left);
    const ChunkSummary& other = series.summary(right);
    if (latest_first)
      return std::pair{one.last_observed_at, one.last_offset} > std::pair{other.last_observed_at, other.last_offset};
    return std::pair{one.first_observed_at, one.first_offset} < std::pair{other.first_observed_at, other.first_offset};
  });
  return order;
}

// How the instances of one entity are gathered on one stretch.
struct Gathering {
  const Views& views;
  const Window& window;
  const PastCorrections& corrections;
  bool latest_first = false;
  bool ends = false;  // rather than what held
};

Status gather(const Gathering& how, const SeriesKey& key, Gatherer& gatherer) {
  const auto series = how.views.history().series(key);
  if (!series) return series.error();
  for (const size_t index : chunks_in(*series, how.window, how.latest_first)) {
    if (!gatherer.wants(series->summary(index))) continue;
    const auto chunk = series->chunk(index);
    if (!chunk) return chunk.error();
    for (size_t i = 0; i < chunk->size(); ++i) {
      const Instant observed_at = chunk->observed_at(i);
      const Offset offset = chunk->offset_at(i);
      const PastKey which = key_in(key, offset, observed_at);
      if (!how.window.holds(observed_at, offset) || is_hidden(how.corrections, key, *chunk, i)) continue;
      const bool is_told_end = how.ends && which.is_told && twin::is_null(chunk->at(i).attribute.value);
      if (!is_told_end && chunk->is_end(i) != how.ends) continue;
      if (is_told_end || !how.ends) {
        gatherer.add(offset, chunk->at(i).attribute, which, chunk->stands_for(i));
        continue;
      }
      auto end = end_at(*series, chunk->at(i));
      if (!end) return end.error();
      gatherer.add(offset, std::move(end->attribute), which);
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

// What ended because its entity did: no end of its own is kept for it. What was stated of the past never held.
Status gather_ends_with(const Views& views, const SeriesKey& key, const std::vector<Life>& lives, const Window& window,
                        Gatherer& gatherer) {
  if (is_told(key.dataset)) return {};
  const auto series = views.history().series(key);
  if (!series) return series.error();
  for (const Life& life : lives) {
    if (!window.holds({}, life.end)) continue;
    const auto last = series->last_at(life.end);
    if (!last) return last.error();
    if (!last->has_value() || (*last)->ended || (*last)->offset < life.start) continue;
    Attribute end;
    end.name = key.attribute;
    end.dataset = key.dataset;
    end.kind = (*last)->attribute.kind;
    end.offset = life.end;
    gatherer.add(life.end, std::move(end), {life.end, {}, false});
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

// The offset at which a correction counts for a window by recorded times.
Offset offset_of(const Correction& correction, TimeProperty property) {
  return property == TimeProperty::created_at ? correction.key.offset : correction.at;
}

// Tells a visitor one branch's part of an entity's past.
class Telling {
 public:
  Telling(const Views& views, const HistoryQuery& query, const Window& window, const PastCorrections& corrections,
          PastVisitor& visitor)
      : views_(views), query_(query), window_(window), corrections_(corrections), visitor_(visitor) {}

  // What holds now goes first: when it is superseded meanwhile, it is left out of its series.
  Status present(const twin::EntityRecord& record) {
    Status failed;
    record.each_attribute({}, [&](const Attribute& attribute) {
      if (!is_of_attributes(query_, attribute.name) || !window_.holds(attribute.observed_at, attribute.offset)) {
        return true;
      }
      told_[{attribute.name, attribute.dataset}] = attribute;
      if (corrections_.hides(attribute.name, attribute.dataset, {attribute.offset, {}, false})) return true;
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
    const auto told = told_.find({key.attribute, key.dataset});  // none of a series of the past
    const Attribute* const present = told == told_.end() ? nullptr : &told->second;
    for (size_t i = 0; i < series->size() && visitor_.goes_on(); ++i) {
      if (!window_.may_hold(series->summary(i))) continue;
      if (auto status = chunk(key, *series, i, present); !status) return status;
    }
    return {};
  }

  // What takes the place of what was said, once for all stretches.
  Status replacements() {
    for (const Correction& one : corrections_.replacements()) {
      const Offset offset = offset_of(one, query_.window.property);
      if (!is_of_attributes(query_, one.attribute.name) || !window_.holds(one.attribute.observed_at, offset)) continue;
      const auto at = time_of(one.attribute.observed_at, offset);
      if (!at) return at.error();
      visitor_.instance(one.attribute, *at);
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
    const Term dataset = without_told(key.dataset);
    const bool is_corrected =
        corrections_.concerns(key.attribute, dataset, is_told(key.dataset), summary.first_offset, summary.last_offset);
    if (is_whole && !is_corrected && visitor_.numbers(key.attribute, dataset, summary)) return {};
    const auto numbers = series.columns(index, columns_.times, columns_.values, columns_.offsets);
    if (!numbers) return numbers.error();
    if (!*numbers) return instances(key, series, index, present);
    for (size_t i = 0; i < columns_.values.size(); ++i) {
      const Offset offset{columns_.offsets[i]};
      const Instant observed_at{columns_.times[i]};
      const bool is_told = present != nullptr && offset == present->offset && observed_at == present->observed_at &&
                           columns_.values[i] == twin::as_number(present->value);
      if (is_told || !window_.holds(observed_at, offset)) continue;
      if (is_corrected && corrections_.hides(key.attribute, dataset, key_in(key, offset, observed_at))) continue;
      const auto at = time_of(observed_at, offset);
      if (!at) return at.error();
      visitor_.number(key.attribute, dataset, *at, columns_.values[i]);
    }
    return {};
  }

  Status instances(const SeriesKey& key, const History::Series& series, size_t index, const Attribute* present) {
    const auto chunk = series.chunk(index);
    if (!chunk) return chunk.error();
    for (size_t i = 0; i < chunk->size(); ++i) {
      if (chunk->is_end(i) || !window_.holds(chunk->observed_at(i), chunk->offset_at(i))) continue;
      if (is_hidden(corrections_, key, *chunk, i)) continue;
      const PastInstance one = chunk->at(i);
      const bool is_told =
          present != nullptr && one.offset == present->offset && twin::same_statement(one.attribute, *present);
      if (is_told) continue;
      const auto at = time_of(one.attribute.observed_at, one.offset);
      if (!at) return at.error();
      if (chunk->stands_for(i) > 1) {
        visitor_.thinned(one.attribute, *at, chunk->thinned[i]);
      } else {
        visitor_.instance(one.attribute, *at);
      }
    }
    return {};
  }

  const Views& views_;
  const HistoryQuery& query_;
  const Window& window_;
  const PastCorrections& corrections_;
  PastVisitor& visitor_;
  std::map<std::pair<Term, Term>, Attribute> told_;
  Columns columns_;
};

// By its key.
Result<std::optional<PastAttribute>> instance_in(const Views& views, const SeriesKey& key, const PastKey& wanted) {
  const auto series = views.history().series(key);
  if (!series) return series.error();
  for (size_t index = 0; index < series->size(); ++index) {
    const ChunkSummary& summary = series->summary(index);
    if (summary.first_offset > wanted.offset || summary.last_offset < wanted.offset) continue;
    const auto chunk = series->chunk(index);
    if (!chunk) return chunk.error();
    for (size_t i = 0; i < chunk->size(); ++i) {
      if (chunk->offset_at(i) != wanted.offset) continue;
      PastInstance instance = chunk->at(i);
      if (instance.ended || key_in(key, instance.offset, instance.attribute.observed_at) != wanted) continue;
      return std::optional(PastAttribute{std::move(instance.attribute), wanted, chunk->stands_for(i)});
    }
  }
  return std::optional<PastAttribute>();
}

// All of a snapshot, for what belongs to no branch alone.
Stretch whole_of(BranchId branch, Offset upto) {
  return {branch, Offset{}, upto};
}

// What `history` gives of the times that are recorded rather than stated.
Status fill_recorded_times(const Views& views, std::vector<PastAttribute>& instances) {
  for (PastAttribute& instance : instances) {
    if (instance.modified_at.exists() && instance.created_at.exists()) continue;
    const auto time = views.recorded_at(instance.offset);
    if (!time) return time.error();
    if (!instance.created_at.exists()) instance.created_at = *time;
    if (!instance.modified_at.exists()) stamp(instance, *time);
  }
  return {};
}

}  // namespace

Status Snapshot::visit_past(std::string_view entity_id, const HistoryQuery& query, PastVisitor& visitor) const {
  if (query.window.property == TimeProperty::deleted_at) {
    return base::fail(base::Code::invalid, "ends of attributes have no values", "timeproperty");
  }
  const auto number = views_->number_of(branch_, entity_id);
  if (!number) return {};
  const auto stretches = stretches_of(*views_, branch_, offset_);
  const auto corrections = PastCorrections::read(*views_, stretches, *number);
  if (!corrections) return corrections.error();
  for (const Stretch& stretch : stretches) {
    const auto on = views_->branch(stretch.branch);
    const twin::EntityRecord record = on ? on->latest.find(entity_id) : twin::EntityRecord();
    const auto window = window_of(*views_, query.window, stretch);
    if (!window) return window.error();
    Telling telling(*views_, query, *window, *corrections, visitor);
    if (record) {
      if (auto status = telling.present(record); !status) return status;
    }
    const auto keys = views_->history().series_of(stretch.branch, *number);
    if (!keys) return keys.error();
    for (const SeriesKey& key : *keys) {
      if (!is_of_attributes(query, key.attribute)) continue;
      if (auto status = telling.series(key); !status) return status;
    }
  }
  if (corrections->replacements().empty()) return {};
  const auto window = window_of(*views_, query.window, whole_of(branch_, offset_));
  return window ? Telling(*views_, query, *window, *corrections, visitor).replacements() : window.error();
}

Result<std::vector<AttributeHistory>> Snapshot::history(std::string_view entity_id, const HistoryQuery& query) const {
  std::map<std::pair<Term, Term>, Gatherer> gatherers;
  const auto gatherer_of = [&](Term name, Term dataset) -> Gatherer& {
    return gatherers.try_emplace({name, dataset}, query).first->second;
  };
  const auto number = views_->number_of(branch_, entity_id);
  if (!number) return std::vector<AttributeHistory>();
  const auto stretches = stretches_of(*views_, branch_, offset_);
  const auto corrections = PastCorrections::read(*views_, stretches, *number);
  if (!corrections) return corrections.error();
  const bool ends = query.window.property == TimeProperty::deleted_at;
  for (const Stretch& stretch : stretches) {
    const auto on = views_->branch(stretch.branch);
    const twin::EntityRecord record = on ? on->latest.find(entity_id) : twin::EntityRecord();
    const auto window = window_of(*views_, query.window, stretch);
    if (!window) return window.error();
    // What holds now before what held: an instance superseded in between is then found twice rather than never.
    const auto present = [&](const Attribute& attribute) {
      const PastKey key{attribute.offset, {}, false};
      if (!ends && is_of_attributes(query, attribute.name) && window->holds(attribute.observed_at, attribute.offset) &&
          !corrections->hides(attribute.name, attribute.dataset, key)) {
        gatherer_of(attribute.name, attribute.dataset).add(attribute.offset, attribute, key);
      }
      return true;
    };
    if (record) record.each_attribute({}, present);
    const auto keys = views_->history().series_of(stretch.branch, *number);
    if (!keys) return keys.error();
    const auto lives = ends ? ended_lives(*views_, stretch.branch, *number) : Result(std::vector<Life>());
    if (!lives) return lives.error();
    const Gathering how{*views_, *window, *corrections, query.last_n > 0, ends};
    for (const SeriesKey& key : *keys) {
      if (!is_of_attributes(query, key.attribute)) continue;
      Gatherer& gatherer = gatherer_of(key.attribute, without_told(key.dataset));
      if (auto ended = gather_ends_with(*views_, key, *lives, *window, gatherer); !ended) return ended.error();
      if (auto gathered = gather(how, key, gatherer); !gathered) return gathered.error();
    }
  }
  if (!ends && !corrections->replacements().empty()) {
    const auto window = window_of(*views_, query.window, whole_of(branch_, offset_));
    if (!window) return window.error();
    for (const Correction& one : corrections->replacements()) {
      const Offset offset = offset_of(one, query.window.property);
      if (!is_of_attributes(query, one.attribute.name) || !window->holds(one.attribute.observed_at, offset)) continue;
      gatherer_of(one.attribute.name, one.attribute.dataset).add(offset, one.attribute, one.key);
    }
  }
  std::vector<AttributeHistory> histories;
  for (auto& [key, gatherer] : gatherers) {
    AttributeHistory history = gatherer.take(key.first, key.second);
    if (history.instances.empty()) continue;
    if (query.with_recorded_times) {
      if (auto filled = fill_recorded_times(*views_, history.instances); !filled) return filled.error();
    }
    histories.push_back(std::move(history));
  }
  const bool asks_scopes =
      std::find(query.attributes.begin(), query.attributes.end(), twin::terms::scope) != query.attributes.end();
  if (!asks_scopes) return histories;
  const auto now = find(entity_id);
  if (!now) return now.error();
  auto scopes = scope_history(*views_, stretches, *number, *now, query.limit);
  if (!scopes) return scopes.error();
  if (!scopes->instances.empty()) histories.push_back(std::move(*scopes));
  return histories;
}

Result<PastHead> Snapshot::head_of_past(std::string_view entity_id) const {
  PastHead head;
  const auto number = views_->number_of(branch_, entity_id);
  if (!number) return head;
  const auto stretches = stretches_of(*views_, branch_, offset_);
  const auto corrections = PastCorrections::read(*views_, stretches, *number);
  if (!corrections) return corrections.error();
  head.removed_upto = corrections->removed_upto();
  for (const Stretch& stretch : stretches) {
    const auto series = views_->history().series({stretch.branch, *number, twin::terms::lifecycle, {}});
    if (!series) return series.error();
    for (size_t index = 0; index < series->size(); ++index) {
      const auto chunk = series->chunk(index);
      if (!chunk) return chunk.error();
      for (const PastInstance& life : chunk->instances) {
        if (life.offset <= stretch.after || life.offset > stretch.upto || life.offset < head.offset) continue;
        if (!head.created_at.exists() || life.attribute.created_at < head.created_at)
          head.created_at = life.attribute.created_at;
        head.offset = life.offset;
        head.modified_at = life.attribute.modified_at;
        head.types = life.attribute.object_types;
        head.scopes = lines_of(life.attribute.value);
      }
    }
  }
  return head;
}

Result<std::optional<PastAttribute>> Snapshot::past_instance(std::string_view entity_id, Term name, Term dataset,
                                                             const PastKey& key) const {
  const std::optional<PastAttribute> none;
  const auto number = views_->number_of(branch_, entity_id);
  if (!number) return none;
  const auto stretches = stretches_of(*views_, branch_, offset_);
  const auto corrections = PastCorrections::read(*views_, stretches, *number);
  if (!corrections) return corrections.error();
  for (const Correction& one : corrections->replacements()) {
    if (one.key == key && one.attribute.name == name && one.attribute.dataset == dataset)
      return std::optional(PastAttribute{one.attribute, key});
  }
  if (corrections->hides(name, dataset, key)) return none;
  for (const Stretch& stretch : stretches) {
    if (key.offset <= stretch.after || key.offset > stretch.upto) continue;
    const auto on = views_->branch(stretch.branch);
    const twin::EntityRecord record = on ? on->latest.find(entity_id) : twin::EntityRecord();
    std::optional<PastAttribute> found;
    const auto present = [&](const Attribute& attribute) {
      const bool is_it = attribute.dataset == dataset && attribute.offset == key.offset;
      if (is_it) found = PastAttribute{attribute, key};
      return !is_it;
    };
    if (record && !key.is_told) record.each_attribute(name, present);
    if (found) return found;
    return instance_in(*views_, {stretch.branch, *number, name, key.is_told ? told(dataset) : dataset}, key);
  }
  return none;
}

}  // namespace cityloom::thread
