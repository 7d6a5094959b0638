// Which entities a branch touches, and how they differ from what they were at its fork.
#include "serve/api/scenario_changes.hpp"

#include <algorithm>
#include <set>

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using thread::Change;

constexpr std::string_view vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";
constexpr std::string_view internal_prefix = "urn:cityloom:internal:";

std::vector<twin::Attribute> instances_of(const twin::EntityRecord& record, twin::Term name) {
  std::vector<twin::Attribute> instances;
  if (!record.exists()) return instances;
  record.each_attribute(name, [&](const twin::Attribute& attribute) {
    instances.push_back(attribute);
    return true;
  });
  std::sort(instances.begin(), instances.end(),
            [](const auto& left, const auto& right) { return left.dataset < right.dataset; });
  return instances;
}

// The names of attributes of which two records (either may be empty) do not state the same.
std::vector<twin::Term> differing_attributes(const twin::EntityRecord& before, const twin::EntityRecord& after,
                                             const RunTerms& runs) {
  std::vector<twin::Term> names;
  std::set<twin::Term> seen;
  for (const twin::EntityRecord* record : {&after, &before}) {
    if (!record->exists()) continue;
    record->each_attribute({}, [&](const twin::Attribute& attribute) {
      if (!runs.is_result(attribute) && seen.insert(attribute.name).second) names.push_back(attribute.name);
      return true;
    });
  }
  std::erase_if(names, [&](twin::Term name) {
    const auto then = instances_of(before, name), now = instances_of(after, name);
    return std::equal(then.begin(), then.end(), now.begin(), now.end(), twin::same_statement);
  });
  return names;
}

}  // namespace

RunTerms::RunTerms(const twin::TermTable& terms)
    : run(terms.find(std::string(vocabulary) + "modelRun")),
      run_type(terms.find(std::string(vocabulary) + "ModelRun")),
      raster_type(terms.find(std::string(vocabulary) + "RasterLayer")) {}

bool RunTerms::is_result(const twin::Attribute& attribute) const {
  return std::any_of(attribute.members.begin(), attribute.members.end(),
                     [this](const twin::Attribute& member) { return member.name == run; });
}

bool RunTerms::is_result(const twin::EntityRecord& record) const {
  return record.has_type(run_type) || record.has_type(raster_type);
}

// Of one branch. The order is that of first touch.
struct ScenarioChanges::Touched {
  std::mutex mutex;  // guards what follows, while commits are read too
  twin::Offset read_upto;
  std::vector<std::string> ids;
  absl::flat_hash_map<std::string, twin::Offset> last;
  bool too_many = false;
};

Result<std::shared_ptr<ScenarioChanges::Touched>> ScenarioChanges::look(const Scenario& scenario,
                                                                        const std::function<bool()>& goes_on) {
  std::shared_ptr<Touched> touched;
  {
    const std::lock_guard lock(mutex_);
    auto& held = branches_[scenario.branch.number];
    if (held == nullptr) {
      held = std::make_shared<Touched>();
      held->read_upto = scenario.made_after;
    }
    touched = held;
  }
  const RunTerms runs(thread_.terms());
  const std::lock_guard lock(touched->mutex);
  while (touched->read_upto < scenario.head && !touched->too_many) {
    const auto commits = thread_.feed(touched->read_upto);
    if (!commits.ok()) return commits.error();
    if (commits->empty()) break;
    for (const auto& commit : *commits) {
      touched->read_upto = commit->offset;
      if (commit->branch != scenario.branch) continue;
      for (const twin::Fact& fact : commit->facts) {
        if (fact.is_of_past() || fact.entity_id.starts_with(internal_prefix) || runs.is_result(fact.attribute))
          continue;
        const auto [at, is_new] = touched->last.try_emplace(fact.entity_id, commit->offset);
        if (is_new) touched->ids.push_back(fact.entity_id);
        at->second = commit->offset;
      }
    }
    touched->too_many = touched->ids.size() > entities_max;
    if (!goes_on()) return fail(Code::cancelled, "nobody waits for it any more");
  }
  if (touched->too_many) {
    return fail(Code::too_large, "the scenario touches more than 100,000 entities", scenario.id,
                "compare the branch with main by exporting both");
  }
  return touched;
}

Result<ChangePage> ScenarioChanges::page(const Scenario& scenario, size_t offset, size_t limit,
                                         const std::function<bool()>& goes_on) {
  const auto touched = look(scenario, goes_on);
  if (!touched.ok()) return touched.error();
  const auto at_fork = thread_.snapshot_at(scenario.forked_at);
  if (!at_fork.ok()) return at_fork.error();
  const auto now = thread_.snapshot(scenario.branch);
  const RunTerms runs(thread_.terms());
  ChangePage page;
  const std::lock_guard lock((*touched)->mutex);
  for (size_t i = 0; i < (*touched)->ids.size(); ++i) {
    if (i % 64 == 63 && !goes_on()) return fail(Code::cancelled, "nobody waits for it any more");
    EntityChange change;
    change.id = (*touched)->ids[i];
    auto before = at_fork->find(change.id), after = now.find(change.id);
    if (!before.ok()) return before.error();
    if (!after.ok()) return after.error();
    change.before = std::move(*before);
    change.after = std::move(*after);
    if (!change.before.exists() && !change.after.exists()) continue;
    if (runs.is_result(change.after.exists() ? change.after : change.before)) continue;
    change.attributes = differing_attributes(change.before, change.after, runs);
    const bool same_head = change.before.exists() && change.after.exists() &&
                           change.before.types() == change.after.types() &&
                           change.before.scopes() == change.after.scopes();
    if (same_head && change.attributes.empty()) continue;
    if (page.count++ < offset) continue;
    if (page.changes.size() >= limit) {
      page.more = true;
      continue;
    }
    change.touched_at = (*touched)->last.at(change.id);
    page.changes.push_back(std::move(change));
  }
  return page;
}

Status ScenarioChanges::revert(const Scenario& scenario, std::string_view entity_id, std::string_view author) {
  const auto at_fork = thread_.snapshot_at(scenario.forked_at);
  if (!at_fork.ok()) return at_fork.error();
  const auto before = at_fork->find(entity_id), after = thread_.snapshot(scenario.branch).find(entity_id);
  if (!before.ok()) return before.error();
  if (!after.ok()) return after.error();
  Change change;
  change.entity_id = entity_id;
  if (before->exists()) {
    twin::Entity entity = before->unpack();
    change.kind = Change::Kind::create_or_replace;
    change.types = std::move(entity.types);
    change.scopes = std::move(entity.scopes);
    change.attributes = std::move(entity.attributes);
    change.only_differences = true;
  } else if (after->exists()) {
    change.kind = Change::Kind::remove;
  } else {
    return fail(Code::not_found, "the scenario has no such entity", std::string(entity_id), "see its changes");
  }
  thread::ChangeSet set;
  set.branch = scenario.branch;
  set.author = author;
  set.changes.push_back(std::move(change));
  const auto outcomes = thread_.append(std::move(set));
  if (!outcomes.ok()) return outcomes.error();
  if (!outcomes->front().ok()) return outcomes->front().error();
  return {};
}

void ScenarioChanges::forget(thread::BranchId branch) {
  const std::lock_guard lock(mutex_);
  branches_.erase(branch.number);
}

}  // namespace cityloom::serve
