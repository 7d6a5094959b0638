// A server takes 5,000 readings a second by MQTT for a minute; a client follows its change stream as a console does,
// and others ask for an entity, a list and the summary. Estimate: an event a commit, some 300 bytes a reading, 1.5
// MB/s; the stream is behind by the commit (2 ms) and its way (1 ms), reads stay near 1 ms while there is processor
// time.
#include "bench/live_bench.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <mosquitto.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <fstream>
#include <thread>

#include "bench/http_load.hpp"
#include "bench/mqtt_load.hpp"
#include "bench/server_process.hpp"
#include "link/test_broker.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

constexpr int start_timeout_ms = 60'000;
constexpr const char* drops_topic = "$SYS/broker/publish/messages/dropped";

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

/// A client of /api/stream on a worker of its own: how far it is behind, and what it was not told.
class StreamReader {
 public:
  StreamReader(uint16_t port, const base::Clock& clock) : clock_(clock), handle_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::string request = http_request("GET", "/api/stream?type=AirQualityObserved");
    is_connected_ = ::connect(handle_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                    ::send(handle_, request.data(), request.size(), MSG_NOSIGNAL) > 0;
    worker_ = std::thread([this] { read(); });
  }
  ~StreamReader() {
    stop();
    ::close(handle_);
  }
  void stop() {
    ::shutdown(handle_, SHUT_RDWR);
    if (worker_.joinable()) worker_.join();
  }

  bool is_connected() const { return is_connected_; }
  uint64_t readings() const { return readings_; }
  // After stop().
  uint64_t lags = 0;  ///< times that it was told of commits left out
  std::vector<double> behind_ms;

 private:
  void read() {
    std::string text;
    char piece[65'536];
    for (ssize_t got = 0; is_connected_ && (got = ::recv(handle_, piece, sizeof piece, 0)) > 0;) {
      text.append(piece, static_cast<size_t>(got));
      size_t start = 0;
      for (size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
        take(std::string_view(text).substr(start, end - start));
      }
      text.erase(0, start);
    }
  }
  void take(std::string_view line) {
    if (line.starts_with("event: lag")) ++lags;
    if (!line.starts_with("data: ")) return;
    constexpr std::string_view pm25 = "\"pm25\"", observed = "\"observedAt\":\"";
    for (size_t at = line.find(pm25); at != std::string_view::npos; at = line.find(pm25, at + 1)) ++readings_;
    const size_t last = line.rfind(observed);
    if (last == std::string_view::npos) return;
    const size_t from = last + observed.size();
    const auto at = base::Instant::parse(line.substr(from, line.find('"', from) - from));
    if (at) behind_ms.push_back(static_cast<double>(clock_.now().microseconds - at->microseconds) / 1'000);
  }

  const base::Clock& clock_;
  int handle_;
  bool is_connected_ = false;
  std::atomic<uint64_t> readings_ = 0;
  std::thread worker_;
};

/// Asks one thing again and again; the times of whole answers, with connecting, in milliseconds.
struct Asker {
  std::string name;
  std::string target;
  int pause_ms = 0;
  std::vector<double> times_ms;
  uint64_t failures = 0;

  void ask(uint16_t port, const std::atomic<bool>& is_done) {
    while (!is_done) {
      const auto start = Steady::now();
      const auto reply = ask_http(port, http_request("GET", target));
      const std::chrono::duration<double, std::milli> taken = Steady::now() - start;
      if (reply && reply->status == 200) {
        times_ms.push_back(taken.count());
      } else {
        ++failures;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
    }
  }
};

/// The broker's own count of messages it dropped, which it tells every second.
class DropCounter {
 public:
  explicit DropCounter(int port) : client_(mosquitto_new(nullptr, true, this)) {
    mosquitto_message_callback_set(client_, [](mosquitto*, void* self, const mosquitto_message* message) {
      const auto* text = static_cast<const char*>(message->payload);
      uint64_t count = 0;
      std::from_chars(text, text + message->payloadlen, count);
      static_cast<DropCounter*>(self)->dropped_ = static_cast<int64_t>(count);
    });
    mosquitto_connect_callback_set(
        client_, [](mosquitto* client, void*, int) { mosquitto_subscribe(client, nullptr, drops_topic, 0); });
    mosquitto_connect(client_, "127.0.0.1", port, 60);
    mosquitto_loop_start(client_);
  }
  ~DropCounter() {
    mosquitto_disconnect(client_);
    mosquitto_loop_stop(client_, false);
    mosquitto_destroy(client_);
  }
  int64_t dropped() const { return dropped_; }  ///< -1: not told yet

 private:
  mosquitto* client_;
  std::atomic<int64_t> dropped_ = -1;
};

/// The number after "accepted": of the link "bench".
uint64_t accepted(uint16_t port) {
  const auto reply = ask_http(port, http_request("GET", "/api/links"));
  if (!reply) return 0;
  constexpr std::string_view key = "\"accepted\":";
  const size_t link = reply->body.find("\"name\":\"bench\"");
  const size_t at = link == std::string::npos ? link : reply->body.find(key, link);
  uint64_t count = 0;
  if (at == std::string::npos) return 0;
  const char* const text = reply->body.data();
  std::from_chars(text + at + key.size(), text + reply->body.size(), count);
  return count;
}

bool wait_for(const std::function<bool()>& holds, int timeout_ms) {
  const auto end = Steady::now() + std::chrono::milliseconds(timeout_ms);
  while (!holds()) {
    if (Steady::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

bool is_running(uint16_t port) {
  const auto reply = ask_http(port, http_request("GET", "/api/links"));
  const size_t link = reply ? reply->body.find("\"name\":\"bench\"") : std::string::npos;
  return link != std::string::npos && reply->body.find("\"state\":\"running\"", link) != std::string::npos;
}

base::Status measure(uint16_t port, int broker_port, const Report& report) {
  const base::SystemClock clock;
  if (!wait_for([&] { return is_running(port); }, 20'000)) return fail(Code::timeout, "the link is not running");
  const DropCounter drops(broker_port);
  StreamReader stream(port, clock);
  if (!stream.is_connected()) return fail(Code::unavailable, "there is no stream");
  std::vector<Asker> askers(3);
  askers[0] = {"entity", "/ngsi-ld/v1/entities/urn:ngsi-ld:AirQualityObserved:7", 20, {}, 0};
  askers[1] = {"list_of_1000", "/ngsi-ld/v1/entities?type=AirQualityObserved&limit=1000&options=sysAttrs", 500, {}, 0};
  askers[2] = {"summary", "/api/summary", 500, {}, 0};
  std::atomic<bool> is_done = false;
  std::vector<std::thread> workers;
  // What is asked for must be there first.
  const base::Status published = [&] {
    std::thread starter([&] {
      wait_for([&] { return stream.readings() > reading_sensors; }, 20'000);
      for (Asker& asker : askers) workers.emplace_back([&] { asker.ask(port, is_done); });
    });
    const base::Status status = publish_readings(broker_port, clock);
    starter.join();
    return status;
  }();
  wait_for([&] { return accepted(port) >= readings_all; }, 20'000);
  wait_for([&] { return stream.readings() >= readings_all; }, 1'000);
  is_done = true;
  for (std::thread& worker : workers) worker.join();
  const uint64_t taken = accepted(port);
  wait_for([&] { return drops.dropped() >= 0; }, 15'000);
  stream.stop();
  if (!published) return published;
  report({"live_readings_not_accepted", static_cast<double>(readings_all) - static_cast<double>(taken), "of 300000", 0,
          false});
  report({"live_broker_dropped", static_cast<double>(drops.dropped()), "messages, -1: not told", 0, false});
  // A sensor with several readings in one commit is told once, with the last.
  report({"live_stream_readings_told_as_one_with_later",
          static_cast<double>(readings_all) - static_cast<double>(stream.readings()),
          "of 300000",
          {},
          false});
  report({"live_stream_times_left_behind", static_cast<double>(stream.lags), "", 0, false});
  report({"live_stream_behind_p50", percentile(stream.behind_ms, 0.5), "ms", {}, false});
  report({"live_stream_behind_p99", percentile(stream.behind_ms, 0.99), "ms", 1'000, false});
  for (Asker& asker : askers) {
    report({"live_read_" + asker.name + "_p50", percentile(asker.times_ms, 0.5), "ms", {}, false});
    report({"live_read_" + asker.name + "_p99", percentile(asker.times_ms, 0.99), "ms", 100, false});
    report({"live_read_" + asker.name + "_failures", static_cast<double>(asker.failures), "", 0, false});
  }
  return {};
}

}  // namespace

base::Status run_live(const Setup& setup, const Report& report) {
  if (link::testing::broker_program().empty()) return fail(Code::unavailable, "mosquitto is not installed");
  link::testing::Broker broker(setup.folder, "allow_anonymous true\nsys_interval 1\n");
  const std::string configuration = setup.folder + "/live.yaml";
  std::ofstream(configuration) << link_to_readings(broker.port);
  ServerProcess server;
  const auto port =
      server.start(setup.program, {"--data", setup.folder + "/live", "--config", configuration}, start_timeout_ms);
  if (!port) return port.error();
  if (auto measured = measure(*port, broker.port, report); !measured) return measured;
  report({"live_server_peak_memory", static_cast<double>(server.peak_resident_bytes()) / 1e6, "MB", {}, false});
  return {};
}

}  // namespace cityloom::bench
