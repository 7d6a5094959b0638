// Parts of entities: read, split by attributes, merged.
#include "ngsi/merging.hpp"

#include <algorithm>
#include <map>

#include "ngsi/body_parts.hpp"
#include "ngsi/json.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/values.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using base::Instant;
using twin::Attribute;

bool is_entity_member(std::string_view name) {
  constexpr std::string_view members[] = {"id",       "@id",       "type",       "@type",     "scope",
                                          "@context", "createdAt", "modifiedAt", "deletedAt", "expiresAt"};
  return std::find(std::begin(members), std::end(members), name) != std::end(members);
}

Instant time_in(Object object, std::string_view name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  const auto time = Instant::parse(text);
  return time.ok() ? *time : Instant();
}

// The times of one instance, which the reader of statements leaves out: nobody states them but a source.
void take_times(Element value, twin::Term name, const twin::TermTable& terms, twin::Entity& entity) {
  Object object;
  if (value.get(object) != simdjson::SUCCESS) return;
  std::string_view dataset;
  twin::Term set;
  if (object["datasetId"].get(dataset) == simdjson::SUCCESS && dataset != "@none") set = terms.find(dataset);
  Attribute* attribute = entity.find(name, set);
  if (attribute == nullptr) return;
  attribute->created_at = time_in(object, "createdAt");
  attribute->modified_at = time_in(object, "modifiedAt");
}

// The later of two instances: by observedAt, then by modifiedAt; the left one if nothing tells.
bool is_later(const Attribute& right, const Attribute& left) {
  if (left.observed_at.exists() || right.observed_at.exists()) {
    if (!right.observed_at.exists()) return false;
    if (!left.observed_at.exists() || left.observed_at < right.observed_at) return true;
    if (right.observed_at < left.observed_at) return false;
  }
  return right.modified_at.exists() && (!left.modified_at.exists() || left.modified_at < right.modified_at);
}

Instant expiry_of(const twin::Entity& part, twin::Term expires_at) {
  const Attribute* attribute = part.find(expires_at);
  const auto* text = attribute == nullptr ? nullptr : std::get_if<std::string>(&attribute->value);
  if (text == nullptr) return {};
  const auto time = Instant::parse(*text);
  return time.ok() ? *time : Instant();
}

bool is_over(Instant expires_at, Instant now) {
  return expires_at.exists() && expires_at <= now;
}

template <class Item>
void add_missing(const std::vector<Item>& from, std::vector<Item>& to) {
  for (const Item& item : from) {
    if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
  }
}

void add_head(const twin::Entity& part, twin::Entity& to) {
  if (to.id.empty()) to.id = part.id;
  add_missing(part.types, to.types);
  add_missing(part.scopes, to.scopes);
  if (part.created_at.exists() && (!to.created_at.exists() || part.created_at < to.created_at))
    to.created_at = part.created_at;
  if (part.modified_at.exists() && (!to.modified_at.exists() || to.modified_at < part.modified_at))
    to.modified_at = part.modified_at;
  to.offset = std::max(to.offset, part.offset);
  to.created_offset = std::max(to.created_offset, part.created_offset);
}

}  // namespace

base::Result<twin::Entity> read_source_entity(const Body& body, size_t item, const Context& context,
                                              twin::TermTable& terms, bool with_ends) {
  ChangeForm form;
  if (with_ends) form.kind = thread::Change::Kind::update;
  auto change = parse_change(body, item, form, context, terms);
  if (!change) return change.error();
  twin::Entity entity;
  entity.id = std::move(change->entity_id);
  entity.types = std::move(change->types);
  entity.scopes = std::move(change->scopes);
  entity.attributes = std::move(change->attributes);
  const Object object(body.parts().items[item]);
  entity.created_at = time_in(object, "createdAt");
  entity.modified_at = time_in(object, "modifiedAt");
  for (const auto [name, value] : object) {
    if (is_entity_member(name)) continue;
    const twin::Term term = terms.find(context.expand(name));
    simdjson::dom::array instances;
    if (value.get(instances) != simdjson::SUCCESS) {
      take_times(value, term, terms, entity);
      continue;
    }
    for (const Element instance : instances) take_times(instance, term, terms, entity);
  }
  return entity;
}

base::Result<bool> EntityMerger::merge(Instant now, twin::Entity& to) const {
  to = {};
  const auto all_expire = [&](const twin::Entity& part) { return expiry_of(part, expires_at_).exists(); };
  const bool expires = !empty() && std::all_of(parts_.begin(), parts_.end(), all_expire) &&
                       std::all_of(auxiliary_.begin(), auxiliary_.end(), all_expire);
  std::map<twin::InstanceKey, size_t> places;
  Instant latest_expiry;
  bool any = false;
  // One version after another; an entity that ends as a whole ends its attributes, where another version goes on.
  const auto add = [&](const twin::Entity& part, const auto& takes) {
    const Instant end = expiry_of(part, expires_at_);
    if (is_over(end, now)) return;
    any = true;
    add_head(part, to);
    if (!latest_expiry.exists() || latest_expiry < end) latest_expiry = end;
    for (const Attribute& given : part.attributes) {
      if (given.name == expires_at_ || !takes(given)) continue;
      Attribute one = given;
      if (!expires && end.exists() && (!one.expires_at.exists() || end < one.expires_at)) one.expires_at = end;
      if (is_over(one.expires_at, now)) continue;
      const auto [place, is_new] = places.try_emplace({one.name, one.dataset}, to.attributes.size());
      if (is_new) {
        to.attributes.push_back(std::move(one));
      } else if (is_later(one, to.attributes[place->second])) {
        to.attributes[place->second] = std::move(one);
      }
    }
  };
  for (const twin::Entity& part : parts_) add(part, [](const Attribute&) { return true; });
  std::vector<twin::Term> present;
  for (const Attribute& attribute : to.attributes) present.push_back(attribute.name);
  std::sort(present.begin(), present.end());
  for (const twin::Entity& part : auxiliary_) {
    add(part, [&](const Attribute& one) { return !std::binary_search(present.begin(), present.end(), one.name); });
  }
  if (expires && latest_expiry.exists()) {
    Attribute end;
    end.name = expires_at_;
    end.value = latest_expiry.text();
    to.attributes.push_back(std::move(end));
  }
  if (to.attributes.size() > twin::attributes_max)
    return base::fail(base::Code::too_large, "the entity has too many attributes in all its sources", to.id);
  return any;
}

namespace {

// Writes documents with their names as another context has them.
class Rewriter {
 public:
  Rewriter(const Context& context, const ItemPart& part) : context_(context), part_(part) {}

  void entity(Object object, std::string& to) const {
    members(
        object, to,
        [&](std::string_view name, Element value) {
          if (name == "type" || name == "@type") return types(name, value, to);
          if (is_entity_member(name)) return plain(name, value, to);
          attribute(name, value, to);
        },
        true);
  }
  void instances(Element value, std::string& to) const {
    simdjson::dom::array list;
    Object object;
    if (value.get(list) == simdjson::SUCCESS) {
      char separator = '[';
      for (const Element one : list) {
        to += separator;
        instances(one, to);
        separator = ',';
      }
      to += separator == '[' ? "[]" : "]";
    } else if (value.get(object) == simdjson::SUCCESS && part_.other != nullptr) {
      instance(object, false, to);
    } else {
      to += compact_json(value);
    }
  }

  void instance(Object object, bool is_top, std::string& to) const {
    members(
        object, to,
        [&](std::string_view name, Element inner) {
          // What the standard names is no attribute of an attribute.
          if (is_reserved_name(name) || name.starts_with('@')) return plain(name, inner, to);
          attribute(name, inner, to);
        },
        is_top);
  }

 private:
  template <class Write>
  void members(Object object, std::string& to, const Write& write, bool is_top) const {
    to += '{';
    const size_t begin = to.size();
    if (is_top && !part_.context_url.empty()) {
      to += "\"@context\":";
      append_quoted(part_.context_url, to);
    }
    for (const auto [name, value] : object) {
      if (name == "@context") continue;
      if (is_top && part_.takes && !is_entity_member(name) && !part_.takes(context_.expand(name))) continue;
      if (to.size() > begin) to += ',';
      write(name, value);
    }
    to += '}';
  }
  static void plain(std::string_view name, Element value, std::string& to) {
    append_quoted(name, to);
    to += ':';
    to += compact_json(value);
  }
  std::string written(std::string_view name) const {
    return part_.other == nullptr ? std::string(name) : part_.other->compact(context_.expand(name));
  }
  void attribute(std::string_view name, Element value, std::string& to) const {
    append_quoted(written(name), to);
    to += ':';
    instances(value, to);
  }
  void types(std::string_view member, Element value, std::string& to) const {
    const auto names = read_strings(value, JsonPath{nullptr, member});
    append_quoted(member, to);
    to += value.is_array() ? ":[" : ":";
    bool is_first = true;
    if (names) {
      for (const std::string_view name : *names) {
        if (!is_first) to += ',';
        is_first = false;
        append_quoted(written(name), to);
      }
    }
    if (value.is_array()) to += ']';
  }

  const Context& context_;
  const ItemPart& part_;
};

}  // namespace

std::string part_of_item(const Body& body, size_t item, const Context& context, const ItemPart& part) {
  ItemPart how = part;
  if (how.other == &context) how.other = nullptr;
  const Rewriter rewriter(context, how);
  std::string to;
  Object object;
  if (body.parts().items[item].get(object) != simdjson::SUCCESS) return "{}";
  if (part.is_attribute) {
    rewriter.instance(object, true, to);
  } else {
    rewriter.entity(object, to);
  }
  return to;
}

std::vector<std::string> attribute_names(const Body& body, size_t item, const Context& context) {
  std::vector<std::string> names;
  Object object;
  if (body.parts().items[item].get(object) != simdjson::SUCCESS) return names;
  for (const auto [name, value] : object) {
    if (!is_entity_member(name)) names.push_back(context.expand(name));
  }
  return names;
}

std::vector<std::string> type_names(const Body& body, size_t item, const Context& context) {
  std::vector<std::string> names;
  Object object;
  Element type;
  if (body.parts().items[item].get(object) != simdjson::SUCCESS) return names;
  if (object["type"].get(type) != simdjson::SUCCESS && object["@type"].get(type) != simdjson::SUCCESS) return names;
  const auto texts = read_strings(type, JsonPath{nullptr, "type"});
  if (!texts) return names;
  for (const std::string_view text : *texts) names.push_back(context.expand_type(text));
  return names;
}

}  // namespace cityloom::ngsi
