// Promise 1 for the whole record: the disk fails or loses power at a step; what was acknowledged is there, and folds
// alike.
#include <gtest/gtest.h>

#include <cstdlib>

#include "store/failing_disk.hpp"
#include "store/record_model.hpp"
#include "store/store.hpp"
#include "store/test_folder.hpp"

namespace cityloom::store {
namespace {

using base::Code;
using thread::main_branch;
using thread::Thread;
using Failure = FailingDisk::Failure;
using Lasting = FailingDisk::Lasting;

const base::ManualClock still_clock(base::Instant::from_seconds(1'700'000'000));

base::Result<std::unique_ptr<Thread>> open_on(const FailingDisk& disk, const std::string& folder) {
  EmbeddedOptions options;
  options.env = disk.env();
  options.write_buffer_bytes = 64u << 10;
  auto store = open_embedded(folder, options);
  if (!store) return store.error();
  return Thread::open(std::move(*store), still_clock);
}

/// Random changes on main and a branch, with checkpoints; the greatest offset that was acknowledged.
twin::Offset work(Thread& record, uint64_t seed) {
  RandomChanges changes(record.terms(), seed);
  twin::Offset acknowledged;
  bool failed = false;
  for (int i = 0; i < 24; ++i) {
    if (i % 8 == 5 && !record.checkpoint().ok()) {
      failed = true;
      EXPECT_TRUE(record.status().poisoned.has_value()) << "a failed flush shows at once";
    }
    if (i == 10) {
      const bool forked = record.fork("plan").ok();
      EXPECT_FALSE(failed && forked);
      failed = !forked;
      if (forked) acknowledged = record.head();
    }
    const auto branch = i % 3 == 2 ? record.find_branch("plan").value_or(main_branch) : main_branch;
    const auto outcomes = record.append(changes.change_set(branch, 3));
    const bool refused = !outcomes.ok() && outcomes.error().code == Code::unavailable;
    if (refused) {
      EXPECT_TRUE(record.status().poisoned.has_value());
    }
    const bool was_failed = failed;
    failed = failed || refused;
    if (!outcomes.ok()) continue;
    for (const auto& outcome : *outcomes) {
      if (!outcome.ok() || !outcome->recorded) continue;
      EXPECT_FALSE(was_failed) << "after a failed write nothing is taken";
      acknowledged = std::max(acknowledged, outcome->offset);
    }
  }
  return acknowledged;
}

/// Every commit from the first to the head, without gap, and the entities that they make.
void expect_whole(Thread& record, twin::Offset acknowledged) {
  ASSERT_GE(record.head(), acknowledged) << "an acknowledged commit is lost";
  RecordModel model;
  for (twin::Offset at; at < record.head();) {
    const auto commits = record.feed(at, 1'000);
    ASSERT_TRUE(commits.ok()) << commits.error().text();
    for (const auto& commit : *commits) {
      ASSERT_EQ(commit->offset.number, ++at.number);
      model.fold(*commit);
    }
  }
  for (const auto& branch : record.branches()) {
    const City city = model.at(branch.id, record.head());
    for (int i = 0; i < 8; ++i) {
      const std::string id = "urn:e:" + std::to_string(i);
      const auto found = record.snapshot(branch.id).find(id);
      ASSERT_TRUE(found.ok());
      ASSERT_EQ(found->exists(), city.contains(id));
      if (found->exists()) {
        ASSERT_EQ(found->offset(), city.at(id).offset);
      }
    }
  }
}

void fail_at(uint64_t operation, Failure failure, Lasting lasting, bool power_cut) {
  SCOPED_TRACE("operation " + std::to_string(operation));
  FailingDisk disk;
  const TemporaryFolder folder;
  const std::string place = folder.path("record");
  disk.fail_after(operation, failure, lasting);
  twin::Offset acknowledged;
  if (auto record = open_on(disk, place); record.ok()) {
    acknowledged = work(**record, operation);
    if (power_cut) disk.cut_power();
    record->reset();
  } else if (power_cut) {
    disk.cut_power();
  }
  disk.heal();
  if (power_cut) {
    ASSERT_TRUE(disk.restore_power(FailingDisk::UnsyncedTail::torn, operation));
  }
  uint64_t digest = 0;
  {
    auto again = open_on(disk, place);
    ASSERT_TRUE(again.ok()) << again.error().text();
    expect_whole(**again, acknowledged);
    digest = (*again)->views_digest().value();
  }
  EmbeddedOptions options;
  options.env = disk.env();
  auto store = open_embedded(place, options);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(thread::clear_views(**store).ok());
  store->reset();
  auto refolded = open_on(disk, place);
  ASSERT_TRUE(refolded.ok());
  EXPECT_EQ((*refolded)->views_digest().value(), digest);
}

uint64_t operations() {
  FailingDisk disk;
  const TemporaryFolder folder;
  auto record = open_on(disk, folder.path("record"));
  EXPECT_TRUE(record.ok());
  work(**record, 1);
  record->reset();
  return disk.operations();
}

/// Every third step from `start`, so that over the three tests every step fails in one way; every step in every way
/// with CITYLOOM_EVERY_STEP set.
void fail_at_every_step(uint64_t start, Failure failure, Lasting lasting, bool power_cut) {
  const bool every = std::getenv("CITYLOOM_EVERY_STEP") != nullptr;
  const uint64_t last = operations();
  ASSERT_GT(last, 100u);
  for (uint64_t operation = every ? 1 : start; operation <= last; operation += every ? 1 : 3) {
    fail_at(operation, failure, lasting, power_cut);
    if (testing::Test::HasFailure()) break;
  }
}

TEST(RecordFault, OneFailedOperationLosesNothingAcknowledged) {
  fail_at_every_step(1, Failure::input_output, Lasting::once, false);
}

TEST(RecordFault, APowerCutAfterAFailureLosesNothingAcknowledged) {
  fail_at_every_step(2, Failure::input_output, Lasting::once, true);
}

TEST(RecordFault, AFullDiskLosesNothingAcknowledged) {
  fail_at_every_step(3, Failure::full, Lasting::always, true);
}

}  // namespace
}  // namespace cityloom::store
