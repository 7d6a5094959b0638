// What the doors of processes share; for this folder only.
#pragma once

#include <atomic>

#include "model/describe.hpp"
#include "serve/processes/processes.hpp"

namespace cityloom::serve {

using model::Json;

/// The runner with what it leans on.
struct Processes::Parts {
  ProcessServices services;
  space::RasterLayers layers;
  std::atomic<int> clients_waiting = 0;   ///< for the end of a run, each on a worker for long work
  std::unique_ptr<model::Runner> runner;  ///< last: its workers use the rest
};
using ProcessParts = Processes::Parts;

/// The URI of one of the standard's exceptions: "no-such-process".
std::string exception_type(std::string_view name);
/// An exception of the standard as problem details.
Response exception_response(std::string_view name, int status, const base::Error& error);
Response json_response(const Json& json, int status = 200);

/// A whole number among the query's parameters. Errors: invalid, naming the bounds.
base::Result<uint64_t> number_parameter(const Request& request, std::string_view name, uint64_t otherwise,
                                        uint64_t least, uint64_t most);

/// A job as the standard's statusInfo.
Json status_info(const model::Job& job, const JobAbout& about, const std::string& origin);

/// Writes the files that a run needs into its folder and names them in its request: what was sent inline, and what
/// comes from the city as of the job's offset. Errors: invalid, unsupported (no terrain), those of reading the record.
base::Status prepare_files(ProcessParts& parts, const model::Job& job, model::Request& request);

/// Writes what came of a run to the job's branch: a ModelRun entity, facts with their provenance, raster layers.
/// Nothing on main. Errors: those of the thread.
base::Status write_results(ProcessParts& parts, const model::Job& job, const model::Outcome& outcome);

/// The id of the raster layer that an output of a job becomes.
std::string layer_of(const model::Job& job, std::string_view output);

void add_process_routes(Router& router, ProcessParts& parts);
void add_job_routes(Router& router, ProcessParts& parts);

/// What came of a job, as it was asked for. Errors: as `Runner::outcome`.
base::Result<Response> results_of(ProcessParts& parts, const model::Job& job, const JobAbout& about,
                                  const std::string& origin);

/// The job of a request's path, if it is one of its tenant's. Errors: not_found.
base::Result<std::pair<model::Job, JobAbout>> job_of(ProcessParts& parts, const Request& request);

}  // namespace cityloom::serve
