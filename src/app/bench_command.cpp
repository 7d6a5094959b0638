// cityloom bench: runs the benchmarks of bench/ and says of each number whether it reaches its bar.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/places.hpp"
#include "app/record_work.hpp"
#include "base/nearest.hpp"
#include "bench/bench.hpp"

namespace cityloom::app {
namespace {

namespace fs = std::filesystem;
using base::Code;
using base::fail;

void print_json(const bench::Line& line) {
  nlohmann::ordered_json json = {{"name", line.name}, {"value", line.value}, {"unit", line.unit}};
  json["bar"] = line.bar ? nlohmann::ordered_json(*line.bar) : nlohmann::ordered_json();
  json["holds"] = line.holds();
  std::printf("%s\n", json.dump().c_str());
  std::fflush(stdout);
}

void print_text(const bench::Line& line) {
  const std::string bar = line.bar ? fmt::format("{} {:.6g}: {}", line.at_least ? "at least" : "at most", *line.bar,
                                                 line.holds() ? "holds" : "does not hold")
                                   : "";
  std::printf("%s\n", fmt::format("{:<44} {:>14.6g} {:<10} {}", line.name, line.value, line.unit, bar).c_str());
  std::fflush(stdout);
}

/// An empty folder below the data folder's disk, removed at the end.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& beside) : path_(beside + "/cityloom-bench-" + std::to_string(getpid())) {
    std::error_code error;
    fs::create_directories(path_, error);
  }
  ~ScratchFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string shared_folder() {
  std::error_code error;
  const char* named = std::getenv("CITYLOOM_SHARED");
  const std::string path = named != nullptr ? named : source_folder() + "/../shared/data";
  return fs::is_directory(path, error) ? path : "";
}

bool run_one(const bench::Benchmark& benchmark, const std::string& beside, bool json) {
  std::fprintf(stderr, "bench: %s: %s\n", benchmark.name.c_str(), benchmark.summary.c_str());
  const ScratchFolder scratch(beside);
  std::error_code error;
  const bench::Setup setup{scratch.path(), fs::read_symlink("/proc/self/exe", error).string(), source_folder(),
                           shared_folder()};
  const base::Status status = benchmark.run(setup, json ? print_json : print_text);
  if (!status)
    std::fprintf(stderr, "bench: %s could not measure: %s\n", benchmark.name.c_str(), status.error().text().c_str());
  return status.ok();
}

ExitCode work_bench(const Arguments& arguments) {
  const std::vector<bench::Benchmark>& all = bench::all_benchmarks();
  std::vector<std::string> known;
  for (const bench::Benchmark& benchmark : all) known.push_back(benchmark.name);
  for (const std::string& name : arguments.names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string meant = base::nearest(name, known);
    return complain(fail(Code::invalid, "there is no benchmark " + name, "",
                         meant.empty() ? "`cityloom bench --list` lists them" : "did you mean " + meant + "?"),
                    ExitCode::usage);
  }
  bool measured = true;
  const std::string* beside = arguments.option("--folder");
  for (const bench::Benchmark& benchmark : all) {
    const bool chosen = arguments.names.empty() || std::find(arguments.names.begin(), arguments.names.end(),
                                                             benchmark.name) != arguments.names.end();
    if (!chosen) continue;
    if (arguments.option("--list") != nullptr) {
      std::printf("%-16s %s\n", benchmark.name.c_str(), benchmark.summary.c_str());
    } else {
      measured =
          run_one(benchmark, beside != nullptr ? *beside : "/tmp", arguments.option("--json") != nullptr) && measured;
    }
  }
  return measured ? ExitCode::ok : ExitCode::failed;
}

ExitCode run_bench(const Arguments& arguments) {
  return guarded(work_bench, arguments);
}

}  // namespace

Command bench_command() {
  return {
      "bench",
      "Measure, against the bars in bench/RESULTS.md",
      "[OPTION...] [NAME...]",
      "A number below its bar is said, and is no failure: the code is 1 only where something could not be measured.\n",
      {{"--json", "", "one JSON object a line: name, value, unit, bar, holds", ""},
       {"--list", "", "say which benchmarks there are", ""},
       {"--folder", "DIR", "measure on the disk of this folder (default /tmp)", ""}},
      run_bench};
}

}  // namespace cityloom::app
