// Pages by entity maps.
#include "serve/ngsi/mapped_query.hpp"

#include <algorithm>

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

// How a map names what is kept here.
constexpr std::string_view kept_here = "@none";

// The map that the request names, if it is still there.
std::optional<EntityMap> named_map(const Call& call, const TenantState& tenant) {
  const auto named = call.request().header("NGSILD-EntityMap");
  return named ? tenant.entity_maps->find(*named) : std::nullopt;
}

}  // namespace

bool wants_map(const Call& call) {
  return call.flag("entityMap") || call.request().header("NGSILD-EntityMap").has_value();
}

Result<UsedMap> make_map(const Call& call, const Reading& reading, const EachMatch& each) {
  const TenantState& tenant = call.services().state_of(*reading.thread);
  const auto expires_at = asked_expiry(call);
  if (!expires_at.ok()) return expires_at.error();
  EntityMapContent content;
  const size_t most = tenant.entity_maps->options().entities_max;
  const auto told = each([&](std::string_view id) {
    content.entries.push_back({std::string(id), {}});
    return content.entries.size() <= most;
  });
  if (!told.ok()) return told.error();
  for (EntityMapEntry& entry : content.entries) {
    if (call.gathered() == nullptr) break;
    entry.sources = call.gathered()->holders_of(entry.id);
    if (!entry.sources.empty() && reading.snapshot.number_of(entry.id))
      entry.sources.insert(entry.sources.begin(), std::string(kept_here));
  }
  auto map = tenant.entity_maps->add(std::move(content), *expires_at);
  if (!map.ok()) return map.error();
  return UsedMap{std::move(*map), true};
}

Result<UsedMap> use_map(const Call& call, const Reading& reading, const EachMatch& each) {
  if (auto map = named_map(call, call.services().state_of(*reading.thread))) return UsedMap{std::move(*map), false};
  if (call.gathered() != nullptr && call.gathered()->is_of_page) {
    return fail(Code::not_found, "the entity map ended while sources were asked for its page", "NGSILD-EntityMap",
                "ask again: a new map is made");
  }
  return make_map(call, reading, each);
}

Result<UsedMap> use_map(const Call& call, const Reading& reading, std::string_view id) {
  return use_map(call, reading, EachMatch([id](const auto& take) {
                   (void)take(id);
                   return base::Status();
                 }));
}

void ask_by_map(const Call& call, const TenantState& tenant, Gather& gather) {
  if (!wants_map(call)) return;
  const auto map = named_map(call, tenant);
  gather.for_map = !map.has_value();
  if (!map) return;
  const auto& entries = map->content->entries;
  const size_t begin = std::min(call.page().offset, entries.size());
  const size_t end = std::min(begin + call.page().limit, entries.size());
  gather.query.ids.clear();
  gather.registrations.emplace();
  for (size_t at = begin; at < end; ++at) {
    if (entries[at].sources.empty()) continue;
    gather.query.ids.push_back(entries[at].id);
    gather.registrations->insert(entries[at].sources.begin(), entries[at].sources.end());
  }
}

Result<thread::QueryResult> query_map(const Call& call, const Reading& reading, const TenantState& tenant,
                                      const EntityMapContent& content, const std::vector<twin::Query>& any_of,
                                      bool is_judged_here) {
  std::vector<twin::Matcher> matchers;
  for (const twin::Query& query : any_of) matchers.emplace_back(query);
  const auto matches = [&](const twin::EntityRecord& record) {
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
    const bool is_told = call.gathered() != nullptr && call.gathered()->is_told(entries[at].id);
    bool is_wanted = is_told ? !is_judged_here : *record && matches(*record);
    if (is_told) record = call.gathered()->entity(entries[at].id, *record, call.services().clock.now());
    if (!record.ok()) return record.error();
    if (is_told && is_judged_here) is_wanted = *record && matches(*record);
    if (is_wanted && *record) result.records.push_back(std::move(*record));
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
