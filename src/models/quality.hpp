// How good the data of each type and source are, by the model of the type.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/model_guard.hpp"
#include "thread/thread.hpp"

namespace cityloom::models {

/// The data of one source. Shares are of 0 to 1.
struct SourceQuality {
  size_t entities = 0;               ///< that were looked at
  double completeness = 0;           ///< mean share of the model's own attributes that an entity has
  double required_completeness = 0;  ///< of the required ones; 1 where none is
  double validity = 0;               ///< share of entities that keep to the model
  std::optional<double> freshness;   ///< share that was stated within the expected interval, where there is one
  double age_median_s = 0;           ///< since what was observed last (modified, where nothing says when)
  double age_most_s = 0;             ///< that 95 of 100 are younger than, or as old
  TallyRow writes;                   ///< that did not keep to the model
};

/// Those of one type.
struct TypeQuality {
  ModelPointer model;
  Mode mode = Mode::accept;
  double interval_s = 0;
  size_t entities = 0;      ///< looked at
  bool is_complete = true;  ///< all there are; else the first ones
  std::map<std::string, SourceQuality> sources;
};

/// Bounds of one look.
struct QualityLimits {
  size_t entities_max = 100'000;  ///< of a type
  size_t reads_max = 2'000;       ///< of commits, for who wrote; past them the source is `unknown_source`
  std::function<bool()> goes_on;  ///< asked now and then; false ends it
};
inline constexpr std::string_view unknown_source = "(unknown)";

/// Looks at the entities of the main branch whose types have models. Not on a worker that others wait for: some
/// microseconds an entity. Errors: cancelled, corrupt, unavailable.
base::Result<std::vector<TypeQuality>> quality_of(const thread::Thread& thread, const ModelGuard& guard,
                                                  const Tally& tally, base::Instant now, const QualityLimits& limits);

}  // namespace cityloom::models
