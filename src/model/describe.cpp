// OGC API - Processes - Part 1: Core, 18-062r2.
#include "model/describe.hpp"

#include <cmath>

namespace cityloom::model {
namespace {

Json both(const Text& text) {
  return {{"en", text.en}, {"ko", text.ko}};
}

Json series_schema(const Json& number) {
  return {{"oneOf",
           Json::array(
               {number,
                {{"type", "array"},
                 {"minItems", 1},
                 {"items", {{"type", "array"}, {"minItems", 2}, {"maxItems", 2}, {"items", {{"type", "number"}}}}}}})}};
}

Json box_schema() {
  return {{"allOf", Json::array({{{"format", "ogc-bbox"}},
                                 {{"$ref",
                                   "http://schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas/"
                                   "bbox.yaml"}}})}};
}

Json file_schema(const char* media_type) {
  return {{"type", "string"}, {"contentMediaType", media_type}};
}

Json bare_schema(const Input& input) {
  Json number = {{"type", input.kind == Input::Kind::integer ? "integer" : "number"}};
  if (std::isfinite(input.least)) number["minimum"] = input.least;
  if (std::isfinite(input.greatest)) number["maximum"] = input.greatest;
  switch (input.kind) {
    case Input::Kind::number:
    case Input::Kind::integer:
      return number;
    case Input::Kind::boolean:
      return {{"type", "boolean"}};
    case Input::Kind::text:
      return {{"type", "string"}};
    case Input::Kind::choice:
      return {{"type", "string"}, {"enum", input.choices}};
    case Input::Kind::numbers:
      return {{"type", "array"}, {"items", number}};
    case Input::Kind::series:
      return series_schema(number);
    case Input::Kind::box:
      return box_schema();
    case Input::Kind::time:
      return {{"type", "string"}, {"format", "date-time"}};
    case Input::Kind::terrain:
      return file_schema("image/tiff; application=geotiff");
    case Input::Kind::features:
      return {{"type", "object"}, {"contentMediaType", "application/geo+json"}};
    case Input::Kind::table:
      return file_schema("text/csv");
    case Input::Kind::document:
      break;
  }
  return {{"type", "object"}};
}

Json schema_of_output(const Output& output) {
  switch (output.kind) {
    case Output::Kind::value:
      return output.unit.empty() ? Json::object() : Json{{"type", "number"}};
    case Output::Kind::table:
    case Output::Kind::facts:
      return {{"type", "array"}, {"items", {{"type", "object"}}}};
    case Output::Kind::raster:
    case Output::Kind::document:
      break;
  }
  return {{"type", "object"}};
}

}  // namespace

Json schema_of(const Input& input) {
  Json schema = bare_schema(input);
  if (input.fallback) schema["default"] = *input.fallback;
  return schema;
}

Json summary_of(const Declaration& declaration) {
  return {{"id", declaration.id},
          {"version", declaration.version},
          {"title", declaration.title.en},
          {"description", declaration.summary.en},
          {"x-titles", both(declaration.title)},
          {"x-descriptions", both(declaration.summary)},
          {"jobControlOptions", {"sync-execute", "async-execute", "dismiss"}},
          {"outputTransmission", {"value"}}};
}

Json description_of(const Declaration& declaration) {
  Json json = summary_of(declaration);
  json["inputs"] = Json::object();
  for (const Input& input : declaration.inputs) {
    Json one = {{"title", input.title.en}, {"description", input.help.en}, {"schema", schema_of(input)}};
    one["minOccurs"] = input.fallback || !input.is_needed || !input.from_city.empty() ? 0 : 1;
    one["maxOccurs"] = 1;
    one["x-titles"] = both(input.title);
    one["x-descriptions"] = both(input.help);
    if (!input.unit.empty()) one["x-unit"] = input.unit;
    if (!input.from_city.empty()) one["x-city"] = true;
    json["inputs"][input.name] = std::move(one);
  }
  json["outputs"] = Json::object();
  for (const Output& output : declaration.outputs) {
    Json one = {{"title", output.title.en}, {"schema", schema_of_output(output)}, {"x-titles", both(output.title)}};
    if (output.kind == Output::Kind::raster) one["x-raster"] = true;
    if (!output.unit.empty()) one["x-unit"] = output.unit;
    json["outputs"][output.name] = std::move(one);
  }
  const Card& card = declaration.card;
  json["x-card"] = {{"purpose", both(card.purpose)},
                    {"method", both(card.method)},
                    {"limits", both(card.limits)},
                    {"sources", card.sources},
                    {"version", declaration.version}};
  return json;
}

}  // namespace cityloom::model
