// /api/branches: list, fork, drop.
#include <simdjson.h>

#include "ngsi/body.hpp"
#include "serve/api/doors.hpp"
#include "serve/api/scenario_store.hpp"
#include "serve/json.hpp"
#include "serve/ngsi/snapshots.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

std::string name_of_branch(const std::vector<thread::BranchInfo>& all, thread::BranchId id) {
  for (const auto& each : all) {
    if (each.id == id) return each.name;
  }
  return {};
}

void write_branch(JsonText& json, const thread::BranchInfo& branch, const std::vector<thread::BranchInfo>& all) {
  json.open_object().member("name", branch.name);
  if (branch.id != thread::main_branch) {
    json.member("from", name_of_branch(all, branch.parent)).member("at", branch.fork_offset.number);
  }
  json.member("head", branch.head.number).close_object();
}

Result<Response> list_branches(const ApiState& state, const Request& request) {
  const auto thread = state.services.tenants->find(request.tenant());
  if (!thread) return thread.error();
  const auto all = (*thread)->branches();
  JsonText json;
  json.open_object().key("branches").open_array();
  for (const auto& branch : all) write_branch(json, branch, all);
  json.close_array().close_object();
  return Response::json(json.take());
}

struct Fork {
  std::string name;
  std::string from;
  std::optional<std::variant<thread::Offset, base::Instant>> at;
};

Result<Fork> read_fork(std::string_view body) {
  if (const auto read = ngsi::Body::read(body); !read.ok())
    return fail(Code::invalid, read.error().what, read.error().where, read.error().remedy);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) {
    return fail(Code::invalid, "the body is not a JSON object", "", R"(send {"name": "plan", "from": "main"})");
  }
  Fork fork;
  for (const auto [key, value] : object) {
    std::string_view text;
    uint64_t number = 0;
    const bool is_text = value.get(text) == simdjson::SUCCESS;
    if (key == "name" && is_text) {
      fork.name = text;
    } else if (key == "from" && is_text) {
      fork.from = text;
    } else if (key == "at" && (is_text || value.get(number) == simdjson::SUCCESS)) {
      auto moment = read_moment(is_text ? std::string(text) : std::to_string(number));
      if (!moment) return moment.error();
      fork.at = *moment;
    } else {
      return fail(Code::invalid, "not expected here, or not of this kind", std::string(key),
                  "name and from are texts; at is an offset or a date-time");
    }
  }
  if (fork.name.empty()) return fail(Code::invalid, "a branch needs a name", "name");
  return fork;
}

Result<Response> fork_branch(const ApiState& state, const Request& request) {
  const auto thread = state.services.tenants->find(request.tenant());
  if (!thread) return thread.error();
  const auto fork = read_fork(request.body());
  if (!fork) return fork.error();
  if (fork->name.starts_with(ngsi_ld::snapshot_branch_prefix)) {
    return fail(Code::invalid, "names that begin like this are those of NGSI-LD snapshots", "name");
  }
  if (fork->name.starts_with(scenario_branch_prefix))
    return fail(Code::invalid, "names that begin like this are those of scenarios", "name", "post to /api/scenarios");
  thread::BranchId parent = thread::main_branch;
  if (!fork->from.empty() && fork->from != "main") {
    const auto found = (*thread)->find_branch(fork->from);
    if (!found) return fail(Code::not_found, "there is no such branch", fork->from, "see /api/branches");
    parent = *found;
  }
  std::optional<thread::Offset> at;
  if (fork->at) {
    const auto snapshot = std::visit([&](auto moment) { return (*thread)->snapshot_at(moment, parent); }, *fork->at);
    if (!snapshot) return snapshot.error();
    at = snapshot->offset();
  }
  const auto made = (*thread)->fork(fork->name, parent, at);
  if (!made) return made.error();
  const auto all = (*thread)->branches();
  JsonText json;
  for (const auto& branch : all) {
    if (branch.id == *made) write_branch(json, branch, all);
  }
  Response response = Response::json(json.take(), 201);
  response.header("Location", "/api/branches/" + percent_encoded(fork->name));
  return response;
}

Result<Response> drop_branch(const ApiState& state, const Request& request) {
  const auto thread = state.services.tenants->find(request.tenant());
  if (!thread) return thread.error();
  const std::string_view name = request.path_value("name");
  const auto branch = (*thread)->find_branch(name);
  if (!branch) return fail(Code::not_found, "there is no such branch", std::string(name), "see /api/branches");
  if (name.starts_with(ngsi_ld::snapshot_branch_prefix)) {
    return fail(Code::conflict, "the branch is that of an NGSI-LD snapshot", std::string(name),
                "delete the snapshot at /ngsi-ld/v1/snapshots");
  }
  if (name.starts_with(scenario_branch_prefix)) {
    return fail(Code::conflict, "the branch is that of a scenario", std::string(name),
                "delete the scenario at /api/scenarios");
  }
  if (auto dropped = (*thread)->drop(*branch); !dropped) return dropped.error();
  return Response::empty();
}

Route branch_route(Method method, std::string path, std::string id, std::string summary, Handler handler) {
  Route route;
  route.method = method;
  route.path = std::move(path);
  route.action = method == Method::get ? trust::Action::read : trust::Action::administer;
  route.operation_id = std::move(id);
  route.tag = "Branches";
  route.summary = std::move(summary);
  route.handler = std::move(handler);
  route.blocking = method != Method::get;  // waits for the appender
  return route;
}

}  // namespace

void add_branch_doors(Router& router, const ApiStatePointer& state) {
  router.add_schema("Branch", R"({"type":"object","required":["name","head"],"properties":{"name":{"type":"string"},
    "from":{"type":"string"},"at":{"type":"integer"},"head":{"type":"integer"}}})");
  Route list = branch_route(Method::get, "/api/branches", "listBranches", "All branches",
                            answer_or_fail([state](const Request& request) { return list_branches(*state, request); }));
  list.answers = {{200,
                   "All, main first",
                   {{"application/json",
                     R"({"type":"object","required":["branches"],"properties":{"branches":{"type":"array","items":)" +
                         schema_reference("Branch") + "}}}"}}}};
  router.add(std::move(list));
  Route fork = branch_route(Method::post, "/api/branches", "forkBranch", "A new branch off another one",
                            answer_or_fail([state](const Request& request) { return fork_branch(*state, request); }));
  fork.request_body = {
      {"application/json", R"({"type":"object","required":["name"],"additionalProperties":false,"properties":{
    "name":{"type":"string","pattern":"^[A-Za-z0-9._-]{1,64}$"},
    "from":{"type":"string","default":"main","examples":["main"]},
    "at":{"type":["integer","string"],"examples":[1],"description":"An offset or a time; absent: now"}}})"}};
  fork.answers = {{201, "The branch", {{"application/json", schema_reference("Branch")}}}};
  router.add(std::move(fork));
  Route drop = branch_route(Method::del, "/api/branches/{name}", "dropBranch", "Ends a branch",
                            answer_or_fail([state](const Request& request) { return drop_branch(*state, request); }));
  drop.answers = {{204, "It is gone", {}}};
  router.add(std::move(drop));
}

}  // namespace cityloom::serve
