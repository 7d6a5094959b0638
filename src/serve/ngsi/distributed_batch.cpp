// Parts of a batch, one request a source.
#include "serve/ngsi/distributed_batch.hpp"

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <set>

#include "ngsi/json.hpp"
#include "ngsi/merging.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// What one source gets: which entities, and of each which attributes.
struct Load {
  SourcePointer source;
  std::vector<std::pair<size_t, std::vector<std::string>>> parts;  // index into items; attributes
};

// A batch on its way through its sources.
struct UnderWay {
  Call call;
  ngsi::SourceOperation operation;
  std::vector<BatchItem> items;
  std::vector<Load> loads;
  BatchOfSources result;
  std::function<void(Call, BatchOfSources)> then;
};

// The ids that a source says it failed on (BatchOperationResult); nothing: its answer cannot be read.
std::optional<std::set<std::string>> failed_ids(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::array errors;
  simdjson::dom::element json;
  if (parser.parse(body).get(json) != simdjson::SUCCESS || json["errors"].get(errors) != simdjson::SUCCESS)
    return std::nullopt;
  std::set<std::string> ids;
  for (const auto error : errors) {
    std::string_view id;
    if (error["entityId"].get(id) == simdjson::SUCCESS) ids.emplace(id);
  }
  return ids;
}

void take(UnderWay& way, const Load& load, const SourceAnswer& answer) {
  std::optional<WriteFailure> failure = failure_of(answer, way.operation);
  const bool is_partial = answer.response.ok() && answer.response->status == 207;
  const auto failed = is_partial ? failed_ids(answer.response->body) : std::nullopt;
  for (const auto& [index, attributes] : load.parts) {
    const std::string& id = way.items[index].change.entity_id;
    if (failure && (!failed || failed->contains(id))) {
      way.result.failures.emplace_back(id, *failure);
      continue;
    }
    way.result.done.push_back(id);
    if (answer.response.ok() && answer.response->status == 201) way.result.created.push_back(id);
  }
}

// The body for one source: entities with their share of attributes, or ids.
std::string body_of(const UnderWay& way, const Load& load, bool has_body, const SourceDress& dress) {
  std::string body = "[";
  for (const auto& [index, attributes] : load.parts) {
    if (body.size() > 1) body += ',';
    const BatchItem& item = way.items[index];
    if (!has_body) {
      ngsi::append_quoted(item.change.entity_id, body);
      continue;
    }
    ngsi::ItemPart part;
    part.takes = [&names = attributes](std::string_view name) { return contains(names, name); };
    part.other = dress.context.get();
    if (dress.inline_context) part.context_url = dress.context_url;
    body += ngsi::part_of_item(way.call.body(), item.item, *way.call.context(item.item), part);
  }
  return body + ']';
}

// Gives each source its part, and leaves in `here` what is not held elsewhere.
base::Status deal(UnderWay& way, const Writing& writing, const TenantState& tenant, const Way& route, bool has_body) {
  const twin::TermTable& terms = writing.thread->terms();
  std::map<std::string, Load> loads;
  for (size_t i = 0; i < way.items.size(); ++i) {
    BatchItem& item = way.items[i];
    SourceWrite write;
    write.operation = way.operation;
    write.id = item.change.entity_id;
    if (has_body) {
      write.types = ngsi::type_names(way.call.body(), item.item, *way.call.context(item.item));
      write.attributes = ngsi::attribute_names(way.call.body(), item.item, *way.call.context(item.item));
    }
    if (write.types.empty()) write.types = types_here(writing, write.id);
    write.whole = !has_body;
    auto shares = shares_of(way.call, tenant, write, route);
    if (!shares.ok()) return shares.error();
    for (const SourceShare& share : shares->refused)
      way.result.failures.emplace_back(write.id, refusal_of(share, way.operation));
    for (SourceShare& share : shares->sent) {
      Load& load = loads[share.source->registration().id];
      load.source = share.source;
      load.parts.emplace_back(i, std::move(share.attributes));
    }
    if (shares->nothing_here) continue;
    // What is held elsewhere alone need not be here to be deleted.
    const bool is_here = has_body || !shares->is_proxied || !types_here(writing, write.id).empty();
    if (!is_here) continue;
    BatchItem rest{item.change, item.item};
    std::erase_if(rest.change.attributes, [&](const twin::Attribute& attribute) {
      return contains(shares->taken, terms.text(attribute.name));
    });
    way.result.here.push_back(std::move(rest));
  }
  for (auto& [id, load] : loads) way.loads.push_back(std::move(load));
  if (way.loads.size() > way.call.services().forwarder->options().sources_max)
    return base::fail(Code::too_complex, "the batch concerns too many registered sources", {}, "send smaller batches");
  return {};
}

void send_all(const std::shared_ptr<UnderWay>& way, std::vector<SourceRequest> requests) {
  way->call.services().forwarder->send(std::move(requests), [way](std::vector<SourceAnswer> answers) {
    way->call.take_reply().resume([way, answers = std::move(answers)](Reply back) {
      way->call.set_reply(std::move(back));
      for (size_t i = 0; i < answers.size(); ++i) take(*way, way->loads[i], answers[i]);
      way->then(std::move(way->call), std::move(way->result));
    });
  });
}

}  // namespace

void spread_batch(Call call, const Writing& writing, ngsi::SourceOperation operation, std::string path, bool has_body,
                  std::vector<BatchItem> items, std::function<void(Call, BatchOfSources)> then) {
  const TenantState& tenant = call.services().state_of(*writing.thread);
  Way route;
  const Reached how_far = reached(call, tenant, route);
  if (how_far == Reached::answered) return;
  if (how_far == Reached::here) {
    BatchOfSources none;
    none.here = std::move(items);
    return then(std::move(call), std::move(none));
  }
  auto way =
      std::make_shared<UnderWay>(UnderWay{std::move(call), operation, std::move(items), {}, {}, std::move(then)});
  if (const auto status = deal(*way, writing, tenant, route, has_body); !status.ok())
    return way->call.fail(status.error());
  if (way->loads.empty()) return way->then(std::move(way->call), std::move(way->result));
  std::vector<SourceRequest> requests;
  for (const Load& load : way->loads) {
    const SourceDress dress = dress_of(way->call, *load.source);
    std::string target = path;
    pass_parameters(way->call, target);
    requests.push_back({load.source, request_to(way->call, *load.source, route, dress, "POST", std::move(target),
                                                body_of(*way, load, has_body, dress))});
  }
  send_all(way, std::move(requests));
}

void spread_purge(Call call, const Writing& writing, std::function<void(Call, BatchOfSources)> then) {
  const TenantState& tenant = call.services().state_of(*writing.thread);
  Way route;
  const Reached how_far = reached(call, tenant, route);
  if (how_far == Reached::answered) return;
  const ngsi::QueryParameters parameters = selection_of(call);
  const auto query = ngsi::source_query_of(parameters, *call.context());
  if (how_far == Reached::here || !query.ok()) return then(std::move(call), {});
  const auto sources = sources_for(call, tenant, *query, route);
  if (!sources.ok()) return call.fail(sources.error());
  std::vector<SourceRequest> requests;
  auto way = std::make_shared<UnderWay>(
      UnderWay{std::move(call), ngsi::SourceOperation::purge_entity, {}, {}, {}, std::move(then)});
  for (const SourcePointer& source : *sources) {
    const ngsi::Registration& registration = source->registration();
    if (registration.mode == ngsi::SourceMode::auxiliary) continue;
    const auto part = ngsi::narrowed(*query, registration);
    if (!part) continue;
    if (!registration.operations.has(ngsi::SourceOperation::purge_entity)) {
      if (registration.is_proxied())
        way->result.failures.emplace_back(registration.id, refusal_of({source, {}}, way->operation));
      continue;
    }
    const SourceDress dress = dress_of(way->call, *source);
    std::string target = "/entities";
    std::string ids, types;
    for (const std::string& id : part->ids) ids += ids.empty() ? id : ',' + id;
    for (const auto& all_of : part->types) {
      std::string group;
      for (const std::string& type : all_of) group += (group.empty() ? "" : ";") + dress.compact(type);
      types += (types.empty() ? "" : ",") + (all_of.size() > 1 ? '(' + group + ')' : group);
    }
    if (!types.empty()) add_parameter(target, "type", types);
    if (!ids.empty()) add_parameter(target, "id", ids);
    for (const std::string_view name :
         {"idPattern", "q", "scopeQ", "georel", "geometry", "coordinates", "geoproperty"}) {
      if (const auto value = way->call.parameter(name)) add_parameter(target, name, *value);
    }
    if (parameters.attrs) add_parameter(target, "attrs", dress.compact(query->attributes));
    way->loads.push_back({source, {}});
    // A purge that fails is told by the registration: which entities it would have met nobody knows.
    way->items.push_back({});
    way->items.back().change.entity_id = registration.id;
    way->loads.back().parts.emplace_back(way->items.size() - 1, std::vector<std::string>());
    requests.push_back({source, request_to(way->call, *source, route, dress, "DELETE", std::move(target))});
  }
  if (requests.empty()) return way->then(std::move(way->call), std::move(way->result));
  send_all(way, std::move(requests));
}

}  // namespace cityloom::serve::ngsi_ld
