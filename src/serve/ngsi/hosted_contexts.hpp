// Contexts that this server hosts: given by clients, or made implicitly so that an answer can name them. Each is of the
// tenant it came with. ETSI GS CIM 009 clauses 5.5.10, 5.13. They are kept as facts in the default tenant's record.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "thread/thread.hpp"

namespace cityloom::serve::ngsi_ld {

/// The path below which hosted contexts are served.
inline constexpr std::string_view contexts_path = "/ngsi-ld/v1/jsonldContexts/";

/// One of them.
struct HostedContext {
  std::string id;
  std::string tenant;    ///< "": the default one
  std::string document;  ///< JSON with the member "@context"
  bool implicit = false;
  base::Instant created_at;
  base::Instant last_used_at;
};

/// All hosted contexts, in memory as well. Any worker.
class HostedContexts {
 public:
  /// The clock must outlive it.
  explicit HostedContexts(const base::Clock& clock) : clock_(clock) {}

  /// Reads what the record holds and writes there from now on; call once, before requests come. The thread must
  /// outlive the last call. Errors: corrupt, unavailable.
  base::Status open(thread::Thread& thread);

  /// Remembers a context that a client gives and returns its id; `write` makes it durable. The tenant's name must be
  /// one that Tenants::check_name allows; it need not have a record. Errors: busy (10,000 of all tenants).
  base::Result<std::string> remember(std::string document, std::string_view tenant);

  /// Records a remembered context; `done` as of Thread::submit.
  void write(std::string_view id, thread::Completion done);

  /// The id of an implicit context with this "@context" value, recorded in passing if it is new. 1,000 of them are
  /// kept: the longest unused gives way.
  std::string implicit(std::string_view context_json, std::string_view tenant);

  /// Forgets and records it. False: unknown to this tenant.
  bool remove(std::string_view id, std::string_view tenant, thread::Completion done);

  /// By id, of a tenant.
  std::optional<HostedContext> find(std::string_view id, std::string_view tenant) const;
  /// All of a tenant, in order of their ids.
  std::vector<HostedContext> list(std::string_view tenant) const;

  /// The document of a URL (or path, or id) of ours, which is then used; nothing: not hosted here. Of any tenant:
  /// whoever is told a context's URL can use it.
  std::optional<std::string> document_of(std::string_view url);

  /// The id in a URL that may name a context of ours; "" if it cannot.
  static std::string_view id_in(std::string_view url);

 private:
  void write_removal(const HostedContext& context, thread::Completion done);
  std::optional<HostedContext> too_many_implicit();

  const base::Clock& clock_;
  thread::Thread* thread_ = nullptr;
  twin::Term type_, attribute_;
  uint64_t added_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, HostedContext, std::less<>> contexts_;
};

}  // namespace cityloom::serve::ngsi_ld
