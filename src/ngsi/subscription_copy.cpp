// Copies of subscriptions written; notifications of them read.
#include "ngsi/subscription_copy.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "ngsi/body_parts.hpp"
#include "ngsi/json.hpp"
#include "ngsi/merging.hpp"
#include "ngsi/parse.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using base::Instant;

constexpr size_t entities_max = 10'000;  // of one notification

std::optional<std::string> given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> joined(const std::vector<std::string>& names, const std::vector<std::string>& more) {
  std::string text;
  for (const auto* list : {&names, &more}) {
    for (const std::string& name : *list) text += text.empty() ? name : ',' + name;
  }
  return given(text);
}

// The window of temporalQ, which is kept as it was given.
base::Result<std::optional<thread::TimeWindow>> window_of(const Subscription& subscription) {
  for (const KeyValue& member : subscription.further) {
    if (member.key != "temporalQ") continue;
    const auto body = Body::read(R"({"temporalQ":)" + member.value + '}');
    if (!body.ok()) return body.error();
    const auto query = parse_temporal_body(*body);
    if (!query.ok()) return query.error();
    return std::optional(query->window);
  }
  return std::optional<thread::TimeWindow>();
}

// "Car,(Bus;Electric)" as a context has it; "*" where any will do.
std::string type_selection(const std::vector<std::vector<std::string>>& any_of, const Context& other) {
  std::string text;
  for (const auto& all_of : any_of) {
    if (!text.empty()) text += ',';
    const bool is_group = all_of.size() > 1;
    if (is_group) text += '(';
    for (size_t i = 0; i < all_of.size(); ++i) text += (i > 0 ? ";" : "") + other.compact(all_of[i]);
    if (is_group) text += ')';
  }
  return text.empty() ? "*" : text;
}

// What of the attributes that are asked for (none: all) a source is registered for; nothing: none of them.
std::optional<std::vector<std::string>> covered(const std::vector<std::string>& names, const Context& context,
                                                const SubscribedSources& asked, const Registration& registration,
                                                const Context& other) {
  bool any = false;
  std::vector<std::string> registered;
  for (const RegistrationInfo& info : registration.information) {
    const bool matches = std::any_of(asked.any_of.begin(), asked.any_of.end(), [&](SourceQuery query) {
      query.attributes.clear();
      return ngsi::matches(query, info);
    });
    if (!matches) continue;
    any = any || !info.has_attributes();
    for (const auto* list : {&info.properties, &info.relationships})
      registered.insert(registered.end(), list->begin(), list->end());
  }
  std::vector<std::string> kept;
  if (names.empty() && !any) {
    for (const std::string& name : registered) kept.push_back(other.compact(name));
  }
  for (const std::string& name : names) {
    const std::string iri = context.expand(name);
    if (any || std::find(registered.begin(), registered.end(), iri) != registered.end())
      kept.push_back(other.compact(iri));
  }
  if (kept.empty() && (!names.empty() || !any)) return std::nullopt;
  return kept;
}

std::vector<EntitySelector> selectors_for(const Subscription& subscription, const SubscribedSources& asked,
                                          const Registration& registration, const Context& other) {
  std::vector<EntitySelector> selectors;
  for (size_t i = 0; i < subscription.entities.size() && i < asked.any_of.size(); ++i) {
    SourceQuery query = asked.any_of[i];
    query.attributes.clear();
    const auto narrow = narrowed(query, registration);
    if (!narrow) continue;
    EntitySelector selector;
    selector.type = type_selection(narrow->types, other);
    selector.id_pattern = narrow->ids.empty() ? subscription.entities[i].id_pattern : std::string();
    if (narrow->ids.empty()) selectors.push_back(selector);
    for (const std::string& id : narrow->ids) {
      selector.id = id;
      selectors.push_back(selector);
    }
  }
  return selectors;
}

// q with the values that are to be expanded as they are meant here: the source may know other names.
base::Result<std::string> expanded_condition(const Subscription& subscription, const Context& context) {
  if (subscription.expand_values.empty()) return subscription.q;
  std::vector<std::string> names;
  for (std::string_view rest = subscription.expand_values; !rest.empty();) {
    const size_t end = std::min(rest.find(','), rest.size());
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  twin::TermTable terms;
  const auto condition = parse_condition(subscription.q, context, TermOf::interning(terms), names);
  if (!condition.ok()) return condition.error();
  return text_of(*condition);
}

// A fragment says of what is absent that it is to go (clause 5.5.8).
void state_absence(const Subscription& copy, std::string& json) {
  const std::string null = ":\"" + std::string(ngsi_ld_null) + '"';
  json.pop_back();
  const auto absent = [&](std::string_view name, bool is_absent) {
    if (is_absent) json += ",\"" + std::string(name) + '"' + null;
  };
  absent("entities", copy.entities.empty());
  absent("watchedAttributes", copy.watched_attributes.empty());
  absent("q", copy.q.empty());
  absent("geoQ", !copy.geo_q);
  absent("scopeQ", copy.scope_q.empty());
  absent("notificationTrigger", copy.triggers.empty());
  absent("throttling", copy.throttling_s == 0);
  absent("timeInterval", copy.time_interval_s == 0);
  absent("expiresAt", !copy.expires_at.exists());
  absent("datasetId", copy.dataset_ids.empty());
  json += '}';
  constexpr std::string_view notification = R"("notification":{)";
  const size_t at = json.find(notification);
  if (copy.attributes.empty() && at != std::string::npos)
    json.insert(at + notification.size(), "\"attributes\"" + null + ',');
}

// --- Notifications -------------------------------------------------------------------------------------------------

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> previous_members = {
    {{"previousValue", "value"},
     {"previousObject", "object"},
     {"previousLanguageMap", "languageMap"},
     {"previousVocab", "vocab"},
     {"previousJson", "json"},
     {"previousValueList", "valueList"},
     {"previousObjectList", "objectList"}}};

std::string_view value_of_previous(std::string_view member) {
  for (const auto& [previous, value] : previous_members) {
    if (previous == member) return value;
  }
  return {};
}

void add_member(std::string_view name, std::string_view value, std::string& to) {
  if (to.size() > 1) to += ',';
  append_quoted(name, to);
  to += ':';
  to += value;
}

// Takes an entity of a notification apart into what it is and what it was.
class Halves {
 public:
  explicit Halves(Object entity) {
    for (const auto [name, value] : entity) {
      if (name == "id" || name == "type" || name == "@id" || name == "@type")
        add_member(name, compact_json(value), was);
      std::string now = compact_json(value), before;
      attribute(value, now, before);
      add_member(name, now, is);
      if (before.empty()) continue;
      add_member(name, before, was);
      has_previous = true;
    }
    is += '}';
    was += '}';
  }

  std::string is = "{", was = "{";
  bool has_previous = false;

 private:
  static void attribute(Element value, std::string& now, std::string& before) {
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return instance(value, now, before);
    std::string all_now = "[", all_before = "[";
    for (const Element one : list) {
      std::string one_now = compact_json(one), one_before;
      instance(one, one_now, one_before);
      if (all_now.size() > 1) all_now += ',';
      all_now += one_now;
      if (one_before.empty()) continue;
      if (all_before.size() > 1) all_before += ',';
      all_before += one_before;
    }
    now = all_now + ']';
    before = all_before.size() > 1 ? all_before + ']' : std::string();
  }

  static void instance(Element value, std::string& now, std::string& before) {
    Object object;
    if (value.get(object) != simdjson::SUCCESS) return;
    std::string is = "{", was = "{";
    bool any = false;
    for (const auto [name, inner] : object) {
      const std::string_view member = value_of_previous(name);
      any = any || !member.empty();
      if (member.empty()) add_member(name, compact_json(inner), is);
      if (!member.empty()) add_member(member, compact_json(inner), was);
      if (name == "type" || name == "datasetId") add_member(name, compact_json(inner), was);
    }
    now = is + '}';
    if (any) before = was + '}';
  }
};

Instant time_in(Object object, std::string_view name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  const auto time = Instant::parse(text);
  return time.ok() ? *time : Instant();
}

base::Result<twin::Entity> read_entity(const std::string& json, const Context& context, twin::TermTable& terms) {
  const auto body = Body::read(json);
  if (!body.ok()) return body.error();
  return read_source_entity(*body, 0, context, terms, true);
}

// The entity as it is told of; what has ended of it is named, and what it was is known by its kind at least.
base::Result<Notified> read_notified(Object object, const Context& context, const Registration& registration,
                                     twin::TermTable& terms) {
  const Halves halves(object);
  auto entity = read_entity(halves.is, context, terms);
  if (!entity.ok()) return entity.error();
  twin::Entity was;
  was.id = entity->id;
  was.types = entity->types;
  if (halves.has_previous) {
    auto before = read_entity(halves.was, context, terms);
    if (!before.ok()) return before.error();
    was.attributes = std::move(before->attributes);
  }
  std::vector<std::string> types;
  for (const twin::Term type : entity->types) types.emplace_back(terms.text(type));
  if (types.empty() || !registers(registration, entity->id, types))
    return base::fail(base::Code::invalid, "the source is not registered for this entity", entity->id);
  const auto is_foreign = [&](const twin::Attribute& one) {
    return !registers(registration, entity->id, types, terms.text(one.name));
  };
  std::erase_if(entity->attributes, is_foreign);
  std::erase_if(was.attributes, is_foreign);
  Notified made;
  made.deleted_at = time_in(object, "deletedAt");
  made.deleted = made.deleted_at.exists();
  for (const twin::Attribute& one : entity->attributes) {
    if (made.deleted || !twin::is_null(one.value)) continue;
    made.deleted_attributes.push_back({one.name, one.dataset});
    if (was.find(one.name, one.dataset) == nullptr) was.attributes.push_back(one);
  }
  if (!made.deleted)
    std::erase_if(entity->attributes, [](const twin::Attribute& one) { return twin::is_null(one.value); });
  made.record = twin::EntityRecord::pack(*entity, {});
  made.previous = twin::EntityRecord::pack(was, {});
  return made;
}

}  // namespace

bool SubscribedSources::matches(const Registration& registration, bool strict) const {
  return filter.matches(registration, strict) &&
         std::any_of(any_of.begin(), any_of.end(),
                     [&](const SourceQuery& query) { return ngsi::matches(query, registration); });
}

base::Result<SubscribedSources> subscribed_sources(const Subscription& subscription, const Context& context) {
  const auto window = window_of(subscription);
  if (!window.ok()) return window.error();
  // Clause 5.12: without attributes in the notification, any will do.
  QueryParameters attributes;
  if (!subscription.attributes.empty() || subscription.entities.empty())
    attributes.attrs = joined(subscription.watched_attributes, subscription.attributes);
  std::vector<QueryParameters> selectors;
  for (const EntitySelector& selector : subscription.entities) {
    QueryParameters one = attributes;
    one.id = given(selector.id);
    one.id_pattern = given(selector.id_pattern);
    one.type = given(selector.type);
    selectors.push_back(std::move(one));
  }
  if (selectors.empty()) selectors.push_back(attributes);
  SubscribedSources asked;
  for (const QueryParameters& selector : selectors) {
    auto query = source_query_of(selector, context);
    if (!query.ok()) return query.error();
    query->window = *window;
    query->dataset_ids = subscription.dataset_ids;
    asked.any_of.push_back(std::move(query).value());
  }
  QueryParameters conditions;
  conditions.csf = given(subscription.csf);
  conditions.scope_q = given(subscription.scope_q);
  if (subscription.geo_q) {
    conditions.georel = subscription.geo_q->georel;
    conditions.geometry = subscription.geo_q->geometry;
    conditions.coordinates = subscription.geo_q->coordinates;
    conditions.geoproperty = given(subscription.geo_q->geoproperty);
  }
  auto filter = SourceFilter::make(conditions, context);
  if (!filter.ok()) return filter.error();
  asked.filter = std::move(filter).value();
  return asked;
}

bool is_local(const Subscription& subscription) {
  return subscription.local_only.value_or(false) ||
         std::any_of(subscription.entities.begin(), subscription.entities.end(),
                     [](const EntitySelector& selector) { return selector.type == "*"; });
}

void make_local(Subscription& subscription) {
  subscription.local_only = true;
  std::erase_if(subscription.further, [](const KeyValue& member) { return member.key == "localOnly"; });
  subscription.further.push_back({"localOnly", "true"});
}

bool is_split(const Subscription& subscription) {
  return std::any_of(subscription.further.begin(), subscription.further.end(),
                     [](const KeyValue& member) { return member.key == "splitEntities" && member.value == "true"; });
}

std::optional<std::string> subscription_copy(const Subscription& subscription, const Context& context,
                                             const SubscribedSources& asked, const Registration& registration,
                                             const CopyForm& form) {
  const Context& other = form.other == nullptr ? context : *form.other;
  Subscription copy;
  if (!form.as_update) copy.id = form.id;
  copy.entities = selectors_for(subscription, asked, registration, other);
  if (copy.entities.empty() && !subscription.entities.empty()) return std::nullopt;
  const bool split = is_split(subscription);
  // Conditions may be of attributes that the subscriber is not told.
  const std::vector<std::string> all;
  auto attributes = covered(split ? all : subscription.attributes, context, asked, registration, other);
  if (!attributes) return std::nullopt;
  copy.attributes = std::move(*attributes);
  if (!subscription.watched_attributes.empty() || subscription.entities.empty()) {
    auto watched = covered(subscription.watched_attributes, context, asked, registration, other);
    if (!watched) return std::nullopt;
    copy.watched_attributes = std::move(*watched);
  }
  if (copy.entities.empty() && copy.watched_attributes.empty()) return std::nullopt;
  if (!subscription.q.empty() && !split) {
    const auto expanded = expanded_condition(subscription, context);
    if (!expanded.ok()) return std::nullopt;
    const auto q = condition_in_context(*expanded, context, other);
    if (!q.ok()) return std::nullopt;
    copy.q = *q;
  }
  if (!split) copy.geo_q = subscription.geo_q;
  if (copy.geo_q && !copy.geo_q->geoproperty.empty())
    copy.geo_q->geoproperty = other.compact(context.expand(copy.geo_q->geoproperty));
  if (!split) copy.scope_q = subscription.scope_q;
  copy.triggers = subscription.triggers;
  copy.throttling_s = subscription.throttling_s;
  copy.time_interval_s = subscription.time_interval_s;
  copy.expires_at = subscription.expires_at;
  copy.dataset_ids = subscription.dataset_ids;
  copy.sys_attrs = true;
  copy.show_changes = subscription.show_changes;
  copy.endpoint.uri = form.notify_uri;
  copy.endpoint.timeout_ms = form.notify_timeout_ms;
  if (registration.is_local_only()) make_local(copy);
  std::string json;
  append_subscription(copy, nullptr, {}, false, {}, json);
  if (form.as_update) state_absence(copy, json);
  return json;
}

base::Result<SourceNotification> read_source_notification(std::string_view json, const Context& context,
                                                          const Registration& registration, const Matcher& matcher,
                                                          twin::TermTable& terms) {
  simdjson::dom::parser parser;
  Object object;
  simdjson::dom::array data;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
    return base::fail(base::Code::invalid, "a notification is a JSON object", "body");
  SourceNotification read;
  std::string_view id;
  if (object["id"].get(id) == simdjson::SUCCESS) read.id = id;
  if (object["data"].get(data) != simdjson::SUCCESS)
    return base::fail(base::Code::invalid, "a notification has an array of entities", "data");
  if (data.size() > entities_max)
    return base::fail(base::Code::too_large,
                      "a notification tells of more than " + std::to_string(entities_max) + " entities", "data");
  std::vector<twin::Matcher> selectors;
  for (twin::Query query : matcher.any_of) {
    // Whether conditions hold is for the source to say: it need not tell of all that they look at.
    query.condition.reset();
    query.geo.reset();
    query.scopes.clear();
    query.attributes.clear();
    query.linked.reset();
    selectors.emplace_back(std::move(query));
  }
  base::Status refused;
  for (const Element one : data) {
    Object entity;
    auto notified = one.get(entity) == simdjson::SUCCESS
                        ? read_notified(entity, context, registration, terms)
                        : base::Result<Notified>(base::fail(base::Code::invalid, "an entity is a JSON object", "data"));
    if (!notified.ok()) {
      refused = notified.error();
      continue;
    }
    const bool is_asked_for = std::any_of(selectors.begin(), selectors.end(),
                                          [&](const twin::Matcher& selector) { return selector(notified->record); });
    if (is_asked_for) read.entities.push_back(std::move(notified).value());
  }
  if (read.entities.empty() && !refused.ok()) return refused.error();
  return read;
}

}  // namespace cityloom::ngsi
