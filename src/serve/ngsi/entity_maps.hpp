// Entity maps: the entities that a query found, kept for a while so that its pages stay what they are while entities
// come and go. ETSI GS CIM 009 V1.9.1 clauses 5.2.39, 5.5.14, 5.14.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace cityloom::serve::ngsi_ld {

/// What a map holds of one entity.
struct EntityMapEntry {
  std::string id;
  std::vector<std::string> sources;  ///< registrations that know of it; "@none" is what is kept here. Empty: that alone
};

/// The entities that a query found, in its order. Immutable.
struct EntityMapContent {
  std::vector<EntityMapEntry> entries;
  std::map<std::string, std::string> linked_maps;  ///< of registrations: the map that each made for its part
};

/// A map as it is now.
struct EntityMap {
  std::string id;
  base::Instant expires_at;
  std::shared_ptr<const EntityMapContent> content;
};

/// The data type EntityMap; `context_json`: its "@context", if it is to carry one.
std::string entity_map_json(const EntityMap& map, std::string_view context_json);

/// Limits, of one tenant.
struct EntityMapOptions {
  size_t maps_max = 1'000;
  size_t entities_max = 100'000;  ///< of one map
  size_t bytes_max = 128u << 20;  ///< of all, about
  int64_t lifetime_s = 600;       ///< where the client names none
  int64_t lifetime_max_s = 86'400;
};

/// The maps of one tenant, in memory: they end with the server. Any worker.
class EntityMaps {
 public:
  /// The clock must outlive it.
  explicit EntityMaps(const base::Clock& clock, EntityMapOptions options = {}) : clock_(clock), options_(options) {}

  /// Keeps a new map until `expires_at`, which may be brought nearer; none: for as long as usual. Errors: busy (too
  /// many or too large maps), too_complex (more than `entities_max`).
  base::Result<EntityMap> add(EntityMapContent content, base::Instant expires_at);
  /// By id, or by the location that `location_of` gives, unless it is past its time.
  std::optional<EntityMap> find(std::string_view id_or_location) const;
  /// Errors: not_found.
  base::Status set_expiry(std::string_view id, base::Instant expires_at);
  /// False: there is none.
  bool erase(std::string_view id);
  /// Ends those past their time.
  void sweep(base::Instant now);

  const EntityMapOptions& options() const { return options_; }
  /// The path at which clients find a map.
  static std::string location_of(const EntityMap& map);

 private:
  struct Kept {
    EntityMap map;
    size_t bytes = 0;
  };
  base::Instant bounded(base::Instant expires_at, base::Instant now) const;
  void drop(std::map<std::string, Kept, std::less<>>::iterator at);

  const base::Clock& clock_;
  const EntityMapOptions options_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, Kept, std::less<>> maps_;
  size_t bytes_ = 0;
  uint64_t made_ = 0;
};

}  // namespace cityloom::serve::ngsi_ld
