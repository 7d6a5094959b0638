// Pages by entity maps.
#include "serve/ngsi/mapped_query.hpp"

#include "ngsi/aggregation.hpp"
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;
using base::Instant;
using base::Result;

// When a new map is to end; none: not said.
Result<Instant> asked_expiry(const Call& call) {
  const auto lifetime = call.parameter("entityMapLifetime");
  if (!lifetime) return Instant{};
  const auto period = ngsi::parse_period(*lifetime);
  if (!period.ok() || period->is_whole()) {
    return fail(Code::invalid, "must be an ISO 8601 duration above 0", "entityMapLifetime", "write for example PT10M");
  }
  return period->start(call.services().clock.now(), 1);
}

}  // namespace

bool wants_map(const Call& call) {
  return call.flag("entityMap") || call.request().header("NGSILD-EntityMap").has_value();
}

Result<UsedMap> make_map(const Call& call, const TenantState& tenant, const EachMatch& each, const HoldersOf& holders) {
  const auto expires_at = asked_expiry(call);
  if (!expires_at.ok()) return expires_at.error();
  EntityMapContent content;
  const size_t most = tenant.entity_maps->options().entities_max;
  const auto told = each([&](std::string_view id) {
    content.entries.push_back({std::string(id), holders ? holders(id) : std::vector<std::string>()});
    return content.entries.size() <= most;
  });
  if (!told.ok()) return told.error();
  auto map = tenant.entity_maps->add(std::move(content), *expires_at);
  if (!map.ok()) return map.error();
  return UsedMap{std::move(*map), true};
}

Result<UsedMap> use_map(const Call& call, const TenantState& tenant, const EachMatch& each, const HoldersOf& holders) {
  if (const auto named = call.request().header("NGSILD-EntityMap")) {
    if (auto map = tenant.entity_maps->find(*named)) return UsedMap{std::move(*map), false};
  }
  return make_map(call, tenant, each, holders);
}

Result<UsedMap> use_map(const Call& call, const TenantState& tenant, std::string_view id) {
  return use_map(call, tenant, EachMatch([id](const auto& take) {
                   (void)take(id);
                   return base::Status();
                 }));
}

Result<Gather> for_map(const Call& call, const TenantState& tenant, Result<Gather> asked) {
  if (!asked.ok() || !wants_map(call)) return asked;
  asked->mapped = true;
  const auto named = call.request().header("NGSILD-EntityMap");
  const auto map = named ? tenant.entity_maps->find(*named) : std::nullopt;
  if (!map) return asked;
  const auto& entries = map->content->entries;
  const size_t begin = std::min(call.page().offset, entries.size());
  const size_t end = std::min(begin + call.page().limit, entries.size());
  constexpr size_t ids_max = 100;  // more make an address that others may refuse: then all is asked for
  std::vector<std::string>& ids = asked->query.ids;
  if (begin == end || end - begin > ids_max || !ids.empty()) return asked;
  for (size_t at = begin; at < end; ++at) ids.push_back(entries[at].id);
  return asked;
}

Result<thread::QueryResult> query_map(const Call& call, const Reading& reading, const TenantState& tenant,
                                      const EntityMapContent& content, const std::vector<twin::Query>& any_of,
                                      const std::vector<twin::Query>& everywhere) {
  std::vector<twin::Matcher> matchers;
  // Of entities in pieces the conditions are put to whole ones.
  const bool is_split = has_sources(call) && call.flag("splitEntities");
  for (const twin::Query& query : is_split ? everywhere : any_of) matchers.emplace_back(query);
  const auto is_match = [&](const twin::EntityRecord& record) {
    return std::any_of(matchers.begin(), matchers.end(), [&](const auto& matcher) { return matcher(record); });
  };
  const auto& entries = content.entries;
  const thread::Page& page = call.page();
  const thread::Bounds bounds = call.bounds();
  const size_t begin = std::min(page.offset, entries.size());
  const size_t end = std::min(begin + page.limit, entries.size());
  thread::QueryResult result;
  result.count = entries.size();
  result.more = end < entries.size() && page.limit > 0;
  for (size_t at = begin; at < end; ++at) {
    if (bounds.goes_on && !bounds.goes_on()) return fail(Code::cancelled, "the query was ended");
    auto record = reading.snapshot.find(entries[at].id);
    if (!record.ok()) return record.error();
    if (!is_there(call, reading, tenant, *record)) record = twin::EntityRecord();
    bool matches = *record && !is_split && is_match(*record);
    if (has_sources(call)) {
      matches = matches || (!is_split && !call.gathered()->holders_of(entries[at].id).empty());
      record = call.gathered()->entity(entries[at].id, *record, call.services().clock.now());
      if (!record.ok()) return record.error();
      if (is_split) matches = *record && is_match(*record);
    }
    if (*record && matches) result.records.push_back(std::move(*record));
  }
  return result;
}

void add_map_header(const UsedMap& used, Response& response) {
  response.header("NGSILD-EntityMap", EntityMaps::location_of(used.map));
}

std::vector<Parameter> map_parameters() {
  return {query_parameter("entityMap", "Whether an entity map is made, by which pages stay what they are",
                          R"({"type":"boolean"})"),
          query_parameter("entityMapLifetime", "How long it is kept, an ISO 8601 duration: PT10M",
                          R"({"type":"string","examples":["PT10M"]})")};
}

}  // namespace cityloom::serve::ngsi_ld
