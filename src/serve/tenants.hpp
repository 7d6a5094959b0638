// The tenants of a server: each has its own thread in its own folder; the default one is always open.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "serve/request.hpp"
#include "serve/selection.hpp"
#include "thread/thread.hpp"

namespace cityloom::serve {

namespace ngsi_ld {
class SnapshotWrites;
}

/// Opens tenants and finds them. The name "" is the default tenant. Any worker.
class Tenants {
 public:
  /// Opens the record of a tenant, or makes it. Called with a checked name, one call at a time.
  using Opener = std::function<base::Result<std::unique_ptr<thread::Thread>>(std::string_view name)>;
  /// Hears of each tenant once, after it opened and before anybody finds it. Returns what shall live as long as the
  /// tenant is open and end before its thread (indexes, subscriptions).
  using Attacher = std::function<std::shared_ptr<void>(const std::string& name, thread::Thread& thread)>;

  struct Options {  ///< limits
    size_t tenants_max = 64;
  };

  /// `known`: names of tenants that exist on disk; opened when first asked for.
  Tenants(std::unique_ptr<thread::Thread> default_thread, Opener opener, std::vector<std::string> known,
          Options options);
  /// The same with an opener that knows no other tenants: for tests and for `--data` of one tenant.
  explicit Tenants(std::unique_ptr<thread::Thread> default_thread);
  ~Tenants();

  /// Called for the tenants that are open, and for each that opens later. Call before the server starts.
  void on_open(Attacher attacher);

  /// The thread of a tenant that exists. Errors: invalid (name), not_found, unavailable. Cost: none for the default
  /// tenant, a shared lock for others that are open; the first call opens the record and blocks for that long.
  base::Result<thread::Thread*> find(std::string_view name);

  /// The same, making it if it does not exist: for writes. Errors: busy (too many tenants).
  base::Result<thread::Thread*> find_or_make(std::string_view name);

  /// The default tenant's thread.
  thread::Thread& main() { return *default_->thread; }

  /// The open tenants, the default ("") first.
  std::vector<std::pair<std::string, thread::Thread*>> open_tenants() const;

  /// Letters, digits, '-', '_' and '.', 1 to 64, not beginning with '.' and not "main" (the default's folder).
  static base::Status check_name(std::string_view name);

 private:
  struct Tenant {
    std::string name;
    std::unique_ptr<thread::Thread> thread;
    std::vector<std::shared_ptr<void>> attached;
    ~Tenant();
  };
  base::Result<thread::Thread*> open(std::string_view name, bool make);

  std::unique_ptr<Tenant> default_;
  Opener opener_;
  Options options_;
  std::vector<Attacher> attachers_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::unique_ptr<Tenant>, std::less<>> others_;
  std::vector<std::string> known_;
  std::mutex opening_;
};

/// A moment as it stands in `asOf`: an offset, or a time. Errors: invalid.
base::Result<std::variant<thread::Offset, base::Instant>> read_moment(std::string_view text);

/// The snapshot that a read asks for by its tenant, `branch` and `asOf` (a date-time or an offset).
/// Errors: not_found (tenant, branch), invalid (asOf).
struct Reading {
  thread::Thread* thread = nullptr;
  thread::Snapshot snapshot;
  bool is_live = true;  ///< of the main branch, as of now: what indexes that follow the feed can answer
  std::shared_ptr<const Selection> selection = nullptr;  ///< of an NGSI-LD snapshot: the entities that it has
};
base::Result<Reading> reading_of(Tenants& tenants, const Request& request);

/// The thread and branch that a write goes to, by its tenant and `branch`. Errors: not_found (branch), invalid.
struct Writing {
  thread::Thread* thread = nullptr;
  thread::BranchId branch;
  std::shared_ptr<ngsi_ld::SnapshotWrites> snapshot = nullptr;  ///< the way in, where it goes to an NGSI-LD snapshot
};
base::Result<Writing> writing_of(Tenants& tenants, const Request& request);

}  // namespace cityloom::serve
