// Readings by MQTT, from the publisher to the record.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// 5,000 readings a second for a minute through a real Mosquitto. Takes about 70 s.
base::Status run_mqtt(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
