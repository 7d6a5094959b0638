// What every back end of the Store contract must do. A back end's test includes this once and instantiates
// StoreContract, and DurableStoreContract if it is durable, with a StoreMaker.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "store/test_folder.hpp"
#include "thread/store.hpp"

namespace cityloom::store {

/// How to make the stores under test.
struct StoreMaker {
  std::string name;
  /// Opens the store of this folder, or makes it.
  std::function<std::unique_ptr<thread::Store>(const std::string& folder)> open;
  /// Opens what `backup` left in a folder.
  std::function<std::unique_ptr<thread::Store>(const std::string& folder)> open_backup;
};

class StoreContract : public testing::TestWithParam<StoreMaker> {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    store_.reset();
    store_ = GetParam().open(folder_.path("record"));
    ASSERT_NE(store_, nullptr);
  }
  void put(thread::Family family, std::string key, std::string value) {
    thread::Batch batch;
    batch.put(family, std::move(key), std::move(value));
    ASSERT_TRUE(store_->write(batch, thread::Durability::ordered).ok());
  }
  std::vector<std::string> keys(thread::Family family, std::string_view first, std::string_view last) {
    std::vector<std::string> found;
    EXPECT_TRUE(store_
                    ->scan(family, first, last,
                           [&found](std::string_view key, std::string_view) {
                             found.emplace_back(key);
                             return true;
                           })
                    .ok());
    return found;
  }

  TemporaryFolder folder_;
  std::unique_ptr<thread::Store> store_;
};

/// What back ends promise beside that survive closing.
class DurableStoreContract : public StoreContract {};

using thread::Batch;
using thread::Durability;
using thread::Family;

TEST_P(StoreContract, GetsWhatWasPut) {
  EXPECT_EQ(store_->get(Family::terms, "a")->has_value(), false);
  put(Family::terms, "a", "1");
  put(Family::terms, "a", "2");
  put(Family::terms, "", "empty key");
  put(Family::terms, std::string("\0\xff", 2), std::string("\0\0", 2));
  EXPECT_EQ(store_->get(Family::terms, "a")->value(), "2");
  EXPECT_EQ(store_->get(Family::terms, "")->value(), "empty key");
  EXPECT_EQ(store_->get(Family::terms, std::string_view("\0\xff", 2))->value(), std::string("\0\0", 2));
  EXPECT_FALSE(store_->get(Family::views, "a")->has_value()) << "families are apart";
}

TEST_P(StoreContract, BatchesKeepTheirOrder) {
  Batch batch;
  batch.put(Family::latest, "a", "1");
  batch.erase(Family::latest, "a");
  batch.put(Family::latest, "a", "2");
  batch.put(Family::latest, "b", "1");
  batch.erase(Family::latest, "b");
  batch.erase(Family::latest, "never there");
  ASSERT_TRUE(store_->write(batch, Durability::synced).ok());
  EXPECT_THAT(all_of(*store_, Family::latest), testing::ElementsAre(testing::Pair("a", "2")));
  ASSERT_TRUE(store_->write(Batch(), Durability::synced).ok()) << "an empty batch is no mistake";
}

TEST_P(StoreContract, AppendsToWhatIsThere) {
  const auto write = [this](auto&&... steps) {
    Batch batch;
    (steps(batch), ...);
    ASSERT_TRUE(store_->write(batch, Durability::ordered).ok());
  };
  const auto append = [](std::string key, std::string value) {
    return [=](Batch& batch) { batch.append(Family::series, key, value); };
  };
  const auto erase = [](std::string key) { return [=](Batch& batch) { batch.erase(Family::series, key); }; };
  write(append("a", "1"), append("a", "2"), append("b", "x"), append("c", "gone"));
  write(append("a", "3"), erase("b"), append("b", "y"), erase("c"));
  ASSERT_TRUE(store_->flush().ok());
  write(append("a", std::string("\0", 1)), append("c", ""));
  EXPECT_EQ(store_->get(Family::series, "a")->value(), std::string("123\0", 4));
  using testing::Pair;
  const auto all = testing::ElementsAre(Pair("a", std::string("123\0", 4)), Pair("b", "y"), Pair("c", ""));
  EXPECT_THAT(all_of(*store_, Family::series), all);
  EXPECT_EQ(store_->last_before(Family::series, "b")->value().second, std::string("123\0", 4));
  // Over many files, some of them compacted.
  std::string long_one("123\0", 4);
  for (int i = 0; i < 40; ++i) {
    write(append("a", std::to_string(i)), append("d" + std::to_string(i), std::string(100, 'd')));
    long_one += std::to_string(i);
    ASSERT_TRUE(store_->flush().ok());
  }
  EXPECT_EQ(store_->get(Family::series, "a")->value(), long_one);
  ASSERT_TRUE(store_->backup(folder_.path("backup")).ok());
  EXPECT_EQ(GetParam().open_backup(folder_.path("backup"))->get(Family::series, "a")->value(), long_one);
  put(Family::series, "a", "anew");
  EXPECT_EQ(store_->get(Family::series, "a")->value(), "anew");
}

TEST_P(StoreContract, ScansInBytewiseOrderWithinBounds) {
  for (const char* key : {"b", "a", "c", "ab", "\xff", "B"}) put(Family::ever, key, "");
  using testing::ElementsAre;
  using testing::IsEmpty;
  EXPECT_THAT(keys(Family::ever, "", ""), ElementsAre("B", "a", "ab", "b", "c", "\xff"));
  EXPECT_THAT(keys(Family::ever, "a", "b"), ElementsAre("a", "ab"));
  EXPECT_THAT(keys(Family::ever, "aa", ""), ElementsAre("ab", "b", "c", "\xff"));
  EXPECT_THAT(keys(Family::ever, "b", "b"), IsEmpty());
  EXPECT_THAT(keys(Family::ever, "c", "a"), IsEmpty());
  EXPECT_THAT(keys(Family::series, "", ""), IsEmpty());
  int seen = 0;
  ASSERT_TRUE(store_->scan(Family::ever, "", "", [&seen](auto, auto) { return ++seen < 2; }).ok());
  EXPECT_EQ(seen, 2) << "false ends the scan";
}

TEST_P(StoreContract, ScansShowOneMoment) {
  for (int i = 0; i < 50; ++i) put(Family::latest, "key" + std::to_string(100 + i), "old");
  int seen = 0;
  ASSERT_TRUE(store_
                  ->scan(Family::latest, "", "",
                         [&](std::string_view, std::string_view value) {
                           if (seen == 0) {
                             for (int i = 0; i < 100; ++i) put(Family::latest, "key" + std::to_string(100 + i), "new");
                           }
                           EXPECT_EQ(value, "old");
                           ++seen;
                           return true;
                         })
                  .ok());
  EXPECT_EQ(seen, 50);
}

TEST_P(StoreContract, FindsTheLastBefore) {
  EXPECT_FALSE(store_->last_before(Family::commits, "")->has_value());
  for (const char* key : {"b", "d", "f"}) put(Family::commits, key, std::string("=") + key);
  const auto before = [this](std::string_view key) {
    const auto found = store_->last_before(Family::commits, key);
    return found->has_value() ? (*found)->first + (*found)->second : "nothing";
  };
  EXPECT_EQ(before(""), "f=f");
  EXPECT_EQ(before("zz"), "f=f");
  EXPECT_EQ(before("f"), "d=d");
  EXPECT_EQ(before("e"), "d=d");
  EXPECT_EQ(before("b"), "nothing");
  EXPECT_EQ(before("a"), "nothing");
}

TEST_P(StoreContract, ClearsOneFamily) {
  for (int i = 0; i < 200; ++i) put(Family::series, std::to_string(i), std::string(1'000, 'x'));
  put(Family::series, "\xff\xff\xff", "the last");
  put(Family::summaries, "kept", "1");
  ASSERT_TRUE(store_->clear(Family::series).ok());
  EXPECT_THAT(all_of(*store_, Family::series), testing::IsEmpty());
  EXPECT_FALSE(store_->last_before(Family::series, "")->has_value());
  EXPECT_EQ(all_of(*store_, Family::summaries).size(), 1u);
  put(Family::series, "5", "again");
  EXPECT_THAT(all_of(*store_, Family::series), testing::ElementsAre(testing::Pair("5", "again")));
  ASSERT_TRUE(store_->clear(Family::ever).ok()) << "an empty family can be cleared";
}

TEST_P(DurableStoreContract, KeepsEverythingOverClosing) {
  std::mt19937_64 random(5);
  Entries expected;
  for (int round = 0; round < 60; ++round) {
    Batch batch;
    for (int i = 0; i < 20; ++i) {
      const std::string key = std::to_string(random() % 300);
      if (random() % 4 == 0) {
        batch.erase(Family::latest, key);
        expected.erase(key);
      } else {
        expected[key] = std::to_string(random());
        batch.put(Family::latest, key, expected[key]);
      }
    }
    ASSERT_TRUE(store_->write(batch, round % 3 == 0 ? Durability::synced : Durability::ordered).ok());
    if (round == 25) {
      ASSERT_TRUE(store_->flush().ok());
    }
    if (round % 20 == 19) {
      reopen();
      ASSERT_EQ(all_of(*store_, Family::latest), expected);
    }
  }
}

TEST_P(StoreContract, TellsSizes) {
  EXPECT_EQ(store_->size_bytes(Family::series), 0u);
  std::mt19937_64 random(9);
  for (int i = 0; i < 100; ++i) {
    std::string value;
    for (int j = 0; j < 1'000; ++j) value.push_back(static_cast<char>(random()));
    put(Family::series, std::to_string(i), value);
  }
  ASSERT_TRUE(store_->flush().ok());
  EXPECT_GE(store_->size_bytes(Family::series), 100'000u);
  EXPECT_LE(store_->size_bytes(Family::series), 200'000u);
}

TEST_P(StoreContract, BackupIsAConsistentCopyWhileWritesGoOn) {
  // Each batch writes the same number in two families: a copy in which they differ was torn.
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    for (int i = 1; !stop.load(); ++i) {
      Batch batch;
      batch.put(Family::commits, "n", std::to_string(i));
      batch.put(Family::views, "n", std::to_string(i));
      batch.put(Family::latest, "key" + std::to_string(i % 100), std::string(500, 'v'));
      ASSERT_TRUE(store_->write(batch, Durability::ordered).ok());
      written.store(i);
      written.notify_all();
    }
  });
  written.wait(0);
  const std::string target = folder_.path("copies/first");
  const int before = written.load();
  const auto status = store_->backup(target);
  const int after = written.load() + 1;
  stop.store(true);
  writer.join();
  ASSERT_TRUE(status.ok()) << status.error().text();
  const auto copy = GetParam().open_backup(target);
  ASSERT_NE(copy, nullptr);
  const auto number = copy->get(Family::commits, "n");
  ASSERT_TRUE(number.ok() && number->has_value());
  EXPECT_EQ(**number, copy->get(Family::views, "n")->value());
  EXPECT_GE(std::stoi(**number), before);
  EXPECT_LE(std::stoi(**number), after);
}

TEST_P(StoreContract, BackupRefusesAFullFolder) {
  put(Family::terms, "a", "1");
  std::filesystem::create_directories(folder_.path("empty"));
  EXPECT_TRUE(store_->backup(folder_.path("empty")).ok());
  const auto second = store_->backup(folder_.path("empty"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::Code::already_exists);
}

TEST_P(StoreContract, ReadersGoOnBesideTheWriter) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      while (!stop.load()) {
        const auto first = store_->get(Family::latest, "a");
        ASSERT_TRUE(first.ok());
        std::vector<std::string> values;
        ASSERT_TRUE(store_
                        ->scan(Family::latest, "", "",
                               [&](std::string_view, std::string_view value) {
                                 values.emplace_back(value);
                                 return true;
                               })
                        .ok());
        for (const std::string& value : values) ASSERT_EQ(value, values.front()) << "half a batch was seen";
      }
    });
  }
  for (int i = 0; i < 500; ++i) {
    Batch batch;
    for (const char* key : {"a", "b", "c", "d"}) batch.put(Family::latest, key, std::to_string(i));
    ASSERT_TRUE(store_->write(batch, Durability::ordered).ok());
  }
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace cityloom::store
