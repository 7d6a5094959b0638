// Which registrations may match what is asked for, found without looking at the others.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ngsi/registration.hpp"

namespace cityloom::serve::ngsi_ld {

/// Registrations by the ids, types and attributes that they name. Cost of finding: by what matches and, of those that
/// name the same types, by how many there are. Not for several workers at once.
class RegistrationIndex {
 public:
  using Entry = const ngsi::Registration*;

  /// The registration must stay where it is until it is removed.
  void add(Entry registration);
  void remove(Entry registration);

  /// Those that match, each once, in order of their ids.
  std::vector<Entry> find(const ngsi::SourceQuery& query) const;

 private:
  using Set = std::unordered_set<Entry>;
  using Map = std::unordered_map<std::string, Set>;
  template <class Visit>
  void each_place(const ngsi::Registration& registration, const Visit& visit);

  Set all_;
  Map by_id_;               // of entities with an id
  Map by_type_;             // of all entities
  Map without_id_by_type_;  // of entities with a pattern or of any id
  Set without_id_;          // the same of all types
  Map by_attribute_;        // of information without entities
  Set any_;                 // the same of all attributes
};

}  // namespace cityloom::serve::ngsi_ld
