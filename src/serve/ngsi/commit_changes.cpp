// Facts gathered by entity, and triggers.
#include "serve/ngsi/commit_changes.hpp"

#include <algorithm>
#include <map>

#include "serve/ngsi/services.hpp"
#include "twin/packed.hpp"

namespace cityloom::serve::ngsi_ld {

using ngsi::Trigger;
using twin::Fact;

namespace {

bool find_instance(const twin::EntityRecord& record, twin::Term name, twin::Term dataset, twin::AttributeView& view) {
  twin::PackedAttributes all(record.attributes_bytes());
  while (all.next(view)) {
    if (view.name == name && view.dataset == dataset) return true;
  }
  return false;
}

// Whether two instances say the same, whenever each was written. Within members what the server notes of them differs
// with every write: they are compared as they are read.
bool say_the_same(const twin::AttributeView& left, const twin::AttributeView& right) {
  if (left.kind != right.kind || left.value_kind != right.value_kind || left.integer != right.integer ||
      left.number != right.number || left.text != right.text || left.unit != right.unit ||
      left.observed_at != right.observed_at || left.expires_at != right.expires_at ||
      left.object_types_bytes != right.object_types_bytes) {
    return false;
  }
  twin::PackedAttributes inner(left.members_bytes);
  twin::PackedAttributes others(right.members_bytes);
  if (inner.count() != others.count()) return false;
  for (twin::AttributeView one, other; inner.next(one);) {
    if (!others.next(other) || one.name != other.name || one.dataset != other.dataset || !say_the_same(one, other))
      return false;
  }
  return true;
}

bool watches(const std::vector<twin::Term>& watched, twin::Term name) {
  return watched.empty() || std::find(watched.begin(), watched.end(), name) != watched.end();
}

// Whether an entity had an attribute that is watched.
bool had_watched(const twin::EntityRecord& before, const std::vector<twin::Term>& watched) {
  twin::PackedAttributes all(before.attributes_bytes());
  for (twin::AttributeView view; all.next(view);) {
    if (watches(watched, view.name)) return true;
  }
  return false;
}

}  // namespace

bool EntityChange::needs_before() const {
  return deleted || std::any_of(attributes.begin(), attributes.end(), [](const AttributeChange& attribute) {
           return attribute.deleted || !attribute.created;
         });
}

std::vector<EntityChange> changes_of(const thread::Commit& commit) {
  std::vector<EntityChange> changes;
  std::map<std::string_view, size_t> places;
  size_t place = 0;
  for (const Fact& fact : commit.facts) {
    if (is_internal_id(fact.entity_id) || fact.is_of_past()) continue;
    // Facts of one entity mostly follow each other.
    if (changes.empty() || changes[place].id != fact.entity_id) {
      const auto [at, is_new] = places.try_emplace(fact.entity_id, changes.size());
      place = at->second;
      if (is_new) {
        changes.emplace_back();
        changes.back().id = fact.entity_id;
      }
    }
    EntityChange& change = changes[place];
    switch (fact.kind) {
      case Fact::Kind::entity_created:
        change.created = true;
        break;
      case Fact::Kind::entity_deleted:
        change.deleted = true;
        break;
      case Fact::Kind::attribute_set:
        change.attributes.push_back({fact.attribute.name, fact.attribute.dataset, false, false});
        break;
      case Fact::Kind::attribute_deleted:
        change.attributes.push_back({fact.attribute.name, fact.attribute.dataset, true, false});
        break;
      case Fact::Kind::types_set:
      case Fact::Kind::scopes_set:
      default:
        break;
    }
  }
  // A life without length only says that there was an entity once: see Change::Kind::state_past.
  std::erase_if(changes, [](const EntityChange& one) { return one.created && one.deleted && one.attributes.empty(); });
  return changes;
}

base::Status EntityChange::load(const thread::Thread& thread, const thread::Commit& commit, bool with_before) {
  if (!deleted && !after) {
    const auto snapshot = thread.snapshot_at(commit.offset, commit.branch);
    if (!snapshot.ok()) return snapshot.error();
    auto record = snapshot->find(id);
    if (!record.ok()) return record.error();
    if (*record && !record->ended()) after = std::move(record).value();
    for (AttributeChange& attribute : attributes) {
      if (attribute.deleted || !after) continue;
      after.each_attribute(attribute.name, [&](const twin::Attribute& now) {
        if (now.dataset != attribute.dataset) return true;
        attribute.created = created || now.created_at == commit.recorded_at;
        return false;
      });
    }
  }
  if (with_before && !before && !created && commit.offset.number > 1) {
    const auto snapshot = thread.snapshot_at(thread::Offset{commit.offset.number - 1}, commit.branch);
    if (!snapshot.ok()) return snapshot.error();
    auto record = snapshot->find(id);
    if (!record.ok()) return record.error();
    if (*record && !record->ended()) before = std::move(record).value();
    for (AttributeChange& attribute : attributes) {
      twin::AttributeView was, is;
      attribute.same = !attribute.deleted && !attribute.created && before && after &&
                       find_instance(before, attribute.name, attribute.dataset, was) &&
                       find_instance(after, attribute.name, attribute.dataset, is) && say_the_same(was, is);
    }
  }
  return {};
}

bool sets_off(const EntityChange& change, const std::vector<Trigger>& triggers,
              const std::vector<twin::Term>& watched) {
  const auto has = [&](Trigger trigger) {
    return std::find(triggers.begin(), triggers.end(), trigger) != triggers.end();
  };
  if (change.created && has(Trigger::entity_created)) return true;
  const bool updated = has(Trigger::entity_updated);
  if (change.deleted) {
    return has(Trigger::entity_deleted) ||
           ((updated || has(Trigger::attribute_deleted)) && had_watched(change.before, watched));
  }
  return std::any_of(change.attributes.begin(), change.attributes.end(), [&](const AttributeChange& attribute) {
    if (attribute.same || !watches(watched, attribute.name)) return false;
    if (updated) return true;
    if (attribute.deleted) return has(Trigger::attribute_deleted);
    return has(attribute.created ? Trigger::attribute_created : Trigger::attribute_updated);
  });
}

}  // namespace cityloom::serve::ngsi_ld
