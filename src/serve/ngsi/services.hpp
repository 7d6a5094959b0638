// What the NGSI-LD handlers share: tenants with their names and subscriptions, contexts, limits, lanes for long work.
#pragma once

#include <absl/functional/any_invocable.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/instant.hpp"
#include "ngsi/context_source.hpp"
#include "ngsi/linked.hpp"
#include "ngsi/names.hpp"
#include "serve/ngsi/expiry.hpp"
#include "serve/ngsi/hosted_contexts.hpp"
#include "serve/tenants.hpp"
#include "thread/thread.hpp"
#include "trust/trust.hpp"

namespace cityloom::serve::ngsi_ld {

struct NgsiSnapshot;
class EntityMaps;
class Models;
class Snapshots;
class Retention;
class Subscriptions;
class Registrations;
class SourceSubscriptions;
class Forwarder;
class SourceCopies;

/// Ids of what the hub itself keeps in the record begin with this; no client reads or writes them as entities.
inline constexpr std::string_view internal_id_prefix = "urn:cityloom:internal:";
/// Whether an id is of what the hub keeps for itself.
inline bool is_internal_id(std::string_view id) {
  return id.starts_with(internal_id_prefix);
}

/// Whether the record is one that clients may know of.
inline bool is_visible(const twin::EntityRecord& record) {
  return record && !record.ended() && !is_internal_id(record.id());
}

/// Finds what clients may know of in a snapshot.
inline ngsi::LinkedEntities::Find find_visible(thread::Snapshot snapshot,
                                               std::shared_ptr<const Selection> selection = nullptr) {
  return [snapshot = std::move(snapshot), selection = std::move(selection)](std::string_view id) {
    auto found = snapshot.find(id);
    const bool hidden = found.ok() && (!is_visible(*found) || (selection && !selection->shows(*found)));
    return hidden ? base::Result<twin::EntityRecord>(twin::EntityRecord()) : found;
  };
}

/// The terms of what the hub keeps in one tenant's record.
struct InternalTerms {
  twin::Term subscription_type;         ///< urn:cityloom:type:Subscription
  twin::Term context_type;              ///< urn:cityloom:type:Context
  twin::Term document;                  ///< urn:cityloom:attribute:document
  twin::Term status;                    ///< urn:cityloom:attribute:status
  twin::Term expires_at;                ///< under which an entity's own expiresAt is kept
  twin::Term registration_type;         ///< urn:cityloom:type:Registration
  twin::Term source_subscription_type;  ///< urn:cityloom:type:SourceSubscription
  twin::Term snapshot_type;             ///< urn:cityloom:type:Snapshot
  twin::Term model_type;                ///< urn:cityloom:type:Model
  /// Whether entities of this type are nobody's but the hub's.
  bool hides(twin::Term type) const {
    return type == subscription_type || type == context_type || type == registration_type ||
           type == source_subscription_type || type == snapshot_type || type == model_type;
  }
};

/// Interns them. Errors: too_large (the table is full).
base::Result<InternalTerms> intern_internal_terms(twin::TermTable& terms);

/// Workers that may wait for others (fetching contexts), with a bounded queue.
class Lane {
 public:
  using Task = absl::AnyInvocable<void()>;
  /// Starts the workers. At most `waiting_max` tasks wait for them.
  Lane(size_t workers, size_t waiting_max);
  /// Runs what waits, then stops.
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  /// Takes the task, or leaves it as it is and says no because too many wait. Any worker.
  [[nodiscard]] bool post(Task& task);

 private:
  void work();
  size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

/// What the hub holds of one open tenant.
struct TenantState {
  std::string name;
  thread::Thread* thread = nullptr;
  InternalTerms internal;
  std::unique_ptr<ngsi::NameBook> names;
  ngsi::NamesPointer core_names;  ///< of the core context: those of most requests
  std::unique_ptr<Expiry> expiry;
  std::shared_ptr<EntityMaps> entity_maps;
  std::shared_ptr<Models> models;
  std::shared_ptr<Snapshots> snapshots;
  std::shared_ptr<Subscriptions> subscriptions;
  std::shared_ptr<Registrations> registrations;
  std::shared_ptr<SourceSubscriptions> source_subscriptions;

  /// The tenant's names as a context writes them. Cost: none for the core context, else a lookup under a lock.
  ngsi::NamesPointer names_in(const ngsi::ContextPointer& context) const {
    return context == core_names_of ? core_names : names->of(context);
  }
  ngsi::ContextPointer core_names_of = ngsi::Context::core();

  twin::Term retention_type;  ///< urn:cityloom:type:Retention
  std::shared_ptr<Retention> retention;
  twin::Term source_copies_type;  ///< urn:cityloom:type:SourceCopies
  std::shared_ptr<SourceCopies> source_copies;
  /// Whether entities of this type are nobody's but the hub's.
  bool hides(twin::Term type) const {
    return internal.hides(type) || type == retention_type || type == source_copies_type;
  }
};

/// Shared by all handlers; everything in it may be used by any worker.
struct Services {
  Tenants& tenants;
  const trust::Gate& gate;
  const base::Clock& clock;
  ngsi::ContextSource& contexts;
  HostedContexts& hosted;
  Lane& fetching;
  std::string public_url;    ///< under which subscribers reach us, e.g. "http://127.0.0.1:8080"
  std::string source_alias;  ///< contextSourceAlias of the source identity
  base::Instant started_at;

  size_t quick_records_max = 2'000;   ///< that a read looks at on a connection's worker, before it moves elsewhere
  size_t quick_geometries_max = 200;  ///< the same where each may cost much: geo-queries
  size_t quick_bytes_max = 1u << 20;  ///< of records written on a connection's worker
  size_t quick_body_bytes_max = 256u << 10;  ///< of a body read there
  int64_t query_time_max_ms = 60'000;        ///< past it: TooComplexQuery
  size_t limit_default = 20;
  size_t limit_max = 1'000;
  size_t history_limit = 10'000;        ///< instances of an attribute in one temporal answer
  size_t union_entities_max = 100'000;  ///< entities that a query with several selectors may match

  mutable std::shared_mutex mutex{};
  std::map<const thread::Thread*, std::shared_ptr<TenantState>> states{};

  Forwarder* forwarder = nullptr;  ///< sends requests to registered sources; set before the server starts
  /// The name by which other brokers know a tenant of this server: in Via, and as contextSourceAlias.
  std::string alias_of(std::string_view tenant) const {
    return tenant.empty() ? source_alias : source_alias + '.' + std::string(tenant);
  }

  TenantState* main_state = nullptr;  ///< of the default tenant; set before the server starts

  /// The state of an open tenant. Cost: none for the default one, else a lookup under a shared lock.
  TenantState& state_of(const thread::Thread& thread) const;
};

}  // namespace cityloom::serve::ngsi_ld
