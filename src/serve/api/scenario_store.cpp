// Scenarios kept as facts: a document and its comments, in an entity that only the hub sees.
#include "serve/api/scenario_store.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using base::Result;
using base::Status;
using simdjson::dom::element;
using thread::Change;

constexpr std::string_view entity_prefix = "urn:cityloom:internal:scenario:";
constexpr std::string_view comment_prefix = "urn:cityloom:dataset:comment:";
constexpr int tries_max = 20;
constexpr std::array<std::string_view, 6> status_names = {"draft",    "proposed", "approved",
                                                          "rejected", "merged",   "archived"};

base::Error unknown_scenario(std::string_view id) {
  return {Code::not_found, "there is no such scenario", std::string(id), "see /api/scenarios"};
}

twin::Attribute json_attribute(twin::Term name, std::string json) {
  twin::Attribute attribute;
  attribute.name = name;
  attribute.kind = twin::AttributeKind::json_property;
  attribute.value = twin::Json{std::move(json)};
  return attribute;
}

std::string text_in(const element& object, const char* name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

uint64_t number_in(const element& object, const char* name) {
  uint64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

Instant instant_in(const element& object, const char* name) {
  const auto instant = Instant::parse(text_in(object, name));
  return instant.ok() ? *instant : Instant::none();
}

std::string document_of(const Scenario& scenario) {
  JsonText json;
  json.open_object().member("id", scenario.id).member("name", scenario.name);
  json.member("description", scenario.description).member("madeAfter", scenario.made_after.number);
  json.key("steps").open_array();
  for (const ScenarioStep& step : scenario.steps) {
    json.open_object().member("status", name_of(step.status)).member("at", step.at).member("by", step.by);
    json.member("note", step.note).member("head", step.of_branch.number).close_object();
  }
  json.close_array().close_object();
  return json.take();
}

base::Error unreadable(const twin::EntityRecord& record) {
  return fail(Code::corrupt, "a scenario cannot be read", std::string(record.id()));
}

Status read_document(std::string_view text, Scenario& scenario) {
  simdjson::dom::parser parser;
  element document;
  simdjson::dom::array steps;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS ||
      document["steps"].get(steps) != simdjson::SUCCESS)
    return fail(Code::corrupt, "not a scenario");
  scenario.id = text_in(document, "id");
  scenario.name = text_in(document, "name");
  scenario.description = text_in(document, "description");
  scenario.made_after = {number_in(document, "madeAfter")};
  for (const element step : steps) {
    const auto status = scenario_status(text_in(step, "status"));
    if (!status) return fail(Code::corrupt, "not a status of a scenario");
    scenario.steps.push_back(
        {*status, instant_in(step, "at"), text_in(step, "by"), text_in(step, "note"), {number_in(step, "head")}});
  }
  if (scenario.steps.empty()) return fail(Code::corrupt, "a scenario without a status");
  return {};
}

void read_comment(std::string_view text, Scenario& scenario) {
  simdjson::dom::parser parser;
  element comment;
  if (parser.parse(text.data(), text.size()).get(comment) != simdjson::SUCCESS) return;
  scenario.comments.push_back({text_in(comment, "text"), text_in(comment, "author"), instant_in(comment, "at")});
}

// The error of a set of changes, if any has one.
std::optional<base::Error> error_of(const Result<thread::Outcomes>& outcomes) {
  if (!outcomes.ok()) return outcomes.error();
  // Where all fail because one does, that one is told first.
  std::optional<base::Error> first;
  for (const auto& outcome : *outcomes) {
    if (outcome.ok()) continue;
    if (!first || first->code == Code::cancelled) first = outcome.error();
  }
  return first;
}

}  // namespace

std::string_view name_of(ScenarioStatus status) {
  return status_names[static_cast<size_t>(status)];
}

std::optional<ScenarioStatus> scenario_status(std::string_view name) {
  const auto found = std::find(status_names.begin(), status_names.end(), name);
  if (found == status_names.end()) return {};
  return static_cast<ScenarioStatus>(found - status_names.begin());
}

bool may_follow(ScenarioStatus from, ScenarioStatus to) {
  using enum ScenarioStatus;
  switch (to) {
    case draft:
      return from == proposed || from == approved || from == rejected || from == archived;
    case proposed:
      return from == draft;
    case approved:
    case rejected:
      return from == proposed;
    case archived:
      return from != archived;
    case merged:
      return false;
  }
  return false;
}

const ScenarioStep* Scenario::last(ScenarioStatus to) const {
  const auto found =
      std::find_if(steps.rbegin(), steps.rend(), [to](const ScenarioStep& step) { return step.status == to; });
  return found == steps.rend() ? nullptr : &*found;
}

Result<ScenarioStore> ScenarioStore::of(thread::Thread& thread) {
  ScenarioStore store(thread);
  const std::pair<std::string_view, twin::Term*> wanted[] = {{"urn:cityloom:type:Scenario", &store.type_},
                                                             {"urn:cityloom:attribute:document", &store.document_},
                                                             {"urn:cityloom:attribute:comment", &store.comment_}};
  for (const auto& [text, term] : wanted) {
    const auto made = thread.terms().intern(text);
    if (!made.ok()) return made.error();
    *term = *made;
  }
  return store;
}

Result<std::optional<Scenario>> ScenarioStore::read(const twin::EntityRecord& record,
                                                    const std::vector<thread::BranchInfo>& branches) const {
  Scenario scenario;
  Status status;
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    const auto* json = std::get_if<twin::Json>(&attribute.value);
    if (json == nullptr) return true;
    if (attribute.name == document_) {
      status = read_document(json->text, scenario);
      scenario.modified_at = attribute.modified_at;
    } else if (attribute.name == comment_) {
      read_comment(json->text, scenario);
    }
    return status.ok();
  });
  if (!status.ok() || scenario.id.empty()) return unreadable(record);
  scenario.created_at = record.created_at();
  scenario.version = record.offset();
  std::stable_sort(scenario.comments.begin(), scenario.comments.end(),
                   [](const ScenarioComment& left, const ScenarioComment& right) { return left.at < right.at; });
  const auto branch = std::find_if(branches.begin(), branches.end(),
                                   [&](const thread::BranchInfo& info) { return info.name == scenario.id; });
  if (branch == branches.end()) return std::optional<Scenario>();
  scenario.branch = branch->id;
  scenario.forked_at = branch->fork_offset;
  scenario.head = branch->head;
  return std::optional(std::move(scenario));
}

Result<std::vector<Scenario>> ScenarioStore::list() const {
  twin::Query query;
  query.types.any_of = {{type_}};
  const auto branches = thread_->branches();
  std::vector<Scenario> all;
  std::optional<base::Error> error;
  const Status walked = thread_->snapshot().each(query, [&](const twin::EntityRecord& record) {
    auto one = read(record, branches);
    if (!one.ok()) {
      error = one.error();
      return false;
    }
    if (*one) all.push_back(std::move(**one));
    return true;
  });
  if (error) return *error;
  if (!walked.ok()) return walked.error();
  return all;
}

Result<Scenario> ScenarioStore::find(std::string_view id) const {
  const auto record = thread_->snapshot().find(std::string(entity_prefix) + std::string(id));
  if (!record.ok()) return record.error();
  if (!record.value().exists() || record.value().ended()) return unknown_scenario(id);
  auto scenario = read(*record, thread_->branches());
  if (!scenario.ok()) return scenario.error();
  if (!*scenario) return unknown_scenario(id);
  return std::move(**scenario);
}

Change ScenarioStore::change_of(const Scenario& scenario, Change::Kind kind) const {
  Change change;
  change.kind = kind;
  change.entity_id = std::string(entity_prefix) + scenario.id;
  if (kind == Change::Kind::create) change.types = {type_};
  if (kind != Change::Kind::remove) change.attributes.push_back(json_attribute(document_, document_of(scenario)));
  change.only_at = scenario.version;
  return change;
}

Result<Scenario> ScenarioStore::make(const ScenarioForm& form, Instant now) {
  const auto others = list();
  if (!others.ok()) return others.error();
  if (others->size() >= scenarios_max)
    return fail(Code::busy, "there are as many scenarios as may be", {}, "delete those that nobody needs");
  std::optional<thread::Offset> at;
  if (form.at) {
    const auto moment = std::visit([&](auto given) { return thread_->snapshot_at(given); }, *form.at);
    if (!moment.ok()) return moment.error();
    at = moment->offset();
  }
  Scenario scenario;
  scenario.name = form.name;
  scenario.description = form.description;
  scenario.made_after = thread_->head();
  // Offsets never come again, so no name does; of two that are made at once the later takes the next.
  Result<thread::BranchId> branch = fail(Code::busy, "no scenario could be begun", {}, "try again");
  for (uint64_t number = scenario.made_after.number + 1, tries = 0; tries < tries_max; ++number, ++tries) {
    scenario.id = std::string(scenario_branch_prefix) + std::to_string(number);
    branch = thread_->fork(scenario.id, thread::main_branch, at, form.author);
    if (branch.ok() || branch.error().code != Code::already_exists) break;
  }
  if (!branch.ok()) return branch.error();
  scenario.steps = {{ScenarioStatus::draft, now, form.author, {}, scenario.made_after}};
  thread::ChangeSet set;
  set.author = form.author;
  set.changes.push_back(change_of(scenario, Change::Kind::create));
  if (const auto error = error_of(thread_->append(std::move(set)))) {
    (void)thread_->drop(*branch);
    return *error;
  }
  return find(scenario.id);
}

Status ScenarioStore::remove(std::string_view id) {
  const auto scenario = find(id);
  if (!scenario.ok()) return scenario.error();
  if (scenario->last(ScenarioStatus::merged) != nullptr)
    return fail(Code::conflict, "what was merged stays told", std::string(id), "archive the scenario");
  if (auto dropped = thread_->drop(scenario->branch); !dropped.ok()) return dropped;
  Change change = change_of(*scenario, Change::Kind::remove);
  change.only_at = {};  // a comment that came meanwhile goes with it
  thread::ChangeSet set;
  set.changes.push_back(std::move(change));
  if (const auto error = error_of(thread_->append(std::move(set)))) return *error;
  return {};
}

Status ScenarioStore::comment(std::string_view id, const ScenarioComment& comment) {
  for (int tries = 0; tries < tries_max; ++tries) {
    const auto scenario = find(id);
    if (!scenario.ok()) return scenario.error();
    if (scenario->comments.size() >= scenario_comments_max)
      return fail(Code::busy, "a scenario has as many comments as it may", std::string(id), "begin another scenario");
    const auto dataset =
        thread_->terms().intern(std::string(comment_prefix) + std::to_string(scenario->comments.size()));
    if (!dataset.ok()) return dataset.error();
    JsonText json;
    json.open_object().member("text", comment.text).member("author", comment.author).member("at", comment.at);
    Change change = change_of(*scenario, Change::Kind::append);
    change.attributes = {json_attribute(comment_, json.close_object().take())};
    change.attributes.front().dataset = *dataset;
    thread::ChangeSet set;
    set.author = comment.author;
    set.changes.push_back(std::move(change));
    const auto error = error_of(thread_->append(std::move(set)));
    if (!error) return {};
    if (error->code != Code::conflict) return *error;
  }
  return fail(Code::busy, "others write to this scenario all the time", std::string(id), "try again");
}

Result<Scenario> ScenarioStore::change(std::string_view id, const std::function<Status(Scenario&)>& edit,
                                       const Alongside& alongside) {
  for (int tries = 0; tries < tries_max; ++tries) {
    auto scenario = find(id);
    if (!scenario.ok()) return scenario.error();
    thread::ChangeSet set;
    set.all_or_nothing = true;
    if (alongside) {
      auto changes = alongside(*scenario);
      if (!changes.ok()) return changes.error();
      set.changes = std::move(*changes);
    }
    if (auto edited = edit(*scenario); !edited.ok()) return edited.error();
    if (scenario->steps.size() > scenario_steps_max)
      return fail(Code::busy, "a scenario has as many steps as it may", std::string(id), "begin another scenario");
    set.author = scenario->steps.back().by;
    set.changes.push_back(change_of(*scenario, Change::Kind::append));
    const auto error = error_of(thread_->append(std::move(set)));
    if (!error) return find(id);
    // What was just found out is no longer so: found out anew, it is told for what it is.
    const bool has_moved =
        error->code == Code::conflict || error->code == Code::already_exists || error->code == Code::not_found;
    if (!has_moved) return *error;
  }
  return fail(Code::busy, "others write to the same entities all the time", std::string(id), "try again");
}

}  // namespace cityloom::serve
