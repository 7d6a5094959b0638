// Finds the subscriptions that a change may concern, without looking at the others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/subscription.hpp"
#include "serve/ngsi/commit_changes.hpp"

namespace cityloom::serve::ngsi_ld {

/// Subscriptions by entity id, entity type and watched attribute. What it finds has still to be matched (q, geoQ,
/// patterns, scopes); what it does not find matches nothing. Not for several workers at once.
class SubscriptionIndex {
 public:
  using Key = uint64_t;

  /// Takes a subscription in; `matcher` is looked at only now.
  void add(Key key, const ngsi::Matcher& matcher);
  /// Takes it out; the matcher must say what it said at `add`. Cost: of the subscriptions that ask for the same.
  void remove(Key key, const ngsi::Matcher& matcher);

  /// The keys of all that a loaded change may concern, ascending, each once. Cost: a lookup for the id, each type and
  /// each attribute changed.
  std::vector<Key> find(const EntityChange& change) const;

  bool empty() const { return size_ == 0; }
  /// Whether anybody asks for ends of entities, which cost a read of what they were.
  bool hears_ends() const { return ends_ != 0; }

 private:
  // Those that ask for the same entities, by what sets them off; `deleted`: also by attributes that end with them.
  struct Place {
    std::vector<Key> created, deleted, changed;
    std::map<twin::Term, std::vector<Key>> watching;
    bool empty() const { return created.empty() && deleted.empty() && changed.empty() && watching.empty(); }
  };
  template <class Change>
  void each_list(const ngsi::Matcher& matcher, const Change& change);
  static void find_in(const Place& place, const EntityChange& change, std::vector<Key>& found);

  std::map<std::string, Place, std::less<>> by_id_;
  std::map<twin::Term, Place> by_type_;
  Place everywhere_;
  size_t size_ = 0;
  size_t ends_ = 0;
};

}  // namespace cityloom::serve::ngsi_ld
