// What a console sees of a server that takes readings by MQTT.
#pragma once

#include "bench/bench.hpp"

namespace cityloom::bench {

/// 5,000 readings a second for a minute into a server of its own, with a stream followed and reads asked. Takes 70 s.
base::Status run_live(const Setup& setup, const Report& report);

}  // namespace cityloom::bench
