// Facts gathered by entity, and triggers.
#include "serve/ngsi/commit_changes.hpp"

#include <algorithm>
#include <map>

#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

using ngsi::Trigger;
using twin::Fact;

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
  }
  return {};
}

bool sets_off(const EntityChange& change, const std::vector<Trigger>& triggers,
              const std::vector<twin::Term>& watched) {
  const auto has = [&](Trigger trigger) {
    return std::find(triggers.begin(), triggers.end(), trigger) != triggers.end();
  };
  if (change.created && has(Trigger::entity_created)) return true;
  if (change.deleted) return has(Trigger::entity_deleted);
  const bool updated = has(Trigger::entity_updated);
  return std::any_of(change.attributes.begin(), change.attributes.end(), [&](const AttributeChange& attribute) {
    if (!watched.empty() && std::find(watched.begin(), watched.end(), attribute.name) == watched.end()) return false;
    if (updated) return true;
    if (attribute.deleted) return has(Trigger::attribute_deleted);
    return has(attribute.created ? Trigger::attribute_created : Trigger::attribute_updated);
  });
}

}  // namespace cityloom::serve::ngsi_ld
