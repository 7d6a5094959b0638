// Against a real Mosquitto of our own: own port, own folder, ended by its process id.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mosquitto.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

#include "link/links.hpp"
#include "link/test_broker.hpp"
#include "link/testing.hpp"
#include "store/store.hpp"

namespace cityloom::link {
namespace {

using testing::Broker;
using testing::broker_program;
using ::testing::HasSubstr;

constexpr int64_t patience_ms = 30'000;

/// Publishes with QoS 1 and waits until the broker has acknowledged.
class Publisher {
 public:
  explicit Publisher(int port) : client_(mosquitto_new(nullptr, true, this)) {
    mosquitto_publish_callback_set(client_, [](mosquitto*, void* self, int) {
      auto& publisher = *static_cast<Publisher*>(self);
      const std::lock_guard lock(publisher.mutex_);
      ++publisher.acknowledged_;
      publisher.changed_.notify_all();
    });
    mosquitto_max_inflight_messages_set(client_, 0);
    EXPECT_EQ(mosquitto_connect(client_, "127.0.0.1", port, 30), MOSQ_ERR_SUCCESS);
    mosquitto_loop_start(client_);
  }
  ~Publisher() {
    mosquitto_disconnect(client_);
    mosquitto_loop_stop(client_, false);
    mosquitto_destroy(client_);
  }
  void publish(const std::string& topic, const std::string& payload) {
    mosquitto_publish(client_, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, false);
    ++published_;
  }
  void finish() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::milliseconds(patience_ms), [&] { return acknowledged_ == published_; }));
  }

 private:
  mosquitto* client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t published_ = 0;
  size_t acknowledged_ = 0;
};

/// A store whose writes can be held back, or fail.
class TamedStore final : public thread::Store {
 public:
  struct Reins {
    std::mutex mutex;
    std::condition_variable changed;
    bool holds = false;
    bool fails = false;
    void set(bool hold, bool fail) {
      const std::lock_guard lock(mutex);
      holds = hold;
      fails = fail;
      changed.notify_all();
    }
  };
  TamedStore(std::unique_ptr<thread::Store> store, std::shared_ptr<Reins> reins)
      : store_(std::move(store)), reins_(std::move(reins)) {}

  base::Status write(const thread::Batch& batch, thread::Durability durability) override {
    std::unique_lock lock(reins_->mutex);
    reins_->changed.wait(lock, [&] { return !reins_->holds; });
    if (reins_->fails) return base::fail(base::Code::unavailable, "the disk is full");
    return store_->write(batch, durability);
  }
  base::Result<std::optional<std::string>> get(thread::Family family, std::string_view key) const override {
    return store_->get(family, key);
  }
  base::Status scan(thread::Family family, std::string_view first, std::string_view last,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    return store_->scan(family, first, last, visit);
  }
  base::Result<std::optional<std::pair<std::string, std::string>>> last_before(thread::Family family,
                                                                               std::string_view last) const override {
    return store_->last_before(family, last);
  }
  base::Status clear(thread::Family family) override { return store_->clear(family); }
  base::Status backup(const std::string& folder) override { return store_->backup(folder); }
  uint64_t size_bytes(thread::Family family) const override { return store_->size_bytes(family); }
  base::Status flush() override { return store_->flush(); }

 private:
  std::unique_ptr<thread::Store> store_;
  std::shared_ptr<Reins> reins_;
};

class MqttTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (broker_program().empty()) GTEST_SKIP() << "no mosquitto on this machine";
    std::string name = ::testing::TempDir() + "cityloom-mqtt-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  void TearDown() override {
    links_.reset();
    thread_.reset();
    broker_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  void start_broker(const std::string& more = "allow_anonymous true\n") {
    broker_ = std::make_unique<Broker>(folder_, "max_queued_messages 0\n" + more);
  }
  void open_record() {
    reins_ = std::make_shared<TamedStore::Reins>();
    auto opened = thread::Thread::open(std::make_unique<TamedStore>(store::make_memory_store(), reins_), clock_);
    ASSERT_TRUE(opened.ok());
    thread_ = std::move(*opened);
  }
  void start_link(const std::string& more = "") {
    if (thread_ == nullptr) open_record();
    const std::string yaml = "links:\n  - name: air\n    kind: mqtt\n    port: " + std::to_string(broker_->port) +
                             "\n" + more +
                             R"(    mapping:
      topic: sensors/{id}/air
      entity: {id: "urn:x:{id}", type: T}
      observed_at: none
      attributes: {v: {from: v, maximum: 1000000}}
)";
    auto definitions = parse_links(yaml, folder_ + "/links.yaml");
    ASSERT_TRUE(definitions.ok()) << definitions.error().text();
    links_ = std::make_unique<Links>(*thread_, clock_);
    ASSERT_TRUE(links_->add(std::move(definitions->front())).ok());
    links_->start();
  }
  /// Waits, and lets time go on meanwhile, so that retries come.
  bool reaches(const std::function<bool(const LinkStatus&)>& condition) {
    for (int round = 0; round < 300; ++round) {
      if (links_->wait_until([&](const auto& all) { return condition(all.front()); }, patience_ms / 300)) return true;
      clock_.advance_us(60'000'000);
      links_->wake();
    }
    ADD_FAILURE() << "still " << name_of(links_->status().at(0).state) << ": " << links_->status().at(0).detail
                  << ", accepted " << links_->status().at(0).accepted;
    return false;
  }
  bool reaches(State state) {
    return reaches([&](const LinkStatus& status) { return status.state == state; });
  }
  bool accepts(uint64_t count) {
    return reaches([&](const LinkStatus& status) { return status.accepted >= count; });
  }
  /// The record has that many sensors; some messages may have come twice.
  bool holds(uint64_t count) {
    return reaches([&](const LinkStatus&) { return thread_->status().entities == count; });
  }
  static std::string reading(int value) { return "{\"v\":" + std::to_string(value) + "}"; }

  base::ManualClock clock_{base::Instant::from_seconds(1'800'000'000)};
  std::string folder_;
  std::unique_ptr<Broker> broker_;
  std::shared_ptr<TamedStore::Reins> reins_;
  std::unique_ptr<thread::Thread> thread_;
  std::unique_ptr<Links> links_;
};

TEST_F(MqttTest, RecordsWhatIsPublishedAndTellsWhatIsRefused) {
  start_broker();
  start_link();
  ASSERT_TRUE(reaches(State::running));
  Publisher publisher(broker_->port);
  for (int at = 0; at < 200; ++at) publisher.publish("sensors/s" + std::to_string(at) + "/air", reading(at));
  publisher.publish("sensors/a/air", "{broken");
  publisher.publish("sensors/b/air", reading(5'000'000));
  publisher.publish("other/b/air", reading(5));
  publisher.finish();
  ASSERT_TRUE(accepts(200));
  ASSERT_TRUE(reaches([](const LinkStatus& status) { return status.refused == 2; }));
  const LinkStatus status = links_->status().at(0);
  EXPECT_EQ(status.accepted, 200u);
  EXPECT_EQ(status.refusals.at(1).sample, "sensors/a/air {broken");
  EXPECT_EQ(thread_->status().entities, 200u);
}

TEST_F(MqttTest, LosesNothingWhenTheBrokerIsKilledAndComesBack) {
  start_broker("allow_anonymous true\nautosave_interval 1\nautosave_on_changes true\n");
  start_link();
  ASSERT_TRUE(reaches(State::running));
  int number = 0;
  const auto publish = [&](int count) {
    Publisher publisher(broker_->port);
    for (int at = 0; at < count; ++at, ++number)
      publisher.publish("sensors/s" + std::to_string(number) + "/air", reading(1));
    publisher.finish();
  };
  publish(300);
  broker_->stop(SIGTERM);  // it saves what it has acknowledged; after SIGKILL its own file may miss the last messages
  ASSERT_TRUE(reaches(State::waiting));
  EXPECT_THAT(links_->status().at(0).detail, ::testing::AnyOf(HasSubstr("no broker answers"), HasSubstr("lost")));
  EXPECT_TRUE(links_->status().at(0).retry_at.exists());
  broker_->start();
  publish(300);
  ASSERT_TRUE(reaches(State::running));
  publish(100);
  ASSERT_TRUE(holds(700));

  broker_->stop(SIGKILL);
  ASSERT_TRUE(reaches(State::waiting));
  broker_->start();
  ASSERT_TRUE(reaches(State::running));
  publish(50);
  ASSERT_TRUE(holds(750));
}

TEST_F(MqttTest, TheBrokerKeepsWhatComesWhileTheLinkIsStopped) {
  start_broker();
  start_link();
  ASSERT_TRUE(reaches(State::running));
  links_.reset();
  Publisher publisher(broker_->port);
  for (int at = 0; at < 100; ++at) publisher.publish("sensors/s" + std::to_string(at) + "/air", reading(at));
  publisher.finish();
  start_link();
  EXPECT_TRUE(accepts(100));
}

TEST_F(MqttTest, NothingIsAcknowledgedThatIsNotDurable) {
  start_broker();
  start_link();
  ASSERT_TRUE(reaches(State::running));
  reins_->set(false, true);  // the disk is full from now on
  {
    Publisher publisher(broker_->port);
    for (int at = 0; at < 50; ++at) publisher.publish("sensors/s" + std::to_string(at) + "/air", reading(at));
    publisher.finish();
  }
  ASSERT_TRUE(reaches(State::waiting));
  EXPECT_THAT(links_->status().at(0).detail, HasSubstr("the disk is full"));
  links_.reset();
  thread_.reset();  // a new record, as after a restart with room on the disk
  start_link();
  ASSERT_TRUE(holds(50));
}

TEST_F(MqttTest, AFullMailboxHoldsTheBrokerBack) {
  start_broker();
  start_link("    mailbox: 10\n");
  ASSERT_TRUE(reaches(State::running));
  reins_->set(true, false);  // the disk hangs
  {
    Publisher publisher(broker_->port);
    for (int at = 0; at < 500; ++at) publisher.publish("sensors/s" + std::to_string(at) + "/air", reading(at));
    publisher.finish();
  }
  ASSERT_TRUE(reaches([](const LinkStatus& status) { return status.mailbox_waiting > 0; }));
  EXPECT_LE(links_->status().at(0).mailbox_waiting, 10u);
  EXPECT_EQ(links_->status().at(0).accepted, 0u);
  reins_->set(false, false);
  ASSERT_TRUE(holds(500));
}

TEST_F(MqttTest, SpeaksTheOlderVersionToo) {
  start_broker();
  start_link("    version: 3.1.1\n");
  ASSERT_TRUE(reaches(State::running));
  Publisher publisher(broker_->port);
  for (int at = 0; at < 100; ++at) publisher.publish("sensors/s" + std::to_string(at) + "/air", reading(at));
  publisher.finish();
  EXPECT_TRUE(accepts(100));
}

TEST_F(MqttTest, SaysThatTheBrokerRefuses) {
  std::ofstream(folder_ + "/passwords") << "";
  start_broker("allow_anonymous false\npassword_file " + folder_ + "/passwords\n");
  std::ofstream(folder_ + "/secret") << "wrong\n";
  start_link("    user: me\n    password_file: secret\n");
  ASSERT_TRUE(reaches(State::failed));
  EXPECT_THAT(links_->status().at(0).detail, HasSubstr("the broker refuses"));
  EXPECT_TRUE(links_->status().at(0).retry_at.exists());
}

TEST_F(MqttTest, WaitsForABrokerThatIsNotThere) {
  start_broker();
  broker_->stop(SIGTERM);
  start_link();
  ASSERT_TRUE(reaches(State::waiting));
  EXPECT_THAT(links_->status().at(0).detail, HasSubstr("no broker answers"));
}

TEST_F(MqttTest, SpeaksTls) {
  const std::string make =
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
      "subjectAltName=IP:127.0.0.1 -keyout " +
      folder_ + "/key.pem -out " + folder_ + "/ca.pem >/dev/null 2>&1";
  if (std::system(make.c_str()) != 0) GTEST_SKIP() << "no openssl on this machine";
  start_broker("allow_anonymous true\ncertfile " + folder_ + "/ca.pem\nkeyfile " + folder_ + "/key.pem\ncafile " +
               folder_ + "/ca.pem\n");
  start_link("    ca_file: ca.pem\n");
  EXPECT_TRUE(reaches(State::running));
}

}  // namespace
}  // namespace cityloom::link
