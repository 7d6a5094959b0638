#include "model/stored_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "model/json_file.hpp"

namespace cityloom::model {
namespace {

constexpr std::string_view id_start = "job-";
constexpr JobState states[] = {JobState::accepted, JobState::running, JobState::successful, JobState::failed,
                               JobState::dismissed};

base::Instant instant_in(const Json& json, const char* name) {
  return {json.value(name, base::Instant::none().microseconds)};
}

base::Result<Job> job_of(const Json& json, const std::string& folder) {
  Job job;
  job.id = std::filesystem::path(folder).filename().string();
  job.folder = folder;
  try {
    job.model = json.at("model");
    job.version = json.at("version");
    job.about = json.value("about", "");
    job.message = json.value("message", "");
    const std::string state = json.at("state");
    const auto found = std::ranges::find_if(states, [&](JobState each) { return name_of(each) == state; });
    if (found == std::end(states)) return base::fail(base::Code::corrupt, "no such state", folder);
    job.state = *found;
    job.part = job.state == JobState::successful ? 1 : 0;
    if (json.contains("error")) job.error = error_of(json.at("error"));
    job.created = instant_in(json, "created_us");
    job.started = instant_in(json, "started_us");
    job.finished = instant_in(json, "finished_us");
  } catch (const Json::exception& problem) {
    return base::fail(base::Code::corrupt, problem.what(), folder);
  }
  return job;
}

}  // namespace

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::accepted:
      return "accepted";
    case JobState::running:
      return "running";
    case JobState::successful:
      return "successful";
    case JobState::failed:
      return "failed";
    case JobState::dismissed:
      return "dismissed";
  }
  return "";
}

std::string job_id(uint64_t number) {
  return fmt::format("{}{:08}", id_start, number);
}

uint64_t number_of_job(std::string_view id) {
  if (!id.starts_with(id_start)) return 0;
  uint64_t number = 0;
  const auto [end, problem] = std::from_chars(id.data() + id_start.size(), id.data() + id.size(), number);
  return problem == std::errc() && end == id.data() + id.size() ? number : 0;
}

base::Status store_job(const Job& job) {
  Json json = {{"model", job.model},          {"version", job.version}, {"about", job.about},
               {"state", name_of(job.state)}, {"message", job.message}, {"created_us", job.created.microseconds}};
  if (job.started.exists()) json["started_us"] = job.started.microseconds;
  if (job.finished.exists()) json["finished_us"] = job.finished.microseconds;
  if (job.error) json["error"] = json_of(*job.error);
  return write_json(job.folder + "/job.json", json);
}

std::vector<Job> stored_jobs(const std::string& folder) {
  std::vector<Job> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (number_of_job(entry.path().filename().string()) == 0) continue;
    const auto json = read_json(entry.path().string() + "/job.json");
    if (!json) continue;
    if (auto job = job_of(*json, entry.path().string())) found.push_back(std::move(*job));
  }
  std::ranges::sort(found, {}, &Job::id);
  return found;
}

}  // namespace cityloom::model
