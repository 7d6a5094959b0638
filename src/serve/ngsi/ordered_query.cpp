// The first of an order, kept in a heap while all matches go by.
#include "serve/ngsi/ordered_query.hpp"

#include <absl/container/flat_hash_set.h>

#include <algorithm>

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;

struct Candidate {
  std::vector<twin::OrderValue> values;
  twin::EntityRecord record;
  size_t bytes() const {
    size_t sum = 0;
    for (const twin::OrderValue& value : values) sum += value.text.size();
    return sum;
  }
};

// The first `kept_max` of what is added, in order.
class First {
 public:
  First(const twin::Sorter& sorter, size_t kept_max) : sorter_(sorter), kept_max_(kept_max) {}

  void add(const twin::EntityRecord& record) {
    ++count_;
    if (kept_max_ == 0) return;
    Candidate made{sorter_.values(record), record};
    const auto before = [this](const Candidate& a, const Candidate& b) { return is_before(a, b); };
    if (kept_.size() == kept_max_) {
      if (!is_before(made, kept_.front())) return;
      std::pop_heap(kept_.begin(), kept_.end(), before);
      bytes_ -= kept_.back().bytes();
      kept_.pop_back();
    }
    bytes_ += made.bytes();
    kept_.push_back(std::move(made));
    std::push_heap(kept_.begin(), kept_.end(), before);
  }

  uint64_t count() const { return count_; }
  bool is_too_large() const { return bytes_ > order_bytes_max; }
  std::vector<Candidate> take() {
    std::sort_heap(kept_.begin(), kept_.end(),
                   [this](const Candidate& a, const Candidate& b) { return is_before(a, b); });
    return std::move(kept_);
  }

 private:
  bool is_before(const Candidate& a, const Candidate& b) const {
    if (sorter_.before(a.values, b.values)) return true;
    return !sorter_.before(b.values, a.values) && a.record.number() < b.record.number();
  }

  const twin::Sorter& sorter_;
  const size_t kept_max_;
  std::vector<Candidate> kept_;  // a heap, the last of them at its front
  uint64_t count_ = 0;
  size_t bytes_ = 0;  // of the texts that they are ordered by
};

}  // namespace

base::Result<thread::QueryResult> query_ordered(const thread::Snapshot& snapshot,
                                                const std::vector<twin::Query>& any_of, const twin::Sorter& sorter,
                                                const thread::Page& page, size_t entities_max,
                                                const thread::Bounds& bounds) {
  if (page.limit > entities_max || page.offset > entities_max - page.limit) {
    return fail(Code::too_complex,
                "an ordered answer gives the first " + std::to_string(entities_max) + " entities at most", "offset",
                "narrow the query, or ask without orderBy");
  }
  First first(sorter, page.limit == 0 ? 0 : page.offset + page.limit);
  absl::flat_hash_set<uint32_t> met;  // numbers of entities
  for (const twin::Query& query : any_of) {
    const auto status = snapshot.each(
        query,
        [&](const twin::EntityRecord& record) {
          if (any_of.size() == 1 || met.insert(record.number().number).second) first.add(record);
          return met.size() <= entities_max && !first.is_too_large();
        },
        bounds);
    if (!status.ok()) return status.error();
    if (first.is_too_large()) {
      return fail(Code::too_complex,
                  "what they are ordered by has more than " + std::to_string(order_bytes_max >> 20) + " MiB", "orderBy",
                  "ask for a smaller page, or order by shorter values");
    }
    if (met.size() > entities_max) {
      return fail(Code::too_complex, "several selectors match more than " + std::to_string(entities_max) + " entities",
                  "entities", "ask for each of them alone");
    }
  }
  thread::QueryResult result;
  result.count = page.count ? first.count() : 0;
  result.more = first.count() > page.offset + page.limit;
  std::vector<Candidate> kept = first.take();
  for (size_t i = page.offset; i < kept.size(); ++i) result.records.push_back(std::move(kept[i].record));
  return result;
}

}  // namespace cityloom::serve::ngsi_ld
