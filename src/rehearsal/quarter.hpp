// What stands in one quarter of an invented city: a function of the plan and the quarter.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rehearsal/plan.hpp"

namespace cityloom::rehearsal {

/// What a building is for.
enum class Use : uint8_t {
  house,
  villa,  ///< three to five storeys of flats over a garage
  apartments,
  shop,
  office,
  hotel,
  factory,
  warehouse,
  school,
  kindergarten,
  university,
  hospital,
  civic,
  culture,
  pavilion,
};
inline constexpr size_t use_count = 15;

/// The category of a building as OpenStreetMap names it: "apartments", "office", ...
const char* category_of(Use use);

/// One building. Its ring is anticlockwise and lies within its own lot.
struct BuildingPlan {
  Use use = Use::house;
  Ring ring;
  uint16_t levels = 1;
  float height_m = 3;
  bool has_pyramid = false;  ///< a hipped roof, `roof_m` high
  float roof_m = 0;
  uint16_t residents = 0, jobs = 0, places = 0;  ///< places of pupils or students
  uint16_t complex = 0;                          ///< buildings of one complex share it; 0: none
  uint16_t number_in_complex = 0;                ///< 101, 102, ...
  GridNode street_from, street_to;               ///< the stretch of the street that its door is on, of the plan's grid
  float street_share = 0;                        ///< how far along it, 0..1
  bool is_left_of_street = false;
};

/// An open space of a quarter.
struct GreenPlan {
  const char* category = "park";  ///< "park", "playground", "garden", "pitch"
  Ring ring;
};

/// Everything in one quarter but streets.
struct QuarterPlan {
  std::vector<BuildingPlan> buildings;
  std::vector<GreenPlan> greens;
  uint16_t complexes = 0;
};

/// Draws a quarter whole. Pure. Cost: about a microsecond a building.
QuarterPlan draw_quarter(const CityPlan& plan, Quarter quarter);

/// How many buildings draw_quarter makes.
uint64_t count_buildings(const CityPlan& plan, Quarter quarter);

}  // namespace cityloom::rehearsal
