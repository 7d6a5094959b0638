// Subscriptions read from JSON and changed by fragments.
#include <algorithm>

#include "ngsi/body_parts.hpp"
#include "ngsi/members.hpp"
#include "ngsi/query_members.hpp"
#include "ngsi/subscription.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using base::Code;

struct TriggerName {
  std::string_view name;
  Trigger trigger;
};
constexpr TriggerName trigger_names[] = {
    {"attributeCreated", Trigger::attribute_created}, {"attributeUpdated", Trigger::attribute_updated},
    {"attributeDeleted", Trigger::attribute_deleted}, {"entityCreated", Trigger::entity_created},
    {"entityUpdated", Trigger::entity_updated},       {"entityDeleted", Trigger::entity_deleted}};

base::Status read_endpoint(Element value, const JsonPath& at, Endpoint& to) {
  if (!value.is_object()) return bad("an endpoint is an object", at);
  for (const auto [name, inner] : simdjson::dom::object(value)) {
    const JsonPath inner_at{&at, name};
    const auto is_text = read_text({{"uri", &to.uri}, {"accept", &to.accept}}, name, inner, inner_at);
    if (!is_text) return is_text.error();
    base::Status status;
    if (name == "receiverInfo") status = read_key_values(inner, inner_at, to.receiver_info);
    if (name == "notifierInfo") status = read_key_values(inner, inner_at, to.notifier_info);
    if (!status) return status;
    if (name != "timeout" && name != "cooldown") continue;
    const auto number = read_positive(inner, inner_at);
    if (!number) return number.error();
    (name == "timeout" ? to.timeout_ms : to.cooldown_ms) = std::max<int64_t>(1, static_cast<int64_t>(*number));
  }
  const auto has_scheme = [&](std::string_view scheme) {
    return to.uri.starts_with(scheme) && to.uri.size() > scheme.size();
  };
  if (!is_uri(to.uri) ||
      !(has_scheme("http://") || has_scheme("https://") || has_scheme("mqtt://") || has_scheme("mqtts://"))) {
    return bad("the URI of an endpoint is needed", {&at, "uri"},
               "it begins with http://, https://, mqtt:// or mqtts://");
  }
  if (to.accept != "application/json" && to.accept != "application/ld+json" && to.accept != "application/geo+json") {
    return bad("notifications are not made in this type", {&at, "accept"},
               "use application/json, application/ld+json or application/geo+json");
  }
  return {};
}

base::Status read_format(std::string_view text, const JsonPath& at, Subscription& to) {
  to.format_text = text;
  if (text == "normalized") {
    to.format = Format::normalized;
  } else if (text == "concise") {
    to.format = Format::concise;
  } else if (text == "simplified" || text == "keyValues") {
    to.format = Format::simplified;
  } else {
    return bad("no format of notifications", at, "use normalized, concise, simplified or keyValues");
  }
  return {};
}

base::Status read_notification_member(std::string_view name, Element value, const JsonPath& at, Subscription& to) {
  if (name == "endpoint") return read_endpoint(value, at, to.endpoint);
  if (name == "attributes") return read_name_list(value, at, false, to.attributes);
  if (name == "pick") return read_name_list(value, at, true, to.pick);
  if (name == "omit") return read_name_list(value, at, true, to.omit);
  if (name == "format") {
    const auto text = read_string(value, at);
    if (!text) return text.error();
    return read_format(*text, at, to);
  }
  if (name == "sysAttrs" || name == "showChanges") {
    const auto flag = read_bool(value, at);
    if (!flag) return flag.error();
    (name == "sysAttrs" ? to.sys_attrs : to.show_changes) = *flag;
  }
  if (name == "join") {
    std::string_view join;
    if (value.get(join) != simdjson::SUCCESS || (join != "@none" && join != "flat" && join != "inline")) {
      return bad("must be \"@none\", \"flat\" or \"inline\"", at);
    }
    to.join = join == "@none" ? "" : join;
  }
  if (name == "joinLevel") {
    uint64_t level = 0;
    if (value.get(level) != simdjson::SUCCESS || level == 0 || level > join_level_max)
      return bad("must be a whole number from 1 to " + std::to_string(join_level_max), at);
    to.join_level = static_cast<unsigned>(level);
  }
  return {};
}

base::Status read_notification(Element value, const JsonPath& at, Subscription& to) {
  if (!value.is_object()) return bad("must be an object", at);
  bool has_endpoint = false;
  for (const auto [name, inner] : simdjson::dom::object(value)) {
    if (base::Status status = read_notification_member(name, inner, {&at, name}, to); !status) return status;
    has_endpoint = has_endpoint || name == "endpoint";
  }
  if (!has_endpoint) return bad("is needed", {&at, "endpoint"});
  if (to.show_changes && to.format == Format::simplified)
    return bad("does not go with a simplified format", {&at, "showChanges"});
  if (!to.attributes.empty() && (!to.pick.empty() || !to.omit.empty()))
    return bad("does not go with pick or omit", {&at, "attributes"});
  return {};
}

base::Status read_entities(Element value, const JsonPath& at, std::vector<EntitySelector>& to) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS || items.size() == 0)
    return bad("must be an array of at least one selector", at);
  int64_t index = 0;
  for (const Element item : items) {
    const auto selector = read_selector(item, {&at, {}, index++});
    if (!selector) return selector.error();
    EntitySelector made{"", selector->id_pattern.value_or(""), *selector->type};
    const std::string ids = selector->id.value_or("");
    for (size_t start = 0; start <= ids.size(); start = std::min(ids.find(',', start), ids.size()) + 1) {
      made.id = ids.substr(start, ids.find(',', start) - start);
      made.in_list = start > 0;
      to.push_back(made);
    }
    if (to.size() > 1'000) return base::fail(Code::too_large, "more than 1,000 selectors", at.text());
  }
  return {};
}

base::Status read_geo(Element value, const JsonPath& at, std::optional<GeoQueryText>& to) {
  QueryParameters parameters;
  if (base::Status status = read_geo_query(value, at, parameters); !status) return status;
  to = GeoQueryText{*parameters.georel, *parameters.geometry, *parameters.coordinates,
                    parameters.geoproperty.value_or("")};
  return {};
}

base::Status read_triggers(Element value, const JsonPath& at, std::vector<Trigger>& to) {
  if (!value.is_array()) return bad("must be an array of triggers", at);
  const auto texts = read_strings(value, at);
  if (!texts) return texts.error();
  for (const std::string_view text : *texts) {
    const auto* found = std::find_if(std::begin(trigger_names), std::end(trigger_names),
                                     [&](const TriggerName& one) { return one.name == text; });
    if (found == std::end(trigger_names)) return bad("no trigger: " + std::string(text.substr(0, 60)), at);
    if (std::find(to.begin(), to.end(), found->trigger) == to.end()) to.push_back(found->trigger);
  }
  return {};
}

// "1.8"
bool is_version(std::string_view text) {
  const size_t dot = text.find('.');
  const auto is_number = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return dot != std::string_view::npos && is_number(text.substr(0, dot)) && is_number(text.substr(dot + 1));
}

// Members by which a client asks for what one server has no choice in; kept for the answer. False: none of them.
base::Result<bool> read_kept(std::string_view name, Element value, const JsonPath& at, Subscription& to) {
  std::string_view text;
  if (name == "localOnly" || name == "splitEntities") {
    const auto flag = read_bool(value, at);
    if (!flag) return flag.error();
    if (name == "localOnly") to.local_only = *flag;
  } else if (name == "jsonKeys" || name == "ngsildConformance") {
    if (value.get(text) != simdjson::SUCCESS || text.empty()) return bad("must be a text that is not empty", at);
    if (name == "ngsildConformance" && !is_version(text))
      return bad("must be a version of the standard", at, "write it as major.minor, e.g. \"1.8\"");
  } else if (name != "temporalQ") {
    return false;
  }
  to.further.push_back({std::string(name), compact_json(value)});
  return true;
}

base::Status read_number_or_flag(std::string_view name, Element value, const JsonPath& at, Subscription& to) {
  if (name == "throttling" || name == "timeInterval") {
    const auto number = read_positive(value, at);
    if (!number) return number.error();
    (name == "throttling" ? to.throttling_s : to.time_interval_s) = *number;
  } else if (name == "isActive") {
    const auto flag = read_bool(value, at);
    if (!flag) return flag.error();
    to.is_active = *flag;
    to.states_activity = true;
  } else if (name == "expiresAt") {
    const auto time = read_time(value, at);
    if (!time) return time.error();
    to.expires_at = *time;
  } else if (const auto kept = read_kept(name, value, at, to); !kept) {
    return kept.error();
  }
  return {};
}

// Clauses 5.2.12 and 5.2.33: everything at once is asked for in local scope only.
base::Status check_scope(const Subscription& made) {
  const bool is_local = made.local_only.value_or(false);
  if (made.entities.empty() && made.watched_attributes.empty() && !is_local) {
    return base::fail(Code::invalid, "entities or watchedAttributes are needed", "entities",
                      "localOnly true asks for every entity kept here");
  }
  if (made.time_interval_s != 0 && made.entities.empty() && !is_local)
    return base::fail(Code::invalid, "timeInterval needs entities", "entities");
  const bool is_any = std::any_of(made.entities.begin(), made.entities.end(),
                                  [](const EntitySelector& selector) { return selector.type == "*"; });
  if (is_any && made.local_only == false)
    return base::fail(Code::invalid, "type \"*\" asks for what is kept here only", "localOnly", "leave it out");
  return {};
}

// What the MQTT binding knows (clause 7.2).
base::Status check_notifier(const Endpoint& endpoint) {
  if (!endpoint.uri.starts_with("mqtt")) return {};
  for (const KeyValue& one : endpoint.notifier_info) {
    const bool is_known = one.key == "MQTT-QoS"       ? one.value == "0" || one.value == "1" || one.value == "2"
                          : one.key == "MQTT-Version" ? one.value == "mqtt3.1.1" || one.value == "mqtt5.0"
                                                      : true;
    if (!is_known) {
      return base::fail(Code::invalid, one.key + " cannot be " + one.value.substr(0, 60),
                        "notification.endpoint.notifierInfo",
                        "MQTT-QoS is 0, 1 or 2; MQTT-Version is mqtt3.1.1 or mqtt5.0");
    }
  }
  return {};
}

base::Status read_member(std::string_view name, Element value, const JsonPath& at, Subscription& to) {
  const auto is_text = read_text({{"id", &to.id},
                                  {"@id", &to.id},
                                  {"subscriptionName", &to.name},
                                  {"description", &to.description},
                                  {"q", &to.q},
                                  {"csf", &to.csf},
                                  {"scopeQ", &to.scope_q},
                                  {"lang", &to.language},
                                  {"expandValues", &to.expand_values},
                                  {"jsonldContext", &to.jsonld_context}},
                                 name, value, at);
  if (!is_text) return is_text.error();
  if (*is_text) return {};
  if (name == "entities") return read_entities(value, at, to.entities);
  if (name == "watchedAttributes") return read_name_list(value, at, false, to.watched_attributes);
  if (name == "geoQ") return read_geo(value, at, to.geo_q);
  if (name == "datasetId") return read_dataset_ids(value, at, to.dataset_ids);
  if (name == "notificationTrigger") return read_triggers(value, at, to.triggers);
  if (name == "notification") return read_notification(value, at, to);
  return read_number_or_flag(name, value, at, to);
}

// The rules between members, and whether everything written in a language of its own can be read.
base::Status check(const Subscription& made, const Context& context, base::Instant now) {
  if (!made.id.empty() && !is_uri(made.id)) return base::fail(Code::invalid, "not a URI", "id");
  if (made.endpoint.uri.empty()) return base::fail(Code::invalid, "is needed", "notification");
  if (base::Status status = check_scope(made); !status) return status;
  if (base::Status status = check_notifier(made.endpoint); !status) return status;
  if (made.time_interval_s != 0) {
    if (!made.watched_attributes.empty())
      return base::fail(Code::invalid, "does not go with timeInterval", "watchedAttributes");
    if (made.throttling_s != 0) return base::fail(Code::invalid, "does not go with timeInterval", "throttling");
  }
  if (made.expires_at.exists() && made.expires_at <= now)
    return base::fail(Code::invalid, "lies in the past", "expiresAt");
  if (!made.jsonld_context.empty() && !is_uri(made.jsonld_context))
    return base::fail(Code::invalid, "not a URI", "jsonldContext");
  twin::TermTable terms;
  const auto matcher = make_matcher(made, std::make_shared<const Context>(context), terms);
  return matcher ? base::Status() : base::Status(matcher.error());
}

base::Result<Subscription> read(Element root, const Context& context) {
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS)
    return base::fail(Code::invalid, "a subscription is a JSON object", "body");
  Subscription made;
  bool has_type = false;
  for (const auto [name, value] : object) {
    const JsonPath at{nullptr, name};
    if (name == "type" || name == "@type") {
      std::string_view type;
      has_type = value.get(type) == simdjson::SUCCESS && type == "Subscription";
      continue;
    }
    if (base::Status status = read_member(name, value, at, made); !status) return status.error();
  }
  if (!has_type) return base::fail(Code::invalid, "must be \"Subscription\"", "type");
  made.context_json = context.json();
  return made;
}

}  // namespace

std::string_view name_of(Trigger trigger) {
  for (const TriggerName& one : trigger_names) {
    if (one.trigger == trigger) return one.name;
  }
  return "";
}

base::Result<Subscription> parse_subscription(const Body& body, const Context& context, base::Instant now) {
  auto made = read(body.parts().root, context);
  if (!made) return made;
  if (base::Status status = check(*made, context, now); !status) return status.error();
  return made;
}

base::Result<Subscription> update_subscription(const Subscription& now_is, const Body& fragment, const Context& context,
                                               base::Instant now) {
  simdjson::dom::object change;
  if (fragment.parts().root.get(change) != simdjson::SUCCESS)
    return base::fail(Code::invalid, "a fragment is a JSON object", "body");
  std::string_view text;
  if (change["id"].get(text) == simdjson::SUCCESS && text != now_is.id)
    return base::fail(Code::invalid, "cannot be changed", "id");
  if (change["type"].error() == simdjson::SUCCESS &&
      (change["type"].get(text) != simdjson::SUCCESS || text != "Subscription")) {
    return base::fail(Code::invalid, "must be \"Subscription\"", "type");
  }
  std::string stored;
  append_subscription(now_is, nullptr, now, false, {}, stored);
  simdjson::dom::parser parser;
  simdjson::dom::object present;
  if (parser.parse(simdjson::padded_string(stored)).get(present) != simdjson::SUCCESS) {
    return base::fail(Code::internal, "a subscription could not be read back", now_is.id);
  }
  const std::string merged = merged_members(present, change, {"notification", "endpoint"});
  const auto body = Body::read(merged);
  if (!body) return body.error();
  auto made = read(body->parts().root, context);
  if (!made) return made;
  // A date that passed by itself must not keep a subscription from being changed otherwise.
  const bool states_expiry = change["expiresAt"].error() == simdjson::SUCCESS;
  if (base::Status status = check(*made, context, states_expiry ? now : base::Instant::none()); !status)
    return status.error();
  return made;
}

base::Result<Subscription> restore_subscription(std::string_view json, const Context& context) {
  const auto body = Body::read(json);
  if (!body) return base::fail(Code::corrupt, body.error().what, "subscription");
  auto made = read(body->parts().root, context);
  if (!made) return base::fail(Code::corrupt, made.error().what, "subscription " + made.error().where);
  return made;
}

}  // namespace cityloom::ngsi
