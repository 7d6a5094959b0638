// Registrations written; names of modes and operations.
#include "ngsi/registration.hpp"

#include <algorithm>
#include <array>

#include "ngsi/members.hpp"

namespace cityloom::ngsi {
namespace {

using Op = SourceOperation;

// Index: the operation.
constexpr std::array<std::string_view, 43> operation_names = {"createEntity",
                                                              "updateEntity",
                                                              "appendAttrs",
                                                              "updateAttrs",
                                                              "deleteAttrs",
                                                              "deleteEntity",
                                                              "createBatch",
                                                              "upsertBatch",
                                                              "updateBatch",
                                                              "deleteBatch",
                                                              "upsertTemporal",
                                                              "appendAttrsTemporal",
                                                              "deleteAttrsTemporal",
                                                              "updateAttrInstanceTemporal",
                                                              "deleteAttrInstanceTemporal",
                                                              "deleteTemporal",
                                                              "mergeEntity",
                                                              "replaceEntity",
                                                              "replaceAttrs",
                                                              "mergeBatch",
                                                              "purgeEntity",
                                                              "retrieveEntity",
                                                              "queryEntity",
                                                              "queryBatch",
                                                              "retrieveTemporal",
                                                              "queryTemporal",
                                                              "retrieveEntityTypes",
                                                              "retrieveEntityTypeDetails",
                                                              "retrieveEntityTypeInfo",
                                                              "retrieveAttrTypes",
                                                              "retrieveAttrTypeDetails",
                                                              "retrieveAttrTypeInfo",
                                                              "createSubscription",
                                                              "updateSubscription",
                                                              "retrieveSubscription",
                                                              "querySubscription",
                                                              "deleteSubscription",
                                                              "retrieveEntityMap",
                                                              "updateEntityMap",
                                                              "deleteEntityMap",
                                                              "createEntityMapQueryEntity",
                                                              "createEntityMapQueryTemporal",
                                                              "retrieveContextSourceIdentity"};
static_assert(static_cast<size_t>(Op::retrieve_identity) + 1 == operation_names.size());

SourceOperations set_of(std::initializer_list<Op> operations) {
  SourceOperations set;
  for (const Op operation : operations) set.add(operation);
  return set;
}

// Table 4.20-2.
std::optional<SourceOperations> group_named(std::string_view name) {
  static const SourceOperations discovery =
      set_of({Op::retrieve_types, Op::retrieve_type_details, Op::retrieve_type_info, Op::retrieve_attributes,
              Op::retrieve_attribute_details, Op::retrieve_attribute_info, Op::retrieve_identity});
  static const SourceOperations maps =
      set_of({Op::retrieve_entity_map, Op::update_entity_map, Op::delete_entity_map, Op::create_entity_map_query});
  static const SourceOperations reads = set_of({Op::retrieve_entity, Op::query_entity});
  static const SourceOperations updates =
      set_of({Op::update_entity, Op::update_attributes, Op::replace_entity, Op::replace_attributes});
  if (name == "retrieveOps") return reads;
  if (name == "updateOps") return updates;
  SourceOperations made = reads;
  made.add(discovery);
  if (name == "associationOps" || name == "federationOps") {
    made.add(set_of({Op::query_batch, Op::create_subscription, Op::update_subscription, Op::retrieve_subscription,
                     Op::query_subscription, Op::delete_subscription}));
    if (name == "federationOps") made.add(maps);
    return made;
  }
  if (name == "redirectionOps") {
    made.add(updates);
    made.add(maps);
    made.add(set_of({Op::create_entity, Op::append_attributes, Op::delete_attributes, Op::delete_entity,
                     Op::merge_entity, Op::purge_entity}));
    return made;
  }
  return std::nullopt;
}

// Writes names as a context does.
class NameWriter {
 public:
  explicit NameWriter(const Context* context) : context_(context) {}
  std::string operator()(const std::string& iri) const { return context_ == nullptr ? iri : context_->compact(iri); }
  std::vector<std::string> operator()(const std::vector<std::string>& iris) const {
    std::vector<std::string> names;
    for (const std::string& iri : iris) names.push_back((*this)(iri));
    return names;
  }

 private:
  const Context* context_;
};

void append_texts(MemberWriter& members, std::string_view name, const std::vector<std::string>& texts, bool as_list) {
  if (texts.size() == 1 && !as_list) return members.text(name, texts.front());
  members.texts(name, texts);
}

void append_info(const RegistrationInfo& info, const NameWriter& names, std::string& to) {
  MemberWriter members(to);
  char separator = '[';
  if (!info.entities.empty()) members.name("entities");
  for (const EntityInfo& entity : info.entities) {
    to += separator;
    MemberWriter one(to);
    one.text("id", entity.id);
    one.text("idPattern", entity.id_pattern);
    append_texts(one, "type", names(entity.types), entity.type_is_list);
    one.end();
    separator = ',';
  }
  if (!info.entities.empty()) to += ']';
  members.texts("propertyNames", names(info.properties));
  members.texts("relationshipNames", names(info.relationships));
  members.end();
}

void append_interval(MemberWriter& members, std::string_view name, const std::optional<TimeInterval>& interval) {
  if (!interval) return;
  MemberWriter one(members.name(name));
  one.time("startAt", interval->start);
  one.time("endAt", interval->end);
  one.end();
}

void append_management(MemberWriter& members, const std::optional<SourceManagement>& management) {
  if (!management) return;
  MemberWriter one(members.name("management"));
  one.text("cacheDuration", management->cache_duration);
  one.number("cooldown", static_cast<double>(management->cooldown_ms));
  one.number("timeout", static_cast<double>(management->timeout_ms));
  if (management->local_only) one.flag("localOnly", *management->local_only);
  one.end();
}

void append_status(MemberWriter& members, const RegistrationStatus& status, bool sys_attrs) {
  if (status.times_sent != 0) {
    const bool failed = status.last_failure.exists() && !(status.last_failure < status.last_success);
    members.text("status", failed ? "failed" : "ok");
    members.number("timesSent", static_cast<double>(status.times_sent));
    members.number("timesFailed", static_cast<double>(status.times_failed));
    members.time("lastSuccess", status.last_success);
    members.time("lastFailure", status.last_failure);
  }
  if (!sys_attrs) return;
  members.time("createdAt", status.created_at);
  members.time("modifiedAt", status.modified_at);
}

}  // namespace

std::string_view name_of(SourceMode mode) {
  constexpr std::array<std::string_view, 4> names = {"inclusive", "exclusive", "redirect", "auxiliary"};
  return names.at(static_cast<size_t>(mode));
}

std::string_view name_of(SourceOperation operation) {
  return operation_names.at(static_cast<size_t>(operation));
}

std::optional<SourceOperations> SourceOperations::named(std::string_view name) {
  const auto* found = std::find(operation_names.begin(), operation_names.end(), name);
  if (found == operation_names.end()) return group_named(name);
  return set_of({static_cast<SourceOperation>(found - operation_names.begin())});
}

bool RegistrationInfo::covers(std::string_view attribute) const {
  if (!has_attributes()) return true;
  return std::find(properties.begin(), properties.end(), attribute) != properties.end() ||
         std::find(relationships.begin(), relationships.end(), attribute) != relationships.end();
}

std::string_view Registration::info(std::string_view key) const {
  for (const KeyValue& pair : source_info) {
    if (pair.key == key) return pair.value;
  }
  return {};
}

void append_registration(const Registration& registration, const RegistrationStatus* status, bool sys_attrs,
                         const Context* context, std::string_view context_json, std::string& to) {
  const NameWriter names(context);
  MemberWriter members(to);
  members.text("id", registration.id);
  members.text("type", "ContextSourceRegistration");
  members.text("registrationName", registration.name);
  members.text("description", registration.description);
  members.name("information");
  char separator = '[';
  for (const RegistrationInfo& info : registration.information) {
    to += separator;
    append_info(info, names, to);
    separator = ',';
  }
  to += registration.information.empty() ? "[]" : "]";
  members.text("endpoint", registration.endpoint);
  members.text("contextSourceAlias", registration.source_alias);
  members.key_values("contextSourceInfo", registration.source_info);
  members.text("tenant", registration.tenant);
  if (registration.mode_given) members.text("mode", name_of(registration.mode));
  members.texts("operations", registration.operation_names);
  members.texts("datasetId", registration.dataset_ids);
  members.time("expiresAt", registration.expires_at);
  members.json("location", registration.location);
  members.json("observationSpace", registration.observation_space);
  members.json("operationSpace", registration.operation_space);
  append_management(members, registration.management);
  if (registration.local_only) members.flag("localOnly", *registration.local_only);
  append_interval(members, "managementInterval", registration.management_interval);
  append_interval(members, "observationInterval", registration.observation_interval);
  members.text("refreshRate", registration.refresh_rate);
  append_texts(members, "scope", registration.scopes, registration.scope_is_list);
  for (const KeyValue& property : registration.properties) members.json(names(property.key), property.value);
  if (status != nullptr) append_status(members, *status, sys_attrs);
  members.json("@context", context_json);
  members.end();
}

}  // namespace cityloom::ngsi
