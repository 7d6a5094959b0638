// Notifications (clauses 5.3.1, 5.8.6).
#include <algorithm>

#include "ngsi/attribute_writer.hpp"
#include "ngsi/json.hpp"
#include "ngsi/subscription.hpp"

namespace cityloom::ngsi {
namespace {

// An entity that ended: its id, its type and when; with showChanges also what it was.
void append_deleted(const Notified& one, const Subscription& subscription, const Matcher& matcher, const Names& names,
                    bool as_feature, std::string& to) {
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
  if (subscription.show_changes) {
    twin::PackedAttributes all(last.attributes_bytes());
    AttributeWriter writer(matcher.how, names, to);
    for (twin::AttributeView before; all.next(before);) {
      if (before.dataset.exists() || !matcher.how.projection.writes(before.name)) continue;
      twin::AttributeView ended;
      ended.kind = before.kind;
      ended.modified_at = one.deleted_at;
      to += ',';
      to += names.quoted(before.name);
      to += ':';
      writer.object(ended, matcher.how.format == Format::normalized, &before, {});
    }
  }
  to += as_feature ? "}}" : "}";
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
  Representation how = matcher.how;
  if (subscription.join == "inline") {
    how.linked = &linked;
    Representation inner = how;
    inner.projection = {};
    inner.datasets_given = false;
    linked.set_representation(std::move(inner));
  }
  std::vector<twin::EntityRecord> linking;
  const bool as_features = subscription.endpoint.accept == "application/geo+json";
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
      append_deleted(one, subscription, matcher, names, as_features, json);
      continue;
    }
    ShownChanges changes;
    if (subscription.show_changes && one.previous) changes.previous = &one.previous;
    if (!one.deleted_attributes.empty()) changes.deleted = &one.deleted_attributes;
    append_changed_entity(one.record, changes, as_features, how, names, json);
    if (subscription.join == "flat") linking.push_back(one.record);
  }
  how.projection = {};
  for (const LinkedRecord& one : linked.beside(linking, matcher.how.projection)) {
    json += ',';
    append_changed_entity(one.record, {}, as_features, how, names, json);
  }
  json += as_features ? "]}" : "]";
  if (subscription.endpoint.accept == "application/ld+json" || as_features) {
    json += ",\"@context\":" + context_of(subscription, matcher);
  }
  json += '}';
  return json;
}

}  // namespace cityloom::ngsi
