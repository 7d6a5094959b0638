// Copies of a subscription at registered sources, and the notifications that come of them. ETSI GS CIM 009 V1.9.1
// clauses 5.8.1, 5.8.2, 5.8.6.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/registration.hpp"
#include "ngsi/subscription.hpp"

namespace cityloom::ngsi {

/// Which sources a subscription asks for, names expanded.
struct SubscribedSources {
  std::vector<SourceQuery> any_of;  ///< one for each selector of entities, in their order
  SourceFilter filter;              ///< csf, scopeQ and geoQ

  /// `strict`: as SourceFilter::matches.
  bool matches(const Registration& registration, bool strict) const;
};
/// Errors: invalid, too_complex.
base::Result<SubscribedSources> subscribed_sources(const Subscription& subscription, const Context& context);

/// Whether a subscription is about what is kept here alone: by localOnly, or because it asks for every type.
bool is_local(const Subscription& subscription);
/// Makes it one, as its member localOnly does.
void make_local(Subscription& subscription);

/// Whether entities may lie in pieces in several sources (splitEntities): conditions are for whoever has all pieces.
bool is_split(const Subscription& subscription);

/// How a copy is made.
struct CopyForm {
  std::string id;          ///< of the copy
  std::string notify_uri;  ///< where its notifications are to come
  int64_t notify_timeout_ms = 0;
  bool as_update = false;          ///< a fragment that leaves nothing of what was there before
  const Context* other = nullptr;  ///< by which its names are written
};

/// What of a subscription is to be made at one source, as JSON: no more than the source is registered for, in
/// normalized form, whatever the subscriber is told in; without conditions, of all attributes, where entities lie in
/// pieces. Nothing: the source has nothing of it.
std::optional<std::string> subscription_copy(const Subscription& subscription, const Context& context,
                                             const SubscribedSources& asked, const Registration& registration,
                                             const CopyForm& form);

/// A notification of a source, read.
struct SourceNotification {
  std::string id;
  std::vector<Notified> entities;
};
/// Takes one apart. Of each entity only what the source is registered for and a selector of the matcher asks for is
/// taken, and of those that cannot be read nothing; names are interned in `terms`, which should not be the tenant's own
/// and to which the matcher belongs. Errors: invalid (nothing is left of it), too_large.
base::Result<SourceNotification> read_source_notification(std::string_view json, const Context& context,
                                                          const Registration& registration, const Matcher& matcher,
                                                          twin::TermTable& terms);

}  // namespace cityloom::ngsi
