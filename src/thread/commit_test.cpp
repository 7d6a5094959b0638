#include "thread/commit.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include <xxhash.h>

#include "twin/bytes.hpp"

namespace cityloom::thread {
namespace {

using twin::Fact;

Commit any_commit(std::mt19937_64& random) {
  Commit commit;
  commit.offset = {random() % 1'000'000 + 1};
  commit.branch = {static_cast<uint32_t>(random() % 3)};
  commit.recorded_at = {static_cast<int64_t>(random() % 1'000'000'000'000)};
  commit.author = "link:air-" + std::to_string(random() % 3);
  if (random() % 5 == 0) {
    commit.branch_event = {BranchEvent::Kind::forked, {7}, {0}, {random() % 1'000}, "plan"};
  }
  for (uint64_t left = random() % 6; left > 0; --left) {
    Fact& fact = commit.facts.emplace_back();
    fact.kind = static_cast<Fact::Kind>(random() % 6);
    fact.entity_id = "urn:x:" + std::to_string(random() % 2);
    if (fact.kind == Fact::Kind::entity_created) fact.types = {{8}, {90'000}};
    if (fact.kind == Fact::Kind::scopes_set) fact.scopes = {"/Korea/서울", ""};
    if (fact.kind == Fact::Kind::attribute_set || fact.kind == Fact::Kind::attribute_deleted) {
      fact.attribute.name = {static_cast<uint32_t>(random() % 100 + 1)};
      fact.attribute.dataset = {static_cast<uint32_t>(random() % 2)};
    }
    if (fact.kind == Fact::Kind::attribute_set) {
      fact.attribute.value = 23.25;
      fact.attribute.members.resize(random() % 2);
    }
  }
  return commit;
}

std::vector<Commit> any_page(std::mt19937_64& random) {
  std::vector<Commit> commits;
  for (size_t left = random() % 20 + 1; left > 0; --left) {
    Commit& commit = commits.emplace_back(any_commit(random));
    if (commits.size() == 1) continue;
    commit.offset.number = commits[commits.size() - 2].offset.number + 1;
    commit.recorded_at = commits.front().recorded_at;
  }
  return commits;
}

std::string packed(const std::vector<Commit>& commits) {
  CommitPage page;
  for (const Commit& commit : commits) {
    EXPECT_TRUE(page.takes(commit));
    page.add(commit);
  }
  EXPECT_EQ(page.last(), commits.back().offset);
  return std::string(page.seal());
}

TEST(CommitPage, ReadsBackAsItWasPacked) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 2'000; ++i) {
    const std::vector<Commit> commits = any_page(random);
    const std::string bytes = packed(commits);
    const auto read = unpack_page(bytes);
    ASSERT_TRUE(read.ok()) << read.error().text();
    ASSERT_EQ(*read, commits);
    const auto head = head_of_page(bytes);
    ASSERT_TRUE(head.ok());
    ASSERT_EQ(head->first, commits.front().offset);
    ASSERT_EQ(head->recorded_at, commits.front().recorded_at);
  }
}

TEST(CommitPage, EveryChangedByteIsNoticed) {
  std::mt19937_64 random(4);
  std::vector<Commit> commits = any_page(random);
  while (commits.size() < 3) commits = any_page(random);
  const std::string bytes = packed(commits);
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
    EXPECT_FALSE(unpack_page(changed).ok()) << "byte " << at;
    EXPECT_FALSE(unpack_page(bytes.substr(0, at)).ok()) << "cut at " << at;
  }
}

TEST(CommitPage, TakesWhatFollowsAtTheSameTimeWhileThereIsRoom) {
  std::mt19937_64 random(5);
  Commit commit = any_commit(random);
  CommitPage page;
  page.add(commit);
  Commit later = commit;
  ++later.offset.number;
  ++later.recorded_at.microseconds;
  EXPECT_FALSE(page.takes(later)) << "another time";
  later = commit;
  later.offset.number += 2;
  EXPECT_FALSE(page.takes(later)) << "a gap";
  for (size_t i = 1; i < CommitPage::commits_max; ++i) {
    ++commit.offset.number;
    ASSERT_TRUE(page.takes(commit));
    page.add(commit);
  }
  ++commit.offset.number;
  EXPECT_FALSE(page.takes(commit)) << "full";
  page.clear();
  ASSERT_TRUE(page.takes(commit));
  commit.author.assign(CommitPage::bytes_max, 'a');
  page.add(commit);
  ++commit.offset.number;
  EXPECT_FALSE(page.takes(commit)) << "large";
}

// What programs before 2026-11-27 wrote: each commit alone.
TEST(CommitPage, ReadsTheFirstVersion) {
  std::string body;
  twin::ByteWriter writer(body);
  writer.varint(300);                // offset
  writer.varint(2);                  // branch
  writer.fixed(int64_t{1'000'000});  // recorded at
  writer.text("somebody");
  writer.byte(0);  // no event
  writer.varint(2);
  writer.byte(static_cast<uint8_t>(Fact::Kind::attribute_deleted) << 1);
  writer.text("urn:x:1");
  writer.varint(40);
  writer.varint(0);
  writer.byte(static_cast<uint8_t>(Fact::Kind::entity_deleted) << 1 | 1);  // of the same entity
  const uint64_t checksum = XXH3_64bits(body.data(), body.size());
  std::string bytes(1, '\1');
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum)).append(body);

  Commit commit{{300}, {2}, {1'000'000}, "somebody", {}, {}};
  commit.facts.resize(2);
  commit.facts[0].kind = Fact::Kind::attribute_deleted;
  commit.facts[0].attribute.name = {40};
  commit.facts[1].kind = Fact::Kind::entity_deleted;
  commit.facts[0].entity_id = commit.facts[1].entity_id = "urn:x:1";
  const auto read = unpack_page(bytes);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(*read, std::vector<Commit>{commit});
  EXPECT_EQ(head_of_page(bytes)->first, twin::Offset{300});
  EXPECT_EQ(head_of_page(bytes)->recorded_at, commit.recorded_at);
}

}  // namespace
}  // namespace cityloom::thread
