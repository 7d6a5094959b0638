#include "thread/change.hpp"

#include <algorithm>

#include "thread/json_merge.hpp"
#include "thread/keys.hpp"
#include "thread/series_codec.hpp"

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

// Decides one change, and takes it apart. Holds what all its kinds share: the entity as it is, and where facts and
// outcome go.
class Decision {
 public:
  Decision(Change& change, const Entity& now, std::vector<Fact>& facts)
      : change_(change), now_(now), facts_(facts), first_(facts.size()) {}

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
      case Kind::state_past:
        return of_past(Fact::Kind::past_stated);
      case Kind::state_past_numbers:
        return of_past(Fact::Kind::past_numbers_stated);
      case Kind::correct_past:
        return of_past(Fact::Kind::past_corrected);
      case Kind::remove_past:
        return of_past(Fact::Kind::past_removed);
      case Kind::thin_past:
        return of_past(Fact::Kind::past_thinned);
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
    outcome_.recorded = facts_.size() > first_;
    for (size_t i = first_; i + 1 < facts_.size(); ++i) facts_[i].entity_id = change_.entity_id;
    if (outcome_.recorded) facts_.back().entity_id = std::move(change_.entity_id);
    return std::move(outcome_);
  }

  Fact& add(Fact::Kind kind) {
    Fact& fact = facts_.emplace_back();
    fact.kind = kind;
    return fact;
  }

  void set(Attribute&& attribute, const Attribute* present) {
    if (change_.only_differences && present != nullptr && twin::same_statement(*present, attribute)) return;
    const Term name = attribute.name;
    Fact& fact = add(Fact::Kind::attribute_set);
    fact.attribute = std::move(attribute);
    leave_out_removed(fact.attribute);
    if (std::find(outcome_.updated.begin(), outcome_.updated.end(), name) == outcome_.updated.end()) {
      outcome_.updated.push_back(name);
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
    created.types = std::move(change_.types);
    created.scopes = std::move(change_.scopes);
    for (Attribute& attribute : change_.attributes) {
      if (!twin::is_null(attribute.value)) set(std::move(attribute), nullptr);
    }
    outcome_.created = true;
    return finish();
  }

  void add_types() {
    const auto is_new = [&](Term type) {
      return std::find(now_.types.begin(), now_.types.end(), type) == now_.types.end();
    };
    if (std::none_of(change_.types.begin(), change_.types.end(), is_new)) return;
    std::vector<Term> types = now_.types;
    for (const Term type : change_.types) {
      if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
    }
    add(Fact::Kind::types_set).types = std::move(types);
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
    for (Attribute& attribute : change_.attributes) {
      const Attribute* present = now_.find(attribute.name, attribute.dataset);
      if (!twin::is_null(attribute.value)) {
        set(std::move(attribute), present);
      } else if (present != nullptr) {
        erase(*present);
      }
    }
    return finish();
  }

  base::Result<Outcome> append() {
    add_types();
    if (!change_.scopes.empty()) set_scopes(false);
    for (Attribute& attribute : change_.attributes) {
      const Attribute* present = now_.find(attribute.name, attribute.dataset);
      if (present != nullptr && change_.keep_existing) {
        outcome_.not_updated.push_back(
            {attribute.name, attribute.dataset, "it exists, and overwriting was not wanted"});
      } else if (!twin::is_null(attribute.value)) {
        set(std::move(attribute), present);
      } else if (present != nullptr) {
        erase(*present);
      }
    }
    return finish();
  }

  base::Result<Outcome> update() {
    add_types();
    const bool tells_scopes = !change_.scopes.empty() || change_.scopes_removed;
    if (tells_scopes && !now_.scopes.empty()) set_scopes(true);
    // Clause 5.6.2.4: an attribute that is not there is added, a scope that is not there is not.
    if (tells_scopes && now_.scopes.empty())
      outcome_.not_updated.push_back({twin::terms::scope, {}, "the entity has no scope"});
    for (Attribute& attribute : change_.attributes) {
      const Attribute* present = now_.find(attribute.name, attribute.dataset);
      if (!twin::is_null(attribute.value)) {
        set(std::move(attribute), present);
      } else if (present != nullptr) {
        erase(*present);
      } else {
        outcome_.not_updated.push_back({attribute.name, attribute.dataset, "the entity has no such attribute"});
      }
    }
    return finish();
  }

  base::Result<Outcome> merge() {
    add_types();
    if (!change_.scopes.empty() || change_.scopes_removed) set_scopes(true);
    for (Attribute& attribute : change_.attributes) {
      const Attribute* present = now_.find(attribute.name, attribute.dataset);
      const bool removal = twin::is_null(attribute.value);
      if (present != nullptr && removal) {
        erase(*present);
      } else if (present != nullptr) {
        set(merged(*present, attribute, true), present);
      } else if (twin::is_unstated(attribute.value)) {
        outcome_.not_updated.push_back({attribute.name, attribute.dataset, "it does not exist, and no value is given"});
      } else if (!removal) {
        set(std::move(attribute), nullptr);
      }
    }
    return finish();
  }

  base::Result<Outcome> change_attribute() {
    if (change_.attributes.size() != 1) return fail(Code::internal, "this change needs exactly one attribute");
    Attribute& attribute = change_.attributes.front();
    const Attribute* present = now_.find(attribute.name, attribute.dataset);
    if (present == nullptr) return fail(Code::not_found, "the entity has no such attribute", change_.entity_id);
    if (twin::is_null(attribute.value)) {
      erase(*present);
    } else {
      set(change_.kind == Change::Kind::patch_attribute ? merged(*present, attribute, false) : std::move(attribute),
          present);
    }
    return finish();
  }

  base::Result<Outcome> remove_attribute() {
    for (const Attribute& present : now_.attributes) {
      if (present.name == change_.attribute_name && (change_.all_datasets || present.dataset == change_.dataset))
        erase(present);
    }
    if (facts_.size() == first_) return fail(Code::not_found, "the entity has no such attribute", change_.entity_id);
    return finish();
  }

  base::Result<Outcome> of_past(Fact::Kind kind) {
    // One that was and is not: known by a life without length.
    if (now_.id.empty() && !change_.types.empty()) {
      Fact& created = add(Fact::Kind::entity_created);
      created.types = std::move(change_.types);
      created.scopes = std::move(change_.scopes);
      add(Fact::Kind::entity_deleted);
      outcome_.created = true;
    }
    for (Attribute& attribute : change_.attributes) {
      outcome_.updated.push_back(attribute.name);
      Fact& fact = add(kind);
      fact.attribute = std::move(attribute);
    }
    return finish();
  }

  Change& change_;
  const Entity& now_;
  std::vector<Fact>& facts_;
  const size_t first_;  // of the facts of this change
  Outcome outcome_;
};

}  // namespace

base::Result<Outcome> decide(Change&& change, const Entity& now, std::vector<Fact>& facts) {
  // A fact is large, and nearly every commit has few: not one more than needed. Of a repeated import most are needless.
  if (facts.empty() && !change.only_differences) facts.reserve(change.attributes.size() + (now.id.empty() ? 1 : 0));
  return Decision(change, now, facts).make();
}

base::Result<Outcome> decide(const Change& change, const Entity& now, std::vector<Fact>& facts) {
  Change copy = change;
  return decide(std::move(copy), now, facts);
}

void set_past_key(const PastKey& key, Attribute& attribute) {
  attribute.offset = key.offset;
  attribute.created_at = key.observed_at;
  if (key.is_told) attribute.dataset = told(attribute.dataset);
}

Attribute all_past_of(Term name, Term dataset) {
  Attribute attribute;
  attribute.name = name;
  attribute.dataset = dataset;
  return attribute;
}

twin::Value pack_past_numbers(std::span<const std::pair<base::Instant, double>> numbers) {
  std::vector<NumberPoint> points;
  points.reserve(numbers.size());
  for (const auto& [observed_at, value] : numbers) points.push_back({observed_at, value, {}});
  return pack_numbers(points);
}

bool reads(const Change& change, std::vector<twin::InstanceKey>& keys) {
  using Kind = Change::Kind;
  // Many keys are looked for one by one: reading all is quicker then.
  constexpr size_t keys_max = 32;
  keys.clear();
  if (change.is_of_past()) return true;
  const bool any = change.kind == Kind::replace || change.kind == Kind::create_or_replace ||
                   change.kind == Kind::remove || change.kind == Kind::remove_attribute;
  if (any || change.attributes.size() > keys_max) return false;
  for (const Attribute& attribute : change.attributes) keys.push_back({attribute.name, attribute.dataset});
  return true;
}

}  // namespace cityloom::thread
