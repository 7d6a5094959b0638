// Subscriptions as values: read, written, matched, and the notification they give. ETSI GS CIM 009 clauses 5.2.12
// - 5.2.15, 5.8.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "ngsi/body.hpp"
#include "ngsi/context.hpp"
#include "ngsi/linked.hpp"
#include "ngsi/names.hpp"
#include "ngsi/represent.hpp"
#include "twin/query.hpp"

namespace cityloom::ngsi {

/// One of `entities`: all parts that are given must hold.
struct EntitySelector {
  std::string id;          ///< empty: any
  std::string id_pattern;  ///< empty: any
  std::string type;        ///< a type selection as given; never empty on input
  bool in_list = false;    ///< its id was given in one array with that of the selector before
  bool operator==(const EntitySelector&) const = default;
};

/// A key and its value, e.g. a header of notifications.
struct KeyValue {
  std::string key, value;
  bool operator==(const KeyValue&) const = default;
};

/// Where and how notifications are sent.
struct Endpoint {
  std::string uri;                          ///< http, https, mqtt or mqtts
  std::string accept = "application/json";  ///< or application/ld+json, application/geo+json
  std::vector<KeyValue> receiver_info;      ///< headers of each notification
  std::vector<KeyValue> notifier_info;      ///< e.g. MQTT-Version, MQTT-QoS
  int64_t timeout_ms = 0;                   ///< 0: the server's own
  int64_t cooldown_ms = 0;                  ///< after a failure; 0: the server's own
  bool operator==(const Endpoint&) const = default;
};

enum class Trigger : uint8_t {  ///< notificationTrigger, clause 5.2.12
  attribute_created,
  attribute_updated,
  attribute_deleted,
  entity_created,
  entity_updated,
  entity_deleted
};
/// "entityCreated" ...
std::string_view name_of(Trigger trigger);

/// A geo-query as the client wrote it; coordinates are JSON text.
struct GeoQueryText {
  std::string georel, geometry, coordinates, geoproperty;
  bool operator==(const GeoQueryText&) const = default;
};

/// A subscription as the client stated it, names as written (its own context gives them meaning). What is absent is
/// empty or zero.
struct Subscription {
  std::string id;
  std::string name;
  std::string description;
  std::vector<EntitySelector> entities;
  std::vector<std::string> watched_attributes;
  std::string q;
  std::optional<GeoQueryText> geo_q;
  std::string csf;
  std::string scope_q;
  std::vector<Trigger> triggers;  ///< as given; empty: attributeCreated and attributeUpdated
  bool is_active = true;
  bool states_activity = false;  ///< isActive was given
  double throttling_s = 0;
  double time_interval_s = 0;  ///< not zero: periodic
  base::Instant expires_at;
  std::string language;
  std::vector<std::string> dataset_ids;
  std::string jsonld_context;  ///< URL used for expanding and in notifications; empty: `context_json`

  std::vector<std::string> attributes;  ///< of notification
  std::vector<std::string> pick, omit;
  Format format = Format::normalized;
  std::string format_text;  ///< as given: "normalized", "keyValues", "simplified", "concise"; empty: absent
  bool sys_attrs = false;
  bool show_changes = false;
  std::string join;         ///< "flat" or "inline"; empty: linked entities are not given
  unsigned join_level = 0;  ///< as given; 0: absent, which stands for 1
  Endpoint endpoint;

  std::string context_json;        ///< JSON text of the "@context" it was created under
  std::optional<bool> local_only;  ///< as given
  std::string expand_values;       ///< names whose values in q are of a vocabulary, comma-separated
  std::vector<KeyValue> further;   ///< members that are kept and not acted on, by name; JSON text

  bool operator==(const Subscription&) const = default;
};

/// What the server records of a subscription, not part of what the client stated.
struct SubscriptionStatus {
  base::Instant created_at, modified_at;
  uint64_t times_sent = 0;
  uint64_t times_failed = 0;
  base::Instant last_notification, last_success, last_failure;
  std::string last_error;
};

/// Reads a new subscription. `id` may be absent: the caller gives one. Everything is checked here, also that q, geoQ,
/// scopeQ and patterns can be read. `now`: expiresAt must lie after it. Errors: invalid, with the JSON path in `where`.
base::Result<Subscription> parse_subscription(const Body& body, const Context& context, base::Instant now);

/// Applies a fragment (PATCH): members given replace, NGSI-LD Null removes, members of `notification` and `endpoint`
/// likewise. The result is checked as a whole. Errors: invalid.
base::Result<Subscription> update_subscription(const Subscription& now_is, const Body& fragment, const Context& context,
                                               base::Instant now);

/// Reads back what `append_subscription` wrote with a null status: the stored form. Errors: corrupt.
base::Result<Subscription> restore_subscription(std::string_view json, const Context& context);

/// The same subscription with its names as another context writes them: entity types, watched and notified attributes,
/// geoproperty. q stays as it was written.
Subscription in_context(const Subscription& subscription, const Context& own, const Context& other);

/// Appends a subscription as JSON, with the read-only members of its status (nullptr: the stored form, without).
/// `context_json`: not empty: written as "@context".
void append_subscription(const Subscription& subscription, const SubscriptionStatus* status, base::Instant now,
                         bool sys_attrs, std::string_view context_json, std::string& to);

/// A subscription made ready for matching against one tenant's records.
struct Matcher {
  std::vector<twin::Matcher> prepared;  ///< of `any_of`
  std::vector<twin::Query> any_of;      ///< one per selector, each with q, geoQ and scopeQ
  std::vector<twin::Term> watched;      ///< empty: every attribute
  std::vector<Trigger> triggers;        ///< never empty
  Representation how;                   ///< of the entities in a notification
  ContextPointer context;
};

/// Interns the names that the subscription uses, so that it matches what is written later. Errors: invalid.
base::Result<Matcher> make_matcher(const Subscription& subscription, ContextPointer context, twin::TermTable& terms);

/// Whether a record is one the subscription asks for (selectors, q, geoQ, scopeQ). Triggers and watched attributes are
/// for the caller, who knows what changed.
bool matches(const Matcher& matcher, const twin::EntityRecord& record);

/// One instance of an attribute.
struct InstanceName {
  twin::Term name, dataset;
  bool operator==(const InstanceName&) const = default;
};

/// An entity in a notification. `previous` tells of what ended what kind it was, and with showChanges of each changed
/// attribute what it held.
struct Notified {
  twin::EntityRecord record;
  twin::EntityRecord previous;                   ///< may be empty
  bool deleted = false;                          ///< written as id, type and deletedAt
  base::Instant deleted_at;                      ///< of the entity, or of `deleted_attributes`
  std::vector<InstanceName> deleted_attributes;  ///< written with NGSI-LD Null
};

/// The body of a notification: NGSI-LD, or GeoJSON for an endpoint that accepts it. `find` is asked for linked entities
/// where the subscription joins them.
std::string notification_json(const Subscription& subscription, const Matcher& matcher,
                              std::string_view notification_id, base::Instant notified_at,
                              const std::vector<Notified>& entities, const Names& names,
                              const LinkedEntities::Find& find);

}  // namespace cityloom::ngsi
