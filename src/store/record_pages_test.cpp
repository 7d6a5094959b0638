// Commits that were recorded together lie in one page of the store. Every reader finds its way into the middle of one.
#include <gtest/gtest.h>

#include <latch>
#include <map>

#include "store/store.hpp"
#include "store/test_folder.hpp"
#include "thread/commit.hpp"
#include "thread/thread.hpp"

namespace cityloom::store {
namespace {

using thread::Thread;
using twin::Offset;

constexpr int changes_count = 3'000;

class RecordPages : public ::testing::Test {
 protected:
  void open() {
    auto store = open_embedded(folder_.path("record"));
    ASSERT_TRUE(store.ok()) << store.error().text();
    thread::Options options;
    options.feed_bytes_in_memory = 0;  // the feed reads pages, too
    auto opened = Thread::open(std::move(*store), clock_, options);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    thread_ = std::move(*opened);
  }

  thread::ChangeSet change(int number) {
    thread::Change change;
    change.entity_id = "urn:e:" + std::to_string(number % 7);
    change.types = {*thread_->terms().intern("https://example.org/Gauge")};
    twin::Attribute& attribute = change.attributes.emplace_back();
    attribute.name = *thread_->terms().intern("https://example.org/level");
    attribute.value = twin::number_value(number);
    thread::ChangeSet set;
    set.author = number % 100 < 50 ? "link:a" : "link:b";
    set.changes.push_back(std::move(change));
    return set;
  }

  void append_all() {
    std::latch answered(changes_count);
    for (int i = 0; i < changes_count; ++i) {
      clock_.advance_us(i % 500 == 0 ? 1'000'000 : 0);
      thread_->submit(change(i), [&](const auto& outcomes) {
        EXPECT_TRUE(outcomes.ok());
        answered.count_down();
      });
    }
    answered.wait();
  }

  size_t pages_stored() {
    thread_.reset();
    auto store = open_embedded(folder_.path("record"));
    return all_of(**store, thread::Family::commits).size();
  }

  void refold() {
    thread_.reset();
    {
      auto store = open_embedded(folder_.path("record"));
      ASSERT_TRUE(thread::clear_views(**store).ok());
    }
    open();
  }

  void expect_feed_from(uint64_t after, size_t limit) {
    const auto commits = thread_->feed(Offset{after}, limit);
    ASSERT_TRUE(commits.ok()) << commits.error().text();
    ASSERT_EQ(commits->size(), std::min<uint64_t>(limit, changes_count - after)) << "after " << after;
    for (size_t i = 0; i < commits->size(); ++i) {
      const thread::Commit& commit = *(*commits)[i];
      ASSERT_EQ(commit.offset.number, after + 1 + i);
      const int number = static_cast<int>(after + i);
      ASSERT_EQ(commit.facts.back().attribute.value, twin::number_value(number));
      ASSERT_EQ(commit.author, number % 100 < 50 ? "link:a" : "link:b");
      const auto time = thread_->recorded_at(commit.offset);
      ASSERT_TRUE(time.ok());
      ASSERT_EQ(*time, commit.recorded_at);
    }
  }

  TemporaryFolder folder_;
  base::ManualClock clock_{base::Instant::from_seconds(1'700'000'000)};
  std::unique_ptr<Thread> thread_;
};

TEST_F(RecordPages, HoldManyCommitsAndAreReadFromTheMiddle) {
  open();
  append_all();
  EXPECT_LT(pages_stored(), changes_count / 4u);
  for (const bool folded_again : {false, true}) {
    if (folded_again) {
      refold();
    } else {
      open();
    }
    for (uint64_t after = 0; after < changes_count; after += 37) {
      expect_feed_from(after, 1);
      expect_feed_from(after, 50);
    }
    expect_feed_from(0, changes_count);
    EXPECT_EQ(thread_->recorded_at(Offset{changes_count + 1}).error().code, base::Code::not_found);
    for (uint64_t at = 7; at <= changes_count; at += 101) {
      const auto snapshot = thread_->snapshot_at(Offset{at});
      ASSERT_TRUE(snapshot.ok()) << snapshot.error().text();
      const std::string id = "urn:e:" + std::to_string((at - 1) % 7);
      const auto record = snapshot->find(id);
      ASSERT_TRUE(record.ok() && record->exists()) << "as of " << at;
      EXPECT_EQ(record->unpack().attributes.front().value, twin::number_value(static_cast<double>(at - 1)));
    }
  }
}

}  // namespace
}  // namespace cityloom::store
