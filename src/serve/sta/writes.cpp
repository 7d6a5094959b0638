#include "serve/sta/writes.hpp"

#include <algorithm>
#include <map>

#include "ngsi/json.hpp"
#include "serve/json.hpp"
#include "serve/sta/past.hpp"
#include "serve/sta/writing.hpp"

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using simdjson::dom::element;
using thread::Change;

Result<Target> target_of(const Write& write) {
  for (const auto& [name, value] : write.request->query_values()) {
    if (name != "branch") return fail(Code::invalid, "writes have no parameter of this name", std::string(name));
  }
  const auto steps = parse_path(write.request->path_value("path"));
  if (!steps.ok()) return steps.error();
  return follow(*steps, *write.model);
}

// Of the historical locations whose ids begin so the one that was recorded last.
Status find_last(const Model& model, const std::string& beginning, Node& last) {
  const std::string thing_id = beginning.substr(0, beginning.rfind(";location;"));
  const auto thing = model.find(Kind::thing, thing_id);
  if (!thing.ok()) return thing.error();
  if (!*thing) return {};
  return model.related(**thing, *find_navigation(Kind::thing, "HistoricalLocations"), [&](const Node& node) {
    const bool is_later = !last.instance || last.instance->offset < node.instance->offset;
    if (node.id.starts_with(beginning) && is_later) last = node;
    return true;
  });
}

// What a creation is answered with: the resource as it is now.
Response created(const Write& write, Kind kind, const std::string& id) {
  Node node{kind, id, {}, {}, {}, {}, nullptr};
  const thread::Snapshot snapshot = write.writing.thread->snapshot(write.writing.branch);
  const Reading reading{write.writing.thread, snapshot, false};
  const Model model(*write.services, reading, write.now, write.effort);
  const Answering with{model, write.now, root_of(*write.request)};
  if (kind == Kind::observation) {
    node.instance = std::make_shared<const twin::Attribute>(write.planner->observed());
    node.attribute = node.instance->name, node.dataset = node.instance->dataset;
  } else if (kind == Kind::historical_location && id.ends_with('.')) {
    if (const auto status = find_last(model, id, node); !status.ok()) return problem(status.error());
  } else {
    auto found = model.find(kind, id);
    if (!found.ok()) return problem(found.error());
    if (*found) node = std::move(**found);
  }
  std::string body;
  if (const auto status = Writer(with).append(node, {}, body); !status.ok()) return problem(status.error());
  Response response = Response::json(std::move(body), 201);
  response.header("Location", address_of(with, kind, node.id));
  return response;
}

void create_here(ngsi_ld::Services& services, const Request& request, Reply reply) {
  const auto write = begin(services, request, true);
  if (!write.ok()) return reply.send(problem(write.error()));
  const auto target = target_of(**write);
  if (!target.ok()) return reply.send(problem(target.error()));
  if (!target->set || !target->view.empty()) {
    return reply.send(problem(fail(Code::invalid, "resources are created in sets only", std::string(request.path()))));
  }
  const Within within{target->way != nullptr ? &*target->node : nullptr};
  const auto id = (*write)->planner->create(*target->set, (*write)->body, within);
  if (!id.ok()) return reply.send(problem(id.error()));
  submit(*write, std::move(reply), [write = *write, kind = *target->set, id = *id](const thread::Outcomes&) {
    return created(*write, kind, id);
  });
}

base::Error only_a_part(const Node& node) {
  return fail(Code::conflict, "this is a part of an entity, and nothing of its own", node.id,
              "change the entity " + std::string(node.thing ? node.thing.id() : node.id) + " by NGSI-LD");
}

// What is optional ends where a body says null, or (PUT) does not say it.
void end_properties(Write& write, const Node& node) {
  const bool is_null = write.body["properties"].is_null();
  const bool is_left_out = write.body["properties"].error() != simdjson::SUCCESS;
  const twin::Term name = write.planner->terms().properties;
  if (!is_null && !(is_left_out && write.request->method() == Method::put)) return;
  if (!node.record || !node.record.has_attribute(name)) return;
  Change change;
  change.kind = Change::Kind::remove_attribute;
  change.entity_id = node.id;
  change.attribute_name = name;
  write.planner->changes().push_back(std::move(change));
}

Status update_locations(Write& write, const Node& thing) {
  element value;
  simdjson::dom::array items;
  if (write.body["Locations"].get(value) != simdjson::SUCCESS) return {};
  if (value.get(items) != simdjson::SUCCESS) return fail(Code::invalid, "must be an array", "Locations");
  std::vector<std::string> ids;
  for (element item : items) {
    std::string_view id;
    if (item["@iot.id"].get(id) != simdjson::SUCCESS) {
      return fail(Code::invalid, "an update links to what is there, by @iot.id", "Locations");
    }
    const auto found = write.model->find(Kind::location, id);
    if (!found.ok()) return found.error();
    if (!*found || !(*found)->record) return fail(Code::invalid, "there is no location with this id", std::string(id));
    ids.emplace_back(id);
  }
  return write.planner->locate(write.planner->change_of(thing.id), ids);
}

// A place that moves takes the Things there along.
Status move_things(Write& write, const Node& location) {
  std::optional<twin::Attribute> place;
  for (const twin::Attribute& attribute : write.planner->change_of(location.id).attributes) {
    if (attribute.name == twin::terms::location) place = attribute;
  }
  if (!place) return {};
  return write.model->related(location, *find_navigation(Kind::location, "Things"), [&](const Node& thing) {
    write.planner->change_of(thing.id).attributes.push_back(*place);
    return true;
  });
}

Status update_links(Write& write, const Node& stream, Change& change) {
  const StaTerms& terms = write.planner->terms();
  for (const auto& [name, kind, term] :
       {std::tuple<std::string_view, Kind, twin::Term>{"Sensor", Kind::sensor, terms.sensor},
        {"ObservedProperty", Kind::observed_property, terms.observed_property}}) {
    if (write.body[name].error() != simdjson::SUCCESS) continue;
    const auto id = write.planner->linked(kind, write.body, name);
    if (!id.ok()) return id.error();
    change.attributes.push_back(write.planner->relationship(term, *id));
  }
  if (write.body["Thing"].error() != simdjson::SUCCESS) return {};
  std::string_view id;
  if (write.body["Thing"]["@iot.id"].get(id) == simdjson::SUCCESS && id == stream.thing.id()) return {};
  return fail(Code::unsupported, "a datastream stays with its Thing", "Thing", "create another one");
}

// The first thing said of a datastream that an entity has by itself makes it an entity of its own.
Status update_stream(Write& write, const Node& node, std::vector<twin::Attribute> said) {
  const StaTerms& terms = write.planner->terms();
  Change change;
  change.kind = Change::Kind::create_or_append;
  change.entity_id = node.id;
  change.types = {terms.datastream_type};
  change.attributes = std::move(said);
  if (const auto status = update_links(write, node, change); !status.ok()) return status;
  if (!node.record) change.attributes.push_back(write.planner->relationship(terms.thing, node.thing.id()));
  write.planner->changes().push_back(std::move(change));
  return {};
}

// Of one that is not the latest.
Status replace_past(Write& write, const Node& node, const StreamRef& stream, element body) {
  auto said = write.planner->observation(stream, body);
  if (!said.ok()) return said.error();
  write.updated_id = stream.id + ";" + std::to_string(said->observed_at.microseconds);
  auto past = changes_of_past({PastWrite::Kind::replace, stream.thing_id, *node.instance, std::move(*said)},
                              write.model->reading().snapshot);
  if (!past.ok()) return past.error();
  for (Change& change : *past) write.planner->changes().push_back(std::move(change));
  return {};
}

Status update_observation(Write& write, const Node& node) {
  auto stream = write.planner->stream_of(node.id.substr(0, node.id.rfind(';')));
  if (!stream.ok()) return stream.error();
  const bool is_latest = stream->latest && stream->latest->offset == node.instance->offset &&
                         stream->latest->observed_at == node.instance->observed_at;
  // What the body leaves out stays as it was.
  std::string whole = "{";
  bool is_first = true;
  for (const std::string_view name : form_of(Kind::observation).properties) {
    whole += is_first ? "" : ",";
    is_first = false;
    ngsi::append_quoted(name, whole);
    whole += ':';
    element value;
    if (write.body[name].get(value) == simdjson::SUCCESS) {
      whole += simdjson::minify(value);
      continue;
    }
    const auto kept = write.model->property(node, name);
    if (!kept.ok()) return kept.error();
    append_json(*kept, whole);
  }
  simdjson::dom::parser parser;
  element body;
  if (parser.parse(whole + "}").get(body) != simdjson::SUCCESS) return fail(Code::internal, "no JSON was made");
  if (!is_latest) return replace_past(write, node, *stream, body);
  const auto made = write.planner->observe(*stream, body, {});
  if (!made.ok()) return made.error();
  write.updated_id = *made;
  return {};
}

Status plan_update(Write& write, const Node& node) {
  if (!write.body.is_object()) return fail(Code::invalid, "the body must be an object");
  if (node.kind == Kind::observation) return update_observation(write, node);
  if (node.kind == Kind::historical_location) {
    return fail(Code::unsupported, "historical locations are what a Thing's place was, and are not changed");
  }
  for (const Navigation& way : form_of(node.kind).navigations) {
    const bool may_link = !way.is_many || way.to == Kind::location;
    if (write.body[way.name].error() == simdjson::SUCCESS && !may_link) {
      return fail(Code::invalid, "an update holds no related resources", std::string(way.name));
    }
  }
  const bool is_put = write.request->method() == Method::put;
  auto said = write.planner->properties_of(node.kind, write.body, is_put);
  if (!said.ok()) return said.error();
  if (node.kind == Kind::datastream) return update_stream(write, node, std::move(*said));
  if (!node.record) {
    const bool is_place = node.kind == Kind::location && !node.instance && said->size() == 1 &&
                          said->front().name == twin::terms::location;
    if (!is_place) return only_a_part(node);
    write.planner->change_of(std::string(node.thing.id())).attributes = std::move(*said);
    return {};
  }
  end_properties(write, node);
  Change& change = write.planner->change_of(node.id);
  for (twin::Attribute& attribute : *said) change.attributes.push_back(std::move(attribute));
  if (node.kind == Kind::thing) return update_locations(write, node);
  return node.kind == Kind::location ? move_things(write, node) : Status();
}

void update_here(ngsi_ld::Services& services, const Request& request, Reply reply) {
  const auto write = begin(services, request, true);
  if (!write.ok()) return reply.send(problem(write.error()));
  const auto target = target_of(**write);
  if (!target.ok()) return reply.send(problem(target.error()));
  if (target->set || !target->property.empty() || !target->view.empty()) {
    return reply.send(
        problem(fail(Code::invalid, "only one resource is updated at a time", std::string(request.path()))));
  }
  const Node node = *target->node;
  if (const auto status = plan_update(**write, node); !status.ok()) return reply.send(problem(status.error()));
  std::erase_if((*write)->planner->changes(),
                [](const Change& change) { return change.kind == Change::Kind::append && change.attributes.empty(); });
  submit(*write, std::move(reply), [write = *write, node](const thread::Outcomes&) {
    Response response = created(*write, node.kind, write->updated_id.empty() ? node.id : write->updated_id);
    if (response.status == 201) response.status = 200;
    return response;
  });
}

void end_entity(const std::string& id, std::vector<Change>& changes) {
  Change change;
  change.kind = Change::Kind::remove;
  change.entity_id = id;
  changes.push_back(std::move(change));
}

void end_attribute(std::string_view entity_id, twin::Term name, twin::Term dataset, std::vector<Change>& changes) {
  Change change;
  change.kind = Change::Kind::remove_attribute;
  change.entity_id = std::string(entity_id);
  change.attribute_name = name;
  change.dataset = dataset;
  changes.push_back(std::move(change));
}

// `ends`: the Thing ends as well.
void end_stream(const Write& write, const Node& stream, bool thing_ends, std::vector<Change>& changes) {
  if (stream.record) end_entity(stream.id, changes);
  if (thing_ends) return;
  bool is_observed = false;
  stream.thing.each_attribute(stream.attribute, [&](const twin::Attribute& attribute) {
    is_observed = attribute.dataset == stream.dataset;
    return !is_observed;
  });
  if (is_observed) end_attribute(stream.thing.id(), stream.attribute, stream.dataset, changes);
  const twin::Term link = write.writing.thread->terms().find(stream.id);
  stream.thing.each_attribute(write.planner->terms().has_datastream, [&](const twin::Attribute& attribute) {
    if (attribute.dataset == link) end_attribute(stream.thing.id(), attribute.name, link, changes);
    return true;
  });
}

Status plan_removal(Write& write, const Node& node) {
  std::vector<Change>& changes = write.planner->changes();
  const auto end_streams = [&](bool thing_ends) {
    return write.model->related(node, *find_navigation(node.kind, "Datastreams"), [&](const Node& stream) {
      end_stream(write, stream, thing_ends, changes);
      return changes.size() < planned_changes_max;
    });
  };
  switch (node.kind) {
    case Kind::thing:
      if (const auto status = end_streams(true); !status.ok()) return status;
      end_entity(node.id, changes);
      return {};
    case Kind::datastream:
      end_stream(write, node, false, changes);
      return {};
    case Kind::sensor:
    case Kind::observed_property:
      if (!node.record) return only_a_part(node);
      if (const auto status = end_streams(false); !status.ok()) return status;
      end_entity(node.id, changes);
      return {};
    case Kind::location:
      if (!node.record) {
        if (node.instance) return only_a_part(node);
        end_attribute(node.thing.id(), twin::terms::location, {}, changes);
        return {};
      }
      end_entity(node.id, changes);
      return write.model->related(node, *find_navigation(Kind::location, "Things"), [&](const Node& thing) {
        end_attribute(thing.id, write.planner->terms().has_location, {}, changes);
        end_attribute(thing.id, twin::terms::location, {}, changes);
        return true;
      });
    case Kind::feature:
      if (!node.record) return only_a_part(node);
      end_entity(node.id, changes);
      return {};
    case Kind::historical_location:
      return fail(Code::unsupported, "historical locations are what a Thing's place was, and are not deleted");
    case Kind::observation: {
      auto past = changes_of_past({PastWrite::Kind::remove, std::string(node.thing.id()), *node.instance},
                                  write.model->reading().snapshot);
      if (!past.ok()) return past.error();
      changes = std::move(*past);
      return {};
    }
  }
  return {};
}

void remove_here(ngsi_ld::Services& services, const Request& request, Reply reply) {
  const auto write = begin(services, request, false);
  if (!write.ok()) return reply.send(problem(write.error()));
  const auto target = target_of(**write);
  if (!target.ok()) return reply.send(problem(target.error()));
  if (target->set || !target->property.empty() || !target->view.empty()) {
    return reply.send(
        problem(fail(Code::invalid, "only one resource is deleted at a time", std::string(request.path()))));
  }
  if (const auto status = plan_removal(**write, *target->node); !status.ok()) {
    return reply.send(problem(status.error()));
  }
  if ((*write)->planner->changes().size() > planned_changes_max) {
    return reply.send(problem(fail(Code::too_large, "this ends more than 50,000 datastreams at once")));
  }
  submit(*write, std::move(reply), [](const thread::Outcomes&) { return Response::empty(200); });
}

}  // namespace

void create(ngsi_ld::Services& services, const Request& request, Reply reply) {
  run(services, request, std::move(reply), false, create_here);
}

void update(ngsi_ld::Services& services, const Request& request, Reply reply) {
  run(services, request, std::move(reply), true, update_here);
}

void remove(ngsi_ld::Services& services, const Request& request, Reply reply) {
  run(services, request, std::move(reply), true, remove_here);
}

}  // namespace cityloom::serve::sta
