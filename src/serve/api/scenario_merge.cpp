// A decided plan as changes to main.
#include <algorithm>

#include "serve/api/scenario_changes.hpp"

namespace cityloom::serve {
namespace {

using base::Result;
using base::Status;
using thread::Change;

constexpr std::string_view vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

// The names of what a merge states beside the plan itself.
struct PlanTerms {
  twin::Term planned, scenario, scenario_name, replaced;
};

Result<PlanTerms> plan_terms(twin::TermTable& terms) {
  PlanTerms made;
  const std::pair<const char*, twin::Term*> wanted[] = {{"planned", &made.planned},
                                                        {"scenario", &made.scenario},
                                                        {"scenarioName", &made.scenario_name},
                                                        {"replaced", &made.replaced}};
  for (const auto& [name, term] : wanted) {
    const auto interned = terms.intern(std::string(vocabulary) + name);
    if (!interned.ok()) return interned.error();
    *term = *interned;
  }
  return made;
}

twin::Attribute text_property(twin::Term name, std::string_view text) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.value = std::string(text);
  return attribute;
}

void put_member(twin::Attribute& attribute, twin::Attribute member) {
  std::erase_if(attribute.members, [&](const twin::Attribute& each) { return each.name == member.name; });
  attribute.members.push_back(std::move(member));
}

const twin::Attribute* instance_in(const twin::Entity& entity, const twin::Attribute& like) {
  return entity.find(like.name, like.dataset);
}

class Planner {
 public:
  Planner(const PlanTerms& terms, const Scenario& scenario, thread::Snapshot main, MergePlan& plan)
      : terms_(terms), scenario_(scenario), main_(std::move(main)), plan_(plan) {}

  Status take(const EntityChange& change) {
    const auto main = main_.find(change.id);
    if (!main.ok()) return main.error();
    switch (change.kind()) {
      case EntityChange::Kind::created:
        create(change, *main);
        break;
      case EntityChange::Kind::deleted:
        if (main->exists()) mark(*main, "remove");
        break;
      case EntityChange::Kind::changed:
        if (main->exists())
          alter(change, main->unpack());
        else
          conflict(change.id, {}, "it has been deleted from main since the fork");
        break;
    }
    return {};
  }

 private:
  void conflict(const std::string& id, twin::Term attribute, std::string reason) {
    plan_.conflicts.push_back({id, attribute, std::move(reason)});
  }

  twin::Attribute planned(std::string_view what) const {
    twin::Attribute attribute = text_property(terms_.planned, what);
    attribute.members = {text_property(terms_.scenario, scenario_.id),
                         text_property(terms_.scenario_name, scenario_.name)};
    return attribute;
  }

  void create(const EntityChange& change, const twin::EntityRecord& main) {
    if (main.exists()) return conflict(change.id, {}, "an entity of this id has come to main since the fork");
    twin::Entity entity = change.after.unpack();
    Change made;
    made.kind = Change::Kind::create;
    made.entity_id = change.id;
    made.types = std::move(entity.types);
    made.scopes = std::move(entity.scopes);
    made.attributes = std::move(entity.attributes);
    std::erase_if(made.attributes, [&](const twin::Attribute& each) {
      return std::find(change.attributes.begin(), change.attributes.end(), each.name) == change.attributes.end() ||
             each.name == terms_.planned;
    });
    made.attributes.push_back(planned("create"));
    plan_.changes.push_back(std::move(made));
  }

  void mark(const twin::EntityRecord& main, std::string_view what) {
    Change made;
    made.kind = Change::Kind::append;
    made.entity_id = main.id();
    made.attributes = {planned(what)};
    made.only_at = main.offset();
    plan_.changes.push_back(std::move(made));
  }

  void alter(const EntityChange& change, const twin::Entity& main) {
    const twin::Entity before = change.before.unpack(), after = change.after.unpack();
    Change made;
    made.kind = Change::Kind::append;
    made.entity_id = change.id;
    made.only_at = main.offset;
    made.types = after.types;
    if (after.scopes != before.scopes) made.scopes = after.scopes;
    std::vector<Change> ends;
    for (const twin::Term name : change.attributes) {
      if (has_moved(name, before, main)) {
        conflict(change.id, name, "main has changed it since the fork");
        continue;
      }
      for (const twin::Attribute& attribute : after.attributes)
        if (attribute.name == name) set(attribute, instance_in(before, attribute), made);
      for (const twin::Attribute& attribute : before.attributes)
        if (attribute.name == name && instance_in(after, attribute) == nullptr)
          ends.push_back(end_of(change.id, attribute));
    }
    // The condition holds for the first change of the commit alone: the others follow it.
    plan_.changes.push_back(std::move(made));
    for (Change& end : ends) plan_.changes.push_back(std::move(end));
  }

  // Whether main's instances of an attribute are other ones than at the fork.
  static bool has_moved(twin::Term name, const twin::Entity& before, const twin::Entity& main) {
    const auto all_in = [name](const twin::Entity& these, const twin::Entity& those) {
      return std::all_of(these.attributes.begin(), these.attributes.end(), [&](const twin::Attribute& each) {
        if (each.name != name) return true;
        const twin::Attribute* other = instance_in(those, each);
        return other != nullptr && twin::same_statement(each, *other);
      });
    };
    return !all_in(before, main) || !all_in(main, before);
  }

  void set(twin::Attribute attribute, const twin::Attribute* before, Change& made) const {
    if (before != nullptr && twin::same_statement(attribute, *before)) return;
    put_member(attribute, text_property(terms_.scenario, scenario_.id));
    if (before != nullptr) {
      twin::Attribute replaced = *before;
      replaced.name = terms_.replaced;
      replaced.dataset = {};
      replaced.members.clear();
      put_member(attribute, std::move(replaced));
    }
    made.attributes.push_back(std::move(attribute));
  }

  static Change end_of(const std::string& id, const twin::Attribute& attribute) {
    Change made;
    made.kind = Change::Kind::remove_attribute;
    made.entity_id = id;
    made.attribute_name = attribute.name;
    made.dataset = attribute.dataset;
    return made;
  }

  const PlanTerms terms_;
  const Scenario& scenario_;
  const thread::Snapshot main_;
  MergePlan& plan_;
};

}  // namespace

Result<MergePlan> plan_merge(thread::Thread& thread, const Scenario& scenario,
                             const std::vector<EntityChange>& changes) {
  const auto terms = plan_terms(thread.terms());
  if (!terms.ok()) return terms.error();
  MergePlan plan;
  Planner planner(*terms, scenario, thread.snapshot(), plan);
  for (const EntityChange& change : changes) {
    if (auto taken = planner.take(change); !taken.ok()) return taken.error();
  }
  return plan;
}

}  // namespace cityloom::serve
