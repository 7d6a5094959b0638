// What tests of stored things share: a folder that goes away, and a family's whole content.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "thread/store.hpp"

namespace cityloom::store {

/// A new folder under the system's temporary one, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "cityloom-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path() const { return path_.string(); }
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

using Entries = std::map<std::string, std::string>;

/// Everything in a family, in order.
inline Entries all_of(const thread::Store& store, thread::Family family) {
  Entries entries;
  const auto status = store.scan(family, {}, {}, [&entries](std::string_view key, std::string_view value) {
    entries.emplace(key, value);
    return true;
  });
  EXPECT_TRUE(status.ok());
  return entries;
}

}  // namespace cityloom::store
