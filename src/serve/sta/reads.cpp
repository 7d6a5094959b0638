#include "serve/sta/reads.hpp"

#include <algorithm>

#include "ngsi/json.hpp"
#include "serve/json.hpp"
#include "serve/ogc/links.hpp"
#include "serve/sta/sta.hpp"

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

base::Error unknown(std::string_view what) {
  return fail(Code::not_found, "there is nothing here", std::string(what.substr(0, 300)),
              "/sta/v1.1 lists what there is");
}

// The one of a set with an id.
Result<std::optional<Node>> member(const Node& from, const Navigation& way, const std::string& id, const Model& model) {
  auto found = model.find(way.to, id);
  if (!found.ok() || !*found) return found;
  if (way.to == Kind::observation && from.kind == Kind::datastream) {
    if (!id.starts_with(from.id + ";")) return std::optional<Node>();
    return found;
  }
  bool is_member = false;
  const auto status = model.related(from, way, [&](const Node& node) {
    is_member = node.id == id;
    return !is_member;
  });
  if (!status.ok()) return status.error();
  return is_member ? found : Result<std::optional<Node>>(std::optional<Node>());
}

bool is_property(Kind kind, std::string_view name) {
  const auto& properties = form_of(kind).properties;
  return name == "id" || name == "@iot.id" || std::find(properties.begin(), properties.end(), name) != properties.end();
}

// One step on from a resource.
Status step_on(const Step& step, const Model& model, Target& at) {
  const Node from = *at.node;
  const Navigation* way = find_navigation(from.kind, step.name);
  if (way == nullptr) {
    if (!is_property(from.kind, step.name) || step.id) return unknown(step.name);
    at.property = step.name;
    return {};
  }
  if (way->is_many && !step.id) {
    at.way = way;
    at.set = way->to;
    return {};
  }
  std::optional<Node> found;
  if (way->is_many) {
    const auto one = member(from, *way, *step.id, model);
    if (!one.ok()) return one.error();
    found = *one;
  } else {
    const auto status = model.related(from, *way, [&](const Node& node) {
      found = node;
      return false;
    });
    if (!status.ok()) return status;
  }
  if (!found) return unknown(step.id.value_or(step.name));
  at.node = std::move(found);
  return {};
}

bool is_quick(const std::vector<Step>& steps, const Options& options) {
  if (steps.size() != 1 || !steps[0].id || !options.expand.empty()) return false;
  const auto kind = kind_of_set(steps[0].name);
  return kind && *kind != Kind::datastream && *kind != Kind::observation && *kind != Kind::historical_location;
}

Response root(const Request& request) {
  JsonText json;
  json.open_object().key("value").open_array();
  for (size_t i = 0; i < 8; ++i) {
    const std::string_view set = form_of(static_cast<Kind>(i)).set;
    json.open_object().member("name", set).member("url", root_of(request) + "/" + std::string(set)).close_object();
  }
  json.close_array().key("serverSettings").open_object().key("conformance").open_array();
  for (const std::string_view name :
       {"datamodel", "resource-path/resource-path-to-entities", "request-data", "create-update-delete/create-entity",
        "create-update-delete/link-to-existing-entities", "create-update-delete/deep-insert",
        "create-update-delete/update-entity", "create-update-delete/delete-entity", "data-array/data-array"}) {
    json.value("http://www.opengis.net/spec/iot_sensing/1.1/req/" + std::string(name));
  }
  json.close_array().close_object().close_object();
  return Response::json(json.take());
}

Result<Response> set_response(const Request& request, const Target& target, const Options& options,
                              const Answering& with) {
  const Source source{*target.set, target.way != nullptr ? &*target.node : nullptr, target.way};
  const auto listing = list(source, options, with);
  if (!listing.ok()) return listing.error();
  if (target.view == "$count") return Response::plain(std::to_string(listing->count.value_or(0)));
  std::string body = "{";
  if (listing->count) body += R"("@iot.count":)" + std::to_string(*listing->count) + ",";
  if (listing->more && listing->top > 0) {
    body += R"("@iot.nextLink":)";
    ngsi::append_quoted(
        ogc::origin_of(request) + std::string(request.path()) + "?" + query_text(options, options.skip + listing->top),
        body);
    body += ',';
  }
  body += R"("value":[)";
  Status status;
  if (target.view == "$ref") {
    bool is_first = true;
    for (const Node& node : listing->nodes) {
      body += is_first ? R"({"@iot.selfLink":)" : R"(,{"@iot.selfLink":)";
      is_first = false;
      ngsi::append_quoted(address_of(with, node.kind, node.id), body);
      body += '}';
    }
  } else if (options.data_array) {
    if (*target.set != Kind::observation) return fail(Code::invalid, "only Observations are given so", "$resultFormat");
    status = Writer(with).append_arrays(*listing, options, body);
  } else {
    status = Writer(with).append_items(*listing, options, body);
  }
  if (!status.ok()) return status.error();
  return Response::json(body + "]}");
}

Result<Response> node_response(const Target& target, const Options& options, const Answering& with) {
  std::string body;
  if (target.property.empty() && target.view == "$ref") {
    body = R"({"@iot.selfLink":)";
    ngsi::append_quoted(address_of(with, target.node->kind, target.node->id), body);
    return Response::json(body + "}");
  }
  if (target.property.empty()) {
    const auto status = Writer(with).append(*target.node, options, body);
    if (!status.ok()) return status.error();
    return Response::json(std::move(body));
  }
  const auto value = with.model.property(*target.node, target.property);
  if (!value.ok()) return value.error();
  if (is_nothing(*value)) return Response::empty();
  if (target.view == "$value") {
    if (const auto* text = std::get_if<std::string>(&*value)) return Response::plain(*text);
    append_json(*value, body);
    return Response::plain(std::move(body));
  }
  body = "{";
  ngsi::append_quoted(target.property, body);
  body += ':';
  append_json(*value, body);
  return Response::json(body + "}");
}

}  // namespace

std::string root_of(const Request& request) {
  return ogc::origin_of(request) + std::string(root_path);
}

Result<Target> follow(const std::vector<Step>& steps, const Model& model) {
  Target at;
  const auto kind = kind_of_set(steps.front().name);
  if (!kind) return unknown(steps.front().name);
  if (!steps.front().id) {
    at.set = kind;
  } else {
    auto found = model.find(*kind, *steps.front().id);
    if (!found.ok()) return found.error();
    if (!*found) return unknown(*steps.front().id);
    at.node = std::move(*found);
  }
  for (size_t i = 1; i < steps.size(); ++i) {
    const std::string& name = steps[i].name;
    const bool is_last = i + 1 == steps.size();
    if (name == "$ref" || name == "$value" || name == "$count") {
      const bool fits = name == "$value"   ? !at.property.empty()
                        : name == "$count" ? at.set.has_value()
                                           : at.property.empty();
      if (!is_last || !fits) return unknown(name);
      at.view = name;
    } else if (at.set || !at.property.empty()) {
      return unknown(name);
    } else if (const auto status = step_on(steps[i], model, at); !status.ok()) {
      return status.error();
    }
  }
  return at;
}

Result<Response> read(const ngsi_ld::Services& services, const Request& request, const ogc::Effort& effort) {
  Options options;
  for (const auto& [name, value] : request.query_values()) {
    if (name == "asOf" || name == "branch") continue;
    if (const auto status = set_option(name, value, options); !status.ok()) return status.error();
  }
  const auto reading = reading_of(services.tenants, request);
  if (!reading.ok()) return reading.error();
  const std::string_view path = request.path_value("path");
  if (path.empty() || path == "/") return root(request);
  const auto steps = parse_path(path);
  if (!steps.ok()) return steps.error();
  if (!effort.is_long && (ogc::is_of_the_past(request, *reading) || !is_quick(*steps, options))) {
    return ogc::too_much_here();
  }
  const base::Instant now = ogc::moment_of(services, request, *reading);
  const Model model(services, *reading, now, effort);
  const Answering with{model, now, root_of(request)};
  const auto target = follow(*steps, model);
  if (!target.ok()) return target.error();
  if (!target->set) return node_response(*target, options, with);
  if (target->view == "$count") options.count = true, options.top = 0;
  return set_response(request, *target, options, with);
}

}  // namespace cityloom::serve::sta
