// Reading and merging of what sources tell of the past.
#include "ngsi/source_past.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "ngsi/attribute_reader.hpp"
#include "ngsi/body_parts.hpp"
#include "ngsi/json.hpp"
#include "ngsi/represent.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using Object = simdjson::dom::object;
using base::Instant;
using thread::AttributeHistory;
using thread::PastAttribute;

// No record comes to so many commits.
constexpr uint64_t first_foreign = uint64_t{1} << 63;

constexpr std::string_view foreign_prefix = "urn:ngsi-ld:instance:of:";

Instant time_in(Object object, std::string_view name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  const auto time = Instant::parse(text);
  return time.ok() ? *time : Instant();
}

// Calls `take` with each instance: an array of them, or one alone.
base::Status each_instance(Element value, const JsonPath& at,
                           const std::function<base::Status(Element, const JsonPath&)>& take) {
  simdjson::dom::array instances;
  if (value.get(instances) != simdjson::SUCCESS) return take(value, at);
  int64_t index = 0;
  for (const Element instance : instances) {
    if (base::Status status = take(instance, {&at, {}, index++}); !status) return status;
  }
  return {};
}

class PastReader {
 public:
  PastReader(const Context& context, twin::TermTable& terms, std::string_view registration_id,
             ForeignInstances& instances)
      : context_(context),
        registration_id_(registration_id),
        instances_(instances),
        form_{thread::Change::Kind::correct_past, {}, false, {}, {}, {}},
        reader_(form_, context, terms) {}

  base::Result<SourcePast> read(Object object) {
    for (const auto [name, value] : object) {
      if (base::Status status = member(name, value); !status) return status.error();
    }
    if (past_.id.empty()) return base::fail(base::Code::invalid, "the entity has no id", "id");
    if (past_.types.empty()) return base::fail(base::Code::invalid, "the entity has no type", "type");
    past_.created_at = time_in(object, "createdAt");
    past_.modified_at = time_in(object, "modifiedAt");
    return std::move(past_);
  }

 private:
  base::Status member(std::string_view name, Element value) {
    const JsonPath at{nullptr, name};
    if (name == "@context" || name == "createdAt" || name == "modifiedAt" || name == "deletedAt" || name == "expiresAt")
      return {};
    if (name == "id" || name == "@id") return id(value, at);
    if (name == "type" || name == "@type") return types(value, at);
    if (name == "scope") {
      return each_instance(value, at, [this](Element one, const JsonPath& place) { return scope(one, place); });
    }
    const auto term = reader_.name_term(name, at);
    if (!term) return term.error();
    return each_instance(value, at, [&](Element one, const JsonPath& place) { return instance(*term, one, place); });
  }

  base::Status id(Element value, const JsonPath& at) {
    const auto text = read_string(value, at);
    if (!text) return text.error();
    if (!is_uri(*text) || text->size() > twin::entity_id_bytes_max) return bad("an entity's id is a URI", at);
    past_.id = *text;
    return {};
  }

  base::Status types(Element value, const JsonPath& at) {
    const auto names = read_strings(value, at);
    if (!names) return names.error();
    for (const std::string_view name : *names) {
      const std::string iri = is_name(name) ? context_.expand_type(name) : std::string();
      if (iri.empty()) return bad("not the name of a type", at);
      const auto term = reader_.intern(iri, at);
      if (!term) return term.error();
      if (std::find(past_.types.begin(), past_.types.end(), *term) == past_.types.end()) past_.types.push_back(*term);
    }
    return {};
  }

  // Plain, as a Property, or as one with the time from which it held.
  base::Status scope(Element given, const JsonPath& at) {
    Element value = given;
    if (given.is_object() && given["value"].get(value) != simdjson::SUCCESS) return bad("a scope has a value", at);
    const auto texts = read_strings(value, at);
    if (!texts) return texts.error();
    const bool is_null = texts->size() == 1 && texts->front() == ngsi_ld_null;
    std::string json = "[";
    for (const std::string_view text : *texts) {
      if (!is_null && !is_scope(text)) return bad("not a scope", at);
      if (json.size() > 1) json += ',';
      append_quoted(text, json);
    }
    const Instant since = given.is_object() ? time_in(given, "observedAt") : Instant();
    if (!since.exists()) {
      if (!is_null) past_.scopes.assign(texts->begin(), texts->end());
      return {};
    }
    PastAttribute one;
    one.name = twin::terms::scope;
    one.observed_at = since;
    one.value = texts->size() == 1 ? twin::Value(std::string(texts->front())) : twin::Value(twin::Json{json + ']'});
    if (is_null) one.value = twin::Null{};
    take(std::move(one), given);
    return {};
  }

  base::Status instance(twin::Term name, Element value, const JsonPath& at) {
    if (!value.is_object()) return bad("an instance of the past is an object", at);
    auto attribute = reader_.read_fragment(name, value, at);
    if (!attribute) return attribute.error();
    PastAttribute one;
    static_cast<twin::Attribute&>(one) = std::move(*attribute);
    one.created_at = time_in(value, "createdAt");
    one.modified_at = time_in(value, "modifiedAt");
    if (twin::is_null(one.value) && value["deletedAt"].error() == simdjson::SUCCESS)
      one.modified_at = time_in(value, "deletedAt");
    take(std::move(one), value);
    return {};
  }

  void take(PastAttribute one, Object from) {
    std::string_view id;
    if (from["instanceId"].get(id) != simdjson::SUCCESS) id = {};
    // Without an id of its own it cannot be corrected: it is told under one that no source knows.
    one.key = instances_.add(foreign_instance_id(registration_id_, id.empty() ? "urn:ngsi-ld:instance:none" : id));
    const auto found =
        std::find_if(past_.attributes.rbegin(), past_.attributes.rend(),
                     [&](const AttributeHistory& all) { return all.name == one.name && all.dataset == one.dataset; });
    if (found != past_.attributes.rend()) return found->instances.push_back(std::move(one));
    AttributeHistory history{one.name, one.dataset, {}, false};
    history.instances.push_back(std::move(one));
    past_.attributes.push_back(std::move(history));
  }

  const Context& context_;
  std::string_view registration_id_;
  ForeignInstances& instances_;
  const ChangeForm form_;
  AttributeReader reader_;
  SourcePast past_;
};

bool is_later(const PastAttribute& right, const PastAttribute& left) {
  return right.modified_at.exists() && (!left.modified_at.exists() || left.modified_at < right.modified_at);
}

}  // namespace

thread::PastKey ForeignInstances::add(std::string id) {
  ids_.push_back(std::move(id));
  thread::PastKey key;
  key.offset = thread::Offset{first_foreign + ids_.size() - 1};
  return key;
}

std::string ForeignInstances::id_of(const PastAttribute& attribute) const {
  const uint64_t number = attribute.key.offset.number;
  return number < first_foreign || number - first_foreign >= ids_.size() ? instance_id(attribute)
                                                                         : ids_[number - first_foreign];
}

std::string foreign_instance_id(std::string_view registration_id, std::string_view instance_id) {
  std::string id(foreign_prefix);
  // The length says where the one ends: both may hold any character of a URI.
  id += std::to_string(registration_id.size());
  id += ':';
  id += registration_id;
  id += ':';
  id += instance_id;
  return id;
}

std::optional<ForeignInstanceName> parse_foreign_instance_id(std::string_view id) {
  if (!id.starts_with(foreign_prefix)) return {};
  id.remove_prefix(foreign_prefix.size());
  size_t size = 0;
  while (!id.empty() && id.front() >= '0' && id.front() <= '9' && size < id.size()) {
    size = size * 10 + static_cast<size_t>(id.front() - '0');
    id.remove_prefix(1);
  }
  if (!id.starts_with(':') || size + 2 >= id.size() || id[size + 1] != ':') return {};
  return ForeignInstanceName{std::string(id.substr(1, size)), std::string(id.substr(size + 2))};
}

base::Result<SourcePast> read_source_past(const Body& body, size_t item, const Context& context, twin::TermTable& terms,
                                          std::string_view registration_id, ForeignInstances& instances) {
  Object object;
  if (item >= body.items() || body.parts().items[item].get(object) != simdjson::SUCCESS)
    return base::fail(base::Code::invalid, "an entity is a JSON object", "body");
  return PastReader(context, terms, registration_id, instances).read(object);
}

Instant time_of(const twin::Attribute& attribute, thread::TimeProperty property) {
  switch (property) {
    case thread::TimeProperty::observed_at:
      return attribute.observed_at;
    case thread::TimeProperty::created_at:
      return attribute.created_at;
    case thread::TimeProperty::modified_at:
    case thread::TimeProperty::deleted_at:
      return attribute.modified_at;
  }
  return {};
}

void merge_histories(std::vector<AttributeHistory> from, thread::TimeProperty property, bool auxiliary,
                     std::vector<AttributeHistory>& to) {
  for (AttributeHistory& history : from) {
    const auto found = std::find_if(to.begin(), to.end(), [&](const AttributeHistory& one) {
      return one.name == history.name && one.dataset == history.dataset;
    });
    AttributeHistory& into =
        found != to.end() ? *found : to.emplace_back(AttributeHistory{history.name, history.dataset, {}, false});
    into.more = into.more || history.more;
    // A scope is told by the time from which it held.
    const auto by = history.name == twin::terms::scope ? thread::TimeProperty::observed_at : property;
    std::map<Instant, size_t> places;
    for (size_t i = 0; i < into.instances.size(); ++i) places.try_emplace(time_of(into.instances[i], by), i);
    for (PastAttribute& one : history.instances) {
      const Instant at = time_of(one, by);
      // Of what tells no time nobody can say that it is the same.
      if (!at.exists() && !(auxiliary && places.contains(at))) {
        into.instances.push_back(std::move(one));
        continue;
      }
      const auto [place, is_new] = places.try_emplace(at, into.instances.size());
      if (is_new) {
        into.instances.push_back(std::move(one));
      } else if (!auxiliary && is_later(one, into.instances[place->second])) {
        into.instances[place->second] = std::move(one);
      }
    }
  }
}

void order_histories(const thread::HistoryQuery& query, std::vector<AttributeHistory>& histories) {
  const thread::TimeProperty property = query.window.property;
  for (AttributeHistory& history : histories) {
    const bool is_scope = history.name == twin::terms::scope;
    std::stable_sort(history.instances.begin(), history.instances.end(),
                     [&](const PastAttribute& left, const PastAttribute& right) {
                       if (is_scope) return left.observed_at < right.observed_at;
                       const Instant one = time_of(left, property), other = time_of(right, property);
                       return query.last_n > 0 ? other < one : one < other;
                     });
    if (is_scope) continue;
    if (query.last_n > 0 && history.instances.size() > query.last_n) history.instances.resize(query.last_n);
    if (history.instances.size() <= query.limit) continue;
    history.instances.resize(query.limit);
    history.more = true;
  }
  std::erase_if(histories, [](const AttributeHistory& one) { return one.instances.empty(); });
}

}  // namespace cityloom::ngsi
