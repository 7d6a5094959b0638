// Snapshots created, cloned, looked at, changed and ended. ETSI GS CIM 009 V1.9.1 clauses 5.16, 6.36 - 6.38.
#include <simdjson.h>

#include <array>

#include "ngsi/parse.hpp"
#include "serve/ngsi/linked_lookup.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/snapshot_sources.hpp"
#include "serve/ngsi/snapshots.hpp"
#include "twin/packed.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using base::fail;
using base::Result;
using base::Status;
using simdjson::SUCCESS;
using Element = simdjson::dom::element;

// What a body may be for.
enum class Use : uint8_t { create, clone, update };

Error wrong(const char* what, std::string where, const char* remedy = "") {
  return {Code::invalid, what, std::move(where), remedy};
}

bool is_null(Element value) {
  std::string_view text;
  return value.is_null() || (value.get(text) == SUCCESS && text == "urn:ngsi-ld:null");
}

// Members that the server tells and leaves aside when they are sent.
bool is_told(std::string_view name) {
  static constexpr std::array<std::string_view, 8> told = {"@context",
                                                           "snapshotStatus",
                                                           "snapshotQueriesDetails",
                                                           "snapshotTemporalQueriesDetails",
                                                           "createdAt",
                                                           "modifiedAt",
                                                           "expiresAt",
                                                           "lastUsedAt"};
  return std::find(told.begin(), told.end(), name) != told.end();
}

Status read_queries(Element value, bool temporal, const std::string& name, std::string& to) {
  simdjson::dom::array list;
  if (value.get(list) != SUCCESS || list.size() == 0) return wrong("must be a list of queries, not empty", name);
  for (const Element one : list) {
    simdjson::dom::object query;
    std::string_view type;
    if (one.get(query) != SUCCESS || query["type"].get(type) != SUCCESS || type != "Query") {
      return wrong("must be an object of type Query", name);
    }
    if ((query["temporalQ"].error() == SUCCESS) != temporal) {
      return wrong(temporal ? "each query needs a temporalQ" : "a query of what is now has no temporalQ", name,
                   "temporal queries go into snapshotTemporalQueries, all others into snapshotQueries");
    }
  }
  to = simdjson::minify(value);
  return {};
}

Status read_receiver_info(Element value, std::vector<ngsi::KeyValue>& to) {
  simdjson::dom::array list;
  if (value.get(list) != SUCCESS) return wrong("must be a list of keys and values", "receiverInfo");
  to.clear();
  for (const Element one : list) {
    std::string_view key, text;
    if (one["key"].get(key) != SUCCESS || one["value"].get(text) != SUCCESS) {
      return wrong("each entry needs a key and a value, both texts", "receiverInfo");
    }
    to.push_back({std::string(key), std::string(text)});
  }
  return {};
}

Status read_lifetime(Element value, std::string& to) {
  std::string_view text;
  if (value.get(text) != SUCCESS) return wrong("must be a duration", "snapshotLifetime", "write for example PT1H");
  const auto period = ngsi::parse_period(text);
  if (!period.ok() || period->is_whole()) {
    return wrong("must be an ISO 8601 duration above 0", "snapshotLifetime", "write for example PT1H");
  }
  to = text;
  return {};
}

Status read_endpoint(Element value, std::string& to) {
  std::string_view text;
  const bool is_text = value.get(text) == SUCCESS;
  const bool known = text.starts_with("http://") || text.starts_with("https://") || text.starts_with("mqtt://") ||
                     text.starts_with("mqtts://");
  if (!is_text || !ngsi::is_uri(text) || !known) {
    return wrong("must be a URI of http, https, mqtt or mqtts", "endpoint");
  }
  to = text;
  return {};
}

Status read_id(Element value, Use use, std::string& to) {
  std::string_view text;
  if (use == Use::update) return wrong("the id of a snapshot cannot be changed", "id");
  if (value.get(text) != SUCCESS || !ngsi::is_uri(text)) return wrong("must be a URI", "id");
  to = text;
  return {};
}

Status read_member(std::string_view name, Element value, Use use, SnapshotForm& form) {
  const bool removed = use == Use::update && is_null(value);
  if (name == "id") return read_id(value, use, form.id);
  if (name == "type") {
    std::string_view type;
    return value.get(type) == SUCCESS && type == "Snapshot" ? Status() : wrong("must be Snapshot", "type");
  }
  if (name == "snapshotQueries" || name == "snapshotTemporalQueries") {
    if (use != Use::create) return wrong("the queries of a snapshot cannot be changed", std::string(name));
    const bool temporal = name == "snapshotTemporalQueries";
    return read_queries(value, temporal, std::string(name), temporal ? form.temporal_queries : form.queries);
  }
  if (name == "snapshotPriority") {
    int64_t priority = 0;
    if (removed) priority = SnapshotForm().priority;
    if (!removed && (value.get(priority) != SUCCESS || priority < 1 || priority > 10)) {
      return wrong("must be a whole number from 1 to 10", "snapshotPriority");
    }
    form.priority = static_cast<int>(priority);
    return {};
  }
  if (name == "snapshotLifetime") {
    if (removed) form.lifetime.clear();
    return removed ? Status() : read_lifetime(value, form.lifetime);
  }
  if (name == "endpoint") {
    if (removed) form.endpoint.clear();
    return removed ? Status() : read_endpoint(value, form.endpoint);
  }
  if (name == "receiverInfo") {
    if (removed) form.receiver_info.clear();
    return removed ? Status() : read_receiver_info(value, form.receiver_info);
  }
  return is_told(name) ? Status() : wrong("a Snapshot has no such member", std::string(name), "check its spelling");
}

// Puts what the body states into the form.
Status read_form(const Call& call, Use use, SnapshotForm& form, bool& lifetime_given) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  const std::string_view body = call.request().body();
  if (parser.parse(body.data(), body.size()).get(root) != SUCCESS) return wrong("the body must be an object", "");
  for (const auto& [name, value] : root) {
    if (const Status read = read_member(name, value, use, form); !read.ok()) return read;
    lifetime_given |= name == "snapshotLifetime";
  }
  if (use != Use::create) return {};
  if (root["type"].error() != SUCCESS) return wrong("must be Snapshot", "type");
  if (form.queries.empty() && form.temporal_queries.empty()) {
    return wrong("a snapshot needs queries that say what it holds", "snapshotQueries",
                 "give snapshotQueries, snapshotTemporalQueries or both");
  }
  return {};
}

// The queries of a list as they were stated.
Result<std::vector<ngsi::Body>> bodies_of(const std::string& list) {
  std::vector<ngsi::Body> bodies;
  simdjson::dom::parser parser;
  simdjson::dom::array queries;
  if (list.empty() || parser.parse(list).get(queries) != SUCCESS) return bodies;
  for (const Element query : queries) {
    auto body = ngsi::Body::read(simdjson::minify(query));
    if (!body.ok()) return body.error();
    bodies.push_back(std::move(*body));
  }
  return bodies;
}

// What one query finds goes into the selection.
Result<SnapshotResult> select(const Call& call, const Reading& reading, const ngsi::Body& body, Selection& selection,
                              std::vector<std::string>& warnings) {
  const TenantState& tenant = call.services().state_of(*reading.thread);
  auto asked = ngsi::parse_query_body(body, *call.context(), tenant.thread->terms());
  if (!asked.ok()) return asked.error();
  bool any = false;
  LinkedLookup lookup(call, reading, tenant);
  for (twin::Query& query : asked->any_of) {
    if (const auto hidden = hide_internal(query, reading, tenant); !hidden.ok()) return hidden.error();
    const auto linked = link(asked->has_temporal ? std::nullopt : asked->join, lookup, query);
    if (!linked.ok()) return linked.error();
    Status found;
    if (asked->has_temporal) {
      auto window = past_window(call, body, *asked);
      if (!window.ok()) return window.error();
      found = each_past_id(call, reading, query, std::move(*window), [&](std::string_view id) {
        if (const auto number = reading.snapshot.number_of(id)) selection.add(*number);
        return any = true;
      });
    } else {
      hide_expired(call, reading, tenant, query);
      found = reading.snapshot.each(
          query,
          [&](const twin::EntityRecord& record) {
            if (!is_visible(record)) return true;
            selection.add(record.number());
            return any = true;
          },
          call.bounds());
    }
    if (found.ok() && query.linked) found = query.linked->status;
    if (!found.ok()) return found.error();
  }
  warn_of_links(lookup, warnings);
  return any ? SnapshotResult::success : SnapshotResult::empty;
}

// What all of them find here and at sources.
Status select_all(Call& call, const Reading& reading, const SnapshotQueries& asked, size_t present_count,
                  Selection& selection, NgsiSnapshot& to, std::vector<std::string>& warnings) {
  for (size_t i = 0; i < asked.queries.size(); ++i) {
    call.set_gathered(nullptr);
    auto result = select(call, reading, asked.queries[i], selection, warnings);
    if (!result.ok()) return result.error();
    if (const auto& gathered = asked.gathered[i]; gathered != nullptr) {
      call.set_gathered(gathered);
      auto taken = take_from_sources(call, reading, asked.queries[i], to.branch, selection);
      call.set_gathered(nullptr);
      if (!taken.ok()) return taken.error();
      if (taken->any) result = SnapshotResult::success;
      std::move(taken->warnings.begin(), taken->warnings.end(), std::back_inserter(warnings));
    }
    (i < present_count ? to.results : to.temporal_results).push_back(*result);
  }
  return {};
}

// The snapshots of the request's tenant, which is made if it is to be written to.
Snapshots* snapshots_of(Call& call) {
  const auto writing = call.writing();
  return writing ? call.services().state_of(*writing->thread).snapshots.get() : nullptr;
}

// A snapshot of a snapshot is a clone of it.
bool is_about_no_snapshot(Call& call) {
  if (!call.snapshot_id()) return true;
  call.fail(wrong("snapshots are made of the present city", "NGSILD-Snapshot", "clone the snapshot instead"));
  return false;
}

Response created(const std::string& id) {
  Response response = Response::empty(201);
  response.header("Location", "/ngsi-ld/v1/snapshots/" + percent_encoded(id));
  return response;
}

// Makes it of what its queries find, with what sources gave.
void make_snapshot(Call call, Writing writing, SnapshotForm form, const SnapshotQueries& asked, size_t present_count) {
  Snapshots& snapshots = *call.services().state_of(*writing.thread).snapshots;
  std::vector<std::string> warnings;
  const auto fill = [&](const thread::Snapshot& at_fork, Selection& selection, NgsiSnapshot& to) -> Status {
    return select_all(call, {writing.thread, at_fork, false}, asked, present_count, selection, to, warnings);
  };
  const auto id = snapshots.make(std::move(form), fill);
  if (!id.ok()) return call.fail_read(id.error());
  Response response = created(*id);
  for (const auto& gathered : asked.gathered) {
    if (gathered != nullptr) gathered->add_warnings(response);
  }
  for (std::string& one : warnings) response.header("NGSILD-Warning", std::move(one));
  call.send(std::move(response));
}

// NGSI-LD: 5.16.1 create a snapshot
void create_snapshot(Call call) {
  if (!is_about_no_snapshot(call)) return;
  const auto writing = call.writing();
  if (!writing) return;
  SnapshotForm form;
  bool lifetime_given = false;
  if (const auto read = read_form(call, Use::create, form, lifetime_given); !read.ok()) return call.fail(read.error());
  auto present = bodies_of(form.queries);
  if (!present.ok()) return call.fail(present.error());
  auto past = bodies_of(form.temporal_queries);
  if (!past.ok()) return call.fail(past.error());
  const size_t present_count = present->size();
  auto asked = std::make_shared<SnapshotQueries>();
  asked->queries = std::move(present).value();
  std::move(past->begin(), past->end(), std::back_inserter(asked->queries));
  const TenantState& tenant = call.services().state_of(*writing->thread);
  gather_for_snapshot(std::move(call), tenant, asked, [writing, form, asked, present_count](Call back) {
    make_snapshot(std::move(back), *writing, form, *asked, present_count);
  });
}

// NGSI-LD: 5.16.2 clone a snapshot
void clone_snapshot(Call call) {
  Snapshots* const snapshots = snapshots_of(call);
  if (snapshots == nullptr) return;
  SnapshotForm form;
  bool lifetime_given = false;
  if (const auto read = read_form(call, Use::clone, form, lifetime_given); !read.ok()) return call.fail(read.error());
  const auto id = snapshots->clone(call.request().path_value("snapshotId"), std::move(form));
  if (!id.ok()) return call.fail(id.error());
  call.send(created(*id));
}

void answer_snapshot(Call& call, const NgsiSnapshot& snapshot) {
  std::string body;
  append_snapshot(snapshot, call.answer() == Media::ld_json ? call.context()->json() : std::string(), body);
  call.send(body_response(call, std::move(body)));
}

Error unknown_snapshot(std::string_view id) {
  return {Code::not_found, "there is no snapshot with this id", std::string(id), {}};
}

// NGSI-LD: 5.16.3 status of a snapshot
void retrieve_snapshot(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const std::string_view id = call.request().path_value("snapshotId");
  const auto snapshot = call.services().state_of(*reading->thread).snapshots->find(id);
  if (!snapshot) return call.fail(unknown_snapshot(id));
  answer_snapshot(call, *snapshot);
}

// NGSI-LD: 5.16.4 update the status of a snapshot
void update_snapshot(Call call) {
  Snapshots* const snapshots = snapshots_of(call);
  if (snapshots == nullptr) return;
  const std::string_view id = call.request().path_value("snapshotId");
  const auto now_is = snapshots->find(id);
  if (!now_is) return call.fail(unknown_snapshot(id));
  SnapshotForm form = now_is->form;
  bool lifetime_given = false;
  if (const auto read = read_form(call, Use::update, form, lifetime_given); !read.ok()) return call.fail(read.error());
  const auto changed = snapshots->update(id, form, lifetime_given);
  if (!changed.ok()) return call.fail(changed.error());
  answer_snapshot(call, **changed);
}

// NGSI-LD: 5.16.5 delete a snapshot
void delete_snapshot(Call call) {
  Snapshots* const snapshots = snapshots_of(call);
  if (snapshots == nullptr) return;
  const std::string_view id = call.request().path_value("snapshotId");
  if (!snapshots->find(id)) return call.fail(unknown_snapshot(id));
  const auto removed = snapshots->remove(id);
  if (!removed.ok()) return call.fail(removed.error());
  call.send(Response::empty());
}

// A snapshot's members as attributes, so that q can be asked of it.
class AsEntity {
 public:
  explicit AsEntity(const ngsi::Context& context) : context_(context) {}

  twin::TermTable& terms() { return terms_; }
  twin::EntityRecord record(const NgsiSnapshot& snapshot) {
    twin::Entity entity;
    entity.id = snapshot.form.id;
    entity.created_at = snapshot.created_at;
    entity.modified_at = snapshot.modified_at;
    add(entity, "id", snapshot.form.id);
    add(entity, "type", std::string("Snapshot"));
    add(entity, "snapshotStatus", std::string(status_of(snapshot)));
    add(entity, "snapshotPriority", static_cast<double>(snapshot.form.priority));
    add(entity, "expiresAt", snapshot.expires_at.text());
    add(entity, "lastUsedAt", snapshot.last_used_at.text());
    add(entity, "snapshotLifetime", snapshot.form.lifetime);
    add(entity, "endpoint", snapshot.form.endpoint);
    return twin::EntityRecord::pack(entity, {});
  }
  // Whether a condition is of members of a snapshot only; else the first path that is not.
  std::optional<std::string> foreign_path(const twin::Condition& condition) {
    if (condition.kind != twin::Condition::Kind::comparison) {
      for (const twin::Condition& child : condition.children) {
        if (auto foreign = foreign_path(child)) return foreign;
      }
      return {};
    }
    const twin::AttributePath& path = condition.comparison.path;
    for (const char* name : members) {
      if (path.name == term_of(name)) return {};
    }
    return path.text;
  }

 private:
  static constexpr std::array<const char*, 10> members = {
      "id",        "type",       "snapshotStatus", "snapshotPriority", "snapshotLifetime",
      "createdAt", "modifiedAt", "expiresAt",      "lastUsedAt",       "endpoint"};

  twin::Term term_of(std::string_view name) {
    const auto term = terms_.intern(context_.expand(name));
    return term.ok() ? *term : twin::Term::unknown();
  }
  void add(twin::Entity& entity, std::string_view name, twin::Value value) {
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && text->empty()) return;
    twin::Attribute attribute;
    attribute.name = term_of(name);
    attribute.value = std::move(value);
    entity.attributes.push_back(std::move(attribute));
  }

  const ngsi::Context& context_;
  twin::TermTable terms_;
};

// The ids of those that q is about.
Result<std::vector<std::string>> matching(const Call& call, const std::vector<SnapshotPointer>& all) {
  const auto q = call.parameter("q");
  if (!q || q->empty()) {
    return fail(Code::invalid, "a query is needed that says which snapshots", "q",
                "give for example snapshotPriority<5");
  }
  const auto core = ngsi::Context::core();
  AsEntity shown(*core);
  const auto condition = ngsi::parse_condition(*q, *core, ngsi::TermOf::interning(shown.terms()));
  if (!condition.ok()) return condition.error();
  if (const auto foreign = shown.foreign_path(*condition)) {
    return fail(Code::invalid, "a snapshot has no such member", "q: " + *foreign);
  }
  std::vector<std::string> ids;
  for (const SnapshotPointer& snapshot : all) {
    if (twin::satisfies(shown.record(*snapshot), *condition)) ids.push_back(snapshot->form.id);
  }
  return ids;
}

// NGSI-LD: 5.16.7 purge snapshots
void purge_snapshots(Call call) {
  Snapshots* const snapshots = snapshots_of(call);
  if (snapshots == nullptr) return;
  const auto ids = matching(call, snapshots->list());
  if (!ids.ok()) return call.fail(ids.error());
  if (ids->empty()) return call.fail({Code::not_found, "no snapshot matches", "q", {}});
  std::string success = "[", errors = "[";
  for (const std::string& id : *ids) {
    const auto removed = snapshots->remove(id);
    std::string& to = removed.ok() ? success : errors;
    if (to.size() > 1) to += ',';
    if (!removed.ok()) to += R"({"entityId":)";
    ngsi::append_quoted(id, to);
    if (removed.ok()) continue;
    const auto type = ngsi::problem_of(removed.error());
    to += R"(,"error":)" + ngsi::problem_json(type, removed.error(), status_of(type)) + '}';
  }
  if (errors.size() == 1) return call.send(Response::empty());
  call.send(Response::json(R"({"success":)" + success + R"(],"errors":)" + errors + "]}", 207));
}

Route route_of(Method method, const char* path, const char* operation_id, const char* summary, int status) {
  const trust::Action action = method == Method::get ? trust::Action::read : trust::Action::write;
  return {method, path, action, operation_id, {}, summary, {}, {}, {}, {{status, "Done", {}}}};
}

}  // namespace

void add_snapshot_operations(Router& router, Services& services) {
  // What changes a snapshot waits for the record.
  Form create;
  create.body = Form::Body::object;
  create.long_work = true;
  Form update = create;
  update.patch = true;
  update.answers = json_answers;
  Form end;
  end.long_work = true;
  Form read;
  read.answers = json_answers;
  add_operation(router, services, route_of(Method::post, "/snapshots", "createSnapshot", "Make a snapshot", 201),
                create, create_snapshot);
  Route purge = route_of(Method::del, "/snapshots", "purgeSnapshots", "Delete the snapshots that match", 204);
  purge.parameters = {
      query_parameter("q", "Query on members of snapshots", R"({"type":"string","examples":["snapshotPriority<10"]})")};
  purge.parameters.front().required = true;
  add_operation(router, services, std::move(purge), end, purge_snapshots);
  add_operation(router, services,
                route_of(Method::get, "/snapshots/{snapshotId}", "retrieveSnapshot", "Status of a snapshot", 200), read,
                retrieve_snapshot);
  add_operation(router, services,
                route_of(Method::patch, "/snapshots/{snapshotId}", "updateSnapshot", "Change a snapshot", 200), update,
                update_snapshot);
  add_operation(router, services,
                route_of(Method::del, "/snapshots/{snapshotId}", "deleteSnapshot", "Delete a snapshot", 204), end,
                delete_snapshot);
  add_operation(router, services,
                route_of(Method::post, "/snapshots/{snapshotId}/clone", "cloneSnapshot", "Clone a snapshot", 201),
                create, clone_snapshot);
}

}  // namespace cityloom::serve::ngsi_ld
