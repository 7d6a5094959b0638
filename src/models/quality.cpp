#include "models/quality.hpp"

#include <algorithm>

namespace cityloom::models {
namespace {

using base::Instant;

// What was seen of one entity.
struct Seen {
  double completeness = 0, required = 0, age_s = 0;
  bool is_valid = false;
  size_t source = 0;  // in `names`, from 1; 0: who wrote at `offset`
  thread::Offset offset;
};

// Numbers for the sources that a look meets.
class Sources {
 public:
  size_t number_of(const std::string& name) {
    const auto [found, is_new] = numbers_.try_emplace(name, names_.size() + 1);
    if (is_new) names_.push_back(name);
    return found->second;
  }
  const std::string& name(size_t number) const { return names_[number - 1]; }

 private:
  std::map<std::string, size_t> numbers_;
  std::vector<std::string> names_;
};

double share(size_t part, size_t all) {
  return all == 0 ? 1.0 : static_cast<double>(part) / static_cast<double>(all);
}

class Look {
 public:
  Look(const ModelGuard& guard, const ActiveModel& active, Instant now) : guard_(guard), active_(active), now_(now) {
    for (const AttributeModel& attribute : active.bound->model().attributes) {
      if (!attribute.is_shared) own_.push_back(active.bound->term_of(attribute));
      if (attribute.is_required) required_.push_back(active.bound->term_of(attribute));
    }
  }

  Seen at(const twin::EntityRecord& record, Sources& sources) const {
    const twin::Entity entity = record.unpack();
    Seen seen;
    seen.completeness = share(count(own_, entity), own_.size());
    seen.required = share(count(required_, entity), required_.size());
    seen.is_valid = guard_.findings_of(entity).empty();
    Instant latest;
    for (const twin::Attribute& attribute : entity.attributes) {
      if (attribute.observed_at <= now_) latest = std::max(latest, attribute.observed_at);
    }
    if (!latest.exists()) latest = entity.modified_at;
    seen.age_s = std::max(0.0, static_cast<double>(now_.microseconds - latest.microseconds) / 1e6);
    seen.offset = record.offset();
    const std::string named = source_of(record, active_.bound->source(), {});
    if (named != unnamed_source) seen.source = sources.number_of(named);
    return seen;
  }

 private:
  static size_t count(const std::vector<twin::Term>& names, const twin::Entity& entity) {
    return static_cast<size_t>(std::count_if(names.begin(), names.end(), [&](twin::Term name) {
      return std::any_of(entity.attributes.begin(), entity.attributes.end(),
                         [&](const twin::Attribute& one) { return one.name == name; });
    }));
  }

  const ModelGuard& guard_;
  const ActiveModel& active_;
  Instant now_;
  std::vector<twin::Term> own_, required_;
};

// Who wrote last, of the entities that do not say where they come from: commits are read in their order.
base::Status find_authors(const thread::Thread& thread, const QualityLimits& limits, Sources& sources,
                          std::vector<Seen>& all) {
  std::vector<Seen*> unnamed;
  for (Seen& seen : all) {
    if (seen.source == 0) unnamed.push_back(&seen);
  }
  std::sort(unnamed.begin(), unnamed.end(), [](const Seen* a, const Seen* b) { return a->offset < b->offset; });
  std::vector<std::shared_ptr<const thread::Commit>> commits;
  size_t at = 0, reads = 0;
  for (Seen* const seen : unnamed) {
    while (at < commits.size() && commits[at]->offset < seen->offset) ++at;
    if (at == commits.size() && reads < limits.reads_max) {
      ++reads;
      if (limits.goes_on && !limits.goes_on()) return base::fail(base::Code::cancelled, "stopped");
      constexpr size_t commits_max = 256, bytes_max = 1u << 20;
      auto read = thread.feed(thread::Offset{seen->offset.number - 1}, commits_max, bytes_max);
      if (!read) return read.error();
      commits = std::move(read).value();
      at = 0;
    }
    const bool is_found = at < commits.size() && commits[at]->offset == seen->offset;
    const std::string_view author = !is_found ? unknown_source : std::string_view(commits[at]->author);
    seen->source = sources.number_of(std::string(author.empty() ? unnamed_source : author));
  }
  return {};
}

double at_share(std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<size_t>(last * part + 0.5)];
}

void sum_up(const std::vector<Seen>& all, const Sources& sources, double interval_s, TypeQuality& to) {
  struct Sums {
    size_t entities = 0, valid = 0, fresh = 0;
    double completeness = 0, required = 0;
    std::vector<double> ages;
  };
  std::map<size_t, Sums> sums;
  for (const Seen& seen : all) {
    Sums& sum = sums[seen.source];
    ++sum.entities;
    sum.valid += seen.is_valid ? 1 : 0;
    sum.fresh += seen.age_s <= interval_s ? 1 : 0;
    sum.completeness += seen.completeness;
    sum.required += seen.required;
    sum.ages.push_back(seen.age_s);
  }
  for (auto& [source, sum] : sums) {
    SourceQuality& quality = to.sources[sources.name(source)];
    const auto entities = static_cast<double>(sum.entities);
    quality.entities = sum.entities;
    quality.completeness = sum.completeness / entities;
    quality.required_completeness = sum.required / entities;
    quality.validity = share(sum.valid, sum.entities);
    if (interval_s > 0) quality.freshness = share(sum.fresh, sum.entities);
    std::sort(sum.ages.begin(), sum.ages.end());
    quality.age_median_s = at_share(sum.ages, 0.5);
    quality.age_most_s = at_share(sum.ages, 0.95);
  }
}

}  // namespace

base::Result<std::vector<TypeQuality>> quality_of(const thread::Thread& thread, const ModelGuard& guard,
                                                  const Tally& tally, Instant now, const QualityLimits& limits) {
  std::vector<TypeQuality> types;
  const thread::Snapshot snapshot = thread.snapshot();
  const Tally::Rows rows = tally.rows();
  for (const ActiveModel& active : guard.models()) {
    TypeQuality& type = types.emplace_back();
    type.model = active.bound->pointer();
    type.mode = active.mode;
    type.interval_s = active.interval_s;
    const Look look(guard, active, now);
    Sources sources;
    std::vector<Seen> all;
    twin::Query query;
    query.types.any_of = {{active.bound->type()}};
    thread::Bounds bounds;
    bounds.goes_on = limits.goes_on;
    const auto visited = snapshot.each(
        query,
        [&](const twin::EntityRecord& record) {
          type.is_complete = all.size() < limits.entities_max;
          if (type.is_complete) all.push_back(look.at(record, sources));
          return type.is_complete;
        },
        bounds);
    if (!visited) return visited.error();
    if (const auto found = find_authors(thread, limits, sources, all); !found) return found.error();
    type.entities = all.size();
    sum_up(all, sources, active.interval_s, type);
    for (const auto& [key, row] : rows) {
      if (key.first == type.model->type_iri) type.sources[key.second].writes = row;
    }
  }
  return types;
}

}  // namespace cityloom::models
