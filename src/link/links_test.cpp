#include "link/links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

#include "link/testing.hpp"
#include "store/store.hpp"

namespace cityloom::link {
namespace {

using ::testing::HasSubstr;

constexpr int64_t patience_ms = 20'000;
constexpr base::Instant start = base::Instant::from_seconds(1'800'000'000);

constexpr const char* push_yaml = R"(
links:
  - name: push
    kind: push
    mailbox: 10
    mapping: {entity: {id: "urn:x:{id}", type: T}, attributes: {v: {from: v, maximum: 100}}}
)";

constexpr const char* replay_yaml = R"(
links:
  - name: replay
    kind: replay
    file: t.csv
    step_interval_ms: 1000
    mapping:
      entity: {id: "urn:x:1", type: T}
      observed_at: {from: t, format: epoch_s}
      attributes: {v: v}
)";

class LinksTest : public ::testing::Test {
 protected:
  LinksTest() {
    std::string name = ::testing::TempDir() + "cityloom-links-XXXXXX";
    folder_ = mkdtemp(name.data());
    auto opened = thread::Thread::open(store::make_memory_store(), clock_);
    thread_ = std::move(*opened);
  }
  ~LinksTest() override { std::filesystem::remove_all(folder_); }

  void run(const std::string& yaml, const trust::Gate* gate = nullptr) {
    auto definitions = parse_links(yaml, folder_ + "/links.yaml");
    ASSERT_TRUE(definitions.ok()) << definitions.error().text();
    Options options;
    options.gate = gate;
    links_ = std::make_unique<Links>(*thread_, clock_, options);
    for (LinkDefinition& definition : *definitions) ASSERT_TRUE(links_->add(std::move(definition)).ok());
    links_->start();
  }
  bool reaches(const std::function<bool(const LinkStatus&)>& condition) {
    return links_->wait_until([&](const auto& all) { return condition(all.front()); }, patience_ms);
  }
  bool accepts(uint64_t count) {
    return reaches([&](const LinkStatus& status) { return status.accepted == count; });
  }
  void advance(int64_t milliseconds) {
    clock_.advance_us(milliseconds * 1'000);
    links_->wake();
  }
  twin::Value value() {
    const auto found = thread_->snapshot().find("urn:x:1");
    if (!found.ok() || !found->exists()) return {};
    const twin::Entity entity = found->unpack();
    const twin::Attribute* attribute = entity.find(thread_->terms().find(expand_name("v")));
    return attribute == nullptr ? twin::Value{} : attribute->value;
  }
  base::Status push(std::string payload) {
    std::mutex mutex;
    std::condition_variable told;
    std::optional<base::Status> result;
    links_->push("push", std::move(payload), [&](base::Status status) {
      const std::lock_guard lock(mutex);
      result = std::move(status);
      told.notify_all();
    });
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return result.has_value(); });
    return *result;
  }

  base::ManualClock clock_{start};
  std::string folder_;
  std::unique_ptr<thread::Thread> thread_;
  std::unique_ptr<Links> links_;
};

TEST_F(LinksTest, APushedMessageIsDurableWhenAnswered) {
  run(push_yaml);
  ASSERT_TRUE(push(R"({"id":1,"v":5})").ok());
  EXPECT_EQ(value(), twin::Value{int64_t{5}});
  const base::Status refused = push(R"({"id":1,"v":500})");
  EXPECT_EQ(refused.error().code, base::Code::invalid);
  EXPECT_THAT(refused.error().what, HasSubstr("500 is above"));
  EXPECT_EQ(push(std::string(payload_bytes_max + 1, ' ')).error().code, base::Code::too_large);
  const LinkStatus status = links_->status().at(0);
  EXPECT_EQ(status.state, State::running);
  EXPECT_EQ(status.accepted, 1u);
  EXPECT_EQ(status.refused, 1u);
  EXPECT_EQ(status.last_message_at, start);
  EXPECT_DOUBLE_EQ(status.messages_per_second, 0.2);
  ASSERT_EQ(status.refusals.size(), 1u);
  EXPECT_EQ(status.refusals[0].sample, R"({"id":1,"v":500})");
  EXPECT_EQ(status.mailbox_capacity, 10u);
  EXPECT_EQ(status.mailbox_waiting, 0u);
}

TEST_F(LinksTest, AFullMailboxIsToldNotDropped) {
  auto definitions = parse_links(push_yaml, "x");
  links_ = std::make_unique<Links>(*thread_, clock_);  // not started: nobody empties the mailbox
  ASSERT_TRUE(links_->add(std::move(definitions->front())).ok());
  std::vector<base::Status> answers;
  for (int at = 0; at < 12; ++at) {
    links_->push("push", R"({"id":1,"v":1})", [&](base::Status status) { answers.push_back(std::move(status)); });
  }
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].error().code, base::Code::busy);
  EXPECT_EQ(links_->status().at(0).mailbox_waiting, 10u);
  links_->stop();
  EXPECT_EQ(answers.size(), 12u);  // the ten are told that it is stopped
  EXPECT_EQ(answers[11].error().code, base::Code::unavailable);
}

TEST_F(LinksTest, PushesToNobodyAreAnswered) {
  run(replay_yaml);
  std::vector<base::Code> codes;
  for (const char* name : {"replay", "nobody"}) {
    links_->push(name, "{}", [&](base::Status status) { codes.push_back(status.error().code); });
  }
  EXPECT_THAT(codes, ::testing::ElementsAre(base::Code::conflict, base::Code::not_found));
  EXPECT_EQ(links_->add(parse_links(replay_yaml, "x")->front()).error().code, base::Code::already_exists);
}

TEST_F(LinksTest, TheGateIsAsked) {
  const auto closed = trust::make_closed_gate("closed for a test");
  run(push_yaml, closed.get());
  EXPECT_THAT(push(R"({"id":1,"v":5})").error().what, HasSubstr("closed for a test"));
  EXPECT_EQ(thread_->status().entities, 0u);
}

TEST_F(LinksTest, AReplayKeepsItsPaceAndItsOwnTimes) {
  std::ofstream(folder_ + "/t.csv") << "t,v\n100,1\n200,2\n300,3\n";
  run(replay_yaml);
  ASSERT_TRUE(accepts(1));
  EXPECT_EQ(value(), twin::Value{int64_t{1}});
  advance(999);
  advance(1);
  ASSERT_TRUE(accepts(2));
  EXPECT_EQ(value(), twin::Value{int64_t{2}});
  advance(1'000);
  ASSERT_TRUE(accepts(3));
  ASSERT_TRUE(reaches([](const LinkStatus& status) { return status.state == State::ended; }));
  const auto history = thread_->snapshot().history("urn:x:1", {});
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->at(0).instances.size(), 3u);
  EXPECT_EQ(history->at(0).instances[2].observed_at, base::Instant::from_seconds(300));
}

TEST_F(LinksTest, AReplayGoesOnWhereTheRecordEnds) {
  std::ofstream(folder_ + "/t.csv") << "t,v\n100,1\n200,2\n300,3\n";
  run(replay_yaml);
  ASSERT_TRUE(accepts(1));
  links_.reset();
  run(replay_yaml);
  ASSERT_TRUE(accepts(1));
  EXPECT_EQ(value(), twin::Value{int64_t{2}});
}

TEST_F(LinksTest, AReplayLoops) {
  std::ofstream(folder_ + "/t.csv") << "t,v\n100,1\n200,2\n";
  run(std::string(replay_yaml) + "    loop: true\n    speed: 100\n");
  for (uint64_t count = 1; count <= 5; ++count) {
    ASSERT_TRUE(accepts(count)) << count;
    advance(1'000);
  }
}

TEST_F(LinksTest, ALoopOverNothingEnds) {
  std::ofstream(folder_ + "/t.csv") << "t,v\n100,1\n";
  run(std::string(replay_yaml) + "    loop: true\n    start_at: 2020-01-01T00:00:00Z\n");
  EXPECT_TRUE(reaches([](const LinkStatus& status) { return status.state == State::ended; }));
}

TEST_F(LinksTest, AMissingFileIsWaitedFor) {
  run(replay_yaml);
  ASSERT_TRUE(reaches([](const LinkStatus& status) { return status.state == State::failed; }));
  LinkStatus status = links_->status().at(0);
  EXPECT_THAT(status.detail, HasSubstr("t.csv"));
  EXPECT_GT(status.retry_at, start);
  std::ofstream(folder_ + "/t.csv") << "t,v\n100,1\n";
  advance(5'000);
  EXPECT_TRUE(accepts(1));
}

TEST_F(LinksTest, RefusedRowsAreCountedAndShown) {
  std::ofstream(folder_ + "/t.csv") << "t,v\nsoon,1\n";
  run(replay_yaml);
  ASSERT_TRUE(reaches([](const LinkStatus& status) { return status.refused == 1; }));
  EXPECT_THAT(links_->status().at(0).refusals.at(0).reason, HasSubstr("'soon' is not a time"));
  EXPECT_EQ(links_->status().at(0).refusals.at(0).sample, "soon,1");
}

TEST(SearchFolders, AreTheCityAndWhatIsAboveIt) {
  EXPECT_THAT(search_folders("/data/city/", {"/more"}), ::testing::ElementsAre("/data/city", "/data", "/more"));
  EXPECT_THAT(search_folders("", {}), ::testing::IsEmpty());
}

}  // namespace
}  // namespace cityloom::link
