#include "ngsi/older_version.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "ngsi/body_parts.hpp"
#include "ngsi/json.hpp"
#include "ngsi/kinds.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using Array = simdjson::dom::array;
using twin::AttributeKind;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool same_letters(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

// The first version that knows a member; those that are not here are as old as the standard.
struct Since {
  std::string_view member;
  Version version;
};
constexpr std::array<Since, 6> attribute_members = {{{"datasetId", {1, 3}},
                                                     {"observedAt", {1, 3}},
                                                     {"unitCode", {1, 3}},
                                                     {"objectType", {1, 8}},
                                                     {"valueType", {1, 9}},
                                                     {"expiresAt", {1, 9}}}};
constexpr std::array<Since, 2> entity_members = {{{"scope", {1, 4}}, {"expiresAt", {1, 9}}}};

// The first version with several types of an entity, and several instances of an attribute.
constexpr Version version_of_many{1, 3};

template <size_t Size>
bool is_too_new(const std::array<Since, Size>& members, std::string_view name, Version version) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Since& one) { return one.member == name; });
  return found != members.end() && version < found->version;
}

Version since(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::language_property:
      return {1, 4};
    case AttributeKind::vocab_property:
    case AttributeKind::json_property:
    case AttributeKind::list_property:
    case AttributeKind::list_relationship:
      return {1, 8};
    default:
      return {1, 0};
  }
}

class Amender {
 public:
  Amender(Version version, EntityForm form) : version_(version), form_(form) {}

  bool has_changed() const { return has_changed_; }

  void document(Element value) {
    Array list;
    Object object;
    if (value.get(list) == simdjson::SUCCESS) {
      write_list(list, [&](Element one) { document(one); });
    } else if (value.get(object) == simdjson::SUCCESS) {
      is_wrapping(object) ? wrapped(object) : entity(object);
    } else {
      to_ += compact_json(value);
    }
  }
  std::string take() { return std::move(to_); }

 private:
  // What holds entities in a member: GeoJSON, notifications.
  static bool is_wrapping(Object object) {
    std::string_view type;
    if (object["type"].get(type) != simdjson::SUCCESS) return false;
    const auto has = [&](const char* member) { return object[member].error() == simdjson::SUCCESS; };
    return (type == "Feature" && has("properties")) || (type == "FeatureCollection" && has("features")) ||
           (type == "Notification" && has("subscriptionId"));
  }

  template <class Write>
  void write_list(Array list, const Write& write) {
    to_ += '[';
    bool is_first = true;
    for (const Element one : list) {
      if (!is_first) to_ += ',';
      is_first = false;
      write(one);
    }
    to_ += ']';
  }

  // Writes the members for which `write` says so; it is given the place of the name, which it may change.
  template <class Write>
  void write_object(Object object, const Write& write) {
    to_ += '{';
    const size_t begin = to_.size();
    for (const auto [name, value] : object) {
      const size_t before = to_.size();
      if (before != begin) to_ += ',';
      if (write(name, value)) continue;
      to_.resize(before);
      has_changed_ = true;
    }
    to_ += '}';
  }
  std::string& name(std::string_view text) {
    append_quoted(text, to_);
    return to_ += ':';
  }

  void wrapped(Object object) {
    write_object(object, [&](std::string_view member, Element value) {
      name(member);
      Object properties;
      if (member == "features" || member == "data") {
        document(value);
      } else if (member == "properties" && value.get(properties) == simdjson::SUCCESS) {
        entity(properties);
      } else {
        to_ += compact_json(value);
      }
      return true;
    });
  }

  void entity(Object object) {
    write_object(object, [&](std::string_view member, Element value) {
      if (is_too_new(entity_members, member, version_)) return false;
      name(member);
      Array types;
      if (member == "type" && version_ < version_of_many && value.get(types) == simdjson::SUCCESS && types.size() > 0) {
        to_ += compact_json(types.at(0));
        has_changed_ = true;
      } else if (member == "id" || member == "type" || member == "scope" || member.starts_with('@') ||
                 form_ == EntityForm::simplified) {
        to_ += compact_json(value);
      } else {
        attribute(value);
      }
      return true;
    });
  }

  void attribute(Element value) {
    Array instances;
    Object object;
    if (value.get(instances) == simdjson::SUCCESS) {
      if (version_ < version_of_many && are_datasets(instances)) {
        has_changed_ = true;
        return attribute(default_of(instances));
      }
      return write_list(instances, [&](Element one) { attribute(one); });
    }
    if (value.get(object) == simdjson::SUCCESS) return instance(object, value);
    to_ += compact_json(value);
  }

  // Several instances at one time; those of the past have an id each.
  static bool are_datasets(Array instances) {
    if (instances.size() == 0) return false;
    return std::all_of(instances.begin(), instances.end(), [](const Element& one) {
      return one.is_object() && one["instanceId"].error() != simdjson::SUCCESS && kind_in(Object(one));
    });
  }
  static Element default_of(Array instances) {
    for (const Element one : instances) {
      if (one["datasetId"].error() != simdjson::SUCCESS) return one;
    }
    return instances.at(0);
  }

  static std::optional<AttributeKind> kind_in(Object object) {
    std::string_view type;
    if (object["type"].get(type) == simdjson::SUCCESS) return kind_of_type(type);
    for (const auto [member, value] : object) {
      if (const auto kind = kind_of_value_member(member)) return kind;
    }
    return {};
  }

  void instance(Object object, Element whole) {
    const auto kind = kind_in(object);
    if (!kind) {  // a value by itself
      to_ += compact_json(whole);
      return;
    }
    const KindNames& names = names_of(*kind);
    const bool is_newer = version_ < since(*kind);
    const KindNames& older =
        names_of(*kind == AttributeKind::list_relationship ? AttributeKind::relationship : AttributeKind::property);
    has_changed_ = has_changed_ || is_newer;
    write_object(object, [&](std::string_view member, Element value) {
      if (is_too_new(attribute_members, member, version_)) return false;
      if (is_newer && member == "type") {
        append_quoted(older.type, name(member));
      } else if (is_newer && member == names.value) {
        name(older.value);
        older_value(*kind, value);
      } else if (is_newer && (member == names.values || member == names.previous)) {
        name(member == names.values ? older.values : older.previous) += compact_json(value);
      } else if (member == names.value || member == "type") {
        name(member) += compact_json(value);
      } else {
        name(member);
        attribute(value);
      }
      return true;
    });
  }

  // A list of links is written with each in an object of its own; a link to several things has their ids alone.
  void older_value(AttributeKind kind, Element value) {
    Array links;
    if (kind != AttributeKind::list_relationship || value.get(links) != simdjson::SUCCESS) {
      to_ += compact_json(value);
      return;
    }
    write_list(links, [&](Element one) {
      Element id;
      to_ += compact_json(one.is_object() && one["object"].get(id) == simdjson::SUCCESS ? id : one);
    });
  }

  Version version_;
  EntityForm form_;
  std::string to_;
  bool has_changed_ = false;
};

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  const auto number = [&](int& to) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (failure != std::errc() || to < 0) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return true;
  };
  Version version;
  if (!number(version.major) || !text.starts_with('.')) return {};
  text.remove_prefix(1);
  if (!number(version.minor)) return {};
  int patch = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!number(patch)) return {};
  }
  return text.empty() ? std::optional(version) : std::nullopt;
}

std::optional<Version> preferred_version(std::string_view prefer) {
  while (!prefer.empty()) {
    const size_t comma = prefer.find(',');
    std::string_view one = prefer.substr(0, comma);
    prefer = comma == std::string_view::npos ? std::string_view() : prefer.substr(comma + 1);
    one = one.substr(0, one.find(';'));
    const size_t equals = one.find('=');
    if (equals == std::string_view::npos || !same_letters(trimmed(one.substr(0, equals)), "ngsi-ld")) continue;
    std::string_view value = trimmed(one.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (const auto version = parse_version(value)) return version;
  }
  return {};
}

std::optional<std::string> amended(std::string_view document, Version version, EntityForm form) {
  if (version >= own_version) return {};
  simdjson::dom::parser parser;
  Element root;
  if (parser.parse(document.data(), document.size()).get(root) != simdjson::SUCCESS) return {};
  Amender amender(version, form);
  amender.document(root);
  if (!amender.has_changed()) return {};
  return amender.take();
}

}  // namespace cityloom::ngsi
