// Batch operations: many entities in one request, one commit, each with its own fate.
// ETSI GS CIM 009 clauses 5.6.7 - 5.6.10, 5.6.20.
#include <algorithm>
#include <memory>
#include <set>

#include "ngsi/parse.hpp"
#include "serve/ngsi/distributed_batch.hpp"
#include "serve/ngsi/entity_maps.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/snapshot_writes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::Error;
using thread::Change;

// What became of each item, in the order of the request (clause 5.2.16).
struct BatchResult {
  struct Failed {
    std::string id;
    Error error;
    ngsi::ProblemType type;
  };
  std::vector<std::string> success;
  std::vector<std::string> created;
  std::vector<Failed> errors;
  std::vector<std::pair<std::string, WriteFailure>> of_sources;  // that did not do their part

  void fail(std::string id, Error error) {
    const ngsi::ProblemType type = ngsi::problem_of(error);
    errors.push_back({std::move(id), std::move(error), type});
  }
  bool failed() const { return !errors.empty() || !of_sources.empty(); }
  void add(BatchOfSources& sources) {
    success = std::move(sources.done);
    created = std::move(sources.created);
    of_sources = std::move(sources.failures);
  }
};

// Each id once; of several parts of an entity all must have been done.
void tidy(std::vector<std::string>& ids, const BatchResult& result) {
  std::set<std::string> seen;
  for (const auto& one : result.errors) seen.insert(one.id);
  for (const auto& [id, failure] : result.of_sources) seen.insert(id);
  std::erase_if(ids, [&](const std::string& id) { return !seen.insert(id).second; });
}

void append_ids(const std::vector<std::string>& ids, std::string& to) {
  to += '[';
  for (const std::string& id : ids) {
    if (to.back() != '[') to += ',';
    ngsi::append_quoted(id, to);
  }
  to += ']';
}

Response multi_status(const BatchResult& result) {
  std::string body = R"({"success":)";
  append_ids(result.success, body);
  body += R"(,"errors":[)";
  bool first = true;
  for (const auto& [id, error, type] : result.errors) {
    if (!first) body += ',';
    first = false;
    body += R"({"entityId":)";
    ngsi::append_quoted(id, body);
    body += R"(,"error":)" + ngsi::problem_json(type, error, status_of(type)) + '}';
  }
  for (const auto& [id, failure] : result.of_sources) {
    if (!first) body += ',';
    first = false;
    body += R"({"entityId":)";
    ngsi::append_quoted(id, body);
    body += R"(,"registrationId":)";
    ngsi::append_quoted(failure.registration_id, body);
    body += R"(,"error":)" + failure.json() + '}';
  }
  body += "]}";
  return Response::json(std::move(body), 207);
}

enum class Kind : uint8_t { create, upsert, other };

Response batch_response(Kind kind, BatchResult& result) {
  if (!result.of_sources.empty() || result.success.size() > 1) tidy(result.success, result);
  tidy(result.created, result);
  if (result.failed()) return multi_status(result);
  if (kind == Kind::other || (kind == Kind::upsert && result.created.empty())) return Response::empty();
  std::string body;
  append_ids(result.created, body);
  return Response::json(std::move(body), 201);
}

// Submits what is left to be done here; `result` already holds what could not be read, and what sources did.
void submit(Call call, const Writing& writing, Kind kind, std::vector<Change> changes, BatchResult result) {
  if (changes.empty()) return call.send(batch_response(kind, result));
  std::vector<std::string> ids;
  ids.reserve(changes.size());
  for (const Change& change : changes) ids.push_back(change.entity_id);
  Call::append(std::move(call), writing, std::move(changes),
               [kind, ids = std::move(ids), result = std::move(result)](
                   const Call&, base::Result<thread::Outcomes> outcomes) mutable {
                 for (size_t i = 0; i < ids.size() && i < outcomes->size(); ++i) {
                   const auto& outcome = (*outcomes)[i];
                   if (!outcome.ok()) {
                     result.fail(std::move(ids[i]), outcome.error());
                     continue;
                   }
                   if (outcome->created) result.created.push_back(ids[i]);
                   result.success.push_back(std::move(ids[i]));
                 }
                 return batch_response(kind, result);
               });
}

// What sources have to do with a batch, then what is left of it here.
void submit_everywhere(Call call, const Writing& writing, Kind kind, ngsi::SourceOperation operation, const char* path,
                       std::vector<BatchItem> items, BatchResult result) {
  const bool has_body = operation != ngsi::SourceOperation::delete_batch;
  if (items.empty()) return call.send(batch_response(kind, result));
  auto shared = std::make_shared<BatchResult>(std::move(result));
  spread_batch(std::move(call), writing, operation, path, has_body, std::move(items),
               [shared, writing, kind](Call back, BatchOfSources sources) {
                 std::vector<Change> changes;
                 for (BatchItem& item : sources.here) changes.push_back(std::move(item.change));
                 shared->add(sources);
                 submit(std::move(back), writing, kind, std::move(changes), std::move(*shared));
               });
}

struct BatchKind {
  Kind kind;
  Change::Kind change;
  ngsi::SourceOperation operation;
  const char* path;
};

std::string id_of(const ngsi::Body& body, size_t item) {
  auto id = body.string_member("id", item);
  if (!id) id = body.string_member("@id", item);
  return id.value_or(std::string());
}

void change_batch(Call call, const BatchKind& of) {
  const Change::Kind change_kind = of.change;
  const auto writing = call.writing();
  if (!writing) return;
  BatchResult result;
  std::vector<BatchItem> items;
  ngsi::ChangeForm form;
  form.kind = change_kind;
  form.simplified = call.has_option(option_simplified);
  for (size_t item = 0; item < call.body().items(); ++item) {
    if (change_kind == Change::Kind::merge && form.simplified) {
      auto present =
          writing->thread->snapshot(writing->branch).find(call.body().string_member("id", item).value_or(""));
      form.present = present.ok() && is_visible(*present) ? *present : twin::EntityRecord();
    }
    if (!call.context(item)) {
      result.errors.push_back({id_of(call.body(), item),
                               {Code::unavailable, "the context could not be fetched", "@context", {}},
                               ngsi::ProblemType::ld_context_not_available});
      continue;
    }
    auto change = ngsi::parse_change(call.body(), item, form, *call.context(item), writing->thread->terms());
    if (change.ok() && is_internal_id(change->entity_id)) {
      change = base::fail(Code::invalid, "ids that begin with urn:cityloom:internal: are the server's own", "id");
    }
    // Clause 5.6.7.4: what is no object at all makes the whole array one that cannot be read.
    if (!change.ok() && change.error().where == "body") {
      return call.fail({Code::invalid, "an item of the array is no entity", "item " + std::to_string(item), {}});
    }
    if (!change.ok()) {
      result.fail(id_of(call.body(), item), change.error());
      continue;
    }
    change->keep_existing = call.has_option(option_no_overwrite);
    items.push_back({std::move(change).value(), item});
  }
  submit_everywhere(std::move(call), *writing, of.kind, of.operation, of.path, std::move(items), std::move(result));
}

// NGSI-LD: 5.6.7 batch create
void batch_create(Call call) {
  change_batch(std::move(call),
               {Kind::create, Change::Kind::create, ngsi::SourceOperation::create_batch, "/entityOperations/create"});
}

// NGSI-LD: 5.6.8 batch upsert, replace and update
void batch_upsert(Call call) {
  const auto kind = call.has_option(option_update) ? Change::Kind::create_or_append : Change::Kind::create_or_replace;
  change_batch(std::move(call), {Kind::upsert, kind, ngsi::SourceOperation::upsert_batch, "/entityOperations/upsert"});
}

// NGSI-LD: 5.6.9 batch update, with noOverwrite
void batch_update(Call call) {
  change_batch(std::move(call),
               {Kind::other, Change::Kind::append, ngsi::SourceOperation::update_batch, "/entityOperations/update"});
}

// NGSI-LD: 5.6.20 batch merge
void batch_merge(Call call) {
  change_batch(std::move(call),
               {Kind::other, Change::Kind::merge, ngsi::SourceOperation::merge_batch, "/entityOperations/merge"});
}

// NGSI-LD: 5.6.10 batch delete
void batch_delete(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  auto ids = ngsi::parse_ids(call.body());
  if (!ids.ok()) return call.fail(ids.error());
  BatchResult result;
  std::vector<BatchItem> items;
  for (std::string& id : *ids) {
    if (is_internal_id(id)) {
      result.fail(id, Error{Code::not_found, "there is no entity with this id", id, {}});
      continue;
    }
    Change change;
    change.kind = Change::Kind::remove;
    change.entity_id = std::move(id);
    items.push_back({std::move(change), 0});
  }
  submit_everywhere(std::move(call), *writing, Kind::other, ngsi::SourceOperation::delete_batch,
                    "/entityOperations/delete", std::move(items), std::move(result));
}

// What a write finds where it goes.
Reading reading_at(const Writing& writing) {
  const bool is_live = writing.branch == thread::main_branch;
  return {writing.thread, writing.thread->snapshot(writing.branch), is_live,
          writing.snapshot ? writing.snapshot->selection() : nullptr};
}

// What a purge takes of an entity.
struct Purge {
  enum class Of : uint8_t { entity, named, others };
  Of of = Of::entity;
  std::vector<twin::Term> names;  // attributes to be dropped, or kept

  bool takes(twin::Term name) const {
    const bool is_named = std::find(names.begin(), names.end(), name) != names.end();
    return is_named == (of == Of::named);
  }
};

base::Result<Purge> purge_of(const Call& call, const TenantState& tenant) {
  const auto drop = call.parameter("drop"), keep = call.parameter("keep");
  if (!drop && !keep) return Purge{};
  if (drop && keep) return base::fail(Code::invalid, "drop and keep exclude each other", "drop", "give one of them");
  const char* const name = drop ? "drop" : "keep";
  auto names = ngsi::attribute_terms(drop ? *drop : *keep, *call.context(), tenant.thread->terms(), name);
  if (!names.ok()) return names.error();
  return Purge{drop ? Purge::Of::named : Purge::Of::others, std::move(*names)};
}

// The changes that take from one entity what the purge is about.
void purge_one(const twin::EntityRecord& record, const Purge& purge, twin::Term expires_at,
               std::vector<Change>& changes) {
  Change change;
  change.entity_id = std::string(record.id());
  if (purge.of == Purge::Of::entity) {
    change.kind = Change::Kind::remove;
    changes.push_back(std::move(change));
    return;
  }
  change.kind = Change::Kind::remove_attribute;
  change.all_datasets = true;
  std::set<twin::Term> taken;
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    // An entity's own expiresAt is kept like an attribute and is none.
    if (attribute.name != expires_at && purge.takes(attribute.name)) taken.insert(attribute.name);
    return true;
  });
  for (const twin::Term name : taken) {
    change.attribute_name = name;
    changes.push_back(change);
  }
}

// Leaves of a query what an entity map that the request names has.
void keep_to_map(const Call& call, const TenantState& tenant, twin::Query& query) {
  const auto named = call.request().header("NGSILD-EntityMap");
  const auto map = named ? tenant.entity_maps->find(*named) : std::nullopt;
  if (!map) return;
  auto ids = std::make_shared<std::set<std::string, std::less<>>>();
  for (const EntityMapEntry& entry : map->content->entries) ids->insert(entry.id);
  query.also = [ids, also = std::move(query.also)](const twin::EntityRecord& record) {
    return ids->contains(record.id()) && (!also || also(record));
  };
}

// Deletes what matches here, after sources have done their part.
void purge_here(Call call, BatchResult result) {
  const auto writing = call.writing();
  if (!writing) return;
  const TenantState& tenant = call.services().state_of(*writing->thread);
  const Reading reading = reading_at(*writing);
  auto query = query_of(call, reading, tenant);
  if (!query.ok()) return call.fail(query.error());
  const auto purge = purge_of(call, tenant);
  if (!purge.ok()) return call.fail(purge.error());
  keep_to_map(call, tenant, *query);
  const size_t most = call.services().union_entities_max;
  std::vector<Change> changes;
  const auto status = reading.snapshot.each(
      *query,
      [&](const twin::EntityRecord& record) {
        if (is_visible(record)) purge_one(record, *purge, tenant.internal.expires_at, changes);
        return changes.size() <= most;
      },
      call.bounds());
  if (!status.ok()) return call.fail_read(status.error());
  if (changes.size() > most) {
    return call.fail({Code::too_complex,
                      "more than " + std::to_string(most) + " entities or attributes would be deleted",
                      {},
                      "narrow the query"});
  }
  submit(std::move(call), *writing, Kind::other, std::move(changes), std::move(result));
}

// NGSI-LD: 5.6.21 purge entities, whole ones
void purge_entities(Call call) {
  const auto writing = call.writing();
  if (!writing) return;
  const TenantState& tenant = call.services().state_of(*writing->thread);
  const Reading reading{writing->thread, writing->thread->snapshot(writing->branch)};
  if (const auto query = query_of(call, reading, tenant); !query.ok()) return call.fail(query.error());
  spread_purge(std::move(call), *writing, [](Call back, BatchOfSources sources) {
    BatchResult result;
    result.of_sources = std::move(sources.failures);
    if (back.is_long()) return purge_here(std::move(back), std::move(result));
    Call::go_long(std::move(back), [result = std::move(result)](Call again) mutable {
      purge_here(std::move(again), std::move(result));
    });
  });
}

Route route_of(const char* path, const char* operation_id, const char* summary, int status) {
  return {Method::post,
          path,
          trust::Action::write,
          operation_id,
          {},
          summary,
          {},
          {},
          {},
          {{status, "All done", {}}, {207, "Some or none done", {{"application/json", {}}}}}};
}

}  // namespace

void add_batch_operations(Router& router, Services& services) {
  Form batch;
  batch.body = Form::Body::batch;
  Form upsert = batch;
  upsert.options = option_replace | option_update;
  Form update = batch;
  update.options = option_no_overwrite;
  Form merge = batch;
  merge.options = option_formats;
  Form ids;
  ids.body = Form::Body::ids;
  add_operation(router, services, route_of("/entityOperations/create", "createBatch", "Create entities", 201), batch,
                batch_create);
  add_operation(router, services,
                route_of("/entityOperations/upsert", "upsertBatch", "Create, replace or update entities", 201), upsert,
                batch_upsert);
  add_operation(router, services,
                route_of("/entityOperations/update", "updateBatch", "Append attributes to entities", 204), update,
                batch_update);
  add_operation(router, services, route_of("/entityOperations/merge", "mergeBatch", "Merge into entities", 204), merge,
                batch_merge);
  Form purge;
  purge.long_work = true;
  Route purging{Method::del,
                "/entities",
                trust::Action::write,
                "purgeEntities",
                {},
                "Delete all entities that match",
                {},
                selection_parameters(),
                {},
                {{204, "Done", {}}, {207, "Some or none done", {{"application/json", {}}}}}};
  purging.parameters.push_back(query_parameter("drop", "Attributes that are deleted, rather than the entities"));
  purging.parameters.push_back(query_parameter("keep", "Attributes that are kept, while all others are deleted"));
  add_operation(router, services, std::move(purging), purge, purge_entities);
  add_operation(router, services, route_of("/entityOperations/delete", "deleteBatch", "Delete entities", 204), ids,
                batch_delete);
}

}  // namespace cityloom::serve::ngsi_ld
