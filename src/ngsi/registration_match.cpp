// What a request asks for against what sources have registered (clauses 5.10.2.4, 5.12).
#include <simdjson.h>

#include <algorithm>

#include "ngsi/context.hpp"
#include "ngsi/parse.hpp"
#include "ngsi/registration.hpp"

namespace cityloom::ngsi {
namespace {

void add_attributes(const twin::Condition& condition, const twin::TermTable& terms, std::vector<std::string>& to) {
  // Of linked entities the relationship alone is the entity's.
  if (condition.kind == twin::Condition::Kind::all || condition.kind == twin::Condition::Kind::any) {
    for (const twin::Condition& child : condition.children) add_attributes(child, terms, to);
    return;
  }
  const twin::Term name = condition.comparison.path.name;
  if (name.number <= twin::terms::reserved_count && name != twin::terms::location) return;
  to.emplace_back(terms.text(name));
}

bool has_common(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  return std::any_of(left.begin(), left.end(),
                     [&](const std::string& one) { return std::find(right.begin(), right.end(), one) != right.end(); });
}

bool types_match(const std::vector<std::vector<std::string>>& any_of, const std::vector<std::string>& types) {
  return any_of.empty() || std::any_of(any_of.begin(), any_of.end(), [&](const std::vector<std::string>& all_of) {
           return std::all_of(all_of.begin(), all_of.end(), [&](const std::string& type) {
             return std::find(types.begin(), types.end(), type) != types.end();
           });
         });
}

// The window of a temporal query against an interval: they overlap, or touch.
bool times_match(const SourceQuery& query, const Registration& registration) {
  const std::optional<thread::TimeWindow>& window = query.window;
  if (query.of_the_past && (!registration.is_of_the_past() || !window)) return true;
  if (!window) return !registration.is_of_the_past();
  const bool observed = window->property == thread::TimeProperty::observed_at;
  const auto& interval = observed ? registration.observation_interval : registration.management_interval;
  if (!interval) return false;
  if (window->from.exists() && interval->end.exists() && interval->end < window->from) return false;
  return !window->to.exists() || interval->start <= window->to;
}

// The place of the source's entities, of their observations, or of what they act on.
const std::string& place_of(const Registration& registration, std::string_view property) {
  if (property == "https://uri.etsi.org/ngsi-ld/observationSpace") return registration.observation_space;
  if (property == "https://uri.etsi.org/ngsi-ld/operationSpace") return registration.operation_space;
  return registration.location;
}

twin::Attribute property_of(twin::Term name, const std::string& json) {
  twin::Attribute attribute;
  attribute.name = name;
  simdjson::dom::parser parser;
  simdjson::dom::element value;
  std::string_view text;
  double number = 0;
  bool boolean = false;
  attribute.value = twin::Json{json};
  if (parser.parse(simdjson::padded_string(json)).get(value) != simdjson::SUCCESS) return attribute;
  // A property may be given as such, or as its value alone.
  simdjson::dom::element inner;
  if (value.is_object() && value["value"].get(inner) == simdjson::SUCCESS) value = inner;
  if (value.get(text) == simdjson::SUCCESS) {
    attribute.value = std::string(text);
  } else if (value.get(number) == simdjson::SUCCESS) {
    attribute.value = number;
  } else if (value.get(boolean) == simdjson::SUCCESS) {
    attribute.value = boolean;
  } else {
    attribute.value = twin::Json{simdjson::minify(value)};
  }
  return attribute;
}

}  // namespace

base::Result<SourceQuery> source_query_of(const QueryParameters& parameters, const Context& context) {
  twin::TermTable terms;
  const auto query = parse_query(parameters, context, TermOf::interning(terms));
  if (!query) return query.error();
  SourceQuery made = source_query_of({*query}, terms);
  if (query->geo && parameters.geoproperty) made.attributes.emplace_back(terms.text(query->geo->property));
  return made;
}

SourceQuery source_query_of(const std::vector<twin::Query>& any_of, const twin::TermTable& terms) {
  SourceQuery made;
  const auto every = [&](const auto& has) { return std::all_of(any_of.begin(), any_of.end(), has); };
  const bool all_ids = every([](const twin::Query& query) { return !query.ids.empty(); });
  const bool all_types = every([](const twin::Query& query) { return !query.types.any_of.empty(); });
  for (const twin::Query& query : any_of) {
    if (all_ids) made.ids.insert(made.ids.end(), query.ids.begin(), query.ids.end());
    if (any_of.size() == 1) made.id_pattern = query.id_pattern;
    for (const auto& all_of : query.types.any_of) {
      std::vector<std::string> group;
      for (const twin::Term type : all_of) group.emplace_back(terms.text(type));
      if (all_types) made.types.push_back(std::move(group));
    }
    for (const twin::Term name : query.attributes) made.attributes.emplace_back(terms.text(name));
    if (query.condition) add_attributes(*query.condition, terms, made.attributes);
  }
  return made;
}

bool matches(const SourceQuery& query, const EntityInfo& info) {
  if (!types_match(query.types, info.types)) return false;
  if (query.ids.empty() && !query.id_pattern) return true;
  if (!info.id.empty()) {
    if (query.ids.empty()) return twin::found_in(query.id_pattern, info.id);
    return std::find(query.ids.begin(), query.ids.end(), info.id) != query.ids.end();
  }
  // Of two patterns nobody can tell whether some id matches both.
  if (!info.pattern || query.ids.empty()) return true;
  return std::any_of(query.ids.begin(), query.ids.end(),
                     [&](const std::string& id) { return twin::found_in(info.pattern, id); });
}

bool matches(const SourceQuery& query, const RegistrationInfo& info) {
  const bool entities =
      info.entities.empty() || std::any_of(info.entities.begin(), info.entities.end(),
                                           [&](const EntityInfo& entity) { return matches(query, entity); });
  if (!entities) return false;
  return query.attributes.empty() || !info.has_attributes() || has_common(query.attributes, info.properties) ||
         has_common(query.attributes, info.relationships);
}

bool matches(const SourceQuery& query, const Registration& registration) {
  if (!times_match(query, registration)) return false;
  if (!query.dataset_ids.empty() && !registration.dataset_ids.empty() &&
      !has_common(query.dataset_ids, registration.dataset_ids)) {
    return false;
  }
  return std::any_of(registration.information.begin(), registration.information.end(),
                     [&](const RegistrationInfo& info) { return matches(query, info); });
}

Registration matching_part(const SourceQuery& query, const Registration& registration) {
  Registration part = registration;
  std::erase_if(part.information, [&](const RegistrationInfo& info) { return !matches(query, info); });
  return part;
}

base::Result<SourceFilter> SourceFilter::make(const QueryParameters& parameters, const Context& context) {
  SourceFilter filter;
  if (parameters.csf) {
    twin::TermTable terms;
    const auto condition = parse_condition(*parameters.csf, context, TermOf::interning(terms));
    if (!condition) return base::fail(condition.error().code, condition.error().what, "csf", condition.error().remedy);
    filter.csf_ = parameters.csf;
    filter.context_ = std::make_shared<const Context>(context);
  }
  if (parameters.scope_q) {
    auto scopes = parse_scope_query(*parameters.scope_q);
    if (!scopes) return scopes.error();
    filter.scopes_ = std::move(*scopes);
  }
  if (parameters.georel || parameters.geometry || parameters.coordinates || parameters.geoproperty) {
    twin::TermTable terms;
    auto geo = parse_geo_query(parameters, context, TermOf::interning(terms));
    if (!geo) return geo.error();
    filter.geo_property_ = std::string(terms.text(geo->property));
    // A source has something there if its place meets the one that is asked for; what is to lie elsewhere, or far
    // away, may be anywhere.
    twin::Query query;
    query.geo = std::move(*geo);
    if (query.geo->relation == twin::GeoRelation::near) query.geo->distance_min_m.reset();
    const bool anywhere = query.geo->relation == twin::GeoRelation::disjoint ||
                          (query.geo->relation == twin::GeoRelation::near && !query.geo->distance_max_m.has_value());
    if (!anywhere) {
      if (query.geo->relation != twin::GeoRelation::near) query.geo->relation = twin::GeoRelation::intersects;
      filter.geo_ = std::make_shared<const twin::Matcher>(std::move(query));
    }
  }
  return filter;
}

bool SourceFilter::matches(const Registration& registration, bool strict) const {
  if (!geo_property_.empty()) {
    const std::string& place = place_of(registration, geo_property_);
    if (place.empty() && strict) return false;
    if (!place.empty() && !meets(place)) return false;
  }
  if (!scopes_.empty() && (strict || !registration.scopes.empty()) &&
      std::none_of(scopes_.begin(), scopes_.end(), [&](const std::string& expression) {
        return twin::satisfies_scope(registration.scopes, expression);
      })) {
    return false;
  }
  return !csf_ || matches_csf(registration);
}

bool SourceFilter::meets(const std::string& place) const {
  if (!geo_) return true;
  const auto geometry = parse_geometry(place);
  return geometry && geo_->related(*geometry);
}

// The registration's members and properties stand for an entity's attributes. The names in a filter are few, and this
// is asked only of what matches otherwise: a table of terms of its own costs less than one that is kept.
bool SourceFilter::matches_csf(const Registration& registration) const {
  twin::TermTable terms;
  const auto condition = parse_condition(*csf_, *context_, TermOf::interning(terms));
  if (!condition) return false;
  twin::Entity entity;
  entity.id = registration.id;
  entity.types = {twin::terms::type};
  const auto add = [&](std::string_view member, const std::string& value) {
    const twin::Term name = terms.find(context_->expand(member));
    if (value.empty() || name == twin::Term::unknown()) return;
    twin::Attribute attribute;
    attribute.name = name;
    attribute.value = value;
    entity.attributes.push_back(std::move(attribute));
  };
  add("endpoint", registration.endpoint);
  add("registrationName", registration.name);
  add("description", registration.description);
  add("contextSourceAlias", registration.source_alias);
  add("tenant", registration.tenant);
  add("mode", std::string(name_of(registration.mode)));
  add("refreshRate", registration.refresh_rate);
  for (const KeyValue& property : registration.properties) {
    const twin::Term name = terms.find(property.key);
    if (name != twin::Term::unknown()) entity.attributes.push_back(property_of(name, property.value));
  }
  return twin::satisfies(twin::EntityRecord::pack(entity, {}), *condition);
}

}  // namespace cityloom::ngsi
