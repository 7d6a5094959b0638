// The traffic model against published answers.
#pragma once

#include "model/validation.hpp"

namespace cityloom::model::traffic {

/// Capacity of a lane, delay at a signal against Webster's formula, and, where the shared data and SUMO are there, trip
/// times of Bologna against SUMO's. The folder of the shared data is what CITYLOOM_SHARED says.
Validation validate_traffic();

/// A network of two roads that cross at a signal, as a .net.xml: from `in` to `out`, 1 km each, one lane, 13.89 m/s.
std::string signal_network(double green_s, double cycle_s);

/// Webster's mean delay at a signal with vehicles that come by chance (Webster, Traffic Signal Settings, 1958),
/// seconds: of cycle and effective green, flow and saturation flow in vehicles a second.
double webster_delay_s(double cycle_s, double green_s, double flow, double saturation);

}  // namespace cityloom::model::traffic
