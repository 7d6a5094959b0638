// Promise 1 at the store: at every step of a workload the disk fails or the power goes; what was acknowledged is there.
#include "store/failing_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <map>
#include <random>

#include "store/store.hpp"
#include "store/test_folder.hpp"

namespace cityloom::store {
namespace {

using base::Code;
using thread::Batch;
using thread::Durability;
using thread::Family;
using Failure = FailingDisk::Failure;
using Lasting = FailingDisk::Lasting;
using Tail = FailingDisk::UnsyncedTail;

using Picture = std::map<std::pair<Family, std::string>, std::string>;

/// A step of the workload: a batch with its durability, or a call that changes no data.
struct Step {
  enum class Kind : uint8_t { write, flush, backup, clear } kind = Kind::write;
  Durability durability = Durability::ordered;
  Batch batch;
};

std::vector<Step> workload() {
  std::mt19937_64 random(17);
  std::vector<Step> steps;
  for (int i = 0; i < 24; ++i) {
    Step step;
    if (i == 7 || i == 15) step.kind = Step::Kind::flush;
    if (i == 11) step.kind = Step::Kind::backup;
    if (i == 19) step.kind = Step::Kind::clear;
    step.durability = i % 3 == 1 ? Durability::ordered : Durability::synced;
    for (int j = 0; step.kind == Step::Kind::write && j < 4; ++j) {
      const Family family = std::array{Family::commits, Family::latest, Family::series}[random() % 3];
      const std::string key = std::to_string(random() % 12);
      if (random() % 5 == 0) {
        step.batch.erase(family, key);
      } else if (family == Family::series && random() % 2 == 0) {
        step.batch.append(family, key, std::to_string(i) + std::string(random() % 400, 'a'));
      } else {
        step.batch.put(family, key, std::to_string(i) + std::string(random() % 4'000, 'v'));
      }
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

void apply(const Step& step, Picture& picture) {
  if (step.kind == Step::Kind::clear) {
    std::erase_if(picture, [](const auto& entry) { return entry.first.first == Family::series; });
  }
  for (const Batch::Entry entry : step.batch.entries()) {
    const std::pair key(entry.family, std::string(entry.key));
    if (entry.kind == Batch::Kind::erase) {
      picture.erase(key);
    } else {
      std::string& value = picture[key];
      if (entry.kind == Batch::Kind::put) value.clear();
      value += entry.value;
    }
  }
}

base::Status perform(const Step& step, thread::Store& store, const TemporaryFolder& folder) {
  switch (step.kind) {
    case Step::Kind::flush:
      return store.flush();
    case Step::Kind::backup:
      return store.backup(folder.path("copy"));
    case Step::Kind::clear:
      return store.clear(Family::series);
    case Step::Kind::write:
      break;
  }
  return store.write(step.batch, step.durability);
}

Picture picture_of(const thread::Store& store) {
  Picture picture;
  for (const Family family : {Family::commits, Family::latest, Family::series}) {
    for (const auto& [key, value] : all_of(store, family)) picture[{family, key}] = value;
  }
  return picture;
}

EmbeddedOptions options_on(const FailingDisk& disk) {
  EmbeddedOptions options;
  options.env = disk.env();
  options.write_buffer_bytes = 64u << 10;
  return options;
}

/// What a run of the workload came to: how far it got, and what it was told.
struct Run {
  size_t steps_done = 0;  // without error, from the start
  size_t steps_tried = 0;
  size_t steps_durable = 0;  // up to and with the last acknowledged one that promises durability
};

Run run(const std::vector<Step>& steps, thread::Store& store, const TemporaryFolder& folder) {
  Run outcome;
  bool poisoned = false;
  for (const Step& step : steps) {
    const auto status = perform(step, store, folder);
    if (poisoned && step.kind != Step::Kind::backup) {
      EXPECT_FALSE(status.ok()) << "a write after a failed one must fail";
    }
    if (!status.ok()) {
      EXPECT_EQ(status.error().code, Code::unavailable) << status.error().text();
    }
    // A backup may fail on its own without harm to the record.
    if (!status.ok() && step.kind != Step::Kind::backup) poisoned = true;
    if (poisoned) {
      outcome.steps_tried = std::max(outcome.steps_tried, outcome.steps_done + 1);
      continue;
    }
    outcome.steps_tried = ++outcome.steps_done;
    const bool durable = step.kind == Step::Kind::clear || step.kind == Step::Kind::flush ||
                         (step.kind == Step::Kind::write && step.durability == Durability::synced);
    if (durable && status.ok()) outcome.steps_durable = outcome.steps_done;
  }
  return outcome;
}

/// Opens on the healed disk and compares: a prefix of the steps, with all durable ones.
void expect_prefix(const std::vector<Step>& steps, const Run& outcome, const FailingDisk& disk,
                   const std::string& folder) {
  const auto store = open_embedded(folder, options_on(disk));
  ASSERT_TRUE(store.ok()) << store.error().text();
  const Picture found = picture_of(**store);
  Picture expected;
  for (size_t done = 0; done <= outcome.steps_tried; ++done) {
    if (done > 0) apply(steps[done - 1], expected);
    if (done >= outcome.steps_durable && found == expected) return;
  }
  FAIL() << "the state after reopening is no prefix with the " << outcome.steps_durable << " durable steps of "
         << outcome.steps_tried << " tried";
}

uint64_t operations_of_workload(const std::vector<Step>& steps) {
  FailingDisk disk;
  const TemporaryFolder folder;
  auto store = open_embedded(folder.path("record"), options_on(disk));
  EXPECT_TRUE(store.ok());
  const Run outcome = run(steps, **store, folder);
  EXPECT_EQ(outcome.steps_done, steps.size());
  EXPECT_EQ(picture_of(**store).empty(), false);
  store->reset();
  return disk.operations();
}

struct Way {
  Failure failure;
  Lasting lasting;
  bool power_cut;
  Tail tail;
};

void fail_at(uint64_t operation, const std::vector<Step>& steps, const Way& way) {
  SCOPED_TRACE("operation " + std::to_string(operation));
  FailingDisk disk;
  const TemporaryFolder folder;
  disk.fail_after(operation, way.failure, way.lasting);
  auto store = open_embedded(folder.path("record"), options_on(disk));
  Run outcome;
  if (store.ok()) {
    outcome = run(steps, **store, folder);
  } else {
    ASSERT_EQ(store.error().code, Code::unavailable) << store.error().text();
  }
  if (way.power_cut) disk.cut_power();
  if (store.ok()) store->reset();
  disk.heal();
  if (way.power_cut) {
    ASSERT_TRUE(disk.restore_power(way.tail, operation));
  }
  expect_prefix(steps, outcome, disk, folder.path("record"));
}

/// Every fourth step, each of the four tests from another one, so that every step fails in one way; every step in
/// every way (minutes) with CITYLOOM_EVERY_STEP set.
void fail_at_every_step(const Way& way, uint64_t start) {
  const auto steps = workload();
  const uint64_t operations = operations_of_workload(steps);
  ASSERT_GT(operations, 100u);
  const bool every = std::getenv("CITYLOOM_EVERY_STEP") != nullptr;
  for (uint64_t operation = every ? 1 : start; operation <= operations; operation += every ? 1 : 4) {
    fail_at(operation, steps, way);
    if (testing::Test::HasFatalFailure() || testing::Test::HasNonfatalFailure()) break;
  }
}

TEST(FailingDisk, OneFailedOperationAnywhereLosesNothingAcknowledged) {
  fail_at_every_step({Failure::input_output, Lasting::once, false, Tail::lost}, 1);
}

TEST(FailingDisk, OneFailedOperationThenAPowerCutLosesNothingAcknowledged) {
  fail_at_every_step({Failure::input_output, Lasting::once, true, Tail::lost}, 2);
}

TEST(FailingDisk, AFullDiskAnywhereLosesNothingAcknowledged) {
  fail_at_every_step({Failure::full, Lasting::always, false, Tail::lost}, 3);
}

TEST(FailingDisk, ADeadDiskThenAPowerCutLosesNothingAcknowledged) {
  fail_at_every_step({Failure::input_output, Lasting::always, true, Tail::torn}, 4);
}

TEST(FailingDisk, APowerCutKeepsWhatWasSynced) {
  const TemporaryFolder folder;
  FailingDisk disk;
  auto store = open_embedded(folder.path("record"), options_on(disk));
  ASSERT_TRUE(store.ok());
  Batch synced, ordered;
  synced.put(Family::commits, "1", "synced");
  ordered.put(Family::commits, "2", "ordered");
  ASSERT_TRUE((*store)->write(synced, Durability::synced).ok());
  ASSERT_TRUE((*store)->write(ordered, Durability::ordered).ok());
  disk.cut_power();
  store->reset();
  ASSERT_TRUE(disk.restore_power(Tail::lost));
  const auto again = open_embedded(folder.path("record"), options_on(disk));
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_THAT(all_of(**again, Family::commits), testing::ElementsAre(testing::Pair("1", "synced")))
      << "the simulated power cut must take what was not synced, or these tests prove nothing";
}

TEST(FailingDisk, SaysWhyItTakesNoMore) {
  const TemporaryFolder folder;
  FailingDisk disk;
  auto store = open_embedded(folder.path("record"), options_on(disk));
  ASSERT_TRUE(store.ok());
  Batch batch;
  batch.put(Family::commits, "1", "x");
  disk.fail_after(1, Failure::full, Lasting::once);
  const auto first = (*store)->write(batch, Durability::synced);
  ASSERT_FALSE(first.ok());
  EXPECT_THAT(first.error().text(), testing::HasSubstr("the disk is full"));
  const auto second = (*store)->write(batch, Durability::ordered);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::unavailable);
  EXPECT_THAT(second.error().text(), testing::HasSubstr("takes no more writes since one failed: the disk is full"));
  EXPECT_FALSE((*store)->flush().ok());
  EXPECT_FALSE((*store)->clear(Family::series).ok());
  EXPECT_TRUE((*store)->get(Family::commits, "1").ok()) << "reading goes on";
}

}  // namespace
}  // namespace cityloom::store
