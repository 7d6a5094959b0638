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
  GroundUnder under{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  if (relief.empty() || outline.positions.empty()) return GroundUnder{};
  const twin::Box box = twin::bounds_of(outline);
  const double step_deg = mesh_step_deg(relief, box);
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

}  // namespace cityloom::space
