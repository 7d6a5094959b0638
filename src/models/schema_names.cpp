#include "models/schema_names.hpp"

#include <algorithm>
#include <array>

namespace cityloom::models {

using base::Code;
using base::fail;
using base::Result;
using base::Status;
using simdjson::dom::element;

namespace {

base::Error wrong(std::string what, const std::string& pointer, std::string_view keyword) {
  return fail(Code::invalid, std::move(what),
              std::string(beginning(pointer, 200)) + '/' + std::string(beginning(keyword, 100)));
}

// Each is kept with each name: long ones times many would be much memory for a small text.
constexpr size_t id_bytes_max = 2'048;
constexpr size_t pointer_bytes_max = 8'192;

base::Error too_long(const std::string& pointer) {
  return fail(Code::too_large, "a name of a schema has at most 2,048 bytes, and its place 8,192",
              std::string(beginning(pointer, 200)), "use shorter names");
}

bool is_plain_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) && std::ranges::all_of(name, [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

int hex_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A fragment with its %xx read.
std::string decoded(std::string_view text) {
  std::string to;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_coded = text[i] == '%' && i + 2 < text.size() && hex_of(text[i + 1]) >= 0 && hex_of(text[i + 2]) >= 0;
    to += is_coded ? static_cast<char>(hex_of(text[i + 1]) << 4 | hex_of(text[i + 2])) : text[i];
    if (is_coded) i += 2;
  }
  return to;
}

// The parts of a URI reference, without its fragment; those before the path with their signs: "https:", "//host".
struct UriParts {
  std::string_view scheme, authority, path, query;
};

UriParts parts_of(std::string_view uri) {
  UriParts parts;
  const size_t colon = uri.find(':');
  if (colon != std::string_view::npos && colon > 0 && uri.find_first_of("/?") > colon) {
    parts.scheme = uri.substr(0, colon + 1);
    uri.remove_prefix(colon + 1);
  }
  if (uri.starts_with("//")) {
    parts.authority = uri.substr(0, std::min(uri.find_first_of("/?", 2), uri.size()));
    uri.remove_prefix(parts.authority.size());
  }
  parts.path = uri.substr(0, uri.find('?'));
  parts.query = uri.substr(parts.path.size());
  return parts;
}

// RFC 3986, section 5.2.4.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool is_absolute = path.starts_with('/');
  if (is_absolute) path.remove_prefix(1);
  for (bool is_last = false; !is_last;) {
    const size_t end = path.find('/');
    is_last = end == std::string_view::npos;
    const std::string_view part = path.substr(0, end);
    if (part == ".." && !kept.empty()) kept.pop_back();
    if (part != ".." && part != ".") kept.push_back(part);
    // "a/.." is "a's folder", which ends in '/'.
    if (is_last && (part == ".." || part == ".")) kept.emplace_back();
    if (!is_last) path.remove_prefix(end + 1);
  }
  std::string to = is_absolute ? "/" : "";
  for (size_t i = 0; i < kept.size(); ++i) to.append(i > 0 ? "/" : "").append(kept[i]);
  return to;
}

// RFC 3986, section 5.2.2; neither has a fragment.
std::string resolved(std::string_view base, std::string_view reference) {
  const UriParts to = parts_of(reference), from = parts_of(base);
  if (!to.scheme.empty()) return std::string(reference);
  std::string uri(from.scheme);
  if (!to.authority.empty()) return uri.append(reference);
  uri.append(from.authority);
  if (to.path.empty()) return uri.append(from.path).append(to.query.empty() ? from.query : to.query);
  std::string path(to.path);
  if (!to.path.starts_with('/')) {
    const size_t folder = from.path.rfind('/');
    if (folder != std::string_view::npos) path = std::string(from.path.substr(0, folder + 1)) + path;
    if (folder == std::string_view::npos && !from.authority.empty()) path = '/' + path;
  }
  return uri.append(without_dots(path)).append(to.query);
}

// The keywords under which schemas lie: one, an array of them, or an object of them by name.
constexpr std::array<std::string_view, 12> ones = {
    "additionalItems",  "additionalProperties",  "contains",     "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties", "contentSchema"};
constexpr std::array<std::string_view, 5> lists = {"allOf", "anyOf", "oneOf", "prefixItems", "items"};
constexpr std::array<std::string_view, 6> maps = {"$defs",        "definitions",       "dependentSchemas",
                                                  "dependencies", "patternProperties", "properties"};

template <class Names>
bool has(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

void append_to_pointer(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char letter : name) {
    if (letter == '~') {
      pointer += "~0";
    } else if (letter == '/') {
      pointer += "~1";
    } else {
      pointer += letter;
    }
  }
}

Result<SchemaNames> SchemaNames::of(element document, const SchemaLimits& limits) {
  SchemaNames names;
  names.limits_ = limits;
  names.resources_.emplace_back();
  names.by_pointer_.emplace("", 0);
  std::string pointer;
  if (const Status surveyed = names.survey(document, pointer, 0, 0); !surveyed) return surveyed.error();
  return names;
}

Status SchemaNames::survey(element json, std::string& pointer, size_t depth, uint32_t resource) {
  if (!json.is_object()) return {};
  // Definitions lie deeper than what refers to them.
  if (depth > 2 * limits_.depth_max)
    return fail(Code::too_complex, "schemas lie too deep in one another", std::string(beginning(pointer, 200)));
  if (const Status taken = take_id(json, pointer, resource); !taken) return taken;
  if (const Status taken = take_anchors(json, pointer, resource); !taken) return taken;
  simdjson::dom::object members;
  if (json.get(members) != simdjson::SUCCESS) return {};
  const size_t size = pointer.size();
  for (const auto& [keyword, value] : members) {
    append_to_pointer(pointer, keyword);
    if (const Status done = survey_parts(keyword, value, pointer, depth + 1, resource); !done) return done;
    pointer.resize(size);
  }
  return {};
}

Status SchemaNames::survey_below(element json, std::string_view name, std::string& pointer, size_t depth,
                                 uint32_t resource) {
  const size_t size = pointer.size();
  append_to_pointer(pointer, name);
  Status done = survey(json, pointer, depth + 1, resource);
  pointer.resize(size);
  return done;
}

Status SchemaNames::survey_parts(std::string_view keyword, element value, std::string& pointer, size_t depth,
                                 uint32_t resource) {
  simdjson::dom::array items;
  simdjson::dom::object members;
  if (has(lists, keyword) && value.get(items) == simdjson::SUCCESS) {
    size_t number = 0;
    for (const element item : items) {
      if (const Status done = survey_below(item, std::to_string(number++), pointer, depth, resource); !done)
        return done;
    }
    return {};
  }
  if (has(ones, keyword)) return survey(value, pointer, depth, resource);
  if (!has(maps, keyword) || value.get(members) != simdjson::SUCCESS) return {};
  for (const auto& [name, member] : members) {
    if (const Status done = survey_below(member, name, pointer, depth, resource); !done) return done;
  }
  return {};
}

// Tools write `$id`s such as "#/properties/a" that name nothing.
Status SchemaNames::take_id(element json, const std::string& pointer, uint32_t& resource) {
  std::string_view id;
  if (json["$id"].get(id) != simdjson::SUCCESS) return {};
  if (id.starts_with('#')) {
    return is_plain_name(id.substr(1)) ? add_anchor(resource, id.substr(1), pointer, false) : Status();
  }
  std::string uri = resolved(resources_[resource].id, id.substr(0, id.find('#')));
  if (uri.empty()) return {};
  if (uri.size() > id_bytes_max || pointer.size() > pointer_bytes_max) return too_long(pointer);
  if (resources_.size() + anchors_.size() >= limits_.names_max) {
    return fail(Code::too_large, "schemas may have " + std::to_string(limits_.names_max) + " names",
                std::string(beginning(pointer, 200)));
  }
  if (pointer.empty()) {
    resources_.front().id = uri;
    by_id_.emplace(std::move(uri), 0);
    return {};
  }
  resource = static_cast<uint32_t>(resources_.size());
  if (!by_id_.emplace(uri, resource).second)
    return wrong("two schemas are called " + std::string(beginning(uri, 200)), pointer, "$id");
  by_pointer_.insert_or_assign(pointer, resource);
  resources_.push_back({std::move(uri), pointer});
  return {};
}

Status SchemaNames::take_anchors(element json, const std::string& pointer, uint32_t resource) {
  for (const std::string_view keyword : {"$anchor", "$dynamicAnchor"}) {
    element value;
    if (json[keyword].get(value) != simdjson::SUCCESS) continue;
    std::string_view name;
    if (value.get(name) != simdjson::SUCCESS || !is_plain_name(name)) {
      return wrong("must be a letter or '_', then letters, digits, '-', '_' or '.'", pointer, keyword);
    }
    if (const Status added = add_anchor(resource, name, pointer, keyword == "$dynamicAnchor"); !added) return added;
  }
  element value;
  if (json["$recursiveAnchor"].get(value) != simdjson::SUCCESS) return {};
  bool is_recursive = false;
  if (value.get(is_recursive) != simdjson::SUCCESS) return wrong("must be true or false", pointer, "$recursiveAnchor");
  // Elsewhere it means nothing.
  const bool is_root = resources_[resource].pointer == pointer;
  return is_recursive && is_root ? add_anchor(resource, {}, pointer, true) : Status();
}

Status SchemaNames::add_anchor(uint32_t resource, std::string_view name, const std::string& pointer, bool is_dynamic) {
  if (resources_.size() + anchors_.size() >= limits_.names_max ||
      (is_dynamic && dynamic_ >= limits_.dynamic_names_max)) {
    return fail(Code::too_large,
                "schemas may have " + std::to_string(limits_.names_max) + " names, " +
                    std::to_string(limits_.dynamic_names_max) + " of them dynamic",
                std::string(beginning(pointer, 200)));
  }
  if (name.size() > id_bytes_max || pointer.size() > pointer_bytes_max) return too_long(pointer);
  const auto number = static_cast<uint32_t>(anchors_.size());
  if (!by_name_.emplace(std::pair(resource, std::string(name)), number).second)
    return wrong("two schemas have the name " + std::string(beginning(name, 100)), pointer,
                 is_dynamic ? "$dynamicAnchor" : "$anchor");
  anchors_.push_back({resource, std::string(name), pointer, is_dynamic});
  dynamic_ += is_dynamic ? 1 : 0;
  return {};
}

uint32_t SchemaNames::resource_of(std::string_view pointer) const {
  while (true) {
    if (const auto found = by_pointer_.find(pointer); found != by_pointer_.end()) return found->second;
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
}

const SchemaNames::Anchor* SchemaNames::anchor(uint32_t resource, std::string_view name) const {
  const auto found = by_name_.find({resource, std::string(name)});
  return found == by_name_.end() ? nullptr : &anchors_[found->second];
}

std::optional<std::string> SchemaNames::find(Reference kind, std::string_view text, std::string_view from,
                                             Scope scope) const {
  uint32_t resource = resource_of(from);
  const size_t hash = std::min(text.find('#'), text.size());
  if (hash > 0) {
    const auto found = by_id_.find(resolved(resources_[resource].id, text.substr(0, hash)));
    if (found == by_id_.end()) return {};
    resource = found->second;
  }
  const std::string fragment = hash < text.size() ? decoded(text.substr(hash + 1)) : std::string();
  const bool is_recursive = kind == Reference::recursive;
  if (!is_recursive && (fragment.empty() || fragment.starts_with('/'))) return resources_[resource].pointer + fragment;
  const Anchor* const first = anchor(resource, is_recursive ? std::string_view() : fragment);
  if (first == nullptr) return is_recursive ? std::optional(resources_[resource].pointer) : std::nullopt;
  if (kind == Reference::plain || !first->is_dynamic) return first->pointer;
  for (const uint32_t number : scopes_[scope]) {
    if (anchors_[number].name == first->name) return anchors_[number].pointer;
  }
  return first->pointer;
}

SchemaNames::Scope SchemaNames::enter(Scope scope, std::string_view pointer) {
  if (dynamic_ == 0) return scope;
  const uint32_t resource = resource_of(pointer);
  Dynamic dynamic = scopes_[scope];
  for (uint32_t number = 0; number < anchors_.size(); ++number) {
    const Anchor& one = anchors_[number];
    if (!one.is_dynamic || one.resource != resource) continue;
    const bool is_bound =
        std::ranges::any_of(dynamic, [&](uint32_t other) { return anchors_[other].name == one.name; });
    if (!is_bound) dynamic.push_back(number);
  }
  if (dynamic.size() == scopes_[scope].size()) return scope;
  std::ranges::sort(dynamic);
  const auto [known, is_new] = known_scopes_.emplace(dynamic, static_cast<Scope>(scopes_.size()));
  if (is_new) scopes_.push_back(std::move(dynamic));
  return known->second;
}

}  // namespace cityloom::models
