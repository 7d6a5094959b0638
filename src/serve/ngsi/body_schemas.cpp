#include "serve/ngsi/body_schemas.hpp"

#include <algorithm>
#include <array>

namespace cityloom::serve::ngsi_ld {
namespace {

// What an operation takes and gives; names of schemas, empty for none.
struct Described {
  std::string_view operation;
  std::string_view request;
  std::string_view answer;       // of 200, 201, 203, 206
  std::string_view partly = {};  // of 207
};

constexpr std::string_view map_note = "The entity map is a new one";

constexpr std::array<Described, 67> table = {{
    {"createEntity", "Entity", {}, "PartlyDone"},
    {"replaceEntity", "EntityReplacement", {}, "PartlyDone"},
    {"mergeEntity", "EntityFragment", {}, "PartlyDone"},
    {"deleteEntity", {}, {}, "PartlyDone"},
    {"appendAttrs", "EntityFragment", {}, "PartlyDone"},
    {"updateEntity", "EntityFragment", {}, "PartlyDone"},
    {"updateAttrs", "AttributeFragment", {}, "PartlyDone"},
    {"replaceAttrs", "Attribute", {}, "PartlyDone"},
    {"deleteAttrs", {}, {}, "PartlyDone"},
    {"retrieveEntity", {}, "EntityWithLinkedGiven"},
    {"queryEntities", {}, "EntitiesGiven"},
    {"queryBatch", "Query", "EntitiesGiven"},
    {"createBatch", "Entities", "Ids", "PartlyDone"},
    {"upsertBatch", "Entities", "Ids", "PartlyDone"},
    {"updateBatch", "EntityFragments", {}, "PartlyDone"},
    {"mergeBatch", "EntityFragments", {}, "PartlyDone"},
    {"deleteBatch", "Ids", {}, "PartlyDone"},
    {"purgeEntities", {}, {}, "PartlyDone"},
    {"retrieveTemporal", {}, "EntityGiven"},
    {"queryTemporal", {}, "EntitiesGiven"},
    {"temporalQueryBatch", "TemporalQuery", "EntitiesGiven"},
    {"upsertTemporal", "EntityTemporal", {}},
    {"deleteTemporal", {}, {}},
    {"appendAttrsTemporal", "EntityTemporalFragment", {}},
    {"deleteAttrsTemporal", {}, {}},
    {"updateAttrsTemporal", "InstanceFragment", {}},
    {"deleteAttrInstanceTemporal", {}, {}},
    {"retrieveSourceIdentity", {}, "SourceIdentity"},
    {"retrieveEntityTypes", {}, "EntityTypes"},
    {"retrieveEntityTypeInfo", {}, "EntityTypeInfo"},
    {"retrieveAttrTypes", {}, "AttributeTypes"},
    {"retrieveAttrTypeInfo", {}, "AttributeInfo"},
    {"createContext", "ContextDocument", {}},
    {"listContexts", {}, "Contexts"},
    {"retrieveContext", {}, "ContextGiven"},
    {"deleteContext", {}, {}},
    {"createSubscription", "Subscription", {}},
    {"querySubscription", {}, "SubscriptionsGiven"},
    {"retrieveSubscription", {}, "SubscriptionGiven"},
    {"updateSubscription", "SubscriptionFragment", {}},
    {"deleteSubscription", {}, {}},
    {"createCSR", "Registration", {}},
    {"queryCSR", {}, "RegistrationsGiven"},
    {"retrieveCSR", {}, "RegistrationGiven"},
    {"updateCSR", "RegistrationFragment", {}},
    {"deleteCSR", {}, {}},
    {"createCSRSubscription", "Subscription", {}},
    {"queryCSRSubscription", {}, "SubscriptionsGiven"},
    {"retrieveCSRSubscription", {}, "SubscriptionGiven"},
    {"updateCSRSubscription", "SubscriptionFragment", {}},
    {"deleteCSRSubscription", {}, {}},
    {"createEntityMapQuery", {}, "EntityMap"},
    {"createEntityMapBatch", "Query", "EntityMap"},
    {"createEntityMapTemporal", {}, "EntityMap"},
    {"createEntityMapTemporalBatch", "TemporalQuery", "EntityMap"},
    {"retrieveEntityMap", {}, "EntityMap"},
    {"updateEntityMap", "EntityMapFragment", {}},
    {"deleteEntityMap", {}, {}},
    {"createSnapshot", "Snapshot", {}},
    {"purgeSnapshots", {}, {}, "SnapshotsPurged"},
    {"retrieveSnapshot", {}, "SnapshotGiven"},
    {"updateSnapshot", "SnapshotFragment", "SnapshotGiven"},
    {"deleteSnapshot", {}, {}},
    {"cloneSnapshot", "SnapshotClone", {}},
    {"setModelPolicy", "ModelPolicy", {}},
    {"putModelVersion", "ModelVersionGiven", {}},
    {"checkByModel", "Entity", {}},
}};

struct Schema {
  const char* name;
  const char* text;
};

// Of what is sent.
constexpr Schema sent[] = {
    {"Uri", R"({"type":"string","format":"uri","examples":["urn:ngsi-ld:Device:1","urn:ngsi-ld:Device:2"]})"},
    {"Name", R"({"type":"string","pattern":"^[A-Za-z][A-Za-z0-9_]{0,30}$",
  "examples":["temperature","humidity","name"],"description":"A term of the @context, a compact or a full IRI"})"},
    {"Time", R"({"type":"string","format":"date-time","pattern":"Z$","examples":["2026-11-22T08:05:00Z"]})"},
    {"TypeNames", R"({"anyOf":[{"$ref":"#/components/schemas/Name"},
  {"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Name"}}],"examples":["Device",["Device","Machine"]]})"},
    {"ScopeNames", R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}],
  "examples":["/Seoul/Jamsil",["/Seoul","/Korea/Seoul"]]})"},
    {"Geometry", R"({"type":"object","required":["type","coordinates"],"properties":{
  "type":{"enum":["Point","MultiPoint","LineString","MultiLineString","Polygon","MultiPolygon"]},
  "coordinates":{"type":"array"}},"examples":[{"type":"Point","coordinates":[127.1,37.5]},
  {"type":"LineString","coordinates":[[127.1,37.5],[127.2,37.6]]}]})"},
    {"Context", R"({"type":["object","array","string"],"description":"Of application/ld+json alone"})"},
    {"Attribute", R"({"description":"Normalized or concise; several instances, by datasetId, are an array",
  "anyOf":[{"$ref":"#/components/schemas/AttributeInstance"},{"type":"array","minItems":1,
  "items":{"$ref":"#/components/schemas/AttributeInstance"}},{"type":["string","number","boolean"]}],
  "examples":[21.5,"open",true,{"type":"Property","value":21.5,"unitCode":"CEL","observedAt":"2026-11-22T08:05:00Z"},
  {"value":3,"accuracy":{"type":"Property","value":0.1}},
  {"type":"Relationship","object":"urn:ngsi-ld:Room:1"},{"object":["urn:ngsi-ld:Room:1","urn:ngsi-ld:Room:2"]},
  {"type":"GeoProperty","value":{"type":"Point","coordinates":[127.1,37.5]}},
  {"type":"LanguageProperty","languageMap":{"ko":"강","en":"River"}},{"type":"VocabProperty","vocab":"open"},
  {"type":"JsonProperty","json":{"a":[1,null]}},{"type":"ListProperty","valueList":[1,2]},
  {"type":"ListRelationship","objectList":["urn:ngsi-ld:Room:1"]},
  [{"type":"Property","value":1},{"type":"Property","value":2,"datasetId":"urn:ngsi-ld:Dataset:1"}]]})"},
    {"AttributeInstance", R"({"type":"object","properties":{
  "type":{"enum":["Property","Relationship","GeoProperty","LanguageProperty","VocabProperty","JsonProperty","ListProperty",
  "ListRelationship"]},"value":{},"object":{"type":["string","array"]},"objectType":{"$ref":"#/components/schemas/TypeNames"},
  "languageMap":{"type":"object"},"vocab":{"type":["string","array"]},"json":{},"valueList":{"type":"array"},
  "objectList":{"type":"array"},"observedAt":{"$ref":"#/components/schemas/Time"},"unitCode":{"type":"string"},
  "datasetId":{"$ref":"#/components/schemas/Uri"},"expiresAt":{"$ref":"#/components/schemas/Time"}}})"},
    {"AttributeFragment", R"({"type":"object","examples":[{"value":23},{"type":"Property","value":24,
  "observedAt":"2026-11-22T08:05:00Z"},{"unitCode":"CEL"}]})"},
    {"Entity", R"({"type":"object","required":["id","type"],"properties":{"id":{"$ref":"#/components/schemas/Uri"},
  "type":{"$ref":"#/components/schemas/TypeNames"},"scope":{"$ref":"#/components/schemas/ScopeNames"},
  "expiresAt":{"type":"string","format":"date-time"}},
  "additionalProperties":{"$ref":"#/components/schemas/Attribute"},
  "propertyNames":{"$ref":"#/components/schemas/Name"}})"},
    {"EntityFragment", R"({"type":"object","properties":{"id":{"$ref":"#/components/schemas/Uri"},
  "type":{"$ref":"#/components/schemas/TypeNames"},"scope":{"$ref":"#/components/schemas/ScopeNames"}},
  "additionalProperties":{"$ref":"#/components/schemas/Attribute"},
  "propertyNames":{"$ref":"#/components/schemas/Name"},
  "examples":[{"temperature":22},{"humidity":{"type":"Property","value":40}}]})"},
    {"EntityReplacement",
     R"({"type":"object","required":["type"],"properties":{"id":{"$ref":"#/components/schemas/Uri"},
  "type":{"$ref":"#/components/schemas/TypeNames"},"scope":{"$ref":"#/components/schemas/ScopeNames"}},
  "additionalProperties":{"$ref":"#/components/schemas/Attribute"},
  "propertyNames":{"$ref":"#/components/schemas/Name"},"examples":[{"type":"Device","temperature":22}]})"},
    {"Entities", R"({"type":"array","minItems":1,"maxItems":10000,"items":{"$ref":"#/components/schemas/Entity"}})"},
    {"EntityFragments", R"({"type":"array","minItems":1,"maxItems":10000,"items":{"type":"object","required":["id"],
  "properties":{"id":{"$ref":"#/components/schemas/Uri"},"type":{"$ref":"#/components/schemas/TypeNames"}},
  "additionalProperties":{"$ref":"#/components/schemas/Attribute"},"propertyNames":{"$ref":"#/components/schemas/Name"}}})"},
    {"Ids", R"({"type":"array","minItems":1,"items":{"type":"string","format":"uri",
  "examples":["urn:ngsi-ld:Device:1"]}})"},
    {"EntityTemporal", R"({"type":"object","required":["id","type"],"properties":{
  "id":{"$ref":"#/components/schemas/Uri"},"type":{"$ref":"#/components/schemas/TypeNames"}},
  "additionalProperties":{"$ref":"#/components/schemas/PastInstances"},"propertyNames":{"$ref":"#/components/schemas/Name"}})"},
    {"EntityTemporalFragment", R"({"type":"object",
  "additionalProperties":{"$ref":"#/components/schemas/PastInstances"},"propertyNames":{"$ref":"#/components/schemas/Name"},
  "examples":[{"temperature":[{"type":"Property","value":19,"observedAt":"2026-11-20T08:00:00Z"}]}]})"},
    {"PastInstances", R"({"anyOf":[{"type":"array","items":{"$ref":"#/components/schemas/AttributeInstance"}},
  {"$ref":"#/components/schemas/AttributeInstance"}],
  "examples":[[{"type":"Property","value":19,"observedAt":"2026-11-20T08:00:00Z"},
  {"type":"Property","value":20,"observedAt":"2026-11-20T09:00:00Z"}]]})"},
    {"InstanceFragment", R"({"type":"object","examples":[
  {"temperature":[{"type":"Property","value":18,"observedAt":"2026-11-20T08:00:00Z"}]},
  {"type":"Property","value":18,"observedAt":"2026-11-20T08:00:00Z"}]})"},
    {"EntitySelector", R"({"type":"object","properties":{"id":{"$ref":"#/components/schemas/Uri"},
  "idPattern":{"type":"string","examples":["^urn:ngsi-ld:Device:"]},"type":{"type":"string","examples":["Device","Device,Machine"]}},
  "examples":[{"type":"Device"}]
})"},
    {"GeoQuery", R"({"type":"object","required":["geometry","coordinates","georel"],"properties":{
  "geometry":{"type":"string"},"coordinates":{"type":["array","string"]},"georel":{"type":"string"},
  "geoproperty":{"type":"string"}},
  "examples":[{"geometry":"Point","coordinates":[127.1,37.5],"georel":"near;maxDistance==1000"}]})"},
    {"TemporalWindow", R"({"type":"object","properties":{"timerel":{"enum":["before","after","between"]},
  "timeAt":{"$ref":"#/components/schemas/Time"},"endTimeAt":{"$ref":"#/components/schemas/Time"},
  "timeproperty":{"enum":["observedAt","createdAt","modifiedAt","deletedAt"]}},
  "examples":[{"timerel":"after","timeAt":"2026-01-01T00:00:00Z"}]})"},
    {"Query", R"({"type":"object","required":["type"],"properties":{"type":{"const":"Query"},
  "entities":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/EntitySelector"}},
  "attrs":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Name"}},
  "q":{"type":"string","examples":["temperature>0","name==\"a\""]},"geoQ":{"$ref":"#/components/schemas/GeoQuery"},
  "scopeQ":{"type":"string","examples":["/Seoul/#"]},"lang":{"type":"string","examples":["ko"]}},
  "examples":[{"type":"Query","entities":[{"type":"Device"}]}]})"},
    {"TemporalQuery", R"({"type":"object","required":["type"],"properties":{"type":{"const":"Query"},
  "entities":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/EntitySelector"}},
  "attrs":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Name"}},
  "temporalQ":{"$ref":"#/components/schemas/TemporalWindow"}},
  "examples":[{"type":"Query","entities":[{"type":"Device"}],"temporalQ":{"timerel":"after","timeAt":"2026-01-01T00:00:00Z"}}]})"},
    {"ContextDocument",
     R"({"type":"object","required":["@context"],"properties":{"@context":{"type":["object","array","string"]}},
  "examples":[{"@context":{"temperature":"https://example.org/temperature"}}]})"},
    {"Subscription", R"({"type":"object","required":["type","notification"],"properties":{
  "id":{"$ref":"#/components/schemas/Uri"},"type":{"const":"Subscription"},"subscriptionName":{"type":"string"},
  "description":{"type":"string"},
  "entities":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/EntitySelector"}},
  "watchedAttributes":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Name"}},
  "notificationTrigger":{"type":"array","items":{"type":"string"},"examples":[["attributeUpdated"],["entityCreated"]]},
  "timeInterval":{"type":"integer","minimum":1,"examples":[3600]},"q":{"type":"string","examples":["temperature>0"]},
  "geoQ":{"$ref":"#/components/schemas/GeoQuery"},"scopeQ":{"type":"string","examples":["/Seoul"]},
  "isActive":{"type":"boolean"},"expiresAt":{"type":"string","format":"date-time","examples":["2090-01-01T00:00:00Z"]},
  "throttling":{"type":"integer","minimum":1,"examples":[5]},"notification":{"type":"object","required":["endpoint"],
  "properties":{"attributes":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Name"}},
  "format":{"enum":["normalized","concise","simplified","keyValues"]},"endpoint":{"type":"object","required":["uri"],
  "properties":{"uri":{"type":"string","format":"uri","examples":["http://127.0.0.1:9/hear"]},
  "accept":{"enum":["application/json","application/ld+json","application/geo+json"]}}}}}},
  "examples":[{"type":"Subscription","entities":[{"type":"Device"}],
  "notification":{"endpoint":{"uri":"http://127.0.0.1:9/hear"}}}]})"},
    {"SubscriptionFragment",
     R"({"type":"object","examples":[{"isActive":false},{"description":"Read by the street works"},
  {"throttling":10}],"properties":{"isActive":{"type":"boolean"},"description":{"type":"string"},
  "throttling":{"type":"integer","minimum":1}}})"},
    {"Registration", R"({"type":"object","required":["type","information","endpoint"],"properties":{
  "id":{"$ref":"#/components/schemas/Uri"},"type":{"const":"ContextSourceRegistration"},
  "registrationName":{"type":"string"},"description":{"type":"string"},
  "information":{"type":"array","minItems":1,"items":{"type":"object"},"examples":[[{"entities":[{"type":"Bus"}]}]]},
  "endpoint":{"type":"string","format":"uri","examples":["http://127.0.0.1:9"]},
  "mode":{"enum":["inclusive","exclusive","redirect","auxiliary"],"examples":["inclusive"]},
  "operations":{"type":"array","items":{"type":"string"},"examples":[["retrieveOps"]]}},
  "examples":[{"type":"ContextSourceRegistration","information":[{"entities":[{"type":"Bus"}]}],
  "endpoint":"http://127.0.0.1:9"}]})"},
    {"RegistrationFragment", R"({"type":"object","examples":[{"description":"Of the bus company"}],
  "properties":{"description":{"type":"string"},"registrationName":{"type":"string"},
  "endpoint":{"type":"string","format":"uri","examples":["http://127.0.0.1:9/other"]}}})"},
    {"EntityMapFragment", R"({"type":"object","properties":{"expiresAt":{"type":"string","format":"date-time",
  "examples":["2090-01-01T00:00:00Z"]}},"examples":[{"expiresAt":"2090-01-01T00:00:00Z"}]})"},
    {"Snapshot", R"({"type":"object","required":["type"],"properties":{"id":{"$ref":"#/components/schemas/Uri"},
  "type":{"const":"Snapshot"},"snapshotQueries":{"type":"array","minItems":1,"items":{"$ref":"#/components/schemas/Query"}},
  "snapshotPriority":{"type":"integer"},"snapshotLifetime":{"type":"string","examples":["PT1H"]}},
  "examples":[{"type":"Snapshot","snapshotQueries":[{"type":"Query","entities":[{"type":"Device"}]}]}]})"},
    {"SnapshotFragment", R"({"type":"object","properties":{"snapshotPriority":{"type":"integer"},
  "snapshotLifetime":{"type":"string","examples":["PT2H"]}},"examples":[{"snapshotPriority":7}]})"},
    {"SnapshotClone", R"({"type":"object","examples":[{"type":"Snapshot"},{"type":"Snapshot","snapshotPriority":3}]})"},
    {"ModelPolicy",
     R"({"type":"object","properties":{"activeVersion":{"type":["string","null"],"examples":["1.0.0",null]},
  "mode":{"enum":["strict","warn","accept"]},"interval_s":{"type":["number","null"],"examples":[600,null]}},
  "examples":[{"mode":"warn"},{"interval_s":600}]})"},
    {"ModelVersionGiven", R"({"type":"object","description":"A JSON Schema, or one as the member schema",
  "properties":{"schema":{"type":"object"},"type":{}},
  "examples":[{"schema":{"properties":{"type":{"const":"Gauge"},"level":{"type":"number"}}}}]})"},
};

// Of what is answered.
constexpr Schema given[] = {
    {"EntityGiven", R"({"type":"object","properties":{"id":{"type":"string"},
  "type":{"type":["string","array"]},"@context":{}},
  "description":"Normalized, concise or simplified; with pick and omit what was asked for; a Feature in GeoJSON"})"},
    {"EntityWithLinkedGiven", R"({"description":"With join=flat an array: the entity, then those it links to",
  "anyOf":[{"$ref":"#/components/schemas/EntityGiven"},{"$ref":"#/components/schemas/EntitiesGiven"}]})"},
    {"EntitiesGiven", R"({"anyOf":[{"type":"array","items":{"$ref":"#/components/schemas/EntityGiven"}},
  {"type":"object","required":["type","features"],"properties":{"type":{"const":"FeatureCollection"},
  "features":{"type":"array","items":{"type":"object","required":["type","geometry","properties"]}}}}]})"},
    {"PartlyDone",
     R"({"type":"object","anyOf":[{"required":["success","errors"]},{"required":["updated","notUpdated"]}],
  "properties":{"success":{"type":"array","items":{"type":"string"}},
  "errors":{"type":"array","items":{"type":"object","required":["error"],"properties":{"entityId":{"type":"string"},
  "registrationId":{"type":"string"},"error":{"$ref":"#/components/schemas/Problem"}}}},
  "updated":{"type":"array","items":{"type":"string"}},"notUpdated":{"type":"array","items":{"type":"object",
  "required":["attributeName","reason"],"properties":{"attributeName":{"type":"string"},"reason":{"type":"string"}}}}}})"},
    {"SourceIdentity", R"({"type":"object","required":["id","type","contextSourceAlias","contextSourceUptime",
  "contextSourceTimeAt"],"properties":{"id":{"type":"string"},"type":{"const":"ContextSourceIdentity"},
  "contextSourceAlias":{"type":"string"},"contextSourceUptime":{"type":"string"},
  "contextSourceTimeAt":{"type":"string","format":"date-time"}}})"},
    {"EntityTypes", R"({"anyOf":[{"type":"object","required":["id","type","typeList"],"properties":{
  "type":{"const":"EntityTypeList"},"typeList":{"type":"array","items":{"type":"string"}}}},
  {"type":"array","items":{"type":"object","required":["id","type","typeName","attributeNames"]}}]})"},
    {"EntityTypeInfo", R"({"type":"object","required":["id","type","typeName","entityCount","attributeDetails"],
  "properties":{"type":{"const":"EntityTypeInfo"},"entityCount":{"type":"integer"},"attributeDetails":{"type":"array",
  "items":{"type":"object","required":["id","type","attributeName","attributeTypes"]}}}})"},
    {"AttributeTypes", R"({"anyOf":[{"type":"object","required":["id","type","attributeList"],"properties":{
  "type":{"const":"AttributeList"},"attributeList":{"type":"array","items":{"type":"string"}}}},
  {"type":"array","items":{"type":"object","required":["id","type","attributeName","typeNames"]}}]})"},
    {"AttributeInfo", R"({"type":"object","required":["id","type","attributeName","attributeCount","attributeTypes",
  "typeNames"],"properties":{"type":{"const":"Attribute"},"attributeCount":{"type":"integer"}}})"},
    {"Contexts", R"({"type":"array","items":{"anyOf":[{"type":"string"},
  {"$ref":"#/components/schemas/ContextDetails"}]}})"},
    {"ContextDetails", R"({"type":"object","required":["URL","localId","kind","createdAt"],"properties":{
  "URL":{"type":"string"},"localId":{"type":"string"},"kind":{"enum":["Hosted","Cached","ImplicitlyCreated"]},
  "createdAt":{"type":"string"},"timestamp":{"type":"string"},"lastUsage":{"type":"string"}}})"},
    {"ContextGiven", R"({"anyOf":[{"$ref":"#/components/schemas/ContextDocument"},
  {"$ref":"#/components/schemas/ContextDetails"}]})"},
    {"SubscriptionGiven", R"({"type":"object","required":["id","type","notification"],"properties":{
  "id":{"type":"string"},"type":{"const":"Subscription"},"status":{"enum":["active","paused","expired"]},
  "isActive":{"type":"boolean"},"notification":{"type":"object","required":["endpoint"],"properties":{
  "status":{"enum":["ok","failed"]},"timesSent":{"type":"integer"},"timesFailed":{"type":"integer"},
  "lastNotification":{"type":"string","format":"date-time"},"lastSuccess":{"type":"string","format":"date-time"},
  "lastFailure":{"type":"string","format":"date-time"}}}}})"},
    {"SubscriptionsGiven", R"({"type":"array","items":{"$ref":"#/components/schemas/SubscriptionGiven"}})"},
    {"RegistrationGiven", R"({"type":"object","required":["id","type","information","endpoint"],"properties":{
  "id":{"type":"string"},"type":{"const":"ContextSourceRegistration"},"information":{"type":"array"},
  "endpoint":{"type":"string"}}})"},
    {"RegistrationsGiven", R"({"type":"array","items":{"$ref":"#/components/schemas/RegistrationGiven"}})"},
    {"EntityMap", R"({"type":"object","required":["id","type","expiresAt","entityMap","linkedMaps"],"properties":{
  "id":{"type":"string"},"type":{"const":"EntityMap"},"expiresAt":{"type":"string","format":"date-time"},
  "entityMap":{"type":"object","additionalProperties":{"type":"array","items":{"type":"string"}}},
  "linkedMaps":{"type":"object","additionalProperties":{"type":"string"}}}})"},
    {"SnapshotGiven", R"({"type":"object","required":["id","type","snapshotStatus","snapshotPriority","createdAt",
  "modifiedAt","expiresAt","lastUsedAt"],"properties":{"id":{"type":"string"},"type":{"const":"Snapshot"},
  "snapshotStatus":{"enum":["success","partial","empty","failure"]},"snapshotPriority":{"type":"integer"},
  "createdAt":{"type":"string","format":"date-time"},"expiresAt":{"type":"string","format":"date-time"}}})"},
    {"SnapshotsPurged", R"({"type":"object","required":["success","errors"],"properties":{
  "success":{"type":"array","items":{"type":"string"}},"errors":{"type":"array","items":{"type":"object"}}}})"},
};

std::string reference(std::string_view name) {
  return R"({"$ref":"#/components/schemas/)" + std::string(name) + R"("})";
}

bool has_status(const Route& route, int status) {
  return std::any_of(route.answers.begin(), route.answers.end(),
                     [status](const Answer& answer) { return answer.status == status; });
}

void add_status(Route& route, int status, std::string_view description) {
  if (!has_status(route, status)) route.answers.push_back({status, std::string(description), {}});
}

// The errors of such operations beyond those that every route has.
void add_errors(Route& route, const Form& form) {
  if (!form.answers.empty()) add_status(route, 406, "No kind of body that Accept allows can be given");
  if (form.body != Form::Body::none) {
    add_status(route, 411, "The request says no Content-Length");
    add_status(route, 504, "A @context could not be fetched");
  }
  add_status(route, 422, "Known to the standard, not done here");
  if (form.body == Form::Body::none) add_status(route, 504, "A @context could not be fetched");
}

// Requests that registered sources take part in.
void add_errors_of_sources(Route& route) {
  add_status(route, 502, "A registered source gave an answer that cannot be read");
  add_status(route, 508, "The request has come through here before");
}

void describe_answers(Route& route, const Described& described) {
  for (Answer& answer : route.answers) {
    const bool tells = answer.status >= 200 && answer.status <= 206 && answer.status != 204;
    const std::string_view schema = answer.status == 207 ? described.partly : tells ? described.answer : "";
    if (schema.empty()) continue;
    if (answer.contents.empty()) answer.contents = {{"application/json", {}}, {"application/ld+json", {}}};
    if (answer.status == 207) answer.contents.resize(1);
    for (Content& content : answer.contents) content.schema = reference(schema);
  }
}

}  // namespace

void describe_bodies(Route& route, const Form& form) {
  const auto described = std::find_if(table.begin(), table.end(),
                                      [&](const Described& one) { return one.operation == route.operation_id; });
  if (form.body != Form::Body::none && route.request_body.empty()) {
    route.request_body = {{"application/json", {}}, {"application/ld+json", {}}};
    if (form.patch) route.request_body.push_back({"application/merge-patch+json", {}});
  }
  add_errors(route, form);
  if (described == table.end()) return;
  for (Content& content : route.request_body) {
    if (!described->request.empty()) content.schema = reference(described->request);
  }
  if (!described->partly.empty()) {
    add_status(route, 207, "Some or none done");
    add_errors_of_sources(route);
  }
  const bool is_read = described->answer == "EntityWithLinkedGiven" || described->answer == "EntityGiven" ||
                       described->answer == "EntitiesGiven";
  if (is_read) {
    add_errors_of_sources(route);
    route.answers.push_back(
        {203, "As the version of the standard that Prefer names has it", route.answers[0].contents});
    if (!has_status(route, 201)) route.answers.push_back({201, std::string(map_note), route.answers[0].contents});
  }
  if (route.operation_id == "upsertBatch") add_status(route, 204, "All were there, and were changed");
  describe_answers(route, *described);
}

void add_body_schemas(Router& router) {
  for (const Schema& schema : sent) router.add_schema(schema.name, schema.text);
  for (const Schema& schema : given) router.add_schema(schema.name, schema.text);
}

}  // namespace cityloom::serve::ngsi_ld
