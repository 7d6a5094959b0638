// Maps in memory.
#include "serve/ngsi/entity_maps.hpp"

#include <algorithm>

#include "ngsi/json.hpp"
#include "serve/request.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using base::fail;
using base::Instant;

constexpr std::string_view maps_path = "/ngsi-ld/v1/entityMaps/";
constexpr int64_t second_us = 1'000'000;

size_t bytes_of(const EntityMapContent& content) {
  size_t bytes = sizeof(EntityMapContent);
  for (const EntityMapEntry& entry : content.entries) {
    bytes += sizeof(entry) + entry.id.size();
    for (const std::string& source : entry.sources) bytes += sizeof(source) + source.size();
  }
  for (const auto& [source, map] : content.linked_maps) bytes += 128 + source.size() + map.size();
  return bytes;
}

}  // namespace

std::string entity_map_json(const EntityMap& map, std::string_view context_json) {
  std::string json = R"({"id":)";
  ngsi::append_quoted(map.id, json);
  json += R"(,"type":"EntityMap","expiresAt":)";
  ngsi::append_instant(map.expires_at, json);
  json += R"(,"entityMap":{)";
  for (const EntityMapEntry& entry : map.content->entries) {
    if (json.back() != '{') json += ',';
    ngsi::append_quoted(entry.id, json);
    json += ":[";
    if (entry.sources.empty()) json += R"("@none")";
    for (const std::string& source : entry.sources) {
      if (json.back() != '[') json += ',';
      ngsi::append_quoted(source, json);
    }
    json += ']';
  }
  json += R"(},"linkedMaps":{)";
  for (const auto& [source, linked] : map.content->linked_maps) {
    if (json.back() != '{') json += ',';
    ngsi::append_quoted(source, json);
    json += ':';
    ngsi::append_quoted(linked, json);
  }
  json += '}';
  if (!context_json.empty()) {
    json += R"(,"@context":)";
    json += context_json;
  }
  json += '}';
  return json;
}

std::string EntityMaps::location_of(const EntityMap& map) {
  return std::string(maps_path) + map.id;
}

Instant EntityMaps::bounded(Instant expires_at, Instant now) const {
  if (!expires_at.exists()) return Instant{now.microseconds + options_.lifetime_s * second_us};
  return std::min(expires_at, Instant{now.microseconds + options_.lifetime_max_s * second_us});
}

void EntityMaps::drop(std::map<std::string, Kept, std::less<>>::iterator at) {
  bytes_ -= at->second.bytes;
  maps_.erase(at);
}

base::Result<EntityMap> EntityMaps::add(EntityMapContent content, Instant expires_at) {
  if (content.entries.size() > options_.entities_max) {
    return fail(Code::too_complex,
                "the query matches more than the " + std::to_string(options_.entities_max) +
                    " entities that an entity map may hold",
                "entityMap", "narrow the query, or page through it without an entity map");
  }
  const size_t bytes = bytes_of(content);
  const Instant now = clock_.now();
  sweep(now);
  const std::lock_guard lock(mutex_);
  if (maps_.size() >= options_.maps_max || bytes_ + bytes > options_.bytes_max) {
    return fail(Code::busy, "there are as many entity maps as are allowed", "entityMap",
                "delete those that are not needed, or let them end earlier by entityMapLifetime");
  }
  Kept kept;
  kept.map.id = "urn:ngsi-ld:entitymap:" + std::to_string(now.microseconds) + "-" + std::to_string(++made_);
  kept.map.expires_at = bounded(expires_at, now);
  kept.map.content = std::make_shared<const EntityMapContent>(std::move(content));
  kept.bytes = bytes;
  bytes_ += bytes;
  EntityMap made = kept.map;
  maps_.emplace(made.id, std::move(kept));
  return made;
}

std::optional<EntityMap> EntityMaps::find(std::string_view id_or_location) const {
  std::string_view id = id_or_location.substr(id_or_location.rfind('/') + 1);
  const auto decoded = percent_decoded(id);
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto found = maps_.find(decoded.ok() ? std::string_view(*decoded) : id);
  if (found == maps_.end() || found->second.map.expires_at <= now) return {};
  return found->second.map;
}

base::Status EntityMaps::set_expiry(std::string_view id, Instant expires_at) {
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto found = maps_.find(id);
  if (found == maps_.end()) return fail(Code::not_found, "there is no entity map with this id", std::string(id));
  found->second.map.expires_at = bounded(expires_at, now);
  return {};
}

bool EntityMaps::erase(std::string_view id) {
  const Instant now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto found = maps_.find(id);
  if (found == maps_.end()) return false;
  const bool was_there = found->second.map.expires_at > now;
  drop(found);
  return was_there;
}

void EntityMaps::sweep(Instant now) {
  const std::lock_guard lock(mutex_);
  for (auto at = maps_.begin(); at != maps_.end();) {
    const auto next = std::next(at);
    if (at->second.map.expires_at <= now) drop(at);
    at = next;
  }
}

}  // namespace cityloom::serve::ngsi_ld
