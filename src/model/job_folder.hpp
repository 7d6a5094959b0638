// A run as a folder: what is asked for lies in it before, what came of it after. It is all that a run knows and leaves,
// so that it can be run in this process, in one of its own, or on another machine that sees the folder.
#pragma once

#include <string>

#include "model/ensemble.hpp"

namespace cityloom::model {

/// What is asked for: `request.json`.
struct Request {
  std::string model;
  std::string version;  ///< "" for whichever there is
  Json inputs = Json::object();
  uint64_t seed = 0;
  unsigned workers = 0;
  Ensemble ensemble = {};
};

/// What came of it: `result.json`. Rasters lie beside it as GeoTIFFs.
struct Outcome {
  Json values = Json::object();
  struct RasterFile {
    std::string output, file;
    double time_s = 0;
  };
  std::vector<RasterFile> rasters;
  std::vector<Stated> facts;
};

/// Writes what is asked for. Errors: unavailable.
base::Status write_request(const std::string& folder, const Request& request);

/// Reads it. Errors: not_found, invalid.
base::Result<Request> read_request(const std::string& folder);

/// Reads it, finds the model, checks the inputs (paths of files are relative to the folder), runs it, writes what came
/// of it. Errors: invalid, not_found, those of the model; what failed is in `result.json` too.
base::Status run_folder(const std::string& folder, const Run& run);

/// Runs one request and returns what came of it; rasters are written to `folder`, and to nowhere where it is "".
base::Result<Outcome> run_request(const Request& request, const std::string& folder, const Run& run);

/// Reads what came of a run. Errors: not_found (it has not ended), corrupt, and the error that the run ended with.
base::Result<Outcome> read_outcome(const std::string& folder);

/// What came of it as JSON: values by output, files of rasters, facts.
Json json_of(const Outcome& outcome);

}  // namespace cityloom::model
