// Any bytes as a case: read within bounds, or refused; what is read and small is run, and keeps its water.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "model/flood/case.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::model::flood;
  namespace fs = std::filesystem;
  static const fs::path folder = [] {
    const fs::path made = fs::temp_directory_path() / ("cityloom-flood-fuzz-" + std::to_string(::getpid()));
    fs::create_directories(made);
    std::ofstream(made / "valley.asc") << "ncols 4\nnrows 3\nxllcorner 0\nyllcorner 0\ncellsize 1\n"
                                          "3 2 1 0\n2 1 0 -1\n3 2 1 0\n";
    std::ofstream(made / "things.geojson")
        << R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"occupants":2},)"
           R"("geometry":{"type":"Point","coordinates":[1.5,1.5]}}]})";
    return made;
  }();
  const std::string path = (folder / "case.yaml").string();
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  auto it = read_case(path);
  if (!it.ok() || it->terrain.values.size() > 100 || it->duration_s > 100) return 0;
  it->options.workers = 1;
  size_t looks = 0;
  Follower follower;
  follower.progress = [&](double) { return ++looks < 20; };
  const auto outcome = run_case(*it, follower);
  if (outcome.ok() && !(std::abs(outcome->audit.relative_error()) < 1e-6)) std::abort();
  return 0;
}
