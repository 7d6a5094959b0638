// Jobs as they lie on disk: a folder each, with job.json beside what the run reads and writes.
#pragma once

#include <vector>

#include "model/runner.hpp"

namespace cityloom::model {

/// "job-00000042": they sort by age.
std::string job_id(uint64_t number);
/// Back; 0 for what is no id of ours.
uint64_t number_of_job(std::string_view id);

/// Writes job.json. Errors: unavailable.
base::Status store_job(const Job& job);

/// All that lie in a folder, the oldest first. What cannot be read is left out.
std::vector<Job> stored_jobs(const std::string& folder);

}  // namespace cityloom::model
