// Blocks between streets, lots in blocks, buildings in lots: each stays within the one before.
#include "rehearsal/quarter.hpp"

#include <algorithm>
#include <cmath>

#include "rehearsal/lots.hpp"

namespace cityloom::rehearsal {
namespace {

constexpr double storey_m = 3.2;

double pavement_m(StreetClass street) {
  switch (street) {
    case StreetClass::primary:
      return 5;
    case StreetClass::secondary:
      return 3.5;
    case StreetClass::tertiary:
      return 2.2;
    case StreetClass::residential:
      break;
  }
  return 1;
}

/// A block: the fields of the grid that it covers, and what is left of them between the pavements.
struct Block {
  GridNode low, high;
  Quad inner;
  double length_m = 0;  // along the rows
  double depth_m = 0;
};

/// A part of a block by its shares: s along the rows, t across them.
struct Share {
  double s0 = 0, s1 = 1, t0 = 0, t1 = 1;
};

/// What may stand in a lot.
struct Wish {
  Use use = Use::house;
  double margin_m = 1;
  double length_m = 10, depth_m = 10;
  Outline outline = Outline::plain;
  double levels = 2;
  double storey = storey_m;
};

class QuarterDrawer {
 public:
  QuarterDrawer(const CityPlan& plan, Quarter quarter)
      : plan_(plan),
        quarter_(quarter),
        corner_(quarter.corner()),
        chance_(plan.spec().seed, Purpose::block, {quarter.x, quarter.y}) {}

  QuarterPlan draw() {
    switch (plan_.layout_of(quarter_)) {
      case Layout::houses:
        houses();
        break;
      case Layout::apartments:
        each_big_block([&](const Block& block, int n) { apartments(block, n); });
        break;
      case Layout::commerce:
        commerce();
        break;
      case Layout::industry:
        each_big_block([&](const Block& block, int) { industry(block); });
        break;
      case Layout::campus:
        each_big_block([&](const Block& block, int n) { campus(block, n); });
        break;
      case Layout::park:
        park();
        break;
    }
    return std::move(made_);
  }

 private:
  double side_m(GridNode from, GridNode to, bool is_row) const;
  bool block_between(GridNode low, GridNode high, Block& block) const;
  Quad lot_of(const Block& block, const Share& share) const;
  bool build(const Block& block, const Share& share, const Wish& wish);
  void settle_people(BuildingPlan& building, double area_m2);
  void set_door(const Block& block, const Share& share, BuildingPlan& building) const;
  void green(const Block& block, const Share& share, const char* category, double margin_m);

  template <class Draw>
  void each_block(Draw draw) {
    for (int32_t j = 0; j < quarter_lines; ++j) {
      for (int32_t i = 0; i < quarter_lines; ++i) {
        Block block;
        const GridNode low{corner_.i + i, corner_.j + j};
        if (block_between(low, {low.i + 1, low.j + 1}, block)) draw(block, j * quarter_lines + i);
      }
    }
  }
  template <class Draw>
  void each_big_block(Draw draw) {
    constexpr int32_t half = quarter_lines / 2;
    for (int32_t n = 0; n < 4; ++n) {
      Block block;
      const GridNode low{corner_.i + n % 2 * half, corner_.j + n / 2 * half};
      if (block_between(low, {low.i + half, low.j + half}, block)) draw(block, n);
    }
  }

  void houses();
  void house_block(const Block& block);
  void school(const Block& block, Use use);
  void apartments(const Block& block, int n);
  void commerce();
  void commerce_block(const Block& block);
  void industry(const Block& block);
  void campus(const Block& block, int n);
  void park();

  const CityPlan& plan_;
  Quarter quarter_;
  GridNode corner_;
  Chance chance_;
  QuarterPlan made_;
};

// From the straight line between two corners inwards: half the street, its pavement, and how far the street swings in
// between. The block lies to the left when going from `from` to `to`.
double QuarterDrawer::side_m(GridNode from, GridNode to, bool is_row) const {
  const StreetClass street = is_row ? CityPlan::class_of_row(from.j) : CityPlan::class_of_column(from.i);
  const Point start = plan_.at(from), end = plan_.at(to);
  const Point inwards = left_of(unit_of(end - start));
  double swing_m = 0;
  const int32_t steps = std::abs(to.i - from.i) + std::abs(to.j - from.j);
  for (int32_t n = 1; n < steps; ++n) {
    const GridNode between{from.i + (to.i - from.i) * n / steps, from.j + (to.j - from.j) * n / steps};
    swing_m = std::max(swing_m, dot(inwards, plan_.at(between) - start));
  }
  return width_m(street) / 2 + pavement_m(street) + swing_m;
}

bool QuarterDrawer::block_between(GridNode low, GridNode high, Block& block) const {
  block.low = low;
  block.high = high;
  const GridNode right{high.i, low.j}, left{low.i, high.j};
  const Quad quad{plan_.at(low), plan_.at(right), plan_.at(high), plan_.at(left)};
  const std::array<double, 4> distances{side_m(low, right, true), side_m(right, high, false), side_m(high, left, true),
                                        side_m(left, low, false)};
  if (!inset(quad, distances, block.inner)) return false;
  block.length_m = length(middle(block.inner[1], block.inner[2]) - middle(block.inner[0], block.inner[3]));
  block.depth_m = length(middle(block.inner[3], block.inner[2]) - middle(block.inner[0], block.inner[1]));
  return block.length_m > 12 && block.depth_m > 12;
}

Quad QuarterDrawer::lot_of(const Block& block, const Share& share) const {
  return {within(block.inner, share.s0, share.t0), within(block.inner, share.s1, share.t0),
          within(block.inner, share.s1, share.t1), within(block.inner, share.s0, share.t1)};
}

void QuarterDrawer::set_door(const Block& block, const Share& share, BuildingPlan& building) const {
  const int32_t steps = block.high.i - block.low.i;
  const double s = (share.s0 + share.s1) / 2 * steps;
  const int32_t step = std::min(steps - 1, static_cast<int32_t>(s));
  const bool is_low = share.t0 + share.t1 < 1;
  const int32_t j = is_low ? block.low.j : block.high.j;
  building.street_from = {block.low.i + step, j};
  building.street_to = {block.low.i + step + 1, j};
  building.street_share = static_cast<float>(s - step);
  building.is_left_of_street = is_low;
}

// How many live, work and learn in a building, by its floors.
void QuarterDrawer::settle_people(BuildingPlan& building, double ground_area_m2) {
  const double floors_m2 = ground_area_m2 * building.levels;
  const auto whole = [](double number) { return static_cast<uint16_t>(std::clamp(number, 0.0, 60'000.0)); };
  const double wobble = chance_.between(0.85, 1.15);
  switch (building.use) {
    case Use::house:
      building.residents = static_cast<uint16_t>(1 + chance_.below(5));
      break;
    case Use::villa:
    case Use::apartments:
      building.residents = whole(std::max(2.0, floors_m2 / 38 * wobble));
      building.jobs = whole(floors_m2 / 2'500);
      break;
    case Use::shop:
      building.jobs = whole(std::max(1.0, floors_m2 / 45 * wobble));
      break;
    case Use::office:
    case Use::civic:
      building.jobs = whole(std::max(1.0, floors_m2 / 32 * wobble));
      break;
    case Use::hotel:
    case Use::culture:
    case Use::pavilion:
      building.jobs = whole(std::max(1.0, floors_m2 / 110 * wobble));
      break;
    case Use::factory:
    case Use::warehouse:
      building.jobs = whole(std::max(1.0, floors_m2 / 90 * wobble));
      break;
    case Use::school:
    case Use::kindergarten:
    case Use::university:
      building.places = whole(floors_m2 / 9 * wobble);
      building.jobs = whole(std::max(2.0, floors_m2 / 120));
      break;
    case Use::hospital:
      building.jobs = whole(floors_m2 / 40 * wobble);
      break;
  }
}

bool QuarterDrawer::build(const Block& block, const Share& lot, const Wish& wish) {
  const Oblong oblong = fit_oblong(lot_of(block, lot), wish.margin_m, wish.length_m, wish.depth_m);
  if (oblong.half_length_m < 2.2 || oblong.half_depth_m < 2.2) return false;
  BuildingPlan& building = made_.buildings.emplace_back();
  building.use = wish.use;
  // One draw a statement: the order of two in one call is the compiler's, and the city would be too.
  const double share = chance_.between(0.25, 0.42);
  const bool is_mirrored = chance_.happens(0.5);
  building.ring = outline_ring(oblong, wish.outline, share, is_mirrored);
  building.levels = static_cast<uint16_t>(std::clamp(wish.levels, 1.0, 80.0));
  building.height_m = static_cast<float>(std::round((building.levels * wish.storey + 0.9) * 10) / 10);
  if (wish.use == Use::house && wish.outline == Outline::plain && chance_.happens(0.55)) {
    building.has_pyramid = true;
    building.roof_m = 2;
    building.height_m += 1.5F;
  }
  set_door(block, lot, building);
  settle_people(building, area_m2(building.ring));
  return true;
}

void QuarterDrawer::green(const Block& block, const Share& share, const char* category, double margin_m) {
  Quad inner;
  if (!inset(lot_of(block, share), {margin_m, margin_m, margin_m, margin_m}, inner)) return;
  made_.greens.push_back({category, Ring(inner.begin(), inner.end())});
}

void QuarterDrawer::houses() {
  // One block of many quarters is a school, one a playground.
  const bool is_big = plan_.spec().buildings >= 150;
  const int school_at = is_big && chance_.happens(0.5) ? static_cast<int>(5 + chance_.below(2)) : -1;
  const int garden_at = is_big && chance_.happens(0.6) ? static_cast<int>(9 + chance_.below(2)) : -1;
  each_block([&](const Block& block, int n) {
    if (n == school_at) return school(block, Use::school);
    if (n == garden_at) return green(block, {}, "playground", 1);
    house_block(block);
  });
}

void QuarterDrawer::house_block(const Block& block) {
  for (int row = 0; row < 2; ++row) {
    const int count = std::max(1, static_cast<int>(block.length_m / chance_.between(11, 16)));
    double from = 0;
    for (int n = 0; n < count; ++n) {
      const double even = static_cast<double>(n + 1) / count;
      const double to = n + 1 == count ? 1 : even + chance_.between(-0.12, 0.12) / count;
      const Share share{from, to, row * 0.5, row * 0.5 + 0.5};
      from = to;
      Wish wish;
      wish.length_m = (share.s1 - share.s0) * block.length_m;
      wish.depth_m = block.depth_m / 2 * chance_.between(0.62, 0.9);
      wish.margin_m = chance_.between(0.7, 1.4);
      const double kind = chance_.unit();
      const double near = 1 - plan_.remoteness(quarter_);
      if (kind < 0.08) {
        wish.use = Use::shop;
        wish.levels = 1 + chance_.below(3);
      } else if (kind < 0.3 + 0.3 * near) {
        wish.use = Use::villa;
        wish.levels = 3 + chance_.below(3);
        wish.storey = 2.9;
      } else {
        wish.levels = 1 + chance_.below(3);
        wish.outline = chance_.happens(0.35) ? Outline::angle : Outline::plain;
      }
      build(block, share, wish);
    }
  }
}

void QuarterDrawer::school(const Block& block, Use use) {
  Wish wish;
  wish.use = use;
  wish.length_m = block.length_m;
  wish.depth_m = 15;
  wish.levels = use == Use::kindergarten ? 2 : 4 + chance_.below(2);
  wish.outline = Outline::court;
  wish.storey = 3.6;
  build(block, {0, 1, 0.58, 1}, wish);
  green(block, {0, 1, 0, 0.56}, "pitch", 2);
}

void QuarterDrawer::apartments(const Block& block, int n) {
  // A corner of the complex has its shops; one block in some quarters is the school.
  if (n == 3 && chance_.happens(0.4)) return school(block, Use::school);
  const uint16_t complex = ++made_.complexes;
  Wish shops;
  shops.use = Use::shop;
  shops.length_m = 34;
  shops.depth_m = 15;
  shops.levels = 2 + chance_.below(3);
  build(block, {0, 0.3, 0, 0.2}, shops);
  const size_t before = made_.buildings.size();
  const int rows = std::max(1, static_cast<int>(block.depth_m * 0.78 / chance_.between(38, 52)));
  const int columns = std::max(1, static_cast<int>(block.length_m / chance_.between(46, 72)));
  const double levels_usual = chance_.between(11, 20);
  const double levels = levels_usual + 14 * (1 - plan_.remoteness(quarter_)) * chance_.unit();
  const bool is_towers = chance_.happens(0.35);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const double low = 0.22 + 0.78 * row / rows, high = 0.22 + 0.78 * (row + 1) / rows;
      Wish wish;
      wish.use = Use::apartments;
      wish.margin_m = 4;
      wish.length_m = is_towers ? 26 : chance_.between(38, 56);
      wish.depth_m = is_towers ? 24 : 12.5;
      wish.outline = is_towers ? Outline::eight : chance_.happens(0.3) ? Outline::stepped : Outline::plain;
      wish.levels = levels + chance_.below(5);
      wish.storey = 2.85;
      const Share share{static_cast<double>(column) / columns, static_cast<double>(column + 1) / columns, low, high};
      build(block, share, wish);
    }
  }
  uint16_t number = 100;
  for (size_t at = before; at < made_.buildings.size(); ++at) {
    made_.buildings[at].complex = complex;
    made_.buildings[at].number_in_complex = ++number;
  }
  green(block, {0.34, 1, 0.01, 0.2}, "garden", 1);
}

void QuarterDrawer::commerce() {
  const int square_at = plan_.spec().buildings >= 1'000 && chance_.happens(0.6) ? 5 : -1;
  const bool is_middle = quarter_ == Quarter{0, 0};
  each_block([&](const Block& block, int n) {
    if (n == square_at) return green(block, {}, "garden", 2);
    if (is_middle && n == 6) {
      Wish hall;
      hall.use = Use::civic;
      hall.margin_m = 4;
      hall.length_m = block.length_m;
      hall.depth_m = 24;
      hall.levels = 12;
      hall.storey = 3.9;
      hall.outline = Outline::court;
      build(block, {}, hall);
      return;
    }
    commerce_block(block);
  });
}

void QuarterDrawer::commerce_block(const Block& block) {
  const double near = 1 - plan_.remoteness(quarter_);
  // Small towns have low houses in their middle too.
  const double big = std::clamp(plan_.radius_m() / 4'000, 0.12, 1.0);
  const int columns = 2 + static_cast<int>(chance_.below(3));
  const bool is_tower = chance_.happens(0.16 * near + 0.03);
  const int rows = is_tower ? 1 : 2;
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < (is_tower ? 1 : columns); ++column) {
      Wish wish;
      const double kind = chance_.unit();
      wish.use = is_tower || kind < 0.5 ? Use::office
                 : kind < 0.86          ? Use::shop
                 : kind < 0.93          ? Use::hotel
                                        : Use::culture;
      wish.margin_m = is_tower ? 8 : chance_.between(1, 2.5);
      wish.length_m = is_tower ? 42 : block.length_m / columns;
      wish.depth_m = is_tower ? 36 : block.depth_m / 2;
      const double u = chance_.unit();
      wish.levels = 3 + 30 * big * near * u * u * u + 3 * u;
      if (is_tower) wish.levels = 10 + 46 * big * near * chance_.between(0.5, 1);
      wish.storey = 3.8;
      const Outline outlines[] = {Outline::plain, Outline::plain, Outline::angle, Outline::stepped, Outline::eight};
      wish.outline = outlines[chance_.below(5)];
      const double width = is_tower ? 1 : 1.0 / columns;
      build(block, {column * width, (column + 1) * width, row * 0.5, is_tower ? 1 : row * 0.5 + 0.5}, wish);
    }
  }
}

void QuarterDrawer::industry(const Block& block) {
  const int columns = 2 + static_cast<int>(chance_.below(2));
  for (int n = 0; n < columns * 2; ++n) {
    const int column = n / 2;
    Wish wish;
    wish.use = chance_.happens(0.6) ? Use::factory : chance_.happens(0.7) ? Use::warehouse : Use::office;
    wish.margin_m = 4;
    wish.length_m = block.length_m / columns * chance_.between(0.7, 1);
    wish.depth_m = block.depth_m / 2 * chance_.between(0.6, 0.95);
    wish.levels = wish.use == Use::office ? 4 : 1;
    wish.storey = wish.use == Use::office ? 3.8 : chance_.between(7, 12);
    wish.outline = chance_.happens(0.3) ? Outline::angle : Outline::plain;
    const double low = n % 2 * 0.5, left = static_cast<double>(column) / columns;
    build(block, {left, left + 1.0 / columns, low, low + 0.5}, wish);
  }
}

void QuarterDrawer::campus(const Block& block, int n) {
  const Use uses[] = {Use::university, Use::hospital, Use::culture, Use::civic};
  Chance chance(plan_.spec().seed, Purpose::building, {quarter_.x, quarter_.y});
  const Use use = n == 0 ? Use::school : uses[chance.below(4)];
  for (int part = 0; part < 3; ++part) {
    Wish wish;
    wish.use = use == Use::school && part > 0 ? Use::kindergarten : use;
    wish.margin_m = 6;
    wish.length_m = chance_.between(36, 56);
    wish.depth_m = chance_.between(18, 34);
    wish.levels = use == Use::hospital ? 6 + chance_.below(7) : use == Use::school ? 3 : 3 + chance_.below(5);
    wish.storey = 3.9;
    wish.outline = static_cast<Outline>(chance_.below(4));
    build(block, {part / 3.0, (part + 1) / 3.0, 0.42, 1}, wish);
  }
  green(block, {0, 1, 0.02, 0.4}, use == Use::school ? "pitch" : "garden", 3);
}

void QuarterDrawer::park() {
  Block block;
  if (!block_between(corner_, {corner_.i + quarter_lines, corner_.j + quarter_lines}, block)) return;
  green(block, {}, "park", 1);
  for (int n = 0; n < 2; ++n) {
    Wish wish;
    wish.use = Use::pavilion;
    wish.length_m = 12;
    wish.depth_m = 12;
    wish.outline = Outline::eight;
    wish.levels = 1;
    wish.storey = 4;
    const double s = chance_.between(0.1, 0.8), t = n == 0 ? 0.06 : 0.85;
    build(block, {s, s + 0.1, t, t + 0.1}, wish);
  }
}

}  // namespace

const char* category_of(Use use) {
  constexpr const char* names[use_count] = {"house",      "residential", "apartments", "retail", "office",
                                            "hotel",      "industrial",  "warehouse",  "school", "kindergarten",
                                            "university", "hospital",    "civic",      "museum", "pavilion"};
  return names[static_cast<size_t>(use)];
}

QuarterPlan draw_quarter(const CityPlan& plan, Quarter quarter) {
  return QuarterDrawer(plan, quarter).draw();
}

uint64_t count_buildings(const CityPlan& plan, Quarter quarter) {
  return draw_quarter(plan, quarter).buildings.size();
}

}  // namespace cityloom::rehearsal
