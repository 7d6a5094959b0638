// Places of a registration in the index, and the candidates for a query.
#include "serve/ngsi/registration_index.hpp"

#include <algorithm>

namespace cityloom::serve::ngsi_ld {

template <class Visit>
void RegistrationIndex::each_place(const ngsi::Registration& registration, const Visit& visit) {
  visit(all_);
  for (const ngsi::RegistrationInfo& info : registration.information) {
    for (const ngsi::EntityInfo& entity : info.entities) {
      if (!entity.id.empty()) visit(by_id_[entity.id]);
      if (entity.id.empty()) visit(without_id_);
      for (const std::string& type : entity.types) {
        visit(by_type_[type]);
        if (entity.id.empty()) visit(without_id_by_type_[type]);
      }
    }
    if (!info.entities.empty()) continue;
    visit(any_);
    for (const auto* names : {&info.properties, &info.relationships}) {
      for (const std::string& name : *names) visit(by_attribute_[name]);
    }
  }
}

void RegistrationIndex::add(Entry registration) {
  each_place(*registration, [&](Set& set) { set.insert(registration); });
}

void RegistrationIndex::remove(Entry registration) {
  each_place(*registration, [&](Set& set) { set.erase(registration); });
  const auto drop_empty = [](Map& map, const std::string& key) {
    const auto found = map.find(key);
    if (found != map.end() && found->second.empty()) map.erase(found);
  };
  for (const ngsi::RegistrationInfo& info : registration->information) {
    for (const ngsi::EntityInfo& entity : info.entities) {
      drop_empty(by_id_, entity.id);
      for (const std::string& type : entity.types) {
        drop_empty(by_type_, type);
        drop_empty(without_id_by_type_, type);
      }
    }
    for (const std::string& name : info.properties) drop_empty(by_attribute_, name);
    for (const std::string& name : info.relationships) drop_empty(by_attribute_, name);
  }
}

std::vector<RegistrationIndex::Entry> RegistrationIndex::find(const ngsi::SourceQuery& query) const {
  Set candidates;
  const auto take = [&](const Set& set) { candidates.insert(set.begin(), set.end()); };
  const auto take_of = [&](const Map& map, const std::string& key) {
    if (const auto found = map.find(key); found != map.end()) take(found->second);
  };
  const bool by_entities = !query.ids.empty() || !query.types.empty();
  if (!by_entities) take(all_);
  for (const std::string& id : query.ids) take_of(by_id_, id);
  if (!query.ids.empty() && query.types.empty()) take(without_id_);
  for (const auto& all_of : query.types) {
    for (const std::string& type : all_of) take_of(query.ids.empty() ? by_type_ : without_id_by_type_, type);
  }
  if (by_entities && query.attributes.empty()) take(any_);
  if (by_entities) {
    for (const std::string& name : query.attributes) take_of(by_attribute_, name);
  }
  std::vector<Entry> found;
  for (const Entry candidate : candidates) {
    if (ngsi::matches(query, *candidate)) found.push_back(candidate);
  }
  std::sort(found.begin(), found.end(), [](Entry left, Entry right) { return left->id < right->id; });
  return found;
}

}  // namespace cityloom::serve::ngsi_ld
