// Registrations read from JSON and changed by fragments.
#include <algorithm>
#include <array>

#include "ngsi/aggregation.hpp"
#include "ngsi/body_parts.hpp"
#include "ngsi/members.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/registration.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using base::Code;
using base::fail;

constexpr std::string_view type_name = "ContextSourceRegistration";

// The members of a registration, taken one by one.
class RegistrationReader {
 public:
  explicit RegistrationReader(const Context& context) : context_(context) {}

  base::Result<Registration> read(Element root) {
    Object object;
    if (root.get(object) != simdjson::SUCCESS) return fail(Code::invalid, "a registration is a JSON object", "body");
    bool has_type = false;
    for (const auto [name, value] : object) {
      const JsonPath at{nullptr, name};
      if (name == "@context") continue;
      if (name == "type" || name == "@type") {
        std::string_view type;
        has_type = value.get(type) == simdjson::SUCCESS && type == type_name;
        continue;
      }
      if (base::Status status = member(name, value, at); !status) return status.error();
    }
    if (!has_type) return fail(Code::invalid, "must be \"ContextSourceRegistration\"", "type");
    if (made_.operation_names.empty()) made_.operations = *SourceOperations::named("federationOps");
    return std::move(made_);
  }

 private:
  base::Status member(std::string_view name, Element value, const JsonPath& at) {
    const auto is_text = read_text({{"id", &made_.id},
                                    {"@id", &made_.id},
                                    {"registrationName", &made_.name},
                                    {"description", &made_.description},
                                    {"endpoint", &made_.endpoint},
                                    {"contextSourceAlias", &made_.source_alias},
                                    {"tenant", &made_.tenant},
                                    {"refreshRate", &made_.refresh_rate}},
                                   name, value, at);
    if (!is_text) return is_text.error();
    if (*is_text) return {};
    if (name == "information") return information(value, at);
    if (name == "contextSourceInfo") return source_info(value, at);
    if (name == "mode") return mode(value, at);
    if (name == "operations") return operations(value, at);
    if (name == "datasetId") return dataset_ids(value, at);
    if (name == "scope") return scopes(value, at);
    if (name == "management") return management(value, at);
    if (name == "managementInterval") return interval(value, at, made_.management_interval);
    if (name == "observationInterval") return interval(value, at, made_.observation_interval);
    if (name == "location") return geometry(value, at, made_.location);
    if (name == "observationSpace") return geometry(value, at, made_.observation_space);
    if (name == "operationSpace") return geometry(value, at, made_.operation_space);
    if (name == "localOnly") {
      const auto flag = read_bool(value, at);
      if (!flag) return flag.error();
      made_.local_only = *flag;
      return {};
    }
    if (name == "expiresAt") {
      const auto time = read_time(value, at);
      if (!time) return time.error();
      made_.expires_at = *time;
      return {};
    }
    return property(name, value, at);
  }

  // A member of a registrant's own: a property of the source, by which csf finds it.
  base::Status property(std::string_view name, Element value, const JsonPath& at) {
    static constexpr std::array<std::string_view, 7> ours = {"status",      "timesSent", "timesFailed", "lastSuccess",
                                                             "lastFailure", "createdAt", "modifiedAt"};
    if (std::find(ours.begin(), ours.end(), name) != ours.end()) return {};
    if (!is_name(name)) return bad("not the name of a property", at);
    if (value.is_null()) return bad("must not be null", at);
    if (made_.properties.size() >= registration_properties_max) {
      return fail(Code::too_large,
                  "the source has more than " + std::to_string(registration_properties_max) + " properties", at.text());
    }
    std::string iri = context_.expand(name);
    if (iri.empty()) return bad("means nothing in this @context", at);
    made_.properties.push_back({std::move(iri), compact_json(value)});
    return {};
  }

  base::Status information(Element value, const JsonPath& at) {
    simdjson::dom::array items;
    if (value.get(items) != simdjson::SUCCESS || items.size() == 0)
      return bad("must be an array that is not empty", at);
    int64_t index = 0;
    for (const Element item : items) {
      if (base::Status status = info(item, {&at, {}, index++}); !status) return status;
    }
    return {};
  }

  base::Status info(Element value, const JsonPath& at) {
    if (!value.is_object()) return bad("must be an object", at);
    RegistrationInfo made;
    for (const auto [name, inner] : Object(value)) {
      const JsonPath inner_at{&at, name};
      base::Status status;
      if (name == "entities") status = entities(inner, inner_at, made.entities);
      if (name == "propertyNames") status = attributes(inner, inner_at, made.properties);
      if (name == "relationshipNames") status = attributes(inner, inner_at, made.relationships);
      if (!status) return status;
    }
    if (made.entities.empty() && !made.has_attributes())
      return bad("one of entities, propertyNames and relationshipNames is needed", at);
    made_.information.push_back(std::move(made));
    return {};
  }

  base::Status attributes(Element value, const JsonPath& at, std::vector<std::string>& to) {
    std::vector<std::string> names;
    if (base::Status status = read_name_list(value, at, false, names); !status) return status;
    if ((attribute_count_ += names.size()) > registration_attributes_max) {
      return fail(Code::too_large, "more than " + std::to_string(registration_attributes_max) + " attribute names",
                  at.text());
    }
    for (const std::string& name : names) {
      std::string iri = context_.expand(name);
      if (iri.empty()) return bad("means nothing in this @context: " + name, at);
      to.push_back(std::move(iri));
    }
    return {};
  }

  base::Status entities(Element value, const JsonPath& at, std::vector<EntityInfo>& to) {
    simdjson::dom::array items;
    if (value.get(items) != simdjson::SUCCESS || items.size() == 0)
      return bad("must be an array that is not empty", at);
    int64_t index = 0;
    for (const Element item : items) {
      if (++entity_count_ > registration_entities_max) {
        return fail(Code::too_large, "more than " + std::to_string(registration_entities_max) + " entities", at.text());
      }
      auto made = entity(item, {&at, {}, index++});
      if (!made) return made.error();
      to.push_back(std::move(*made));
    }
    return {};
  }

  base::Result<EntityInfo> entity(Element value, const JsonPath& at) {
    if (!value.is_object()) return bad("must be an object", at);
    EntityInfo made;
    for (const auto [name, inner] : Object(value)) {
      const JsonPath inner_at{&at, name};
      const auto is_text =
          read_text({{"id", &made.id}, {"@id", &made.id}, {"idPattern", &made.id_pattern}}, name, inner, inner_at);
      if (!is_text) return is_text.error();
      if (name != "type" && name != "@type") continue;
      const auto names = read_strings(inner, inner_at);
      if (!names) return names.error();
      made.type_is_list = inner.is_array();
      for (const std::string_view type : *names) {
        std::string iri = is_name(type) ? context_.expand_type(type) : std::string();
        if (iri.empty()) return bad("not the name of a type: " + std::string(type.substr(0, 60)), inner_at);
        made.types.push_back(std::move(iri));
      }
    }
    if (made.types.empty()) return bad("is needed", {&at, "type"});
    if (!made.id.empty() && !is_uri(made.id)) return bad("not a URI", {&at, "id"});
    if (!made.id_pattern.empty()) {
      auto pattern = twin::make_pattern(made.id_pattern);
      if (!pattern) return bad(pattern.error().what, {&at, "idPattern"}, pattern.error().remedy);
      made.pattern = std::move(*pattern);
    }
    return made;
  }

  // Clauses 4.3.6.5 and 4.3.6.6: some keys mean something to us.
  base::Status source_info(Element value, const JsonPath& at) {
    if (base::Status status = read_key_values(value, at, made_.source_info); !status) return status;
    for (const KeyValue& pair : made_.source_info) {
      const bool is_media = pair.key == "accept" || pair.key == "contentType";
      if (is_media && pair.value != "application/json" && pair.value != "application/ld+json")
        return bad(pair.key + " must be application/json or application/ld+json", at);
      if (pair.key == "jsonldContext" && !is_uri(pair.value)) return bad("jsonldContext must be a URL", at);
      if (pair.key == "ngsildConformance" && !is_version(pair.value))
        return bad("ngsildConformance must be a version such as 1.6", at);
    }
    return {};
  }

  static bool is_version(std::string_view text) {
    const size_t dot = text.find('.');
    const auto is_number = [](std::string_view part) {
      return !part.empty() && part.size() < 5 && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    return dot != std::string_view::npos && is_number(text.substr(0, dot)) && is_number(text.substr(dot + 1));
  }

  base::Status mode(Element value, const JsonPath& at) {
    const auto text = read_string(value, at);
    if (!text) return text.error();
    for (const SourceMode mode :
         {SourceMode::inclusive, SourceMode::exclusive, SourceMode::redirect, SourceMode::auxiliary}) {
      if (name_of(mode) != *text) continue;
      made_.mode = mode;
      made_.mode_given = true;
      return {};
    }
    return bad("no mode of a registration", at, "use inclusive, exclusive, redirect or auxiliary");
  }

  base::Status operations(Element value, const JsonPath& at) {
    if (!value.is_array()) return bad("must be an array of names of operations", at);
    const auto names = read_strings(value, at);
    if (!names) return names.error();
    for (const std::string_view name : *names) {
      const auto named = SourceOperations::named(name);
      if (!named) return bad("no operation or group of them: " + std::string(name.substr(0, 60)), at);
      made_.operations.add(*named);
      made_.operation_names.emplace_back(name);
    }
    return {};
  }

  base::Status dataset_ids(Element value, const JsonPath& at) {
    const auto texts = read_strings(value, at);
    if (!texts) return texts.error();
    for (const std::string_view text : *texts) {
      if (text != "@none" && !is_uri(text)) return bad("a datasetId is a URI or @none", at);
      made_.dataset_ids.emplace_back(text);
    }
    return {};
  }

  base::Status scopes(Element value, const JsonPath& at) {
    const auto texts = read_strings(value, at);
    if (!texts) return texts.error();
    for (const std::string_view text : *texts) {
      if (!is_scope(text))
        return bad("not a scope: " + std::string(text.substr(0, 100)), at, "write it as /Seoul/Songpa");
      made_.scopes.emplace_back(text);
    }
    made_.scope_is_list = value.is_array();
    return {};
  }

  base::Status management(Element value, const JsonPath& at) {
    if (!value.is_object()) return bad("must be an object", at);
    SourceManagement made;
    for (const auto [name, inner] : Object(value)) {
      const JsonPath inner_at{&at, name};
      if (name == "cacheDuration") {
        const auto text = read_string(inner, inner_at);
        if (!text) return text.error();
        if (!parse_period(*text)) return bad("not a duration", inner_at, "use the form of ISO 8601, e.g. PT5M");
        made.cache_duration = *text;
      } else if (name == "cooldown" || name == "timeout") {
        const auto number = read_positive(inner, inner_at);
        if (!number) return number.error();
        (name == "cooldown" ? made.cooldown_ms : made.timeout_ms) = std::max<int64_t>(1, static_cast<int64_t>(*number));
      } else if (name == "localOnly") {
        const auto flag = read_bool(inner, inner_at);
        if (!flag) return flag.error();
        made.local_only = *flag;
      }
    }
    made_.management = made;
    return {};
  }

  static base::Status interval(Element value, const JsonPath& at, std::optional<TimeInterval>& to) {
    if (!value.is_object()) return bad("must be an object with startAt", at);
    TimeInterval made;
    for (const auto [name, inner] : Object(value)) {
      if (name != "startAt" && name != "endAt") continue;
      const auto time = read_time(inner, {&at, name});
      if (!time) return time.error();
      (name == "startAt" ? made.start : made.end) = *time;
    }
    if (!made.start.exists()) return bad("is needed", {&at, "startAt"});
    if (made.end.exists() && made.end < made.start) return bad("lies before startAt", {&at, "endAt"});
    to = made;
    return {};
  }

  // GeoJSON, or a GeoProperty that holds it.
  static base::Status geometry(Element value, const JsonPath& at, std::string& to) {
    Element inner = value;
    std::string_view type;
    if (value.is_object() && value["type"].get(type) == simdjson::SUCCESS && type == "GeoProperty" &&
        value["value"].get(inner) != simdjson::SUCCESS) {
      return bad("is needed", {&at, "value"});
    }
    if (const auto read = read_geometry(inner, at); !read) return read.error();
    to = compact_json(inner);
    return {};
  }

  const Context& context_;
  Registration made_;
  size_t entity_count_ = 0;
  size_t attribute_count_ = 0;
};

// Clause 4.3.6.3: an exclusive source has certain attributes of certain entities.
base::Status check_exclusive(const Registration& made) {
  for (const RegistrationInfo& info : made.information) {
    if (!info.has_attributes())
      return fail(Code::invalid, "an exclusive registration names attributes: propertyNames or relationshipNames",
                  "information");
    if (info.entities.empty())
      return fail(Code::invalid, "an exclusive registration names entities by their ids", "information");
    for (const EntityInfo& entity : info.entities) {
      if (entity.id.empty() || !entity.id_pattern.empty())
        return fail(Code::invalid, "an exclusive registration names entities by their ids, not by type or idPattern",
                    "information");
    }
  }
  return {};
}

// The rules between members.
base::Status check(const Registration& made, base::Instant now) {
  if (!made.id.empty() && !is_uri(made.id)) return fail(Code::invalid, "not a URI", "id");
  if (made.information.empty()) return fail(Code::invalid, "is needed", "information");
  const std::string_view endpoint = made.endpoint;
  const bool is_http = (endpoint.starts_with("http://") && endpoint.size() > 7) ||
                       (endpoint.starts_with("https://") && endpoint.size() > 8);
  if (!is_uri(endpoint) || !is_http)
    return fail(Code::invalid, "the URI of the source is needed", "endpoint", "it begins with http:// or https://");
  if (made.expires_at.exists() && made.expires_at <= now) return fail(Code::invalid, "lies in the past", "expiresAt");
  if (!made.refresh_rate.empty() && !parse_period(made.refresh_rate))
    return fail(Code::invalid, "not a duration", "refreshRate", "use the form of ISO 8601, e.g. PT5M");
  if (made.mode == SourceMode::exclusive) return check_exclusive(made);
  // Clause 4.3.6.2: an auxiliary source is only ever read.
  if (made.mode == SourceMode::auxiliary && !made.operations.has(SourceOperation::retrieve_entity) &&
      !made.operations.has(SourceOperation::query_entity)) {
    return fail(Code::invalid, "an auxiliary registration is for reading", "operations",
                "use retrieveOps, retrieveEntity or queryEntity");
  }
  return {};
}

}  // namespace

base::Result<Registration> parse_registration(const Body& body, const Context& context, base::Instant now) {
  auto made = RegistrationReader(context).read(body.parts().root);
  if (!made) return made;
  if (base::Status status = check(*made, now); !status) return status.error();
  return made;
}

base::Result<Registration> update_registration(const Registration& now_is, const Body& fragment, const Context& context,
                                               base::Instant now) {
  Object change;
  if (fragment.parts().root.get(change) != simdjson::SUCCESS)
    return fail(Code::invalid, "a fragment is a JSON object", "body");
  std::string_view text;
  if (change["id"].get(text) == simdjson::SUCCESS && text != now_is.id)
    return fail(Code::invalid, "cannot be changed", "id");
  if (change["type"].error() == simdjson::SUCCESS &&
      (change["type"].get(text) != simdjson::SUCCESS || text != type_name)) {
    return fail(Code::invalid, "must be \"ContextSourceRegistration\"", "type");
  }
  std::string stored;
  append_registration(now_is, nullptr, false, &context, {}, stored);
  simdjson::dom::parser parser;
  Object present;
  if (parser.parse(simdjson::padded_string(stored)).get(present) != simdjson::SUCCESS)
    return fail(Code::internal, "a registration could not be read back", now_is.id);
  const auto body = Body::read(merged_members(present, change, {"management"}));
  if (!body) return body.error();
  auto made = RegistrationReader(context).read(body->parts().root);
  if (!made) return made;
  // A date that passed by itself must not keep a registration from being changed otherwise.
  const bool states_expiry = change["expiresAt"].error() == simdjson::SUCCESS;
  if (base::Status status = check(*made, states_expiry ? now : base::Instant::none()); !status) return status.error();
  return made;
}

base::Result<Registration> restore_registration(std::string_view json) {
  const auto body = Body::read(json);
  if (!body) return fail(Code::corrupt, body.error().what, "registration");
  auto made = RegistrationReader(*Context::core()).read(body->parts().root);
  if (!made) return fail(Code::corrupt, made.error().what, "registration " + made.error().where);
  return made;
}

}  // namespace cityloom::ngsi
