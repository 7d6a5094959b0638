// Names of an invented city, in Korean and English, from its seed. None is a real city's.
#pragma once

#include <cstdint>
#include <string>

#include "rehearsal/plan.hpp"
#include "rehearsal/quarter.hpp"

namespace cityloom::rehearsal {

/// One name, in both languages.
struct Name {
  std::string ko;
  std::string en;
  bool operator==(const Name&) const = default;
  /// As the value of a LanguageProperty: {"ko":"...","en":"..."}.
  std::string json() const;
};

/// The name of the city of a seed.
Name city_name_of(uint64_t seed);

/// Names everything in one city. Pure; cheap.
class Names {
 public:
  explicit Names(const CityPlan& plan) : plan_(plan) {}

  Name city() const;                          ///< 가온시, Gaon
  Name river() const;                         ///< 아라강, Aragang River
  Name district(Quarter quarter) const;       ///< of some hundred quarters: 해오름구, Haeoreum-gu
  Name neighbourhood(Quarter quarter) const;  ///< of nine quarters: 솔빛동, Solbit-dong
  /// The street along a line of the grid, at a crossing of it: 솔빛대로, Solbit-daero; 솔빛로12길, Solbit-ro 12-gil.
  Name row_street(GridNode at) const;
  Name column_street(GridNode at) const;
  Name bridge(int32_t i) const;  ///< 나루대교, Narudaegyo Bridge
  Name park(Quarter quarter) const;
  Name complex(Quarter quarter, uint16_t complex) const;  ///< of apartments: 솔빛마을 3단지, Solbit Maeul 3-danji
  /// The building's own name; empty for most houses. `number` is the building's in its quarter.
  Name building(Quarter quarter, const BuildingPlan& building, size_t number) const;
  /// The number of a house on its street, as Korea counts: by 10 m, odd on the left.
  uint32_t house_number(const BuildingPlan& building) const;
  /// The street of a building's door.
  Name street_of(const BuildingPlan& building) const;

 private:
  Name word(uint64_t key) const;

  const CityPlan& plan_;
};

}  // namespace cityloom::rehearsal
