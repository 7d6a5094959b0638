// The terms of the core context (annex B of V1.9.1, a superset of its editions since V1.3.1).
#include <array>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "ngsi/context.hpp"

namespace cityloom::ngsi {
namespace {

struct CoreTerm {
  std::string_view term;
  std::string_view iri;  // compact; empty: "ngsi-ld:" and the term
  Coercion coercion = Coercion::none;
  int since_minor = 3;  // edition 1.N of the core context; known from 1.8 on, 3 stands for before
};

constexpr Coercion none = Coercion::none, id = Coercion::id, vocab = Coercion::vocab, json = Coercion::json,
                   list = Coercion::list, language = Coercion::language, time = Coercion::datatype, set = Coercion::set,
                   index = Coercion::index;

constexpr CoreTerm core_terms[] = {
    {"id", "@id"},
    {"type", "@type"},
    {"Attribute", ""},
    {"AttributeList", ""},
    {"ContextSourceIdentity", ""},
    {"ContextSourceNotification", ""},
    {"ContextSourceRegistration", ""},
    {"Date", ""},
    {"DateTime", ""},
    {"EntityType", ""},
    {"EntityTypeInfo", ""},
    {"EntityTypeList", ""},
    {"ExecutionResultDetails", "", none, 9},
    {"Feature", "geojson:Feature"},
    {"FeatureCollection", "geojson:FeatureCollection"},
    {"GeoProperty", ""},
    {"GeometryCollection", "geojson:GeometryCollection"},
    {"JsonProperty", ""},
    {"LanguageProperty", ""},
    {"LineString", "geojson:LineString"},
    {"ListProperty", ""},
    {"ListRelationship", ""},
    {"MultiLineString", "geojson:MultiLineString"},
    {"MultiPoint", "geojson:MultiPoint"},
    {"MultiPolygon", "geojson:MultiPolygon"},
    {"Notification", ""},
    {"Point", "geojson:Point"},
    {"Polygon", "geojson:Polygon"},
    {"Property", ""},
    {"Relationship", ""},
    {"Snapshot", "", none, 9},
    {"SnapshotNotification", "", none, 9},
    {"Subscription", ""},
    {"TemporalProperty", ""},
    {"Time", ""},
    {"VocabProperty", ""},
    {"accept", ""},
    {"aggrMethods", "", none, 9},
    {"aggrParams", "", none, 9},
    {"aggrPeriodDuration", "", none, 9},
    {"attributeCount", "attributeCount"},
    {"attributeDetails", "attributeDetails"},
    {"attributeList", "", vocab},
    {"attributeName", "", vocab},
    {"attributeNames", "", vocab},
    {"attributeTypes", "", vocab},
    {"attributes", "", vocab},
    {"attrs", ""},
    {"avg", "", list},
    {"bbox", "geojson:bbox", list},
    {"cacheDuration", ""},
    {"collation", "", none, 9},
    {"containedBy", "ngsi-ld:isContainedBy"},
    {"contextSourceAlias", ""},
    {"contextSourceExtras", "", json},
    {"contextSourceInfo", ""},
    {"contextSourceTimeAt", "", time},
    {"contextSourceUptime", ""},
    {"cooldown", ""},
    {"coordinates", "geojson:coordinates", list},
    {"createdAt", "", time},
    {"csf", ""},
    {"data", ""},
    {"dataset", "ngsi-ld:hasDataset", index},
    {"datasetId", "", id},
    {"deletedAt", "", time},
    {"description", "http://purl.org/dc/terms/description"},
    {"detail", ""},
    {"distinctCount", "", list},
    {"endAt", "", time},
    {"endTimeAt", "", time},
    {"endpoint", ""},
    {"entities", ""},
    {"entity", ""},
    {"entityCount", ""},
    {"entityId", "", id},
    {"entityList", "", list},
    {"entityMap", "ngsi-ld:hasEntityMap"},
    {"error", ""},
    {"errors", ""},
    {"expandValues", "", none, 9},
    {"expiresAt", "", time},
    {"features", "geojson:features", set},
    {"format", ""},
    {"geoQ", ""},
    {"geometry", "geojson:geometry"},
    {"geoproperty", ""},
    {"georel", ""},
    {"idPattern", ""},
    {"information", ""},
    {"instanceId", "", id},
    {"isActive", ""},
    {"join", ""},
    {"joinLevel", "ngsi-ld:hasJoinLevel"},
    {"json", "ngsi-ld:hasJSON", json},
    {"jsonKeys", ""},
    {"jsons", "", list},
    {"key", "ngsi-ld:hasKey"},
    {"lang", ""},
    {"languageMap", "ngsi-ld:hasLanguageMap", language},
    {"languageMaps", "ngsi-ld:hasLanguageMaps", list},
    {"langString", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", none, 9},
    {"lastFailure", "", time},
    {"lastNotification", "", time},
    {"lastSuccess", "", time},
    {"lastUsedAt", "", time, 9},
    {"linkedMaps", ""},
    {"localOnly", ""},
    {"location", ""},
    {"management", ""},
    {"managementInterval", ""},
    {"max", "", list},
    {"min", "", list},
    {"mode", ""},
    {"modifiedAt", "", time},
    {"ngsildproof", "", none, 9},
    {"notification", ""},
    {"notificationTrigger", ""},
    {"notifiedAt", "", time},
    {"notifierInfo", ""},
    {"notUpdated", ""},
    {"object", "ngsi-ld:hasObject", id},
    {"objectList", "ngsi-ld:hasObjectList", list},
    {"objectLists", "ngsi-ld:hasObjectLists", list},
    {"objectType", "ngsi-ld:hasObjectType", vocab},
    {"objects", "ngsi-ld:hasObjects", list},
    {"observationInterval", ""},
    {"observationSpace", ""},
    {"observedAt", "", time},
    {"omit", ""},
    {"operationSpace", ""},
    {"operations", ""},
    {"orderBy", "", list, 9},
    {"ordering", "", none, 9},
    {"pick", ""},
    {"previousJson", "ngsi-ld:hasPreviousJson", json},
    {"previousLanguageMap", "ngsi-ld:hasPreviousLanguageMap", language},
    {"previousObject", "ngsi-ld:hasPreviousObject", id},
    {"previousObjectList", "ngsi-ld:hasPreviousObjectList", list},
    {"previousValue", "ngsi-ld:hasPreviousValue"},
    {"previousValueList", "ngsi-ld:hasPreviousValueList", list},
    {"previousVocab", "ngsi-ld:hasPreviousVocab", vocab},
    {"problemDetails", "", json, 9},
    {"properties", "geojson:properties"},
    {"propertyNames", "", vocab},
    {"q", ""},
    {"reason", ""},
    {"receiverInfo", ""},
    {"refreshRate", ""},
    {"registrationId", ""},
    {"registrationName", ""},
    {"relationshipNames", "", vocab},
    {"resultStatus", "", none, 9},
    {"scope", ""},
    {"scopeQ", ""},
    {"showChanges", ""},
    {"snapshotId", "", none, 9},
    {"snapshotLifetime", "", none, 9},
    {"snapshotPriority", "", none, 9},
    {"snapshotQueries", "", list, 9},
    {"snapshotQueriesDetails", "", list, 9},
    {"snapshotStatus", "", none, 9},
    {"snapshotTemporalQueries", "", list, 9},
    {"snapshotTemporalQueriesDetails", "", list, 9},
    {"startAt", "", time},
    {"status", ""},
    {"stddev", "", list},
    {"subscriptionId", "", id},
    {"subscriptionName", ""},
    {"success", "", id},
    {"sum", "", list},
    {"sumsq", "", list},
    {"sysAttrs", ""},
    {"temporalQ", ""},
    {"tenant", "", id},
    {"throttling", ""},
    {"timeAt", "", time},
    {"timeInterval", ""},
    {"timeout", ""},
    {"timeproperty", ""},
    {"timerel", ""},
    {"timesFailed", ""},
    {"timesSent", ""},
    {"title", "http://purl.org/dc/terms/title"},
    {"totalCount", "", list},
    {"triggerReason", ""},
    {"typeList", "", vocab},
    {"typeName", "", vocab},
    {"typeNames", "", vocab},
    {"unchanged", ""},
    {"unitCode", ""},
    {"updated", ""},
    {"uri", ""},
    {"value", "ngsi-ld:hasValue"},
    {"valueList", "ngsi-ld:hasValueList", list},
    {"valueLists", "ngsi-ld:hasValueLists", list},
    {"valueType", "ngsi-ld:hasValueType", vocab, 9},
    {"values", "ngsi-ld:hasValues", list},
    {"vocab", "ngsi-ld:hasVocab", vocab},
    {"vocabs", "ngsi-ld:hasVocabs", list},
    {"watchedAttributes", "", vocab},
};

constexpr std::string_view geojson_namespace = "https://purl.org/geojson/vocab#";

std::string compact_iri_of(const CoreTerm& term) {
  return term.iri.empty() ? "ngsi-ld:" + std::string(term.term) : std::string(term.iri);
}

std::string absolute_iri_of(const CoreTerm& term) {
  const std::string iri = compact_iri_of(term);
  if (iri.starts_with("ngsi-ld:")) return std::string(ngsi_ld_namespace) + iri.substr(8);
  if (iri.starts_with("geojson:")) return std::string(geojson_namespace) + iri.substr(8);
  // Two terms of the standard's text map to themselves: relative, so below the vocabulary.
  if (iri.find(':') == std::string::npos && !iri.starts_with('@')) return std::string(default_vocabulary) + iri;
  return iri;
}

using Table = std::unordered_map<std::string_view, TermDefinition>;

const Table& table() {
  static const Table terms = [] {
    Table made;
    for (const CoreTerm& term : core_terms)
      made.emplace(term.term, TermDefinition{absolute_iri_of(term), term.coercion, false});
    made.emplace("ngsi-ld", TermDefinition{std::string(ngsi_ld_namespace), none, true});
    made.emplace("geojson", TermDefinition{std::string(geojson_namespace), none, true});
    return made;
  }();
  return terms;
}

std::string_view coercion_json(Coercion coercion) {
  switch (coercion) {
    case Coercion::id:
      return R"("@type":"@id")";
    case Coercion::vocab:
      return R"("@type":"@vocab")";
    case Coercion::json:
      return R"("@type":"@json")";
    case Coercion::datatype:
      return R"("@type":"DateTime")";
    case Coercion::list:
      return R"("@container":"@list")";
    case Coercion::set:
      return R"("@container":"@set")";
    case Coercion::index:
      return R"("@container":"@index")";
    case Coercion::language:
      return R"("@container":"@language")";
    case Coercion::none:
      break;
  }
  return "";
}

}  // namespace

const TermDefinition* find_core_term(std::string_view term) {
  const auto found = table().find(term);
  return found == table().end() ? nullptr : &found->second;
}

std::string_view find_core_term_of(std::string_view iri) {
  static const std::unordered_map<std::string_view, std::string_view> terms = [] {
    std::unordered_map<std::string_view, std::string_view> made;
    for (const auto& [term, definition] : table()) {
      if (!definition.is_prefix) made.emplace(definition.iri, term);
    }
    return made;
  }();
  const auto found = terms.find(iri);
  return found == terms.end() ? std::string_view() : found->second;
}

bool is_reserved_name(std::string_view term) {
  static const std::unordered_set<std::string_view> names = {"id",
                                                             "type",
                                                             "scope",
                                                             "createdAt",
                                                             "modifiedAt",
                                                             "deletedAt",
                                                             "observedAt",
                                                             "expiresAt",
                                                             "datasetId",
                                                             "instanceId",
                                                             "unitCode",
                                                             "value",
                                                             "object",
                                                             "languageMap",
                                                             "vocab",
                                                             "json",
                                                             "valueList",
                                                             "objectList",
                                                             "objectType",
                                                             "valueType",
                                                             "entity",
                                                             "entityList",
                                                             "previousValue",
                                                             "previousObject",
                                                             "previousVocab",
                                                             "previousJson",
                                                             "previousLanguageMap",
                                                             "previousValueList",
                                                             "previousObjectList",
                                                             "lang",
                                                             "values",
                                                             "objects",
                                                             "languageMaps",
                                                             "vocabs",
                                                             "jsons",
                                                             "valueLists",
                                                             "objectLists",
                                                             "entityIdSealed",
                                                             "entityTypeSealed"};
  return names.contains(term);
}

std::string core_context_json(std::string_view version) {
  const int minor = version.size() == 4 && version.starts_with("v1.") && version[3] >= '3' && version[3] <= '9'
                        ? version[3] - '0'
                        : 8;
  std::string text = "{\"@context\":{\"@version\":1.1,\"@protected\":true,\"ngsi-ld\":\"";
  text += std::string(ngsi_ld_namespace) + "\",\"geojson\":\"" + std::string(geojson_namespace) + '"';
  for (const CoreTerm& term : core_terms) {
    if (term.since_minor > minor) continue;
    text += ",\"" + std::string(term.term) + "\":";
    const std::string iri = compact_iri_of(term);
    if (term.coercion == Coercion::none) {
      text += '"' + iri + '"';
    } else {
      text += "{\"@id\":\"" + iri + "\"," + std::string(coercion_json(term.coercion)) + '}';
    }
  }
  text += ",\"@vocab\":\"" + std::string(default_vocabulary) + "\"}}";
  return text;
}

bool is_core_context_url(std::string_view url) {
  constexpr std::string_view prefix = "://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context";
  constexpr std::string_view suffix = ".jsonld";
  if (url.starts_with("https")) {
    url.remove_prefix(5);
  } else if (url.starts_with("http")) {
    url.remove_prefix(4);
  } else {
    return false;
  }
  if (!url.starts_with(prefix) || !url.ends_with(suffix) || url.size() < prefix.size() + suffix.size()) return false;
  const std::string_view version = url.substr(prefix.size(), url.size() - prefix.size() - suffix.size());
  return version.empty() ||
         (version.starts_with("-v1.") && version.find_first_not_of("0123456789.", 4) == std::string_view::npos);
}

}  // namespace cityloom::ngsi
