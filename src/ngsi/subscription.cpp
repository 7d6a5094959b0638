#include "ngsi/subscription.hpp"

#include <algorithm>

#include "ngsi/attribute_writer.hpp"
#include "ngsi/members.hpp"
#include "ngsi/query.hpp"

namespace cityloom::ngsi {
namespace {

void append_selectors(const Subscription& subscription, MemberWriter& members) {
  if (subscription.entities.empty()) return;
  std::string& to = members.name("entities");
  char separator = '[';
  const std::vector<EntitySelector>& all = subscription.entities;
  for (size_t i = 0; i < all.size();) {
    to += separator;
    size_t end = i + 1;
    std::vector<std::string> ids = {all[i].id};
    while (end < all.size() && all[end].in_list) ids.push_back(all[end++].id);
    MemberWriter one(to);
    if (ids.size() > 1) {
      one.texts("id", ids);
    } else {
      one.text("id", ids.front());
    }
    one.text("idPattern", all[i].id_pattern);
    one.text("type", all[i].type);
    one.end();
    separator = ',';
    i = end;
  }
  to += ']';
}

void append_triggers(const Subscription& subscription, MemberWriter& members) {
  std::vector<std::string> triggers;
  for (const Trigger trigger : subscription.triggers) triggers.emplace_back(name_of(trigger));
  members.texts("notificationTrigger", triggers);
}

void append_notification(const Subscription& subscription, const SubscriptionStatus* status, std::string& to) {
  MemberWriter members(to);
  members.texts("attributes", subscription.attributes);
  members.texts("pick", subscription.pick);
  members.texts("omit", subscription.omit);
  members.text("format",
               subscription.format_text.empty() && status != nullptr ? "normalized" : subscription.format_text);
  if (subscription.sys_attrs) members.flag("sysAttrs", true);
  if (subscription.show_changes) members.flag("showChanges", true);
  members.text("join", subscription.join);
  if (subscription.join_level != 0) members.number("joinLevel", subscription.join_level);
  MemberWriter endpoint(members.name("endpoint"));
  endpoint.text("uri", subscription.endpoint.uri);
  endpoint.text("accept", subscription.endpoint.accept);
  endpoint.key_values("receiverInfo", subscription.endpoint.receiver_info);
  endpoint.key_values("notifierInfo", subscription.endpoint.notifier_info);
  endpoint.number("timeout", static_cast<double>(subscription.endpoint.timeout_ms));
  endpoint.number("cooldown", static_cast<double>(subscription.endpoint.cooldown_ms));
  endpoint.end();
  if (status != nullptr && status->times_sent != 0) {
    const bool failed = status->last_failure.exists() && !(status->last_failure < status->last_success);
    members.text("status", failed ? "failed" : "ok");
    members.number("timesSent", static_cast<double>(status->times_sent));
    members.number("timesFailed", static_cast<double>(status->times_failed));
    members.time("lastNotification", status->last_notification);
    members.time("lastSuccess", status->last_success);
    members.time("lastFailure", status->last_failure);
  }
  members.end();
}

std::vector<std::string> in_context(const std::vector<std::string>& names, const Context& own, const Context& other) {
  std::vector<std::string> written;
  for (const std::string& name : names) {
    const bool is_member = name == "id" || name == "type" || name == "scope";
    written.push_back(is_member ? name : other.compact(own.expand(name)));
  }
  return written;
}

// A type selection with each name as the other context writes it.
std::string types_in_context(std::string_view types, const Context& own, const Context& other) {
  if (types == "*") return "*";
  std::string written;
  while (!types.empty()) {
    const size_t end = std::min(types.find_first_of("|,;()"), types.size());
    if (end != 0) written += other.compact(own.expand(types.substr(0, end)));
    if (end != types.size()) written += types[end];
    types.remove_prefix(std::min(end + 1, types.size()));
  }
  return written;
}

std::optional<std::string> joined(const std::vector<std::string>& names) {
  if (names.empty()) return std::nullopt;
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ',';
    text += name;
  }
  return text;
}

std::optional<std::string> given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

Subscription in_context(const Subscription& subscription, const Context& own, const Context& other) {
  Subscription written = subscription;
  for (EntitySelector& selector : written.entities) selector.type = types_in_context(selector.type, own, other);
  written.watched_attributes = in_context(subscription.watched_attributes, own, other);
  written.attributes = in_context(subscription.attributes, own, other);
  written.pick = in_context(subscription.pick, own, other);
  written.omit = in_context(subscription.omit, own, other);
  if (written.geo_q && !written.geo_q->geoproperty.empty()) {
    written.geo_q->geoproperty = other.compact(own.expand(written.geo_q->geoproperty));
  }
  return written;
}

void append_subscription(const Subscription& subscription, const SubscriptionStatus* status, base::Instant now,
                         bool sys_attrs, std::string_view context_json, std::string& to) {
  MemberWriter members(to);
  members.text("id", subscription.id);
  members.text("type", "Subscription");
  members.text("subscriptionName", subscription.name);
  members.text("description", subscription.description);
  append_selectors(subscription, members);
  members.texts("watchedAttributes", subscription.watched_attributes);
  append_triggers(subscription, members);
  members.text("q", subscription.q);
  if (subscription.geo_q) {
    MemberWriter geo(members.name("geoQ"));
    geo.text("georel", subscription.geo_q->georel);
    geo.text("geometry", subscription.geo_q->geometry);
    geo.json("coordinates", subscription.geo_q->coordinates);
    geo.text("geoproperty", subscription.geo_q->geoproperty);
    geo.end();
  }
  members.text("csf", subscription.csf);
  members.text("scopeQ", subscription.scope_q);
  members.text("expandValues", subscription.expand_values);
  members.number("throttling", subscription.throttling_s);
  members.number("timeInterval", subscription.time_interval_s);
  members.time("expiresAt", subscription.expires_at);
  if (subscription.states_activity || !subscription.is_active) members.flag("isActive", subscription.is_active);
  members.text("lang", subscription.language);
  members.texts("datasetId", subscription.dataset_ids);
  members.text("jsonldContext", subscription.jsonld_context);
  for (const KeyValue& member : subscription.further) members.json(member.key, member.value);
  append_notification(subscription, status, members.name("notification"));
  if (status != nullptr) {
    const bool is_expired = subscription.expires_at.exists() && subscription.expires_at <= now;
    members.text("status", is_expired ? "expired" : subscription.is_active ? "active" : "paused");
    if (sys_attrs) {
      members.time("createdAt", status->created_at);
      members.time("modifiedAt", status->modified_at);
    }
  }
  members.json("@context", context_json);
  members.end();
}

base::Result<Matcher> make_matcher(const Subscription& subscription, ContextPointer context, twin::TermTable& terms) {
  const TermOf interned = TermOf::interning(terms);
  Matcher matcher;
  QueryParameters common;
  common.q = given(subscription.q);
  common.csf = given(subscription.csf);
  common.scope_q = given(subscription.scope_q);
  common.expand_values = given(subscription.expand_values);
  if (subscription.geo_q) {
    common.georel = subscription.geo_q->georel;
    common.geometry = subscription.geo_q->geometry;
    common.coordinates = subscription.geo_q->coordinates;
    common.geoproperty = given(subscription.geo_q->geoproperty);
  }
  std::vector<EntitySelector> selectors = subscription.entities;
  if (selectors.empty()) selectors.emplace_back();
  for (const EntitySelector& selector : selectors) {
    QueryParameters parameters = common;
    parameters.id = given(selector.id);
    // id takes precedence (clause 5.2.33).
    if (selector.id.empty()) parameters.id_pattern = given(selector.id_pattern);
    parameters.type = given(selector.type);
    auto query = parse_query(parameters, *context, interned);
    if (!query) return query.error();
    // Whoever asks it says how they are found.
    if (query->condition && twin::links_of(*query->condition) > 0) query->linked = std::make_shared<twin::Linked>();
    matcher.prepared.emplace_back(*query);
    matcher.any_of.push_back(std::move(*query));
  }
  for (const std::string& name : subscription.watched_attributes)
    matcher.watched.push_back(interned(context->expand(name)));
  matcher.triggers = subscription.triggers;
  if (matcher.triggers.empty()) matcher.triggers = {Trigger::attribute_created, Trigger::attribute_updated};
  auto projection = parse_projection(joined(subscription.attributes), joined(subscription.pick),
                                     joined(subscription.omit), *context, interned);
  if (!projection) return projection.error();
  matcher.how.projection = std::move(*projection);
  matcher.how.format = subscription.format;
  matcher.how.sys_attrs = subscription.sys_attrs;
  matcher.how.language = subscription.language;
  matcher.how.datasets_given = !subscription.dataset_ids.empty();
  for (const std::string& dataset : subscription.dataset_ids) {
    matcher.how.datasets.push_back(dataset == "@none" ? twin::Term{} : interned(dataset));
  }
  matcher.context = std::move(context);
  return matcher;
}

bool matches(const Matcher& matcher, const twin::EntityRecord& record) {
  return std::any_of(matcher.prepared.begin(), matcher.prepared.end(),
                     [&](const twin::Matcher& one) { return one(record); });
}

}  // namespace cityloom::ngsi
