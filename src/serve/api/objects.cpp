// /api/objects: the catalogue of the object library, one kind, and any object as glTF.
#include "space/objects/objects.hpp"

#include <xxhash.h>

#include <charconv>
#include <cstdio>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;
using space::ObjectKind;
using space::ObjectLibrary;
using space::ObjectParameter;
using space::ObjectValues;

constexpr std::string_view glb_ending = ".glb";

std::string_view name_of(ObjectParameter::Kind kind) {
  switch (kind) {
    case ObjectParameter::Kind::number:
      return "number";
    case ObjectParameter::Kind::choice:
      return "choice";
    case ObjectParameter::Kind::flag:
      return "flag";
    case ObjectParameter::Kind::colour:
      return "colour";
  }
  return "number";
}

void write_texts(JsonText& json, std::string_view name, const space::BothTexts& texts) {
  json.key(name).open_object().member("ko", texts.ko).member("en", texts.en).close_object();
}

void write_parameter(JsonText& json, const ObjectParameter& parameter) {
  json.open_object().member("id", parameter.id);
  write_texts(json, "name", parameter.name);
  json.member("kind", name_of(parameter.kind));
  switch (parameter.kind) {
    case ObjectParameter::Kind::number:
      if (!parameter.unit.empty()) json.member("unitCode", parameter.unit);
      json.member("default", parameter.default_value).member("min", parameter.minimum);
      json.member("max", parameter.maximum).member("step", parameter.step);
      break;
    case ObjectParameter::Kind::flag:
      json.member("default", parameter.default_value != 0);
      break;
    case ObjectParameter::Kind::choice:
    case ObjectParameter::Kind::colour:
      json.member("default", value_text(parameter, parameter.default_value, parameter.default_colour));
  }
  if (parameter.kind == ObjectParameter::Kind::choice) {
    json.key("choices").open_array();
    for (const space::ObjectChoice& choice : parameter.choices) {
      json.open_object().member("id", choice.id);
      write_texts(json, "name", choice.name);
      json.close_object();
    }
    json.close_array();
  }
  json.close_object();
}

void write_kind(JsonText& json, const ObjectKind& kind) {
  json.open_object().member("kind", kind.id).member("category", kind.category);
  write_texts(json, "name", kind.name);
  if (!kind.note.en.empty()) write_texts(json, "note", kind.note);
  if (!kind.standard.empty()) json.member("standard", kind.standard);
  if (const auto size = space::size_of(kind, space::default_values(kind))) {
    json.key("size").open_object().member("width_m", size->x).member("depth_m", size->y);
    json.member("height_m", size->z).close_object();
  }
  json.key("parameters").open_array();
  for (const ObjectParameter& parameter : kind.parameters) write_parameter(json, parameter);
  json.close_array().member("model", "/api/objects/" + kind.id + std::string(glb_ending)).close_object();
}

std::string catalogue_text(const ObjectLibrary& library) {
  JsonText json;
  json.open_object().member("version", library.version()).key("categories").open_array();
  for (const auto& [id, name] : library.categories()) {
    json.open_object().member("id", id);
    write_texts(json, "name", name);
    json.close_object();
  }
  json.close_array().key("kinds").open_array();
  for (const ObjectKind& kind : library.kinds()) write_kind(json, kind);
  json.close_array().key("placing").open_array();
  for (const space::PlacingRule& rule : library.placing()) {
    json.open_object().member("type", rule.type).key("categories").open_array();
    for (const std::string& category : rule.categories) json.value(category);
    json.close_array().member("kind", rule.kind).key("parameters").open_object();
    for (const auto& [name, value] : rule.parameters) json.member(name, value);
    json.close_object().close_object();
  }
  json.close_array().close_object();
  return json.take();
}

std::string etag_of(std::string_view bytes) {
  char text[24];
  std::snprintf(text, sizeof text, "\"%016llx\"",
                static_cast<unsigned long long>(XXH3_64bits(bytes.data(), bytes.size())));
  return text;
}

Response with_etag(const Request& request, std::string_view content_type, std::string bytes) {
  Response response;
  const std::string etag = etag_of(bytes);
  response.header("ETag", etag);
  response.header("Cache-Control", "no-cache");
  if (request.header("If-None-Match").value_or("").find(etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  response.content_type = content_type;
  response.body = std::move(bytes);
  return response;
}

/// The parameters of the query, all but `lod`.
Result<ObjectValues> values_in(const Request& request, const ObjectKind& kind) {
  std::map<std::string, std::string> given;
  for (const auto& [name, value] : request.query_values()) {
    if (name == "lod") continue;
    if (!given.emplace(name, value).second) return fail(Code::invalid, "given twice", std::string(name));
  }
  return space::values_of(kind, given);
}

Result<Response> find_object(const ObjectLibrary& library, const Request& request) {
  std::string_view name = request.path_value("kind");
  const bool is_model = name.ends_with(glb_ending);
  if (is_model) name.remove_suffix(glb_ending.size());
  const ObjectKind* kind = library.find(name);
  if (kind == nullptr)
    return fail(Code::not_found, "there is no such kind of object", std::string(name), "see /api/objects");
  if (!is_model) {
    JsonText json;
    write_kind(json, *kind);
    return with_etag(request, "application/json", json.take());
  }
  const auto values = values_in(request, *kind);
  if (!values) return values.error();
  const std::string_view level = request.query_value("lod").value_or("0");
  if (level != "0" && level != "1") return fail(Code::invalid, "neither 0 nor 1", "lod");
  auto glb = library.glb(*kind, *values, level == "1" ? 1 : 0);
  if (!glb) return glb.error();
  return with_etag(request, "model/gltf-binary", std::move(*glb));
}

void add_schemas(Router& router) {
  router.add_schema("BothTexts", R"({"type":"object","required":["ko","en"],"properties":{
    "ko":{"type":"string"},"en":{"type":"string"}}})");
  router.add_schema("ObjectKind", R"({"type":"object","required":["kind","category","name","parameters","model"],
    "properties":{"kind":{"type":"string"},"category":{"type":"string"},
    "name":{"$ref":"#/components/schemas/BothTexts"},"note":{"$ref":"#/components/schemas/BothTexts"},
    "standard":{"type":"string"},"model":{"type":"string"},
    "size":{"type":"object","required":["width_m","depth_m","height_m"],"properties":{
      "width_m":{"type":"number"},"depth_m":{"type":"number"},"height_m":{"type":"number"}}},
    "parameters":{"type":"array","items":{"type":"object","required":["id","name","kind","default"],"properties":{
      "id":{"type":"string"},"name":{"$ref":"#/components/schemas/BothTexts"},
      "kind":{"enum":["number","choice","flag","colour"]},"unitCode":{"type":"string"},
      "default":{"type":["number","boolean","string"]},"min":{"type":"number"},"max":{"type":"number"},
      "step":{"type":"number"},"choices":{"type":"array","items":{"type":"object","required":["id","name"],
        "properties":{"id":{"type":"string"},"name":{"$ref":"#/components/schemas/BothTexts"}}}}}}}}})");
  router.add_schema("ObjectCatalogue", R"({"type":"object","required":["version","categories","kinds","placing"],
    "properties":{"version":{"type":"string"},
    "categories":{"type":"array","items":{"type":"object","required":["id","name"],"properties":{
      "id":{"type":"string"},"name":{"$ref":"#/components/schemas/BothTexts"}}}},
    "kinds":{"type":"array","items":{"$ref":"#/components/schemas/ObjectKind"}},
    "placing":{"type":"array","items":{"type":"object","required":["type","categories","kind","parameters"],
      "properties":{"type":{"type":"string"},"categories":{"type":"array","items":{"type":"string"}},
      "kind":{"type":"string"},"parameters":{"type":"object","additionalProperties":{"type":"string"}}}}}}})");
}

}  // namespace

void add_object_doors(Router& router, const ApiStatePointer& state) {
  static const ObjectLibrary nothing;
  const ObjectLibrary& library = state->services.objects != nullptr ? *state->services.objects : nothing;
  const auto text = std::make_shared<const std::string>(catalogue_text(library));
  Route catalogue;
  catalogue.path = "/api/objects";
  catalogue.operation_id = "listObjectKinds";
  catalogue.tag = "Objects";
  catalogue.summary =
      "The object library: categories, kinds with their parameters, and which entities are drawn as which";
  catalogue.handler = answer([text](const Request& request) { return with_etag(request, "application/json", *text); });
  catalogue.answers = {{200, "The catalogue", {{"application/json", schema_reference("ObjectCatalogue")}}},
                       {304, "As the client has it", {}}};
  router.add(std::move(catalogue));
  Route object;
  object.path = "/api/objects/{kind}";
  object.operation_id = "getObject";
  object.tag = "Objects";
  object.summary = "A kind of object; with .glb after its id the object itself as binary glTF, by its parameters";
  object.handler = answer_or_fail([&library](const Request& request) { return find_object(library, request); });
  object.parameters = {
      {Parameter::In::path, "kind", "The id of a kind, or that and .glb", R"({"type":"string"})", true},
      {Parameter::In::query, "lod", "Level of detail: 0 for the street, 1 for the distance",
       R"({"enum":["0","1"],"default":"0"})", false}};
  object.answers = {{200,
                     "The kind, or its model",
                     {{"application/json", schema_reference("ObjectKind")}, {"model/gltf-binary", ""}}},
                    {304, "As the client has it", {}}};
  router.add(std::move(object));
  add_schemas(router);
}

}  // namespace cityloom::serve
