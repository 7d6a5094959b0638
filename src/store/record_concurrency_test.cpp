// The record under many workers at once: appenders, readers, followers, a forker and online backups, for a bounded
// number of operations. Run under the thread sanitizer too.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/store.hpp"
#include "store/test_folder.hpp"
#include "thread/thread.hpp"

namespace cityloom::store {
namespace {

using thread::BranchId;
using thread::main_branch;
using thread::Thread;
using twin::Offset;

constexpr int appenders = 4;
constexpr int appends_each = 120;
constexpr int burst = 8;  // submitted before waiting for all of them

const base::SystemClock system_clock;

struct Names {
  explicit Names(twin::TermTable& terms)
      : type(terms.intern("urn:t:Sensor").value()), count(terms.intern("urn:n:count").value()) {}
  twin::Term type, count;
};

std::string own_entity(int appender) {
  return "urn:own:" + std::to_string(appender);
}

thread::ChangeSet counting(const Names& names, BranchId branch, const std::vector<std::string>& ids, int64_t count) {
  thread::ChangeSet set;
  set.branch = branch;
  set.author = "test";
  for (const std::string& id : ids) {
    thread::Change change;
    change.entity_id = id;
    change.types = {names.type};
    twin::Attribute& attribute = change.attributes.emplace_back();
    attribute.name = names.count;
    attribute.value = count;
    set.changes.push_back(std::move(change));
  }
  return set;
}

int64_t count_of(const twin::EntityRecord& record, const Names& names) {
  if (!record.exists()) return -1;
  const twin::Entity entity = record.unpack();
  const twin::Attribute* attribute = entity.find(names.count);
  return attribute == nullptr ? -1 : std::get<int64_t>(attribute->value);
}

void raise(std::atomic<uint64_t>& to, uint64_t value) {
  for (uint64_t now = to; now < value && !to.compare_exchange_weak(now, value);) {
  }
}

/// What all workers share.
struct Trial {
  Thread& record;
  const Names& names;
  std::atomic<uint64_t> acknowledged{0};
  std::atomic<bool> done{false};
};

void append_many(Trial& trial, int appender) {
  Offset last;
  for (int i = 0; i < appends_each; ++i) {
    std::atomic<int> waiting = burst;
    std::atomic<uint64_t> latest = 0;
    for (int j = 0; j < burst; ++j) {
      const int64_t count = i * burst + j;
      trial.record.submit(counting(trial.names, main_branch, {own_entity(appender), "urn:shared"}, count),
                          [&](const auto& outcomes) {
                            EXPECT_TRUE(outcomes.ok());
                            if (outcomes.ok() && (*outcomes)[0].ok()) raise(latest, (*outcomes)[0]->offset.number);
                            if (--waiting == 0) waiting.notify_one();
                          });
    }
    for (int now = waiting; now != 0; now = waiting) waiting.wait(now);
    EXPECT_GE(latest.load(), last.number + burst);
    last = {latest.load()};
    raise(trial.acknowledged, last.number);
    const auto own = trial.record.snapshot().find(own_entity(appender));
    EXPECT_TRUE(own.ok());
    if (own.ok()) {
      EXPECT_EQ(count_of(*own, trial.names), i * burst + burst - 1) << "what was acknowledged is visible";
    }
  }
}

void read_many(Trial& trial) {
  twin::Query query;
  query.types.any_of = {{trial.names.type}};
  for (uint64_t round = 1; !trial.done; ++round) {
    const uint64_t head = trial.record.head().number;
    const auto snapshot = trial.record.snapshot_at(Offset{head * (round % 7) / 7 + 1});
    EXPECT_TRUE(snapshot.ok());
    if (!snapshot.ok()) return;
    const auto first = snapshot->find("urn:shared");
    const auto page = snapshot->query(query, {0, 100, true});
    const auto second = snapshot->find("urn:shared");
    EXPECT_TRUE(first.ok() && second.ok() && page.ok());
    if (!first.ok() || !second.ok() || !page.ok()) return;
    EXPECT_EQ(count_of(*first, trial.names), count_of(*second, trial.names)) << "a snapshot stands still";
    if (first->exists()) {
      EXPECT_LE(first->offset(), snapshot->offset());
    }
    EXPECT_LE(page->records.size(), size_t{appenders} + 1);
    for (const auto& record : page->records) EXPECT_LE(record.offset(), snapshot->offset());
  }
}

/// Every commit once, in order, until the last.
void follow(Trial& trial, uint64_t* heard) {
  std::atomic<uint64_t> head = trial.record.head().number;
  const auto token = trial.record.on_head([&head](Offset offset) {
    head = offset.number;
    head.notify_one();
  });
  Offset at;
  while (true) {
    const bool last_round = trial.done;
    const uint64_t known = head;
    const auto commits = trial.record.feed(at, 64);
    EXPECT_TRUE(commits.ok());
    if (!commits.ok()) return;
    for (const auto& commit : *commits) EXPECT_EQ(commit->offset.number, ++at.number);
    EXPECT_TRUE(trial.record.set_follower_offset("follower", at).ok());
    if (!commits->empty()) continue;
    if (last_round) break;
    head.wait(std::max(known, at.number));
  }
  *heard = at.number;
}

void fork_many(Trial& trial) {
  for (int round = 0; !trial.done && round < 40; ++round) {
    const std::string name = "plan-" + std::to_string(round);
    const auto branch = trial.record.fork(name);
    EXPECT_TRUE(branch.ok());
    if (!branch.ok()) return;
    const int64_t mark = 1'000'000 + round;
    EXPECT_TRUE(trial.record.append(counting(trial.names, *branch, {"urn:shared", "urn:new:" + name}, mark)).ok());
    const auto here = trial.record.snapshot(*branch).find("urn:shared");
    const auto there = trial.record.snapshot().find("urn:shared");
    EXPECT_TRUE(here.ok() && there.ok());
    if (!here.ok() || !there.ok()) return;
    EXPECT_EQ(count_of(*here, trial.names), mark);
    EXPECT_LT(count_of(*there, trial.names), 1'000'000) << "main hears nothing of a branch";
    if (round % 2 == 0) {
      EXPECT_TRUE(trial.record.drop(*branch).ok());
    }
  }
}

struct Backup {
  std::string folder;
  uint64_t acknowledged_before = 0;
};

void back_up_many(Trial& trial, const TemporaryFolder& folder, std::vector<Backup>* backups) {
  for (int round = 0; !trial.done && round < 4; ++round) {
    Backup backup{folder.path("backup-" + std::to_string(round)), trial.acknowledged};
    const auto written = trial.record.backup(backup.folder);
    EXPECT_TRUE(written.ok());
    if (written.ok()) backups->push_back(std::move(backup));
    EXPECT_TRUE(trial.record.checkpoint().ok());
  }
}

std::vector<std::shared_ptr<const thread::Commit>> all_commits(const Thread& record) {
  std::vector<std::shared_ptr<const thread::Commit>> all;
  for (Offset at; at < record.head();) {
    const auto commits = record.feed(at, 1'000);
    EXPECT_TRUE(commits.ok() && !commits->empty());
    if (!commits.ok() || commits->empty()) break;
    for (const auto& commit : *commits) {
      EXPECT_EQ(commit->offset.number, ++at.number) << "offsets follow each other";
      all.push_back(commit);
    }
  }
  return all;
}

std::unique_ptr<Thread> open_record(const std::string& folder) {
  auto store = open_embedded(folder);
  EXPECT_TRUE(store.ok());
  if (!store.ok()) return nullptr;
  thread::Options options;
  options.checkpoint_interval_ms = 100;
  options.feed_bytes_in_memory = 64u << 10;  // so that followers and readers need the disk too
  auto opened = Thread::open(std::move(*store), system_clock, options);
  EXPECT_TRUE(opened.ok());
  return opened.ok() ? std::move(*opened) : nullptr;
}

TEST(RecordConcurrency, ManyWorkersSeeOneOrderedRecord) {
  const TemporaryFolder folder;
  auto record = open_record(folder.path("record"));
  ASSERT_NE(record, nullptr);
  const Names names(record->terms());
  Trial trial{*record, names};
  std::vector<Backup> backups;
  uint64_t heard[2] = {};
  {
    std::vector<std::jthread> others;
    for (int i = 0; i < 2; ++i) others.emplace_back([&] { read_many(trial); });
    for (uint64_t& one : heard) others.emplace_back([&trial, &one] { follow(trial, &one); });
    others.emplace_back([&] { fork_many(trial); });
    others.emplace_back([&] { back_up_many(trial, folder, &backups); });
    std::vector<std::jthread> writers;
    for (int i = 0; i < appenders; ++i) writers.emplace_back([&trial, i] { append_many(trial, i); });
    for (std::jthread& writer : writers) writer.join();
    trial.done = true;
    // Wakes the followers once more.
    EXPECT_TRUE(record->append(counting(names, main_branch, {"urn:last"}, 1)).ok());
  }
  const auto commits = all_commits(*record);
  EXPECT_GE(commits.size(), size_t{appenders} * appends_each * burst);
  for (const uint64_t one : heard) EXPECT_GE(one, trial.acknowledged.load());
  EXPECT_FALSE(backups.empty());
  for (const Backup& backup : backups) {
    const auto copy = open_record(backup.folder);
    ASSERT_NE(copy, nullptr);
    EXPECT_GE(copy->head().number, backup.acknowledged_before) << "a backup holds what was acknowledged before it";
    const auto copied = all_commits(*copy);
    ASSERT_LE(copied.size(), commits.size());
    for (size_t i = 0; i < copied.size(); ++i) EXPECT_EQ(*copied[i], *commits[i]);
  }
  const auto digest = record->views_digest();
  ASSERT_TRUE(digest.ok());
  record.reset();
  {
    auto store = open_embedded(folder.path("record"));
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(thread::clear_views(**store).ok());
  }
  record = open_record(folder.path("record"));
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->views_digest().value(), *digest) << "folded again from the first commit";
}

}  // namespace
}  // namespace cityloom::store
