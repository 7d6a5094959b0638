// JSON documents that the hub keeps for itself as facts: entities of an internal type in the tenant's own record.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

/// One, read back.
struct StoredDocument {
  std::string document;  ///< JSON
  std::string status;    ///< JSON of counters; empty if there were none yet
  base::Instant created_at, modified_at;
};

/// Any worker. The tenant must outlive it.
class DocumentStore {
 public:
  /// `kind`: a word in the ids of these entities, e.g. "registration".
  DocumentStore(const TenantState& tenant, twin::Term type, std::string_view kind);

  /// Calls `visit` for each stored one; what it fails with ends the walk. Errors: corrupt, unavailable, its own.
  base::Status each(const std::function<base::Status(StoredDocument)>& visit) const;

  /// Kind create, or append to change a stored one.
  thread::Change change_of(std::string_view id, std::string json, thread::Change::Kind kind) const;
  /// Kind remove.
  thread::Change removal_of(std::string_view id) const;

  /// Records counters, in passing.
  void write_status(std::string_view id, std::string json) const;

 private:
  thread::Change empty_change(std::string_view id, thread::Change::Kind kind) const;

  const TenantState& tenant_;
  twin::Term type_;
  std::string prefix_;
};

}  // namespace cityloom::serve::ngsi_ld
