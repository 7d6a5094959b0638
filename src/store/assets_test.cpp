// Assets of the record over its back ends: kept once, whole, beside commits that go on, over power loss and backups.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "store/failing_disk.hpp"
#include "store/store.hpp"
#include "store/test_folder.hpp"
#include "thread/thread.hpp"

namespace cityloom::store {
namespace {

using base::Code;
using thread::Family;
using thread::Thread;

std::unique_ptr<Thread> open_thread(std::unique_ptr<thread::Store> store, const base::Clock& clock) {
  auto opened = Thread::open(std::move(store), clock);
  EXPECT_TRUE(opened.ok()) << opened.error().text();
  return opened ? std::move(*opened) : nullptr;
}

std::unique_ptr<thread::Store> embedded(const std::string& folder, rocksdb::Env* env = nullptr) {
  EmbeddedOptions options;
  options.env = env;
  auto store = open_embedded(folder, options);
  EXPECT_TRUE(store.ok()) << store.error().text();
  return store ? std::move(*store) : nullptr;
}

std::string noise(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (size_t i = 0; i + 8 <= size; i += 8) {
    const uint64_t word = random();
    std::memcpy(bytes.data() + i, &word, 8);
  }
  return bytes;
}

thread::ChangeSet one_reading(Thread& thread, int value) {
  thread::ChangeSet set;
  thread::Change& change = set.changes.emplace_back();
  change.entity_id = "urn:e:1";
  change.types = {*thread.terms().intern("urn:t:Sensor")};
  twin::Attribute& attribute = change.attributes.emplace_back();
  attribute.name = *thread.terms().intern("urn:n:speed");
  attribute.value = twin::number_value(value);
  return set;
}

TEST(Assets, HaveTheNamesThatTheWorldKnows) {
  // From FIPS 180-2 and its examples.
  EXPECT_EQ(thread::asset_name("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(thread::asset_name(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Assets, AreReadBackWholeFromBothStores) {
  const TemporaryFolder folder;
  const base::ManualClock clock(base::Instant::from_seconds(1'000));
  for (const bool is_embedded : {false, true}) {
    const auto thread = open_thread(is_embedded ? embedded(folder.path("record")) : make_memory_store(), clock);
    const size_t piece = thread::asset_piece_bytes;
    for (const size_t size : {size_t{0}, size_t{3}, piece - 1, piece, piece + 1, 3 * piece, 3 * piece + 77}) {
      const std::string bytes = noise(size, size);
      const auto name = thread->put_asset(bytes);
      ASSERT_TRUE(name.ok()) << name.error().text();
      EXPECT_EQ(*name, thread::asset_name(bytes));
      const auto read = thread->asset(*name);
      ASSERT_TRUE(read.ok()) << read.error().text();
      EXPECT_TRUE(**read == bytes) << size;
    }
    EXPECT_EQ(thread->asset(thread::asset_name("never put")).error().code, Code::not_found);
    for (const char* bad : {"", "abc", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
                            "../../../etc/passwd", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag"})
      EXPECT_EQ(thread->asset(bad).error().code, Code::invalid) << bad;
  }
}

TEST(Assets, AreBoundedAndKeptOnce) {
  const base::ManualClock clock(base::Instant::from_seconds(1'000));
  const auto thread = open_thread(make_memory_store(), clock);
  const std::string bytes = noise(2 << 20, 1);
  ASSERT_TRUE(thread->put_asset(bytes).ok());
  const uint64_t once = thread->size_bytes(Family::assets);
  ASSERT_TRUE(thread->put_asset(bytes).ok());
  EXPECT_EQ(thread->size_bytes(Family::assets), once);
  EXPECT_TRUE(thread->put_asset(std::string(thread::asset_bytes_max, 'x')).ok());
  EXPECT_EQ(thread->put_asset(std::string(thread::asset_bytes_max + 1, 'x')).error().code, Code::too_large);
}

TEST(Assets, SurvivePowerLossOnceNamed) {
  for (const auto tail : {FailingDisk::UnsyncedTail::lost, FailingDisk::UnsyncedTail::torn}) {
    const TemporaryFolder folder;
    const base::ManualClock clock(base::Instant::from_seconds(1'000));
    FailingDisk disk;
    const std::string bytes = noise((5 << 20) + 11, 2);
    std::string name;
    {
      const auto thread = open_thread(embedded(folder.path("record"), disk.env()), clock);
      ASSERT_TRUE(thread->append(one_reading(*thread, 1)).ok());
      name = *thread->put_asset(bytes);
      disk.cut_power();
    }
    ASSERT_TRUE(disk.restore_power(tail, 3));
    const auto thread = open_thread(embedded(folder.path("record"), disk.env()), clock);
    const auto read = thread->asset(name);
    ASSERT_TRUE(read.ok()) << read.error().text();
    EXPECT_TRUE(**read == bytes);
    EXPECT_EQ(thread->status().entities, 1u);
  }
}

TEST(Assets, AreAbsentNotHalfThereWhenTheDiskFailsBetween) {
  const base::ManualClock clock(base::Instant::from_seconds(1'000));
  const std::string bytes = noise(4 << 20, 4);
  int failed = 0;
  for (uint64_t step = 1; step < 12; ++step) {
    const TemporaryFolder folder;
    FailingDisk disk;
    bool is_put = false;
    {
      const auto thread = open_thread(embedded(folder.path("record"), disk.env()), clock);
      disk.fail_after(step, FailingDisk::Failure::full, FailingDisk::Lasting::always);
      is_put = thread->put_asset(bytes).ok();
      if (!is_put) {
        EXPECT_TRUE(thread->status().poisoned.has_value()) << "a failed write is the record's failure";
        ++failed;
      }
      disk.cut_power();
    }
    disk.heal();
    ASSERT_TRUE(disk.restore_power(FailingDisk::UnsyncedTail::torn, step));
    const auto thread = open_thread(embedded(folder.path("record"), disk.env()), clock);
    const auto read = thread->asset(thread::asset_name(bytes));
    if (is_put) {
      EXPECT_TRUE(read.ok() && **read == bytes);
    } else if (!read.ok()) {
      EXPECT_EQ(read.error().code, Code::not_found);
      EXPECT_TRUE(thread->put_asset(bytes).ok()) << "it can be put again over what is left";
      EXPECT_TRUE(**thread->asset(thread::asset_name(bytes)) == bytes);
    }
  }
  EXPECT_GT(failed, 0);
}

TEST(Assets, AreInBackups) {
  const TemporaryFolder folder;
  const base::ManualClock clock(base::Instant::from_seconds(1'000));
  const std::string bytes = noise((2 << 20) + 5, 5);
  for (const bool is_embedded : {false, true}) {
    const std::string target = folder.path(is_embedded ? "backup-of-embedded" : "backup-of-memory");
    const auto thread = open_thread(is_embedded ? embedded(folder.path("record")) : make_memory_store(), clock);
    const auto name = thread->put_asset(bytes);
    ASSERT_TRUE(name.ok());
    if (is_embedded) {
      ASSERT_TRUE(thread->checkpoint().ok());
      EXPECT_GE(thread->size_bytes(Family::assets), bytes.size()) << "sizes count files of large values";
    }
    ASSERT_TRUE(thread->backup(target).ok());
    const auto copy = open_thread(embedded(target), clock);
    EXPECT_TRUE(**copy->asset(*name) == bytes);
  }
}

TEST(Assets, LetCommitsThroughBetweenTheirPieces) {
  const TemporaryFolder folder;
  const base::ManualClock clock(base::Instant::from_seconds(1'000));
  const auto thread = open_thread(embedded(folder.path("record")), clock);
  std::atomic<bool> is_done = false;
  std::thread writer([&] {
    for (uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(thread->put_asset(noise(20 << 20, i)).ok());
    is_done = true;
  });
  int during = 0;
  while (!is_done) {
    ASSERT_TRUE(thread->append(one_reading(*thread, ++during)).ok());
  }
  writer.join();
  EXPECT_GT(during, 10);
}

TEST(Assets, SayThatTheyAreDamaged) {
  const TemporaryFolder folder;
  const base::ManualClock clock(base::Instant::from_seconds(1'000));
  const std::string name = thread::asset_name("the right bytes");
  {
    const auto store = embedded(folder.path("record"));
    std::string hash;
    for (size_t i = 0; i < name.size(); i += 2)
      hash.push_back(static_cast<char>(std::stoi(name.substr(i, 2), nullptr, 16)));
    thread::Batch batch;
    batch.put(Family::assets, hash, std::string("\0\0\0\0\0\0\0\x0f", 8));
    batch.put(Family::assets, hash + std::string(4, '\0'), "the wrong bytes");
    ASSERT_TRUE(store->write(batch, thread::Durability::synced).ok());
  }
  const auto thread = open_thread(embedded(folder.path("record")), clock);
  EXPECT_EQ(thread->asset(name).error().code, Code::corrupt);
}

}  // namespace
}  // namespace cityloom::store
