#include "serve/sta/past.hpp"

#include <algorithm>

namespace cityloom::serve::sta {

using thread::Change;

base::Result<std::vector<Change>> changes_of_past(const PastWrite& write, const thread::Snapshot& snapshot) {
  Change stated, removed;
  stated.entity_id = removed.entity_id = write.entity_id;
  removed.kind = Change::Kind::remove_past;
  if (write.kind == PastWrite::Kind::add) {
    stated.kind = Change::Kind::state_past;
    stated.attributes.push_back(write.instance);
    return std::vector{std::move(stated)};
  }
  stated.kind = Change::Kind::correct_past;
  thread::HistoryQuery query;
  query.attributes = {write.instance.name};
  query.window.from = write.instance.observed_at;
  query.window.to = base::Instant{write.instance.observed_at.microseconds + 1};
  const auto histories = snapshot.history(write.entity_id, query);
  if (!histories.ok()) return histories.error();
  for (const thread::AttributeHistory& history : *histories) {
    if (history.dataset != write.instance.dataset) continue;
    const auto last = std::ranges::max_element(history.instances, {}, &thread::PastAttribute::offset);
    for (auto one = history.instances.begin(); one != history.instances.end(); ++one) {
      const bool is_replaced = write.kind == PastWrite::Kind::replace && one == last;
      twin::Attribute attribute =
          is_replaced ? write.said : thread::all_past_of(write.instance.name, write.instance.dataset);
      attribute.dataset = write.instance.dataset;
      thread::set_past_key(one->key, attribute);
      (is_replaced ? stated : removed).attributes.push_back(std::move(attribute));
    }
  }
  std::vector<Change> changes;
  if (!removed.attributes.empty()) changes.push_back(std::move(removed));
  if (!stated.attributes.empty()) changes.push_back(std::move(stated));
  return changes;
}

}  // namespace cityloom::serve::sta
