// Queries by value over more entities than are looked at one by one: right as of every offset while values move.
// Run under the thread sanitizer too.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "store/store.hpp"
#include "thread/thread.hpp"

namespace cityloom::store {
namespace {

using thread::BranchId;
using thread::main_branch;
using thread::Thread;
using twin::Offset;
using twin::Term;

constexpr int entities = 24'000;
constexpr int values = 600;
constexpr size_t with_each = entities / values;
constexpr int batch = 2'000;

const base::SystemClock system_clock;

class RecordQuery : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Thread::open(make_memory_store(), system_clock, {});
    ASSERT_TRUE(opened.ok());
    record_ = std::move(*opened);
    type_ = record_->terms().intern("urn:t:Sensor").value();
    level_ = record_->terms().intern("urn:n:level").value();
    name_ = record_->terms().intern("urn:n:name").value();
    for (int first = 0; first < entities; first += batch) {
      thread::ChangeSet set;
      for (int i = first; i < first + batch; ++i) set.changes.push_back(stating(i, i / static_cast<int>(with_each)));
      ASSERT_TRUE(record_->append(std::move(set)).ok());
    }
  }

  thread::Change stating(int entity, int value) const {
    thread::Change change;
    change.entity_id = "urn:x:" + std::to_string(entity);
    change.types = {type_};
    twin::Attribute& level = change.attributes.emplace_back();
    level.name = level_;
    level.value = int64_t{value};
    twin::Attribute& name = change.attributes.emplace_back();
    name.name = name_;
    name.value = "name " + std::to_string(value);
    return change;
  }

  // Two entities give each other their values: as of every offset as many have each value as before.
  void exchange(BranchId branch, int left, int right, std::vector<int>& held) {
    std::swap(held[static_cast<size_t>(left)], held[static_cast<size_t>(right)]);
    thread::ChangeSet set;
    set.branch = branch;
    set.changes = {stating(left, held[static_cast<size_t>(left)]), stating(right, held[static_cast<size_t>(right)])};
    EXPECT_TRUE(record_->append(std::move(set)).ok());
  }

  twin::Query query(Term attribute, twin::Literal value) const {
    twin::Query query;
    query.types.any_of = {{type_}};
    query.condition.emplace();
    query.condition->comparison.path.name = attribute;
    query.condition->comparison.comparator = twin::Comparator::equal;
    query.condition->comparison.operands = {std::move(value)};
    return query;
  }

  void expect_as_many(const thread::Snapshot& snapshot, int value) const {
    for (const auto& asked :
         {query(level_, static_cast<double>(value)), query(name_, "name " + std::to_string(value))}) {
      const auto found = snapshot.query(asked, {0, 1'000, true});
      ASSERT_TRUE(found.ok()) << found.error().text();
      ASSERT_EQ(found->records.size(), with_each);
      ASSERT_EQ(found->count, with_each);
      for (const auto& record : found->records) {
        ASSERT_EQ(std::get<int64_t>(record.unpack().find(level_)->value), value);
      }
      // By pages, the last of which counts as well.
      const auto page = snapshot.query(asked, {with_each - 3, 2, true});
      ASSERT_TRUE(page.ok());
      ASSERT_EQ(page->records.size(), 2u);
      ASSERT_EQ(page->records[0].id(), found->records[with_each - 3].id());
      ASSERT_EQ(page->count, with_each);
      ASSERT_TRUE(page->more);
      const auto beyond = snapshot.query(asked, {with_each + 5, 2, true});
      ASSERT_TRUE(beyond.ok());
      ASSERT_EQ(beyond->count, with_each);
      ASSERT_FALSE(beyond->more);
    }
  }

  std::vector<int> initial() const {
    std::vector<int> held(entities);
    for (size_t i = 0; i < held.size(); ++i) held[i] = static_cast<int>(i / with_each);
    return held;
  }

  std::unique_ptr<Thread> record_;
  Term type_, level_, name_;
};

TEST_F(RecordQuery, IsRightAtEveryOffsetWhileValuesMove) {
  std::atomic<bool> done = false;
  std::vector<std::jthread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      for (int round = 0; !done || round < 5; ++round)
        expect_as_many(record_->snapshot(), (round * 7 + reader) % values);
    });
  }
  std::vector<int> held = initial();
  for (int i = 0; i < 600; ++i) exchange(main_branch, i * 31 % entities, (i * 17 + 5'000) % entities, held);
  done = true;
  readers.clear();
  expect_as_many(record_->snapshot(), 3);
}

TEST_F(RecordQuery, IsRightInThePastAndOnBranches) {
  expect_as_many(record_->snapshot(), 100);  // learns
  const Offset before = record_->head();
  const auto branch = record_->fork("plan");
  ASSERT_TRUE(branch.ok());
  std::vector<int> held = initial();
  std::vector<int> held_there = held;
  for (int i = 0; i < 50; ++i) {
    exchange(main_branch, 100 * static_cast<int>(with_each) + i, 20'000 + i, held);
    exchange(*branch, 100 * static_cast<int>(with_each) + i, 10'000 + i, held_there);
  }
  const auto past = record_->snapshot_at(before);
  ASSERT_TRUE(past.ok());
  for (const int value : {100, 250, 500}) {
    expect_as_many(*past, value);
    expect_as_many(record_->snapshot(), value);
    expect_as_many(record_->snapshot(*branch), value);
  }
}

TEST_F(RecordQuery, ALookThatIsCutShortLearnsNothingAndSaysSo) {
  thread::Bounds bounds;
  int asked = 0;
  bounds.goes_on = [&asked] { return ++asked < 9; };
  const auto cut = record_->snapshot().query(query(level_, 599.0), {0, 10, true}, bounds);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, base::Code::cancelled);
  thread::Bounds quick;
  quick.records_max = 2'000;
  EXPECT_FALSE(record_->snapshot().query(query(level_, 599.0), {0, 10, true}, quick).ok());
  expect_as_many(record_->snapshot(), 599);
  EXPECT_TRUE(record_->snapshot().query(query(level_, 599.0), {0, 10, true}, quick).ok())
      << "learnt: quick from now on";
}

}  // namespace
}  // namespace cityloom::store
