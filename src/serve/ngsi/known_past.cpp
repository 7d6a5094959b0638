#include "serve/ngsi/known_past.hpp"

#include <algorithm>

namespace cityloom::serve::ngsi_ld {

using twin::Term;

base::Result<KnownPast> known_past(const thread::Snapshot& snapshot, std::string_view id) {
  KnownPast known;
  if (is_internal_id(id)) return known;
  const auto record = snapshot.find(id);
  if (!record.ok()) return record.error();
  const auto head = snapshot.head_of_past(id);
  if (!head.ok()) return head.error();
  known.is_live = is_visible(*record);
  known.types = head->types;
  known.exists = known.is_live ? record->offset() > head->removed_upto : head->offset > head->removed_upto;
  if (known.exists || !known.is_live) return known;
  // All that was known was taken out, and told anew.
  thread::HistoryQuery query;
  query.limit = 1;
  const auto history = snapshot.history(id, query);
  if (!history.ok()) return history.error();
  known.exists = !history->empty();
  return known;
}

std::vector<Term> types_to_state(const KnownPast& known, const std::vector<Term>& stated) {
  if (known.is_live) return {};
  std::vector<Term> types = known.types;
  for (const Term type : stated) {
    if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
  }
  return types.size() == known.types.size() ? std::vector<Term>() : types;
}

}  // namespace cityloom::serve::ngsi_ld
