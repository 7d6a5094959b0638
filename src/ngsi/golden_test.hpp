// For tests: golden files, one exchange each, in sections that a reviewer can read; and records made from JSON.
#pragma once

#include <simdjson.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ngsi/json.hpp"
#include "ngsi/parse.hpp"
#include "twin/entity.hpp"

namespace cityloom::ngsi::testing {

/// A file of sections: a line "== name ==", then text up to the next.
struct Golden {
  struct Section {
    std::string name;
    std::string text;
  };
  std::string path;
  std::vector<Section> sections;

  const std::string& text(const std::string& name) const {
    for (const Section& section : sections) {
      if (section.name == name) return section.text;
    }
    static const std::string none;
    return none;
  }
};

inline Golden read_golden(const std::string& name) {
  Golden golden;
  golden.path = std::string(CITYLOOM_SOURCE_DIR) + "/src/ngsi/golden/" + name;
  std::ifstream file(golden.path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("== ") && line.ends_with(" ==")) {
      golden.sections.push_back({line.substr(3, line.size() - 6), ""});
    } else if (!golden.sections.empty()) {
      golden.sections.back().text += line + '\n';
    }
  }
  return golden;
}

/// CITYLOOM_WRITE_GOLDEN=1 writes what the code gives into the files, for a person to review.
inline bool writes_golden() {
  return std::getenv("CITYLOOM_WRITE_GOLDEN") != nullptr;
}

inline void write_golden(const Golden& golden) {
  std::ofstream file(golden.path);
  for (const Golden::Section& section : golden.sections) file << "== " << section.name << " ==\n" << section.text;
}

/// JSON with two spaces a level; small arrays and objects without inner ones stay on one line.
inline std::string pretty(simdjson::dom::element value, const std::string& indent = "") {
  const std::string compact = simdjson::minify(value);
  if (indent.size() + compact.size() <= 100 && compact.find_first_of("{[", 1) == std::string::npos) return compact;
  std::string text;
  const std::string inner = indent + "  ";
  if (value.is_object()) {
    for (const auto [name, member] : simdjson::dom::object(value)) {
      text += text.empty() ? "{\n" : ",\n";
      text += inner;
      append_quoted(name, text);
      text += ": " + pretty(member, inner);
    }
    return text.empty() ? "{}" : text + '\n' + indent + '}';
  }
  if (value.is_array()) {
    for (const auto item : simdjson::dom::array(value)) {
      text += text.empty() ? "[\n" : ",\n";
      text += inner + pretty(item, inner);
    }
    return text.empty() ? "[]" : text + '\n' + indent + ']';
  }
  return compact;
}

inline std::string pretty(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  if (parser.parse(json).get(value) != simdjson::SUCCESS) return "NOT JSON: " + json;
  return pretty(value) + '\n';
}

/// A record of a parsed entity, as if it had been created at 08:00 and changed at 08:05 on 2026-11-22.
inline twin::EntityRecord record_of(const thread::Change& change) {
  twin::Entity entity;
  entity.id = change.entity_id;
  entity.types = change.types;
  entity.scopes = change.scopes;
  entity.created_at = *base::Instant::parse("2026-11-22T08:00:00Z");
  entity.modified_at = *base::Instant::parse("2026-11-22T08:05:00Z");
  entity.attributes = change.attributes;
  for (twin::Attribute& attribute : entity.attributes) {
    attribute.created_at = entity.created_at;
    attribute.modified_at = entity.modified_at;
    attribute.offset = {7};
  }
  return twin::EntityRecord::pack(entity, {1});
}

inline base::Result<thread::Change> change_of(const std::string& json, const Context& context, twin::TermTable& terms,
                                              ChangeForm form = {}) {
  auto body = Body::read(json);
  if (!body) return body.error();
  return parse_change(*body, 0, form, context, terms);
}

}  // namespace cityloom::ngsi::testing
