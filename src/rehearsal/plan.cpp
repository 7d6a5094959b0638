// Quarters on a regular grid along a river, then bent: what is apart on the grid stays apart.
#include "rehearsal/plan.hpp"

#include <algorithm>
#include <cmath>

#include "rehearsal/quarter.hpp"

namespace cityloom::rehearsal {
namespace {

constexpr double column_m = 90;  // between lines of the grid
constexpr double row_m = 64;
constexpr double warp_m = 34, warp_wave_m = 900;           // slope at most 0.12
constexpr double meander_wave_m = 2'600;                   // of a big river
constexpr double hill_wave_m = 2'200, knoll_wave_m = 430;  // of the ground
constexpr double rim_m = 1'100;                            // over which the hills fall to nothing

uint64_t packed(Quarter quarter) {
  return static_cast<uint64_t>(static_cast<uint32_t>(quarter.x)) << 32 | static_cast<uint32_t>(quarter.y);
}

// Row lines are counted from the bank on both sides.
int32_t row_rank(int32_t j) {
  return j >= 0 ? j : -1 - j;
}

int32_t floor_of(int32_t value, int32_t step) {
  return value >= 0 ? value / step : -((-value + step - 1) / step);
}

StreetClass class_of_rank(int32_t rank) {
  if (rank % (2 * quarter_lines) == 0) return StreetClass::primary;
  if (rank % quarter_lines == 0) return StreetClass::secondary;
  return rank % 2 == 0 ? StreetClass::tertiary : StreetClass::residential;
}

}  // namespace

base::Status CitySpec::check() const {
  if (buildings == 0 || buildings > buildings_max) {
    return base::fail(base::Code::invalid, "an invented city has 1 to " + std::to_string(buildings_max) + " buildings",
                      std::to_string(buildings));
  }
  if (!(middle.latitude_deg > -70 && middle.latitude_deg < 70)) {
    return base::fail(base::Code::invalid, "an invented city lies between 70 degrees south and north");
  }
  return {};
}

GridNode Quarter::corner() const {
  // On the right bank the quarter y = -1 lies between the lines -5 and -1.
  return {x * quarter_lines, y >= 0 ? y * quarter_lines : y * quarter_lines - 1};
}

base::Result<CityPlan> CityPlan::make(const CitySpec& spec) {
  if (base::Status status = spec.check(); !status) return status.error();
  CityPlan plan(spec);
  plan.choose_quarters();
  return plan;
}

CityPlan::CityPlan(const CitySpec& spec) : spec_(spec), frame_(spec.middle) {
  // What a building needs of ground, streets and parks included: only used to begin with.
  radius_m_ = std::max(250.0, std::sqrt(static_cast<double>(spec.buildings) * 1'000 / 3.1416));
  Chance chance(spec.seed, Purpose::river);
  river_m_ = std::clamp(radius_m_ * 0.055, 11.0, 210.0) * chance.between(0.9, 1.1);
  bank_m_ = std::clamp(radius_m_ * 0.03, 24.0, 70.0);
  river_level_m_ = 3;
  warp_x_ = Chance(spec.seed, Purpose::warp, {1}).bits();
  warp_y_ = Chance(spec.seed, Purpose::warp, {2}).bits();
  meander_ = Chance(spec.seed, Purpose::river, {1}).bits();
  widths_ = Chance(spec.seed, Purpose::river, {2}).bits();
  hills_ = Chance(spec.seed, Purpose::terrain).bits();
  const double t = Chance(spec.seed, Purpose::city).between(-0.28, 0.28);
  turn_cosine_ = (1 - t * t) / (1 + t * t);
  turn_sine_ = 2 * t / (1 + t * t);
  Chance side(spec.seed, Purpose::layout);
  industry_ = unit_of({side.happens(0.5) ? 1.0 : -1.0, side.between(-0.8, 0.8)});
}

double CityPlan::river_half_width_m(double along_m) const {
  return river_m_ * (1 + 0.22 * smooth_noise(widths_, along_m / 700));
}

Point CityPlan::regular(GridNode node) const {
  const double x = (node.i - quarter_lines / 2) * column_m;
  const double edge_m = river_half_width_m(x) + bank_m_;
  return {x, node.j >= 0 ? edge_m + node.j * row_m : -edge_m + (node.j + 1) * row_m};
}

// How far bending moves a regular place, before the city is turned.
Point CityPlan::bend(Point regular) const {
  const double x = regular.x / warp_wave_m, y = regular.y / warp_wave_m;
  Point moved{warp_m * smooth_noise(warp_x_, x, y), warp_m * smooth_noise(warp_y_, x, y)};
  // The river's bends are smaller where the city is; farther from it the streets follow them less.
  const double swing_m = std::clamp(radius_m_ * 0.12, 12.0, 300.0);
  const double wave_m = std::clamp(radius_m_ * 1.1, 420.0, meander_wave_m);
  const double far = regular.y / 4'000;
  moved.y += swing_m * smooth_noise(meander_, regular.x / wave_m) / (1 + far * far);
  return moved;
}

Point CityPlan::bent(Point regular) const {
  const Point place = regular + bend(regular);
  return {place.x * turn_cosine_ - place.y * turn_sine_, place.x * turn_sine_ + place.y * turn_cosine_};
}

Point CityPlan::unbent(Point point) const {
  const Point turned{point.x * turn_cosine_ + point.y * turn_sine_, -point.x * turn_sine_ + point.y * turn_cosine_};
  Point regular = turned;
  for (int round = 0; round < 8; ++round) regular = turned - bend(regular);
  return regular;
}

Point CityPlan::at(GridNode node) const {
  return bent(regular(node));
}

// From the end of the city to the top of the hills around it.
double CityPlan::hills_m() const {
  return std::clamp(extent_m_, 900.0, 3'000.0);
}

double CityPlan::ground_reach_m() const {
  return extent_m_ + hills_m() + rim_m;
}

// 1, and falling to 0 at the rim, beyond which nothing is invented.
double CityPlan::level_share(Point point) const {
  return eased(std::clamp((ground_reach_m() - length(point)) / rim_m, 0.0, 1.0));
}

double CityPlan::ground_m(Point point) const {
  const double level = level_share(point);
  if (level == 0) return 0;
  const Point place = unbent(point);
  const double from_river_m = std::abs(place.y);
  const double half_m = river_half_width_m(place.x);
  if (from_river_m < half_m) {
    const double share = from_river_m / half_m;
    return level * (river_level_m_ - std::min(6.0, half_m / 8) * (1 - share * share));
  }
  const double behind_m = from_river_m - half_m;
  // Banks rise by 4 m, then the ground by some 3 %; hills begin where the city ends.
  const double bank = 4 * eased(std::min(1.0, behind_m / bank_m_));
  const double inland = eased(std::clamp((behind_m - bank_m_) / 1'400, 0.0, 1.0));
  const double wave = 0.5 + 0.5 * smooth_noise(hills_, point.x / hill_wave_m, point.y / hill_wave_m);
  const double knoll = smooth_noise(hills_ + 1, point.x / knoll_wave_m, point.y / knoll_wave_m);
  const double outside = eased(std::clamp((length(point) - extent_m_) / hills_m(), 0.0, 1.0));
  const double mountain = 0.5 + 0.5 * smooth_noise(hills_ + 2, point.x / 1'300, point.y / 1'300);
  const double ridge = 90 * smooth_noise(hills_ + 3, point.x / 380, point.y / 380);
  return level * (river_level_m_ + bank + inland * (36 * wave + 3 * knoll) +
                  outside * inland * std::max(0.0, 90 + 280 * mountain + ridge));
}

double CityPlan::surface_m(Point point) const {
  const Point place = unbent(point);
  if (std::abs(place.y) < river_half_width_m(place.x)) return level_share(point) * river_level_m_;
  return ground_m(point);
}

double CityPlan::deck_m(int32_t i) const {
  const double higher_m = std::max(ground_m(at({i, -1})), ground_m(at({i, 0})));
  return std::round(higher_m * 10) / 10;
}

double CityPlan::quarter_distance_m(Quarter quarter) const {
  const GridNode corner = quarter.corner();
  return length(middle(regular(corner), regular({corner.i + quarter_lines, corner.j + quarter_lines})));
}

double CityPlan::remoteness(Quarter quarter) const {
  return std::min(1.0, quarter_distance_m(quarter) / radius_m_);
}

bool CityPlan::has(Quarter quarter) const {
  return std::binary_search(members_.begin(), members_.end(), packed(quarter));
}

// Quarters from the middle outwards until the buildings are all placed.
void CityPlan::choose_quarters() {
  struct Candidate {
    double distance_m;
    Quarter quarter;
  };
  std::vector<Candidate> candidates;
  // Some 30 buildings a quarter at the least.
  const auto reach = static_cast<int32_t>(std::sqrt(static_cast<double>(spec_.buildings) / 60)) + 3;
  for (int32_t y = -reach; y <= reach; ++y) {
    for (int32_t x = -reach; x <= reach; ++x) {
      const Quarter quarter{x, y};
      // The first quarter is the one on the left bank at the middle, whatever the river's width.
      const double distance_m = x == 0 && y == 0 ? 0 : quarter_distance_m(quarter);
      candidates.push_back({distance_m, quarter});
    }
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    if (a.distance_m != b.distance_m) return a.distance_m < b.distance_m;
    return a.quarter.y != b.quarter.y ? a.quarter.y < b.quarter.y : a.quarter.x < b.quarter.x;
  });
  uint64_t left = spec_.buildings;
  for (const Candidate& candidate : candidates) {
    if (left == 0) break;
    const uint64_t fits = count_buildings(*this, candidate.quarter);
    const uint64_t made = std::min(left, fits);
    left -= made;
    quarters_.push_back(candidate.quarter);
    counts_.push_back(static_cast<uint32_t>(made));
    members_.push_back(packed(candidate.quarter));
    extent_m_ = std::max(extent_m_, candidate.distance_m + 300);
  }
  // A sparse city: its last quarters take nothing more; so few that this cannot happen with `reach` as it is.
  std::sort(members_.begin(), members_.end());
}

Layout CityPlan::layout_of(Quarter quarter) const {
  if (quarter.x == 0 && quarter.y == 0) return spec_.buildings < 150 ? Layout::houses : Layout::commerce;
  Chance chance(spec_.seed, Purpose::layout, {quarter.x, quarter.y});
  const double far = remoteness(quarter);
  const bool is_at_river = quarter.y == 0 || quarter.y == -1;
  const double kind = chance.unit();
  const Point centre = unit_of({static_cast<double>(quarter.x), static_cast<double>(quarter.y)});
  if (far > 0.6 && dot(centre, industry_) > 0.8 && chance.happens(0.75)) return Layout::industry;
  if (is_at_river && kind < 0.12) return Layout::park;
  if (far < 0.22 && kind < 0.72) return Layout::commerce;
  if (kind < 0.07) return Layout::park;
  if (kind < 0.13) return Layout::campus;
  if (kind < 0.2) return Layout::commerce;
  if (kind < (is_at_river ? 0.75 : 0.52)) return Layout::apartments;
  return Layout::houses;
}

// Whether the inner lines of a quarter are streets: all of them, the middle ones, or none.
bool CityPlan::opens(Quarter quarter, int32_t line) const {
  if (!has(quarter)) return false;
  switch (layout_of(quarter)) {
    case Layout::houses:
    case Layout::commerce:
      return true;
    case Layout::park:
      return false;
    default:
      return line == quarter_lines / 2;
  }
}

Quarter CityPlan::quarter_of_field(int32_t i, int32_t j) const {
  // Fields are named by their lowest corner; j = -1 is the river's own.
  const int32_t y = j >= 0 ? j / quarter_lines : floor_of(j + 1, quarter_lines);
  return {floor_of(i, quarter_lines), y};
}

bool CityPlan::has_row_street(GridNode from) const {
  const int32_t rank = row_rank(from.j);
  const Quarter above = quarter_of_field(from.i, from.j), below = quarter_of_field(from.i, from.j - 1);
  if (rank == 0) return has(from.j == 0 ? above : below);
  if (rank % quarter_lines == 0) return has(above) || has(below);
  return opens(above, rank % quarter_lines);
}

bool CityPlan::has_column_street(GridNode from) const {
  if (from.j == -1) {
    // A bridge, where a main street reaches both banks.
    if (from.i % (2 * quarter_lines) != 0) return false;
    const auto reaches = [&](int32_t j) {
      return has(quarter_of_field(from.i, j)) || has(quarter_of_field(from.i - 1, j));
    };
    return reaches(0) && reaches(-2);
  }
  const Quarter right = quarter_of_field(from.i, from.j), left = quarter_of_field(from.i - 1, from.j);
  const int32_t within = from.i - floor_of(from.i, quarter_lines) * quarter_lines;
  if (within == 0) return has(right) || has(left);
  return opens(right, within);
}

int CityPlan::arms(GridNode node) const {
  return static_cast<int>(has_row_street(node)) + static_cast<int>(has_row_street({node.i - 1, node.j})) +
         static_cast<int>(has_column_street(node)) + static_cast<int>(has_column_street({node.i, node.j - 1}));
}

StreetClass CityPlan::class_of_column(int32_t i) {
  return class_of_rank(std::abs(i));
}

StreetClass CityPlan::class_of_row(int32_t j) {
  return class_of_rank(row_rank(j));
}

double width_m(StreetClass street) {
  switch (street) {
    case StreetClass::primary:
      return 22;
    case StreetClass::secondary:
      return 14.5;
    case StreetClass::tertiary:
      return 8;
    case StreetClass::residential:
      break;
  }
  return 6.4;
}

int lanes_each_way(StreetClass street) {
  return street == StreetClass::primary ? 3 : street == StreetClass::secondary ? 2 : 1;
}

double speed_limit_kmh(StreetClass street) {
  return street == StreetClass::primary ? 60 : street == StreetClass::residential ? 30 : 50;
}

const char* road_class_of(StreetClass street) {
  switch (street) {
    case StreetClass::primary:
      return "primary";
    case StreetClass::secondary:
      return "secondary";
    case StreetClass::tertiary:
      return "tertiary";
    case StreetClass::residential:
      break;
  }
  return "residential";
}

}  // namespace cityloom::rehearsal
