// The models of this program, each made where its kernel lies.
#pragma once

#include "model/model.hpp"

namespace cityloom::model {

/// Gives back what it is given: for those who try a client of the OGC API.
Model echo_model();

namespace flood {
/// Water over a piece of the city: who and what gets wet, when.
Model flood_model();
}  // namespace flood

namespace sun {
/// A day of sun over a piece of the city: light, hours of sunlight, and what buildings get of it.
Model sun_model();
}  // namespace sun

namespace traffic {
/// Vehicles on a road network.
Model traffic_model();
}  // namespace traffic

namespace series {
/// What a series will be.
Model forecast_model();
/// Which values over time are unusual, and why.
Model anomaly_model();
}  // namespace series

namespace scores {
/// What each action costs over a forecast, and what being wrong would.
Model decision_model();
}  // namespace scores

namespace assimilation {
/// How well the ensemble filter follows a model whose truth is known.
Model filter_trial_model();
}  // namespace assimilation

}  // namespace cityloom::model
