// Retention of one tenant: its rules, kept as facts, and the run that thins what they are about, piece by piece.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "serve/ngsi/document_store.hpp"
#include "serve/ngsi/retention_rules.hpp"
#include "serve/ngsi/services.hpp"

namespace cityloom::serve::ngsi_ld {

/// What thinning takes out, or would.
struct RetentionCount {
  uint64_t series = 0;     ///< of which something goes
  uint64_t instances = 0;  ///< that go
  uint64_t bytes = 0;      ///< of the stored series that this frees, about
  uint64_t too_dense = 0;  ///< instances left alone: more in one period than is thinned in one go
  void add(const RetentionCount& more);
};

/// How the run fares that goes on, or was the last.
struct RetentionRun {
  enum class State : uint8_t { none, running, ended, cancelled, failed };
  State state = State::none;
  base::Instant started_at, ended_at;
  uint64_t entities = 0, entities_done = 0;
  bool is_part = false;  ///< there are more entities than one run takes: the next one begins anew
  RetentionCount taken_out;
  std::string error;  ///< of one that failed
};

/// Any worker. The tenant and services must outlive it.
class Retention {
 public:
  static constexpr size_t entities_max = 1'000'000;       ///< that one run, or a preview, looks at
  static constexpr int64_t run_every_us = 3'600'000'000;  ///< after the end of the one before
  static constexpr int64_t piece_us = 50'000;             ///< that one `tend` works, about

  Retention(const TenantState& tenant, const Services& services);

  /// Reads the stored rules. Errors: corrupt, unavailable.
  base::Status open();

  std::vector<RetentionRule> rules() const;  ///< by name
  std::optional<RetentionRule> find(const std::string& name) const;
  /// Whether one more rule fits. Errors: conflict.
  base::Status check_room(const std::string& name) const;
  /// What stores a rule, or takes it out again; `put` and `erase` when that is recorded.
  thread::Change change_of(const RetentionRule& rule, bool is_new) const;
  thread::Change removal_of(const std::string& name) const;
  void put(RetentionRule rule);
  void erase(const std::string& name);

  RetentionRun run() const;
  void start();   ///< a run now, if none goes on
  void cancel();  ///< what goes on ends before its next piece; the next begins in an hour

  /// Works on the run that goes on, or begins one if it is time, for about `piece_us`.
  void tend(base::Instant now);

  /// What these rules would take out now, by rule; nothing is changed. Errors: cancelled, corrupt, unavailable.
  base::Result<std::map<std::string, RetentionCount>> preview(const std::vector<RetentionRule>& rules,
                                                              base::Instant now, const thread::Bounds& bounds) const;

 private:
  struct Subject {  // an entity with the rules that are about it
    std::string id;
    std::vector<uint8_t> rules;
  };
  struct Found {
    std::vector<thread::BranchId> branches;  // main first
    std::vector<Subject> subjects;           // of any of these
    bool is_part = false;
  };
  // The last series of which something went.
  struct Counted {
    std::string id;
    thread::BranchId branch;
    thread::PastSeries series;
    bool operator==(const Counted&) const = default;
  };
  // Where within an entity: its series on each branch, one branch after the other.
  struct Place {
    size_t branch = 0, series = 0, part = 0;
    base::Instant from;  // none: the beginning of the part
  };
  // Where a run is.
  struct Work {
    std::vector<RetentionRule> rules;
    base::Instant now;
    Found found;
    size_t next = 0;
    Place place;
    std::optional<Counted> counted;
  };
  // What is planned, and where.
  struct Plan {
    const std::string& id;
    thread::BranchId branch;
    const RetentionPart& part;
    const thread::PlannedThinning& thinning;
  };
  using Take = std::function<base::Status(const Plan& plan)>;
  base::Result<Found> subjects_of(const std::vector<RetentionRule>& rules, const thread::Bounds& bounds) const;
  base::Status add_subjects(const std::vector<RetentionRule>& rules, const thread::Snapshot& snapshot,
                            const thread::Bounds& bounds, std::unordered_map<std::string, size_t>& places,
                            Found& found) const;
  // From a place on, which goes along.
  base::Status thin(const std::vector<RetentionRule>& rules, const std::vector<thread::BranchId>& branches,
                    const Subject& subject, base::Instant now, Place& place, const Take& take) const;
  base::Status thin_part(const Subject& subject, thread::BranchId branch, const thread::PastSeries& series,
                         const RetentionPart& part, Place& place, const Take& take) const;
  base::Status begin(base::Instant now);
  base::Status go_on();
  base::Status append(const Plan& plan);
  void end(RetentionRun::State state, std::string error = {});
  bool is_cancelled() const;

  const TenantState& tenant_;
  const Services& services_;
  DocumentStore store_;
  std::mutex tending_;        // guards work_
  std::optional<Work> work_;  // of the run that goes on
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, RetentionRule> rules_;
  RetentionRun run_;
  base::Instant next_run_at_;  // none: at once
  bool cancel_ = false;
};

}  // namespace cityloom::serve::ngsi_ld
