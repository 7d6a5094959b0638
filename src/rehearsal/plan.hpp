// The plan of an invented city: where its quarters, streets and river lie. All of it is a function of seed and size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rehearsal/chance.hpp"
#include "rehearsal/plane.hpp"

namespace cityloom::rehearsal {

inline constexpr uint64_t buildings_max = 4'000'000;  ///< of one invented city

/// What a city is made from.
struct CitySpec {
  uint64_t seed = 1;
  uint64_t buildings = 3'000;  ///< exactly so many are made
  /// The middle. The default lies in the open Yellow Sea, so that no invented thing stands where a real one does.
  twin::Position middle{124.8, 36.2, 0};
  bool operator==(const CitySpec&) const = default;

  /// Errors: invalid (no building, more than `buildings_max`, a middle beyond 70 degrees of latitude).
  base::Status check() const;
};

/// A crossing of two lines of the city's grid. Lines `i` run away from the river, lines `j` along it: j >= 0 on its
/// left bank (j = 0 is the street on the bank), j < 0 on its right bank (j = -1 is the street on that bank).
struct GridNode {
  int32_t i = 0, j = 0;
  auto operator<=>(const GridNode&) const = default;
};

/// How important a street is.
enum class StreetClass : uint8_t { primary, secondary, tertiary, residential };

/// What stands in a quarter.
enum class Layout : uint8_t { houses, apartments, commerce, industry, park, campus };

/// A quarter: `quarter_lines` times `quarter_lines` fields of the grid, between streets.
struct Quarter {
  int32_t x = 0, y = 0;  ///< y >= 0 on the left bank
  bool operator==(const Quarter&) const = default;
  GridNode corner() const;  ///< its corner with the lowest i and j
};

inline constexpr int32_t quarter_lines = 4;

/// Where everything lies. Immutable; any worker. Cost of making: about a second for a million buildings.
class CityPlan {
 public:
  /// Errors: those of CitySpec::check.
  static base::Result<CityPlan> make(const CitySpec& spec);

  const CitySpec& spec() const { return spec_; }
  const PlaneFrame& frame() const { return frame_; }

  /// The quarters of the city, from its middle outwards.
  const std::vector<Quarter>& quarters() const { return quarters_; }
  bool has(Quarter quarter) const;
  /// How many of the buildings that would fit are made in a quarter (by its number): all, but in the last one.
  uint32_t buildings_in(size_t quarter) const { return counts_[quarter]; }
  Layout layout_of(Quarter quarter) const;
  /// How far a quarter's middle is from the city's, as a share of the city's radius: 0..1 within the city.
  double remoteness(Quarter quarter) const;
  double radius_m() const { return radius_m_; }

  /// Where a crossing lies.
  Point at(GridNode node) const;
  /// Where a place of the regular, unbent city comes to lie: x along the river, y from its middle line.
  Point bent(Point regular) const;
  /// Back from there, to a decimetre. Cost: half a microsecond.
  Point unbent(Point point) const;
  /// The regular place of a crossing.
  Point regular(GridNode node) const;
  /// Half the river's width at a place along it.
  double river_half_width_m(double along_m) const;
  /// From the water's edge to the middle of the street on the bank.
  double bank_m() const { return bank_m_; }

  /// The height of the ground above the ellipsoid, the river's bed included: a plain at the river, hills in the city,
  /// higher ones around it, and nothing but the ellipsoid from `ground_reach_m` on. Cost: half a microsecond.
  double ground_m(Point point) const;
  /// The same with the river's surface where the river is.
  double surface_m(Point point) const;
  /// The height of the bridge on a column: level, as high as the higher of both banks.
  double deck_m(int32_t i) const;
  /// How far from the middle there is ground; the river comes from there and goes there.
  double ground_reach_m() const;
  /// The height of the river's surface in the city when nothing is unusual.
  double river_level_m() const { return river_level_m_; }

  /// The class of a line of streets.
  static StreetClass class_of_column(int32_t i);
  static StreetClass class_of_row(int32_t j);
  /// Whether a street is there between two neighbouring crossings along a row (from (i, j) to (i + 1, j)) or a column
  /// (from (i, j) to (i, j + 1)). A column from j = -1 to 0 is a bridge.
  bool has_row_street(GridNode from) const;
  bool has_column_street(GridNode from) const;
  /// How many streets meet.
  int arms(GridNode node) const;

 private:
  explicit CityPlan(const CitySpec& spec);
  void choose_quarters();
  Point bend(Point regular) const;
  bool opens(Quarter quarter, int32_t line) const;
  Quarter quarter_of_field(int32_t i, int32_t j) const;
  double quarter_distance_m(Quarter quarter) const;
  double hills_m() const;
  double level_share(Point point) const;

  CitySpec spec_;
  PlaneFrame frame_;
  std::vector<Quarter> quarters_;
  std::vector<uint32_t> counts_;
  std::vector<uint64_t> members_;  // packed quarters, sorted
  double radius_m_ = 0;
  double extent_m_ = 0;  // from the middle to the farthest quarter's far end
  double river_m_ = 0, bank_m_ = 0, river_level_m_ = 0;
  double turn_cosine_ = 1, turn_sine_ = 0;
  Point industry_;
  uint64_t warp_x_ = 0, warp_y_ = 0, meander_ = 0, hills_ = 0, widths_ = 0;
};

/// The width of a street from kerb to kerb, and how many lanes it has in one direction.
double width_m(StreetClass street);
int lanes_each_way(StreetClass street);
double speed_limit_kmh(StreetClass street);
/// As OpenStreetMap names it: "primary", "secondary", ...
const char* road_class_of(StreetClass street);

}  // namespace cityloom::rehearsal
