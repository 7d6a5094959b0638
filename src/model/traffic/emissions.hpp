// What vehicles give off, by published functions of their mean speed.
#pragma once

#include "model/traffic/demand.hpp"

namespace cityloom::model::traffic {

/// Of one vehicle, in grams.
struct Emitted {
  double co2_g = 0, nox_g = 0, co_g = 0, fuel_g = 0;
};

/// Over a way of some length that took some time. The functions hold from 5 to 130 km/h; a slower vehicle gives off, a
/// second, what one at 5 km/h does. Requires time above 0.
Emitted emitted(EmissionKind kind, double metres, double seconds);

}  // namespace cityloom::model::traffic
