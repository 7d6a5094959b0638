// What registered sources have of the entities that a snapshot is to hold: asked for before it is made, and written to
// its branch. ETSI GS CIM 009 V1.9.1 clauses 4.3.7, 5.16.1.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ngsi/body.hpp"
#include "serve/ngsi/gathering.hpp"
#include "serve/selection.hpp"
#include "serve/tenants.hpp"

namespace cityloom::serve::ngsi_ld {

/// The queries of a snapshot, and what sources gave of each (nullptr: none was asked).
struct SnapshotQueries {
  std::vector<ngsi::Body> queries;
  std::vector<std::shared_ptr<const Gathered>> gathered;
};

/// Asks the sources of each query, one query after another; then goes on where work may take long. `run` hears of a
/// call that was not answered meanwhile.
void gather_for_snapshot(Call call, const TenantState& tenant, std::shared_ptr<SnapshotQueries> asked, Run run);

class LinkedLookup;
/// Says so if queries of a snapshot look at linked entities that sources were not asked for.
void warn_of_links(const LinkedLookup& lookup, std::vector<std::string>& warnings);

/// Limits of what sources give to one snapshot: entities and instances until it is made; entities in it.
inline constexpr size_t snapshot_held_max = 1'000'000;
inline constexpr size_t snapshot_entities_max = 100'000;
inline constexpr size_t snapshot_names_max = 10'000;  ///< that nobody used in the tenant before

/// What became of that.
struct TakenFromSources {
  bool any = false;
  std::vector<std::string> warnings;  ///< values of NGSILD-Warning
};

/// Writes what sources gave of a query to the branch and selects it: of what is now the entities, made one with what is
/// kept here; of the past the instances. `call` has what they gave. Blocks until it is durable. Errors: too_large,
/// those of `append`.
base::Result<TakenFromSources> take_from_sources(const Call& call, const Reading& at_fork, const ngsi::Body& query,
                                                 thread::BranchId branch, Selection& selection);

}  // namespace cityloom::serve::ngsi_ld
