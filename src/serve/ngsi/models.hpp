// The data models of a tenant: versions kept as facts, and the guard made of those that are active.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/model_guard.hpp"
#include "serve/json.hpp"
#include "serve/ngsi/document_store.hpp"

namespace cityloom::serve::ngsi_ld {

/// What is said of a model beside its versions.
struct ModelPolicy {
  std::string active;  ///< the version that holds; empty: none, and nothing is checked
  models::Mode mode = models::Mode::accept;
  double interval_s = 0;  ///< within which an entity is expected to be stated again; 0: nothing is expected
};

/// One version, as it is kept. Never changed.
struct ModelVersion {
  std::string name, version;
  std::string type, type_iri;
  std::string document;  ///< JSON: all of it
  base::Instant created_at;
};
using ModelVersionPointer = std::shared_ptr<const ModelVersion>;

/// A model with its versions.
struct ModelEntry {
  std::string name;
  std::string type, type_iri;
  ModelPolicy policy;
  std::map<std::string, ModelVersionPointer> versions;
};

struct ModelStoreOptions {
  size_t models_max = 500;       ///< in one tenant
  size_t versions_max = 50;      ///< of one model
  size_t bytes_max = 64u << 20;  ///< of all versions
};

/// Any worker. The tenant must outlive it.
class Models {
 public:
  Models(const TenantState& tenant, const base::Clock& clock, ModelStoreOptions options = {});
  /// Lets the record go on without a guard; keeps the counts.
  ~Models();

  /// Reads what is kept, and guards the record. Errors: corrupt, unavailable.
  base::Status open();

  /// All, by name.
  std::vector<ModelEntry> list() const;
  std::optional<ModelEntry> find(std::string_view name) const;

  /// The model of a version, compiled. Errors: not_found; corrupt.
  base::Result<models::ModelPointer> compiled(std::string_view name, std::string_view version) const;

  /// The changes that keep a new version, and, of a new model, its policy: that version is active, and accepts.
  /// Errors: already_exists (the version), conflict (the type has another model; versions of one model are of one
  /// type), busy (too many).
  base::Result<std::vector<thread::Change>> changes_for(const ModelVersion& version) const;
  /// Once they are durable. Errors: corrupt, too_large.
  base::Status put(ModelVersion version);

  /// The change that keeps a policy. Errors: not_found (model, version).
  base::Result<thread::Change> change_for(std::string_view name, const ModelPolicy& policy) const;
  /// Once it is durable: what is decided from now on is held to it. Errors: corrupt, too_large.
  base::Status set_policy(std::string_view name, const ModelPolicy& policy);

  /// The changes that take out a version (empty: all of them, and the model). Errors: not_found, conflict (it is
  /// active).
  base::Result<std::vector<thread::Change>> removals_for(std::string_view name, std::string_view version) const;
  /// Once they are durable.
  void erase(std::string_view name, std::string_view version);

  /// What guards the record now; nullptr: nothing does.
  std::shared_ptr<const models::ModelGuard> guard() const;
  const models::Tally& tally() const { return *tally_; }
  base::Instant counting_since() const { return since_; }
  /// Keeps what the tally has come to, if it is due: a number for each type with a model and each outcome, which goes
  /// to the disk beside the next commits or checkpoint. Of a program that is killed the counts of the last
  /// `keep_every_us` and some seconds may be lost.
  void tend(base::Instant now);
  static constexpr int64_t keep_every_us = 60'000'000;

 private:
  base::Status take(const StoredDocument& stored);
  base::Status read_counts();
  void keep_counts();
  base::Status guard_anew();

  const TenantState& tenant_;
  const base::Clock& clock_;
  ModelStoreOptions options_;
  DocumentStore store_;
  base::Instant since_;
  std::shared_ptr<models::Tally> tally_ = std::make_shared<models::Tally>();
  mutable std::mutex mutex_;
  std::map<std::string, ModelEntry, std::less<>> entries_;
  std::map<std::string, models::BoundModelPointer, std::less<>> bound_;  // the active ones, by name
  size_t bytes_ = 0;
  std::shared_ptr<const models::ModelGuard> guard_;
  models::Tally::Writes kept_{};  // the totals when the counts were kept
  base::Instant kept_at_;         // none: not yet
};

/// The document of a version, from what a client sent. `schema` is JSON text of one object.
std::string document_of(const models::Model& model, std::string_view schema, std::string_view context_json);
/// Findings as a JSON array.
void write_findings(const std::vector<models::Finding>& findings, JsonText& json);

}  // namespace cityloom::serve::ngsi_ld
