// Copies of a tenant's subscriptions at registered sources: made, kept alike, taken away, whatever comes and goes; and
// the notifications that come of them, passed on. ETSI GS CIM 009 V1.9.1 clauses 5.8.1, 5.8.2, 5.8.5, 5.8.6.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/chance.hpp"
#include "ngsi/registration.hpp"
#include "serve/ngsi/registrations.hpp"
#include "serve/ngsi/services.hpp"
#include "serve/router.hpp"

namespace cityloom::serve::ngsi_ld {

/// Limits and times.
struct SourceCopyOptions {
  size_t copies_max = 100;         ///< of one subscription: as many sources as one request may go to
  size_t under_way_max = 200;      ///< requests at a time
  size_t planned_at_once = 500;    ///< subscriptions looked at again in one go, after a registration has changed
  int64_t retry_first_ms = 1'000;  ///< back-off after a failure, doubled up to `retry_most_ms`
  int64_t retry_most_ms = 60'000;
  int64_t look_again_ms = 600'000;   ///< whether a copy is still there; and one that was refused is tried again
  size_t removals_max = 200;         ///< tries to take a copy away, before it is given up
  int64_t notification_ms = 60'000;  ///< that a source is to wait for the subscriber
  base::Chance chance = base::system_chance;  ///< of the secrets by which notifications are known
};

/// What a notification of a source belongs to.
struct CopiedSubscription {
  std::string subscription_id;
  SourcePointer source;  ///< nullptr: just after a start it is not known yet what the source may tell
};

/// Any worker may call. Nothing waits for a source. Which copies there are is kept in the record; what they are like is
/// worked out from the subscription and the registration, and made so.
class SourceCopies {
 public:
  SourceCopies(TenantState& tenant, Services& services, SourceCopyOptions options = {});
  /// Ends what is under way: it is found out after the next start.
  ~SourceCopies();

  /// Reads which copies there are. Call when subscriptions and registrations are open. Errors: corrupt, unavailable.
  base::Status open();

  /// A subscription was made or changed. `via`: the brokers that the request came through; nothing: those of before.
  void put(std::string_view subscription_id, const std::optional<std::string>& via);
  /// It is no more.
  void erase(std::string_view subscription_id);
  /// A registration was made (no `before`), has changed, or is no more (no `after`).
  void hear(const ngsi::Registration* before, const ngsi::Registration* after);
  /// Goes on with what is due. Call a few times a second.
  void tend();

  /// The subscription whose copy sends notifications to this token; nothing: there is none.
  std::optional<CopiedSubscription> find(std::string_view token) const;
  /// NGSILD-Warning values for copies that could not be made yet.
  std::vector<std::string> warnings(std::string_view subscription_id) const;
  /// For tests: whether every copy is as it should be, or was refused.
  bool is_settled() const;

 private:
  struct Parts;
  std::shared_ptr<Parts> parts_;
};

/// The tenant that a token belongs to.
std::string_view tenant_in_token(std::string_view token);

/// Where sources send notifications: before the token of a copy.
inline constexpr std::string_view source_notifications_path = "/api/source-notifications/";
void add_source_notifications(Router& router, Services& services);

}  // namespace cityloom::serve::ngsi_ld
