// What a scenario's branch says otherwise than the city did at its fork; taking one change back, and bringing all of
// them to main.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "serve/api/scenario_store.hpp"
#include "thread/thread.hpp"

namespace cityloom::serve {

/// What became of one entity.
struct EntityChange {
  enum class Kind : uint8_t { created, changed, deleted };
  std::string id;
  twin::EntityRecord before, after;  ///< as of the fork, and on the branch; empty: there is none
  std::vector<twin::Term>
      attributes;           ///< those that differ, in order of their first instance: of `after`, then of `before`
  twin::Offset touched_at;  ///< of the last commit on the branch that did something to it
  Kind kind() const { return !before.exists() ? Kind::created : !after.exists() ? Kind::deleted : Kind::changed; }
};

/// A page of them, in the order in which they were first touched.
struct ChangePage {
  std::vector<EntityChange> changes;
  size_t count = 0;  ///< of all
  bool more = false;
};

/// What runs of models leave on a branch, which is no part of its plan: their own entities (ModelRun, RasterLayer), and
/// attributes of others that name the run that stated them (`modelRun`).
struct RunTerms {
  explicit RunTerms(const twin::TermTable& terms);
  bool is_result(const twin::Attribute& attribute) const;
  bool is_result(const twin::EntityRecord& record) const;
  twin::Term run, run_type, raster_type;
};

/// Finds the entities that branches touch by following the commits since their forks, and remembers how far it got: the
/// first look at a branch reads every commit since (about 2 us each), later ones only those that came since the last
/// look. Any worker.
class ScenarioChanges {
 public:
  static constexpr size_t entities_max = 100'000;  ///< that a branch may touch

  explicit ScenarioChanges(thread::Thread& thread) : thread_(thread) {}

  /// What differs. `goes_on`: asked now and then; false ends it with `cancelled`, and what was read is remembered.
  /// Errors: too_large (`entities_max`), cancelled, corrupt, unavailable.
  base::Result<ChangePage> page(const Scenario& scenario, size_t offset, size_t limit,
                                const std::function<bool()>& goes_on);

  /// Makes an entity of the branch what it was at the fork. Errors: not_found (neither there nor then), those of
  /// appending.
  base::Status revert(const Scenario& scenario, std::string_view entity_id, std::string_view author);

  /// Forgets a branch.
  void forget(thread::BranchId branch);

 private:
  struct Touched;
  base::Result<std::shared_ptr<Touched>> look(const Scenario& scenario, const std::function<bool()>& goes_on);

  thread::Thread& thread_;
  std::mutex mutex_;
  absl::flat_hash_map<uint32_t, std::shared_ptr<Touched>> branches_;
};

/// Why a plan cannot be brought to main.
struct MergeConflict {
  std::string entity_id;
  twin::Term attribute;  ///< none: it is about the entity
  std::string reason;
};

/// A plan as changes to main: what is new arrives with an attribute `planned`, what is gone is marked with it, changed
/// attributes are written with the scenario and what they took the place of as sub-attributes.
struct MergePlan {
  std::vector<thread::Change> changes;
  std::vector<MergeConflict> conflicts;
};

/// Works it out against main as it is now. Errors: corrupt,
/// unavailable, too_large (terms).
base::Result<MergePlan> plan_merge(thread::Thread& thread, const Scenario& scenario,
                                   const std::vector<EntityChange>& changes);

}  // namespace cityloom::serve
