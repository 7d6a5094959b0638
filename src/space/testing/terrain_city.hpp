// A record with terrain for tests, and tiles of heights made from a function.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "space/space.hpp"
#include "space/terrain/terrain.hpp"
#include "store/store.hpp"

namespace cityloom::space::testing {

/// A record in memory and the terrain that follows it.
class TerrainCity {
 public:
  TerrainCity() {
    auto opened = thread::Thread::open(store::make_memory_store(), clock_);
    EXPECT_TRUE(opened.ok());
    thread_ = std::move(*opened);
    sink_ = std::make_unique<ThreadSink>(*thread_);
    terrain_ = Terrain::follow(*thread_);
  }

  thread::Thread& thread() { return *thread_; }
  ImportSink& sink() { return *sink_; }
  Terrain& terrain() { return *terrain_; }
  /// With everything that was written.
  std::shared_ptr<const Relief> relief() {
    const auto status = terrain_->wait_for(thread_->head(), 20'000);
    EXPECT_TRUE(status.ok()) << status.error().text();
    return terrain_->relief();
  }

 private:
  base::ManualClock clock_{base::Instant::from_seconds(1'000)};
  std::unique_ptr<thread::Thread> thread_;
  std::unique_ptr<ThreadSink> sink_;
  std::unique_ptr<Terrain> terrain_;
};

/// The bytes of a .hgt file; rows from the north.
inline std::string hgt_bytes(int side, const std::function<int(int column, int row)>& height_m) {
  std::string bytes;
  for (int row = 0; row < side; ++row) {
    for (int column = 0; column < side; ++column) {
      const int height = height_m(column, row);
      bytes.push_back(static_cast<char>(height >> 8 & 0xFF));
      bytes.push_back(static_cast<char>(height & 0xFF));
    }
  }
  return bytes;
}

}  // namespace cityloom::space::testing
