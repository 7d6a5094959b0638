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

base::Error enough() {
  return base::fail(base::Code::cancelled, "the read was ended before it was complete");
}

// Counts what a read looks at, and says when it is enough.
class Effort {
 public:
  explicit Effort(const Bounds& bounds) : bounds_(bounds) {}
  bool goes_on() {
    constexpr size_t step = 128;
    if (++looked_at_ > bounds_.records_max) return false;
    return !bounds_.goes_on || looked_at_ % step != 0 || bounds_.goes_on();
  }
  size_t looked_at() const { return looked_at_; }
  bool allows(uint64_t more) const { return more <= bounds_.records_max - std::min(looked_at_, bounds_.records_max); }

 private:
  const Bounds& bounds_;
  size_t looked_at_ = 0;
};

// Goes through the matches of a query. Looks at the first candidates that type and place name; where those do not
// suffice, at those that the values of attributes leave, which are learnt if the way would be long.
class Walk {
 public:
  Walk(const Views& views, BranchId branch, Offset at, const twin::Query& query, const Bounds& bounds)
      : views_(views), branch_(branch), at_(at), matches_(query), bounds_(bounds), effort_(bounds) {}

  Status begin() { return find_candidates(Views::By::type_and_place); }
  // All that is left matches.
  bool exact() const { return found_.exact; }
  uint64_t left() const { return found_.numbers.cardinality() - passed(); }
  // Leaves out up to so many of an exact rest, and says how many.
  uint64_t skip(uint64_t count) {
    const uint64_t skipped = std::min(count, left());
    uint32_t last = 0;
    if (skipped > 0 && found_.numbers.select(static_cast<uint32_t>(passed() + skipped - 1), &last)) next_ = last + 1ull;
    place_ = place_of_next();
    return skipped;
  }
  // The next match, or an empty record at the end. Errors: cancelled, those of reading.
  Result<EntityRecord> next() {
    while (true) {
      if (!by_value_ && is_long()) {
        if (auto narrowed = narrow(); !narrowed) return narrowed.error();
      }
      if (place_ == found_.numbers.end()) return EntityRecord();
      if (!effort_.goes_on()) return enough();
      const EntityNumber number{*place_};
      ++place_;
      next_ = number.number + 1ull;
      auto record = views_.find(branch_, at_, number);
      if (!record) return record;
      if (!record->exists() || !matches_(*record)) continue;
      ++matched_;
      return record;
    }
  }

 private:
  static constexpr uint64_t worth_learning = 10'000;
  static constexpr uint64_t entities_a_record = 2'000;  // gone through by value while one record is looked at

  // Where many match, a page is full before values are worth asking.
  bool is_long() const {
    constexpr size_t looked_at_first = 1'000;
    constexpr size_t looked_at_most = 1'500;
    constexpr size_t many = looked_at_first / 20;
    const size_t looked_at = effort_.looked_at();
    return looked_at >= looked_at_most || (looked_at >= looked_at_first && matched_ < many);
  }

  uint64_t passed() const { return next_ == 0 ? 0 : found_.numbers.rank(static_cast<uint32_t>(next_ - 1)); }
  Numbers::const_iterator place_of_next() const {
    auto place = found_.numbers.begin();
    if (next_ > UINT32_MAX) return found_.numbers.end();
    if (next_ > 0) place.equalorlarger(static_cast<uint32_t>(next_));
    return place;
  }
  Status find_candidates(Views::By by) {
    auto found = views_.candidates(branch_, at_, matches_.query(), by, bounds_.records_max);
    if (!found) return found.error();
    found_ = std::move(*found);
    place_ = place_of_next();
    return {};
  }
  Status narrow() {
    by_value_ = true;
    const auto& condition = matches_.query().condition;
    if (!condition || found_.exact) return {};
    if (!effort_.allows(views_.main().numbers_end() / entities_a_record)) return enough();
    const uint64_t more = left();
    if (more >= worth_learning && effort_.allows(more)) views_.main().learn(*condition, bounds_.goes_on);
    return find_candidates(Views::By::value_too);
  }

  const Views& views_;
  const BranchId branch_;
  const Offset at_;
  const twin::Matcher matches_;
  const Bounds& bounds_;
  Effort effort_;
  Views::Candidates found_;
  Numbers::const_iterator place_ = found_.numbers.begin();
  uint64_t next_ = 0;   // the least number not passed yet
  size_t matched_ = 0;  // of those looked at
  bool by_value_ = false;
};

}  // namespace

Result<EntityRecord> Snapshot::find(std::string_view entity_id) const {
  return views_->find(branch_, offset_, entity_id);
}

Result<EntityRecord> Snapshot::find(EntityNumber number) const {
  return views_->find(branch_, offset_, number);
}

std::optional<twin::EntityNumber> Snapshot::number_of(std::string_view entity_id) const {
  return views_->number_of(branch_, entity_id);
}

Result<QueryResult> Snapshot::query(const twin::Query& query, const Page& page, const Bounds& bounds) const {
  Walk walk(*views_, branch_, offset_, query, bounds);
  if (auto begun = walk.begin(); !begun) return begun.error();
  QueryResult result;
  uint64_t matched = 0;
  while (true) {
    if (walk.exact() && matched < page.offset) matched += walk.skip(page.offset - matched);
    const bool full = matched >= page.offset + page.limit;
    if (full && walk.exact()) result.more = result.more || walk.left() > 0;
    if (full && (walk.exact() || (!page.count && result.more))) break;
    auto record = walk.next();
    if (!record) return record.error();
    if (!*record) break;
    if (full) result.more = true;
    if (!full && matched >= page.offset) result.records.push_back(std::move(*record));
    ++matched;
  }
  if (page.count) result.count = matched + (walk.exact() ? walk.left() : 0);
  return result;
}

Status Snapshot::each(const twin::Query& query, const std::function<bool(const EntityRecord&)>& visit,
                      const Bounds& bounds) const {
  Walk walk(*views_, branch_, offset_, query, bounds);
  if (auto begun = walk.begin(); !begun) return begun;
  while (true) {
    const auto record = walk.next();
    if (!record) return record.error();
    if (!*record || !visit(*record)) return {};
  }
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
