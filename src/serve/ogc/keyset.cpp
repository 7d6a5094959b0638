#include "serve/ogc/keyset.hpp"

#include <algorithm>

#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ogc {
namespace {

using base::Result;

// Whether matches are told by the index of types alone, so that a page far behind costs no more than the first.
bool is_by_type_alone(const twin::Query& query) {
  return query.ids.empty() && !query.id_pattern && query.attributes.empty() && !query.condition && !query.geo &&
         query.scopes.empty() && !query.also;
}

// Whether the match at a position lies beyond a number; there may be none at it.
Result<bool> is_beyond(const thread::Snapshot& snapshot, const twin::Query& query, size_t position, uint32_t number,
                       const thread::Bounds& bounds) {
  thread::Page one;
  one.offset = position;
  one.limit = 1;
  const auto found = snapshot.query(query, one, bounds);
  if (!found.ok()) return found.error();
  return found->records.empty() || found->records.front().number().number > number;
}

// The first position beyond a number: looked for around where it was, in steps that double, then by halves.
Result<size_t> position_after(const After& after, const thread::Snapshot& snapshot, const twin::Query& query,
                              const thread::Bounds& bounds) {
  size_t low = 0;  // what lies before it is not beyond
  size_t high = after.position;
  for (size_t step = 1;; step *= 2) {
    const auto passed = is_beyond(snapshot, query, high, after.number, bounds);
    if (!passed.ok()) return passed.error();
    if (*passed) break;
    low = high + 1;
    high += step;
  }
  for (size_t step = 1; low < high; step *= 2) {
    const size_t before = high - std::min(step, high - low);
    const auto passed = is_beyond(snapshot, query, before, after.number, bounds);
    if (!passed.ok()) return passed.error();
    if (!*passed) {
      low = before + 1;
      break;
    }
    high = before;
  }
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const auto passed = is_beyond(snapshot, query, middle, after.number, bounds);
    if (!passed.ok()) return passed.error();
    if (*passed)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace

std::optional<After> After::read(std::string_view text) {
  const size_t hyphen = text.find('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  const auto number = ngsi_ld::number_of<uint32_t>(text.substr(0, hyphen));
  const auto position = ngsi_ld::number_of<uint32_t>(text.substr(hyphen + 1));
  if (!number || !position) return std::nullopt;
  return After{*number, *position};
}

std::string After::text() const {
  return std::to_string(number) + "-" + std::to_string(position);
}

Result<bool> begin_after(const After& after, const thread::Snapshot& snapshot, const thread::Bounds& bounds,
                         twin::Query& query, thread::Page& page) {
  if (is_by_type_alone(query)) {
    const auto position = position_after(after, snapshot, query, bounds);
    if (!position.ok()) return position.error();
    page.offset = *position;
    return true;
  }
  query.also = [number = after.number, also = std::move(query.also)](const twin::EntityRecord& record) {
    return record.number().number > number && (!also || also(record));
  };
  page.offset = 0;
  return false;
}

}  // namespace cityloom::serve::ogc
