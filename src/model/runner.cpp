#include "model/runner.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "model/child_process.hpp"
#include "model/stored_job.hpp"

namespace cityloom::model {
namespace {

using base::Code;
using base::fail;
using base::Result;
namespace files = std::filesystem;

bool has_ended(JobState state) {
  return state != JobState::accepted && state != JobState::running;
}

}  // namespace

struct Runner::Parts {
  Parts(RunnerOptions given, const base::Clock& the_clock, Prepare to_prepare, Finish to_finish)
      : options(std::move(given)), clock(the_clock), prepare(std::move(to_prepare)), finish(std::move(to_finish)) {}

  ~Parts() {
    {
      const std::lock_guard lock(mutex);
      is_ending = true;
    }
    changed.notify_all();
    for (std::thread& worker : workers) worker.join();
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return is_ending || !waiting.empty(); });
      if (is_ending) return;
      const std::string id = waiting.front();
      waiting.pop_front();
      const auto found = all.find(id);
      if (found == all.end() || has_ended(found->second.state)) continue;
      Job& job = found->second;
      job.state = JobState::running;
      job.started = clock.now();
      job.message = "starting";
      keep(job);
      Job copy = job;
      lock.unlock();
      const base::Status ended = guarded_run(copy);
      lock.lock();
      end(id, ended);
    }
  }

  /// Of a job whose run is over. The mutex is held.
  void end(const std::string& id, const base::Status& ended) {
    const auto found = all.find(id);
    if (found == all.end()) return;
    Job& job = found->second;
    // The program ends, and not somebody the job: it begins again.
    if (is_ending && !ended && ended.error().code == Code::cancelled && !dismissed.contains(id)) return;
    job.finished = clock.now();
    if (ended) {
      job.state = JobState::successful;
      job.part = 1;
      job.message.clear();
    } else {
      job.state = dismissed.contains(id) ? JobState::dismissed : JobState::failed;
      job.error = ended.error();
      job.message = ended.error().text();
    }
    dismissed.erase(id);
    keep(job);
    forget_oldest();
    changed.notify_all();
  }

  /// A state that cannot be written is forgotten with this program: the job runs again after it, and the same comes of
  /// it.
  static void keep(const Job& job) {
    if (!store_job(job)) spdlog::warn("the state of {} cannot be written: see to the disk", job.id);
  }

  /// The mutex is held.
  void forget_oldest() {
    size_t ended = 0;
    for (const auto& [id, job] : all) ended += has_ended(job.state);
    for (auto it = all.begin(); it != all.end() && ended > options.kept_max;) {
      if (!has_ended(it->second.state)) {
        ++it;
        continue;
      }
      std::error_code ignored;
      files::remove_all(it->second.folder, ignored);
      it = all.erase(it);
      --ended;
    }
  }

  bool is_wanted(const std::string& id) {
    const std::lock_guard lock(mutex);
    return !is_ending && !dismissed.contains(id);
  }

  void hear(const std::string& id, std::string_view line) {
    const auto progress = Json::parse(line, nullptr, false);
    if (!progress.is_object() || !progress.contains("part") || !progress.at("part").is_number()) return;
    const std::lock_guard lock(mutex);
    const auto found = all.find(id);
    if (found == all.end()) return;
    found->second.part = std::clamp(progress.at("part").get<double>(), 0.0, 1.0);
    if (progress.contains("what") && progress.at("what").is_string()) found->second.message = progress.at("what");
  }

  /// What no run may do is end the hub.
  base::Status guarded_run(const Job& job) {
    try {
      return run(job);
    } catch (const std::exception& problem) {
      return fail(Code::internal, std::string("the run could not be made: ") + problem.what(), job.id,
                  "look at its inputs");
    }
  }

  base::Status run(const Job& job) {
    auto request = read_request(job.folder);
    if (!request) return request.error();
    if (prepare) {
      if (auto ready = prepare(job, *request); !ready) return ready;
      if (auto written = write_request(job.folder, *request); !written) return written;
    }
    std::error_code ignored;
    files::remove(job.folder + "/result.json", ignored);
    std::vector<std::string> words = options.launcher;
    words.insert(words.end(), options.program.begin(), options.program.end());
    for (const std::string& word : {std::string("model"), std::string("run-folder"), job.folder,
                                    std::string("--memory-bytes"), std::to_string(options.memory_bytes_max)})
      words.push_back(word);
    const ChildLimits limits{options.seconds_max, 2'000};
    const base::Status ended = run_child(
        words, job.folder + "/log.txt", limits, [&](std::string_view line) { hear(job.id, line); },
        [&] { return is_wanted(job.id); });
    if (!ended && ended.error().code != Code::internal) return ended;
    // What the model itself says is worth more than the code its process ended with.
    const auto outcome = read_outcome(job.folder);
    if (!outcome) return !ended && outcome.error().code == Code::not_found ? ended : base::Status(outcome.error());
    if (!ended) return ended;
    if (!is_wanted(job.id)) return fail(Code::cancelled, "it was dismissed");
    return finish ? finish(job, *outcome) : base::Status();
  }

  const RunnerOptions options;
  const base::Clock& clock;
  const Prepare prepare;
  const Finish finish;

  std::mutex mutex;  // guards what follows
  mutable std::condition_variable changed;
  std::map<std::string, Job, std::less<>> all;  // by id, which ascends
  std::deque<std::string> waiting;
  std::map<std::string, bool> dismissed;  // while they run
  uint64_t last_number = 0;
  bool is_ending = false;

  std::vector<std::thread> workers;
};

Runner::Runner(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Runner::~Runner() = default;

Result<std::unique_ptr<Runner>> Runner::open(RunnerOptions options, const base::Clock& clock, Prepare prepare,
                                             Finish finish) {
  std::error_code error;
  files::create_directories(options.folder, error);
  if (error) return fail(Code::unavailable, "cannot be made: " + error.message(), options.folder);
  auto parts = std::make_unique<Parts>(std::move(options), clock, std::move(prepare), std::move(finish));
  for (Job& job : stored_jobs(parts->options.folder)) {
    parts->last_number = std::max(parts->last_number, number_of_job(job.id));
    if (!has_ended(job.state)) {
      job.state = JobState::accepted;
      job.part = 0;
      parts->waiting.push_back(job.id);
    }
    parts->all.emplace(job.id, std::move(job));
  }
  Parts* const raw = parts.get();
  for (size_t i = 0; i < std::max<size_t>(1, raw->options.at_once); ++i)
    raw->workers.emplace_back([raw] { raw->work(); });
  return std::unique_ptr<Runner>(new Runner(std::move(parts)));
}

Result<Job> Runner::submit(Request request, std::string about) {
  const Model* const model = find_model(request.model);
  if (model == nullptr)
    return fail(Code::not_found, "there is no process of this name", request.model.substr(0, 60), "see /processes");
  const std::lock_guard lock(parts_->mutex);
  if (parts_->waiting.size() >= parts_->options.waiting_max)
    return fail(Code::busy, "too many runs wait", "", "try again when some of them have ended");
  Job job;
  job.id = job_id(++parts_->last_number);
  job.model = request.model;
  job.version = request.version = model->declaration.version;
  job.about = std::move(about);
  job.created = parts_->clock.now();
  job.folder = parts_->options.folder + "/" + job.id;
  std::error_code error;
  files::create_directories(job.folder, error);
  if (error) return fail(Code::unavailable, "cannot be made: " + error.message(), job.folder);
  auto kept = write_request(job.folder, request);
  if (kept) kept = store_job(job);
  if (!kept) {
    files::remove_all(job.folder, error);
    return kept.error();
  }
  parts_->waiting.push_back(job.id);
  parts_->all.emplace(job.id, job);
  parts_->changed.notify_all();
  return job;
}

std::optional<Job> Runner::find(std::string_view id) const {
  const std::lock_guard lock(parts_->mutex);
  const auto found = parts_->all.find(id);
  return found == parts_->all.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Job> Runner::jobs() const {
  const std::lock_guard lock(parts_->mutex);
  std::vector<Job> found;
  for (auto it = parts_->all.rbegin(); it != parts_->all.rend(); ++it) found.push_back(it->second);
  return found;
}

Result<Job> Runner::dismiss(std::string_view id) {
  const std::lock_guard lock(parts_->mutex);
  const auto found = parts_->all.find(id);
  if (found == parts_->all.end()) return fail(Code::not_found, "there is no such job", std::string(id.substr(0, 60)));
  Job& job = found->second;
  if (job.state == JobState::running) {
    parts_->dismissed.emplace(job.id, true);
    Job told = job;
    told.state = JobState::dismissed;
    return told;
  }
  Job told = job;
  told.state = JobState::dismissed;
  std::erase(parts_->waiting, job.id);
  std::error_code ignored;
  files::remove_all(job.folder, ignored);
  parts_->all.erase(found);
  parts_->changed.notify_all();
  return told;
}

Result<Job> Runner::wait(std::string_view id, int64_t timeout_ms) const {
  std::unique_lock lock(parts_->mutex);
  const auto ended = [&] {
    const auto found = parts_->all.find(id);
    return found == parts_->all.end() || has_ended(found->second.state);
  };
  if (!parts_->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), ended))
    return fail(Code::timeout, "it still runs", std::string(id.substr(0, 60)), "ask for the job later");
  const auto found = parts_->all.find(id);
  if (found == parts_->all.end()) return fail(Code::not_found, "there is no such job", std::string(id.substr(0, 60)));
  return found->second;
}

Result<Outcome> Runner::outcome(std::string_view id) const {
  const auto job = find(id);
  if (!job) return fail(Code::not_found, "there is no such job", std::string(id.substr(0, 60)));
  if (!has_ended(job->state))
    return fail(Code::conflict, "the job has not ended", job->id, "wait until its status says successful");
  if (job->error) return *job->error;
  return read_outcome(job->folder);
}

}  // namespace cityloom::model
