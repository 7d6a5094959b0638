// Readings of many sensors by MQTT, sent evenly, and the link that takes them.
#pragma once

#include <string>

#include "base/instant.hpp"
#include "base/result.hpp"

namespace cityloom::bench {

constexpr int readings_per_second = 5'000;
constexpr int reading_duration_s = 60;
constexpr int readings_all = readings_per_second * reading_duration_s;
constexpr int reading_sensors = 1'000;

/// Sends all readings to the broker at `port` in slices of 10 ms; each tells when it was sent. Takes a minute. Errors:
/// the broker does not answer.
base::Status publish_readings(int port, const base::Clock& clock);

/// The configuration of a link "bench" that takes them: AirQualityObserved:0 to 999 with pm25 and temperature.
std::string link_to_readings(int port);

}  // namespace cityloom::bench
