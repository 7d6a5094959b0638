// /api/scenarios: branches with a name, what they change, what was said and decided of them.
#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>

#include "serve/api/doors.hpp"
#include "serve/api/scenario_changes.hpp"
#include "serve/api/scenario_json.hpp"
#include "serve/api/scenario_store.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

constexpr size_t body_bytes_max = 256u << 10;
constexpr size_t page_default = 100, page_max = 1'000;
constexpr size_t page_bytes_max = 8u << 20;  // then a page ends, whatever was asked for
constexpr size_t merge_entities_max = 10'000;
constexpr size_t conflicts_told_max = 100;
constexpr size_t author_max = 100;

// What the doors share: an index of each open tenant's branches.
struct Scenarios {
  ApiStatePointer state;
  std::mutex mutex;
  std::map<const thread::Thread*, std::weak_ptr<ScenarioChanges>> indexes;

  std::shared_ptr<ScenarioChanges> changes_of(thread::Thread& thread) {
    const std::lock_guard lock(mutex);
    auto held = indexes[&thread].lock();
    return held != nullptr ? held : std::make_shared<ScenarioChanges>(thread);
  }
};
using ScenariosPointer = std::shared_ptr<Scenarios>;

// The tenant of a request, and the scenario that its path names.
struct Asked {
  thread::Thread* thread = nullptr;
  ScenarioStore store;
  Scenario scenario;
};

Result<Asked> asked_in(Scenarios& all, const Request& request) {
  const auto thread = all.state->services.tenants->find(request.tenant());
  if (!thread.ok()) return thread.error();
  auto store = ScenarioStore::of(**thread);
  if (!store.ok()) return store.error();
  auto scenario = store->find(request.path_value("id"));
  if (!scenario.ok()) return scenario.error();
  return Asked{*thread, *store, std::move(*scenario)};
}

Response scenario_response(const thread::Thread& thread, const Scenario& scenario, int status = 200) {
  JsonText json;
  write_scenario(json, thread, scenario, true);
  Response response = Response::json(json.take(), status);
  if (status == 201) response.header("Location", "/api/scenarios/" + scenario.id);
  return response;
}

Result<Response> list_scenarios(Scenarios& all, const Request& request) {
  const auto thread = all.state->services.tenants->find(request.tenant());
  if (!thread.ok()) return thread.error();
  std::optional<ScenarioStatus> wanted;
  if (const auto text = request.query_value("status")) {
    wanted = scenario_status(*text);
    if (!wanted)
      return fail(Code::invalid, "no status of a scenario", "status",
                  "write draft, proposed, approved, rejected, merged or archived");
  }
  const auto store = ScenarioStore::of(**thread);
  if (!store.ok()) return store.error();
  const auto scenarios = store->list();
  if (!scenarios.ok()) return scenarios.error();
  JsonText json;
  json.open_object().key("scenarios").open_array();
  for (const Scenario& scenario : *scenarios) {
    if (!wanted || scenario.status() == *wanted) write_scenario(json, **thread, scenario, false);
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

std::string text_of(const std::map<std::string, std::string, std::less<>>& texts, std::string_view name) {
  const auto found = texts.find(name);
  return found == texts.end() ? std::string() : found->second;
}

Result<Response> make_scenario(Scenarios& all, const Request& request) {
  const auto texts = read_texts(request.body(), {{"name", scenario_name_max, true},
                                                 {"description", scenario_text_max},
                                                 {"author", author_max},
                                                 {"at", 40, false, true}});
  if (!texts.ok()) return texts.error();
  ScenarioForm form{text_of(*texts, "name"), text_of(*texts, "description"), text_of(*texts, "author"), {}};
  if (texts->contains("at")) {
    auto moment = read_moment(texts->find("at")->second);
    if (!moment.ok()) return fail(Code::invalid, moment.error().what, "at", moment.error().remedy);
    form.at = *moment;
  }
  const auto thread = all.state->services.tenants->find_or_make(request.tenant());
  if (!thread.ok()) return thread.error();
  auto store = ScenarioStore::of(**thread);
  if (!store.ok()) return store.error();
  const auto made = store->make(form, all.state->services.clock->now());
  if (!made.ok()) return made.error();
  return scenario_response(**thread, *made, 201);
}

Result<Response> show_scenario(Scenarios& all, const Request& request) {
  const auto asked = asked_in(all, request);
  if (!asked.ok()) return asked.error();
  return scenario_response(*asked->thread, asked->scenario);
}

// Takes a scenario to another status, as a person says.
Status take_step(Scenario& scenario, ScenarioStatus to, ScenarioStep step) {
  const ScenarioStatus from = scenario.status();
  if (to == ScenarioStatus::merged)
    return fail(Code::conflict, "a scenario is merged by its own door", "status", "post to its merge");
  const bool reopens_merged = to == ScenarioStatus::draft && scenario.last(ScenarioStatus::merged) != nullptr;
  if (!may_follow(from, to) || reopens_merged) {
    return fail(Code::conflict,
                "a scenario that is " + std::string(name_of(from)) + " cannot become " + std::string(name_of(to)),
                "status", "from draft it goes to proposed, then to approved or rejected; draft reopens it");
  }
  step.status = to;
  step.of_branch = scenario.head;
  scenario.steps.push_back(std::move(step));
  return {};
}

Result<Response> change_scenario(Scenarios& all, const Request& request) {
  const auto texts = read_texts(request.body(), {{"name", scenario_name_max},
                                                 {"description", scenario_text_max},
                                                 {"status", 20},
                                                 {"author", author_max},
                                                 {"note", scenario_text_max}});
  if (!texts.ok()) return texts.error();
  if (texts->contains("name") && text_of(*texts, "name").find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(Code::invalid, "a scenario needs a name", "name");
  std::optional<ScenarioStatus> to;
  if (texts->contains("status")) {
    to = scenario_status(text_of(*texts, "status"));
    if (!to)
      return fail(Code::invalid, "no status of a scenario", "status",
                  "write draft, proposed, approved, rejected or archived");
  }
  auto asked = asked_in(all, request);
  if (!asked.ok()) return asked.error();
  const base::Instant now = all.state->services.clock->now();
  const auto changed = asked->store.change(asked->scenario.id, [&](Scenario& scenario) -> Status {
    if (texts->contains("name")) scenario.name = text_of(*texts, "name");
    if (texts->contains("description")) scenario.description = text_of(*texts, "description");
    if (!to || *to == scenario.status()) return {};
    return take_step(scenario, *to, {*to, now, text_of(*texts, "author"), text_of(*texts, "note"), {}});
  });
  if (!changed.ok()) return changed.error();
  return scenario_response(*asked->thread, *changed);
}

Result<Response> delete_scenario(Scenarios& all, const Request& request) {
  auto asked = asked_in(all, request);
  if (!asked.ok()) return asked.error();
  if (auto removed = asked->store.remove(asked->scenario.id); !removed.ok()) return removed.error();
  all.changes_of(*asked->thread)->forget(asked->scenario.branch);
  return Response::empty();
}

Result<size_t> count_in(const Request& request, std::string_view name, size_t otherwise, size_t most) {
  const auto text = request.query_value(name);
  if (!text) return otherwise;
  size_t count = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error != std::errc{} || end != text->data() + text->size() || count > most)
    return fail(Code::invalid, "not a count, or too great", std::string(name), "write 0 to " + std::to_string(most));
  return count;
}

Result<Response> list_changes(Scenarios& all, const Request& request, const Reply& reply) {
  const auto offset = count_in(request, "offset", 0, ScenarioChanges::entities_max);
  if (!offset.ok()) return offset.error();
  const auto limit = count_in(request, "limit", page_default, page_max);
  if (!limit.ok()) return limit.error();
  const auto asked = asked_in(all, request);
  if (!asked.ok()) return asked.error();
  const auto page =
      all.changes_of(*asked->thread)->page(asked->scenario, *offset, *limit, [&reply] { return reply.is_wanted(); });
  if (!page.ok()) return page.error();
  const ngsi::Names names(ngsi::Context::core(), asked->thread->terms());
  JsonText json;
  json.open_object().member("scenario", asked->scenario.id).member("count", page->count);
  json.key("changes").open_array();
  size_t told = 0, bytes = 0;
  for (const EntityChange& change : page->changes) {
    JsonText one;
    write_change(one, change, names);
    const std::string text = one.take();
    if (told > 0 && bytes + text.size() > page_bytes_max) break;
    bytes += text.size();
    json.raw(text);
    ++told;
  }
  json.close_array();
  if (*limit > 0 && (page->more || told < page->changes.size())) json.member("next", *offset + told);
  json.close_object();
  return Response::json(json.take());
}

Result<Response> add_comment(Scenarios& all, const Request& request) {
  const auto texts = read_texts(request.body(), {{"text", scenario_text_max, true}, {"author", author_max}});
  if (!texts.ok()) return texts.error();
  auto asked = asked_in(all, request);
  if (!asked.ok()) return asked.error();
  const ScenarioComment comment{text_of(*texts, "text"), text_of(*texts, "author"), all.state->services.clock->now()};
  if (auto added = asked->store.comment(asked->scenario.id, comment); !added.ok()) return added.error();
  const auto now = asked->store.find(asked->scenario.id);
  if (!now.ok()) return now.error();
  return scenario_response(*asked->thread, *now, 201);
}

Result<Response> revert_change(Scenarios& all, const Request& request) {
  const auto texts =
      read_texts(request.body(), {{"entityId", twin::entity_id_bytes_max, true}, {"author", author_max}});
  if (!texts.ok()) return texts.error();
  const std::string id = text_of(*texts, "entityId");
  if (id.starts_with("urn:cityloom:internal:"))
    return fail(Code::invalid, "ids that begin with urn:cityloom:internal: are the server's own", "entityId");
  auto asked = asked_in(all, request);
  if (!asked.ok()) return asked.error();
  if (!is_open(asked->scenario.status())) {
    return fail(Code::conflict,
                "a scenario that is " + std::string(name_of(asked->scenario.status())) + " stays as it is",
                asked->scenario.id, "make it a draft again");
  }
  auto reverted = all.changes_of(*asked->thread)->revert(asked->scenario, id, text_of(*texts, "author"));
  if (!reverted.ok()) return reverted.error();
  return Response::empty();
}

Response conflict_response(const Asked& asked, const std::vector<MergeConflict>& conflicts) {
  const ngsi::Names names(ngsi::Context::core(), asked.thread->terms());
  JsonText json;
  json.open_object().member("type", own_problem_style().type(Code::conflict)).member("title", title_of(Code::conflict));
  json.member("status", 409)
      .member("detail", "Main has changed what this plan changes, in " + std::to_string(conflicts.size()) +
                            " places: undo these changes, or make them again on a new scenario");
  json.member("where", asked.scenario.id).key("conflicts").open_array();
  for (size_t i = 0; i < std::min(conflicts.size(), conflicts_told_max); ++i) {
    json.open_object().member("entityId", conflicts[i].entity_id);
    if (conflicts[i].attribute != twin::Term{}) json.key("attribute").raw(names.quoted(conflicts[i].attribute));
    json.member("reason", conflicts[i].reason).close_object();
  }
  json.close_array().close_object();
  return {409, "application/problem+json", {}, json.take(), {}};
}

// What is to be merged: as it was approved, nothing more.
Result<std::vector<EntityChange>> decided_changes(ScenarioChanges& index, const Scenario& scenario,
                                                  const std::function<bool()>& goes_on) {
  if (scenario.status() != ScenarioStatus::approved)
    return fail(Code::conflict, "only an approved scenario is merged", scenario.id, "propose it, then approve it");
  auto page = index.page(scenario, 0, merge_entities_max, goes_on);
  if (!page.ok()) return page.error();
  if (page->more) {
    return fail(Code::too_large, "a plan of more than 10,000 entities is not merged at once", scenario.id,
                "spread it over several scenarios");
  }
  const ScenarioStep* approved = scenario.last(ScenarioStatus::approved);
  for (const EntityChange& change : page->changes) {
    if (change.touched_at > approved->of_branch) {
      return fail(Code::conflict, "it was changed after it had been approved", change.id,
                  "make it a draft, propose and approve it again");
    }
  }
  return std::move(page->changes);
}

Result<Response> merge_scenario(Scenarios& all, const Request& request, const Reply& reply) {
  const auto texts = read_texts(request.body(), {{"author", author_max}, {"note", scenario_text_max}});
  if (!texts.ok()) return texts.error();
  auto asked = asked_in(all, request);
  if (!asked.ok()) return asked.error();
  const auto index = all.changes_of(*asked->thread);
  std::vector<MergeConflict> conflicts;
  const auto alongside = [&](const Scenario& scenario) -> Result<std::vector<thread::Change>> {
    const auto changes = decided_changes(*index, scenario, [&reply] { return reply.is_wanted(); });
    if (!changes.ok()) return changes.error();
    auto plan = plan_merge(*asked->thread, scenario, *changes);
    if (!plan.ok()) return plan.error();
    conflicts = std::move(plan->conflicts);
    if (!conflicts.empty()) return fail(Code::conflict, "main has changed what this plan changes");
    return std::move(plan->changes);
  };
  const base::Instant now = all.state->services.clock->now();
  const auto merged = asked->store.change(
      asked->scenario.id,
      [&](Scenario& scenario) -> Status {
        scenario.steps.push_back(
            {ScenarioStatus::merged, now, text_of(*texts, "author"), text_of(*texts, "note"), scenario.head});
        return {};
      },
      alongside);
  if (!conflicts.empty()) return conflict_response(*asked, conflicts);
  if (!merged.ok()) return merged.error();
  return scenario_response(*asked->thread, *merged);
}

using Make = Result<Response> (*)(Scenarios&, const Request&);
using MakeLong = Result<Response> (*)(Scenarios&, const Request&, const Reply&);

Handler handler_of(const ScenariosPointer& all, Make make) {
  return answer_or_fail([all, make](const Request& request) { return make(*all, request); });
}

// Of work that asks now and then whether the client still waits.
Handler handler_of(const ScenariosPointer& all, MakeLong make) {
  return [all, make](const Request& request, Reply reply) {
    auto made = make(*all, request, reply);
    if (made.ok())
      reply.send(std::move(*made));
    else
      reply.fail(made.error());
  };
}

Route scenario_route(Method method, std::string path, std::string id, std::string summary, Handler handler) {
  Route route;
  route.method = method;
  route.path = "/api/scenarios" + std::move(path);
  route.action = method == Method::get ? trust::Action::read : trust::Action::write;
  route.operation_id = std::move(id);
  route.tag = "Scenarios";
  route.summary = std::move(summary);
  route.handler = std::move(handler);
  route.blocking = true;  // reads the record, waits for the appender
  if (method != Method::get && method != Method::del) route.body_bytes_max = body_bytes_max;
  return route;
}

Answer scenario_answer(int status, std::string description) {
  return {status, std::move(description), {{"application/json", schema_reference("Scenario")}}};
}

const std::string author_schema = R"("author":{"type":"string","maxLength":100,"examples":["Kim"]})";
const std::string note_schema = R"("note":{"type":"string","maxLength":10000})";

std::string object_schema(std::string_view properties, std::string_view required = "[]") {
  return R"({"type":"object","additionalProperties":false,"required":)" + std::string(required) + R"(,"properties":{)" +
         std::string(properties) + "}}";
}

void add_list_doors(Router& router, const ScenariosPointer& all) {
  Route list = scenario_route(Method::get, "", "listScenarios", "All scenarios, the oldest first",
                              handler_of(all, list_scenarios));
  list.parameters = {{Parameter::In::query, "status", "Only those", schema_reference("ScenarioStatus"), false}};
  list.answers = {{200,
                   "Without their steps and comments",
                   {{"application/json",
                     R"({"type":"object","required":["scenarios"],"properties":{"scenarios":{"type":"array","items":)" +
                         schema_reference("Scenario") + "}}}"}}}};
  router.add(std::move(list));
  Route make = scenario_route(Method::post, "", "makeScenario", "A new scenario: a branch off main under a name",
                              handler_of(all, make_scenario));
  make.request_body = {
      {"application/json",
       object_schema(
           R"("name":{"type":"string","minLength":1,"maxLength":200,"pattern":"[^ ]","examples":["A tower at the lake"]},
      "description":{"type":"string","maxLength":10000,"examples":["Forty storeys"]},
      "at":{"type":["integer","string"],"minimum":0,"maxLength":40,"format":"date-time","examples":[1],"description":"Of main: an offset or a time; absent: now"},)" +
               author_schema,
           R"(["name"])")}};
  make.answers = {scenario_answer(201, "The scenario")};
  router.add(std::move(make));
}

void add_one_doors(Router& router, const ScenariosPointer& all) {
  Route show = scenario_route(Method::get, "/{id}", "getScenario", "A scenario with its steps and comments",
                              handler_of(all, show_scenario));
  show.answers = {scenario_answer(200, "It")};
  router.add(std::move(show));
  Route change = scenario_route(Method::patch, "/{id}", "changeScenario",
                                "Renames it, or takes the next step of its decision", handler_of(all, change_scenario));
  change.request_body = {
      {"application/json",
       object_schema(R"("name":{"type":"string","minLength":1,"maxLength":200,"pattern":"[^ ]","examples":["A tower"]},
      "description":{"type":"string","maxLength":10000},
      "status":{"type":"string","enum":["draft","proposed","approved","rejected","archived"]},)" +
                     author_schema + "," + note_schema)}};
  change.answers = {scenario_answer(200, "As it is now")};
  router.add(std::move(change));
  Route end = scenario_route(Method::del, "/{id}", "deleteScenario", "Ends a scenario and its branch",
                             handler_of(all, delete_scenario));
  end.action = trust::Action::administer;
  end.answers = {{204, "It is gone", {}}};
  router.add(std::move(end));
  Route comment = scenario_route(Method::post, "/{id}/comments", "commentScenario", "Says something of it",
                                 handler_of(all, add_comment));
  comment.request_body = {
      {"application/json",
       object_schema(
           R"("text":{"type":"string","minLength":1,"maxLength":10000,"pattern":"[^ ]","examples":["Too high"]},)" +
               author_schema,
           R"(["text"])")}};
  comment.answers = {scenario_answer(201, "The scenario with the comment")};
  router.add(std::move(comment));
}

void add_change_doors(Router& router, const ScenariosPointer& all) {
  Route list =
      scenario_route(Method::get, "/{id}/changes", "listScenarioChanges",
                     "What the branch says otherwise than the city did at its fork", handler_of(all, list_changes));
  list.parameters = {{Parameter::In::query, "offset", "So many are left out",
                      R"({"type":"integer","minimum":0,"maximum":100000})", false},
                     {Parameter::In::query, "limit", "At most so many",
                      R"({"type":"integer","minimum":0,"maximum":1000,"default":100})", false}};
  list.answers = {
      {200,
       "A page, in the order in which the entities were first touched; `next` is the offset of the next one",
       {{"application/json", R"({"type":"object","required":["scenario","count","changes"],"properties":{
      "scenario":{"type":"string"},"count":{"type":"integer"},"next":{"type":"integer"},"changes":{"type":"array","items":)" +
                                 schema_reference("ScenarioChange") + "}}}"}}}};
  router.add(std::move(list));
  Route revert =
      scenario_route(Method::post, "/{id}/revert", "revertScenarioChange",
                     "Makes an entity of the branch what it was at the fork", handler_of(all, revert_change));
  revert.request_body = {
      {"application/json",
       object_schema(
           R"("entityId":{"type":"string","minLength":1,"maxLength":2048,"pattern":"[^ ]","examples":["urn:ngsi-ld:Device:1"]},)" +
               author_schema,
           R"(["entityId"])")}};
  revert.answers = {{204, "It is what it was", {}}};
  router.add(std::move(revert));
  Route merge = scenario_route(Method::post, "/{id}/merge", "mergeScenario",
                               "Brings an approved scenario to main as a plan", handler_of(all, merge_scenario));
  merge.action = trust::Action::administer;
  merge.request_body = {{"application/json", object_schema(author_schema + "," + note_schema)}};
  merge.answers = {scenario_answer(200, "The scenario, merged"),
                   {409,
                    "It is not approved, or main has changed the same since the fork",
                    {{"application/problem+json", schema_reference("MergeConflicts")}}}};
  router.add(std::move(merge));
}

}  // namespace

void add_scenario_doors(Router& router, const ApiStatePointer& state) {
  const auto all = std::make_shared<Scenarios>();
  all->state = state;
  state->services.tenants->on_open(
      [weak = std::weak_ptr<Scenarios>(all)](const std::string&, thread::Thread& thread) -> std::shared_ptr<void> {
        const auto strong = weak.lock();
        if (strong == nullptr) return nullptr;
        auto index = std::make_shared<ScenarioChanges>(thread);
        const std::lock_guard lock(strong->mutex);
        strong->indexes[&thread] = index;
        return index;
      });
  for (const auto& [name, schema] : scenario_schemas()) router.add_schema(name, schema);
  add_list_doors(router, all);
  add_one_doors(router, all);
  add_change_doors(router, all);
}

}  // namespace cityloom::serve
