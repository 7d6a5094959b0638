// What an NGSI-LD snapshot selects of the past.
#include "serve/ngsi/past_selection.hpp"

#include <algorithm>

namespace cityloom::serve::ngsi_ld {

using thread::AttributeHistory;
using thread::HistoryQuery;
using thread::TimeProperty;

base::Result<bool> is_selected(const Reading& reading, std::string_view id, const twin::EntityRecord& record) {
  if (!reading.selection) return true;
  if (record && !record.ended()) return reading.selection->shows(record);
  const auto number = reading.snapshot.number_of(id);
  if (number && reading.selection->holds(*number)) return true;
  HistoryQuery query;
  query.window.property = TimeProperty::modified_at;
  query.last_n = 1;
  const auto all = reading.snapshot.history(id, query);
  if (!all.ok()) return all.error();
  return std::any_of(all->begin(), all->end(), [&](const AttributeHistory& history) {
    return !history.instances.empty() && history.instances.back().offset > reading.selection->since();
  });
}

void leave_out_before(const Selection& selection, twin::EntityNumber number, std::vector<AttributeHistory>& histories) {
  if (selection.holds(number)) return;
  for (AttributeHistory& history : histories) {
    std::erase_if(history.instances, [&](const auto& instance) { return instance.offset <= selection.since(); });
  }
  std::erase_if(histories, [](const AttributeHistory& history) { return history.instances.empty(); });
}

}  // namespace cityloom::serve::ngsi_ld
