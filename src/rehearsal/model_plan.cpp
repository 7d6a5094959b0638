// A model of an invented city, from its plan.
#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "rehearsal/model.hpp"
#include "rehearsal/names.hpp"
#include "rehearsal/streets.hpp"

namespace cityloom::rehearsal {
namespace {

uint64_t grid_key(GridNode node) {
  return static_cast<uint64_t>(static_cast<uint32_t>(node.i)) << 32 | static_cast<uint32_t>(node.j);
}

class PlanReader {
 public:
  PlanReader(const CityPlan& plan, CityModel& model) : plan_(plan), names_(plan), model_(model) {}

  void streets() {
    for (const Quarter& quarter : plan_.quarters()) {
      for (const Stretch& stretch : stretches_of(plan_, quarter)) street(stretch);
    }
  }

  void places() {
    for (size_t number = 0; number < plan_.quarters().size(); ++number) {
      const QuarterPlan drawn = draw_quarter(plan_, plan_.quarters()[number]);
      for (size_t n = 0; n < plan_.buildings_in(number); ++n) place(drawn.buildings[n]);
    }
  }

 private:
  uint32_t junction(GridNode node) {
    const auto [found, is_new] = junctions_.try_emplace(grid_key(node), static_cast<uint32_t>(model_.junctions.size()));
    if (is_new) {
      Junction& made = model_.junctions.emplace_back();
      made.at = plan_.at(node);
      made.has_signals = has_signals(plan_, node);
    }
    return found->second;
  }

  void street(const Stretch& stretch) {
    const auto number = static_cast<uint32_t>(model_.streets.size());
    Street& street = model_.streets.emplace_back();
    street.start = junction(stretch.start());
    street.end = junction(stretch.end());
    street.first_point = static_cast<uint32_t>(model_.points.size());
    street.points = static_cast<uint32_t>(stretch.nodes.size());
    double length_m = 0;
    for (size_t n = 0; n < stretch.nodes.size(); ++n) {
      const Point at = plan_.at(stretch.nodes[n]);
      if (n > 0) {
        const double part_m = length(at - model_.points.back());
        steps_[grid_key(std::min(stretch.nodes[n - 1], stretch.nodes[n])) * 2 + (stretch.is_row ? 1 : 0)] = {
            number, length_m, part_m, stretch.nodes[n - 1] < stretch.nodes[n]};
        length_m += part_m;
      }
      model_.points.push_back(at);
    }
    street.length_m = static_cast<float>(length_m);
    street.speed_mps = static_cast<float>(speed_limit_kmh(stretch.street) / 3.6);
    street.half_width_m = static_cast<float>(width_m(stretch.street) / 2);
    street.lanes = static_cast<uint8_t>(stretch.lanes);
    street.is_oneway = stretch.is_oneway;
    street.is_underpass = stretch.is_underpass;
    if (stretch.is_bridge) street.deck_m = static_cast<float>(plan_.deck_m(stretch.start().i));
    model_.street_ids.push_back(street_id(stretch));
    const GridNode low = std::min(stretch.start(), stretch.end());
    const Name name = stretch.is_bridge ? names_.bridge(low.i)
                      : stretch.is_row  ? names_.row_street(low)
                                        : names_.column_street(low);
    model_.street_names_ko.push_back(name.ko);
    model_.street_names_en.push_back(name.en);
  }

  void place(const BuildingPlan& building) {
    Place& made = model_.places.emplace_back();
    Point sum;
    for (const Point& corner : building.ring) sum = sum + corner;
    made.at = sum * (1 / static_cast<double>(building.ring.size()));
    made.residents = building.residents;
    made.jobs = building.jobs;
    made.places = building.places;
    made.use = building.use;
    const auto step = steps_.find(grid_key(building.street_from) * 2 + 1);
    if (step == steps_.end()) return;
    const Step& on = step->second;
    made.street = on.street;
    const double share =
        on.is_forward ? static_cast<double>(building.street_share) : 1 - static_cast<double>(building.street_share);
    const double along_m = on.from_m + share * on.length_m;
    made.along_share = static_cast<float>(along_m / static_cast<double>(model_.streets[on.street].length_m));
  }

  struct Step {
    uint32_t street = 0;
    double from_m = 0, length_m = 0;
    bool is_forward = true;
  };
  const CityPlan& plan_;
  Names names_;
  CityModel& model_;
  absl::flat_hash_map<uint64_t, uint32_t> junctions_;
  absl::flat_hash_map<uint64_t, Step> steps_;  // of the grid, to the street that holds it
};

}  // namespace

CityModel CityModel::of_plan(const CityPlan& plan) {
  CityModel model;
  model.seed = plan.spec().seed;
  model.frame = plan.frame();
  const Name name = Names(plan).city();
  model.name_ko = name.ko;
  model.name_en = name.en;
  PlanReader reader(plan, model);
  reader.streets();
  reader.places();
  for (int n = -2; n <= 2; ++n) {
    const double x = n * plan.radius_m() / 3;
    model.river.push_back(plan.bent({x, plan.river_half_width_m(x) - 1}));
  }
  model.finish();
  return model;
}

}  // namespace cityloom::rehearsal
