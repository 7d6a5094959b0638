// The publisher and the mapping of its readings.
#include "bench/mqtt_load.hpp"

#include <fmt/format.h>
#include <mosquitto.h>

#include <chrono>
#include <thread>

namespace cityloom::bench {

using base::Code;
using base::fail;
using Steady = std::chrono::steady_clock;

base::Status publish_readings(int port, const base::Clock& clock) {
  mosquitto* client = mosquitto_new(nullptr, true, nullptr);
  mosquitto_max_inflight_messages_set(client, 100);  // the library walks through all of them at each answer
  int code = mosquitto_connect(client, "127.0.0.1", port, 60);
  if (code == MOSQ_ERR_SUCCESS) code = mosquitto_loop_start(client);
  const auto start = Steady::now();
  for (int number = 0; number < readings_all && code == MOSQ_ERR_SUCCESS; ++number) {
    if (number % (readings_per_second / 100) == 0) {
      std::this_thread::sleep_until(
          start + std::chrono::milliseconds(static_cast<int64_t>(number) * 1'000 / readings_per_second));
    }
    const std::string topic = fmt::format("bench/{}/air", number % reading_sensors);
    const std::string payload =
        fmt::format(R"({{"t":{},"pm25":{},"temperature":21.5}})", clock.now().microseconds, number % 997);
    code =
        mosquitto_publish(client, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, false);
  }
  while (code == MOSQ_ERR_SUCCESS && mosquitto_want_write(client))
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  mosquitto_disconnect(client);
  mosquitto_loop_stop(client, false);
  mosquitto_destroy(client);
  if (code != MOSQ_ERR_SUCCESS) return fail(Code::unavailable, mosquitto_strerror(code));
  return {};
}

std::string link_to_readings(int port) {
  return fmt::format(R"(
links:
  - name: bench
    kind: mqtt
    port: {}
    mapping:
      topic: bench/{{id}}/air
      entity: {{id: "urn:ngsi-ld:AirQualityObserved:{{id}}", type: AirQualityObserved}}
      observed_at: {{from: t, format: epoch_us}}
      attributes:
        pm25: {{from: pm25, unit: GQ, minimum: 0}}
        temperature: {{from: temperature, unit: CEL}}
)",
                     port);
}

}  // namespace cityloom::bench
