// Where the real data for tests lies, if it is there.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace cityloom::space::testing {

/// The path of a file of the shared data, or "".
inline std::string shared_data(const std::string& name) {
  const char* folder = std::getenv("CITYLOOM_SHARED");
  const std::string path =
      (folder != nullptr ? std::string(folder) : std::string(CITYLOOM_SOURCE_DIR) + "/../shared/data") + "/" + name;
  return std::filesystem::exists(path) ? path : std::string();
}

}  // namespace cityloom::space::testing

#define CITYLOOM_REQUIRE_SHARED(path) \
  if ((path).empty()) GTEST_SKIP() << "../shared/data is absent (or set CITYLOOM_SHARED)"
