// Members of subscriptions and registrations.
#include "ngsi/members.hpp"

#include <algorithm>

#include "ngsi/body_parts.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;

bool is_null_text(Element value) {
  std::string_view text;
  return value.is_null() || (value.get(text) == simdjson::SUCCESS && text == ngsi_ld_null);
}

}  // namespace

void MemberWriter::time(std::string_view member, base::Instant value) {
  if (!value.exists()) return;
  append_quoted(value.text(), name(member));
}

void MemberWriter::texts(std::string_view member, const std::vector<std::string>& values) {
  if (values.empty()) return;
  name(member);
  char separator = '[';
  for (const std::string& value : values) {
    to_ += separator;
    append_quoted(value, to_);
    separator = ',';
  }
  to_ += ']';
}

void MemberWriter::key_values(std::string_view member, const std::vector<KeyValue>& values) {
  if (values.empty()) return;
  name(member);
  char separator = '[';
  for (const KeyValue& value : values) {
    to_ += separator;
    MemberWriter one(to_);
    append_quoted(value.key, one.name("key"));
    append_quoted(value.value, one.name("value"));
    one.end();
    separator = ',';
  }
  to_ += ']';
}

base::Result<double> read_positive(Element value, const JsonPath& at) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS || !(number > 0) || number > 1e9)
    return bad("must be a number above 0", at);
  return number;
}

base::Result<bool> read_bool(Element value, const JsonPath& at) {
  bool boolean = false;
  if (value.get(boolean) != simdjson::SUCCESS) return bad("must be true or false", at);
  return boolean;
}

base::Result<bool> read_text(std::initializer_list<TextMember> members, std::string_view name, Element value,
                             const JsonPath& at) {
  for (const TextMember& member : members) {
    if (member.name != name) continue;
    const auto text = read_string(value, at);
    if (!text) return text.error();
    if (text->empty()) return bad("must not be empty", at);
    *member.to = *text;
    return true;
  }
  return false;
}

base::Status read_name_list(Element value, const JsonPath& at, bool members_too, std::vector<std::string>& to) {
  if (!value.is_array()) return bad("must be an array of names", at);
  const auto names = read_strings(value, at);
  if (!names) return names.error();
  for (const std::string_view name : *names) {
    const bool is_member = members_too && (name == "id" || name == "type" || name == "scope");
    if (!is_member && !is_name(name))
      return bad("not the name of an attribute: " + std::string(name.substr(0, 60)), at);
    to.emplace_back(name);
  }
  return {};
}

base::Status read_key_values(Element value, const JsonPath& at, std::vector<KeyValue>& to) {
  simdjson::dom::array items;
  if (value.get(items) != simdjson::SUCCESS) return bad("must be an array of {key, value}", at);
  int64_t index = 0;
  for (const Element item : items) {
    const JsonPath item_at{&at, {}, index++};
    std::string_view key;
    std::string_view text;
    if (!item.is_object() || item["key"].get(key) != simdjson::SUCCESS || key.empty() ||
        item["value"].get(text) != simdjson::SUCCESS) {
      return bad("must be an object with the texts key and value", item_at);
    }
    to.push_back({std::string(key), std::string(text)});
  }
  return {};
}

std::string merged_members(simdjson::dom::object present, simdjson::dom::object fragment,
                           std::initializer_list<std::string_view> deep) {
  std::string merged;
  MemberWriter members(merged);
  for (const auto [name, value] : present) {
    Element change;
    if (fragment[name].get(change) != simdjson::SUCCESS) {
      members.json(name, compact_json(value));
    } else if (std::find(deep.begin(), deep.end(), name) != deep.end() && change.is_object() && value.is_object()) {
      members.json(name, merged_members(value, change, deep));
    } else if (!is_null_text(change)) {
      members.json(name, compact_json(change));
    }
  }
  for (const auto [name, value] : fragment) {
    if (present[name].error() != simdjson::SUCCESS && !is_null_text(value) && name != "@context")
      members.json(name, compact_json(value));
  }
  members.end();
  return merged;
}

}  // namespace cityloom::ngsi
