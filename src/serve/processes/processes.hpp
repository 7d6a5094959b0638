// OGC API - Processes 1.0 over the models of this program: /processes, /jobs, /conformance. Runs read the city as of
// one offset of one branch, and what comes of them are facts on that branch.
#pragma once

#include <memory>

#include "model/runner.hpp"
#include "serve/router.hpp"
#include "serve/tenants.hpp"
#include "space/raster/raster_layers.hpp"
#include "space/terrain/terrain.hpp"

namespace cityloom::serve {

/// What the doors lead to. All of it outlives them.
struct ProcessServices {
  Tenants* tenants = nullptr;          ///< needed
  const base::Clock* clock = nullptr;  ///< needed
  space::Terrain* terrain = nullptr;   ///< of the default tenant; without it no run can ask for the ground
  model::RunnerOptions runner;
};

/// Whose a job is, and of which moment of the city: kept with it in `Job::about`.
struct JobAbout {
  std::string tenant;
  std::string branch;                ///< that results are written to; "" for main, to which none are
  thread::Offset offset;             ///< of the city that it reads
  base::Instant start;               ///< when what is computed begins
  std::vector<std::string> outputs;  ///< those asked for; empty: all
  bool is_raw = false;               ///< how results are told where the request for them does not say

  std::string text() const;
  /// Errors: corrupt.
  static base::Result<JobAbout> read(std::string_view text);
};

/// The doors and the runner behind them. Any worker may call anything.
class Processes {
 public:
  /// Opens the runner, which goes on with what was under way. Errors: unavailable (its folder).
  static base::Result<std::unique_ptr<Processes>> open(ProcessServices services);
  ~Processes();

  /// Adds all routes. Must outlive the router's use.
  void add_routes(Router& router);

  struct Parts;

 private:
  explicit Processes(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace cityloom::serve
