// What a commit changed, entity by entity, as subscriptions ask about it.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ngsi/subscription.hpp"
#include "thread/thread.hpp"

namespace cityloom::serve::ngsi_ld {

/// One attribute touched in a commit.
struct AttributeChange {
  twin::Term name;
  twin::Term dataset;
  bool deleted = false;
  bool created = false;  ///< told by `EntityChange::load`
  bool same = false;     ///< states what stood there already; told by `EntityChange::load` with what was before
};

/// One entity touched in a commit.
struct EntityChange {
  std::string_view id;  ///< of the commit's fact: lives as long as the commit
  bool created = false;
  bool deleted = false;
  std::vector<AttributeChange> attributes;

  twin::EntityRecord after;   ///< empty if deleted
  twin::EntityRecord before;  ///< loaded where asked for; empty if it did not exist

  /// Whether an instance that was there is stated again, or one ended: what it was tells more.
  bool needs_before() const;

  /// Reads the record as of the commit and tells which attributes are new. Errors: as of Snapshot::find.
  base::Status load(const thread::Thread& thread, const thread::Commit& commit, bool with_before);
};

/// The entities that a commit touched, in order of their first facts; those of the hub itself are left out.
std::vector<EntityChange> changes_of(const thread::Commit& commit);

/// Whether a change sets off a subscription: one of its triggers, on a watched attribute where it watches any. What
/// ends with its entity is a deleted attribute too (clause 5.8.6).
bool sets_off(const EntityChange& change, const std::vector<ngsi::Trigger>& triggers,
              const std::vector<twin::Term>& watched);

}  // namespace cityloom::serve::ngsi_ld
