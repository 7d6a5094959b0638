#include "thread/change.hpp"

#include <algorithm>

#include "thread/json_merge.hpp"

namespace cityloom::thread {
namespace {

using base::Code;
using base::fail;
using twin::Attribute;
using twin::Entity;
using twin::Fact;
using twin::Term;

bool has_instance(const std::vector<Attribute>& attributes, Term name, Term dataset) {
  return std::any_of(attributes.begin(), attributes.end(),
                     [&](const Attribute& one) { return one.name == name && one.dataset == dataset; });
}

void leave_out_removed(Attribute& attribute) {
  if (attribute.unit == Term::unknown()) attribute.unit = {};
  if (attribute.observed_at == removed_time) attribute.observed_at = {};
  if (attribute.expires_at == removed_time) attribute.expires_at = {};
  for (Attribute& member : attribute.members) leave_out_removed(member);
}

// Present fields stay where the patch is silent; a member that is Null goes. With `into_values`, JSON objects are
// merged member by member (RFC 7396), else the patch's value replaces the present one.
Attribute merged(const Attribute& present, const Attribute& patch, bool into_values) {
  const bool unstated = twin::is_unstated(patch.value);
  if (present.kind != patch.kind && !unstated) return patch;
  Attribute result = present;
  if (!unstated) {
    const auto* from = std::get_if<twin::Json>(&present.value);
    const auto* with = std::get_if<twin::Json>(&patch.value);
    result.value =
        into_values && from != nullptr && with != nullptr ? twin::Value(merge_json(*from, *with)) : patch.value;
  }
  if (patch.unit.exists()) result.unit = patch.unit;
  if (patch.observed_at.exists()) result.observed_at = patch.observed_at;
  if (patch.expires_at.exists()) result.expires_at = patch.expires_at;
  if (!patch.object_types.empty()) result.object_types = patch.object_types;
  for (const Attribute& member : patch.members) {
    const auto found = std::find_if(result.members.begin(), result.members.end(), [&](const Attribute& one) {
      return one.name == member.name && one.dataset == member.dataset;
    });
    if (twin::is_null(member.value)) {
      if (found != result.members.end()) result.members.erase(found);
    } else if (found != result.members.end()) {
      *found = merged(*found, member, into_values);
    } else {
      result.members.push_back(member);
    }
  }
  return result;
}

// Decides one change. Holds what all its kinds share: the entity as it is, and where facts and outcome go.
class Decision {
 public:
  Decision(const Change& change, const Entity& now, std::vector<Fact>& facts)
      : change_(change), now_(now), facts_(facts) {}

  base::Result<Outcome> make() {
    using Kind = Change::Kind;
    const bool exists = !now_.id.empty();
    if (change_.only_at.number != 0 && now_.offset != change_.only_at) {
      return fail(Code::conflict, "the entity has changed meanwhile", change_.entity_id);
    }
    switch (change_.kind) {
      case Kind::create:
        if (exists) return fail(Code::already_exists, "the entity exists already", change_.entity_id);
        return create();
      case Kind::create_or_replace:
        return exists ? replace() : create();
      case Kind::create_or_append:
        return exists ? append() : create();
      case Kind::create_or_merge:
        return exists ? merge() : create();
      default:
        break;
    }
    if (!exists) return fail(Code::not_found, "there is no such entity", change_.entity_id);
    switch (change_.kind) {
      case Kind::replace:
        return replace();
      case Kind::append:
        return append();
      case Kind::update:
        return update();
      case Kind::merge:
        return merge();
      case Kind::remove:
        add(Fact::Kind::entity_deleted);
        return finish();
      case Kind::patch_attribute:
      case Kind::replace_attribute:
        return change_attribute();
      case Kind::remove_attribute:
        return remove_attribute();
      default:
        return fail(Code::internal, "a kind of change without a decision");
    }
  }

 private:
  base::Result<Outcome> finish() {
    outcome_.recorded = !facts_.empty();
    return std::move(outcome_);
  }

  Fact& add(Fact::Kind kind) {
    Fact& fact = facts_.emplace_back();
    fact.kind = kind;
    fact.entity_id = change_.entity_id;
    return fact;
  }

  void set(const Attribute& attribute, const Attribute* present) {
    if (change_.only_differences && present != nullptr && twin::same_statement(*present, attribute)) return;
    Fact& fact = add(Fact::Kind::attribute_set);
    fact.attribute = attribute;
    leave_out_removed(fact.attribute);
    if (std::find(outcome_.updated.begin(), outcome_.updated.end(), attribute.name) == outcome_.updated.end()) {
      outcome_.updated.push_back(attribute.name);
    }
  }

  void erase(const Attribute& attribute) {
    Fact& fact = add(Fact::Kind::attribute_deleted);
    fact.attribute.name = attribute.name;
    fact.attribute.dataset = attribute.dataset;
  }

  base::Result<Outcome> create() {
    if (change_.types.empty()) return fail(Code::invalid, "a new entity needs a type", change_.entity_id);
    Fact& created = add(Fact::Kind::entity_created);
    created.types = change_.types;
    created.scopes = change_.scopes;
    for (const Attribute& attribute : change_.attributes) {
      if (!twin::is_null(attribute.value)) set(attribute, nullptr);
    }
    outcome_.created = true;
    return finish();
  }

  void add_types() {
    std::vector<Term> types = now_.types;
    for (const Term type : change_.types) {
      if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
    }
    if (types.size() != now_.types.size()) add(Fact::Kind::types_set).types = types;
  }

  void set_scopes(bool replaced) {
    std::vector<std::string> scopes = replaced ? std::vector<std::string>() : now_.scopes;
    for (const std::string& scope : change_.scopes) {
      if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(scope);
    }
    if (scopes != now_.scopes) add(Fact::Kind::scopes_set).scopes = scopes;
  }

  base::Result<Outcome> replace() {
    if (!change_.types.empty() && change_.types != now_.types) add(Fact::Kind::types_set).types = change_.types;
    set_scopes(true);
    for (const Attribute& present : now_.attributes) {
      if (!has_instance(change_.attributes, present.name, present.dataset)) erase(present);
    }
    for (const Attribute& attribute : change_.attributes) {
      const Attribute* present = now_.find(attribute.name, attribute.dataset);
      if (!twin::is_null(attribute.value)) {
        set(attribute, present);
      } else if (present != nullptr) {
        erase(*present);
      }
    }
    return finish();
  }

  base::Result<Outcome> append() {
    add_types();
    if (!change_.scopes.empty()) set_scopes(false);
    for (const Attribute& attribute : change_.attributes) {
      const Attribute* present = now_.find(attribute.name, attribute.dataset);
      if (present != nullptr && change_.keep_existing) {
        outcome_.not_updated.push_back(
            {attribute.name, attribute.dataset, "it exists, and overwriting was not wanted"});
      } else if (!twin::is_null(attribute.value)) {
        set(attribute, present);
      } else if (present != nullptr) {
        erase(*present);
      }
    }
    return finish();
  }

  base::Result<Outcome> update() {
    add_types();
    if (!change_.scopes.empty() || change_.scopes_removed) set_scopes(true);
    for (const Attribute& attribute : change_.attributes) {
      const Attribute* present = now_.find(attribute.name, attribute.dataset);
      if (present == nullptr) {
        outcome_.not_updated.push_back({attribute.name, attribute.dataset, "the entity has no such attribute"});
      } else if (twin::is_null(attribute.value)) {
        erase(*present);
      } else {
        set(attribute, present);
      }
    }
    return finish();
  }

  base::Result<Outcome> merge() {
    add_types();
    if (!change_.scopes.empty() || change_.scopes_removed) set_scopes(true);
    for (const Attribute& attribute : change_.attributes) {
      const Attribute* present = now_.find(attribute.name, attribute.dataset);
      const bool removal = twin::is_null(attribute.value);
      if (present != nullptr && removal) {
        erase(*present);
      } else if (present != nullptr) {
        set(merged(*present, attribute, true), present);
      } else if (twin::is_unstated(attribute.value)) {
        outcome_.not_updated.push_back({attribute.name, attribute.dataset, "it does not exist, and no value is given"});
      } else if (!removal) {
        set(attribute, nullptr);
      }
    }
    return finish();
  }

  base::Result<Outcome> change_attribute() {
    if (change_.attributes.size() != 1) return fail(Code::internal, "this change needs exactly one attribute");
    const Attribute& attribute = change_.attributes.front();
    const Attribute* present = now_.find(attribute.name, attribute.dataset);
    if (present == nullptr) return fail(Code::not_found, "the entity has no such attribute", change_.entity_id);
    if (twin::is_null(attribute.value)) {
      erase(*present);
    } else {
      set(change_.kind == Change::Kind::patch_attribute ? merged(*present, attribute, false) : attribute, present);
    }
    return finish();
  }

  base::Result<Outcome> remove_attribute() {
    for (const Attribute& present : now_.attributes) {
      if (present.name == change_.attribute_name && (change_.all_datasets || present.dataset == change_.dataset))
        erase(present);
    }
    if (facts_.empty()) return fail(Code::not_found, "the entity has no such attribute", change_.entity_id);
    return finish();
  }

  const Change& change_;
  const Entity& now_;
  std::vector<Fact>& facts_;
  Outcome outcome_;
};

}  // namespace

base::Result<Outcome> decide(const Change& change, const Entity& now, std::vector<Fact>& facts) {
  std::vector<Fact> decided;
  auto outcome = Decision(change, now, decided).make();
  if (!outcome) return outcome;
  facts.insert(facts.end(), std::make_move_iterator(decided.begin()), std::make_move_iterator(decided.end()));
  return outcome;
}

}  // namespace cityloom::thread
