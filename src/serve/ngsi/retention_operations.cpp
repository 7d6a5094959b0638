// /api/retention: rules, what they would do, the run that does it, and what it did. Ours. And what answers about the
// past say of it.
#include <algorithm>

#include "serve/json.hpp"
#include "serve/ngsi/retention.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using thread::Change;

Retention& retention_of(const Call& call, const thread::Thread& thread) {
  return *call.services().state_of(thread).retention;
}

bool on_main(Call& call) {
  const std::string_view branch = call.request().branch();
  if (branch.empty() || branch == "main") return true;
  call.fail({Code::invalid, "retention is of the main branch only", "branch", {}});
  return false;
}

Error unknown_rule(const std::string& name) {
  return {Code::not_found, "there is no retention rule of this name", name, "GET /api/retention lists them"};
}

std::string_view name_of(RetentionRun::State state) {
  switch (state) {
    case RetentionRun::State::none:
      return "none";
    case RetentionRun::State::running:
      return "running";
    case RetentionRun::State::ended:
      return "ended";
    case RetentionRun::State::cancelled:
      return "cancelled";
    case RetentionRun::State::failed:
      return "failed";
  }
  return "none";
}

void write_count(JsonText& json, const RetentionCount& count) {
  json.member("series", count.series).member("instances", count.instances).member("bytes", count.bytes);
  json.member("tooDense", count.too_dense);
}

void write_run(JsonText& json, const RetentionRun& run) {
  json.open_object().member("state", name_of(run.state));
  if (run.state != RetentionRun::State::none) {
    json.member("startedAt", run.started_at);
    if (run.ended_at.exists()) json.member("endedAt", run.ended_at);
    json.member("entities", run.entities).member("entitiesDone", run.entities_done).member("isPart", run.is_part);
    write_count(json, run.taken_out);
    if (!run.error.empty()) json.member("error", run.error);
  }
  json.close_object();
}

void show_retention(Call call) {
  const auto reading = call.reading();
  if (!reading || !on_main(call)) return;
  const Retention& retention = retention_of(call, *reading->thread);
  JsonText json;
  json.open_object().key("rules").open_array();
  for (const RetentionRule& rule : retention.rules()) json.raw(retention_rule_json(rule, call.context().get()));
  json.close_array().key("run");
  write_run(json, retention.run());
  json.close_object();
  call.send(Response::json(json.take()));
}

void show_rule(Call call) {
  const auto reading = call.reading();
  if (!reading || !on_main(call)) return;
  const std::string name(call.request().path_value("name"));
  const auto rule = retention_of(call, *reading->thread).find(name);
  if (!rule) return call.fail(unknown_rule(name));
  call.send(Response::json(retention_rule_json(*rule, call.context().get())));
}

void put_rule(Call call) {
  const auto writing = call.writing();
  if (!writing || !on_main(call)) return;
  const std::string name(call.request().path_value("name"));
  auto rule = parse_retention_rule(name, call.request().body(), call.context().get());
  if (!rule.ok()) return call.fail(rule.error());
  const auto retention = call.services().state_of(*writing->thread).retention;
  if (const auto room = retention->check_room(name); !room.ok()) return call.fail(room.error());
  const bool is_new = !retention->find(name).has_value();
  std::vector<Change> changes;
  changes.push_back(retention->change_of(*rule, is_new));
  Call::append(std::move(call), *writing, std::move(changes),
               [retention, rule = std::move(rule).value(), is_new](const Call& answered,
                                                                   base::Result<thread::Outcomes> outcomes) mutable {
                 if (!outcomes->front().ok()) return answered.failure(outcomes->front().error());
                 retention->put(std::move(rule));
                 return Response::empty(is_new ? 201 : 204);
               });
}

void delete_rule(Call call) {
  const auto writing = call.writing();
  if (!writing || !on_main(call)) return;
  const std::string name(call.request().path_value("name"));
  const auto retention = call.services().state_of(*writing->thread).retention;
  if (!retention->find(name)) return call.fail(unknown_rule(name));
  std::vector<Change> changes;
  changes.push_back(retention->removal_of(name));
  Call::append(std::move(call), *writing, std::move(changes),
               [retention, name](const Call& answered, base::Result<thread::Outcomes> outcomes) {
                 if (!outcomes->front().ok()) return answered.failure(outcomes->front().error());
                 retention->erase(name);
                 return Response::empty();
               });
}

// Without a body all rules, those too that are not active; else the one in it beside those that are.
base::Result<std::vector<RetentionRule>> rules_to_try(const Call& call, const Retention& retention) {
  std::vector<RetentionRule> rules = retention.rules();
  if (call.request().body().empty()) return rules;
  auto tried = parse_retention_rule("tried", call.request().body(), call.context().get());
  if (!tried.ok()) return tried.error();
  std::erase_if(rules, [](const RetentionRule& rule) { return !rule.is_active || rule.name == "tried"; });
  rules.push_back(std::move(tried).value());
  return rules;
}

void preview(Call call) {
  const auto reading = call.reading();
  if (!reading || !on_main(call)) return;
  const Retention& retention = retention_of(call, *reading->thread);
  const auto rules = rules_to_try(call, retention);
  if (!rules.ok()) return call.fail(rules.error());
  const auto counts = retention.preview(*rules, call.services().clock.now(), call.bounds());
  if (!counts.ok()) return call.fail_read(counts.error());
  JsonText json;
  json.open_object().key("rules").open_array();
  for (const auto& [name, count] : *counts) {
    json.open_object().member("name", name);
    write_count(json, count);
    json.close_object();
  }
  json.close_array().close_object();
  call.send(Response::json(json.take()));
}

void answer_run(Call call, void (Retention::*act)()) {
  const auto writing = call.writing();
  if (!writing || !on_main(call)) return;
  Retention& retention = retention_of(call, *writing->thread);
  (retention.*act)();
  JsonText json;
  write_run(json, retention.run());
  call.send(Response::json(json.take(), 202));
}
void start_run(Call call) {
  answer_run(std::move(call), &Retention::start);
}
void cancel_run(Call call) {
  answer_run(std::move(call), &Retention::cancel);
}

std::string schema_of(std::string_view name) {
  return R"({"$ref":"#/components/schemas/)" + std::string(name) + "\"}";
}

std::string keep_text(int64_t step_us) {
  return step_us == 0 ? "nothing" : "PT" + std::to_string(step_us / 1'000'000) + "S";
}

// A page of what was taken out of an entity's past.
void show_log(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const auto id = call.parameter("id");
  if (!id || id->empty()) return call.fail({Code::invalid, "is needed: of which entity", "id", {}});
  if (is_internal_id(*id) || !reading->snapshot.number_of(*id)) {
    return call.fail({Code::not_found, "there never was an entity with this id", std::string(*id), {}});
  }
  const auto all = reading->snapshot.thinnings(*id);
  if (!all.ok()) return call.fail(all.error());
  const twin::TermTable& terms = reading->thread->terms();
  JsonText json;
  json.open_object().member("id", std::string(*id)).member("count", all->size()).key("thinned").open_array();
  const size_t first = std::min(call.page().offset, all->size());
  for (size_t i = first; i < std::min(all->size(), first + call.page().limit); ++i) {
    const thread::Thinning& one = (*all)[i];
    json.open_object().member("attribute", call.context()->compact(terms.text(one.series.name)));
    if (one.series.dataset.exists()) json.member("datasetId", std::string(terms.text(one.series.dataset)));
    json.member("statedOfThePast", one.series.is_told).member("from", one.from).member("to", one.to);
    json.member("keep", keep_text(one.step_us)).member("rule", one.rule).member("instances", one.taken_out);
    json.member("first", one.first).member("last", one.last).member("sha256", one.sha256);
    json.member("recordedAt", one.recorded_at).member("offset", one.offset.number).close_object();
  }
  json.close_array().close_object();
  call.send(Response::json(json.take()));
}

bool overlaps(const thread::Thinning& one, const thread::HistoryQuery& query) {
  const bool is_asked =
      query.attributes.empty() || std::ranges::find(query.attributes, one.series.name) != query.attributes.end();
  // By recorded times nothing can be told from the observed ones.
  if (!is_asked || query.window.property != thread::TimeProperty::observed_at) return is_asked;
  return (!query.window.to.exists() || one.first < query.window.to) &&
         (!query.window.from.exists() || one.last >= query.window.from);
}

Route route_of(Method method, const char* path, const char* operation_id, const char* summary,
               std::vector<Answer> answers) {
  const auto action = method == Method::get ? trust::Action::read : trust::Action::administer;
  Route route{method, path, action, operation_id, "Retention", summary, {}, {}, {}, {}};
  route.answers = std::move(answers);
  return route;
}

void add_schemas(Router& router) {
  router.add_schema("RetentionRule", R"({"type":"object","additionalProperties":false,"properties":{
    "name":{"type":"string","maxLength":64},
    "types":{"type":"array","maxItems":100,"items":{"type":"string"},"description":"Of entities; none: all"},
    "attributes":{"type":"array","maxItems":100,"items":{"type":"string"},"description":"None: all"},
    "idPattern":{"type":"string"},"datasetId":{"type":"string","description":"@none: that without one"},
    "hold":{"type":"boolean","description":"Nothing of these is ever thinned, whatever other rules say"},
    "steps":{"type":"array","maxItems":8,"items":{"type":"object","required":["after","keep"],"properties":{
      "after":{"type":"string","description":"ISO 8601 duration"},
      "keep":{"type":"string","description":"ISO 8601 duration: one value each; or \"nothing\""}}}},
    "active":{"type":"boolean","default":false}},
    "examples":[{"types":["Gauge"],"steps":[{"after":"P30D","keep":"PT1H"}]},{"attributes":["name"],"hold":true}]})");
  router.add_schema("RetentionRun", R"({"type":"object","required":["state"],"properties":{
    "state":{"enum":["none","running","ended","cancelled","failed"]},"startedAt":{"type":"string"},
    "endedAt":{"type":"string"},"entities":{"type":"integer"},"entitiesDone":{"type":"integer"},
    "isPart":{"type":"boolean"},"series":{"type":"integer"},"instances":{"type":"integer"},
    "bytes":{"type":"integer"},"tooDense":{"type":"integer"},"error":{"type":"string"}}})");
}

void add_rule_routes(Router& router, Services& services, const Form& form) {
  const std::string rule = schema_of("RetentionRule");
  add_operation(router, services,
                route_of(Method::get, "/api/retention", "showRetention", "Rules of retention and the run",
                         {{200,
                           "All rules; the run that goes on or was the last",
                           {{"application/json", R"({"type":"object","properties":{"rules":{"type":"array","items":)" +
                                                     rule + R"(},"run":)" + schema_of("RetentionRun") + "}}"}}}}),
                form, show_retention);
  add_operation(router, services,
                route_of(Method::get, "/api/retention/rules/{name}", "showRetentionRule", "A rule of retention",
                         {{200, "The rule", {{"application/json", rule}}}}),
                form, show_rule);
  Route put = route_of(Method::put, "/api/retention/rules/{name}", "putRetentionRule", "State a rule of retention",
                       {{201, "New", {}}, {204, "Changed", {}}});
  put.request_body = {{"application/json", rule}};
  add_operation(router, services, std::move(put), form, put_rule);
  add_operation(router, services,
                route_of(Method::del, "/api/retention/rules/{name}", "deleteRetentionRule", "Delete a rule",
                         {{204, "Deleted; what it thinned stays thinned", {}}}),
                form, delete_rule);
}

}  // namespace

base::Status warn_of_thinning(const Call& call, const thread::Snapshot& snapshot, const std::vector<std::string>& ids,
                              const thread::HistoryQuery& query, Response& response) {
  uint64_t taken_out = 0;
  for (const std::string& id : ids) {
    const auto all = snapshot.thinnings(id);
    if (!all.ok()) return all.error();
    for (const thread::Thinning& one : *all) taken_out += overlaps(one, query) ? one.taken_out : 0;
  }
  if (taken_out == 0) return {};
  const std::string agent = call.services().source_alias.empty() ? "cityloom" : call.services().source_alias;
  response.header("NGSILD-Warning", "299 " + agent + " \"the past is thinned: " + std::to_string(taken_out) +
                                        " instances are gone, see /api/retention/log\"");
  return {};
}

void add_retention_operations(Router& router, Services& services) {
  add_schemas(router);
  Form form;
  add_rule_routes(router, services, form);
  const std::string run = schema_of("RetentionRun");
  add_operation(router, services,
                route_of(Method::post, "/api/retention/run", "startRetention", "Run the active rules now",
                         {{202, "It begins within half a second", {{"application/json", run}}}}),
                form, start_run);
  add_operation(
      router, services,
      route_of(Method::del, "/api/retention/run", "cancelRetention", "End the run",
               {{202, "It ends before its next piece; what is thinned stays so", {{"application/json", run}}}}),
      form, cancel_run);
  Form paged;
  paged.paged = true;
  paged.long_work = true;
  Route log = route_of(Method::get, "/api/retention/log", "showRetentionLog", "What was taken out of an entity's past",
                       {{200,
                         "Each stretch that was thinned, with count, times and SHA-256",
                         {{"application/json", R"({"type":"object","required":["id","count","thinned"],"properties":{
    "id":{"type":"string"},"count":{"type":"integer"},"thinned":{"type":"array","items":{"type":"object"}}}})"}}}});
  log.parameters = {query_parameter("id", "The entity", R"({"type":"string","format":"uri"})")};
  log.parameters.front().required = true;
  add_operation(router, services, std::move(log), paged, show_log);
  form.long_work = true;
  Route trial = route_of(
      Method::post, "/api/retention/preview", "previewRetention", "What rules would take out now; nothing is changed",
      {{200,
        "By rule",
        {{"application/json", R"({"type":"object","required":["rules"],"properties":{"rules":{"type":"array",
    "items":{"type":"object","required":["name","series","instances","bytes","tooDense"],"properties":{
      "name":{"type":"string"},"series":{"type":"integer"},"instances":{"type":"integer"},"bytes":{"type":"integer"},
      "tooDense":{"type":"integer"}}}}}})"}}}});
  trial.action = trust::Action::read;
  trial.request_body = {{"application/json", schema_of("RetentionRule")}};
  add_operation(router, services, std::move(trial), form, preview);
}

}  // namespace cityloom::serve::ngsi_ld
