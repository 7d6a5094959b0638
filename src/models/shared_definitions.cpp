// What Smart Data Models refer to outside of their files, as far as it is known here: the meaning of these definitions,
// told in our own words.
#include <algorithm>
#include <array>

#include "models/schema.hpp"

namespace cityloom::models {
namespace {

constexpr std::string_view definitions = R"json({
"GSMA-Commons": {"type": "object", "properties": {
  "id": {"type": "string", "minLength": 1},
  "dateCreated": {"type": "string", "format": "date-time"},
  "dateModified": {"type": "string", "format": "date-time"},
  "source": {"type": "string"},
  "name": {"type": "string"},
  "alternateName": {"type": "string"},
  "description": {"type": "string"},
  "dataProvider": {"type": "string"},
  "owner": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string", "minLength": 1}}]},
  "seeAlso": {"anyOf": [{"type": "string", "format": "uri"},
                        {"type": "array", "minItems": 1, "items": {"type": "string", "format": "uri"}}]}}},
"Location-Commons": {"type": "object", "properties": {
  "location": {"$ref": "#/Geometry"},
  "address": {"type": "object", "properties": {
    "addressCountry": {"type": "string"}, "addressLocality": {"type": "string"}, "addressRegion": {"type": "string"},
    "district": {"type": "string"}, "postOfficeBoxNumber": {"type": "string"}, "postalCode": {"type": "string"},
    "streetAddress": {"type": "string"}, "streetNr": {"type": "string"}}},
  "areaServed": {"type": "string"}}},
"PhysicalObject-Commons": {"type": "object", "properties": {
  "color": {"type": "string"},
  "image": {"type": "string", "format": "uri"},
  "annotations": {"type": "array", "items": {"type": "string"}}}},
"DateTime-Commons": {"type": "object", "properties": {
  "openingHoursSpecification": {"type": "array", "items": {"type": "object"}}}},
"Contact-Commons": {"type": "object", "properties": {
  "contactPoint": {"type": "object"}}},
"Person-Commons": {"type": "object", "properties": {
  "givenName": {"type": "string"}, "familyName": {"type": "string"}, "additionalName": {"type": "string"},
  "email": {"type": "string", "format": "email"}, "telephone": {"type": "string"}}},
"EntityIdentifierType": {"type": "string", "minLength": 1},
"TimeIdentifier": {"type": "string", "format": "date-time"},
"Position": {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "number"}},
"Geometry": {"type": "object", "required": ["type", "coordinates"], "properties": {
  "type": {"enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]},
  "coordinates": {"type": "array"}}},
"Point": {"type": "object", "required": ["type", "coordinates"], "properties": {
  "type": {"const": "Point"}, "coordinates": {"$ref": "#/Position"}}},
"MultiPoint": {"type": "object", "required": ["type", "coordinates"], "properties": {
  "type": {"const": "MultiPoint"}, "coordinates": {"type": "array"}}},
"LineString": {"type": "object", "required": ["type", "coordinates"], "properties": {
  "type": {"const": "LineString"}, "coordinates": {"type": "array", "minItems": 2}}},
"MultiLineString": {"type": "object", "required": ["type", "coordinates"], "properties": {
  "type": {"const": "MultiLineString"}, "coordinates": {"type": "array"}}},
"Polygon": {"type": "object", "required": ["type", "coordinates"], "properties": {
  "type": {"const": "Polygon"}, "coordinates": {"type": "array", "minItems": 1}}},
"MultiPolygon": {"type": "object", "required": ["type", "coordinates"], "properties": {
  "type": {"const": "MultiPolygon"}, "coordinates": {"type": "array"}}}
})json";

// What an address holds that leads to them.
constexpr std::array<std::string_view, 5> places = {"smart-data-models", "fiware", "geojson.org/schema/",
                                                    "common-schema.json", "geometry-schema.json"};

constexpr std::array<std::string_view, 16> names = {"GSMA-Commons",
                                                    "Location-Commons",
                                                    "PhysicalObject-Commons",
                                                    "DateTime-Commons",
                                                    "Contact-Commons",
                                                    "Person-Commons",
                                                    "EntityIdentifierType",
                                                    "TimeIdentifier",
                                                    "Position",
                                                    "Geometry",
                                                    "Point",
                                                    "MultiPoint",
                                                    "LineString",
                                                    "MultiLineString",
                                                    "Polygon",
                                                    "MultiPolygon"};

}  // namespace

std::string_view shared_definitions() {
  return definitions;
}

// ".../common-schema.json#/definitions/GSMA-Commons", "https://geojson.org/schema/Point.json", and, as some write it,
// ".../geometry-schema.json#/definitions/Point".
std::string shared_pointer(std::string_view reference) {
  const bool is_theirs = std::any_of(places.begin(), places.end(), [&](std::string_view place) {
    return reference.find(place) != std::string_view::npos;
  });
  if (reference.starts_with('#') || !is_theirs) return {};
  std::string_view name = reference.substr(reference.rfind('/') + 1);
  if (name.ends_with(".json")) name.remove_suffix(5);
  if (name.ends_with(".json#")) name.remove_suffix(6);
  for (const std::string_view known : names) {
    if (known == name) return "/" + std::string(known);
  }
  return {};
}

}  // namespace cityloom::models
