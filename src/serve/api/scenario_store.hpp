// The scenarios of one tenant: each is a branch of the record and what is known of it, kept as a fact on main.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/instant.hpp"
#include "thread/thread.hpp"

namespace cityloom::serve {

/// How far the decision about a scenario is.
enum class ScenarioStatus : uint8_t { draft, proposed, approved, rejected, merged, archived };

/// "draft", ...
std::string_view name_of(ScenarioStatus status);
/// Nothing: no such status.
std::optional<ScenarioStatus> scenario_status(std::string_view name);
/// Whether a person may take a scenario from one status to another. `merged` comes by merging alone.
bool may_follow(ScenarioStatus from, ScenarioStatus to);
/// Whether what the branch holds may still be worked on.
inline bool is_open(ScenarioStatus status) {
  return status == ScenarioStatus::draft || status == ScenarioStatus::proposed || status == ScenarioStatus::rejected;
}

/// One step of a decision: who took it and when.
struct ScenarioStep {
  ScenarioStatus status = ScenarioStatus::draft;
  base::Instant at;
  std::string by, note;    ///< may be empty
  twin::Offset of_branch;  ///< the last commit of the branch then: what was decided on
};

struct ScenarioComment {  ///< what somebody said of it
  std::string text, author;
  base::Instant at;
};

/// A scenario as it is now.
struct Scenario {
  std::string id;  ///< also the name of its branch
  std::string name, description;
  thread::BranchId branch;
  twin::Offset forked_at;   ///< of main, as which the branch began
  twin::Offset made_after;  ///< every commit of the branch is later
  twin::Offset head;        ///< of the branch
  twin::Offset version;     ///< of the fact
  base::Instant created_at, modified_at;
  std::vector<ScenarioStep> steps;  ///< never empty
  std::vector<ScenarioComment> comments;

  ScenarioStatus status() const { return steps.back().status; }
  /// The last step to a status; nullptr: there was none.
  const ScenarioStep* last(ScenarioStatus to) const;
};

/// What a person states of a new one.
struct ScenarioForm {
  std::string name, description, author;
  std::optional<std::variant<thread::Offset, base::Instant>> at;  ///< of main; none: now
};

inline constexpr size_t scenarios_max = 500;            ///< in one tenant
inline constexpr size_t scenario_name_max = 200;        ///< characters
inline constexpr size_t scenario_text_max = 10'000;     ///< characters of a description, a comment, a note
inline constexpr size_t scenario_comments_max = 1'000;  ///< of one scenario
inline constexpr size_t scenario_steps_max = 1'000;     ///< likewise
/// Names of branches that begin with this are those of scenarios.
inline constexpr std::string_view scenario_branch_prefix = "scenario-";

/// Reads and writes them. Holds nothing but the thread, which must outlive it: the record is what remembers. Any
/// worker; what writes blocks until it is durable.
class ScenarioStore {
 public:
  /// Errors: too_large (the table of terms is full).
  static base::Result<ScenarioStore> of(thread::Thread& thread);

  /// All whose branch is there, the oldest first. Errors: corrupt, unavailable.
  base::Result<std::vector<Scenario>> list() const;
  /// Errors: not_found, corrupt, unavailable.
  base::Result<Scenario> find(std::string_view id) const;

  /// Forks a branch off main and keeps the fact. Errors: busy (`scenarios_max`), those of a fork.
  base::Result<Scenario> make(const ScenarioForm& form, base::Instant now);
  /// Ends the branch, then the fact. Errors: not_found, conflict (it was merged, or has branches).
  base::Status remove(std::string_view id);
  /// Adds a comment. Errors: not_found, busy (`scenario_comments_max`).
  base::Status comment(std::string_view id, const ScenarioComment& comment);

  /// Changes to the city on main that belong to a change of a scenario: one commit with it.
  using Alongside = std::function<base::Result<std::vector<thread::Change>>(const Scenario& scenario)>;
  /// Reads, lets `edit` change it, writes if nobody else wrote meanwhile, else begins anew. Errors: those of `edit`
  /// and `alongside`, not_found, busy (others write all the time).
  base::Result<Scenario> change(std::string_view id, const std::function<base::Status(Scenario&)>& edit,
                                const Alongside& alongside = {});

 private:
  explicit ScenarioStore(thread::Thread& thread) : thread_(&thread) {}
  base::Result<std::optional<Scenario>> read(const twin::EntityRecord& record,
                                             const std::vector<thread::BranchInfo>& branches) const;
  thread::Change change_of(const Scenario& scenario, thread::Change::Kind kind) const;

  thread::Thread* thread_;
  twin::Term type_, document_, comment_;
};

}  // namespace cityloom::serve
