// Runs as jobs: they wait in a queue, each in a process of its own, so that a crash or a hunger for memory harms
// nobody.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "model/job_folder.hpp"

namespace cityloom::model {

/// Where a job is, in the words of OGC API - Processes.
enum class JobState : uint8_t { accepted, running, successful, failed, dismissed };
/// "accepted" ...
std::string_view name_of(JobState state);

/// A job as it stands.
struct Job {
  std::string id;
  std::string model, version;
  std::string about;  ///< what the caller keeps with it, any text
  JobState state = JobState::accepted;
  double part = 0;      ///< done, 0 to 1
  std::string message;  ///< what it is at, or why it failed
  std::optional<base::Error> error;
  base::Instant created, started = base::Instant::none(), finished = base::Instant::none();
  std::string folder;
};

/// Limits, and how a process is started.
struct RunnerOptions {
  std::string folder;                 ///< that of all jobs; made where it is not there
  std::vector<std::string> program;   ///< what runs a folder: words before "model run-folder FOLDER" (this program)
  std::vector<std::string> launcher;  ///< words before them, e.g. srun of Slurm; empty: this machine
  size_t at_once = 1;                 ///< jobs that run
  size_t waiting_max = 1'000;         ///< jobs that wait; past it: busy
  size_t kept_max = 1'000;            ///< ended jobs that are kept; the oldest go first, with their folders
  int64_t seconds_max = 3'600;        ///< of a run
  uint64_t memory_bytes_max = 4ull << 30;
};

/// What the caller does with a run that has ended well, before the job is called successful: write facts. On the
/// runner's worker. An error fails the job.
using Finish = std::function<base::Status(const Job&, const Outcome&)>;
/// Makes the inputs of a job ready in its folder before it runs, on the runner's worker: files from the city.
using Prepare = std::function<base::Status(const Job&, Request&)>;

/// Jobs over restarts: those that waited or ran when the program ended run again, since the same comes of it. Any
/// worker may call anything.
class Runner {
 public:
  /// Reads the folder's jobs and goes on with them. The clock must outlive it. Errors: unavailable (folder).
  static base::Result<std::unique_ptr<Runner>> open(RunnerOptions options, const base::Clock& clock,
                                                    Prepare prepare = {}, Finish finish = {});
  /// Ends what runs; it begins again with the next open.
  ~Runner();

  /// Queues a run; durable when it returns. Errors: invalid and not_found as `checked_inputs` and `find_model`,
  /// too_large (the model says that it needs more than a limit allows), busy.
  base::Result<Job> submit(Request request, std::string about);

  std::optional<Job> find(std::string_view id) const;
  std::vector<Job> jobs() const;  ///< the youngest first

  /// Ends it, or removes it with its folder where it has ended. Errors: not_found.
  base::Result<Job> dismiss(std::string_view id);

  /// Waits until it has ended. Errors: not_found, timeout.
  base::Result<Job> wait(std::string_view id, int64_t timeout_ms) const;

  /// What came of a job. Errors: not_found, conflict (it has not ended), or what it failed with.
  base::Result<Outcome> outcome(std::string_view id) const;

 private:
  struct Parts;
  explicit Runner(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::model
