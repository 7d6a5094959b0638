// The registered context sources of one tenant: kept as facts, found by what they have, counted as they are used.
// ETSI GS CIM 009 clauses 5.9, 5.10, 5.12.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ngsi/registration.hpp"
#include "serve/ngsi/document_store.hpp"
#include "serve/ngsi/registration_index.hpp"
#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

/// One registered source. The registration does not change: a changed one is another Source with the same counters.
class Source {
 public:
  Source(ngsi::Registration registration, ngsi::RegistrationStatus status)
      : registration_(std::move(registration)), status_(status) {}

  const ngsi::Registration& registration() const { return registration_; }
  ngsi::RegistrationStatus status() const;

  /// Whether it may be asked now: not while it cools down after a failure.
  bool may_be_asked(base::Instant now) const;
  /// Counts a request that was answered, or not.
  void count(bool answered, base::Instant now);
  /// The counters, if they changed since they were last taken.
  std::optional<ngsi::RegistrationStatus> take_changed_status();

 private:
  const ngsi::Registration registration_;
  mutable std::mutex mutex_;  // guards what follows
  ngsi::RegistrationStatus status_;
  bool changed_ = false;
};
using SourcePointer = std::shared_ptr<Source>;

/// Limits and times.
struct RegistrationOptions {
  size_t registrations_max = 100'000;   ///< in one tenant
  int64_t status_interval_ms = 60'000;  ///< between records of counters
};

/// Any worker may call.
class Registrations {
 public:
  /// Hears of a registration that was made (no `before`), changed, or ended (no `after`).
  using Listener = std::function<void(const ngsi::Registration* before, const ngsi::Registration* after)>;

  Registrations(const TenantState& tenant, const Services& services, RegistrationOptions options = {});
  /// Records the counters.
  ~Registrations();

  /// Reads the stored ones. Errors: corrupt, unavailable.
  base::Status open();
  /// Who hears of changes from now on. Call before the server starts.
  void set_listener(Listener listener) { listener_ = std::move(listener); }

  /// By id, or nullptr.
  SourcePointer find(std::string_view id) const;
  /// Whether there is none at all. Costs a load.
  bool empty() const { return count_.load(std::memory_order_relaxed) == 0; }
  /// Those that match and have not expired, in order of their ids.
  std::vector<SourcePointer> matching(const ngsi::SourceQuery& query) const;

  /// Whether it may stand beside the other registrations and the entities that are kept here (clauses 4.3.6.3, 5.9.2).
  /// May look at many entities. Errors: conflict, cancelled (past `bounds`).
  base::Status check_conflicts(const ngsi::Registration& registration, const thread::Bounds& bounds) const;

  /// The change that records a registration: submit it, then `put`. Errors: busy (too many).
  base::Result<thread::Change> change_of(const ngsi::Registration& registration, thread::Change::Kind kind) const;
  /// The change that ends its record: submit it, then `erase`.
  thread::Change removal_of(std::string_view id) const { return store_.removal_of(id); }
  /// Takes a recorded one, new or changed.
  void put(ngsi::Registration registration);
  /// Forgets it.
  void erase(std::string_view id);

  /// Ends what is past its expiresAt; records counters from time to time. Call a few times a second.
  void tend(base::Instant now);

 private:
  void record_counters();
  SourcePointer take(std::string_view id);
  void put_in_index(SourcePointer source);

  const TenantState& tenant_;
  const Services& services_;
  const RegistrationOptions options_;
  DocumentStore store_;
  Listener listener_;
  std::atomic<size_t> count_{0};
  base::Instant recorded_at_;  // of tend alone

  mutable std::shared_mutex mutex_;  // guards what follows
  std::map<std::string, SourcePointer, std::less<>> sources_;
  std::unordered_map<RegistrationIndex::Entry, SourcePointer> by_entry_;
  RegistrationIndex index_;
  std::map<std::string, base::Instant> expiring_;
};

}  // namespace cityloom::serve::ngsi_ld
