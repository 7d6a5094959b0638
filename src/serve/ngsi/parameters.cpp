// Query parameters of reads turned into queries, representations and page links.
#include <algorithm>

#include "ngsi/parse.hpp"
#include "ngsi/query.hpp"
#include "serve/ngsi/gathering.hpp"
#include "serve/ngsi/linked_lookup.hpp"
#include "serve/ngsi/own_types.hpp"
#include "serve/ngsi/routes.hpp"
#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;

// Clause 6.3.15: GeoJSON without a context of its own.
bool prefers_bare_features(const Request& request) {
  const std::string header = request.joined_header("Prefer");
  for (std::string_view preference : split(header, ',')) {
    preference = preference.substr(0, preference.find(';'));
    while (preference.starts_with(' ')) preference.remove_prefix(1);
    while (preference.ends_with(' ')) preference.remove_suffix(1);
    if (same_without_case(preference, "body=json")) return true;
  }
  return false;
}

}  // namespace

std::vector<Parameter> selection_parameters() {
  return {
      query_parameter("id", "Comma separated ids", R"({"type":"string","examples":["urn:ngsi-ld:Device:1"]})"),
      query_parameter("type", "Selection of types: A,B or (A;B)",
                      R"({"type":"string","examples":["Device", "Device,Machine"]})"),
      query_parameter("idPattern", "Regular expression that ids match",
                      R"({"type":"string","examples":["^urn:ngsi-ld:Device:"]})"),
      query_parameter("attrs", "Attributes of which at least one exists; only these are given",
                      R"({"type":"string","examples":["temperature", "temperature,name"]})"),
      query_parameter("q", "Query on attributes", R"({"type":"string","examples":["temperature>20", "name==\"a\""]})"),
      query_parameter("csf", "Context source filter",
                      R"({"type":"string","examples":["registrationName==\"buses\""]})"),
      query_parameter("georel", "Geo-relationship", R"({"type":"string","examples":["near;maxDistance==1000"]})"),
      query_parameter("geometry", "Kind of the reference geometry", R"({"type":"string","examples":["Point"]})"),
      query_parameter("coordinates", "Coordinates of the reference geometry",
                      R"({"type":"string","examples":["[127.1,37.5]"]})"),
      query_parameter("geoproperty", "GeoProperty that is compared", R"({"type":"string","examples":["location"]})"),
      query_parameter("scopeQ", "Query on scopes", R"({"type":"string","examples":["/Seoul/#"]})"),
      query_parameter("expandValues", "Attributes whose values in q are expanded",
                      R"({"type":"string","examples":["temperature"]})")};
}

std::vector<Parameter> temporal_parameters() {
  return {
      query_parameter("timerel", "Where from the time asked for", R"({"enum":["before","after","between"]})"),
      query_parameter("timeAt", "A date-time", R"({"type":"string","examples":["2026-01-01T00:00:00Z"]})"),
      query_parameter("endTimeAt", "A date-time", R"({"type":"string","examples":["2090-01-01T00:00:00Z"]})"),
      query_parameter("timeproperty", "Which time of instances",
                      R"({"enum":["observedAt","createdAt","modifiedAt","deletedAt"]})"),
      query_parameter("lastN", "The latest so many instances of each attribute", R"({"type":"integer","minimum":1})"),
      query_parameter("aggrMethods",
                      "Of aggregatedValues: avg, distinctCount, max, min, stddev, sum, sumsq, totalCount",
                      R"({"type":"string","examples":["avg,max"]})"),
      query_parameter("aggrPeriodDuration", "Of aggregatedValues: an ISO 8601 duration; PT0S is the whole",
                      R"({"type":"string","examples":["PT1H", "P1D"]})")};
}

std::vector<Parameter> representation_parameters() {
  return {query_parameter("pick", "Members that are given", R"({"type":"string","examples":["id,temperature"]})"),
          query_parameter("omit", "Members that are left out", R"({"type":"string","examples":["name"]})"),
          query_parameter("lang", "Language that LanguageProperties are reduced to",
                          R"({"type":"string","examples":["ko"]})"),
          query_parameter("geometryProperty", "GeoProperty that is the geometry of GeoJSON",
                          R"({"type":"string","examples":["location"]})"),
          query_parameter("datasetId", "Comma separated datasets whose instances are given; @none is the default one",
                          R"({"type":"string","examples":["@none"]})")};
}

base::Result<std::vector<twin::Term>> terms_of(std::string_view names, const Call& call, const twin::TermTable& terms,
                                               std::string_view where) {
  std::vector<twin::Term> found;
  for (const std::string_view name : split(names, ',')) {
    if (!ngsi::is_name(name))
      return base::fail(Code::invalid, "this cannot be a name: \"" + std::string(name) + "\"", std::string(where));
    found.push_back(terms.find(call.context()->expand(name)));
  }
  return found;
}

base::Result<ngsi::Representation> Call::representation(const twin::TermTable& terms, unsigned links_max) const {
  ngsi::Representation how;
  if (has_option(option_concise)) how.format = ngsi::Format::concise;
  if (has_option(option_simplified)) how.format = ngsi::Format::simplified;
  how.sys_attrs = has_option(option_sys_attrs);
  if (!parameter("asOf")) how.now = services_->clock.now();
  if (answer_ == Media::ld_json || (answer_ == Media::geo_json && !prefers_bare_features(*request_))) {
    how.context_json = context()->json();
  }
  if (request_->query_values().empty()) return how;
  const auto attributes = parameter_text("attrs"), pick = parameter_text("pick"), omit = parameter_text("omit");
  if (attributes || pick || omit) {
    auto projection = ngsi::parse_projection(attributes, pick, omit, *context(), terms, links_max);
    if (!projection.ok()) return projection.error();
    how.projection = std::move(projection).value();
  }
  if (const auto language = parameter("lang")) {
    if (language->empty()) return base::fail(Code::invalid, "names no language", "lang");
    how.language = std::string(*language);
  }
  if (const auto datasets = parameter("datasetId")) {
    how.datasets_given = true;
    for (const std::string_view dataset : split(*datasets, ',')) {
      if (dataset != "@none" && !ngsi::is_uri(dataset))
        return base::fail(Code::invalid, "must be a URI or @none", "datasetId");
      how.datasets.push_back(dataset == "@none" ? twin::Term{} : terms.find(dataset));
    }
    // GeoJSON takes its geometry from the instance that was asked for.
    if (*datasets != "@none" && how.datasets.size() == 1) how.geometry_dataset = std::string(*datasets);
  }
  if (const auto property = parameter("geometryProperty")) {
    if (answer_ != Media::geo_json) {
      return base::fail(Code::invalid, "only GeoJSON has a geometry of its own", "geometryProperty",
                        "accept application/geo+json, or leave the parameter out");
    }
    if (!ngsi::is_name(*property))
      return base::fail(Code::invalid, "this cannot be an attribute's name", "geometryProperty");
    how.geometry_property = terms.find(context()->expand(*property));
  }
  return how;
}

base::Instant time_of(const Call& call, const Reading& reading) {
  return call.parameter("asOf") ? reading.snapshot.time() : call.services().clock.now();
}

bool is_there(const Call& call, const Reading& reading, const TenantState& tenant, const twin::EntityRecord& record) {
  if (!is_visible(record) || (reading.selection && !reading.selection->shows(record))) return false;
  const base::Instant now = time_of(call, reading);
  // Only the main branch as of now is swept.
  return (reading.is_live && !tenant.expiry->may_be_due(now)) || !tenant.expiry->is_over(record, now);
}

void hide_expired(const Call& call, const Reading& reading, const TenantState& tenant, twin::Query& query) {
  const base::Instant now = time_of(call, reading);
  if (reading.is_live && !tenant.expiry->may_be_due(now)) return;
  query.also = [&expiry = *tenant.expiry, now, selection = reading.selection](const twin::EntityRecord& record) {
    return (!selection || selection->shows(record)) && !expiry.is_over(record, now);
  };
}

base::Status hide_internal(twin::Query& query, const Reading& reading, const TenantState& tenant) {
  for (const auto& all_of : query.types.any_of) {
    for (const twin::Term type : all_of) {
      if (is_own_type(tenant, type)) query.types.any_of = {{twin::Term::unknown()}};
    }
  }
  // What the hub keeps has one attribute of its own: only a query without any condition could meet it.
  if (!query.types.any_of.empty() || !query.attributes.empty() || query.condition || query.geo) return {};
  const auto types = reading.snapshot.types();
  if (!types.ok()) return types.error();
  for (const auto& [type, count] : *types) {
    if (!is_own_type(tenant, type)) query.types.any_of.push_back({type});
  }
  if (query.types.any_of.empty()) query.types.any_of = {{twin::Term::unknown()}};
  return {};
}

base::Status link(const std::optional<ngsi::Join>& join, LinkedLookup& lookup, twin::Query& query) {
  if (const auto allowed = ngsi::check_links(query, join); !allowed.ok()) return allowed;
  if (!query.condition || twin::links_of(*query.condition) == 0) return {};
  query.linked = std::make_shared<twin::Linked>();
  query.linked->find = [&lookup](std::string_view id) { return lookup.find_for_condition(id); };
  return {};
}

namespace {

base::Error too_wide() {
  return base::fail(Code::invalid,
                    "the query asks for everything: at least one of type, attrs, q or georel is needed, with an "
                    "attribute that the server does not make itself",
                    {}, "add one of them, or local=true");
}

bool is_made_by_server(twin::Term name) {
  return name == twin::terms::created_at || name == twin::terms::modified_at;
}

bool names_attributes(const twin::Condition& condition) {
  if (condition.kind == twin::Condition::Kind::all || condition.kind == twin::Condition::Kind::any) {
    return std::any_of(condition.children.begin(), condition.children.end(),
                       [](const twin::Condition& child) { return names_attributes(child); });
  }
  return !is_made_by_server(condition.comparison.path.name);
}

// Whether attrs or q names an attribute of somebody's.
bool names_attributes(const twin::Query& query) {
  return (query.condition && names_attributes(*query.condition)) ||
         std::any_of(query.attributes.begin(), query.attributes.end(),
                     [](twin::Term name) { return !is_made_by_server(name); });
}

}  // namespace

ngsi::QueryParameters selection_of(const Call& call) {
  ngsi::QueryParameters parameters;
  parameters.id = call.parameter_text("id");
  parameters.type = call.parameter_text("type");
  parameters.id_pattern = call.parameter_text("idPattern");
  parameters.attrs = call.parameter_text("attrs");
  parameters.pick = call.parameter_text("pick");
  parameters.omit = call.parameter_text("omit");
  parameters.q = call.parameter_text("q");
  parameters.scope_q = call.parameter_text("scopeQ");
  parameters.georel = call.parameter_text("georel");
  parameters.geometry = call.parameter_text("geometry");
  parameters.coordinates = call.parameter_text("coordinates");
  parameters.geoproperty = call.parameter_text("geoproperty");
  parameters.csf = call.parameter_text("csf");
  parameters.expand_values = call.parameter_text("expandValues");
  return parameters;
}

std::vector<std::string> wanted_attributes(const ngsi::QueryParameters& parameters, const ngsi::Context& context) {
  twin::TermTable terms;
  std::vector<std::string> wanted;
  const auto projection = ngsi::parse_projection(parameters.attrs, parameters.pick, std::nullopt, context,
                                                 ngsi::TermOf::interning(terms), ngsi::join_level_max);
  if (!projection.ok()) return wanted;
  for (const twin::Term name : projection->pick) wanted.emplace_back(terms.text(name));
  return wanted;
}

base::Result<std::optional<ngsi::Join>> join_of(const Call& call) {
  ngsi::JoinParameters parameters;
  parameters.join = call.parameter_text("join");
  parameters.join_level = call.parameter_text("joinLevel");
  parameters.contained_by = call.parameter_text("containedBy");
  return ngsi::parse_join(parameters);
}

base::Result<twin::Query> query_of(const Call& call, const Reading& reading, const TenantState& tenant,
                                   LinkedLookup* lookup) {
  const ngsi::QueryParameters parameters = selection_of(call);
  const bool has_map = call.request().header("NGSILD-EntityMap").has_value();
  const bool narrow = parameters.type || parameters.georel || call.flag("local") || has_map;
  if (!narrow && !parameters.attrs && !parameters.q) return too_wide();
  if (parameters.type == "*" && call.parameter("local") == "false") {
    return base::fail(Code::invalid, "all types are given only of what is kept here", "local",
                      "leave it out, or name the types");
  }
  auto query = ngsi::parse_query(parameters, *call.context(), terms_for(call, tenant));
  if (!query.ok()) return query.error();
  // What every entity has selects none of them.
  if (!narrow && !names_attributes(*query)) return too_wide();
  if (const auto status = hide_internal(*query, reading, tenant); !status.ok()) return status.error();
  hide_expired(call, reading, tenant, *query);
  if (lookup == nullptr) {
    if (const auto none = ngsi::check_links(*query, {}); !none.ok()) return none.error();
    return query;
  }
  const auto join = join_of(call);
  if (!join.ok()) return join.error();
  if (const auto linked = link(*join, *lookup, *query); !linked.ok()) return linked.error();
  return query;
}

namespace {

// Writes q as sources are asked by it: values that are to be expanded are, since a source may know other names; and
// without what lies behind links, which it cannot see.
base::Status write_condition(const Call& call, Gather& gather) {
  std::optional<std::string>& q = gather.conditions.q;
  if (!q) return {};
  if (const auto& names = gather.conditions.expand_values) {
    twin::TermTable terms;
    std::vector<std::string> expanded;
    for (const std::string_view name : split(*names, ',')) expanded.emplace_back(name);
    const auto condition = ngsi::parse_condition(*q, *call.context(), ngsi::TermOf::interning(terms), expanded);
    if (!condition.ok()) return condition.error();
    q = ngsi::text_of(*condition);
  }
  auto left = ngsi::condition_without_links(*q, *call.context(), gather.has_links);
  if (!left.ok()) return left.error();
  if (gather.has_links) q = std::move(*left);
  return {};
}

}  // namespace

base::Result<Gather> gather_of(const Call& call, bool one) {
  Gather gather;
  gather.conditions = selection_of(call);
  gather.attributes = wanted_attributes(gather.conditions, *call.context());
  if (one) gather.conditions = {};
  gather.conditions.type = call.parameter_text("type");
  auto query = ngsi::source_query_of(gather.conditions, *call.context());
  if (!query.ok()) return query.error();
  gather.query = std::move(query).value();
  if (one) gather.query.ids = {std::string(call.entity_id())};
  if (one) gather.query.attributes = gather.attributes;
  if (const auto datasets = call.parameter("datasetId")) {
    for (const std::string_view dataset : split(*datasets, ',')) gather.query.dataset_ids.emplace_back(dataset);
  }
  gather.one = one;
  gather.split = call.flag("splitEntities");
  gather.ordered = call.parameter("orderBy").has_value();
  if (const auto left = write_condition(call, gather); !left.ok()) return left.error();
  return gather;
}

base::Result<Gather> gather_of_body(const Call& call, const ngsi::Body& body, const ngsi::QueryBody& asked) {
  twin::TermTable terms;
  const auto again = ngsi::parse_query_body(body, *call.context(), ngsi::TermOf::interning(terms));
  if (!again.ok()) return again.error();
  Gather gather;
  gather.query = ngsi::source_query_of(again->any_of, terms);
  gather.query.dataset_ids = asked.dataset_ids;
  gather.conditions = asked.conditions;
  gather.attributes = wanted_attributes(asked.conditions, *call.context());
  gather.by_post = true;
  gather.split = call.flag("splitEntities");
  gather.ordered = asked.ordering.order_by.has_value();
  if (const auto left = write_condition(call, gather); !left.ok()) return left.error();
  return gather;
}

std::string page_link(const Request& request, size_t offset, size_t limit, std::string_view relation) {
  std::string link = "<";
  link += request.path();
  char separator = '?';
  for (const std::string_view part : split(request.query(), '&')) {
    if (part.empty() || part.starts_with("offset=") || part.starts_with("limit=")) continue;
    link += separator;
    // The raw text stays encoded; only what would end the link early is encoded on top.
    for (const char c : part) {
      if (c == '>' || c == '<' || c == '"') {
        link += c == '>' ? "%3E" : c == '<' ? "%3C" : "%22";
      } else {
        link += c;
      }
    }
    separator = '&';
  }
  link += separator;
  link += "limit=" + std::to_string(limit) + "&offset=" + std::to_string(offset) + ">;rel=\"";
  link += relation;
  link += "\";type=\"application/ld+json\"";
  return link;
}

void add_page_headers(const Call& call, bool more, uint64_t count, Response& response) {
  const thread::Page& page = call.page();
  if (page.count) response.header("NGSILD-Results-Count", std::to_string(count));
  if (page.limit == 0) return;
  if (more) response.header("Link", page_link(call.request(), page.offset + page.limit, page.limit, "next"));
  if (page.offset > 0) {
    const size_t before = page.offset > page.limit ? page.offset - page.limit : 0;
    response.header("Link", page_link(call.request(), before, page.limit, "prev"));
  }
}

base::Error nothing_left(std::string_view entity_id) {
  return {base::Code::not_found, "pick and omit leave no member of the entity", std::string(entity_id),
          "name a member that it has"};
}

Response body_response(const Call& call, std::string body) {
  Response response{200, name_of(call.answer()), {}, std::move(body), {}};
  const bool linked =
      call.answer() == Media::json || (call.answer() == Media::geo_json && prefers_bare_features(call.request()));
  if (!linked) return response;
  static const std::string core_link = link_to_context(ngsi::core_context_url);
  response.header("Link", call.uses_core() ? core_link : link_to_context(call.context_url()));
  return response;
}

}  // namespace cityloom::serve::ngsi_ld
