// Row by row from the north, as a file of heights would come.
#include "rehearsal/ground.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "space/terrain/terrain_model.hpp"

namespace cityloom::rehearsal {
namespace {

/// A square of nodes, its middle on the city's.
space::GridShape shape_of(const CityPlan& plan) {
  const twin::Position& middle = plan.frame().middle();
  const Point degree = plan.frame().point_of({middle.longitude_deg + 1, middle.latitude_deg + 1, 0});
  const double step_m = ground_step_m(plan);
  const auto half = static_cast<uint32_t>(std::ceil(plan.ground_reach_m() / step_m));
  space::GridShape shape;
  shape.step_east_deg = step_m / degree.x;
  shape.step_south_deg = step_m / degree.y;
  shape.west_deg = middle.longitude_deg - half * shape.step_east_deg;
  shape.north_deg = middle.latitude_deg + half * shape.step_south_deg;
  shape.columns = shape.rows = 2 * half + 1;
  return shape;
}

}  // namespace

double ground_step_m(const CityPlan& plan) {
  // So that banks keep their shape: some three nodes across one.
  return std::clamp(plan.bank_m() / 3, 8.0, 20.0);
}

base::Result<thread::Change> ground_model(const CityPlan& plan, space::ImportBatch& batch) {
  const space::GridShape shape = shape_of(plan);
  if (base::Status status = shape.check(); !status) return status.error();
  space::PyramidWriter writer(shape, [&](std::string_view block) { return batch.put_asset(block); });
  std::vector<float> row(shape.columns);
  for (uint32_t y = 0; y < shape.rows; ++y) {
    const double latitude_deg = shape.north_deg - y * shape.step_south_deg;
    for (uint32_t x = 0; x < shape.columns; ++x) {
      const Point at = plan.frame().point_of({shape.west_deg + x * shape.step_east_deg, latitude_deg, 0});
      row[x] = static_cast<float>(plan.surface_m(at));
    }
    if (base::Status status = writer.add_row(row); !status) return status.error();
  }
  const auto index = writer.finish();
  if (!index) return index.error();
  space::TerrainDescription description;
  description.name = "rehearsal";
  description.object = "ground";
  description.vertical_datum = "WGS 84 ellipsoid";
  description.height_correction = "none needed";
  return space::terrain_model_change(batch, shape, *index, writer.lowest_m(), writer.highest_m(), description);
}

}  // namespace cityloom::rehearsal
