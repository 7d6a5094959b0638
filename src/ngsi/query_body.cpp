// Queries that come as JSON: the data types Query, EntitySelector, GeoQuery and TemporalQuery (clauses 5.2.13
// - 5.2.33).
#include <charconv>

#include "ngsi/body_parts.hpp"
#include "ngsi/query.hpp"
#include "ngsi/query_members.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using Element = simdjson::dom::element;
using base::Code;

// Selectors that differ in nothing but what one query can hold side by side become one query.
bool joins(const QueryParameters& present, const QueryParameters& more) {
  if (present.id_pattern || more.id_pattern) return false;
  if (!present.id && !more.id) return true;
  return present.id && more.id && present.type == more.type;
}

void join(QueryParameters& present, const QueryParameters& more) {
  if (more.id) {
    *present.id += ',' + *more.id;
  } else if (present.type == "*" || more.type == "*") {
    present.type = "*";
  } else {
    *present.type += ',' + *more.type;
  }
}

std::string joined_texts(const std::vector<std::string_view>& texts) {
  std::string joined;
  for (const std::string_view text : texts) {
    if (!joined.empty()) joined += ',';
    joined += text;
  }
  return joined;
}

base::Status read_selectors(Element value, const JsonPath& at, std::vector<QueryParameters>& to) {
  simdjson::dom::array selectors;
  if (value.get(selectors) != simdjson::SUCCESS || selectors.size() == 0)
    return bad("must be an array of at least one selector", at);
  int64_t index = 0;
  for (const Element selector : selectors) {
    auto parameters = read_selector(selector, {&at, {}, index++});
    if (!parameters) return parameters.error();
    bool is_joined = false;
    for (QueryParameters& present : to) {
      if ((is_joined = joins(present, *parameters))) {
        join(present, *parameters);
        break;
      }
    }
    if (!is_joined) to.push_back(std::move(*parameters));
    if (to.size() > 100) return base::fail(Code::too_complex, "more than 100 selectors that differ", at.text());
  }
  return {};
}

}  // namespace

std::optional<std::string> json_array(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::array array;
  if (parser.allocate(std::max<size_t>(text.size(), 64), 16) != simdjson::SUCCESS ||
      parser.parse(simdjson::padded_string(text)).get(array) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return simdjson::minify(array);
}

base::Result<std::string> read_names(Element value, const JsonPath& at) {
  if (!value.is_array()) return bad("must be an array of names", at);
  const auto names = read_strings(value, at);
  if (!names) return names.error();
  return joined_texts(*names);
}

base::Result<QueryParameters> read_selector(Element value, const JsonPath& at) {
  if (!value.is_object()) return bad("a selector of entities is an object", at);
  QueryParameters parameters;
  for (const auto [name, inner] : simdjson::dom::object(value)) {
    const JsonPath inner_at{&at, name};
    if (name == "id" || name == "@id") {
      const auto ids = read_strings(inner, inner_at);
      if (!ids) return ids.error();
      parameters.id = joined_texts(*ids);
    } else if (name == "type" || name == "@type" || name == "idPattern") {
      const auto text = read_string(inner, inner_at);
      if (!text) return text.error();
      (name == "idPattern" ? parameters.id_pattern : parameters.type) = std::string(*text);
    }
  }
  if (!parameters.type) return bad("a selector of entities needs a type", {&at, "type"}, "\"*\" stands for every type");
  return parameters;
}

base::Status read_geo_query(Element value, const JsonPath& at, QueryParameters& to) {
  if (!value.is_object()) return bad("a geo-query is an object", at);
  for (const auto [name, inner] : simdjson::dom::object(value)) {
    const JsonPath inner_at{&at, name};
    if (name == "coordinates") {
      std::string_view text;
      to.coordinates = inner.get(text) == simdjson::SUCCESS ? json_array(text) : compact_json(inner);
      if (!to.coordinates) return bad("coordinates are a JSON array of numbers", inner_at);
      continue;
    }
    if (name != "georel" && name != "geometry" && name != "geoproperty") continue;
    const auto text = read_string(inner, inner_at);
    if (!text) return text.error();
    (name == "georel" ? to.georel : name == "geometry" ? to.geometry : to.geoproperty) = std::string(*text);
  }
  if (!to.georel || !to.geometry || !to.coordinates)
    return bad("a geo-query needs georel, geometry and coordinates", at);
  return {};
}

base::Status read_dataset_ids(Element value, const JsonPath& at, std::vector<std::string>& to) {
  const auto texts = read_strings(value, at);
  if (!texts) return texts.error();
  for (const std::string_view text : *texts) {
    if (text != "@none" && !is_uri(text)) return bad("a datasetId is a URI or @none", at);
    to.emplace_back(text);
  }
  return {};
}

// OrderingParams, clause 5.2.43; orderFrom and orderGeometry are the names that URLs have for the same.
base::Status read_ordering(Element value, const JsonPath& at, OrderParameters& to) {
  if (!value.is_object()) return bad("an order is an object", at);
  for (const auto [name, inner] : simdjson::dom::object(value)) {
    const JsonPath inner_at{&at, name};
    if (name == "orderBy") {
      const auto keys = read_strings(inner, inner_at);
      if (!keys) return keys.error();
      to.order_by = joined_texts(*keys);
    } else if (name == "orderFrom" || name == "coordinates") {
      std::string_view text;
      if (!inner.is_array() && !inner.is_string()) return bad("coordinates are a JSON array of numbers", inner_at);
      to.order_from = inner.get(text) == simdjson::SUCCESS ? json_array(text) : compact_json(inner);
      if (!to.order_from) return bad("coordinates are a JSON array of numbers", inner_at);
    } else if (name == "collation" || name == "orderGeometry" || name == "geometry" || name == "orderDirection") {
      const auto text = read_string(inner, inner_at);
      if (!text) return text.error();
      (name == "collation"        ? to.collation
       : name == "orderDirection" ? to.order_direction
                                  : to.order_geometry) = std::string(*text);
    }
  }
  return {};
}

// join, joinLevel and containedBy, clause 5.2.23.
base::Status read_join(std::string_view name, Element value, const JsonPath& at, JoinParameters& to) {
  if (name == "joinLevel") {
    uint64_t level = 0;
    if (value.get(level) != simdjson::SUCCESS) return bad("a positive whole number is needed", at);
    to.join_level = std::to_string(level);
  } else if (name == "join") {
    const auto text = read_string(value, at);
    if (!text) return text.error();
    to.join = std::string(*text);
  } else {
    const auto ids = read_strings(value, at);
    if (!ids) return ids.error();
    to.contained_by = joined_texts(*ids);
  }
  return {};
}

base::Result<QueryBody> parse_query_body(const Body& body, const Context& context, const TermOf& terms) {
  simdjson::dom::object object;
  if (body.parts().root.get(object) != simdjson::SUCCESS)
    return base::fail(Code::invalid, "a query is a JSON object", "body");
  QueryBody query;
  QueryParameters common;
  std::vector<QueryParameters> selectors;
  std::optional<std::string> pick, omit;
  JoinParameters joining;
  bool has_type = false;
  for (const auto [name, value] : object) {
    const JsonPath at{nullptr, name};
    base::Status status;
    if (name == "type" || name == "@type") {
      std::string_view type;
      has_type = value.get(type) == simdjson::SUCCESS && type == "Query";
    } else if (name == "entities") {
      status = read_selectors(value, at, selectors);
    } else if (name == "geoQ") {
      status = read_geo_query(value, at, common);
    } else if (name == "datasetId") {
      status = read_dataset_ids(value, at, query.dataset_ids);
    } else if (name == "temporalQ") {
      query.has_temporal = true;
    } else if (name == "ordering") {
      status = read_ordering(value, at, query.ordering);
    } else if (name == "join" || name == "joinLevel" || name == "containedBy") {
      status = read_join(name, value, at, joining);
    } else if (name == "attrs" || name == "pick" || name == "omit") {
      auto names = read_names(value, at);
      if (!names) return names.error();
      (name == "attrs" ? common.attrs : name == "pick" ? pick : omit) = std::move(*names);
    } else if (name == "q" || name == "scopeQ" || name == "csf" || name == "expandValues" || name == "lang") {
      const auto text = read_string(value, at);
      if (!text) return text.error();
      if (name == "lang") query.language = *text;
      if (name == "q") common.q = std::string(*text);
      if (name == "csf") common.csf = std::string(*text);
      if (name == "scopeQ") common.scope_q = std::string(*text);
      if (name == "expandValues") common.expand_values = std::string(*text);
    }
    if (!status) return status.error();
  }
  if (!has_type) return base::fail(Code::invalid, "must be \"Query\"", "type");
  if (selectors.empty()) selectors.emplace_back();
  query.conditions = common;
  if (selectors.size() == 1) query.conditions.id_pattern = selectors.front().id_pattern;
  for (QueryParameters& parameters : selectors) {
    QueryParameters all = common;
    all.id = std::move(parameters.id);
    all.id_pattern = std::move(parameters.id_pattern);
    all.type = std::move(parameters.type);
    auto made = parse_query(all, context, terms);
    if (!made) return made.error();
    query.any_of.push_back(std::move(*made));
  }
  auto join = parse_join(joining);
  if (!join) return join.error();
  query.join = std::move(*join);
  query.conditions.pick = pick;
  auto projection = parse_projection(common.attrs, pick, omit, context, terms, join_level_max);
  if (!projection) return projection.error();
  query.projection = std::move(*projection);
  return query;
}

base::Result<thread::HistoryQuery> parse_temporal(const TemporalParameters& parameters) {
  thread::HistoryQuery query;
  const auto time_of = [](const std::optional<std::string>& text, const char* name) -> base::Result<base::Instant> {
    if (!text) return base::fail(Code::invalid, "a time is needed", name);
    const auto time = parse_time(*text);
    if (!time) return base::fail(Code::invalid, "not a DateTime: " + text->substr(0, 40), name, time.error().remedy);
    return time;
  };
  if (!parameters.timerel && (parameters.time_at || parameters.end_time_at)) {
    return base::fail(Code::invalid, "timeAt and endTimeAt need timerel", "timerel", "use before, after or between");
  }
  if (parameters.timerel) {
    const std::string& relation = *parameters.timerel;
    if (relation != "before" && relation != "after" && relation != "between") {
      return base::fail(Code::invalid, "not a relation of times", "timerel", "use before, after or between");
    }
    const auto time = time_of(parameters.time_at, "timeAt");
    if (!time) return time.error();
    (relation == "before" ? query.window.to : query.window.from) = *time;
    if (relation == "between") {
      const auto end = time_of(parameters.end_time_at, "endTimeAt");
      if (!end) return end.error();
      if (*end < *time) return base::fail(Code::invalid, "endTimeAt lies before timeAt", "endTimeAt");
      query.window.to = *end;
    }
  }
  if (parameters.timeproperty) {
    const std::string& property = *parameters.timeproperty;
    if (property == "createdAt") {
      query.window.property = thread::TimeProperty::created_at;
    } else if (property == "modifiedAt") {
      query.window.property = thread::TimeProperty::modified_at;
    } else if (property == "deletedAt") {
      query.window.property = thread::TimeProperty::deleted_at;
    } else if (property != "observedAt") {
      return base::fail(Code::invalid, "not a time of attributes", "timeproperty",
                        "use observedAt, createdAt, modifiedAt or deletedAt");
    }
  }
  if (parameters.last_n) {
    const std::string& text = *parameters.last_n;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), query.last_n);
    if (failure != std::errc() || end != text.data() + text.size() || query.last_n == 0) {
      return base::fail(Code::invalid, "a positive whole number is needed", "lastN");
    }
  }
  return query;
}

base::Result<thread::HistoryQuery> parse_temporal_body(const Body& body) {
  simdjson::dom::object object;
  Element temporal;
  if (body.parts().root.get(object) != simdjson::SUCCESS || object["temporalQ"].get(temporal) != simdjson::SUCCESS) {
    return thread::HistoryQuery{};
  }
  const JsonPath top{nullptr, "temporalQ"};
  if (temporal.get(object) != simdjson::SUCCESS) return bad("a temporal query is an object", top);
  TemporalParameters parameters;
  for (const auto [name, value] : object) {
    const JsonPath at{&top, name};
    if (name == "lastN") {
      uint64_t number = 0;
      if (value.get(number) != simdjson::SUCCESS) return bad("a positive whole number is needed", at);
      parameters.last_n = std::to_string(number);
      continue;
    }
    std::optional<std::string>* place = name == "timerel"        ? &parameters.timerel
                                        : name == "timeAt"       ? &parameters.time_at
                                        : name == "endTimeAt"    ? &parameters.end_time_at
                                        : name == "timeproperty" ? &parameters.timeproperty
                                                                 : nullptr;
    if (place == nullptr) continue;
    const auto text = read_string(value, at);
    if (!text) return text.error();
    *place = std::string(*text);
  }
  return parse_temporal(parameters);
}

base::Result<Aggregation> parse_aggregation_body(const Body& body) {
  simdjson::dom::object object, temporal;
  std::optional<std::string> methods, duration;
  if (body.parts().root.get(object) != simdjson::SUCCESS) return parse_aggregation(methods, duration);
  // AggregationParams (clause 5.2.44), or, as before V1.9, members of the temporal query.
  const bool apart = object["aggrParams"].error() == simdjson::SUCCESS;
  const JsonPath top{nullptr, apart ? "aggrParams" : "temporalQ"};
  if (object[apart ? "aggrParams" : "temporalQ"].get(temporal) != simdjson::SUCCESS) {
    if (apart) return bad("must be an object", top);
    return parse_aggregation(methods, duration);
  }
  if (Element given; temporal["aggrMethods"].get(given) == simdjson::SUCCESS) {
    const JsonPath at{&top, "aggrMethods"};
    simdjson::dom::array list;
    if (given.get(list) == simdjson::SUCCESS) {
      for (const Element one : list) {
        const auto text = read_string(one, at);
        if (!text) return text.error();
        methods = methods ? *methods + ',' + std::string(*text) : std::string(*text);
      }
    } else {
      const auto text = read_string(given, at);
      if (!text) return text.error();
      methods = std::string(*text);
    }
  }
  if (Element given; temporal["aggrPeriodDuration"].get(given) == simdjson::SUCCESS) {
    const auto text = read_string(given, JsonPath{&top, "aggrPeriodDuration"});
    if (!text) return text.error();
    duration = std::string(*text);
  }
  return parse_aggregation(methods, duration);
}

}  // namespace cityloom::ngsi
