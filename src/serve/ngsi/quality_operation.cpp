// /api/quality: how good the data of each type and source are, by the models of the types.
#include "models/quality.hpp"

#include "serve/json.hpp"
#include "serve/ngsi/models.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

// Four digits of a share are enough, and read well.
double rounded(double share) {
  return static_cast<double>(static_cast<int64_t>(share * 10'000 + 0.5)) / 10'000;
}

void write_source(const std::string& name, const models::SourceQuality& source, JsonText& json) {
  json.open_object().member("source", name).member("entities", source.entities);
  const auto share = [&](const char* member, std::optional<double> value) {
    json.key(member);
    if (value && source.entities > 0) {
      json.value(rounded(*value));
    } else {
      json.null();
    }
  };
  share("completeness", source.completeness);
  share("requiredCompleteness", source.required_completeness);
  share("validity", source.validity);
  share("freshness", source.freshness);
  json.member("ageMedian_s", source.age_median_s).member("age95_s", source.age_most_s);
  const auto& writes = source.writes.writes;
  json.member("rejected", writes[0]).member("warned", writes[1]).member("counted", writes[2]);
  json.key("examples").open_array();
  for (const models::Example& example : source.writes.examples) {
    json.open_object().member("at", example.at).member("entityId", example.entity_id);
    json.member("outcome", models::name_of(example.fate)).key("findings");
    write_findings(example.findings, json);
    json.close_object();
  }
  json.close_array().close_object();
}

void write_type(const models::TypeQuality& type, JsonText& json) {
  json.open_object().member("type", type.model->type).member("typeIri", type.model->type_iri);
  json.member("model", type.model->name).member("version", type.model->version);
  json.member("mode", models::name_of(type.mode)).key("interval_s");
  if (type.interval_s > 0) {
    json.value(type.interval_s);
  } else {
    json.null();
  }
  json.member("entities", type.entities).member("complete", type.is_complete).key("sources").open_array();
  for (const auto& [name, source] : type.sources) write_source(name, source, json);
  json.close_array().close_object();
}

void tell_quality(Call call) {
  const auto reading = call.reading();
  if (!reading) return;
  const Models& all = *call.services().state_of(*reading->thread).models;
  const auto guard = all.guard();
  const base::Instant now = call.services().clock.now();
  models::QualityLimits limits;
  limits.goes_on = call.bounds().goes_on;
  std::vector<models::TypeQuality> types;
  if (guard != nullptr) {
    auto counted = models::quality_of(*reading->thread, *guard, all.tally(), now, limits);
    if (!counted.ok()) return call.fail_read(counted.error());
    types = std::move(counted).value();
  }
  JsonText json;
  json.open_object().member("at", now).member("countingSince", all.counting_since()).key("types").open_array();
  for (const models::TypeQuality& type : types) write_type(type, json);
  json.close_array().close_object();
  call.send(Response::json(json.take()));
}

}  // namespace

void add_quality_operation(Router& router, Services& services) {
  router.add_schema("Quality", R"({"type":"object","required":["at","countingSince","types"],"properties":{
    "at":{"type":"string","format":"date-time"},"countingSince":{"type":"string","format":"date-time"},
    "types":{"type":"array","items":{"type":"object","required":["type","typeIri","model","version","mode","interval_s",
      "entities","complete","sources"],"properties":{"type":{"type":"string"},"typeIri":{"type":"string"},
      "model":{"type":"string"},"version":{"type":"string"},"mode":{"enum":["strict","warn","accept"]},
      "interval_s":{"type":["number","null"]},
      "entities":{"type":"integer","description":"That were looked at"},
      "complete":{"type":"boolean","description":"Whether all were: else the first 100,000"},
      "sources":{"type":"array","items":{"type":"object","required":["source","entities","completeness",
        "requiredCompleteness","validity","freshness","ageMedian_s","age95_s","rejected","warned","counted",
        "examples"],"properties":{"source":{"type":"string"},"entities":{"type":"integer"},
        "completeness":{"type":["number","null"]},"requiredCompleteness":{"type":["number","null"]},
        "validity":{"type":["number","null"]},"freshness":{"type":["number","null"]},
        "ageMedian_s":{"type":"number"},"age95_s":{"type":"number"},"rejected":{"type":"integer"},
        "warned":{"type":"integer"},"counted":{"type":"integer"},
        "examples":{"type":"array","maxItems":5,"items":{"type":"object","required":["at","entityId","outcome",
          "findings"],"properties":{"at":{"type":"string","format":"date-time"},"entityId":{"type":"string"},
          "outcome":{"enum":["rejected","warned","counted"]},
          "findings":{"$ref":"#/components/schemas/Findings"}}}}}}}}}}}})");
  Form form;
  form.long_work = true;
  Route route;
  route.path = "/api/quality";
  route.operation_id = "getQuality";
  route.tag = "Data models";
  route.summary = "How good the data of each type and source are";
  route.answers = {{200, "By type and source", {{"application/json", R"({"$ref":"#/components/schemas/Quality"})"}}}};
  add_operation(router, services, std::move(route), form, tell_quality);
}

}  // namespace cityloom::serve::ngsi_ld
