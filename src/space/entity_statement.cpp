// Attributes, safe names and ids.
#include "space/entity_statement.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using twin::Attribute;
using twin::AttributeKind;

constexpr size_t name_bytes_max = 200;
constexpr size_t id_part_bytes_max = 500;

// What NGSI-LD, or every importer, means something by.
constexpr std::array<std::string_view, 18> reserved{
    "id",        "type",  "scope",  "location",  "source",   "createdAt",  "modifiedAt", "deletedAt", "observedAt",
    "expiresAt", "value", "object", "datasetId", "unitCode", "providedBy", "invented",   "body",      "appearance"};

bool is_letter_or_digit(unsigned char byte) {
  return byte >= 0x80 || std::isalnum(byte) != 0;
}

std::string json_quoted(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

std::string attribute_name_of(std::string_view property) {
  std::string name;
  for (const char letter : property.substr(0, name_bytes_max)) {
    const bool is_kept = is_letter_or_digit(static_cast<unsigned char>(letter)) || letter == '_';
    if (is_kept) {
      name += letter;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  while (!name.empty() && name.front() == '_') name.erase(0, 1);
  if (name.empty()) return name;
  if (property.size() > name_bytes_max) name = excerpt(name, name_bytes_max - 10);
  if (std::isdigit(static_cast<unsigned char>(name.front())) != 0) name.insert(0, 1, 'n');
  if (std::find(reserved.begin(), reserved.end(), name) != reserved.end()) name += '_';
  return name;
}

std::string id_part_of(std::string_view text) {
  std::string part;
  for (const char letter : text.substr(0, id_part_bytes_max)) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) != 0 || std::string_view("-._~:").find(letter) != std::string_view::npos) {
      part += letter;
    } else {
      std::array<char, 4> escape{};
      std::snprintf(escape.data(), escape.size(), "%%%02X", static_cast<unsigned>(byte));
      part += escape.data();
    }
  }
  if (text.size() > id_part_bytes_max) {
    std::array<char, 20> hash{};
    std::snprintf(hash.data(), hash.size(), "-%016llx",
                  static_cast<unsigned long long>(XXH3_64bits(text.data(), text.size())));
    part += hash.data();
  }
  return part;
}

std::string source_part_of(std::string_view file_name) {
  std::string name(file_name);
  for (size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0 && name.size() - dot <= 12;
       dot = name.rfind('.')) {
    name.resize(dot);
  }
  std::string part;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    if (is_letter_or_digit(byte)) {
      part += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
    } else if (!part.empty() && part.back() != '-') {
      part += '-';
    }
  }
  while (!part.empty() && part.back() == '-') part.pop_back();
  return part.empty() ? "file" : part;
}

EntityStatement::EntityStatement(ImportBatch& batch, std::string_view type, std::string_view id_part,
                                 std::string_view object)
    : batch_(batch), provided_by_(batch.source() + " " + std::string(object)) {
  change_.kind = thread::Change::Kind::create_or_append;
  change_.entity_id = "urn:ngsi-ld:" + std::string(type) + ":" + id_part_of(id_part);
  change_.types = {batch.term(type)};
  change_.only_differences = true;
}

Attribute* EntityStatement::add(twin::Term name, AttributeKind kind, twin::Value value, twin::Term unit,
                                twin::Term dataset) {
  if (change_.attributes.size() >= properties_max) return nullptr;
  for (const Attribute& stated : change_.attributes) {
    if (stated.name == name && stated.dataset == dataset) return nullptr;
  }
  Attribute& attribute = change_.attributes.emplace_back();
  attribute.name = name;
  attribute.dataset = dataset;
  attribute.kind = kind;
  attribute.value = std::move(value);
  attribute.unit = unit;
  Attribute& provided_by = attribute.members.emplace_back();
  provided_by.name = batch_.vocabulary().provided_by;
  provided_by.value = provided_by_;
  return &attribute;
}

void EntityStatement::text(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  add(batch_.term(name), AttributeKind::property, excerpt(value, property_text_bytes_max));
}

void EntityStatement::number(std::string_view name, double value, std::string_view unit) {
  if (!std::isfinite(value)) return;
  add(batch_.term(name), AttributeKind::property, twin::number_value(value),
      unit.empty() ? twin::Term{} : batch_.unit(unit));
}

void EntityStatement::flag(std::string_view name, bool value) {
  add(batch_.term(name), AttributeKind::property, value);
}

void EntityStatement::json(std::string_view name, std::string compact_json) {
  add(batch_.term(name), AttributeKind::json_property, twin::Json{std::move(compact_json)});
}

void EntityStatement::geometry(std::string_view name, twin::Geometry value) {
  add(batch_.term(name), AttributeKind::geo_property, std::move(value));
}

void EntityStatement::relationship(std::string_view name, std::string_view entity_id) {
  if (!entity_id.empty()) add(batch_.term(name), AttributeKind::relationship, std::string(entity_id));
}

void EntityStatement::name(std::string_view text, std::string_view language) {
  if (text.empty()) return;
  names_json_ += (names_json_.empty() ? "{" : ",") + json_quoted(language) + ":" + json_quoted(excerpt(text, 2'000));
}

void EntityStatement::member(std::string_view name, std::string_view value) {
  if (change_.attributes.empty() || value.empty()) return;
  Attribute member;
  member.name = batch_.term(name);
  member.value = std::string(value);
  auto& members = change_.attributes.back().members;
  members.insert(members.end() - 1, std::move(member));
}

bool EntityStatement::has(std::string_view name) const {
  if (name == "name") return !names_json_.empty();
  const twin::Term term = batch_.term(name);
  return std::any_of(change_.attributes.begin(), change_.attributes.end(),
                     [&](const Attribute& attribute) { return attribute.name == term; });
}

base::Status EntityStatement::finish() {
  if (!names_json_.empty()) {
    add(batch_.vocabulary().name, AttributeKind::language_property, twin::Json{names_json_ + "}"});
  }
  Attribute& source = change_.attributes.emplace_back();
  source.name = batch_.vocabulary().source;
  source.value = batch_.source();
  return batch_.add(std::move(change_));
}

}  // namespace cityloom::space
