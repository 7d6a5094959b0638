// Changes: what a writer wants. The appender decides each against the latest state and turns it into facts.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "twin/fact.hpp"

namespace cityloom::thread {

/// In an attribute of a change, as observed_at or expires_at: it has none any more. The unit Term::unknown() likewise.
inline constexpr base::Instant removed_time{std::numeric_limits<int64_t>::max()};

/// An intent on one entity, with its conditions. A value Null in `attributes` asks for deletion of that instance
/// where the kind allows it (merge, append, update, patch_attribute); elsewhere it is invalid. A value
/// `twin::unstated_value()` (merge, patch_attribute) leaves the value as it is and changes only what else is stated.
struct Change {
  enum class Kind : uint8_t {
    create,             ///< the entity must not exist
    replace,            ///< must exist; afterwards it has exactly these types, scopes and attributes
    create_or_replace,  ///< create, else replace
    append,             ///< must exist; attributes are set, types and scopes added; `keep_existing` leaves present ones
    create_or_append,   ///< create, else append: what links and batch upsert with update do
    update,             ///< must exist; instances are set; an end of what is not there is reported not updated
    merge,              ///< must exist; instances are set or merged member by member (NGSI-LD 5.5.12)
    create_or_merge,
    remove,             ///< must exist; the entity ends
    patch_attribute,    ///< `attributes[0]` is merged into the existing instance; not_found if it is absent
    replace_attribute,  ///< `attributes[0]` takes the place of the existing instance; not_found if it is absent
    remove_attribute,   ///< the instance of `attribute_name`, `dataset` (or every one, `all_datasets`) ends
    // Of the past. What the entity is now stays as it is; it must have been once, or, with `types`, is known from now
    // on as one that was.
    state_past,          ///< each of `attributes` held at its observed_at
    state_past_numbers,  ///< of each of `attributes` many numbers did: its value is `pack_past_numbers` of them
    correct_past,        ///< each of `attributes` takes the place of the instance that its `PastKey` names
    remove_past,         ///< those instances are taken out of the past, or all of an attribute (`all_past_of`)
    thin_past,           ///< each of `attributes` is a `thinning_attribute`: done if it still fits when it is folded
  };
  /// Whether it is about the past alone.
  bool is_of_past() const { return kind >= Kind::state_past; }
  /// Whether the entity is afterwards what the change says, and nothing else.
  bool says_all() const { return kind == Kind::create || kind == Kind::replace || kind == Kind::create_or_replace; }
  Kind kind = Kind::create_or_append;
  std::string entity_id;
  std::vector<twin::Term> types;  ///< needed to create; may be empty otherwise
  std::vector<std::string> scopes;
  std::vector<twin::Attribute> attributes;
  twin::Term attribute_name;  ///< of remove_attribute
  twin::Term dataset;
  bool all_datasets = false;
  bool keep_existing = false;     ///< append: noOverwrite
  bool scopes_removed = false;    ///< update, merge: it has no scopes any more
  twin::Offset only_at;           ///< not 0: only if the entity's last commit is this one, else conflict
  bool only_differences = false;  ///< set only what states something else than now: repeated imports
};

/// One instance of an entity's past: which it is, for correct_past and remove_past.
struct PastKey {
  twin::Offset offset;        ///< of the commit that stated it
  base::Instant observed_at;  ///< of what was stated of the past: the observed time under which it first was; else none
  bool is_told = false;       ///< whether it was stated of the past
  bool operator==(const PastKey&) const = default;
};
/// Makes `attribute` name the instance of its name and dataset that is to be corrected or removed.
void set_past_key(const PastKey& key, twin::Attribute& attribute);
/// An attribute for remove_past: all so far of a name (none: of the entity), in one dataset or (unknown) in all.
twin::Attribute all_past_of(twin::Term name, twin::Term dataset);

/// Numbers in their order, as the value of a state_past_numbers' attribute: observed time, value. At most
/// `past_numbers_max`; of equal times only one may be there.
inline constexpr size_t past_numbers_max = 4'096;
twin::Value pack_past_numbers(std::span<const std::pair<base::Instant, double>> numbers);

/// Why one attribute of a change was left as it was.
struct NotUpdated {
  twin::Term name;
  twin::Term dataset;
  std::string reason;
};

/// What became of one change.
struct Outcome {
  twin::Offset offset;  ///< of its commit; with nothing to record, the latest before it
  bool created = false;
  bool recorded = false;  ///< whether any fact came of it
  std::vector<twin::Term> updated;
  std::vector<NotUpdated> not_updated;
  std::vector<std::string> warnings;  ///< what the thread's guard had to say, though it let it be
};

/// Decides a change against the entity as it is now (empty id: it does not exist) and appends the facts to `facts`,
/// members' times not yet set. Pure. Errors: not_found, already_exists, invalid, too_large.
/// Of `now`, only the attribute instances that `reads` names need be there.
base::Result<Outcome> decide(const Change& change, const twin::Entity& now, std::vector<twin::Fact>& facts);
/// The same; what the change holds is moved into the facts instead of being copied.
base::Result<Outcome> decide(Change&& change, const twin::Entity& now, std::vector<twin::Fact>& facts);

/// Which attribute instances of its entity the decision of a change looks at: those in `keys` (overwritten), or, if
/// false is returned, any.
bool reads(const Change& change, std::vector<twin::InstanceKey>& keys);

}  // namespace cityloom::thread
