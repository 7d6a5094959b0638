// Places of subscriptions by what they ask for.
#include "serve/ngsi/subscription_index.hpp"

#include <algorithm>

namespace cityloom::serve::ngsi_ld {
namespace {

using ngsi::Trigger;

bool has(const ngsi::Matcher& matcher, Trigger trigger) {
  return std::find(matcher.triggers.begin(), matcher.triggers.end(), trigger) != matcher.triggers.end();
}

bool is_told_of_ends(const ngsi::Matcher& matcher) {
  return has(matcher, Trigger::entity_deleted) || has(matcher, Trigger::attribute_deleted) ||
         has(matcher, Trigger::entity_updated);
}

bool hears_changes(const ngsi::Matcher& matcher) {
  return has(matcher, Trigger::attribute_created) || has(matcher, Trigger::attribute_updated) ||
         has(matcher, Trigger::attribute_deleted) || has(matcher, Trigger::entity_updated);
}

}  // namespace

// Calls `change` with every list that the subscription stands in. Places left empty go.
template <class Change>
void SubscriptionIndex::each_list(const ngsi::Matcher& matcher, const Change& change) {
  const auto in_place = [&](Place& place) {
    if (has(matcher, Trigger::entity_created)) change(place.created);
    if (is_told_of_ends(matcher)) change(place.deleted);
    if (!hears_changes(matcher)) return;
    if (matcher.watched.empty()) change(place.changed);
    for (const twin::Term attribute : matcher.watched) {
      change(place.watching[attribute]);
      if (place.watching[attribute].empty()) place.watching.erase(attribute);
    }
  };
  const auto in_map = [&](auto& map, const auto& key) {
    in_place(map[key]);
    if (map[key].empty()) map.erase(key);
  };
  for (const twin::Query& query : matcher.any_of) {
    if (!query.ids.empty()) {
      for (const std::string& id : query.ids) in_map(by_id_, id);
    } else if (!query.types.any_of.empty()) {
      // Of types that must all be there, one tells enough.
      for (const auto& all_of : query.types.any_of) in_map(by_type_, all_of.front());
    } else {
      in_place(everywhere_);
    }
  }
}

void SubscriptionIndex::add(Key key, const ngsi::Matcher& matcher) {
  each_list(matcher, [key](std::vector<Key>& list) { list.push_back(key); });
  ++size_;
  if (is_told_of_ends(matcher)) ++ends_;
}

void SubscriptionIndex::remove(Key key, const ngsi::Matcher& matcher) {
  each_list(matcher, [key](std::vector<Key>& list) { std::erase(list, key); });
  --size_;
  if (is_told_of_ends(matcher)) --ends_;
}

void SubscriptionIndex::find_in(const Place& place, const EntityChange& change, std::vector<Key>& found) {
  const auto take = [&](const std::vector<Key>& list) { found.insert(found.end(), list.begin(), list.end()); };
  if (change.created) take(place.created);
  if (change.deleted) return take(place.deleted);
  if (!change.attributes.empty()) take(place.changed);
  if (place.watching.empty()) return;
  for (const AttributeChange& attribute : change.attributes) {
    if (const auto watching = place.watching.find(attribute.name); watching != place.watching.end()) {
      take(watching->second);
    }
  }
}

std::vector<SubscriptionIndex::Key> SubscriptionIndex::find(const EntityChange& change) const {
  std::vector<Key> found;
  find_in(everywhere_, change, found);
  if (const auto place = by_id_.find(change.id); place != by_id_.end()) find_in(place->second, change, found);
  const twin::EntityRecord& record = change.deleted ? change.before : change.after;
  if (record && !by_type_.empty()) {
    for (const twin::Term type : record.types()) {
      if (const auto place = by_type_.find(type); place != by_type_.end()) find_in(place->second, change, found);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace cityloom::serve::ngsi_ld
