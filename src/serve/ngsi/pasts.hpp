// The past of entities as it is told: read here, made one with what sources tell, cut where it is incomplete.
// ETSI GS CIM 009 clauses 4.5.19, 5.7.3, 5.7.4, 6.3.10.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/aggregation.hpp"
#include "serve/ngsi/gathering.hpp"
#include "serve/tenants.hpp"
#include "twin/query.hpp"

namespace cityloom::serve::ngsi_ld {

/// The stretch of time that a cut answer is complete for.
struct Cut {
  bool cut = false;
  base::Instant first, last;
};

/// An entity's past as it will be written.
struct Past {
  std::string id;
  std::vector<twin::Term> types;
  std::vector<std::string> scopes;
  base::Instant created_at, modified_at;
  std::vector<thread::AttributeHistory> attributes;
  std::optional<ngsi::PastAggregates> aggregates;  ///< given instead of the attributes
  std::vector<thread::TimeWindow> parts;           ///< of the window: those in which a scopeQ was satisfied
  bool found = false;                              ///< it existed once
  bool has_scopes = false;                         ///< those of the past are among the attributes
  base::Instant known_to;  ///< a source tells it up to here, in the order of the query; none: to its end
};

/// What of the past is asked for.
struct AskedPast {
  thread::HistoryQuery history;
  std::optional<ngsi::Aggregation> aggregation;
  bool picks = false;  ///< the attributes are those of pick, which selects no entities

  /// What is written need alone be read.
  void pick(const ngsi::Projection& projection) {
    picks = projection.pick_given && history.attributes.empty();
    if (picks) history.attributes = projection.pick;
  }
};

/// Puts the past of an entity that is kept here into periods: what lies in its parts of the window. Errors: too_large
/// (more than can be aggregated), corrupt, unavailable.
base::Status aggregate(const thread::Snapshot& snapshot, const AskedPast& asked, Past& past);

/// The past of one entity as it is kept here. What is asked for must live on. Errors: too_large (more than can be
/// aggregated), corrupt, unavailable.
base::Result<Past> past_of(const Reading& reading, std::string_view id, const AskedPast& asked);

/// The same with what sources told of it; of what is kept here only what was observed within these scopes (none: any).
/// Errors: likewise.
base::Result<Past> past_everywhere(const Call& call, const Reading& reading, std::string_view id,
                                   const AskedPast& asked, const std::vector<std::string>& scopes = {});

/// The past of an entity that is kept here, if it matches: conditions are about what lies in the window. Errors:
/// likewise.
base::Result<std::optional<Past>> matching_past(const Reading& reading, std::string_view id,
                                                const twin::Matcher& matcher, const std::vector<std::string>& scopes,
                                                const AskedPast& asked);

/// The past of an entity that may lie in pieces here and at sources that told of it, if all of them together match:
/// conditions are put to what they are as one. Errors: likewise.
base::Result<std::optional<Past>> matching_past_everywhere(const Call& call, const Reading& reading,
                                                           std::string_view id, const twin::Matcher& matcher,
                                                           const std::vector<std::string>& scopes,
                                                           const AskedPast& asked);

/// Leaves of every attribute only what lies in the stretch for which all of them are complete, and tells that stretch.
void trim(std::vector<Past>& pasts, const thread::HistoryQuery& query, Cut& cut);

}  // namespace cityloom::serve::ngsi_ld
