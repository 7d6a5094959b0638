// Regular meshes: nodes of neighbouring tiles of a level are the same places, so their edges meet.
#include "space/terrain/terrain_mesh.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::space {
namespace {

constexpr double degree_m = earth_semi_major_m * radians_per_degree;
constexpr uint32_t flat_cells = 16;
constexpr double finest_step_m = 0.5;
constexpr double steps_per_model_step = 32;
constexpr int nodes_inside_max = 200;  // along a side of an outline

double tile_deg(uint32_t level) {
  return 180.0 / static_cast<double>(uint64_t{1} << level);
}

bool touches(const twin::Box& a, const twin::Box& b) {
  return a.west_deg <= b.east_deg && b.west_deg <= a.east_deg && a.south_deg <= b.north_deg &&
         b.south_deg <= a.north_deg;
}

// From the slopes to the east and to the north, in metres a metre.
Vector normal_of(const twin::Position& place, double to_east, double to_north) {
  const LocalFrame frame(place);
  const Vector normal = frame.up() - frame.east() * to_east - frame.north() * to_north;
  return normal * (1 / length_of(normal));
}

bool is_inside_ring(const twin::Geometry& outline, size_t start, size_t end, double x, double y) {
  bool inside = false;
  for (size_t i = start, before = end - 1; i < end; before = i++) {
    const auto &a = outline.positions[i], &b = outline.positions[before];
    if ((a.latitude_deg > y) != (b.latitude_deg > y) &&
        x < (b.longitude_deg - a.longitude_deg) * (y - a.latitude_deg) / (b.latitude_deg - a.latitude_deg) +
                a.longitude_deg) {
      inside = !inside;
    }
  }
  return inside;
}

// Even-odd over all rings: right for holes and for several polygons that do not overlap.
bool is_inside(const twin::Geometry& outline, double x, double y) {
  bool inside = false;
  size_t start = 0;
  for (const uint32_t end : outline.line_ends) {
    if (end > start && is_inside_ring(outline, start, end, x, y)) inside = !inside;
    start = end;
  }
  return inside;
}

double mesh_step_deg(const Relief& relief, const twin::Box& around) {
  uint32_t level = 0;
  for (const Relief::Area& area : relief.areas()) {
    if (touches(area.box, around)) level = std::max(level, deepest_level(area.step_deg));
  }
  return tile_deg(level) / mesh_cells;
}

// On the mesh of this step: the triangle of its cell that holds the place.
base::Result<double> mesh_height_m(ReliefSampler& sampler, double longitude_deg, double latitude_deg, double step_deg) {
  const double x = (longitude_deg + 180) / step_deg, y = (latitude_deg + 90) / step_deg;
  const double column = std::floor(x), row = std::floor(y);
  const double east = x - column, north = y - row;
  const auto node = [&](double plus_x, double plus_y) {
    return sampler.drawn_height_m((column + plus_x) * step_deg - 180, (row + plus_y) * step_deg - 90, step_deg);
  };
  const auto south_west = node(0, 0), north_east = node(1, 1);
  const auto third = east >= north ? node(1, 0) : node(0, 1);
  for (const auto* height_m : {&south_west, &north_east, &third}) {
    if (!*height_m) return height_m->error();
  }
  const double larger = std::max(east, north), smaller = std::min(east, north);
  return *south_west * (1 - larger) + *north_east * smaller + *third * (larger - smaller);
}

// The grid that alone gives the heights of a box, if it is coarser than the mesh of this step; nullptr: there is none.
const GridShape* only_grid(const Relief& relief, const twin::Box& around, double step_deg) {
  const Relief::Area* only = nullptr;
  for (const Relief::Area& area : relief.areas()) {
    if (!touches(area.box, around)) continue;
    if (only != nullptr) return nullptr;
    only = &area;
  }
  if (only == nullptr || 2 * step_deg > only->step_deg) return nullptr;
  const bool holds_all = only->box.west_deg <= around.west_deg && only->box.east_deg >= around.east_deg &&
                         only->box.south_deg <= around.south_deg && only->box.north_deg >= around.north_deg;
  return holds_all ? &only->grid : nullptr;
}

// The lowest and the highest point of the mesh under an outline on one grid. Between the grid's nodes its heights are
// bilinear: on a straight line within a cell they are a parabola, inside of it they have no peak and no hollow, and
// along its sides they are straight. So the extremes lie on the outline, at the nodes inside it or, since the mesh cuts
// the creases between cells short, near those.
class OutlineOnGrid {
 public:
  OutlineOnGrid(const Relief& relief, const GridShape& grid, const twin::Geometry& outline, double step_deg)
      : sampler_(relief), grid_(grid), outline_(outline), step_deg_(step_deg) {}

  // Nothing: there are voids, or too many nodes. Errors: those of the sampler.
  base::Result<std::optional<GroundUnder>> find() {
    size_t start = 0;
    for (const uint32_t end : outline_.line_ends) {
      for (size_t i = start; i + 1 < end && !is_given_up_; ++i)
        along({outline_.positions[i], outline_.positions[i + 1]});
      start = end;
    }
    if (!is_given_up_) inside();
    if (error_) return *std::move(error_);
    if (is_given_up_ || under_.lowest_m > under_.highest_m) return std::optional<GroundUnder>();
    return std::optional(under_);
  }

 private:
  struct Edge {
    const twin::Position &a, &b;
    double length_deg() const { return std::hypot(b.longitude_deg - a.longitude_deg, b.latitude_deg - a.latitude_deg); }
    twin::Position at(double part) const {
      return {a.longitude_deg + part * (b.longitude_deg - a.longitude_deg),
              a.latitude_deg + part * (b.latitude_deg - a.latitude_deg)};
    }
  };

  double column_of(double longitude_deg) const { return (longitude_deg - grid_.west_deg) / grid_.step_east_deg; }
  double row_of(double latitude_deg) const { return (grid_.north_deg - latitude_deg) / grid_.step_south_deg; }

  double height_of_grid(const twin::Position& place) {
    const auto height_m = sampler_.height_m(place.longitude_deg, place.latitude_deg);
    is_given_up_ = is_given_up_ || !height_m || !*height_m;
    if (!height_m) error_ = height_m.error();
    return is_given_up_ ? 0 : **height_m;
  }

  void take(double height_m) {
    under_.lowest_m = std::min(under_.lowest_m, height_m);
    under_.highest_m = std::max(under_.highest_m, height_m);
  }

  void take_mesh(const twin::Position& place) {
    const auto height_m = mesh_height_m(sampler_, place.longitude_deg, place.latitude_deg, step_deg_);
    if (height_m) return take(*height_m);
    error_ = height_m.error();
    is_given_up_ = true;
  }

  void add_cuts(double from, double to) {
    if (std::abs(to - from) > nodes_inside_max) is_given_up_ = true;
    if (is_given_up_ || from == to) return;
    for (double line = std::ceil(std::min(from, to)); line <= std::max(from, to); ++line) {
      cuts_.push_back((line - from) / (to - from));
    }
  }

  void along(const Edge& edge) {
    cuts_ = {0, 1};
    add_cuts(column_of(edge.a.longitude_deg), column_of(edge.b.longitude_deg));
    add_cuts(row_of(edge.a.latitude_deg), row_of(edge.b.latitude_deg));
    std::sort(cuts_.begin(), cuts_.end());
    const double length_deg = edge.length_deg();
    if (is_given_up_ || length_deg == 0) return;
    for (const double cut : cuts_) {
      for (int quarter = -4; quarter <= 4 && !is_given_up_; ++quarter) {
        const double part = cut + quarter * step_deg_ / 4 / length_deg;
        if (part >= 0 && part <= 1) take_mesh(edge.at(part));
      }
    }
    for (size_t i = 0; i + 1 < cuts_.size() && !is_given_up_; ++i) take_peak(edge, cuts_[i], cuts_[i + 1]);
  }

  // Of the parabola between two cuts, unless it lies so near to one of them that the mesh has been looked at there.
  void take_peak(const Edge& edge, double from, double to) {
    const double least = step_deg_ / edge.length_deg();
    if (to - from < 2 * least) return;
    const double first_m = height_of_grid(edge.at(from)), middle_m = height_of_grid(edge.at((from + to) / 2));
    const double last_m = height_of_grid(edge.at(to));
    const double bend = 2 * (first_m - 2 * middle_m + last_m), slope = 4 * middle_m - 3 * first_m - last_m;
    if (is_given_up_ || bend == 0) return;
    const double peak = -slope / (2 * bend), margin = least / (to - from);
    if (peak > margin && peak < 1 - margin) take_mesh(edge.at(from + peak * (to - from)));
  }

  void inside() {
    const twin::Box box = twin::bounds_of(outline_);
    const double west = std::ceil(column_of(box.west_deg)), east = column_of(box.east_deg);
    const double north = std::ceil(row_of(box.north_deg)), south = row_of(box.south_deg);
    if (east - west > nodes_inside_max || south - north > nodes_inside_max) is_given_up_ = true;
    for (double row = north; row <= south && !is_given_up_; ++row) {
      for (double column = west; column <= east && !is_given_up_; ++column) {
        take_mesh_around({grid_.west_deg + column * grid_.step_east_deg, grid_.north_deg - row * grid_.step_south_deg});
      }
    }
  }

  // At the mesh's own nodes around a node of the grid.
  void take_mesh_around(const twin::Position& node) {
    const double column = std::floor((node.longitude_deg + 180) / step_deg_);
    const double row = std::floor((node.latitude_deg + 90) / step_deg_);
    for (int north = -1; north <= 2; ++north) {
      for (int east = -1; east <= 2 && !is_given_up_; ++east) {
        const twin::Position place{(column + east) * step_deg_ - 180, (row + north) * step_deg_ - 90};
        if (!is_inside(outline_, place.longitude_deg, place.latitude_deg)) continue;
        const double height_m = height_of_grid(place);
        if (!is_given_up_) take(height_m);
      }
    }
  }

  ReliefSampler sampler_;
  const GridShape& grid_;
  const twin::Geometry& outline_;
  double step_deg_;
  GroundUnder under_{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  std::vector<double> cuts_;  // of the edge, where it enters a cell
  bool is_given_up_ = false;
  std::optional<base::Error> error_;
};

// Along the outline and at the nodes of the mesh inside it.
base::Result<GroundUnder> ground_on_mesh(const Relief& relief, const twin::Geometry& outline, double step_deg) {
  GroundUnder under{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  const twin::Box box = twin::bounds_of(outline);
  const double extent_deg = std::max(box.east_deg - box.west_deg, box.north_deg - box.south_deg);
  const double stride_deg = step_deg * std::max(1.0, std::ceil(extent_deg / step_deg / nodes_inside_max));
  ReliefSampler sampler(relief);
  std::optional<base::Error> error;
  const auto look = [&](double longitude_deg, double latitude_deg) {
    const auto height_m = mesh_height_m(sampler, longitude_deg, latitude_deg, step_deg);
    if (!height_m) {
      error = height_m.error();
      return;
    }
    under.lowest_m = std::min(under.lowest_m, *height_m);
    under.highest_m = std::max(under.highest_m, *height_m);
  };
  size_t start = 0;
  for (const uint32_t end : outline.line_ends) {
    for (size_t i = start; i + 1 < end; ++i) {
      const auto &a = outline.positions[i], &b = outline.positions[i + 1];
      const double length_deg = std::hypot(b.longitude_deg - a.longitude_deg, b.latitude_deg - a.latitude_deg);
      const double steps = std::min(std::ceil(2 * length_deg / stride_deg) + 1, 1'000.0);
      for (double step = 0; step < steps; ++step) {
        const double part = step / steps;
        look(a.longitude_deg + part * (b.longitude_deg - a.longitude_deg),
             a.latitude_deg + part * (b.latitude_deg - a.latitude_deg));
      }
    }
    start = end;
  }
  for (double row = std::ceil((box.south_deg + 90) / stride_deg); row * stride_deg - 90 < box.north_deg; ++row) {
    for (double column = std::ceil((box.west_deg + 180) / stride_deg); column * stride_deg - 180 < box.east_deg;
         ++column) {
      const double longitude_deg = column * stride_deg - 180, latitude_deg = row * stride_deg - 90;
      if (is_inside(outline, longitude_deg, latitude_deg)) look(longitude_deg, latitude_deg);
    }
  }
  if (error) return *std::move(error);
  return under;
}

}  // namespace

twin::Box TerrainTileKey::box() const {
  const double side = tile_deg(level);
  return {-180 + side * x, -90 + side * y, -180 + side * (x + 1.0), -90 + side * (y + 1.0)};
}

bool TerrainTileKey::exists() const {
  return level <= terrain_level_max && x < (uint32_t{2} << level) && y < (uint32_t{1} << level);
}

uint32_t deepest_level(double model_step_deg) {
  const double wanted_deg = std::max(model_step_deg / steps_per_model_step, finest_step_m / degree_m);
  uint32_t level = 0;
  while (level < terrain_level_max && tile_deg(level) / mesh_cells > wanted_deg) ++level;
  return level;
}

base::Result<TerrainMesh> make_terrain_mesh(const Relief& relief, const TerrainTileKey& key) {
  const twin::Box box = key.box();
  const auto& areas = relief.areas();
  const bool has_terrain =
      std::any_of(areas.begin(), areas.end(), [&](const Relief::Area& area) { return touches(area.box, box); });
  TerrainMesh mesh;
  mesh.key = key;
  mesh.cells = has_terrain || key.level < 4 ? mesh_cells : flat_cells;
  const int side = static_cast<int>(mesh.cells) + 1, wide = side + 2;
  const double step_deg = tile_deg(key.level) / mesh.cells;
  std::vector<double> around(static_cast<size_t>(wide * wide), 0.0);  // one node more on each side, for the normals
  ReliefSampler sampler(relief);
  for (int row = 0; has_terrain && row < wide; ++row) {
    for (int column = 0; column < wide; ++column) {
      const auto height_m = sampler.drawn_height_m(box.west_deg + (column - 1) * step_deg,
                                                   box.south_deg + (row - 1) * step_deg, step_deg);
      if (!height_m) return height_m.error();
      around[static_cast<size_t>(row * wide + column)] = *height_m;
    }
  }
  for (int row = 1; row <= side; ++row) {
    const double latitude_deg = std::min(box.south_deg + (row - 1) * step_deg, 90.0);
    const double north_m = step_deg * degree_m;
    const double east_m = north_m * std::max(0.01, std::cos(latitude_deg * radians_per_degree));
    for (int column = 1; column <= side; ++column) {
      const size_t at = static_cast<size_t>(row * wide + column);
      const auto up = static_cast<size_t>(wide);
      mesh.heights_m.push_back(around[at]);
      mesh.normals.push_back(normal_of({box.west_deg + (column - 1) * step_deg, latitude_deg},
                                       (around[at + 1] - around[at - 1]) / (2 * east_m),
                                       (around[at + up] - around[at - up]) / (2 * north_m)));
    }
  }
  return mesh;
}

base::Result<double> served_height_m(const Relief& relief, ReliefSampler& sampler, double longitude_deg,
                                     double latitude_deg) {
  const double step_deg = mesh_step_deg(relief, {longitude_deg, latitude_deg, longitude_deg, latitude_deg});
  return mesh_height_m(sampler, longitude_deg, latitude_deg, step_deg);
}

base::Result<GroundUnder> ground_under(const Relief& relief, const twin::Geometry& outline) {
  if (relief.empty() || outline.positions.empty()) return GroundUnder{};
  const twin::Box box = twin::bounds_of(outline);
  const double step_deg = mesh_step_deg(relief, box);
  if (const GridShape* grid = only_grid(relief, box, step_deg)) {
    const auto under = OutlineOnGrid(relief, *grid, outline, step_deg).find();
    if (!under) return under.error();
    if (*under) return **under;
  }
  return ground_on_mesh(relief, outline, step_deg);
}

}  // namespace cityloom::space
