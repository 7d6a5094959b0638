// Rules of retention: what of the past of which series is kept for how long.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "ngsi/aggregation.hpp"
#include "ngsi/context.hpp"
#include "thread/thinning.hpp"
#include "twin/query.hpp"
#include "twin/term.hpp"

namespace cityloom::serve::ngsi_ld {

/// From an age on.
struct RetentionStep {
  std::string after;  ///< an ISO 8601 duration, as given
  std::string keep;   ///< likewise: of each such period one value stays; "nothing"
  ngsi::Period age;
  int64_t keep_us = 0;  ///< 0: nothing
};

/// One rule. A value.
struct RetentionRule {
  std::string name;
  std::vector<std::string> types;       ///< IRIs; empty: all
  std::vector<std::string> attributes;  ///< likewise
  std::string id_pattern;               ///< empty: all
  twin::Pattern pattern;                ///< the same, or nullptr
  std::string dataset;                  ///< "": all; "@none": that without a datasetId
  std::vector<RetentionStep> steps;     ///< the younger first
  bool holds = false;                   ///< nothing is ever thinned, whatever other rules say
  bool is_active = false;
};

inline constexpr size_t retention_rules_max = 100;  ///< of a tenant

/// Reads a rule; names are expanded by `context`, or, with nullptr, stand as they are kept. Errors: invalid with the
/// member in `where`.
base::Result<RetentionRule> parse_retention_rule(std::string_view name, std::string_view json,
                                                 const ngsi::Context* context);
/// A rule as it is kept, and, with a context, as it is shown.
std::string retention_rule_json(const RetentionRule& rule, const ngsi::Context* context);

/// A stretch of a series' past, and what is to be kept of it.
struct RetentionPart {
  base::Instant from;  ///< none: from the beginning
  base::Instant to;
  int64_t step_us = 0;  ///< 0: nothing is kept
  std::string rule;     ///< that decides
};

/// What rules that all hold for one series ask for now: where they differ the one that keeps most. In order of time.
std::vector<RetentionPart> retention_parts(const std::vector<const RetentionRule*>& rules, base::Instant now);

/// Whether a rule is about a series.
bool is_about(const RetentionRule& rule, const thread::PastSeries& series, const twin::TermTable& terms);

}  // namespace cityloom::serve::ngsi_ld
