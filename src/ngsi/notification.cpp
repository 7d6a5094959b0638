// Notifications (clauses 5.3.1, 5.8.6).
#include <algorithm>

#include "ngsi/attribute_writer.hpp"
#include "ngsi/json.hpp"
#include "ngsi/subscription.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using twin::AttributeView;

bool has(const Matcher& matcher, Trigger trigger) {
  return std::find(matcher.triggers.begin(), matcher.triggers.end(), trigger) != matcher.triggers.end();
}

// What is left of an instance when it ended: its kind, and with sysAttrs its times.
AttributeView ended_view(const InstanceName& name, const twin::EntityRecord& before, base::Instant deleted_at,
                         bool sys_attrs) {
  AttributeView ended;
  ended.name = name.name;
  ended.dataset = name.dataset;
  AttributeView was;
  const bool is_known = before && find_view(before, name.name, name.dataset, was);
  if (is_known) ended.kind = was.kind;
  if (!sys_attrs) return ended;
  if (is_known) ended.created_at = was.created_at;
  ended.modified_at = deleted_at;
  return ended;
}

// The instances that ended and did not come back. Of an attribute of which nothing is left the default one tells.
std::vector<AttributeView> ended_views(const Notified& one, bool sys_attrs) {
  std::vector<AttributeView> ended;
  for (const InstanceName& name : one.deleted_attributes) {
    AttributeView is;
    if (find_view(one.record, name.name, name.dataset, is)) continue;
    const bool default_ended = std::find(one.deleted_attributes.begin(), one.deleted_attributes.end(),
                                         InstanceName{name.name, {}}) != one.deleted_attributes.end();
    bool is_left = false;
    one.record.each_attribute(name.name, [&](const twin::Attribute&) {
      is_left = true;
      return false;
    });
    if (name.dataset.exists() && default_ended && !is_left) continue;
    ended.push_back(ended_view(name, one.previous, one.deleted_at, sys_attrs));
  }
  return ended;
}

// Attributes that ended with their entity, where their ends are what is asked for or their values are shown.
void append_ended_attributes(const Notified& one, const twin::EntityRecord& last, const Subscription& subscription,
                             const Matcher& matcher, const Names& names, std::string& to) {
  if (!subscription.show_changes && has(matcher, Trigger::entity_deleted)) return;
  twin::PackedAttributes all(last.attributes_bytes());
  AttributeWriter writer(matcher.how, names, to);
  const std::vector<twin::Term>& watched = matcher.watched;
  for (AttributeView before; all.next(before);) {
    if (before.dataset.exists() || !matcher.how.projection.writes(before.name)) continue;
    if (names.terms().text(before.name) == expires_at_iri) continue;
    const bool is_watched = watched.empty() || std::find(watched.begin(), watched.end(), before.name) != watched.end();
    if (!subscription.show_changes && !is_watched) continue;
    to += ',';
    to += names.quoted(before.name);
    to += ':';
    writer.instance(ended_view({before.name, {}}, last, one.deleted_at, matcher.how.sys_attrs),
                    subscription.show_changes ? &before : nullptr);
  }
}

// An entity that ended: its id, its type and when; with showChanges also what it was.
void append_deleted(const Notified& one, const Subscription& subscription, const Matcher& matcher, const Names& names,
                    const Representation& how, bool as_feature, std::string& to) {
  const twin::EntityRecord& last = one.record ? one.record : one.previous;
  to += "{\"id\":";
  append_quoted(last.id(), to);
  to += as_feature ? ",\"type\":\"Feature\",\"geometry\":null,\"properties\":{\"type\":" : ",\"type\":";
  const std::vector<twin::Term> types = last.types();
  if (types.size() != 1) to += '[';
  for (size_t i = 0; i < types.size(); ++i) {
    if (i != 0) to += ',';
    to += names.quoted(types[i]);
  }
  if (types.size() != 1) to += ']';
  if (matcher.how.sys_attrs) {
    to += ",\"createdAt\":";
    append_instant(last.created_at(), to);
    to += ",\"modifiedAt\":";
    append_instant(last.modified_at(), to);
  }
  if (one.deleted_at.exists()) {
    to += ",\"deletedAt\":";
    append_instant(one.deleted_at, to);
  }
  append_ended_attributes(one, last, subscription, matcher, names, to);
  if (!as_feature && !how.context_json.empty()) {
    to += ",\"@context\":";
    to += how.context_json;
  }
  to += as_feature ? "}}" : "}";
}

// Whether a receiver of GeoJSON wants it without @context (clause 6.3.8).
bool wants_bare_features(const Endpoint& endpoint) {
  const auto says = [](const std::vector<KeyValue>& pairs) {
    return std::any_of(pairs.begin(), pairs.end(),
                       [](const KeyValue& one) { return one.key == "Prefer" && one.value == "body=json"; });
  };
  return says(endpoint.receiver_info) || says(endpoint.notifier_info);
}

std::string context_of(const Subscription& subscription, const Matcher& matcher) {
  if (subscription.jsonld_context.empty()) return matcher.context->json();
  std::string json;
  append_quoted(subscription.jsonld_context, json);
  return json;
}

}  // namespace

std::string notification_json(const Subscription& subscription, const Matcher& matcher,
                              std::string_view notification_id, base::Instant notified_at,
                              const std::vector<Notified>& entities, const Names& names,
                              const LinkedEntities::Find& find) {
  LinkedEntities linked({subscription.join == "flat", std::max(1U, subscription.join_level), {}}, find);
  const bool as_features = subscription.endpoint.accept == "application/geo+json";
  const bool as_ld = subscription.endpoint.accept == "application/ld+json";
  const bool with_context = as_ld || (as_features && !wants_bare_features(subscription.endpoint));
  const std::string context = with_context ? context_of(subscription, matcher) : std::string();
  Representation how = matcher.how;
  how.now = notified_at;
  if (subscription.join == "inline") {
    how.linked = &linked;
    Representation inner = how;
    inner.projection = {};
    inner.datasets_given = false;
    linked.set_representation(std::move(inner));
  }
  if (as_ld) how.context_json = context;
  std::vector<twin::EntityRecord> linking;
  std::string json = "{\"id\":";
  append_quoted(notification_id, json);
  json += ",\"type\":\"Notification\",\"subscriptionId\":";
  append_quoted(subscription.id, json);
  json += ",\"notifiedAt\":";
  append_instant(notified_at, json);
  json += as_features ? ",\"data\":{\"type\":\"FeatureCollection\",\"features\":[" : ",\"data\":[";
  bool is_first = true;
  for (const Notified& one : entities) {
    if (!one.record && !(one.deleted && one.previous)) continue;
    if (!is_first) json += ',';
    is_first = false;
    if (one.deleted) {
      append_deleted(one, subscription, matcher, names, how, as_features, json);
      continue;
    }
    const std::vector<twin::AttributeView> ended = ended_views(one, how.sys_attrs);
    ShownChanges changes;
    if (subscription.show_changes && one.previous) changes.previous = &one.previous;
    if (!ended.empty()) changes.ended = &ended;
    append_changed_entity(one.record, changes, as_features, how, names, json);
    if (subscription.join == "flat") linking.push_back(one.record);
  }
  how.projection = {};
  for (const LinkedRecord& one : linked.beside(linking, matcher.how.projection)) {
    json += ',';
    append_changed_entity(one.record, {}, as_features, how, names, json);
  }
  // A receiver may expand the notification, or one entity of it: both say what their names mean.
  if (as_features) {
    json += ']';
    if (with_context) json += ",\"@context\":" + context;
    json += '}';
  } else {
    json += ']';
  }
  if (with_context) json += ",\"@context\":" + context;
  json += '}';
  return json;
}

}  // namespace cityloom::ngsi
