// cityloom version.
#include <cstdio>

#include "app/command.hpp"

namespace cityloom::app {
namespace {

ExitCode run_version(const Arguments&) {
  std::puts("cityloom " CITYLOOM_VERSION);
  return ExitCode::ok;
}

}  // namespace

Command version_command() {
  return {"version", "Say which version this is", "", "", {}, run_version};
}

}  // namespace cityloom::app
