// What may be asked of one source, and what may be taken from it (clause 4.3.6.1: what it registered, and nothing
// else).
#include <algorithm>

#include "ngsi/registration.hpp"

namespace cityloom::ngsi {
namespace {

template <class Item>
void add(const Item& item, std::vector<Item>& to) {
  if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
}

bool is_of_types(const std::vector<std::string>& types, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  });
}

bool names_entity(const RegistrationInfo& info, std::string_view id, const std::vector<std::string>& types) {
  return info.entities.empty() ||
         std::any_of(info.entities.begin(), info.entities.end(), [&](const EntityInfo& entity) {
           if (!entity.id.empty() && entity.id != id) return false;
           if (entity.id.empty() && entity.pattern && !twin::found_in(entity.pattern, id)) return false;
           return types.empty() || is_of_types(types, entity.types) || is_of_types(entity.types, types);
         });
}

void write_names(twin::Condition& condition, const twin::TermTable& terms, const Context& other) {
  for (twin::Condition& child : condition.children) write_names(child, terms, other);
  if (condition.kind == twin::Condition::Kind::all || condition.kind == twin::Condition::Kind::any) return;
  condition.types_text.clear();
  for (const auto& all_of : condition.types.any_of) {
    if (!condition.types_text.empty()) condition.types_text += ',';
    condition.types_text += other.compact(std::string(terms.text(all_of.front())));
  }
  // The path as it was written: names, then members of a JSON value in brackets, and what of them is asked about.
  std::string& text = condition.comparison.path.text;
  const twin::Term name = condition.comparison.path.name;
  const std::string iri(terms.text(name));
  const size_t end = std::min(text.find_first_of(".["), text.size());
  if (iri.empty() || iri.front() == '@') return;
  text = other.compact(iri) + text.substr(end);
}

// Of what a relationship leads to, that the relationship is there is left.
void leave_out_links(twin::Condition& condition) {
  if (condition.kind == twin::Condition::Kind::linked) {
    condition.kind = twin::Condition::Kind::comparison;
    condition.children.clear();
  }
  for (twin::Condition& child : condition.children) leave_out_links(child);
}

}  // namespace

std::optional<SourceQuery> narrowed(const SourceQuery& query, const Registration& registration) {
  SourceQuery made;
  made.id_pattern = query.id_pattern;
  made.window = query.window;
  made.of_the_past = query.of_the_past;
  made.dataset_ids = query.dataset_ids;
  SourceQuery entities_only = query;
  entities_only.attributes.clear();
  bool any_id = false, any_type = false, any_attribute = false, any = false;
  std::vector<std::string> ids, attributes;
  for (const RegistrationInfo& info : registration.information) {
    if (!matches(entities_only, info)) continue;
    any = true;
    any_attribute = any_attribute || !info.has_attributes();
    for (const auto* names : {&info.properties, &info.relationships}) {
      for (const std::string& name : *names) add(name, attributes);
    }
    any_id = any_id || info.entities.empty();
    any_type = any_type || info.entities.empty();
    for (const EntityInfo& entity : info.entities) {
      if (!matches(entities_only, entity)) continue;
      if (entity.id.empty()) any_id = true;
      if (!entity.id.empty()) add(entity.id, ids);
      if (query.types.empty()) add(entity.types, made.types);
      for (const auto& all_of : query.types) {
        if (is_of_types(entity.types, all_of)) add(all_of, made.types);
      }
    }
  }
  if (!any) return std::nullopt;
  if (any_type) made.types = query.types;
  made.ids = any_id ? query.ids : ids;
  if (any_attribute) {
    made.attributes = query.attributes;
  } else if (query.attributes.empty()) {
    made.attributes = attributes;
  } else {
    for (const std::string& name : query.attributes) {
      if (std::find(attributes.begin(), attributes.end(), name) != attributes.end()) made.attributes.push_back(name);
    }
    if (made.attributes.empty()) return std::nullopt;
  }
  return made;
}

bool registers(const Registration& registration, std::string_view id, const std::vector<std::string>& types) {
  return std::any_of(registration.information.begin(), registration.information.end(),
                     [&](const RegistrationInfo& info) { return names_entity(info, id, types); });
}

bool registers(const Registration& registration, std::string_view id, const std::vector<std::string>& types,
               std::string_view attribute) {
  return std::any_of(
      registration.information.begin(), registration.information.end(),
      [&](const RegistrationInfo& info) { return names_entity(info, id, types) && info.covers(attribute); });
}

base::Result<std::string> condition_in_context(std::string_view q, const Context& own, const Context& other) {
  twin::TermTable terms;
  auto condition = parse_condition(q, own, TermOf::interning(terms));
  if (!condition) return condition.error();
  write_names(*condition, terms, other);
  return text_of(*condition);
}

base::Result<std::optional<std::string>> condition_without_links(std::string_view q, const Context& context,
                                                                 bool& has_links) {
  twin::TermTable terms;
  auto condition = parse_condition(q, context, TermOf::interning(terms));
  if (!condition) return condition.error();
  has_links = twin::links_of(*condition) > 0;
  if (!has_links) return std::optional<std::string>();
  leave_out_links(*condition);
  return std::optional(text_of(*condition));
}

}  // namespace cityloom::ngsi
