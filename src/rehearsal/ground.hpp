// The ground of an invented city, as a model of the terrain (room-internal; the door is city.hpp).
#pragma once

#include "rehearsal/plan.hpp"
#include "space/import_batch.hpp"

namespace cityloom::rehearsal {

/// Lays heights over the city and the hills around it, keeps them as assets, and answers with the entity that names
/// them. Heights are those that a survey from the air would measure: of the ground, and of the river's surface. Cost:
/// half a microsecond a node; a second for a town, ten for a city of a million buildings. Errors: those of the sink,
/// cancelled.
base::Result<thread::Change> ground_model(const CityPlan& plan, space::ImportBatch& batch);

/// Between nodes of that model.
double ground_step_m(const CityPlan& plan);

}  // namespace cityloom::rehearsal
