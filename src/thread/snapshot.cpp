#include "thread/snapshot.hpp"

#include <algorithm>
#include <map>

#include "thread/views.hpp"

namespace cityloom::thread {

using base::Result;
using base::Status;
using twin::EntityNumber;
using twin::EntityRecord;
using twin::Term;

namespace {

// Counts what a read looks at, and says when it is enough.
class Effort {
 public:
  explicit Effort(const Bounds& bounds) : bounds_(bounds) {}
  bool goes_on() {
    constexpr size_t step = 128;
    if (++looked_at_ > bounds_.records_max) return false;
    return !bounds_.goes_on || looked_at_ % step != 0 || bounds_.goes_on();
  }

 private:
  const Bounds& bounds_;
  size_t looked_at_ = 0;
};

base::Error enough() {
  return base::fail(base::Code::cancelled, "the read was ended before it was complete");
}

}  // namespace

Result<EntityRecord> Snapshot::find(std::string_view entity_id) const {
  return views_->find(branch_, offset_, entity_id);
}

std::optional<twin::EntityNumber> Snapshot::number_of(std::string_view entity_id) const {
  return views_->number_of(branch_, entity_id);
}

Result<QueryResult> Snapshot::query(const twin::Query& query, const Page& page, const Bounds& bounds) const {
  const auto candidates = views_->candidates(branch_, offset_, query, bounds.records_max);
  if (!candidates) return candidates.error();
  const twin::Matcher matches(query);
  Effort effort(bounds);
  QueryResult result;
  uint64_t matched = 0;
  auto it = candidates->numbers.begin();
  const auto end = candidates->numbers.end();
  if (candidates->exact) {
    result.count = page.count ? candidates->numbers.cardinality() : 0;
    uint32_t first = 0;
    if (!candidates->numbers.select(static_cast<uint32_t>(std::min<size_t>(page.offset, UINT32_MAX)), &first))
      return result;
    it.equalorlarger(first);
    matched = page.offset;
  }
  for (; it != end; ++it) {
    const bool full = matched >= page.offset + page.limit;
    if (full && candidates->exact) result.more = true;
    if (full && (candidates->exact || (!page.count && result.more))) break;
    if (!effort.goes_on()) return enough();
    auto record = views_->find(branch_, offset_, EntityNumber{*it});
    if (!record) return record.error();
    if (!record->exists() || !matches(*record)) continue;
    if (full) result.more = true;
    if (!full && matched >= page.offset) result.records.push_back(std::move(*record));
    ++matched;
  }
  if (page.count && !candidates->exact) result.count = matched;
  return result;
}

Status Snapshot::each(const twin::Query& query, const std::function<bool(const EntityRecord&)>& visit,
                      const Bounds& bounds) const {
  const auto candidates = views_->candidates(branch_, offset_, query, bounds.records_max);
  if (!candidates) return candidates.error();
  const twin::Matcher matches(query);
  Effort effort(bounds);
  for (const uint32_t number : candidates->numbers) {
    if (!effort.goes_on()) return enough();
    const auto record = views_->find(branch_, offset_, EntityNumber{number});
    if (!record) return record.error();
    if (record->exists() && matches(*record) && !visit(*record)) break;
  }
  return {};
}

Result<std::vector<std::pair<Term, uint64_t>>> Snapshot::types() const {
  std::vector<std::pair<Term, uint64_t>> counts;
  if (branch_ == main_branch && offset_ >= views_->head()) {
    counts = views_->main().types();
  } else {
    std::map<Term, uint64_t> by_type;
    const Status walked = each({}, [&](const EntityRecord& record) {
      for (const Term type : record.types()) ++by_type[type];
      return true;
    });
    if (!walked) return walked.error();
    counts.assign(by_type.begin(), by_type.end());
  }
  std::sort(counts.begin(), counts.end(), [](const auto& left, const auto& right) {
    return left.second != right.second ? left.second > right.second : left.first < right.first;
  });
  return counts;
}

Status Snapshot::each_ever(const twin::Query& query, const std::function<bool(std::string_view id)>& visit,
                           const Bounds& bounds) const {
  auto numbers = views_->ever(query);
  if (!numbers) return numbers.error();
  Effort effort(bounds);
  const auto on = views_->branch(branch_);
  for (const uint32_t number : *numbers) {
    if (!effort.goes_on()) return enough();
    // On a branch an entity may be its own; ids are looked up where the number is known.
    EntityRecord record = on ? on->latest.find(EntityNumber{number}) : EntityRecord();
    if (!record) record = views_->main().find(EntityNumber{number});
    if (!record) continue;
    if (!query.ids.empty() && std::find(query.ids.begin(), query.ids.end(), record.id()) == query.ids.end()) continue;
    if (query.id_pattern && !twin::found_in(query.id_pattern, record.id())) continue;
    if (!visit(record.id())) break;
  }
  return {};
}

}  // namespace cityloom::thread
