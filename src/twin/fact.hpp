// Facts: the effects that a commit records. A fold of facts never depends on the code that once decided them.
#pragma once

#include <string>
#include <vector>

#include "twin/entity.hpp"

namespace cityloom::twin {

/// One effect on one entity.
struct Fact {
  enum class Kind : uint8_t {
    entity_created,     ///< `types` and `scopes` are those it has from now on
    entity_deleted,     ///< all its attributes end with it
    types_set,          ///< `types` replace the former ones
    scopes_set,         ///< `scopes` replace the former ones
    attribute_set,      ///< `attribute` replaces the instance of its name and dataset, or is new
    attribute_deleted,  ///< the instance of `attribute.name` and `attribute.dataset` ends
    // Of the past: what an entity is stays as it is, and there need be none.
    past_stated,          ///< `attribute` held at its observed_at, whatever else did
    past_numbers_stated,  ///< so did many numbers; `attribute` is what they share, its value says them packed
    past_corrected,       ///< the instance that `attribute.offset` and `attribute.created_at` name was `attribute`
    past_removed,         ///< that instance was not; without offset: nothing stated so far of the attribute was
    past_thinned,         ///< of a stretch of the past less is kept from now on; the value of `attribute` says what
  };
  Kind kind = Kind::attribute_set;
  std::string entity_id;
  std::vector<Term> types;
  std::vector<std::string> scopes;
  Attribute attribute;

  /// Whether it is about the past alone.
  bool is_of_past() const { return kind >= Kind::past_stated; }
  bool operator==(const Fact&) const = default;
};

/// What an entity is after one more fact. The commit's time and offset become those of what the fact sets.
/// `entity` is empty (no id) before creation and after deletion. Pure. Errors: corrupt, if the fact does not fit
/// (created twice, set on nothing): a commit that was acknowledged never gives one. Facts of the past change nothing.
base::Status apply(const Fact& fact, Offset offset, base::Instant recorded_at, Entity& entity);

/// The attribute instance that a fact states, as it is in its entity: with the times and the offset of the commit.
/// `present` is the instance whose place it takes, or nullptr.
Attribute stamped(const Attribute& stated, const Attribute* present, Offset offset, base::Instant recorded_at);

}  // namespace cityloom::twin
