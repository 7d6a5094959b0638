// Scenarios as JSON.
#include "serve/api/scenario_json.hpp"

#include <simdjson.h>

#include <algorithm>

#include "ngsi/body.hpp"
#include "ngsi/represent.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

size_t characters_in(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string_view name_of(EntityChange::Kind kind) {
  switch (kind) {
    case EntityChange::Kind::created:
      return "created";
    case EntityChange::Kind::changed:
      return "changed";
    case EntityChange::Kind::deleted:
      return "deleted";
  }
  return "changed";
}

// The name of an entity as it states it.
twin::Term name_in(const twin::EntityRecord& record, const twin::TermTable& terms) {
  twin::Term found;
  record.each_attribute({}, [&](const twin::Attribute& attribute) {
    if (short_name(terms.text(attribute.name)) == "name") found = attribute.name;
    return found == twin::Term{};
  });
  return found;
}

void write_side(JsonText& json, std::string_view side, const twin::EntityRecord& record, twin::Term name,
                const ngsi::Names& names) {
  std::string text;
  if (!record.exists() || !ngsi::append_attribute(record, name, {}, names, text)) return;
  json.key(side).raw(text);
}

}  // namespace

void write_scenario(JsonText& json, const thread::Thread& thread, const Scenario& scenario, bool in_full) {
  json.open_object().member("id", scenario.id).member("name", scenario.name);
  json.member("description", scenario.description).member("status", name_of(scenario.status()));
  json.member("branch", scenario.id).member("forkOffset", scenario.forked_at.number);
  if (const auto time = thread.recorded_at(scenario.forked_at); time.ok()) json.member("forkedAt", *time);
  json.member("head", scenario.head.number).member("createdAt", scenario.created_at);
  json.member("modifiedAt", scenario.modified_at).member("author", scenario.steps.front().by);
  json.member("commentCount", scenario.comments.size());
  if (in_full) {
    json.key("steps").open_array();
    for (const ScenarioStep& step : scenario.steps) {
      json.open_object().member("status", name_of(step.status)).member("at", step.at).member("author", step.by);
      json.member("note", step.note).member("head", step.of_branch.number).close_object();
    }
    json.close_array().key("comments").open_array();
    for (const ScenarioComment& comment : scenario.comments) {
      json.open_object().member("text", comment.text).member("author", comment.author);
      json.member("at", comment.at).close_object();
    }
    json.close_array();
  }
  json.close_object();
}

void write_change(JsonText& json, const EntityChange& change, const ngsi::Names& names) {
  const twin::EntityRecord& shown = change.after.exists() ? change.after : change.before;
  json.open_object().member("id", change.id).member("kind", name_of(change.kind()));
  json.key("types").open_array();
  for (const twin::Term type : shown.types()) json.raw(names.quoted(type));
  json.close_array();
  shown.each_attribute(twin::terms::location, [&](const twin::Attribute& attribute) {
    const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
    if (geometry != nullptr) json.member("location", *geometry);
    return geometry == nullptr;
  });
  if (const twin::Term name = name_in(shown, names.terms()); name != twin::Term{})
    write_side(json, "name", shown, name, names);
  json.member("offset", change.touched_at.number).key("attributes").open_array();
  for (const twin::Term name : change.attributes) {
    json.open_object().key("name").raw(names.quoted(name));
    write_side(json, "before", change.before, name, names);
    write_side(json, "after", change.after, name, names);
    json.close_object();
  }
  json.close_array().close_object();
}

Result<std::map<std::string, std::string, std::less<>>> read_texts(std::string_view body,
                                                                   const std::vector<TextMember>& members) {
  if (const auto read = ngsi::Body::read(body); !read.ok())
    return fail(Code::invalid, read.error().what, read.error().where, read.error().remedy);
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS)
    return fail(Code::invalid, "the body is not a JSON object", "", R"(send {"name": "value"})");
  std::map<std::string, std::string, std::less<>> texts;
  for (const auto [key, value] : object) {
    const auto member = std::find_if(members.begin(), members.end(),
                                     [name = key](const TextMember& each) { return each.name == name; });
    if (member == members.end()) return fail(Code::invalid, "not expected here", std::string(key).substr(0, 100));
    std::string_view text;
    uint64_t number = 0;
    if (value.get(text) == simdjson::SUCCESS) {
      texts[std::string(key)] = text;
    } else if (member->is_moment && value.get(number) == simdjson::SUCCESS) {
      texts[std::string(key)] = std::to_string(number);
    } else {
      return fail(Code::invalid, member->is_moment ? "neither an offset nor a date-time" : "not a text",
                  std::string(key));
    }
    if (characters_in(text) > member->characters_max) {
      return fail(Code::invalid, "too long", std::string(key),
                  "write up to " + std::to_string(member->characters_max) + " characters");
    }
  }
  for (const TextMember& member : members) {
    const auto found = texts.find(member.name);
    const bool is_blank = found == texts.end() || found->second.find_first_not_of(" \t\r\n") == std::string::npos;
    if (member.required && is_blank) return fail(Code::invalid, "needed, and not empty", std::string(member.name));
  }
  return texts;
}

const std::vector<std::pair<std::string, std::string>>& scenario_schemas() {
  static const std::string status =
      R"({"type":"string","enum":["draft","proposed","approved","rejected","merged","archived"]})";
  static const std::vector<std::pair<std::string, std::string>> all = {
      {"ScenarioStatus", status},
      {"Scenario", R"({"type":"object","required":["id","name","description","status","branch","forkOffset","head"],
        "properties":{"id":{"type":"string"},"name":{"type":"string"},"description":{"type":"string"},
        "status":{"$ref":"#/components/schemas/ScenarioStatus"},"branch":{"type":"string"},
        "forkOffset":{"type":"integer"},"forkedAt":{"type":"string","format":"date-time"},"head":{"type":"integer"},
        "createdAt":{"type":"string","format":"date-time"},"modifiedAt":{"type":"string","format":"date-time"},
        "author":{"type":"string"},"commentCount":{"type":"integer"},
        "steps":{"type":"array","items":{"type":"object","required":["status","at","author"],"properties":{
          "status":{"$ref":"#/components/schemas/ScenarioStatus"},"at":{"type":"string","format":"date-time"},
          "author":{"type":"string"},"note":{"type":"string"},"head":{"type":"integer"}}}},
        "comments":{"type":"array","items":{"type":"object","required":["text","author","at"],"properties":{
          "text":{"type":"string"},"author":{"type":"string"},"at":{"type":"string","format":"date-time"}}}}}})"},
      {"ScenarioChange", R"({"type":"object","required":["id","kind","types","offset","attributes"],"properties":{
        "id":{"type":"string"},"kind":{"type":"string","enum":["created","changed","deleted"]},
        "types":{"type":"array","items":{"type":"string"}},"name":{"type":["object","array"]},
        "location":{"type":"object"},"offset":{"type":"integer"},
        "attributes":{"type":"array","items":{"type":"object","required":["name"],"properties":{
          "name":{"type":"string"},"before":{"type":["object","array"]},"after":{"type":["object","array"]}}}}}})"},
      {"MergeConflicts", R"({"type":"object","required":["type","title","status","detail"],"properties":{
        "type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"},
        "where":{"type":"string"},
        "conflicts":{"type":"array","items":{"type":"object","required":["entityId","reason"],"properties":{
          "entityId":{"type":"string"},"attribute":{"type":"string"},"reason":{"type":"string"}}}}}})"}};
  return all;
}

}  // namespace cityloom::serve
