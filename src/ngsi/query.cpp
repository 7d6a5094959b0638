#include "ngsi/query.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ngsi/query_members.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using base::Code;
using base::fail;

constexpr size_t list_items_max = 1'000;

// Items between commas (and bars, where `separators` has one). Empty ones are an error.
base::Result<std::vector<std::string>> list_of(std::string_view text, std::string_view separators,
                                               std::string_view parameter) {
  std::vector<std::string> items;
  while (true) {
    const size_t end = text.find_first_of(separators);
    const std::string_view item = text.substr(0, end);
    if (item.empty()) return fail(Code::invalid, "an empty name in the list", std::string(parameter));
    if (items.size() == list_items_max)
      return fail(Code::too_complex, "too many names in the list", std::string(parameter));
    items.emplace_back(item);
    if (end == std::string_view::npos) return items;
    text.remove_prefix(end + 1);
  }
}

// Type selections: names joined by ';' (all), '|' or ',' (any), with parentheses; kept as any-of-all-of.
class TypeParser {
 public:
  using Alternatives = std::vector<std::vector<twin::Term>>;

  TypeParser(std::string_view text, const Context& context, const TermOf& terms)
      : text_(text), context_(context), terms_(terms) {}

  base::Result<Alternatives> read() {
    auto alternatives = any(0);
    if (alternatives && at_ != text_.size()) return error("'|', ',', ';' or the end expected");
    return alternatives;
  }

 private:
  base::Error error(std::string what) const {
    return fail(Code::invalid, std::move(what), "type, character " + std::to_string(at_ + 1));
  }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  base::Result<Alternatives> any(size_t depth) {
    Alternatives alternatives;
    do {
      auto more = all(depth);
      if (!more) return more;
      alternatives.insert(alternatives.end(), more->begin(), more->end());
      if (alternatives.size() > list_items_max) return fail(Code::too_complex, "too many types", "type");
    } while ((next() == '|' || next() == ',') && ++at_ != 0);
    return alternatives;
  }
  base::Result<Alternatives> all(size_t depth) {
    Alternatives combined{{}};
    do {
      const auto more = one(depth);
      if (!more) return more;
      Alternatives product;
      for (const auto& left : combined) {
        for (const auto& right : *more) {
          product.push_back(left);
          product.back().insert(product.back().end(), right.begin(), right.end());
        }
      }
      if (product.size() > list_items_max) return fail(Code::too_complex, "too many combinations of types", "type");
      combined = std::move(product);
    } while (next() == ';' && ++at_ != 0);
    return combined;
  }
  base::Result<Alternatives> one(size_t depth) {
    if (depth > query_depth_max) return fail(Code::too_complex, "too many parentheses within each other", "type");
    if (next() == '(') {
      ++at_;
      auto inner = any(depth + 1);
      if (!inner) return inner;
      if (next() != ')') return error("')' expected");
      ++at_;
      return inner;
    }
    const size_t end = std::min(text_.find_first_of("|,;()", at_), text_.size());
    const std::string_view name = text_.substr(at_, end - at_);
    if (!is_name(name)) return error(name.empty() ? "the name of a type expected" : "not the name of a type");
    at_ = end;
    return Alternatives{{terms_(context_.expand_type(name))}};
  }

  std::string_view text_;
  const Context& context_;
  const TermOf& terms_;
  size_t at_ = 0;
};

bool is_scope_expression(std::string_view text) {
  if (text == "/#" || text == "#") return true;
  if (text.ends_with("/#")) text.remove_suffix(2);
  if (text.starts_with('/')) text.remove_prefix(1);
  while (true) {
    const size_t slash = text.find('/');
    const std::string_view level = text.substr(0, slash);
    if (level != "+" && (level.find(':') != std::string_view::npos || !is_scope(level))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

base::Result<std::vector<twin::Term>> attribute_terms(std::string_view names, const Context& context,
                                                      const TermOf& terms, std::string_view parameter) {
  const auto items = list_of(names, ",", parameter);
  if (!items) return items.error();
  std::vector<twin::Term> found;
  for (const std::string& name : *items) {
    if (!is_name(name))
      return fail(Code::invalid, "not the name of an attribute: " + name.substr(0, 60), std::string(parameter));
    found.push_back(terms(context.expand(name)));
  }
  return found;
}

namespace {

base::Result<double> distance_of(std::string_view text) {
  double metres = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), metres);
  if (failure != std::errc() || end != text.data() + text.size() || !(metres > 0) || !std::isfinite(metres)) {
    return fail(Code::invalid, "a distance is a positive number of metres", "georel");
  }
  return metres;
}

base::Status read_relation(std::string_view georel, twin::GeoQuery& to) {
  struct Named {
    std::string_view name;
    twin::GeoRelation relation;
  };
  constexpr Named relations[] = {
      {"within", twin::GeoRelation::within},         {"contains", twin::GeoRelation::contains},
      {"intersects", twin::GeoRelation::intersects}, {"equals", twin::GeoRelation::equals},
      {"disjoint", twin::GeoRelation::disjoint},     {"overlaps", twin::GeoRelation::overlaps}};
  for (const Named& one : relations) {
    if (georel != one.name) continue;
    to.relation = one.relation;
    return {};
  }
  if (!georel.starts_with("near;")) {
    return fail(Code::invalid, "not a relation of geometries: " + std::string(georel.substr(0, 60)), "georel",
                "use near;maxDistance==METRES, near;minDistance==METRES, within, contains, intersects, equals, "
                "disjoint or overlaps");
  }
  to.relation = twin::GeoRelation::near;
  georel.remove_prefix(5);
  const bool is_max = georel.starts_with("maxDistance==");
  if ((!is_max && !georel.starts_with("minDistance==")) || georel.find(';') != std::string_view::npos) {
    return fail(Code::invalid, "near needs one of maxDistance==METRES and minDistance==METRES", "georel");
  }
  const auto metres = distance_of(georel.substr(13));
  if (!metres) return metres.error();
  (is_max ? to.distance_max_m : to.distance_min_m) = *metres;
  return {};
}

}  // namespace

base::Result<twin::TypeSelection> parse_type_selection(std::string_view text, const Context& context,
                                                       const TermOf& terms) {
  if (text == "*") return twin::TypeSelection{};
  if (text.size() > query_bytes_max) return fail(Code::too_complex, "the selection of types is too long", "type");
  auto alternatives = TypeParser(text, context, terms).read();
  if (!alternatives) return alternatives.error();
  return twin::TypeSelection{std::move(*alternatives)};
}

base::Result<std::vector<std::string>> parse_scope_query(std::string_view text) {
  if (text.size() > query_bytes_max) return fail(Code::too_complex, "the scope query is too long", "scopeQ");
  const auto alternatives = list_of(text, ",|", "scopeQ");
  if (!alternatives) return alternatives.error();
  std::vector<std::string> expressions;
  for (std::string_view one : *alternatives) {
    const bool is_group = one.starts_with('(') && one.ends_with(')');
    if (is_group) one = one.substr(1, one.size() - 2);
    const auto parts = list_of(one, ";", "scopeQ");
    if (!parts) return parts.error();
    for (const std::string& part : *parts) {
      if (is_scope_expression(part)) continue;
      return fail(Code::invalid, "not a scope: " + part.substr(0, 100), "scopeQ",
                  "write /Madrid, /Madrid/+/Parks, /Madrid/# or (/Madrid;/CompanyA)");
    }
    expressions.emplace_back(one);
  }
  return expressions;
}

base::Result<twin::GeoQuery> parse_geo_query(const QueryParameters& parameters, const Context& context,
                                             const TermOf& terms) {
  for (const auto& [name, value] :
       {std::pair{"georel", &parameters.georel}, std::pair{"geometry", &parameters.geometry},
        std::pair{"coordinates", &parameters.coordinates}}) {
    if (!*value) return fail(Code::invalid, "a geo-query needs georel, geometry and coordinates", name);
  }
  twin::GeoQuery geo;
  if (base::Status status = read_relation(*parameters.georel, geo); !status) return status.error();
  const std::optional<std::string> coordinates = json_array(*parameters.coordinates);
  if (!coordinates) return fail(Code::invalid, "coordinates are a JSON array of numbers", "coordinates");
  std::string json = "{\"type\":";
  append_quoted(*parameters.geometry, json);
  json += ",\"coordinates\":" + *coordinates + '}';
  auto reference = parse_geometry(json);
  if (!reference) return reference.error();
  geo.reference = std::move(*reference);
  if (parameters.geoproperty) {
    if (!is_name(*parameters.geoproperty)) return fail(Code::invalid, "not the name of an attribute", "geoproperty");
    geo.property = terms(context.expand(*parameters.geoproperty));
  }
  return geo;
}

base::Result<twin::Query> parse_query(const QueryParameters& parameters, const Context& context, const TermOf& terms) {
  twin::Query query;
  if (parameters.id) {
    auto ids = list_of(*parameters.id, ",", "id");
    if (!ids) return ids.error();
    for (const std::string& id : *ids) {
      if (!is_uri(id)) return fail(Code::invalid, "not a URI: " + id.substr(0, 100), "id");
    }
    query.ids = std::move(*ids);
  }
  if (parameters.id_pattern) {
    auto pattern = twin::make_pattern(*parameters.id_pattern);
    if (!pattern) return fail(pattern.error().code, pattern.error().what, "idPattern", pattern.error().remedy);
    // Clause 5.2.33: id takes precedence.
    if (query.ids.empty()) query.id_pattern = std::move(*pattern);
  }
  if (parameters.type) {
    auto types = parse_type_selection(*parameters.type, context, terms);
    if (!types) return types.error();
    query.types = std::move(*types);
  }
  if (parameters.attrs) {
    auto names = attribute_terms(*parameters.attrs, context, terms, "attrs");
    if (!names) return names.error();
    query.attributes = std::move(*names);
  }
  if (parameters.q) {
    std::vector<std::string> expand_values;
    if (parameters.expand_values) {
      auto names = list_of(*parameters.expand_values, ",", "expandValues");
      if (!names) return names.error();
      expand_values = std::move(*names);
    }
    auto condition = parse_condition(*parameters.q, context, terms, expand_values);
    if (!condition) return condition.error();
    query.condition = std::move(*condition);
  }
  // A context source filter leaves out registered sources, never what is kept here.
  if (parameters.csf) {
    const auto filter = parse_condition(*parameters.csf, context, terms);
    if (!filter) return fail(filter.error().code, filter.error().what, "csf", filter.error().remedy);
    if (twin::links_of(*filter) > 0) return fail(Code::invalid, "context sources have no linked entities", "csf");
  }
  if (parameters.georel || parameters.geometry || parameters.coordinates || parameters.geoproperty) {
    auto geo = parse_geo_query(parameters, context, terms);
    if (!geo) return geo.error();
    query.geo = std::move(*geo);
  }
  if (parameters.scope_q) {
    auto scopes = parse_scope_query(*parameters.scope_q);
    if (!scopes) return scopes.error();
    query.scopes = std::move(*scopes);
  }
  return query;
}

base::Status check_links(const twin::Query& query, const std::optional<Join>& join) {
  const unsigned links = query.condition ? twin::links_of(*query.condition) : 0;
  if (links == 0 || (join && links <= join->levels)) return {};
  if (!join) {
    return fail(Code::invalid, "attributes of linked entities need join, which was not asked for", "q",
                "add join=inline or join=flat");
  }
  return fail(Code::invalid, "attributes of entities further away than joinLevel are asked for", "q",
              "add joinLevel=" + std::to_string(links));
}

}  // namespace cityloom::ngsi
