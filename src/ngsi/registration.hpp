// Registrations of context sources as values: read, written, and matched against what a request asks for.
// ETSI GS CIM 009 clauses 4.20, 5.2.8 - 5.2.11, 5.2.34, 5.9, 5.12.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "ngsi/body.hpp"
#include "ngsi/context.hpp"
#include "ngsi/query.hpp"
#include "ngsi/subscription.hpp"
#include "thread/snapshot.hpp"
#include "twin/query.hpp"

namespace cityloom::ngsi {

/// How a source's data stand to those kept here (clauses 4.3.6.2, 4.3.6.3).
enum class SourceMode : uint8_t { inclusive, exclusive, redirect, auxiliary };
/// "inclusive" ...
std::string_view name_of(SourceMode mode);

enum class SourceOperation : uint8_t {  ///< table 4.20-1
  create_entity,
  update_entity,  ///< update attributes
  append_attributes,
  update_attributes,  ///< partial update of one
  delete_attributes,
  delete_entity,
  create_batch,
  upsert_batch,
  update_batch,
  delete_batch,
  upsert_temporal,
  append_attributes_temporal,
  delete_attributes_temporal,
  update_instance_temporal,
  delete_instance_temporal,
  delete_temporal,
  merge_entity,
  replace_entity,
  replace_attributes,
  merge_batch,
  purge_entity,
  retrieve_entity,
  query_entity,
  query_batch,
  retrieve_temporal,
  query_temporal,
  retrieve_types,
  retrieve_type_details,
  retrieve_type_info,
  retrieve_attributes,
  retrieve_attribute_details,
  retrieve_attribute_info,
  create_subscription,
  update_subscription,
  retrieve_subscription,
  query_subscription,
  delete_subscription,
  retrieve_entity_map,
  update_entity_map,
  delete_entity_map,
  create_entity_map_query,
  create_entity_map_query_temporal,
  retrieve_identity
};
/// "createEntity" ...
std::string_view name_of(SourceOperation operation);

/// A set of operations.
class SourceOperations {
 public:
  SourceOperations() = default;
  /// The operation or group of this name ("federationOps"); nothing: there is none.
  static std::optional<SourceOperations> named(std::string_view name);

  bool has(SourceOperation operation) const { return (bits_ >> static_cast<unsigned>(operation) & 1u) != 0; }
  void add(SourceOperation operation) { bits_ |= uint64_t{1} << static_cast<unsigned>(operation); }
  void add(SourceOperations others) { bits_ |= others.bits_; }
  bool operator==(const SourceOperations&) const = default;

 private:
  uint64_t bits_ = 0;
};

/// Entities that a source may know of. Type names are expanded.
struct EntityInfo {
  std::string id;          ///< goes before the pattern
  std::string id_pattern;  ///< empty: any id
  twin::Pattern pattern;   ///< of id_pattern, made ready
  std::vector<std::string> types;
  bool type_is_list = false;  ///< as given
};

/// One of `information`. Attribute names are expanded; what is empty was not given and restricts nothing.
struct RegistrationInfo {
  std::vector<EntityInfo> entities;
  std::vector<std::string> properties, relationships;

  /// Whether it names this attribute, or any at all.
  bool covers(std::string_view attribute) const;
  bool has_attributes() const { return !properties.empty() || !relationships.empty(); }
};

/// From `start` on; without an end: to whenever.
struct TimeInterval {
  base::Instant start, end;
};

/// What is asked of whoever sends requests to the source (clause 5.2.34); what is absent is empty, 0 or false.
struct SourceManagement {
  std::string cache_duration;
  int64_t cooldown_ms = 0;
  int64_t timeout_ms = 0;
  std::optional<bool> local_only;
};

/// A registration, names expanded: it means the same under every context. What is absent is empty.
struct Registration {
  std::string id, name, description;
  std::vector<RegistrationInfo> information;
  std::string endpoint;
  std::string source_alias;           ///< contextSourceAlias
  std::vector<KeyValue> source_info;  ///< contextSourceInfo
  std::string tenant;
  SourceMode mode = SourceMode::inclusive;
  bool mode_given = false;
  std::vector<std::string> operation_names;  ///< as given
  SourceOperations operations;               ///< those, or federationOps
  std::vector<std::string> dataset_ids;
  base::Instant expires_at;
  std::string location, observation_space, operation_space;  ///< GeoJSON text
  std::optional<SourceManagement> management;
  std::optional<bool> local_only;  ///< given beside `management`
  std::optional<TimeInterval> management_interval, observation_interval;
  std::string refresh_rate;
  std::vector<std::string> scopes;
  bool scope_is_list = false;        ///< as given
  std::vector<KeyValue> properties;  ///< context source properties: expanded name, JSON text

  /// Whether only what the source itself holds is asked of it.
  bool is_local_only() const {
    return (management && management->local_only.value_or(false)) || local_only.value_or(false);
  }
  /// Whether it gives the past rather than the present.
  bool is_of_the_past() const { return management_interval || observation_interval; }
  /// Whether what it registers is held by the source alone: exclusive and redirect.
  bool is_proxied() const { return mode == SourceMode::exclusive || mode == SourceMode::redirect; }
  /// A value of contextSourceInfo by its key, or "".
  std::string_view info(std::string_view key) const;
};

/// What the server records of a registration.
struct RegistrationStatus {
  base::Instant created_at, modified_at;
  uint64_t times_sent = 0;
  uint64_t times_failed = 0;
  base::Instant last_success, last_failure;
};

/// Limits of one registration.
inline constexpr size_t registration_entities_max = 10'000;    ///< entities of all its information together
inline constexpr size_t registration_attributes_max = 10'000;  ///< attribute names likewise
inline constexpr size_t registration_properties_max = 100;     ///< context source properties

/// Reads a new registration; `id` may be absent. Everything is checked but what needs the record (conflicts). `now`:
/// expiresAt must lie after it. Errors: invalid with the JSON path in `where`, too_large.
base::Result<Registration> parse_registration(const Body& body, const Context& context, base::Instant now);

/// Applies a fragment (PATCH, clause 5.5.8). The result is checked as a whole. Errors: as parse_registration.
base::Result<Registration> update_registration(const Registration& now_is, const Body& fragment, const Context& context,
                                               base::Instant now);

/// Reads back what `append_registration` wrote without a context. Errors: corrupt.
base::Result<Registration> restore_registration(std::string_view json);

/// Appends a registration as JSON. `context`: by which names are compacted; nullptr: they stay expanded. `status`:
/// nullptr: the stored form. `context_json`: not empty: written as "@context".
void append_registration(const Registration& registration, const RegistrationStatus* status, bool sys_attrs,
                         const Context* context, std::string_view context_json, std::string& to);

/// What is asked of sources: a specification of entities, attributes and times (clauses 5.10.2, 5.12), names expanded.
struct SourceQuery {
  std::vector<std::string> ids;
  twin::Pattern id_pattern;
  std::vector<std::vector<std::string>> types;  ///< any of them, each all of its types; empty: any
  std::vector<std::string> attributes;          ///< empty: all
  std::vector<std::string> dataset_ids;
  std::optional<thread::TimeWindow> window;  ///< of the past; nothing: of the present
  /// It is about the past: a registration without intervals will do too, and without a window any with one.
  bool of_the_past = false;

  /// Whether neither entities nor attributes are named.
  bool asks_for_everything() const { return ids.empty() && !id_pattern && types.empty() && attributes.empty(); }
};

/// What query parameters ask of sources: id, type, idPattern, attrs and the attributes that q and a geo-query look at.
/// Errors: as parse_query.
base::Result<SourceQuery> source_query_of(const QueryParameters& parameters, const Context& context);

/// The same of queries that are read already, any of which will do; their names are in `terms`.
SourceQuery source_query_of(const std::vector<twin::Query>& any_of, const twin::TermTable& terms);

/// Whether a source may have some of what is asked for in this part of its information.
bool matches(const SourceQuery& query, const EntityInfo& info);
bool matches(const SourceQuery& query, const RegistrationInfo& info);
/// Whether times and datasets agree, and any part of the information matches.
bool matches(const SourceQuery& query, const Registration& registration);
/// The registration with only those parts of its information that match.
Registration matching_part(const SourceQuery& query, const Registration& registration);

/// What of a query to put to one source, so that no more is asked of it than it registered: its ids, types and
/// attributes (none: all). Nothing: it has none of the attributes that are asked for, or of the entities.
std::optional<SourceQuery> narrowed(const SourceQuery& query, const Registration& registration);

/// Whether the source registered this entity (expanded types), and this attribute of it.
bool registers(const Registration& registration, std::string_view id, const std::vector<std::string>& types);
bool registers(const Registration& registration, std::string_view id, const std::vector<std::string>& types,
               std::string_view attribute);

/// A query q as another context writes it. Errors: as parse_condition.
base::Result<std::string> condition_in_context(std::string_view q, const Context& own, const Context& other);

/// What of a q of linked entities can be judged by who knows the entity alone: of each, that the relationship is there.
/// Nothing: it is of none (`has_links`: whether it is), and can be put as it is. Errors: as parse_condition.
base::Result<std::optional<std::string>> condition_without_links(std::string_view q, const Context& context,
                                                                 bool& has_links);

/// Conditions on the registration itself: csf, scopeQ and a geo-query over its location.
class SourceFilter {
 public:
  /// Reads them. Errors: invalid, too_complex.
  static base::Result<SourceFilter> make(const QueryParameters& parameters, const Context& context);
  /// `strict`: a registration without scope or location does not match one that is asked for (discovery); else it may
  /// have anything (distributed operations).
  bool matches(const Registration& registration, bool strict) const;
  bool is_empty() const { return !csf_ && scopes_.empty() && geo_property_.empty(); }

 private:
  bool matches_csf(const Registration& registration) const;
  bool meets(const std::string& place) const;

  std::optional<std::string> csf_;
  std::shared_ptr<const Context> context_;
  std::vector<std::string> scopes_;
  std::shared_ptr<const twin::Matcher> geo_;  // nullptr: any place will do
  std::string geo_property_;                  // empty: no place is asked for
};

}  // namespace cityloom::ngsi
