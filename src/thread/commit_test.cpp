#include "thread/commit.hpp"

#include <gtest/gtest.h>

#include <random>

namespace cityloom::thread {
namespace {

using twin::Fact;

Commit any_commit(std::mt19937_64& random) {
  Commit commit;
  commit.offset = {random() % 1'000'000 + 1};
  commit.branch = {static_cast<uint32_t>(random() % 3)};
  commit.recorded_at = {static_cast<int64_t>(random() % 1'000'000'000'000)};
  commit.author = "link:air-" + std::to_string(random() % 10);
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

TEST(Commit, ReadsBackAsItWasPacked) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 5'000; ++i) {
    const Commit commit = any_commit(random);
    const std::string bytes = pack_commit(commit);
    const auto read = unpack_commit(bytes);
    ASSERT_TRUE(read.ok()) << read.error().text();
    ASSERT_EQ(*read, commit);
    ASSERT_EQ(*recorded_at_of_packed(bytes), commit.recorded_at);
  }
}

TEST(Commit, EveryChangedByteIsNoticed) {
  std::mt19937_64 random(4);
  Commit commit = any_commit(random);
  while (commit.facts.size() < 3) commit = any_commit(random);
  const std::string bytes = pack_commit(commit);
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random() % 8));
    EXPECT_FALSE(unpack_commit(changed).ok()) << "byte " << at;
    EXPECT_FALSE(unpack_commit(bytes.substr(0, at)).ok()) << "cut at " << at;
  }
}

}  // namespace
}  // namespace cityloom::thread
